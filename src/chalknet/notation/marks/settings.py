"""Settings of a form above a network: the name `Activation` over its value `tanh`, as one text."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from chalknet.network import Activation
from chalknet.notation.drawings.sketch import Place
from chalknet.notation.drawings.vocabulary import said
from chalknet.notation.drawings.words import ACTIVATION_SETTING
from chalknet.notation.marks.mark import TextMark, Tidied

_GAP = 1.5  # letters' heights between a name and its value
_ASIDE = 0.6  # by which their beginnings differ at most


def join_settings(found: Tidied, spend: Callable[[int], None]) -> None:
    """Make one text of the name and the value of the setting of the activation."""
    names = [text for text in found.texts if ACTIVATION_SETTING.fullmatch(text.words.strip())]
    spend(len(names) * len(found.texts))
    for name in names:
        value = next((text for text in found.texts if stands_under(text.place, name.place, name.size)), None)
        if value is not None and _names_one(value.words):
            both = value._replace(words=f"{name.words}\n{value.words}", place=_around(name, value))
            found.texts = [both if text is value else text for text in found.texts if text is not name]


def stands_under(place: Place, name: Place, size: float) -> bool:
    """Return whether a text stands right under another and begins where it begins.

    Args:
        place: of the text.
        name: of the other one.
        size: the height of its letters.
    """
    gap = place.y - name.y - (place.height + name.height) / 2
    aside = abs(place.x - place.width / 2 - name.x + name.width / 2)
    return -0.3 * size < gap < _GAP * size and place.y > name.y and aside < _ASIDE * size


def _names_one(words: str) -> bool:
    steps: Sequence[object] = said(words).steps
    return len(steps) == 1 and isinstance(steps[0], Activation) and steps[0] != Activation("?")


def _around(name: TextMark, value: TextMark) -> Place:
    left = min(each.place.x - each.place.width / 2 for each in (name, value))
    right = max(each.place.x + each.place.width / 2 for each in (name, value))
    top, bottom = name.place.y - name.place.height / 2, value.place.y + value.place.height / 2
    return Place((left + right) / 2, (top + bottom) / 2, right - left, bottom - top)
