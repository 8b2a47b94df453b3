"""How often a layer stands there, as labels and titles say it: `×3`, `N×`, `3 hidden layers of 64`."""

from __future__ import annotations

import re
from collections.abc import Callable

from chalknet.notation.drawings.words import ROLES, any_of, pattern

_TIMES = "(?:times|mal|fois|veces|volte|vezes|раза?|×|x)"
_COUNT = r"(\d{1,3}|[NLK])"
# Words that say so whatever is repeated: `(repeat 3 times)`, `3 times`, `N×`, `(N×)`.
SAID_SO = pattern(
    r"(?:\(|\[|\b)?(?:repeat(?:ed)?|wiederholt?|r[eé]p[eé]t[eé]r?|repetir|ripetut[oi]|повтор\w*)[ :]*"
    rf"(\d{{1,3}}|[NnLK])?(?:\s*{_TIMES})?[)\]]?"
    r"|(?<![\w.])(\d{1,3}|[NnLK])\s*(?:times|mal|fois|veces|volte|vezes|раза)(?![^\W\d_])"
    r"|(?<![^\W_])[(\[]?([NLK])\s?[×✕](?!\w)[)\]]?|(?<= )[(\[]?[×✕]\s?([NLK])(?!\w)[)\]]?",
    re.I,
)
# `Hidden layers ×3`, `3 × (Dense 64)`.
REPEATED = pattern(
    r"(?<![\w.])(\d{1,3}|[NnLK])\s*[×✕x]\s*[([{]"
    rf"|(?<=[^\W\d] |[)\]] )[([]?[×✕x][^\S\n]?{_COUNT}[)\]]?(?![\w×.]|[^\S\n]*\d)"
    r"|(?<=\d )[([]?[×✕x](\d|[NLK])[)\]]?(?![\w×.])"
    rf"|^[([]?[×✕]\s?{_COUNT}[)\]]?$"
    rf"|^{_COUNT}\s*[×✕x]\s+(?=dense|fc|linear|hidden|layer|fully)|^{_COUNT}[×✕](?=\s*[^\W\d])"
    rf"|[)\]][×✕]{_COUNT}(?![\w×.])|(?<= )[(\[]{_COUNT}\s?[×✕x][)\]]",
    re.I | re.M,
)
LAYERS = pattern(
    r"layers|schichten|capas|couches|camadas|strati|warstw|katmanlar|层|層|층|слои|слоя|слоёв", re.I
)
TIMES_ALONE = pattern(r"[([]?(?:[×✕x]\s?(?:\d{1,3}|[NLK])|(?:\d{1,3}|[NLK])\s?[×✕x])[)\]]?")  # over a frame
TIMES_SIGN = pattern(r"[([]?(?:[×✕]\s?(\d{1,3}|[NLK])|(\d{1,3}|[NLK])\s?[×✕]|([NLK])x)[)\]]?")
SMALL_NUMBERS = {
    word: number
    for number, several in (
        (2, "two zwei deux dos due duas dois два две iki dwie 两 兩 二 두"),
        (3, "three drei trois tres tre três три üç trzy 三 세"),
        (4, "four vier quatre cuatro quattro quatro четыре dört cztery 四 네"),
        (5, "five fünf cinq cinco cinque пять beş pięć 五 다섯"),
    )
    for word in several.split()
}
# How many layers a box stands for: `3 hidden layers`, `zwei Schichten mit je 32`, `3层隐藏层`.
_HIDDEN_WORD = (
    "fully[- ]connected|hidden|dense|linear|fc|versteckte[nr]?|verdeckte[nr]?|скрыт\\w*|полносвязн\\w*|gizli"
)
_LAYERS_WORD = "layers|schichten|couches|capas|camadas|strati|warstwy|katman|слоя|слоёв"
LAYERS_OF = pattern(
    rf"(?<![\w.×x])(\d|1\d|{any_of(*SMALL_NUMBERS)})[ -]{{0,2}}"
    rf"(?:(?:(?:{_HIDDEN_WORD})[ -]){{1,2}}(?:{_LAYERS_WORD})"
    rf"|(?:{_LAYERS_WORD})(?: (?:cach|ocult|escond|nascost|ukryt)\w*|(?=.{{0,40}}\d))"
    r"|个?(?:隐藏|隱藏|全连接)层|個?の?(?:隠れ|中間|全結合)層|개(?:의)? ?은닉 ?층)(?![^\W\d_])",
    re.I,
)
HIDDEN_TIMES = pattern(r"(?<![\w.])(\d|1\d)\s*[×✕x]\s*(?=\d{2,5}(?![\w.]))", re.I)  # `2 × 128 hidden units`
_HIDDEN = dict(ROLES)["hidden"]
# `Hidden 1-3`, `hidden layers 2 to 4`: the numbers of layers, from the first to the last.
_NUMBERED = pattern(
    rf"(?:{_HIDDEN.pattern})(?: ?(?:layers?|{_LAYERS_WORD}))?[ #]{{0,2}}"
    r"([1-4])\s?(?:-|–|—|~|\.\.|to|bis|à|a)\s?([2-9])(?![\w.,]|\s*[-–—~×x])",
    re.I,
)


def once(text: str, names_a_layer: Callable[[str], bool]) -> tuple[str, int | str]:
    """Return the words of one layer, and how often it stands there: `Dense 64 ×3` -> `Dense 64`, 3.

    Args:
        text: plain words.
        names_a_layer: whether words are those of a layer; `16 × 3` alone are sizes.

    Returns:
        The rest of the text and the number; a letter where nobody says how often, 1 where nothing is said.
    """
    if match := TIMES_SIGN.fullmatch(text):  # over the frame of a layer
        return "", _number(match)
    if match := LAYERS_OF.search(text):
        return text[: match.start(1)] + text[match.end(1) :], _number(match)
    if match := SAID_SO.search(text):
        return _without(match), _number(match)
    if (match := _NUMBERED.search(text)) and match[1] < match[2]:
        rest = f"{text[: match.start(1)]} {text[match.end() :]}"
        if re.search(r"\d", rest):
            return rest.strip(), int(match[2]) - int(match[1]) + 1
    match = REPEATED.search(text)
    if match is None and (re.search("layers", text, re.I) or _HIDDEN.search(text)):
        match = HIDDEN_TIMES.search(text)
    if match is None:
        return text, 1
    rest = _without(match)
    if not (re.search(r"\d", rest) or LAYERS.search(rest)) or not names_a_layer(rest):
        return text, 1
    return rest, _number(match)


def is_repeated(title: str) -> bool:
    """Return whether the title of a frame says how often what it holds stands there."""
    return bool(
        len(title) < 60 and (SAID_SO.search(title) or REPEATED.search(title) or TIMES_ALONE.fullmatch(title))
    )


def _without(match: re.Match[str]) -> str:
    return f"{match.string[: match.start()]} {match.string[match.end() :]}".strip()


def _number(match: re.Match[str]) -> int | str:
    """Return how often, as a number or as the letter for one: `3`, `three`, `N`."""
    count = next(filter(None, match.groups()), "N")
    return int(count) if count.isdigit() else SMALL_NUMBERS.get(count.lower(), count)
