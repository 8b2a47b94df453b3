"""One browser that photographs pages, prints them and runs Mermaid; none where Chromium is missing."""

from __future__ import annotations

import atexit
import base64
import contextlib
import fcntl
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from functools import cache
from pathlib import Path
from typing import Any

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", "--hide-scrollbars", "--no-first-run",
    "--disable-extensions", "--disable-background-networking", "--font-render-hinting=none", "--disable-dev-shm-usage",
    "--force-color-profile=srgb", "--disable-sync", "--mute-audio", "--no-default-browser-check",
)  # fmt: skip
_MERMAID = Path(__file__).parents[1] / "render" / "node_modules" / "mermaid" / "dist" / "mermaid.min.js"


@cache
def program() -> str:
    """Return the path of a Chromium, or nothing."""
    return next((found for name in _NAMES if (found := shutil.which(name))), "")


@cache
def has_mermaid() -> bool:
    """Return whether Mermaid was fetched (`make render`) and there is a browser for it."""
    return bool(program()) and _MERMAID.exists()


class Browser:
    """A Chromium that is driven over two pipes; `close` ends it."""

    def __init__(self) -> None:
        self._folder = tempfile.mkdtemp(prefix="pictures-")
        to_child, self._write = os.pipe()
        self._read, from_child = os.pipe()

        def wire() -> None:  # Chromium reads its commands from 3 and answers on 4
            first, second = (fcntl.fcntl(end, fcntl.F_DUPFD, 20) for end in (to_child, from_child))
            os.dup2(first, 3)
            os.dup2(second, 4)

        self._process = subprocess.Popen(
            [program(), *_FLAGS, f"--user-data-dir={self._folder}", "about:blank"],
            close_fds=False,
            preexec_fn=wire,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_child)
        os.close(from_child)
        self._rest, self._number, self._session = b"", 0, ""
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self._ask("Page.enable")
        self._mermaid = False

    def _ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        text = json.dumps(message).encode() + b"\0"
        while text:
            text = text[os.write(self._write, text) :]
        while True:
            answer = self._receive()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            more = os.read(self._read, 1 << 20)
            if not more:
                raise RuntimeError("the browser has ended")
            self._rest += more
        one, self._rest = self._rest.split(b"\0", 1)
        return json.loads(one)

    def _show(self, page: str, width: int, height: int, scale: float) -> None:
        self._mermaid = False
        size = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": False}
        self._ask("Emulation.setDeviceMetricsOverride", **size)
        self._ask("Page.navigate", url="about:blank")  # else names of the page before are still declared
        frame = self._ask("Page.getFrameTree")["frameTree"]["frame"]["id"]
        self._ask("Page.setDocumentContent", frameId=frame, html=page)
        self.run("document.fonts.ready.then(() => 1)")

    def run(self, script: str) -> Any:
        """Return what a script gives, once it is there."""
        found = self._ask("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in found:
            raise RuntimeError(str(found["exceptionDetails"])[:500])
        return found["result"].get("value")

    def photograph(
        self,
        page: str,
        width: int,
        height: int,
        *,
        scale: float = 1,
        transparent: bool = False,
        dark: bool = False,
    ) -> bytes:
        """Return a page of HTML as PNG."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._ask("Emulation.setEmulatedMedia", features=[scheme])
        self._show(page, width, height, scale)
        colour = {"color": {"r": 0, "g": 0, "b": 0, "a": 0}} if transparent else {}
        self._ask("Emulation.setDefaultBackgroundColorOverride", **colour)
        found = self._ask("Page.captureScreenshot", format="png")
        return base64.b64decode(found["data"])

    def print(self, page: str, width: int, height: int) -> bytes:
        """Return a page of HTML as PDF."""
        self._show(page, width, height, 1)
        size = {"paperWidth": width / 96, "paperHeight": height / 96}
        margins = dict.fromkeys(("marginTop", "marginBottom", "marginLeft", "marginRight"), 0)
        found = self._ask("Page.printToPDF", printBackground=True, **size, **margins)
        data = base64.b64decode(found["data"])
        return re.sub(rb"/(CreationDate|ModDate) \([^)]*\)", lambda date: b" " * len(date[0]), data)

    def mermaid(self, text: str, theme: str) -> str:
        """Return a Mermaid diagram as SVG whose words are words."""
        if not self._mermaid:
            self._show("<!doctype html><body></body>", 1200, 900, 1)
            self.run(_MERMAID.read_text(encoding="utf-8") + ";1")
            self._mermaid = True
        options = {"startOnLoad": False, "theme": theme, "htmlLabels": False, "flowchart": {"htmlLabels": False},
                   "deterministicIds": True}  # fmt: skip
        script = f"mermaid.initialize({json.dumps(options)}); mermaid.render('drawing', {json.dumps(text)}).then(r => r.svg)"
        return self.run(script)

    def close(self) -> None:
        """End the browser and remove its folder."""
        with contextlib.suppress(OSError, RuntimeError):
            self._session = ""
            self._ask("Browser.close")
        for end in (self._write, self._read):
            os.close(end)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for _ in range(20):  # what it started may write for a moment longer
            shutil.rmtree(self._folder, ignore_errors=True)
            if not Path(self._folder).exists():
                break
            time.sleep(0.1)


@cache
def browser() -> Browser:
    """Return the browser of this process, which ends with it."""
    found = Browser()
    atexit.register(found.close)
    return found
