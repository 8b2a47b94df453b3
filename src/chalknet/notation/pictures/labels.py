"""Labels that are counted up along a column: a digit that was misread is mended by its neighbours."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import fmean

from chalknet.notation.pictures.lettering import Lettering
from chalknet.notation.pictures.outlined import Found

_BIAS = re.compile(r"\+?1|[bB]\d?|[bB]ias")
_PART = re.compile(
    r"\d+(?=[^\W\d_]{4})|\S+?(?=\s|$|(?<=[^\W\d_]{4})\d+[^\W\d_]{4})"
)  # a word; 1Hidden is two
_TOUCHING = re.compile(r"(?<=[a-z0-9])(?=[A-Z][a-z]{2})")  # where a title begins without a space before it
_PROSE, _LONG_LINE = 3, 8  # words for each title; of a line that holds no titles
_LEADING = 2.2  # heights between two lines of a paragraph
_COUNTED = re.compile(r"([^\W\d_]{0,3})[_ ]?(\d{1,2})")


def mended(
    words: Sequence[Lettering], shapes: Sequence[Found], columns: Sequence[Sequence[int]], *, sideways: bool
) -> list[Lettering]:
    """Return the words with labels mended that break the count of a column whose units stand evenly apart.

    Where most labels agree, one that does not was misread; where none of them agree, nothing is changed.

    Args:
        words: lines of words.
        shapes: the units.
        columns: the numbers of the units in each.
        sideways: whether the columns stand side by side.
    """
    found = dict(enumerate(words))
    for column in columns:
        order = sorted(column, key=lambda n: shapes[n].y if sideways else shapes[n].x)
        if len(order) < 2 or not _is_even([shapes[n].y if sideways else shapes[n].x for n in order]):
            continue
        inside = [_label_in(shapes[n], words) for n in order]
        counted = {
            place: (number, match)
            for place, number in enumerate(inside)
            if number is not None and (match := _COUNTED.fullmatch(words[number].text))
        }
        starts = Counter(int(match[2]) - place for place, (_, match) in counted.items())
        if not starts:
            continue
        start, count = starts.most_common(1)[0]
        stems = Counter(match[1] for _, match in counted.values())
        if len(counted) == 2 and count == 1:
            start, count = _surer(words, counted, start)
        if 2 * count <= len(counted):
            continue
        stem = max(stems, key=lambda one: (bool(one), stems[one]))  # a digit alone lost its letter
        for place, (number, match) in counted.items():
            fits = int(match[2]) - place == start
            if (fits and (match[1] or not stem)) or (
                not fits and stem and _BIAS.fullmatch(words[number].text)
            ):
                continue  # as it should be; or a bias below or above the units that are counted
            found[number] = replace(words[number], text=f"{stem}{start + place}", trust=0.5)
    return list(found.values())


def _surer(
    words: Sequence[Lettering], counted: dict[int, tuple[int, re.Match[str]]], start: int
) -> tuple[int, int]:
    """Return where the count of two units starts by the label that is surer, where the other one is not."""
    (first, (one, match)), (second, (other, last)) = counted.items()
    if int(match[2]) == first + 1 and words[other].trust < min(0.97, words[one].trust):
        return 1, 2
    if int(last[2]) == second + 1 and words[one].trust < min(0.97, words[other].trust):
        return 1, 2
    return start, 0


def _is_even(places: list[float]) -> bool:
    steps = [later - earlier for earlier, later in pairwise(places)]
    return max(steps) < 1.25 * min(steps)


def _label_in(shape: Found, words: Sequence[Lettering]) -> int | None:
    for number, one in enumerate(words):
        if abs(one.x - shape.x) < 0.35 * shape.width and abs(one.y - shape.y) < 0.35 * shape.height:
            return number
    return None


def biases(shapes: Sequence[Found], words: Sequence[Lettering]) -> set[int]:
    """Return the numbers of the units in which a bias or a one is written.

    Args:
        shapes: the units.
        words: lines of words.
    """
    inside = ((number, _label_in(shape, words)) for number, shape in enumerate(shapes))
    return {number for number, label in inside if label is not None and _BIAS.fullmatch(words[label].text)}


def shared_out(
    words: Sequence[Lettering], shapes: Sequence[Found], columns: Sequence[Sequence[int]]
) -> list[Lettering]:
    """Return the words, with a line that runs over several columns cut into what stands over each.

    Args:
        words: lines of words.
        shapes: the units.
        columns: the numbers of the units in each, side by side.
    """
    middles = [fmean(shapes[number].x for number in column) for column in columns]
    if len(middles) < 2:
        return list(words)
    gap = min(later - earlier for earlier, later in pairwise(middles))
    found = []
    for one in words:
        parts = (
            _titles(one, middles) or _parts(one, middles)
            if one.width > 0.8 * gap and abs(one.angle) < 20
            else []
        )
        first, last = one.x - one.width / 2, one.x + one.width / 2
        over = [place for place, x in enumerate(middles) if first < x < last]
        fits = all(abs(part.x - middles[place]) < 0.3 * gap for place, part in parts)
        fits = fits and not _is_of_paragraph(one, words, len(parts))
        found += (
            [part for _, part in parts] if fits and {p for p, _ in parts} == {*over} and over[1:] else [one]
        )
    return found


def _is_of_paragraph(line: Lettering, words: Sequence[Lettering], parts: int) -> bool:
    """Return whether a line stands close to another one, and either has more words than titles have."""
    near = [
        len(other.text.split())
        for other in words
        if 0 < abs(other.y - line.y) < _LEADING * max(line.height, other.height)
        and abs(other.x - line.x) < 0.5 * line.width
    ]
    is_long = len(line.text.split()) >= _PROSE * parts
    return max(near, default=0) >= (_PROSE if is_long else _LONG_LINE)


def _titles(words: Lettering, middles: Sequence[float]) -> list[tuple[int, Lettering]]:
    """Return for each column under a line the title that touches the next one: `Hidden 1Hidden 2`."""
    over = [place for place, x in enumerate(middles) if abs(x - words.x) < words.width / 2]
    titles = _TOUCHING.split(words.text)
    if len(titles) != len(over) or len(titles) < 2:
        return []
    narrow = words.width / len(over)
    return [
        (place, replace(words, text=title, x=middles[place], width=narrow))
        for place, title in zip(over, titles, strict=True)
    ]


def _parts(words: Lettering, middles: Sequence[float]) -> list[tuple[int, Lettering]]:
    """Return for each column the words that stand nearest to its middle.

    A number stays with the word before it, unless the line begins with one: then numbers stand first.
    """
    letter, left = words.width / max(1, len(words.text)), words.x - words.width / 2
    parts: dict[int, list[re.Match[str]]] = {}
    place, numbers_first = 0, words.text[:1].isdigit()
    for match in _PART.finditer(words.text):
        x = left + letter * (match.start() + match.end()) / 2
        if not parts or numbers_first or not match[0].isdigit():
            place = min(range(len(middles)), key=lambda at: abs(middles[at] - x))
        parts.setdefault(place, []).append(match)
    return [
        (
            place,
            replace(
                words,
                text=" ".join(match[0] for match in matches),
                x=left + letter * (matches[0].start() + matches[-1].end()) / 2,
                width=letter * (matches[-1].end() - matches[0].start()),
            ),
        )
        for place, matches in sorted(parts.items())
    ]
