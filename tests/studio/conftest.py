"""The studio as a person meets it: a server of its own, and pages of Debian's Chromium."""

import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

CHROMIUM = shutil.which("chromium")
STARTS_WITHIN_MS = 60_000  # a hang, not a busy machine
WIDE, NARROW = (1280, 900), (390, 844)
_NOTHING_ELSE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"


@contextmanager
def served(folder: Path, *words: str, program=("-m", "chalknet")):
    """Run the command as a user does; give the address and the process, and end it."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    with (folder / "errors.txt").open("w") as errors:
        command = [sys.executable, "-u", *program, "studio", "--no-browser", "--port", "0", *words]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, env=env)
        try:
            line = process.stdout.readline()
            address = next((word for word in line.split() if word.startswith("http")), "")
            assert address, (line, (folder / "errors.txt").read_text())
            yield address, process
        finally:
            process.terminate()
            process.wait(30)
            process.stdout.close()


@pytest.fixture(scope="session")
def studio(tmp_path_factory):
    """Give the address of a server and its process; what it printed as an error fails the last test."""
    pytest.importorskip("nicegui", reason="the studio needs nicegui")
    folder = tmp_path_factory.mktemp("studio")
    with served(folder) as server:
        yield server
    assert (folder / "errors.txt").read_text() == ""


@pytest.fixture(scope="module")
def chromium():
    """Give a browser; its loop would disturb tests of other modules, so that it ends with the module."""
    if CHROMIUM is None:
        pytest.skip("no chromium is installed: apt-get install chromium")
    api = pytest.importorskip("playwright.sync_api", reason="what opens pages is not installed")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", _NOTHING_ELSE])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def context(chromium):
    """Give what the pages of a module share: the browser's cache, so that scripts are loaded once."""
    context = chromium.new_context(
        locale="en-GB", permissions=["clipboard-read", "clipboard-write"], reduced_motion="reduce"
    )
    context.set_default_timeout(STARTS_WITHIN_MS)
    yield context
    context.close()


@pytest.fixture
def opened(studio, context):
    """Give a function that opens the studio: `opened(size, theme, fragment)` returns the page.

    Nothing but the server is reached, and whatever a page asks of elsewhere, or reports as an error, fails
    the test.
    """
    address, _process = studio
    pages, wrong = [], []

    def is_wrong(line):
        return line.type == "error" and not line.text.startswith(
            "Failed to load"
        )  # its address is kept above

    def requested(request):
        if not request.url.startswith((address, "data:", "blob:")):
            wrong.append(request.url)

    def open_page(size=WIDE, theme="light", fragment=""):
        page = context.new_page()
        pages.append(page)
        resize(page, size)
        page.emulate_media(color_scheme=theme)
        page.on("request", requested)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on(
            "response", lambda got: wrong.append(f"{got.status} {got.url}") if got.status >= 400 else None
        )
        page.on("console", lambda line: wrong.append(line.text) if is_wrong(line) else None)
        page.goto(address + fragment)
        page.wait_for_selector(".ck-canvas svg ellipse, .ck-canvas svg rect")
        page.wait_for_function("document.querySelector('.cm-content')?.getAttribute('aria-label')")
        return page

    yield open_page
    for page in pages:
        page.close()
    assert not wrong


def resize(page, size):
    """Give a page the size of another screen."""
    page.set_viewport_size({"width": size[0], "height": size[1]})


def write(page, text):
    """Put a text into the editor, as one who pastes it does."""
    page.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)


def text_of(page):
    """Return what stands in the editor."""
    return "\n".join(page.locator(".cm-line").all_inner_texts())


def expect_text(page, text):
    """Wait until a text stands in the editor."""
    page.wait_for_function(
        "text => [...document.querySelectorAll('.cm-line')].map(l => l.textContent).join('\\n') === text",
        arg=text,
    )


def expect_nodes(page, layer, count):
    """Wait until a layer of the picture has so many nodes."""
    page.wait_for_function(
        "([layer, count]) =>"
        " document.querySelectorAll(`.ck-canvas ellipse[id^=layer${layer}-]`).length === count",
        arg=[layer, count],
    )
