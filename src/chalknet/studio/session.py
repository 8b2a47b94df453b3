"""The state of one browser tab: a text, its network, the settings, and what to end with the tab."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, Generic, NamedTuple, TypeVar

import chalknet as cn
from chalknet.lang import speaking
from chalknet.studio.fitting_state import FitState
from chalknet.studio.texts import form_of

Request = TypeVar("Request")
Result = TypeVar("Result")
FIRST_TEXT = "784 -> 32 relu -> 1 sigmoid"


class LatestRequest(Generic[Request, Result]):
    """Runs work in a thread and delivers only the result for the latest request.

    Args:
        workers: the threads, shared by all tabs.
        work: the function to run.
        take: called in the server's loop with the result, unless a newer request came meanwhile.
    """

    def __init__(
        self, workers: Executor, work: Callable[[Request], Result], take: Callable[[Result], None]
    ) -> None:
        self._workers, self._work, self._take = workers, work, take
        self._waiting: list[Request] = []
        self._task: asyncio.Task[None] | None = None

    def request(self, request: Request) -> None:
        """Request work; running work is not interrupted, a waiting request is replaced."""
        self._waiting = [request]
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._answer_all())

    async def _answer_all(self) -> None:
        while self._waiting:
            request = self._waiting.pop()
            result = await asyncio.get_running_loop().run_in_executor(self._workers, self._work, request)
            if not self._waiting:
                self._take(result)


class TabSession:
    """The state of one tab, created when the tab opens and closed when it disconnects.

    Attributes:
        workers: a bounded set of threads for longer work, shared by all tabs.
        text: the text in the editor.
        form: the form of the text, as `cn.write` names it; empty if it is in none.
        network: the last network read, kept while the text has an error; None before the first one.
        problem: why the current text cannot be read; None if it can.
        language: "en" or "ko".
        dark: whether the page is dark.
        settings: everything else that a link restores: JSON values by the name of their panel. A panel reads
            its own when it is built, and updates them whenever the user changes something.
    """

    def __init__(self, workers: Executor, text: str = FIRST_TEXT) -> None:
        self.workers = workers
        self.text = text
        self.form = ""
        self.network: cn.Network | None = None
        self.problem: cn.ChalknetError | None = None
        self._fit_state: FitState | None = None
        self.language = "en"
        self.dark = False
        self.settings: dict[str, dict[str, Any]] = {}
        self._listeners: list[Callable[[], None]] = []
        self._on_close: list[Callable[[], None]] = []
        self._reading: LatestRequest[str, ReadText] = LatestRequest(workers, read_text, self._take_and_notify)

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call a function, in the server's loop, whenever `network` or `problem` changes."""
        self._listeners.append(listener)

    def on_close(self, ending: Callable[[], None]) -> None:
        """Call a function when the panels are rebuilt or the tab closes, to end what its panel started."""
        self._on_close.append(ending)

    def set_text(self, text: str) -> None:
        """Set a new text; it is read in a thread, and then the listeners are called."""
        self.text = text
        self._reading.request(text)

    def set_network(self, network: cn.Network, text: str, form: str) -> None:
        """Set a network that was read or edited elsewhere, with its text."""
        self.text, self.form, self.network, self.problem = text, form, network, None
        self.notify()

    @property
    def fit_state(self) -> FitState:
        """Return the data and the fits, which are kept when the panels are rebuilt."""
        if self._fit_state is None:
            self._fit_state = FitState(self.settings.setdefault("fit", {}))
        return self._fit_state

    def close(self) -> None:
        """End everything that the tab started, its fits too; the panels have to be rebuilt afterwards."""
        self.close_panels()
        state, self._fit_state = self._fit_state, None
        if state is not None:
            state.close()

    def close_panels(self) -> None:
        """End what the panels started, before they are removed or rebuilt; a fit goes on."""
        endings, self._on_close, self._listeners = self._on_close, [], []
        for ending in endings:
            ending()

    def notify(self) -> None:
        """Call the listeners."""
        with speaking(self.language):
            for listener in list(self._listeners):
                listener()

    def take(self, result: ReadText) -> None:
        """Set the result of reading the text."""
        self.form = result.form
        if isinstance(result.found, cn.ChalknetError):
            self.problem = result.found
        else:
            self.network, self.problem = result.found, None

    def _take_and_notify(self, result: ReadText) -> None:
        self.take(result)
        self.notify()


class ReadText(NamedTuple):
    """The result of reading a text: its form, and its network or the error."""

    form: str
    found: cn.Network | cn.ChalknetError


def read_text(text: str) -> ReadText:
    """Read a text; it is never treated as a path."""
    try:
        return ReadText(form_of(text), cn.read(text.encode("utf-8", "replace")))
    except cn.ChalknetError as problem:
        return ReadText(form_of(text), problem)
