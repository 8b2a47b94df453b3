r"""Reading LaTeX: each command becomes the arrow text it stands for, and every character keeps its place.

`\underset{(n,1)}{\bf X} \overset{l_1}{\to}` becomes `X(n,1) -l_1->`; the grammar of formulas does the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import count
from typing import NamedTuple, TypeAlias

from chalknet.errors import ChalknetError
from chalknet.network import Network
from chalknet.notation.formula import read_formula
from chalknet.notation.limits import check_limit
from chalknet.notation.tokens import SourceText, Span


class _Piece(NamedTuple):
    """A character, a command or a brace, and its place in the text."""

    text: str
    place: int


_Letters: TypeAlias = list[_Piece]

_DEEPEST = 50
_REMEDY = r"Write for instance \underset{(n,1)}{\bf X} \overset{relu}{\to} \underset{(n,1)}{\hat{\bf y}}."
_ITEM = re.compile(r"\\\\(?:\[[^\[\]\n]*\])?|\\[a-zA-Z]+\*?|\\.?|%[^\n]*|[^\\%]", re.DOTALL)
_ARROWS = "to rightarrow longrightarrow Rightarrow Longrightarrow mapsto longmapsto implies".split()
_FORMULA_OPENS = re.compile(
    r"\\begin(\{(?:equation|align|gather|multline|eqnarray|flalign|displaymath|math)\*?\})"
    r"|(?<!\\)\\[(\[]|\$\$?"
)
_FORMULA_ENDS = {r"\[": r"\]", r"\(": r"\)", "$$": "$$", "$": "$"}
_ARROW_COMMAND = re.compile(rf"\\(?:{'|'.join(_ARROWS)}|xrightarrow|overset|stackrel)(?![a-zA-Z])|[→⟶⟹]|->")
_ARROW = re.compile(r"-[^>]*+(?<=-)>|[→⟶⟹]")
_SHAPE = re.compile(r"[^,×]++[,×].*", re.DOTALL)
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789(),.=")
_BLANK = frozenset(" \t\n\r") | {"\\limits"}
_BEFORE_SCRIPT = _BLANK | frozenset("_^")
_MOST_SCRIPTS = 20  # under and over one thing

_SYMBOLS: Mapping[str, str] = {
    **dict.fromkeys(_ARROWS, "->"),
    **dict.fromkeys(("dots", "ldots", "cdots"), "…"),
    **{"sigma": "sigma", "ell": "l", "varphi": "phi", "times": "×", "cdot": "·", "ast": "*", "prime": "'"},
    **{"lparen": "(", "rparen": ")", "lbrace": "{", "rbrace": "}", "lbrack": "[", "rbrack": "]"},
}
_SPACES = re.compile(
    r"\\.*|[,;:> \n()\[\]]|q?quad|(en|thin)?space|nonumber|notag|(display|text)style", re.DOTALL
)
_SILENT = re.compile(  # fonts and positions
    r"(math|text)?(bf|rm|it|sf|tt)|(math|text)normal|bfseries|boldsymbol|pmb|bm|text|[mh]box|operatorname\*?"
    r"|mathcal|mathop|boxed|ensuremath|small|large|Large|normalsize|(under|over)brace|limits|[-!/&]"
)
_SIZES = re.compile(r"left|right|middle|[bB]igg?[lrm]?")
_REMARKS = re.compile(  # their argument is no part of the formula
    r"begin|end|label|tag\*?|[hv]space\*?|[hv]?phantom|(text)?color"
)
_ACCENTS: Mapping[str, str] = {"hat": "hat", "widehat": "hat", "bar": "bar", "tilde": "tilde", "vec": ""}
_STACKS = ("overset", "underset", "stackrel")


def read_latex(text: str, name: str | None = None) -> Network:
    r"""Return the network of a LaTeX formula.

    Args:
        text: a formula with or without `$` or `\[ \]`, or a document that holds one.
        name: of no use here: the text holds one network.

    Raises:
        ChalknetError: with the line and a caret.
    """
    whole = SourceText("LaTeX", text, remedy=_REMEDY)
    letters = _Translation(whole, _formula_in(whole)).letters()
    translated = "".join(letter.text for letter in letters)
    return read_formula(SourceText("LaTeX", translated, text, [letter.place for letter in letters], _REMEDY))


def recognise_latex(text: str) -> float:
    """Return how likely it is that a text is a formula in LaTeX."""
    if "\\" not in text and not text.lstrip().startswith("$"):
        return 0.0
    if re.search(r"^[ \t]*+(import|from)\s|\bSequential\(", text, re.MULTILINE):
        return 0.0
    if re.search(r"\\[a-zA-Z]", text):
        pieces = [*_formulas(text)] or [Span(0, len(text))]
        return 0.95 if any(_ARROW_COMMAND.search(text, *piece) for piece in pieces) else 0.4
    return 0.4 if text.lstrip().startswith(("\\", "$")) else 0.0


def _formula_in(source: SourceText) -> Span:
    """Return the span of the formula in a document: the only piece of mathematics with an arrow."""
    found = [span for span in _formulas(source.text) if _ARROW_COMMAND.search(source.text, *span)]
    if len(found) > 1:
        raise source.refuse(found[1].start, got="a second formula", wanted="one path from X to yhat")
    return found[0] if found else Span(0, len(source.text))


def _formulas(text: str) -> Iterator[Span]:
    """Yield the pieces of mathematics of a document."""
    missing: set[str] = set()  # what closes no piece from here on
    at = 0
    while opens := _FORMULA_OPENS.search(text, at):
        at = opens.end()
        name = opens.group(1)
        closing = rf"\end{name}" if name else _FORMULA_ENDS[opens.group()]
        end = -1 if closing in missing else text.find(closing, at)
        if end >= 0:
            at = end + len(closing)
            yield Span(opens.start(), at)
        else:
            missing.add(closing)


class _Translation:
    """The translation of the items of a LaTeX text: commands, braces and characters."""

    def __init__(self, source: SourceText, span: Span) -> None:
        check_limit(source, span.start, "characters in a formula", span.end - span.start)
        found = _ITEM.finditer(source.text, *span)
        self._items = [_Piece(item.group(), item.start()) for item in found if item.group()[0] != "%"]
        self._next = 0
        self._source = source

    def letters(self) -> _Letters:
        """Return the whole as arrow text."""
        letters = self._sequence(0)
        if self._next < len(self._items):
            raise self._refuse_brace(self._take(), "a brace } that was never opened")
        return letters

    def _peek(self) -> str:
        return self._items[self._next].text if self._next < len(self._items) else ""

    def _take(self) -> _Piece:
        self._next += 1
        return self._items[self._next - 1]

    def _skip_space(self) -> None:
        while self._peek().isspace() or self._peek() == "\\limits":
            self._next += 1

    def _sequence(self, depth: int, end: str = "}") -> _Letters:
        letters: _Letters = []
        items, last = self._items, len(self._items) - 1
        while (text := self._peek()) not in ("", end, "}"):
            following = items[self._next + 1].text if self._next < last else ""
            blank = (text.isspace() or text == "\\limits") and following in _BLANK
            if blank or (text in _PLAIN and following not in _BEFORE_SCRIPT):
                taken = self._take()
                letters += [] if text == "\\limits" else [taken]
            else:
                letters += self._atom(depth)
        return letters

    def _atom(self, depth: int) -> _Letters:
        """Return the next character, group or command with its arguments, and the scripts after it."""
        atom = self._nucleus(depth)
        indices: _Letters = []
        shapes: _Letters = []
        for scripts in count(1):
            here = self._next
            self._skip_space()
            if self._peek() not in ("_", "^"):
                self._next = here
                break
            sign = self._take()
            if scripts > _MOST_SCRIPTS:
                got = f"more than {_MOST_SCRIPTS} of _ and ^ at one thing"
                raise self._source.refuse(sign.place, got=got, wanted="one _ and one ^")
            script = self._argument(sign, depth)
            if _ARROW.fullmatch(_text(atom)):
                atom = _over(script, atom)
            elif "->" in _text(atom):  # text under a whole layer is a remark
                continue
            elif _SHAPE.fullmatch(_text(script)):
                shapes += _bracketed(script)
            else:
                indices += _index(sign, script)
        return atom + indices + shapes

    def _nucleus(self, depth: int) -> _Letters:
        item = self._take()
        if depth > _DEEPEST:
            raise self._refuse_brace(item, f"braces nested more than {_DEEPEST} deep")
        if item.text == "{":
            return self._group(item, depth)
        if not item.text.startswith("\\"):
            return _spread(" " if item.text in "~$&" else item.text, item.place)
        return self._command(item, depth)

    def _group(self, opening: _Piece, depth: int, end: str = "}") -> _Letters:
        letters = self._sequence(depth + 1, end)
        if self._peek() != end:
            kind = "brace" if end == "}" else "bracket"
            raise self._refuse_brace(opening, f"a {kind} {opening.text} that is never closed")
        self._take()
        return letters

    def _command(self, item: _Piece, depth: int) -> _Letters:
        name = item.text[1:]
        if name in _STACKS:
            script = self._argument(item, depth)
            return _over(script, self._argument(item, depth))
        if name == "xrightarrow":
            self._skip_space()
            below = self._group(self._take(), depth, "]") if self._peek() == "[" else []
            label = self._argument(item, depth)
            return _over([*label, *_spread(" ", item.place), *below], _spread("->", item.place))
        if name in _ACCENTS:
            return self._argument(item, depth) + _spread(_ACCENTS[name], item.place)
        if _REMARKS.fullmatch(name):
            self._argument(item, depth)
            return _spread(" ", item.place)
        if _SIZES.fullmatch(name):
            self._skip_space()
            self._next += self._peek() == "."
            return []
        if _SILENT.fullmatch(name):
            return []
        written = " " if _SPACES.fullmatch(name) else _SYMBOLS.get(name, name)
        return _spread(written, item.place)

    def _argument(self, command: _Piece, depth: int) -> _Letters:
        self._skip_space()
        if self._peek() in ("", "}"):
            span = Span(command.place, command.place + len(command.text))
            got = f"{command.text} without what belongs to it"
            raise self._source.refuse(span, got=got, wanted="an argument in braces")
        argument = self._nucleus(depth + 1)
        while not argument and self._peek() not in ("", "}", "_", "^"):  # \hat \bf y
            argument = self._nucleus(depth + 1)
        return argument

    def _refuse_brace(self, brace: _Piece, got: str) -> ChalknetError:
        return self._source.refuse(brace.place, got=got, wanted="braces in pairs")


def _text(letters: _Letters) -> str:
    return "".join(letter for letter, _ in letters).strip()


def _spread(text: str, place: int) -> _Letters:
    return [_Piece(letter, place) for letter in text]


def _bracketed(letters: _Letters) -> _Letters:
    if not letters or _text(letters).startswith("("):
        return letters
    return [_Piece("(", letters[0].place), *letters, _Piece(")", letters[-1].place)]


def _index(sign: _Piece, script: _Letters) -> _Letters:
    r"""Return `_1` for `_1` and `_{1}`, `^(1)` for `^{(1)}`, `'` for `^\prime`."""
    text = _text(script)
    if not text.strip("'"):
        return script
    plain = text.isidentifier() or text.isdigit() or text.startswith("(")
    return _spread(sign.text, sign.place) + (script if plain else _bracketed(script))


def _over(script: _Letters, base: _Letters) -> _Letters:
    """Return an arrow with its label, a state with its shape; text over anything else is a remark."""
    whole = "".join(letter for letter, _ in base)
    base, text = base[len(whole) - len(whole.lstrip()) : len(whole.rstrip())], whole.strip()
    if not _text(script) or text == "=":
        return base
    if _ARROW.fullmatch(text):
        place = base[0].place
        label = base[1:-2] if "->" in text[1:] else []  # it stands over and under the arrow
        return [*_spread("-", script[0].place), *script, *_spread(" ", place), *label, *_spread("->", place)]
    return base if "->" in text else base + _bracketed(script)
