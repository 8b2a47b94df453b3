r"""What formulas and the words around them tell: sizes, `W_1 \in \mathbb{R}^{4\times 3}`, and functions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

from chalknet.network import activation_name
from chalknet.notation.listings.formula_cases import STEP
from chalknet.notation.listings.formula_text import FORMULA, WORDS, PlainFormula
from chalknet.notation.listings.formula_tokens import WEIGHT, formula_tokens, key_of_name

Size: TypeAlias = "tuple[str, str | None]"

_NAME = (
    r"(?<![^\W\d_\\])(?P<name>\\?[^\W\d_]{1,5}(?:\s{0,6}[_^]\s{0,6}"
    r"(?:\{[^{}]{0,20}\}|\([^\W_]{1,9}\)|[0-9]{1,9}|[^\W\d_])){0,3})"
)
_REALS = r"(?:ℝ|R|\\R)(?![a-zA-Z])"
_IN = r"\s{0,6}(?:∈|\\in(?![a-z])|in\b)\s*"
_TIMES = r"\s*(?:×|\\times(?![a-z])|x)\s*"
_OF_REALS = re.compile(
    rf"(?:{_NAME}|(?<=[)\]])){_IN}{_REALS}\s*(?:\^\s*(?P<open>[{{(])?\s*"
    rf"(?P<out>[0-9]+|[^\W\d]\w*)\s*(?:(?:×|\\times|x|(?(open),|(?!)))\s*(?P<in>\w+)\s*)?[}})]?)?"
)
_END = r"\s{0,3}[-+]?\s?[0-9](?:\.[0-9]+)?\s{0,3}"
_OF_INTERVAL = re.compile(rf"{_NAME}{_IN}[(\[]{_END}[,;]{_END}[)\]](?!\s*\^)")  # `y ∈ (0, 1)`: one number
_OF_MATRICES = re.compile(
    rf"{_NAME}{_IN}(?:M|Mat)\s*_\s*[{{(]\s*(?P<out>\w+)\s*(?:,|×|\\times(?![a-z])|x)\s*(?P<in>\w+)\s*[}})]"
    rf"\s*(?:\(\s*{_REALS}\s*\))?"
)
_WIDTH = r"(?:\s*\^\s*[{(]?\s*(?P<%s>[0-9]+|[^\W\d]\w*)\s*[})]?)?"
MAP = re.compile(
    rf"{_NAME}\s*(?::|\\colon(?![a-z]))\s*{_REALS}{_WIDTH % 'in'}"
    rf"\s*(?:→|->|\\(?:long)?(?:right)?arrow(?![a-z])|\\to(?![a-z]))\s*{_REALS}{_WIDTH % 'out'}"
)
# The names before the last of `A_1, A_2: R -> R`.
_NAMES_BEFORE = re.compile(r"(?<![^\W\d_\\])(?:[A-Z]\s?(?:_\s?\{?\w{1,3}\}?)?\s?,\s{0,3}){1,20}$")
_BY_WORDS = re.compile(
    rf"{_NAME}(?P<gap>[^.;=∈+,\[\]0-9]{{0,60}}?)(?P<out>[0-9]+){_TIMES.replace('|x', '|x|by')}(?P<in>[0-9]+)"
)
_LENGTH = re.compile(
    r"(?<![\w\\])(?P<name>[xX])(?![a-zA-Z_])[^.;=∈+,0-9]{0,60}?"
    r"(?:\b(?:length|size|dimension|длин\w{1,3}|размер\w{0,4}|Länge|Dimension|longueur|taille|dimension)\b"
    r"[^.;=∈+,0-9]{0,12}?(?P<out>[0-9]+)"
    r"|(?P<count>[0-9]+)[\s-]*(?:features|entries|components|inputs|dimensional|Merkmale\w?|Eingänge\w?|composantes))"
)
_ASSIGNED = re.compile(
    rf"{_NAME}\s*=\s*(?P<matrix>W_\{{m[0-9]+\}})\s*(?=[^\s\w(\\]|$|\\|[{WORDS}{FORMULA}\n])"
)
_SCALAR = re.compile(
    rf"{_NAME}\s*=\s*(?P<number>-?\s?[0-9]+(?:\.[0-9]+)?)(?=\s*(?:[,;.)]?\s*(?:$|[{WORDS}{FORMULA}\n\\,;])))"
)
_PHRASES = {
    rf"{STEP}|(?:unit|binary)? ?step function|heaviside\w*|signum\w*|sgn|schwellwertfunktion": "step",
    r"leaky[- ]?relu": "leaky_relu",
    r"logisti\w+": "sigmoid",
    r"сигмоид\w*": "sigmoid",
    r"sigmo[iï]d\w*": "sigmoid",
    r"rectifie[dr]\w*|rectified linear": "relu",
    r"hyperbol\w+ tangent|tangens hyperbolicus|tangente hyperbolique": "tanh",
    r"\w*identit\w+": "identity",
}
LETTER = re.compile(r"sigma|phi|psi|rho|alpha|gamma|eta|kappa|tau|chi|omega|[fgasr]|act")
_NEXT = re.compile(  # where the next clause begins, or what is said of another letter
    r"[.;](?:\s|$)|,(?![^()]*\))|\b(?:and|und|et)\b|(?<![\w\\])\\?(?:sigma|phi|psi|rho|eta|tau)(?![A-Za-z])"
)
_CLAUSE = re.compile(
    rf"[;\n{WORDS}{FORMULA}]| {{4,}}|,(?![^()]*\))|\b(?:and|with|where|und|mit|et|avec|где|и)\b"
)
_WHOLE = re.compile(r"(?:f|F|N|net)|\w{1,5}(?:theta|Theta|phi|w)")  # a network rather than a layer: f_\theta
_NOT = re.compile(r"(?i)\b(?:not|no|nicht|kein\w*|не|pas)\b")
_LEAKY = re.compile(
    r"leaky_relu⟨(?P<slope>[0-9.]+)⟩|max\s*\(\s*(?:\w+\s*,\s*)?(?P<larger>0?\.[0-9]+)\s*\w+\s*(?:,\s*\w+\s*)?\)"
)
_WORD = re.compile(r"(?<![\w\\])\\?([A-Za-z]{3,}\w*)")


class Told(NamedTuple):
    """What a text of formulas tells beside its equations.

    Args:
        equations: the text with all that is no equation blanked, each character in its place.
        sizes: the rows of each weight, bias or state, and the columns where there are some.
        affine: the maps that are named and never written out, `A_1`; whether each adds a bias.
        words: the text, to look for what letters stand for.
        numbers: the numbers of weights and biases, a list a row, by their keys.
    """

    equations: str
    sizes: Mapping[str, Size]
    affine: Mapping[str, bool]
    words: str
    numbers: Mapping[str, list[list[float]]]


def told(plain: PlainFormula) -> Told:
    """Return what a plain text of formulas tells."""
    text = plain.text
    sizes: dict[str, Size] = dict(plain.sizes)
    numbers = dict(plain.numbers)
    affine: dict[str, bool] = {}
    linear = re.search(r"(?i)\blin(?:ear|éaire|eare)\w*", text) and not re.search(r"(?i)\baffin|аффинн", text)
    for pattern in (_OF_REALS, _OF_MATRICES):
        for found in pattern.finditer(text):
            if owner := _owner(found):
                sizes[owner] = (found["out"] or "1", found["in"])
        text = pattern.sub(_blank_size, text)
    for found in _OF_INTERVAL.finditer(text):
        if owner := _owner(found):
            sizes.setdefault(owner, ("1", None))
    text = _OF_INTERVAL.sub(_blank_size, text)
    for found in MAP.finditer(text):
        key = key_of_name(found["name"])
        if _WHOLE.fullmatch(key) and found["in"]:
            sizes.setdefault("x", (found["in"], None))
        others = _NAMES_BEFORE.search(text[max(0, found.start() - 100) : found.start()])
        for one in (key, *map(key_of_name, others[0].strip(" ,").split(",") if others else ())):
            affine[one] = not linear
            sizes[one] = (found["out"] or "1", found["in"] or "1")
    text = MAP.sub(_blank, text)
    for found in _BY_WORDS.finditer(text):
        key = key_of_name(found["name"])
        if WEIGHT.match(key) and not re.search(r"[A-Z]\s*[_^]", found["gap"]):
            sizes.setdefault(key, (found["out"], found["in"]))
    for found in _LENGTH.finditer(text):
        sizes.setdefault(found["name"], (found["out"] or found["count"], None))
    for found in _ASSIGNED.finditer(text):
        key, matrix = key_of_name(found["name"]), key_of_name(found["matrix"])
        if sizes.setdefault(key, sizes[matrix]) == sizes[matrix]:
            numbers[key] = numbers[matrix]
    for found in _SCALAR.finditer(text):
        numbers.setdefault(key_of_name(found["name"]), [[float(found["number"].replace(" ", ""))]])
    return Told(without_words(text), sizes, affine, text, numbers)


def without_words(text: str) -> str:
    """Return a plain text of formulas with the words around them blanked, each character in its place."""
    text = re.sub(rf"{WORDS}[^{FORMULA}]*", _broken, text) if WORDS in text else text
    return text.replace(FORMULA, "\n").replace(WORDS, "\n")


def _owner(found: re.Match[str]) -> str:
    """Return what a size belongs to: the name before it or, in `y = W h ∈ R^5`, y; empty for neither."""
    left, equals, _ = _clause(found).partition("=")
    if not equals:
        return key_of_name(found["name"]) if found["name"] else ""
    tokens = [*formula_tokens(left)]
    return tokens[0].key if len(tokens) == 1 or [t.name for t in tokens[1:2]] == ["("] else ""


def _clause(found: re.Match[str]) -> str:
    """Return what stands before a size, as far as it belongs to the same equation."""
    return _CLAUSE.split(found.string[max(0, found.start() - 200) : found.start()])[-1]


def _blank_size(found: re.Match[str]) -> str:
    kept = found["name"] if found["name"] and "=" in _clause(found) else ""
    return kept + " " * (len(found.group()) - len(kept))


def _blank(found: re.Match[str]) -> str:
    return " " * len(found.group())


def _broken(found: re.Match[str]) -> str:
    return "\n" * len(found.group())


def function_told(letter: str, number: str, words: str) -> str | None:
    """Return the activation that a text says a letter stands for; None for none, or for several.

    Args:
        letter: such as "phi" or "sigma".
        number: its index; empty for none.
        words: the text.
    """
    index = rf"\s*[_^]\s*[{{(\[]*\s*{re.escape(number)}\s*[}})\]]*" if number else ""
    place = re.compile(
        rf"(?<![\w\\])\\?{re.escape(letter)}(?![A-Za-z]){index}"
        rf"(?=\s*\(\s*\\?\w{{1,5}}\s*\)\s*=|[\s{WORDS}{FORMULA}]*(?:$|[=:—–.,;)-]|[はが는은이가为為是]|[^\W_][a-zа-яäöüéèß]))"
    )
    found: set[str] = set()
    for at in place.finditer(words):
        behind = _NEXT.split(words[at.end() : at.end() + 160])[0]
        if _NOT.search(behind):
            return None
        before = words[max(0, at.start() - 40) : at.start()].rstrip(f" \n\\{WORDS}{FORMULA}")
        if before.endswith(("circ", "∘")):
            continue
        found |= set((_names(behind) or _names(_NEXT.split(before)[-1]))[:1])
    if any(kind.startswith("leaky_relu(") for kind in found):
        found.discard("leaky_relu")  # its name beside its formula, which says the slope
    return found.pop() if len(found) == 1 else None


def _names(text: str) -> list[str]:
    """Return the activations that words name, in their order."""
    named = [
        (at.start(), kind)
        for word, kind in _PHRASES.items()
        for at in re.finditer(rf"(?i)\b(?:{word})\b", text)
    ]
    for at in _LEAKY.finditer(text):
        named.append((at.start(), f"leaky_relu({at['slope'] or at['larger']})"))
    for at in _WORD.finditer(text):
        if text[at.end() : at.end() + 1] == "⟨":
            continue
        kind = activation_name(at[1].lower()) or activation_name(at[1])
        if kind is not None and kind not in ("?", "h"):
            named.append((at.start(), kind))
    if zero := re.search(r"\bmax\s*\(\s*(?:0(?:\.0)?\s*,\s*\w+|\w+\s*,\s*0)\s*\)", text):
        named.append((zero.start(), "relu"))
    return [kind for _, kind in sorted(named)]
