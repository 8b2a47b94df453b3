"""TikZ as people write it, followed statement by statement into a sketch."""

from __future__ import annotations

import re
from typing import NamedTuple

from chalknet.errors import ChalknetError
from chalknet.notation.dialects.tex_macros import Macro, Names, branch, expand
from chalknet.notation.dialects.tex_text import (
    COMMAND,
    Cursor,
    Unread,
    spender,
    without_comments,
)
from chalknet.notation.dialects.tikz_definitions import DEFINITIONS, Definer
from chalknet.notation.dialects.tikz_document import STATEMENT, FoundPicture, caption, chosen, pictures
from chalknet.notation.dialects.tikz_lines import PlainLine
from chalknet.notation.dialects.tikz_lists import loop_at, members, rounds
from chalknet.notation.dialects.tikz_networks import NETWORKS, Layers, fully_connected
from chalknet.notation.dialects.tikz_paths import Path
from chalknet.notation.dialects.tikz_picture import Picture
from chalknet.notation.dialects.tikz_places import transform
from chalknet.notation.dialects.tikz_styles import Scope, TexOption, options_of
from chalknet.notation.dialects.words_at_columns import name_columns
from chalknet.notation.drawings.sketch import Sketch
from chalknet.notation.tokens import SourceText

REMEDY = "Write it as plain TikZ, such as \\node (a) {}; \\draw[->] (a) -- (b);, or give the commands that it uses."
_DEEPEST = 40
_LENGTHS = {
    "pgflinewidth": "0.4pt",
    **dict.fromkeys(("textwidth", "linewidth", "columnwidth", "paperwidth"), "12cm"),
}
_PATHS = "node draw path fill filldraw shade shadedraw coordinate matrix graph clip useasboundingbox tikzgraph pattern".split()
_ENVIRONMENTS = (
    "scope",
    "pgfonlayer",
    "center",
    "figure",
    "minipage",
    "neuralnetwork",
    "tikzpicture",
    "pgfinterruptboundingbox",
    "adjustbox",
    "document",
    "math",
    "split",
    "turn",
)
_SILENT = re.compile(
    r"(?:tiny|scriptsize|footnotesize|small|normalsize|large|Large|LARGE|huge|Huge|centering|sffamily|ttfamily|bfseries|itshape|relax|par|global|protect"
    r"|noindent|begingroup|endgroup|bgroup|egroup|selectfont|makeatletter|makeatother|color|usetikzlibrary|pgfsetlayers|pgfdeclarelayer|pgfmathsetseed"
    r"|definecolor|colorlet|message|typeout|hspace|vspace|tikzexternal\w*|pgfplotsset|newdimen|newlength|setlength|contourlength|fontsize|linespread|label|caption"
    r"|usepackage|RequirePackage|documentclass|usegdlibrary|tikzexternalize|hfill|quad|qquad|newif|thispagestyle|pagestyle|title|author|date|maketitle|centerline"
    r"|pgfdeclarehorizontalshading|pgfdeclareimage|scalebox|resizebox|includegraphics|hypersetup|fi|else|transparent|phantom|breakforeach|newcount|ignorespaces"
    r"|unskip|leavevmode|vfill|hrule|vrule|setcounter|SetVertexNormal|SetUpEdge|SetUpVertex|GraphInit|tikzstyle|bfseries|mathversion|setmainfont|pgfkeys"
    r"|unboldmath|boldmath|smallskip|medskip|bigskip|newpage|clearpage|pgfresetboundingbox|pgftransformscale|SetVertexStyle|SetEdgeStyle|SetLayerDistance|SetGraphUnit)"
)
_DEFINING = re.compile(
    r"\\(?:def|gdef|edef|xdef|newcommand|renewcommand|providecommand|DeclareRobustCommand|DeclareMathOperator|pgfmathsetmacro|pgfmathtruncatemacro|tikzset|tikzstyle|readlist|let|NewDocumentCommand|setcounter|newcounter|pgfkeys|setdefaultnodetext)\*?(?![a-zA-Z])"
)
_OVERLAY = re.compile(r"<[^<>\n]*+>")  # of a slide: the slides on which it is shown


def read_tikz_sketch(text: str, name: str | None = None) -> Sketch:
    """Return what a text in TikZ draws, a picture, a whole document, or loose statements.

    Args:
        text: the text.
        name: the number, the label or the caption of the picture that is meant, where a document has several.

    Raises:
        NotationError: with a caret, for what is not understood, and for several pictures without a name.
    """
    source = SourceText("TikZ", text, remedy=REMEDY)
    sketch = Sketch(source)
    plain = without_comments(text)
    found = pictures(source, plain)
    meant = chosen(source, plain, found, name)
    reader = Reader(sketch, plain)
    for match in _DEFINING.finditer(plain, 0, meant.start):
        inside = any(one.start <= match.start() < one.end for one in found)
        if not inside and match.start() >= reader.read_to:
            reader.definition(match.start())
    sketch.caption = caption(plain) if len(found) == 1 else sketch.caption
    reader.read(meant)
    name_columns(sketch)
    if not sketch.nodes:
        raise source.refuse(meant.start, got="a picture without nodes", wanted="nodes and lines between them")
    return sketch


class TikzPiece(NamedTuple):
    """A text that is run: where its first character stands, and whether the others stand behind it as well."""

    text: str
    at: int
    original: bool

    def where(self, place: int) -> int:
        """Return where a character stands in the user's text."""
        return self.at + place if self.original else self.at


class Reader(Definer):
    """Follows the statements of one picture."""

    def __init__(self, sketch: Sketch, text: str) -> None:
        self.sketch, self.text = sketch, text
        self.picture = Picture(sketch)
        self.count = spender(sketch)
        super().__init__(self.count)
        self.names |= {name: Macro(value) for name, value in _LENGTHS.items()}
        self.layers: Layers | None = None
        self.read_to = 0
        self._at = 0

    def spend(self, steps: int) -> None:
        """Count steps of reading."""
        self.count(steps)

    def definition(self, at: int) -> None:
        """Carry out a definition that stands before the picture; one that is not understood is left."""
        match = COMMAND.match(self.text, at)
        if match is None:
            return
        cursor = Cursor(self.text, self.count, match.end())
        try:
            DEFINITIONS[match[1]](self, cursor, self.names, self.scope)
        except Unread:
            return
        self.read_to = cursor.at

    def read(self, found: FoundPicture) -> None:
        """Read the body of a picture.

        Raises:
            NotationError: with a caret.
        """
        try:
            self._options(options_of(expand(found.options, self.names, self.count)), self.scope)
            if found.kind == "neuralnetwork":
                self.layers = Layers(self, found.options)
            self.run(
                TikzPiece(self.text[found.start : found.end], found.start, True), self.names, self.scope, 0
            )
            self.picture.finish()
        except Unread as problem:
            raise self._refuse(problem) from problem

    def _refuse(self, problem: Unread) -> ChalknetError:
        return self.sketch.source.refuse(self._at, got=problem.got, wanted=problem.wanted)

    def _options(self, options: list[TexOption], scope: Scope) -> None:
        for option in options:
            if option.value is not None and not option.key.endswith("/.style"):
                transform(scope, option.key, option.value)
            if option.key == "nodes":
                scope.define(f"every node/.append style={{{option.value}}}")
            elif option.key in scope.styles and option.value is None:
                self._options(options_of(scope.styles[option.key].text), scope)
            elif not scope._defines(option):
                scope.options.append(option)

    def run(self, piece: TikzPiece, names: Names, scope: Scope, depth: int) -> None:
        """Carry out the statements of a text.

        Raises:
            Unread: for one that is not understood.
        """
        if depth > _DEEPEST:
            raise Unread("loops and groups nested too deep", f"at most {_DEEPEST}")
        self.count(400 + len(piece.text))
        scopes, outer = [scope], [names]
        cursor = Cursor(piece.text, self.count)
        while cursor.skip() < len(piece.text):
            sign = piece.text[cursor.at]
            self._at = piece.where(cursor.at)
            if sign == "{":
                start = cursor.at + 1
                inside = TikzPiece(cursor.group(), piece.where(start), piece.original)
                self.run(inside, dict(outer[-1]), scopes[-1].inner(), depth + 1)
            elif sign == "\\" and (match := COMMAND.match(piece.text, cursor.at)) and match[1]:
                cursor.at = match.end()
                if match[1] in ("begin", "end"):
                    self._environment(match[1], cursor, scopes, outer)
                else:
                    self._command(match[1], cursor, Standing(piece, outer[-1], scopes[-1], depth))
            else:
                following = re.compile(r"[\\{]|$").search(piece.text, cursor.at + 1)
                cursor.at = following.start() if following else len(piece.text)

    def _environment(self, word: str, cursor: Cursor, scopes: list[Scope], outer: list[Names]) -> None:
        kind = cursor.group()
        if word == "end":
            if len(scopes) > 1:
                scopes.pop()
                outer.pop()
            return
        if kind.rstrip("*") not in _ENVIRONMENTS:
            raise Unread(
                f"\\begin{{{kind}}}" + (", a plot" if "axis" in kind else ""), "nodes and lines of TikZ"
            )
        options = expand(cursor.option(), outer[-1], self.count) if cursor.is_at("[") else ""
        if kind in ("pgfonlayer", "minipage"):
            cursor.group()
        scopes.append(scopes[-1].inner())
        outer.append(dict(outer[-1]))
        self._options(options_of(options), scopes[-1])

    def _command(self, name: str, cursor: Cursor, here: Standing) -> None:
        names, scope = here.names, here.scope
        if name in names:
            self._macro(names[name], cursor, here)
        elif name in _PATHS:
            self._path(name, cursor, here)
        elif name == "foreach":
            self._loop(cursor, here)
        elif name == "foreachitem":
            self._items(cursor, here)
        elif name in DEFINITIONS:
            DEFINITIONS[name](self, cursor, names, scope)
        elif name.startswith("if"):
            start = cursor.at
            chosen = branch(name, cursor, names, self.count)
            offset = cursor.text.find(chosen, start)
            self.run(
                TikzPiece(chosen, here.piece.where(max(offset, 0)), here.piece.original),
                names,
                scope,
                here.depth + 1,
            )
        elif name in NETWORKS:
            NETWORKS[name](self, cursor, names, scope, self._at)
        elif name == "pic":
            fully_connected(self, expand(self._statement(cursor), names, self.count), scope, self._at)
        elif _SILENT.fullmatch(name):
            while cursor.is_at("[") or cursor.is_at("{"):
                cursor.group(cursor.text[cursor.at])
        else:
            raise Unread(
                f"\\{name}, which is not defined here", "TikZ and the commands that the text defines"
            )

    def _macro(self, macro: Macro, cursor: Cursor, here: Standing) -> None:
        from chalknet.notation.dialects.tex_macros import filled

        body = filled(macro, cursor)
        at = self._at
        if not body.lstrip().startswith("\\") and "\\" not in body:
            return
        self.run(TikzPiece(body, at, False), here.names, here.scope, here.depth + 1)

    def _statement(self, cursor: Cursor) -> str:
        """Return the text up to the semicolon, and go past it."""
        start, braces = cursor.at, 0
        for match in re.compile(r"\\.|[{};]", re.S).finditer(cursor.text, cursor.at):
            sign = match.group()
            braces += (sign == "{") - (sign == "}")
            if braces < 0:
                break
            if sign == ";" and not braces:
                cursor.at = match.end()
                self.count(cursor.at - start)
                return cursor.text[start : match.start()]
        rest = cursor.text[start:]
        if following := STATEMENT.search(rest):
            got = f"a statement without its semicolon, before {following.group()}"
            raise Unread(got, "a ; at its end")
        raise Unread("a statement without its semicolon", "a ; at its end")

    def _path(self, name: str, cursor: Cursor, here: Standing) -> None:
        cursor.met(_OVERLAY)
        text = self._statement(cursor)
        if name in ("clip", "useasboundingbox"):
            return
        word = {"matrix": "node[matrix]", "tikzgraph": "graph"}.get(name, name)
        word = f"{word} " if word.split("[")[0] in ("node", "coordinate", "graph") else ""
        Path(self, here.scope, here.names, self._at, name).read(word + text)

    def _loop(self, cursor: Cursor, here: Standing) -> None:
        loop, at = loop_at(cursor, here.names), self._at
        cursor.skip()
        start = cursor.at
        if cursor.is_at("{"):
            loop.body, start = cursor.group(), start + 1
        else:
            loop.body = self._body(cursor)
        inside = TikzPiece(loop.body, here.piece.where(start), here.piece.original)
        plain = PlainLine.of(self, loop.body, here.scope, here.names, at)
        for names in rounds(loop, here.names, self.count):
            self._at = at
            if plain is not None and plain.draw(self.picture, names):
                continue
            shared = set(names)
            self.run(inside, names, here.scope.inner(), here.depth + 1)
            self._keep_global(names, here.names, shared)

    def _keep_global(self, inner: Names, outer: Names, shared: set[str]) -> None:
        for name in self.globals & inner.keys():
            outer[name] = inner[name]

    def _body(self, cursor: Cursor) -> str:
        """Return the body of a loop without braces: a statement, or a loop in a loop."""
        start = cursor.at
        for _ in range(_DEEPEST):
            match = re.compile(r"\s*+\\foreach(?![a-zA-Z])").match(cursor.text, cursor.at)
            if match is None:
                break
            cursor.at = match.end()
            inside = re.compile(r"[^{}]*?\bin\s*+", re.S).match(cursor.text, cursor.at)
            cursor.at = inside.end() if inside else cursor.at
            cursor.argument()
            if cursor.is_at("{"):
                cursor.group()
                return cursor.text[start : cursor.at]
        if re.compile(r"\s*+\\(?:pgfmath\w*|def|ifnum|ifthenelse|ifodd)").match(cursor.text, cursor.at):
            raise Unread("a loop over more than one statement", "braces around its body")
        self._statement(cursor)
        return cursor.text[start : cursor.at]

    def _items(self, cursor: Cursor, here: Standing) -> None:
        r"""Carry out `\foreachitem \N \in \Nnod{...}`."""
        variable = cursor.argument().lstrip("\\")
        cursor.argument()
        listed = cursor.argument()
        cursor.skip()
        start = cursor.at + 1
        inside = TikzPiece(cursor.group(), here.piece.where(start), here.piece.original)
        for place, member in enumerate(members(listed, here.names, self.count), 1):
            names = {**here.names, variable: Macro(member), f"{variable}cnt": Macro(str(place))}
            self.run(inside, names, here.scope.inner(), here.depth + 1)


class Standing(NamedTuple):
    """Where a command stands: the text, the names and the scope that hold, how deep."""

    piece: TikzPiece
    names: Names
    scope: Scope
    depth: int
