r"""Sums over neurons, `z_j = \sum_{i=1}^{n} w_{ji} x_i + b_j`, as products of matrices: `z = W x + b`."""

from __future__ import annotations

import re
from typing import NamedTuple

from chalknet.notation.listings.unshown import named_end

_SCRIPT = r"\s{0,3}[_^]\s{0,3}(?:\{[^{}]{1,24}\}|\([^()]{1,8}\)|\[[^\[\]]{1,8}\]|[A-Za-z0-9])"
_SCRIPTS = rf"(?:{_SCRIPT}){{1,3}}"
_SPACE = r"(?:\s|\\[,;:! ]|\\cdot(?![a-z])|·){0,6}"
_LOW = r"_\s*(?:\{(?P<%s>[^{}]{1,20})\}|(?P<%s>[a-z]))"
_HIGH = r"\^\s*(?:\{(?P<%s>[^{}]{1,20})\}|(?P<%s>[A-Za-z0-9]))"
_WEIGHT = r"(?:\\(?:theta|omega|beta)(?![a-z])|(?<![A-Za-z\\])[wvuaWVU])"
_VALUE = r"(?<![A-Za-z\\])[xhzayogu]"
_SUM = re.compile(
    rf"\\sum(?:\\(?:no)?limits)?\s*(?:{_LOW % ('low', 'index')}\s*(?:{_HIGH % ('high', 'last')})?"
    rf"|{_HIGH % ('high_first', 'last_first')}\s*{_LOW % ('low_behind', 'index_behind')}){_SPACE}"
    rf"(?:(?P<weight>{_WEIGHT})(?P<scripts>{_SCRIPTS})(?:{_SPACE}(?P<behind>{_VALUE}{_SCRIPTS})(?!\s*\())?"
    rf"|(?P<value>{_VALUE}{_SCRIPTS}){_SPACE}(?P<weight_behind>{_WEIGHT})(?P<scripts_behind>{_SCRIPTS}))"
)
_BOUND = re.compile(r"\s*([a-z])\s*(?:=\s*([01]))?\s*")
_DOTS = r"(?:\\[lc]?dots[cbm]?(?![a-z])|\.{2,3}|…|⋯)"
_RANGE = re.compile(
    rf"(?<![A-Za-z\\_^])(?P<letter>[a-z])\s*&?\s*(?:=|\\in(?![a-z])|∈)\s*(?:\\?\{{)?\s*1\s*(?:,\s*2\s*)?,?\s*"
    rf"(?:{_DOTS}\s*,?\s*(?P<last>[0-9]{{1,6}}|[A-Za-z](?![A-Za-z]))|(?P<listed>(?:,?\s*[2-9](?![0-9])){{1,8}}))\s*(?:\\?\}})?"
    r"|(?<![A-Za-z\\_^])(?P<two>[a-z])\s*=\s*1\s*,\s*2(?![0-9])"
)
_BIAS_BEHIND = re.compile(rf"{_SPACE}(?:{_VALUE}{_SCRIPTS})?{_SPACE}[+-]{_SPACE}\\?[a-z]")
_OF_NETWORK = re.compile(
    r"\\(?:sigma|tanh|varphi|phi|psi)(?![a-z])|relu|sigmoid|softmax|heaviside|sgn|neuro|percep|layer|network"
    r"|netz|schicht|couche|capa|신경|뉴런|神经|層|层|ニューロン|нейро|слой",
    re.I,
)
_EMPTY = re.compile(r"(?:\\left\s*|\\[bB]igg?l?\s*)?\(\s*(?:\\right\s*|\\[bB]igg?r?\s*)?\)")
_INDEXED = re.compile(rf"(?<![A-Za-z\\])(?P<name>\\?[A-Za-z]{{1,7}}\}}?)(?P<scripts>{_SCRIPTS})")
_ONE_SCRIPT = re.compile(
    r"\s{0,3}(?P<sign>[_^])\s{0,3}(?P<inside>\{[^{}]*\}|\([^()]*\)|\[[^\[\]]*\]|[A-Za-z0-9])"
)
_BIAS_WEIGHT = re.compile(  # that of a constant 1: `w_{j0}^{(1)}`
    rf"(?P<sign>[+-]{_SPACE}){_WEIGHT}(?P<high>{_SCRIPT})?\s{{0,3}}_\s{{0,3}}"
    rf"\{{\s?(?:(?P<index>[a-z])\s?,?\s?0|0\s?,\s?(?P<behind>[a-z]))\s?\}}(?!{_SPACE}(?:{_SCRIPT})?{_SPACE}{_VALUE}\s?_)"
)
_TERM = rf"(?P<w>{_WEIGHT})\s*_\s*\{{?\s*1\s*\}}?{_SPACE}(?P<x>[xhzau])\s*_\s*\{{?\s*1\s*\}}?"


class Summed(NamedTuple):
    """A text of formulas without sums over neurons.

    Args:
        text: with a product of a matrix in the place of each sum.
        sizes: the rows and columns of the matrices, by their keys.
        notes: what had to be assumed.
    """

    text: str
    sizes: dict[str, tuple[str, str | None]]
    notes: tuple[str, ...] = ()


class _Indices(NamedTuple):
    """The letters that count neurons, and the numbers that count layers, of a name."""

    letters: tuple[str, ...]
    layer: str


def without_sums(text: str) -> Summed:
    """Return a text with sums over neurons as products of matrices; any other sum stays as it is."""
    text = _with_terms_summed(text.replace("∑", r"\sum "))
    if r"\sum" not in text:
        return Summed(text, {})
    text = _BIAS_WEIGHT.sub(
        lambda found: f"{found['sign']}b{found['high'] or ''}_{found['index'] or found['behind']}", text
    )
    ranges: dict[str, set[str]] = {}
    for found in _RANGE.finditer(text):
        letter = found["letter"] or found["two"]
        last = found["last"] or (found["listed"] or "2")[-1]
        ranges.setdefault(letter, set()).add(last)
    sums = [one for found in _SUM.finditer(text) if (one := _sum(found, text)) is not None]
    for one in sums:
        if one.last:
            ranges.setdefault(one.counted, set()).add(one.last)
    sizes: dict[str, tuple[str, str | None]] = {}
    pieces, at = [], 0
    for one in sums:
        into = one.last or _only(ranges.get(one.counted)) or named_end(one.key, "in")
        out = "1" if not one.free else _only(ranges.get(one.free)) or named_end(one.key, "out")
        sizes.setdefault(one.key, (out, into))
        pieces += [text[at : one.start], f" {one.product} "]
        at = one.end
    if not sums or (len(sums) == 1 and not _speaks_of_network(text, sums[0])):
        return Summed(text, {})
    text = _EMPTY.sub(" ", _RANGE.sub(" ", "".join([*pieces, text[at:]])))
    counted = {one.counted for one in sums} | {one.free for one in sums if one.free}
    notes = [f"{one.constant} = 1 in a sum from 0 is read as the bias" for one in sums if one.constant]
    return Summed(
        _INDEXED.sub(lambda found: _without_indices(found, counted), text), sizes, tuple(dict.fromkeys(notes))
    )


def _speaks_of_network(text: str, only: _Sum) -> bool:
    """Return whether a text with one sum has more of a network than this: a bias, a function or a word."""
    behind = text[only.end : only.end + 60]
    return bool(only.constant or _BIAS_BEHIND.match(behind) or _OF_NETWORK.search(text))


class _Sum(NamedTuple):
    """One sum.

    Args:
        start, end: where it stands.
        counted, last: what is counted, and its last number.
        free: the index that stays, of the neuron that the sum is of; empty for one neuron.
        key: of the matrix.
        product: the matrix times its value.
        constant: the value that is 1, where its weight is the bias; empty for none.
    """

    start: int
    end: int
    counted: str
    last: str
    free: str
    key: str
    product: str
    constant: str


def _sum(found: re.Match[str], text: str) -> _Sum | None:
    """Return a sum of weights times values; None for any other."""
    low = found["low"] or found["index"] or found["low_behind"] or found["index_behind"] or ""
    bound = _BOUND.fullmatch(low)
    last = (found["high"] or found["last"] or found["high_first"] or found["last_first"] or "").strip()
    if bound is None or not re.fullmatch(r"[0-9]{1,6}|[A-Za-z](?:_?\{?[A-Za-z0-9]\}?)?|", last):
        return None
    index, weight = bound[1], found["weight"] or found["weight_behind"]
    indices = _indices_of(found["scripts"] or found["scripts_behind"])
    free = [letter for letter in indices.letters if letter != index]
    if index not in indices.letters or len(free) > 1:
        return None
    value = found["value"] or found["behind"] or ""
    constant = f"{value[:1]}_0" if bound[2] == "0" else ""
    if constant and not re.search(rf"{value[:1]}_\{{?0\}}?\s*(?:=|:=|\\equiv)\s*\+?1(?![0-9])", text):
        return None  # nobody says that the first of them is 1, so that its weight would be the bias
    tag = f"{weight.lstrip(chr(92))}{indices.layer}" if weight != "W" else indices.layer
    name = f"W_{{{tag}}}" if tag else "W"
    last = last.translate({ord(sign): None for sign in "{}"})
    product = f"{name} {value}" + (f" + b_{{{tag}}}" if constant else "")
    return _Sum(
        found.start(), found.end(), index, last, free[0] if free else "", f"W{tag}", product, constant
    )


def _indices_of(scripts: str) -> _Indices:
    """Return the indices of a weight: `_{ji}^{(1)}` -> j, i and 1."""
    letters: list[str] = []
    layer = ""
    for one in _ONE_SCRIPT.finditer(scripts):
        inside = one["inside"].strip("{}()[] ")
        if re.fullmatch(r"[\s,]*(?:[a-z][\s,]*){1,3}", inside):
            letters += re.findall("[a-z]", inside)
        elif re.fullmatch(r"[\[(]?[0-9]{1,2}[\])]?", inside):
            layer += inside.strip("()[]")
        else:
            letters += ["?", "?"]  # no index that is understood
    return _Indices(tuple(letters), layer)


def _only(found: set[str] | None) -> str:
    return next(iter(found)) if found and len(found) == 1 else ""


def _without_indices(found: re.Match[str], counted: set[str]) -> str:
    """Return a name without the index that counts its neurons, `h_j` -> `h`; other indices stay."""
    if found["name"].lstrip("\\") in ("sum", "prod", "max", "min", "frac", "partial"):
        return found.group()
    kept = [
        one.group()
        for one in _ONE_SCRIPT.finditer(found["scripts"])
        if not (one["sign"] == "_" and one["inside"].strip("{} ") in counted)
    ]
    return f"{found['name']}{''.join(kept)}"


def _with_terms_summed(text: str) -> str:
    r"""Return a text with `\sum_{i=1}^{3} w_i x_i` in the place of `w_1 x_1 + w_2 x_2 + w_3 x_3`."""
    for found in reversed([*re.finditer(_TERM, text)]):
        weight, value = found["w"], found["x"]
        one = re.compile(
            rf"{_SPACE}\+{_SPACE}(?:{_DOTS}{_SPACE}\+{_SPACE})?{re.escape(weight)}\s*_\s*\{{?\s*(?P<i>[0-9]{{1,4}}|[a-zA-Z])\s*\}}?"
            rf"{_SPACE}{value}\s*_\s*\{{?\s*(?P=i)\s*\}}?"
        )
        last, at, elided = "1", found.end(), False
        while (following := one.match(text, at)) and not elided:
            elided = bool(re.search(_DOTS, following.group()))
            if not elided and following["i"] != str(int(last) + 1):
                break
            last, at = following["i"], following.end()
        if last != "1":
            text = f"{text[: found.start()]}\\sum_{{i=1}}^{{{last}}} {weight}_i {value}_i {text[at:]}"
    return text
