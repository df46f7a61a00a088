"""``python -m stream`` with shorter times: its first argument is the fields of ``Pace`` as JSON."""

import json
import sys

from stream.__main__ import main
from stream.pace import Pace

if __name__ == "__main__":
    sys.exit(main(Pace(**json.loads(sys.argv[1]))))
