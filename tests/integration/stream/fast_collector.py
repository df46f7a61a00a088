"""``python -m stream`` with shorter times: its first argument is the fields of ``Timeouts`` as JSON."""

import json
import sys

from stream.__main__ import main
from stream.timeouts import Timeouts

if __name__ == "__main__":
    sys.exit(main(Timeouts(**json.loads(sys.argv[1]))))
