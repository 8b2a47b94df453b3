"""Twenty tabs at once, for as long as is said: python -m tests.studio SECONDS."""

import sys
import tempfile
from pathlib import Path

from tests.studio.conftest import CHROMIUM, served
from tests.studio.tabs import many_tabs


def main() -> None:
    """Print what the tabs saw."""
    from playwright.sync_api import sync_playwright

    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as (address, process):
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            print(many_tabs(browser, address, process.pid, count=20, seconds=seconds))
            browser.close()
        print((Path(folder) / "errors.txt").read_text() or "no errors")


main()
