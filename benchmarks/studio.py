"""Epochs and pictures a second of the studio and of TensorFlow Playground in the same Chromium.

python -m benchmarks.studio [PLAYGROUND]

PLAYGROUND is a folder with the built page of https://github.com/tensorflow/playground: index.html, bundle.js, lib.js,
bundle.css. Without it the studio alone is measured. Both fit Playground's default: circles, 500 points of which half
train, 2-4-2-1 with tanh, batches of 10, sgd with a rate of 0.03, squared error. They take turns.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

import chalknet as cn
from chalknet.studio.link import fragment_of
from chalknet.studio.points import DrawOptions, draw_points
from chalknet.studio.session import TabSession

NET, SECONDS, ROUNDS = "2 -> 4 tanh -> 2 tanh -> 1 tanh", 4.0, 3
RECIPE: dict[str, Any] = {"loss": "mse", "optimizer": "sgd", "lr": 0.03, "batch_size": 10, "shuffle": True}
UPDATES_PER_EPOCH = 25


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder and prints nothing."""

    def log_message(self, *words: object) -> None:
        """Print nothing."""


def playground(browser: Any, folder: Path) -> float:
    """Return epochs a second of Playground's own page, as its counter shows them."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.route("**/*", lambda route: route.continue_() if "127.0.0.1" in route.request.url else route.abort())
    page.goto(f"http://127.0.0.1:{server.server_port}/index.html")
    page.wait_for_selector("#iter-number")
    count = "Number(document.getElementById('iter-number').textContent.replaceAll(',', ''))"
    page.evaluate("document.getElementById('play-pause-button').click()")
    page.wait_for_function(f"{count} > 5")
    made, took = advanced(page, count)
    page.close()
    server.shutdown()
    return made / took


def studio(browser: Any, address: str) -> tuple[float, float]:
    """Return epochs and pictures a second of the studio."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(120_000)
    page.goto(address)
    restored = "[...document.querySelectorAll('input')].some((field) => field.value === '1000000000')"
    page.wait_for_function(restored)  # what the link says is there
    page.locator("[data-fit=play]").click()
    updates = "Number(document.querySelector('.ck-fit-panel').dataset.updates)"
    page.wait_for_function(f"{updates} > 1000")
    pictures = "[...chalknetFit.views.values()].at(-1).pictures"
    before = page.evaluate(pictures)
    made, took = advanced(page, updates)
    shown = page.evaluate(pictures) - before
    page.close()
    return made / took / UPDATES_PER_EPOCH, shown / took


_CHANGED = """() => { window.changed = new Promise((done) => {
  const picture = document.querySelector('.ck-picture');
  document.addEventListener('keydown', () => { window.pressed = performance.now(); }, {once: true, capture: true});
  const watch = new MutationObserver(() => { watch.disconnect(); done(performance.now() - window.pressed); });
  watch.observe(picture, {subtree: true, childList: true});
}); }"""


def shown(browser: Any, address: str) -> tuple[float, float]:
    """Return the milliseconds to the first paint of a fresh page, and from a keystroke to the picture, the median."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(f"{address}#{link('784 -> 32 relu -> 10')}")
    page.locator(".ck-picture svg").first.wait_for()
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    page.wait_for_timeout(1000)
    page.locator(".cm-content").first.click()
    page.keyboard.press("Control+End")
    took = []
    for key in ("1", "Backspace") * 6:
        page.evaluate(_CHANGED)
        page.keyboard.press(key)
        took.append(page.evaluate("() => window.changed"))
        page.wait_for_timeout(300)
    context.close()
    return paint, statistics.median(took)


def link(text: str = NET) -> str:
    """Return the fragment of an address with a network and Playground's default recipe."""
    fit = {"data": "circles", "noise": 0.0, "share": 0.5, "loss": "mse", "optimizer": "sgd", "lr": 0.03}
    fit |= {"batch_size": 10, "updates": 10**9, "speed": "full"}
    with ThreadPoolExecutor(1) as workers:
        session = TabSession(workers, text)
        session.settings["fit"] = fit
        return fragment_of(session)


def advanced(page: Any, count: str) -> tuple[float, float]:
    """Return by how much a counter rose, and the seconds between its two values."""
    began, start = time.perf_counter(), page.evaluate(count)
    page.wait_for_timeout(1000 * SECONDS)
    return page.evaluate(count) - start, time.perf_counter() - began


def alone() -> float:
    """Return epochs a second of `cn.fit`, the command's own call, on the same data."""
    points = draw_points("circles", DrawOptions(500, 0.0)).with_held_out(0.5, 1)
    data = (points.x[~points.held_out], points.y[~points.held_out])
    began = time.perf_counter()
    result = cn.fit(NET, data, **RECIPE, seconds=SECONDS, record_every=10**6, progress=False)
    return float(result.history.updates[-1] / (time.perf_counter() - began) / UPDATES_PER_EPOCH)


def main() -> None:
    """Measure in turns; print medians and spreads."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    command = [sys.executable, "-u", "-m", "chalknet", "studio", "--no-browser", "--port", "0"]
    found: dict[str, list[float]] = {}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = next(word for word in process.stdout.readline().split() if word.startswith("http"))
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
            for _round in range(ROUNDS):
                epochs, pictures = studio(browser, f"{address}#{link()}")
                found.setdefault("studio: epochs a second", []).append(epochs)
                found.setdefault("studio: pictures a second", []).append(pictures)
                found.setdefault("cn.fit alone: epochs a second", []).append(alone())
                paint, keystroke = shown(browser, address)
                found.setdefault("first paint, ms", []).append(paint)
                found.setdefault("from a keystroke to the picture, ms", []).append(keystroke)
                if folder is not None:
                    found.setdefault("Playground: epochs a second", []).append(playground(browser, folder))
            browser.close()
        process.terminate()
    for name, values in found.items():
        print(f"{name}: {statistics.median(values):,.0f} ({min(values):,.0f} to {max(values):,.0f})")


if __name__ == "__main__":
    main()
