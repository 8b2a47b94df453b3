"""Labels as people write them, HTML, LaTeX and Unicode, brought to plain words."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache

from chalknet.notation.drawings.words import DECIMAL

_COMMANDS: Mapping[str, str] = {
    **dict.fromkeys(("Sigma", "sum"), "Σ"),
    **dict.fromkeys(("dots", "ldots", "ddots"), "…"),
    **dict.fromkeys(("to", "rightarrow"), "→"),
    **dict.fromkeys(("phi", "varphi"), "φ"),
    **dict.fromkeys(("quad", "qquad"), " "),
    **dict.fromkeys(("top", "left", "right"), ""),
    **{name: name for name in ("max", "tanh")},
    "textsubscript": "_",
    "textsuperscript": "^",
    "sigma": "σ",
    "vdots": "⋮",
    "cdots": "⋯",
    "times": "×",
    "cdot": "·",
    "in": "∈",
    "theta": "θ",
    "alpha": "α",
    "ldotp": ".",
}
_HIGH = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿᵢ", "0123456789+-=()ni")
_HIGH_RUN = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿ]+")
_TAG = re.compile(r"<\s*+(?:(/)\s*+)?([a-zA-Z]++)[^<>]*+>")
_NEW_LINE = {"br", "tr", "td", "table", "p", "div", "hr", "li"}
_LATEX = re.compile(r"\\(?:([a-zA-Z]+)\s?|([,;:! ])|(.))")
_IS_LATEX = re.compile(r"\$|\\(?:hat|sigma|sum|math|text|vdots|cdots|ldots|frac|bold|left|right|lambda|nu)\b")
_STYLED = re.compile(
    r"\\(?:hat|widehat|tilde|widetilde|bar|vec|mathbf|boldsymbol|bm|mathrm|mathsf|mathit|mathtt|mathbb|mathcal"
    r"|text|textbf|textit|textrm|textsf|texttt|operatorname|bf|rm)\b\s*"
)

# A word that goes on in the next line, `soft-` over `max`, and compounds, whose hyphen is their own.
_BROKEN_WORD = re.compile(r"(?<=([^\W\d_]{2}))[-\u2010]\n(?=[^\W\d_]{2})|\u00ad\n?")
_COMPOUND = re.compile(
    r"\b(?:self|cross|fully|leaky|log|hard|batch|layer|max|avg|feed|multi|non|pre|re)$", re.I
)


@lru_cache(maxsize=100_000)
def plain(label: str) -> str:
    r"""Return the words of a label: `$\hat{y}$` -> `y`, `x<sub>1</sub>` -> `x_1`, `ℝ⁷⁸⁴` -> `R^784`."""
    if DECIMAL.fullmatch(label):
        return label
    breaks = r"\\[nlr](?![a-zA-Z])" if _IS_LATEX.search(label) else r"\\[nlr]"
    text = re.sub(breaks, "\n", label).replace("\\N", "")
    if "<" in text:
        text = _TAG.sub(_without_tag, text)
    text = unescaped(re.sub(r"&?#(quot|amp|lt|gt|\d{1,7});", _entity, text))
    if "\\" in text:
        text = _STYLED.sub("", text)
        text = _LATEX.sub(_command, text)
    text = text.replace("$", "").replace("{", "").replace("}", "") if "$" in label or "\\" in label else text
    text = _HIGH_RUN.sub(lambda run: "^" + run.group().translate(_HIGH), text)
    text = (
        unicodedata.normalize("NFKC", text)
        .replace("−", "-")
        .replace("⁄", "/")
        .replace("∑", "Σ")
        .replace("ς", "σ")
    )
    text = text.replace("`", "").replace("**", "")
    text = "\n".join(" ".join(line.split()) for line in text.split("\n")).strip()
    if "\n" in text or "\u00ad" in text:
        text = _BROKEN_WORD.sub(_joined, text)
    return re.sub(r"\n{3,}", "\n\n", text)


# `Linear-1`, `ReLU-2`: the types of layers, numbered through the network as tables of layers number them.
_NUMBERED_TYPE = re.compile(
    r"\s*+(?:(?P<map>Input|Dense|[A-Za-z]*Linear)|Dropout|Flatten|Identity|[A-Za-z]*(?:ReLU|[TE]LU|SiLU|Tanh|Sigmoid|Soft[a-z]++"
    r"|Norm(?:1d)?))-(?P<number>\d{1,3})(?![\w.-])"
)


def without_numbers(labels: Mapping[str, str]) -> dict[str, str]:
    """Return the labels whose types of layers are numbered, without these numbers, which are no widths.

    Args:
        labels: by any keys. Numbers that repeat, that count further than there are labels, or that stand
            behind maps alone are no numbering: `Dense-64` states a width, a single `ReLU-6` is a function.
    """
    found = {key: match for key, label in labels.items() if (match := _NUMBERED_TYPE.match(label))}
    numbers = {int(match["number"]) for match in found.values()}
    of_maps = sum(bool(match["map"]) for match in found.values())
    if not 0 < of_maps < len(found) or len(numbers) < len(found) or max(numbers) > len(labels):
        return {}
    return {
        key: labels[key][: match.start("number") - 1] + labels[key][match.end("number") :]
        for key, match in found.items()
    }


def unescaped(text: str) -> str:
    """Return a text with the characters that its entities stand for; numbers of none stay as they are."""
    return html.unescape(re.sub(r"&(?=#[0-9]{8})", "&amp;", text))


def _joined(broken: re.Match[str]) -> str:
    """Return what stands between the halves of a word: the hyphen of a compound alone."""
    before = broken.string[max(0, broken.start() - 12) : broken.start()]
    is_compound = _COMPOUND.search(before) or broken.string[broken.end() : broken.end() + 1].isupper()
    return "-" if broken[1] and is_compound else ""


def _without_tag(tag: re.Match[str]) -> str:
    name = tag.group(2).lower()
    if name == "sub":
        return "" if tag.group(1) else "_"
    if name == "sup":
        return "" if tag.group(1) else "^"
    return "\n" if name in _NEW_LINE else ""


def _entity(entity: re.Match[str]) -> str:
    name = entity.group(1)
    return html.unescape(f"&#{name};" if name.isdigit() else f"&{name};")


def _command(command: re.Match[str]) -> str:
    name, space, letter = command.groups()
    if name:
        return _COMMANDS.get(name, name + " ")
    return " " if space else letter
