"""What a label says about sizes: widths, shapes, pictures, numbers of units."""

from __future__ import annotations

import re
from math import prod
from typing import NamedTuple

from chalknet.notation.drawings.words import NUMBER, UNITS, pattern

_FEATURES = pattern(
    rf"in(?:_features)?\s*[=:]\s*({NUMBER}).{{0,200}}?out(?:_features)?\s*[=:]\s*({NUMBER})", re.I | re.S
)
_BETWEEN = pattern(rf"(?<![\w.])({NUMBER}|[a-z])\s*(?:->|→|=>|⟶|➔|to|,)\s*({NUMBER}|[a-z])(?![\w.])", re.I)
_POWER = pattern(r"[RℝrN]\s*\^\s*[({]?\s*(\d+)|∈\s*[Rℝ]\s*\^\s*[({]?\s*([A-Za-z])(?![\w×x*])")
_IMAGE = pattern(r"(?<![\w.])(\d{1,5})\s*[x×*]\s*(\d{1,5})(?:\s*[x×*]\s*(\d{1,5}))?(?![\w])", re.I)
_TIMES = pattern(rf"(?<![\w)\]\s])\s*[×✕]\s*({NUMBER})(?![\w×x.])")  # `◯ ×128`
COUNTED = pattern(
    rf"({NUMBER})[^\S\n]*-?[^\S\n]*(?:hidden |input |output |입력 |은닉 |출력 )?(?:{UNITS})|"
    rf"(?:{UNITS}|size|width|(?<![a-z])[nd]|neuronas|tama[nñ]o|크기|out(?:_features|put_dim)?|in_features)\s*[=:]\s*({NUMBER})"
    rf"|(?<![^\W\d_])logits?\s*[=:(]?\s*({NUMBER})",
    re.I,
)
_BY_NUMBER = pattern(  # `Dense 1 units 10`
    rf"(?:dense|linear|hidden|layer|fc)[\s_]*#?\d{{1,2}}\s+(?:units|neurons|nodes)\s+({NUMBER})(?![\w.])",
    re.I,
)
_WITH_WORDS = pattern(
    rf"(?<![\w.,])({NUMBER})(?:\s+[^\W\d_][^\W\d_-]*){{1,2}}[\s-]+(?:inputs|features|neurons|units|nodes|neuronas|neurones|neuronen|neuroni|entradas|entrées|eingaben)(?![^\W\d_])",
    re.I,
)  # `768 piece-square inputs`
_BRACKETED = pattern(rf"[(\[]\s*({NUMBER})\s*(?:[)\]]|,\s*(?:[)\]]|(?=[^\W\d]{{3}})))")
_BARE = pattern(rf"(?<![\w.^_(])(?<![^a-zA-Z]-){NUMBER}(?![\w.%])")
BATCH_SHAPE = pattern(  # not `in [-1, 1]`
    r"(?<!\bin )(?<!∈)(?<!∈ )(?<!\brange )(?<!\bbetween )(?<!\bvalues )(?<!\bentre )(?<!\bdans )[(\[<⟨]\s*(?:none|n|m|batch\w*|b|\?|-1|N)\s*[,x×]\s*(\w++(?:\s*[,x×]\s*\w++)*+)\s*,?\s*[)\]>⟩]",
    re.I,
)
_NUMBER_SHAPE = pattern(r"[(\[]\s*(\d+)\s*,\s*(\d+(?:\s*,\s*\d+)*)\s*[)\]]")
_SINGLE_VALUE = pattern(r"∈\s*R\s*$")
NOT_A_WIDTH = pattern(
    r"^\s*(?:\[\d+\]|\(\d+\)|\d+[.:)](?!\d)|#\d+)\s*(?=\D)|batch[ _]?size\s*[=:]?\s*\d+|bias(?:es)?\s*[=:]?\s*[+-]?\d+(?:[.,]\d+)?|depth\s*:\s*\d+|(?<![^\W\d_])(?:alpha|α|slope|beta|eps|axis|trans[AB]|momentum|lr|seed|version|opset|negative_slope)\s*[=:]\s*[-+]?\d*(?:\.\d+)?(?:e-?\d+)?|[θΘ]\s*=\s*[-+−]?\d+(?:[.,]\d+)?|(?<!input )(?<!output )(?<!de entrada )(?<!de salida )(?<!eingabe)(?<!ausgabe)(?<!입력)(?<!출력)(?<!入力)(?<!出力)(?<!输入)(?<!输出)(?<!輸入)(?<!輸出)(?:layer|capa|couche|schicht|층|层|層|слой|camada|strato|level|단계)s?[^\S\n]*(?:#[^\S\n]*\d+|1?\d)(?![\d,]|[^\S\n]*(?:neurons?|units?|nodes?))|(?:hidden|은닉층|隐藏层|隐含层|oculta|dense|fc|linear|block|stage)[_#]\d+"
    r"|(?:은닉층|隐藏层|隐含层|히든층)[^\S\n]*1?\d(?![\d,])|#\s*\d+|\d+(?:st|nd|rd|th)\b|[\d,]+ (?:param\w*|parameters|weights)(?!\s*[#:=]?\s*\d)|(?<![^\W\d_])params?\s*[#:=]?\s*\d[\d,]*|(?:모수|매개변수) [\d,]+개|제 ?\d+|第\s*\d+"
    r"|(?<![\w.,])0\s*(?:[-–—~〜]|\.{2,3}|…|to|through|bis|à|a|até|hasta|do|до|부터|から|到|至)\s*[1-9]\d*(?![\w.,]*\d)",  # `digits 0 to 9`
    re.I,
)
_FIRST_ARGUMENT = pattern(r"\(\s*(?:units\s*=\s*)?(\d[\d,]*)\s*(?:[,)]|$)")

_INPUT_DIM = pattern(r"input_dim\s*=\s*(\d{1,9})")


class SizesSaid(NamedTuple):
    """Sizes of what comes out, whether it is said outright or as a count, of what goes in, of a picture."""

    width: int | str | None = None
    sure: bool = False
    into: int | None = None
    picture: tuple[int, ...] = ()
    counted: bool = False


def sizes_in(text: str, operation: bool) -> SizesSaid:
    """Return what a text says about sizes, the surest way of saying it first."""
    text = NOT_A_WIDTH.sub(lambda match: " " * len(match.group()), text)
    shapes = [_sizes(match.group(1)) for match in BATCH_SHAPE.finditer(text)]
    shapes += [
        _sizes(match.group()[1:-1] if _is_picture(match) else match.group(2))
        for match in _NUMBER_SHAPE.finditer(text)
        if not operation or "put" in text
    ]
    stated = bool(shapes) and "put" in text
    match = _FEATURES.search(text)
    if operation and match is None:
        match = _BETWEEN.search(_NUMBER_SHAPE.sub(_opened, text))
    if (
        match is None
        and operation
        and (named := _INPUT_DIM.search(text))
        and (units := _FIRST_ARGUMENT.search(text))
    ):
        return SizesSaid(number_of(units.group(1)), True, int(named.group(1)))
    if match and not stated:
        first, last = number_of(match.group(1)), number_of(match.group(2))
        return SizesSaid(last, True, first if isinstance(first, int) else None)
    if shapes:
        return _sizes_of_shapes(shapes)
    if _SINGLE_VALUE.search(text):
        return SizesSaid(1, True)
    if match := _POWER.search(text):
        return SizesSaid(int(match.group(1)) if match.group(1) else match.group(2), True)
    text = pattern(r"\^\s*[\[(]?\d+[\])]?").sub(" ", text)  # a^(3) is an a of layer 3
    if match := _IMAGE.search(text):
        sizes = tuple(int(size) for size in match.groups() if size)
        if operation and len(sizes) == 2:  # a weight matrix: Gemm keeps (out, in), MatMul (in, out)
            out, into = sizes if "matmul" not in text.lower() else sizes[::-1]
            return SizesSaid(out, True, into)
        return SizesSaid(prod(sizes), True, None, sizes)
    times = _TIMES.findall(text)
    if len(times) == 1:  # `3 × a, 4 × b` counts parts
        return SizesSaid(number_of(times[0]), True, counted=True)
    if match := _BY_NUMBER.search(text):
        return SizesSaid(number_of(match.group(1)), True, counted=True)
    if match := COUNTED.search(text):
        return SizesSaid(number_of(next(filter(None, match.groups()))), True, counted=True)
    if operation and (match := _FIRST_ARGUMENT.search(text)):
        return SizesSaid(number_of(match.group(1)), True)
    if match := _BRACKETED.search(text):
        return SizesSaid(number_of(match.group(1)), True)
    if match := _WITH_WORDS.search(text):
        return SizesSaid(number_of(match.group(1)), True, counted=True)
    outside = pattern(r"\([^()]*\)").sub(" ", text)
    bare = _BARE.findall(outside) or _BARE.findall(text)
    return SizesSaid(number_of(bare[-1]) if bare else None)


def _is_picture(match: re.Match[str]) -> bool:
    """Return whether a shape of numbers is that of a picture, `(28, 28)`, and not a batch of rows."""
    return match.group(1) == match.group(2) and int(match.group(1)) > 4


def _sizes_of_shapes(shapes: list[list[int | str]]) -> SizesSaid:
    first, last = shapes[0], shapes[-1]
    into = first[0] if len(shapes) > 1 and isinstance(first[0], int) else None
    picture = tuple(size for size in last if isinstance(size, int))
    if len(last) > 1 and len(picture) == len(last):
        return SizesSaid(prod(picture), True, into, picture)
    return SizesSaid(last[-1], True, into)


def _opened(match: re.Match[str]) -> str:
    return " " + match.group()[1:-1] + " "


def _sizes(text: str) -> list[int | str]:
    return [number_of(part) for part in pattern(r"\s*[,x×]\s*").split(text.strip())]


def number_of(text: str) -> int | str:
    """Return a number, or the letter that stands for one."""
    digits = text.replace(",", "")
    return int(digits) if digits.isdecimal() else text
