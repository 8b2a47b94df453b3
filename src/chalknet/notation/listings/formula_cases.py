r"""Functions that are written case by case, `\begin{cases} z & z > 0 \\ 0 & \text{otherwise} \end{cases}`."""

from __future__ import annotations

import re
from typing import NamedTuple

STEP = "unitstep"  # the word that stands for a step function, which is no activation here
_CASES = re.compile(
    r"\\begin\{(?P<name>[dr]?cases)\}(?P<rows>.{1,600}?)\\end\{(?P=name)\}|\\left\s*\\\{\s*\\begin\{array\}\{[^{}]*\}(?P<array>.{1,600}?)\\end\{array\}\s*\\right\s*\.",
    re.S,
)
_DRESS = re.compile(
    r"\\(?:text|mbox|mathrm|textrm|operatorname)\s*\{([^{}]*)\}|\\(?:left|right|quad|qquad|,|;|:|!| )|\$|[{}]"
)
_NAME = re.compile(r"\\?[A-Za-z]{1,5}(?:_[A-Za-z0-9])?")
_SIGN = re.compile(r"(?P<left>[^<>≥≤=]{1,12}?)(?P<sign><=|>=|[<>≥≤=])(?P<right>[^<>≥≤=]{1,12})")
_LARGER = re.compile(  # `(z) = \\max\\{0, z\\}`
    r"(?P<head>\(\s*(?P<of>\\?[A-Za-z]{1,5}(?:_[A-Za-z0-9])?)\s*\)\s*:?=\s*&?\s*)\\?max\s*(?:\\left\s*)?(?:\\\{|[({])"
    r"\s*(?:0\s*,\s*(?P=of)|(?P=of)\s*,\s*0)\s*(?:\\right\s*)?(?:\\\}|[)}])"
)
_SIGNS = {
    r"\geqslant": ">",
    r"\leqslant": "<",
    r"\geq": ">",
    r"\leq": "<",
    r"\ge": ">",
    r"\le": "<",
    r"\gt": ">",
    r"\lt": "<",
    "≥": ">",
    "≤": "<",
    ">=": ">",
    "<=": "<",
}
_OTHERWISE = re.compile(
    r"(?:otherwise|else|sonst|andernfalls|sinon|en otro caso|altrimenti|иначе|그 ?외|其他|それ以外)", re.I
)
_NUMBER = re.compile(r"[-+−]?\s*(?:[0-9]+(?:[.,][0-9]*)?|\.[0-9]+|\\frac\s*1\s*2)")


class _Case(NamedTuple):
    """One line: a value, whether it is that of large arguments, None for the rest, and where these begin."""

    value: str
    positive: bool | None
    bound: str = "0"


def with_cases_named(text: str) -> str:
    r"""Return a text in which functions that are written case by case are called by their names.

    Args:
        text: LaTeX. A function that is not known stays as it is.
    """
    text = _LARGER.sub(r"\g<head> relu(\g<of>) ", text)
    return _CASES.sub(_named, text) if "\\begin" in text else text


def _named(found: re.Match[str]) -> str:
    rows = re.split(r"\\\\(?:\[[^\[\]\n]{0,20}\])?", found["rows"] or found["array"])
    before = found.string[max(0, found.start() - 40) : found.start()]
    argument = re.search(
        r"\(\s*(\\?[A-Za-z]{1,5}(?:_[A-Za-z0-9])?)\s*\)\s*:?=\s*&?\s*$", _DRESS.sub(" ", before)
    )
    cases = [_case(row) for row in rows if row.strip()]
    if argument is None or len(cases) not in (2, 3) or None in cases:
        return found.group()
    name = _function([case for case in cases if case is not None], argument[1])
    return f" {name}({argument[1]}) " if name else found.group()


def _case(row: str) -> _Case | None:
    value, _, condition = _plain(row).partition("&")
    condition = re.sub(
        r"(?i)\b(?:if|for|when|falls|wenn|für|si|pour|se|при|если)\b|[&,;.]", " ", condition
    ).strip()
    value = value.strip(" ,;.")
    if _OTHERWISE.search(condition) or not condition:
        return _Case(value, None)
    sign = _SIGN.fullmatch(condition)
    if sign is None or not (
        _NUMBER.fullmatch(sign["right"].strip()) or _NUMBER.fullmatch(sign["left"].strip())
    ):
        return None
    if sign["sign"] == "=":
        return _Case(value, None)
    turned = bool(_NUMBER.fullmatch(sign["left"].strip()))
    bound = sign["left" if turned else "right"].strip()
    return _Case(value, (sign["sign"][0] == ">") != turned, bound)


def _plain(row: str) -> str:
    row = _DRESS.sub(lambda found: f" {found[1]} " if found[1] else " ", row.replace("{,}", "."))
    for written, sign in _SIGNS.items():
        row = re.sub(re.escape(written) + r"(?![a-z])", sign, row)
    return " ".join(row.split())


def _function(cases: list[_Case], argument: str) -> str:
    """Return the name of a function, of its values on both sides of 0; empty for another one."""
    above = [case.value for case in cases if case.positive is True]
    below = [case.value for case in cases if case.positive is False]
    rest = [case.value for case in cases if case.positive is None]
    if len(cases) == 2 and len(rest) == 1:
        (above if not above else below).extend(rest)
    if len(above) != 1 or len(below) != 1:
        return ""
    one, other = above[0].replace(" ", ""), below[0].replace(" ", "").replace("−", "-")
    if _NUMBER.fullmatch(one) and _NUMBER.fullmatch(other):
        return STEP
    if (
        len(cases) == 3
        or one != argument
        or any(not re.fullmatch(r"0(?:\.0*)?", case.bound) for case in cases)
    ):
        return ""
    if re.fullmatch(r"0(?:\.0*)?", other):
        return "relu"
    slope = re.fullmatch(
        rf"(?P<slope>0?[.,][0-9]+|\\(?:alpha|lambda)|[aα])(?:\\cdot|·|\*)?{re.escape(argument)}", other
    )
    if slope:
        told = slope["slope"].replace(",", ".")
        return f"leaky_relu⟨{told}⟩" if told[-1].isdigit() else "leaky_relu"
    power = rf"(?:\\?exp\({re.escape(argument)}\)|e\^\(?{re.escape(argument)}\)?)"
    return "elu" if re.fullmatch(rf"(?:\\alpha|a|α|1)?(?:\\cdot)?\(?{power}-1\)?", other) else ""
