"""The loss of a fit in a notebook: a picture drawn anew while it runs, which stays when it has ended."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html import escape
from importlib import import_module
from time import perf_counter
from typing import Any

from chalknet.curves import CURVE_HEIGHT, CURVE_WIDTH, curve_svg
from chalknet.lang import _
from chalknet.training.history import History, Outcome, Progress
from chalknet.units import show_count, show_seconds, show_value, xml_text

_BETWEEN_S = 0.2  # two drawings at the least
_SHARE = 0.01  # of the time of a fit that drawing may take; sending the picture takes as much again
_MOST_POINTS = 1000
_HEAD = 58  # pixels of the words and the bar above the curve
_BAR_WIDTH = CURVE_WIDTH - 20


class LiveCurve:
    """The picture of one fit: called with its progress, it draws at most five times a second.

    Args:
        total: updates, or seconds, of the budget.
    """

    def __init__(self, total: float) -> None:
        self._total = total
        self._places: list[int] = []
        self._losses: list[float] = []
        self._every, self._calls = 1, 0
        self._words, self._share = _("starting"), 0.0
        self._handle: str | None = None
        self._next_s, self._ended = 0.0, False
        self._draw()

    def __call__(self, progress: Progress) -> None:
        """Take in where the fit stands, and draw it where that is due."""
        if self._calls % self._every == 0:
            self._places.append(progress.updates)
            self._losses.append(progress.loss)
        self._calls += 1
        if len(self._places) > _MOST_POINTS:
            self._every *= 2
            del self._places[1::2], self._losses[1::2]
        now = progress.seconds if progress.of_updates is None else progress.updates
        self._share = min(1.0, now / self._total) if self._total else 1.0
        self._words = _words_of(progress, self._share)
        if perf_counter() >= self._next_s:
            self._draw()

    def finish(self, history: History, outcome: Outcome) -> None:
        """Draw every recorded loss, and how the fit ended."""
        self._ended = True
        if len(history):
            last = history[-1]
            numbers = _("{updates} updates in {time}, loss {loss}").format(
                updates=show_count(last.updates), time=show_seconds(last.seconds), loss=show_value(last.loss)
            )
            self._words = f"{outcome.name.replace('_', ' ').lower()}: {numbers}"
        self._draw(history.updates, history.loss)

    def break_off(self, problem: BaseException) -> None:
        """Draw what was seen until an error ended the fit, and name it."""
        if not self._ended:
            self._words = _("ended by {name}; {words}").format(name=type(problem).__name__, words=self._words)
            self._draw()

    def _draw(self, places: Sequence[float] = (), losses: Sequence[float] = ()) -> None:
        """Draw these losses, or those seen so far."""
        display: Any = import_module("IPython.display").display  # a notebook has it

        begun = perf_counter()
        bundle = {
            "image/svg+xml": _card(self._words, self._share, places or self._places, losses or self._losses),
            "text/plain": self._words,
        }
        if self._handle is None:
            handle = display(bundle, raw=True, display_id=True)
            self._handle = None if handle is None else handle.display_id
        else:
            display(bundle, raw=True, display_id=self._handle, update=True)
        ended = perf_counter()
        self._next_s = ended + max(_BETWEEN_S, (ended - begun) / _SHARE)


@contextmanager
def live_curve(total: float) -> Iterator[LiveCurve]:
    """Show a fit; what an error leaves of it is shown too."""
    shown = LiveCurve(total)
    try:
        yield shown
    except BaseException as problem:
        shown.break_off(problem)
        raise


def _words_of(progress: Progress, share: float) -> str:
    seconds = progress.seconds
    words = [_("{n} updates").format(n=show_count(progress.updates))]
    if progress.of_updates is not None:
        total = show_count(progress.of_updates)
        words = [_("{n} of {total} updates").format(n=show_count(progress.updates), total=total)]
    if seconds:
        words.append(_("{n} updates/s").format(n=f"{progress.updates / seconds:,.0f}"))
    words.append(_("loss {loss}").format(loss=show_value(progress.loss)))
    if 0 < share < 1 and seconds:
        words.append(_("{time} left").format(time=show_seconds(seconds / share - seconds)))
    return " · ".join(words)


def _card(words: str, share: float, places: Sequence[float], losses: Sequence[float]) -> str:
    """Return the picture, on a ground of its own: a page may be dark and say so to nobody."""
    curve = curve_svg(places, losses, top=_HEAD)
    height = _HEAD + CURVE_HEIGHT if curve else _HEAD - 8
    label = escape(xml_text(words))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="{_SCOPE}" viewBox="0 0 {CURVE_WIDTH} {height}" '
        f'width="{CURVE_WIDTH}" role="img" aria-label="{label}"><style>{_STYLE}</style>'
        f'<rect class="ground" width="{CURVE_WIDTH}" height="{height}" rx="6"/>'
        f'<text x="10" y="22">{label}</text><rect class="budget" x="10" y="34" width="{_BAR_WIDTH}" '
        f'height="8" rx="4"/><rect class="done" x="10" y="34" width="{_BAR_WIDTH * share:.0f}" height="8" '
        f'rx="4"/>{curve}</svg>'
    )


_SCOPE = "chalknet-live-1"
_RULES = """
&{max-width:100%;height:auto} & text{font:12px sans-serif;fill:#1f2328} & .ground{fill:#ffffff;stroke:#d0d7de}
& .budget{fill:#d0d7de} & .done{fill:#0072b2} & .axes{fill:none;stroke:#6e7781}
& .curve{fill:none;stroke:#0072b2;stroke-width:2}
@media (prefers-color-scheme: dark){& text{fill:#e6edf3} & .ground{fill:#161b22;stroke:#30363d}
& .budget{fill:#30363d} & .done{fill:#56b4e9} & .axes{stroke:#8b949e} & .curve{stroke:#56b4e9}}
"""
_STYLE = _RULES.replace("&", f".{_SCOPE}").replace("\n", "")
