"""The page without installation in a browser, as a person uses it."""

import re
import shutil
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(500),
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]


class Quiet(SimpleHTTPRequestHandler):
    """Serves files without a line for each."""

    def log_message(self, *_words):
        pass


@pytest.fixture(scope="module")
def address(site):
    """Return where the site is served."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def browser():
    """Return Debian's chromium."""
    library = pytest.importorskip("playwright.sync_api", exc_type=ImportError)
    with library.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser, address):
    """Return a page that may ask nobody but the site, and has no error of a script."""
    page = browser.new_page(viewport=DESK)
    page.set_default_timeout(120_000)
    asked, wrong = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda problem: wrong.append(str(problem)))
    yield page
    page.close()
    assert not [url for url in asked if not url.startswith((address, "data:", "blob:"))]
    assert not wrong


def wide(page) -> bool:
    """Return whether a page is wider than the window."""
    return page.evaluate("document.documentElement.scrollWidth > innerWidth")


def test_a_student_writes_reads_the_error_compares_and_copies_by_keyboard_and_without_a_network(
    page, address, wheel
):
    page.goto(address)
    page.get_by_role("button", name="Start").focus()
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('.board-status').textContent.includes('MB')")
    picture = page.locator(".board-picture img")
    picture.wait_for()
    assert "X(n,784)" in picture.get_attribute("alt")
    page.context.set_offline(True)

    editor = page.get_by_label("Network, in any form")
    editor.focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("784 -> 32 rleu -> 1 sigmoid")
    error = page.get_by_role("alert").filter(has_text="Did you mean relu")
    *_, line, caret = error.locator("pre").inner_text().split("\n")
    assert line[caret.index("^") : caret.rindex("^") + 1] == "rleu"
    assert editor.get_attribute("aria-invalid") == "true"

    editor.fill("784 -> 32 relu -> 1 sigmoid")
    error.wait_for(state="hidden")
    other = page.get_by_label(re.compile("^Compare with"))
    other.fill("784 -> 32 tanh -> 1 sigmoid")
    assert page.locator(".board-difference tbody tr").inner_text().split() == ["step", "1", "relu", "tanh"]
    other.fill("784 -l-> 32 -relu-> 32 -l-> 1 -sig-> 1")
    page.get_by_text("The same network.").wait_for()

    page.get_by_label("Drawn as").select_option("blocks")
    page.wait_for_function(
        "decodeURIComponent(document.querySelector('.board-picture img').src).includes('blocks')"
    )
    torch = page.locator("[data-form=torch]")
    torch.get_by_role("button", name="Copy").press("Enter")
    torch.get_by_role("button", name="Copied").wait_for()
    assert "25,153" in page.locator(".board-table").filter(has_text="parameters").inner_text()

    light = picture.get_attribute("src")
    page.locator("label[for=__palette_1]").click()  # dark: the picture as well
    page.wait_for_function("source => document.querySelector('.board-picture img').src !== source", arg=light)
    assert "#1e2129" in page.evaluate("decodeURIComponent(document.querySelector('.board-picture img').src)")
    editor.fill("digraph { {x1 x2} -> y; y -> result }")
    page.get_by_text("What each mark was taken for").wait_for()
    assert not wide(page)
    page.set_viewport_size(PHONE)
    assert not wide(page)


def test_no_page_is_wider_than_a_phone(page, address, site):
    page.set_viewport_size(PHONE)
    for name in ("index", "install", "tutorial", "gallery", "reference/verbs", "how-to/search", "ko/index"):
        page.goto(f"{address}{name}.html")
        assert not wide(page), name


def test_a_link_brings_its_network_along_and_markup_in_it_stays_text(page, address):
    page.route("**/try/files.json", lambda route: route.fulfill(status=404))
    page.goto(f"{address}ko/index.html#net=%3Cimg+src%3Dx%3E&other=1+->+2")
    page.get_by_text("이 사이트는 브라우저용 파이썬 없이").wait_for()
    assert page.get_by_label("신경망 (어떤 형식이든)").input_value() == "<img src=x>"
    assert page.locator(".board img").count() == 0
