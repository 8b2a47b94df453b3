"""Colours by name: the one a node is filled with, and those that a legend speaks of in any language."""

from __future__ import annotations

import re
from colorsys import rgb_to_hls
from functools import lru_cache

from chalknet.notation.drawings.words import any_of, pattern

_WORDS = {
    "yellow": "yellow gold(?:en)? khaki gelb\\w* jaune amarill[oa]s? giall[oi] amarel[oa]s? ż[oó]łt\\w* sarı",
    "orange": "orange naranjas? arancion[ei] laranjas? pomarańczow\\w* turuncu",
    "red": "red crimson tomato salmon rot\\w? rouges? roj[oa]s? ross[oaie] vermelh[oa]s? czerwon\\w* kırmızı",
    "green": "green lime grün\\w* verts? verdes? zielon\\w* yeşil",
    "blue": "blue navy cyan teal blau\\w* bleue?s? azul(?:es)? blu niebiesk\\w* mavi",
    "purple": "purple violet magenta plum lila violett\\w* morad[oa]s? viola rox[oa]s? fiolet\\w* mor",
    "pink": "pink rosa roses? różow\\w* pembe",
    "grey": "gr[ae]y silver grau\\w* grise?s? grigi[oa]? cinzas? szar\\w* gri",
    "black": "black schwarz\\w* noire?s? negr[oa]s? ner[oaie] pret[oa]s? czarn\\w* siyah",
}
_OTHER_LETTERS = {
    "yellow": "노란|노랑|黄|黃|жёлт|желт",
    "orange": "주황|橙|オレンジ|оранж",
    "red": "빨간|빨강|红|紅|赤|красн",
    "green": "초록|녹색|绿|綠|緑|зел[её]н",
    "blue": "파란|파랑|蓝|藍|青|син(?:ий|ие|яя)|голуб",
    "purple": "보라|紫|фиолет",
    "pink": "분홍|粉|ピンク|розов",
    "grey": "회색|灰|сер(?:ый|ые|ая)",
    "black": "검은|검정|黑|黒|ч[её]рн",
}
_NAMED = {
    name: pattern(any_of(*words.split(" ")) + "|" + _OTHER_LETTERS[name], re.I)
    for name, words in _WORDS.items()
}
_IN_CSS = {name: pattern("|".join(words.split(" ")), re.I) for name, words in _WORDS.items()}
_HEX = re.compile(r"#?([0-9a-f]{6}|[0-9a-f]{3})(?:[0-9a-f]{2})?", re.I)
_RGB = re.compile(r"rgba?\(\s*(\d{1,3})[\s,]+(\d{1,3})[\s,]+(\d{1,3}).{0,20}", re.I)
# Where one name of a hue ends, as a part of the circle.
_HUES = (
    (0.03, "red"), (0.115, "orange"), (0.185, "yellow"), (0.45, "green"), (0.70, "blue"), (0.82, "purple"),
    (0.94, "pink"), (1.01, "red"),
)  # fmt: skip
_PALE = 0.12  # of saturation, below which there is no hue


@lru_cache(maxsize=1_000)
def names_in(text: str) -> frozenset[str]:
    """Return the colours that a text speaks of, by their English names."""
    return frozenset(name for name, words in _NAMED.items() if words.search(text))


@lru_cache(maxsize=1_000)
def name_of(colour: str) -> str:
    """Return the English name of a colour as a drawing writes it, `#ff9`, `gold`; empty for none.

    Args:
        colour: a name, with numbers behind it as X11 has them, or its parts in red, green and blue.
    """
    parts = parts_of(colour.strip())
    if parts is None:
        return next((name for name, words in _IN_CSS.items() if words.search(colour)), "")
    hue, light, saturation = rgb_to_hls(*(part / 255 for part in parts))
    if saturation < _PALE or light > 0.98:
        return "" if light > 0.95 else "black" if light < 0.15 else "grey"
    return next(name for end, name in _HUES if hue < end)


def parts_of(colour: str) -> tuple[int, int, int] | None:
    """Return the red, green and blue of a colour, 0 to 255; None for one that is given by a name."""
    if match := _RGB.fullmatch(colour):
        return (int(match[1]), int(match[2]), int(match[3]))
    if (match := _HEX.fullmatch(colour)) is None:
        return None
    digits = match[1] if len(match[1]) == 6 else "".join(one * 2 for one in match[1])
    return (int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16))
