r"""Labels: a little markup for indices, powers and hats (`\hat{w}_{1}`), and how wide it is."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from chalknet.drawing.style import SCRIPT

_TOKEN = re.compile(r"\\hat\{(.)\}|([_^])\{([^{}]*)\}|(\\.|[^\\_^]+|.)", re.S)
# Advance widths of Helvetica in thousandths of the font size, from the space on (Adobe AFM files).
_WIDTHS = (
    "278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556 "
    "278 278 584 584 584 556 1015 667 667 722 722 667 611 778 722 278 500 667 556 833 722 778 667 778 722 "
    "667 611 722 667 944 667 667 611 278 278 278 469 556 333 556 556 500 556 556 278 556 556 222 222 500 222 "
    "833 556 556 556 556 333 500 278 556 500 722 500 500 500 334 260 334 584"
)
_ADVANCE = dict(zip(map(chr, range(32, 127)), map(int, _WIDTHS.split()), strict=True))
_SAFETY = 1.12  # other sans-serif fonts that may stand in for Helvetica are this much wider
LINE = 1.25  # from one line of text to the next, in font sizes
_SUBSCRIPTS = str.maketrans("0123456789+-=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ")


@dataclass(frozen=True)
class TextRun:
    """A piece of a line: its letters, and whether they stand low (-1), level (0) or high (1)."""

    text: str
    shift: int = 0


@lru_cache(maxsize=4096)
def lines_of(markup: str) -> tuple[tuple[TextRun, ...], ...]:
    """Return the lines of a label as runs; a hat is part of its letter, as Unicode writes it."""
    return tuple(_runs(line) for line in markup.split("\n"))


def _runs(line: str) -> tuple[TextRun, ...]:
    runs: list[TextRun] = []
    for hat, script, inside, plain in _TOKEN.findall(line):
        if hat:
            text, shift = unicodedata.normalize("NFC", f"{hat}\u0302"), 0
        else:
            text, shift = (inside, 1 if script == "^" else -1) if script else (plain, 0)
        if runs and runs[-1].shift == shift:
            runs[-1] = TextRun(runs[-1].text + text, shift)
        elif text:
            runs.append(TextRun(text, shift))
    return tuple(runs)


@lru_cache(maxsize=4096)
def width_of(markup: str, size: float) -> float:
    """Return the width of a label's longest line, in the unit of the font size."""
    return max((sum(_advance(run) for run in line) for line in lines_of(markup)), default=0.0) * size


def height_of(markup: str, size: float) -> float:
    """Return the height of a label."""
    return LINE * size * len(lines_of(markup))


def is_wide(letter: str) -> bool:
    """Return whether a letter is as wide as high, as Korean ones are."""
    return unicodedata.east_asian_width(letter) in "WF"


def plain(markup: str) -> str:
    """Return a label in plain Unicode: `ŵ₁`, `u^(1)`."""
    return "\n".join("".join(map(_plain, line)) for line in lines_of(markup))


def _plain(run: TextRun) -> str:
    if run.shift == 0:
        return run.text
    if run.shift > 0:
        return f"^{run.text}"
    low = run.text.translate(_SUBSCRIPTS)
    return low if all(not letter.isascii() for letter in low) else f"_{run.text}"


def _advance(run: TextRun) -> float:
    thousandths = sum(_letter(letter) for letter in unicodedata.normalize("NFD", run.text))
    return thousandths / 1000 * _SAFETY * (SCRIPT if run.shift else 1)


def _letter(letter: str) -> float:
    if unicodedata.combining(letter):
        return 0
    if is_wide(letter):
        return 1000
    return _ADVANCE.get(letter, 640)
