"""What one tab of the browser works on: a text, its network, what is chosen, and what ends with the tab."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, Generic, NamedTuple, TypeVar

import chalknet as cn
from chalknet.lang import speaking
from chalknet.lazy import torch
from chalknet.studio.texts import form_of

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")
FIRST_TEXT = "784 -> 32 relu -> 1 sigmoid"


class Newest(Generic[Asked, Answer]):
    """Work in a thread whose answer counts only for the newest question; older ones are left out.

    Args:
        workers: the threads, shared by all tabs.
        work: what is done in one of them.
        take: called in the loop of the server with the answer, unless a newer question came meanwhile.
    """

    def __init__(
        self, workers: Executor, work: Callable[[Asked], Answer], take: Callable[[Answer], None]
    ) -> None:
        self._workers, self._work, self._take = workers, work, take
        self._waiting: list[Asked] = []
        self._task: asyncio.Task[None] | None = None

    def ask(self, question: Asked) -> None:
        """Ask; what is under way is not interrupted, what waits is replaced."""
        self._waiting = [question]
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._answer_all())

    async def _answer_all(self) -> None:
        while self._waiting:
            question = self._waiting.pop()
            answer = await asyncio.get_running_loop().run_in_executor(self._workers, self._work, question)
            if not self._waiting:
                self._take(answer)


class TabSession:
    """The state of one tab. It is made when the tab opens and closed when the tab is gone.

    Attributes:
        workers: threads for work that takes more than a moment, shared by all tabs and bounded.
        text: what stands in the editor.
        form: the name of the form that the text is in, as `cn.write` names it; empty while it is in none.
        network: what was read last; it stays while the text has a mistake. None before the first one.
        problem: why the text as it stands cannot be read; None where it can.
        fitted: gives a module with the weights that the tab's fit has now; None before its first update.
        language: "en" or "ko".
        dark: whether the page is dark.
        settings: what else a link restores, JSON values under the name of their panel. A panel reads its own
            when it is made, and writes it whenever the user changes something.
    """

    def __init__(self, workers: Executor, text: str = FIRST_TEXT) -> None:
        self.workers = workers
        self.text = text
        self.form = ""
        self.network: cn.Network | None = None
        self.problem: cn.ChalknetError | None = None
        self.fitted: Callable[[], torch.nn.Module | None] = lambda: None
        self.language = "en"
        self.dark = False
        self.settings: dict[str, dict[str, Any]] = {}
        self._listeners: list[Callable[[], None]] = []
        self._on_close: list[Callable[[], None]] = []
        self._reading: Newest[str, ReadText] = Newest(workers, read_text, self._take_and_tell)

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call a function, in the server's loop, whenever `network` or `problem` is another."""
        self._listeners.append(listener)

    def on_close(self, ending: Callable[[], None]) -> None:
        """Call a function when the panels are made anew or the tab is gone: it ends what it began."""
        self._on_close.append(ending)

    def set_text(self, text: str) -> None:
        """Take a new text; it is read in a thread, and the listeners are called with what came of it."""
        self.text = text
        self._reading.ask(text)

    def set_network(self, network: cn.Network, text: str, form: str) -> None:
        """Take a network that was read or edited elsewhere, with the text that stands for it."""
        self.text, self.form, self.network, self.problem = text, form, network, None
        self.tell()

    def close_panels(self) -> None:
        """End what the panels began; they are gone or about to be made anew."""
        endings, self._on_close, self._listeners = self._on_close, [], []
        for ending in endings:
            ending()

    def tell(self) -> None:
        """Call the listeners."""
        with speaking(self.language):
            for listener in list(self._listeners):
                listener()

    def take(self, answer: ReadText) -> None:
        """Take what came of the text."""
        self.form = answer.form
        if isinstance(answer.found, cn.ChalknetError):
            self.problem = answer.found
        else:
            self.network, self.problem = answer.found, None

    def _take_and_tell(self, answer: ReadText) -> None:
        self.take(answer)
        self.tell()


class ReadText(NamedTuple):
    """What came of a text: its form, and its network or what is wrong with it."""

    form: str
    found: cn.Network | cn.ChalknetError


def read_text(text: str) -> ReadText:
    """Return what comes of a text; it is never taken for a path."""
    try:
        return ReadText(form_of(text), cn.read(text.encode("utf-8", "replace")))
    except cn.ChalknetError as problem:
        return ReadText(form_of(text), problem)
