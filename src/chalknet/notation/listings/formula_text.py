r"""Formulas of products as plain text: commands, fonts, matrices and small digits resolved, words marked."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from chalknet.network import activation_name
from chalknet.notation.dialects.tex_macros import Macro, expand
from chalknet.notation.dialects.tex_text import Unread, end_of_group, without_comments
from chalknet.notation.listings.formula_cases import with_cases_named
from chalknet.notation.listings.formula_neurons import with_neurons_joined
from chalknet.notation.listings.formula_rules import with_layers_written_out
from chalknet.notation.listings.formula_sums import without_sums
from chalknet.notation.listings.pseudo_code import without_pseudo_code

WORDS, FORMULA = "\x02", "\x03"  # begin words, begin a formula again
_MACRO = re.compile(
    r"\\(?:(?:re)?newcommand\*?|def)\s*\{?\\(\w+)\}?\s*(?:\[([0-9])\])?\s*\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}"
)
_OPERATOR = re.compile(r"\\DeclareMathOperator\*?\s*\{\\(\w+)\}\s*\{([^{}]*)\}")
_FONTS = re.compile(
    r"\\(?:math(?:bf|rm|it|sf|bb|cal|scr)|boldsymbol|bm|textbf?|textrm|operatorname\*?|left|right"
    r"|[bB]igg?[lrm]?|text|mbox|displaystyle|hat|widehat|tilde|bar|vec)(?![a-zA-Z])|\\[,;:! ]|\$|&|~"
)
_ENVIRONMENT = re.compile(
    r"\\(?:begin|end)\{[^{}]*\}|\\\[|\\\]|\\\(|\\\)|\\(?:label|tag)\{[^{}]*\}|\\(?:nonumber|notag)(?![a-zA-Z])"
)
_CLASSES = re.compile(
    r"(?:\\in(?![a-z])|∈)\s{0,3}\\?\{[-+0-9A-Za-z\s,.…\\]{0,30}\\?\}"
)  # `y ∈ {0, 1}`: what labels are
_GREEK = {"σ": "sigma", "φ": "phi", "ϕ": "phi", "Φ": "phi", "ψ": "psi", "ρ": "rho", "θ": "theta", "ŷ": "yhat"}
_JOINED = re.compile(r"(?<![A-Za-z])([xXhHzZaA])(?=W(?![a-z]))|(?<![A-Za-z])(W)(?=[xXhHzZaA](?![a-z]))")
_MOST_STEPS = 300_000  # of putting commands in their place
_TRANSPOSED = re.compile(
    r"\^\s*(?:\{\s*)?(?:\\(?:top|intercal|mathsf\{T\}|mathrm\{T\})|T(?![a-zA-Z])|⊤)(?:\s*\})?|[ᵀ⊤]"
)
_INDEX_TRANSPOSED = re.compile(  # `W^{(1)\\top}`
    r"\^\s{0,3}\{\s{0,3}([(\[]?\s?\w{1,3}\s?[)\]]?)\s{0,3}(\\(?:top|intercal|mathsf\{T\}|mathrm\{T\})|T(?![a-zA-Z])|⊤)\s{0,3}\}"
)
_MATRIX = re.compile(r"\\begin\{([pbB]?(?:small)?matrix)\}(.{0,4000}?)\\end\{\1\}", re.S)
_NUMBER = re.compile(
    r"[-+−]?\s*(?:[0-9]+(?:(?:[.,]|\{,\})[0-9]*)?|\.[0-9]+|\\frac\{?[0-9]+\}?\{?[0-9]+\}?|[0-9]+/[0-9]+)"
)
_MATRIX_LETTER = re.compile(
    r"(?<![A-Za-z\\_^])([BCDGMPS])\s*(?:&\s*)?(?:\\in(?![a-z])|∈)\s*(?:\\mathbb\s*\{?\s*R\s*\}?|ℝ|R)\s*\^\s*"
    r"[{(]\s*\w+\s*(?:\\times|×|x)\s*\w+\s*[})]"
)
_DISPLAYS = "equation|align|aligned|gather|gathered|split|multline|eqnarray|flalign|displaymath|math"
_MATHEMATICS = re.compile(
    rf"\\begin\{{(?P<name>(?:{_DISPLAYS})\*?)\}}.{{0,4000}}?\\end\{{(?P=name)\}}"
    r"|\\\[(?:(?!(?<!\\)\\\[).){0,4000}?\\\]|\\\((?:(?!(?<!\\)\\\().){0,2000}?\\\)|\$\$.{0,4000}?\$\$|(?<!\\)\$.{0,2000}?(?<!\\)\$",
    re.S,
)
_TEXT = re.compile(
    r"(?<![_^]\{)(?<![_^])\\(?:text|mbox|textrm|textnormal|intertext)\s*\{([^{}]*)\}(?=\s*(\(|\\left|\\[bB]ig)?)"
)


class PlainFormula(NamedTuple):
    """A text of formulas.

    Args:
        text: commands, fonts and small digits resolved; `WORDS` and `FORMULA` stand where each begins.
        sizes: the rows and columns of the matrices in it, by their keys such as `Wm1`.
        numbers: the matrices of numbers, a list a row, by their keys.
        notes: what had to be assumed.
    """

    text: str
    sizes: dict[str, tuple[str, str | None]]
    numbers: dict[str, list[list[float]]]
    notes: tuple[str, ...] = ()


_ONES = re.compile(  # before a bias, `\mathbf{1} b^\top`: a row of it for each sample
    r"\\(?:math(?:bf|bb|rm)|bm|boldsymbol|vec)\s?(?:\{\s?\\?1\s?\}|1)(?:_(?:\{[^{}]{1,12}\}|\w))?\s{0,3}"
    r"(?=(?:\\(?:math(?:bf|rm)|bm|boldsymbol|vec)\s?\{?\s?)?b(?![a-zA-Z]))"
)


def plain_formula(text: str) -> PlainFormula:
    r"""Return the plain text of formulas, LaTeX or not; `W_{m1}` stands for its first matrix of numbers."""
    if "\\" in text:
        text = _ONES.sub("", re.sub(r"\\[dtc]frac(?![a-z])", r"\\frac", without_comments(text)))
    elif "$" not in text:
        text = without_pseudo_code(text, WORDS, FORMULA)
    numbers: dict[str, list[list[float]]] = {}
    whole = text
    layers = with_layers_written_out(_without_macros(text))
    text = _MATRIX.sub(lambda found: _named_matrix(found, numbers), layers.text)
    neurons = with_neurons_joined(with_cases_named(text))
    numbers |= neurons.numbers
    summed = without_sums(_with_letters_of_weights(neurons.text))
    sizes: dict[str, tuple[str, str | None]] = {
        key: (str(len(rows)), str(len(rows[0]))) for key, rows in numbers.items()
    }
    plain = _resolved(_with_words_marked(_with_logistic(summed.text)))
    sizes = {**layers.sizes, **sizes, **neurons.sizes, **summed.sizes}
    letters = {size for pair in sizes.values() for size in pair if size and not size.isdecimal()}
    given = {letter: number for letter in sorted(letters) if (number := _given_size(letter, whole))}
    sizes = {key: (given.get(out, out), into and given.get(into, into)) for key, (out, into) in sizes.items()}
    notes = [f"{letter} = {number} was taken from the text" for letter, number in given.items()]
    return PlainFormula(plain, sizes, numbers, (*summed.notes, *notes))


def _given_size(letter: str, text: str) -> str:
    """Return the number that a text gives a letter, `$D=9$ inputs`; empty for none, or several."""
    given = re.compile(
        rf"(?<![A-Za-z0-9\\_^{{]){re.escape(letter)}\s{{0,3}}=\s{{0,3}}([1-9][0-9]{{0,5}})(?![0-9.]|,\s?[0-9.\\…])"
    )
    found = {match[1] for match in given.finditer(text)}
    return found.pop() if len(found) == 1 else ""


def _with_letters_of_weights(text: str) -> str:
    """Return a text in which a letter that is said to be a matrix, `B ∈ R^{2×3}`, is a weight, `W_{B}`."""
    letters = {found[1] for found in _MATRIX_LETTER.finditer(text)}
    if not letters or "\\sum" in text:
        return text
    one = re.compile(rf"(?<![A-Za-z\\{{])({'|'.join(sorted(letters))})(?![A-Za-z_^\s]*\()(?![A-Za-z_^])")
    return one.sub(r"W_{\1}", text)


def _named_matrix(found: re.Match[str], numbers: dict[str, list[list[float]]]) -> str:
    """Return a name for a matrix of numbers, and keep it; anything else stays as it is."""
    rows = [row for row in re.split(r"\\\\(?:\[[^\[\]\n]{0,20}\])?", found[2]) if row.strip()]
    counts = {row.count("&") + 1 for row in rows}
    entries = [entry.strip() for row in rows for entry in row.split("&")]
    if len(counts) != 1 or not all(_NUMBER.fullmatch(entry) for entry in entries):
        return found.group()
    name = f"m{len(numbers) + 1}"
    numbers[f"W{name}"] = [[_number(entry.strip()) for entry in row.split("&")] for row in rows]
    return f" W_{{{name}}} "


def _number(written: str) -> float:
    r"""Return the number of an entry: `0{,}5`, `-1/2`, `\frac{1}{2}`."""
    digits = re.findall(r"[0-9]*[.,]?[0-9]+|[0-9]+", written.replace("{,}", "."))
    digits = list(digits[0]) if re.search(r"frac\s*[0-9]{2}$", written) else digits  # `\\frac12`
    value = float(digits[0].replace(",", ".")) / (float(digits[1]) if len(digits) > 1 else 1.0)
    return -value if written.lstrip().startswith(("-", "−")) else value


def _with_logistic(text: str) -> str:
    r"""Return a text with `sigmoid(z)` in the place of `\frac{1}{1+e^{-z}}` and `1/(1+e^{-z})`."""
    for found in reversed(
        [*re.finditer(r"\\frac\s*(?:\{\s*1\s*\}|1)\s*(?=\{)|(?<![\w.)])1\s*/\s*(?=\()", text)]
    ):
        try:
            end = found.end() + end_of_group(text[found.end() : found.end() + 600], 0)
        except Unread:
            continue
        below = text[found.end() + 1 : end - 1].strip()
        power = re.fullmatch(r"1\s*\+\s*(?:e|\\mathrm\{e\})\s*\^\s*(\{\s*[-−].*\}|[-−]\w)", below, re.S)
        call = re.fullmatch(r"1\s*\+\s*\\?exp\s*(?:\\left)?\s*\(\s*[-−](.*?)(?:\\right)?\)", below, re.S)
        if power or call:
            inside = re.sub(r"^\s*[-−]", "", power[1].strip("{}")) if power else call[1] if call else ""
            single = re.fullmatch(
                r"\s*(?:\\?\w+|\\?\w+[_^]\{?\w+\}?|\(.*\)|\\left\(.*\\right\))\s*", inside, re.S
            )
            if single:  # e^{-Wx + b} would be another function of Wx + b
                text = f"{text[: found.start()]} sigmoid({inside}) {text[end:]}"
    return text


def _with_words_marked(text: str) -> str:
    """Return a text in which each stretch of words and each formula begins with its mark."""
    pieces = [*_MATHEMATICS.finditer(text)]
    marked, at = [], 0
    for piece in pieces:
        inside = _TEXT.sub(_marked_words, piece.group())
        marked += [WORDS, text[at : piece.start()], FORMULA, inside]
        at = piece.end()
    if not pieces:
        return _TEXT.sub(_marked_words, text)
    return "".join([*marked, WORDS, text[at:], FORMULA])


def _marked_words(found: re.Match[str]) -> str:
    word = found[1].strip()
    function = found[2] or activation_name(word) or len(word) == 1
    return found.group() if function or not word else f"{WORDS}{found[1]}{FORMULA}"


def _resolved(text: str) -> str:
    """Return a text with fonts and small digits of Unicode resolved."""
    text = _CLASSES.sub(" ", text).replace("{,}", ".").replace(r"\{", "(").replace(r"\}", ")")
    text = text.replace("−", "-").replace(r"\ell", "l ")
    text = re.sub(r"\\var(?=(?:phi|rho|sigma|theta)(?![a-zA-Z]))", r"\\", text)
    text = re.sub(r"\\q?quad(?![a-z])", FORMULA, text)
    text = _INDEX_TRANSPOSED.sub(r"^{\1}^{\2}", text)
    text = _TRANSPOSED.sub("^{T}", text)
    text = re.sub(r"\\\\(?:\[[^\[\]\n]{0,20}\])?", "\n", text)
    text = _FONTS.sub(" ", _ENVIRONMENT.sub(" ", text))
    text = re.sub(
        r"([⁰¹²³⁴-⁹]+)[ˣ×]([⁰¹²³⁴-⁹]+)",
        lambda found: "^{" + " × ".join(unicodedata.normalize("NFKC", side) for side in found.groups()) + "}",
        text,
    )
    text = re.sub(
        r"(?<=[^\W\d_])([₀-₉]+)", lambda found: "_{" + unicodedata.normalize("NFKC", found[1]) + "}", text
    )
    text = re.sub(
        r"(?<=[^\W\d_])⁽?([⁰¹²³⁴-⁹]+)⁾?",
        lambda found: "^{" + unicodedata.normalize("NFKC", found[1]) + "}",
        text,
    )
    text = re.sub(
        r"_\s{0,3}(?:\\([a-zA-Z]{2,8})(?![a-zA-Z])|([σφϕΦψρθ]))", _index_of_letter, text
    )  # f_\theta
    text = re.sub(r"\\(sigma|phi|varphi|psi|rho|theta|Theta|tanh|max)(?![a-zA-Z])", r" \1", text)
    text = re.sub(r"(?<![_^])\{\s*([^\W\d_]+)\s*\}(?!\s*[×x])", r" \1 ", text)  # \mathrm{ReLU}
    text = re.sub(r"(?<![{_^\w])([A-Za-z]{1,2})([0-9]+)", r"\1_{\2}", text)  # W1
    text = _JOINED.sub(r"\1\2 ", text)
    return "".join(f" {_GREEK[letter]}" if letter in _GREEK else letter for letter in text)


def _index_of_letter(found: re.Match[str]) -> str:
    return f"_{{{found[1] or _GREEK[found[2]]}}}"


def _without_macros(text: str) -> str:
    """Return a text with its own commands replaced; the text as it is where they run in a circle."""
    names = {name: Macro(f" {body} ", int(count or 0)) for name, count, body in _MACRO.findall(text)}
    names |= {name: Macro(f" {body} ") for name, body in _OPERATOR.findall(text)}
    text = _OPERATOR.sub(" ", _MACRO.sub(" ", text))
    spent = 0

    def spend(steps: int) -> None:
        nonlocal spent
        spent += steps
        if spent > _MOST_STEPS:
            raise Unread("commands that stand for too much", "fewer of them")

    try:
        return expand(text, names, spend) if names else text
    except Unread:
        return text
