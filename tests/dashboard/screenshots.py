"""``python -m tests.dashboard.screenshots FOLDER``: the pictures of docs/, from the tests' invented data."""

import sys
from pathlib import Path
from typing import Final

from tests.dashboard.browser import Bucket, launched, served, window

PICTURES: Final = {
    "dashboard-dark": {"color_scheme": "dark", "height": 1080},
    "dashboard-light": {"color_scheme": "light", "height": 1080},
    "dashboard-phone": {"color_scheme": "dark", "width": 390, "height": 844},
}


def main(folder: Path, *, full: bool) -> None:
    with launched() as browser, served(Bucket()) as address:
        for name, look in PICTURES.items():
            with window(browser, **look) as here:
                page = here.new_page()
                page.goto(address)
                page.locator("#chart-canvas canvas").first.wait_for()
                page.wait_for_timeout(300)
                page.screenshot(path=folder / f"{name}.png", full_page=full)


if __name__ == "__main__":
    main(Path(sys.argv[1]), full="--full" in sys.argv)
