"""What a page holds: its blocks, told apart and given to the rows that read them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from chalknet.notation.notation import Notation
from chalknet.notation.pages.blocks import blocks_of
from chalknet.notation.pages.embedded import embedded, holds_several
from chalknet.notation.pages.hypertext import IS_HTML, blocks_of_html
from chalknet.notation.pages.layers import line_of_layers
from chalknet.notation.pages.notebook import cells_of
from chalknet.notation.pages.piece import (
    DRAWN,
    FORM_OF_WORD,
    KINDS,
    NO_CODE,
    PROGRAMS,
    REMEDY,
    PageBlock,
    PagePiece,
    refused_page,
)
from chalknet.notation.pages.program_drawings import DRAWS, drawings_of

_MARKED = re.compile(
    r"^[ \t>]*+(?:(?:[-*+]|[0-9]{1,9}[.)])[ \t]++)?+(?:`{3}|~{3}|:{3})"
    r"|^[ \t]*+\.\. [\w-]++::|^\[[\w-]++[^\]\n]*+\][ \t]*+\n[-.=_]{2}"
    r"|^[ \t]*+#\+begin_", re.M | re.I
)  # fmt: skip
_MAGIC = re.compile(r"^[ \t]*+[%!?][^\n]*+", re.M)
_WORDS = re.compile(r"(?:[^\W\d_]{2,}+\W++){4}")


_EMPTY = 0.91  # more than of arrow text, which any arrow in a sentence may be
_MOST_UNTOLD = 300  # blocks that do not say what they are


class Finder:
    """Finds the pieces of a page that may be networks.

    Args:
        rows: the notations that they may be in, by name.
    """

    def __init__(self, rows: Mapping[str, Notation]) -> None:
        self._rows = rows

    def find(self, text: str) -> tuple[float, list[PagePiece]]:
        """Return how sure it is that a text is a page, and the pieces that it holds."""
        cells = cells_of(text)
        if cells is not None:
            blocks = [(PageBlock(cell.word, cell.text, 1), cell.place) for cell in cells]
            return 0.995, self._distinct(self._pieces_of(blocks, ""))
        marked, is_html = bool(_MARKED.search(text)), bool(IS_HTML.search(text))
        blocks_found = list(blocks_of(text)) if marked else []
        rest = _without(text, blocks_found)
        if is_html or "<svg" in rest:
            blocks_found += blocks_of_html(rest)
        found = self._pieces_of(((block, "") for block in blocks_found), rest) if blocks_found else ()
        if blocks_found and (pieces := self._distinct([*found, *self._rows_in(rest)])):
            words = {FORM_OF_WORD.get(block.word) for block in blocks_found}
            alone = (len(pieces) == 1 and pieces[0].form == "svg") or (
                words <= {"python", ""} and all(piece.form not in NO_CODE for piece in pieces)
            )
            return (0.0, []) if alone and not _is_page(text) else (0.995, pieces)
        if any(self._recognises(name, text) for name in ("dot", "mermaid")) and not holds_several(text):
            return 0.0, []
        pieces = self._distinct(self._of_programs([(text, 1, "", ())])) if DRAWS.search(text) else []
        if any(piece.form in DRAWN for piece in pieces):
            return 0.96, pieces
        certainty, pieces = self._in_prose(text)
        return (_EMPTY, []) if blocks_found and not pieces else (certainty, pieces)

    def _rows_in(self, rest: str) -> Iterator[PagePiece]:
        """Yield the table or list of layers that stands outside the blocks of a page."""
        if self._recognises("layers", rest) and (line := line_of_layers(rest)):
            yield PagePiece("layers", rest, f"line {line}", line=1)

    def _in_prose(self, text: str) -> tuple[float, list[PagePiece]]:
        """Return drawings and formulas that stand in running text."""
        if not holds_several(text) and any(self._recognises(name, text) for name in DRAWN - {"svg"}):
            return 0.0, []
        blocks = embedded(text)
        sure = (
            {name for name, row in self._others() if name != "svg" and row.recognise(text) >= 0.95}
            if blocks
            else ()
        )
        several = len([block for block in blocks if block.word in DRAWN]) > 1 and DRAWN.issuperset(sure)
        if not blocks or (sure and not several):
            return 0.0, []
        if all(block.word == "latex" for block in blocks) and self._recognises("nested", text):
            return 0.0, []  # its sizes stand in the words around it
        rest = _without(text, blocks)
        a_formula = not _WORDS.search(rest) and self._rows["arrows"].recognise(text) >= 0.9
        if a_formula or "->" in rest:
            blocks = [block for block in blocks if block.word != "arrows"]
        pieces = self._distinct(self._pieces_of(((block, "") for block in blocks), ""))
        whole = len(pieces) == 1 and len(pieces[0].text.strip()) > 0.95 * len(text.strip())
        return (0.0, []) if whole or not pieces else (0.98 if several and sure else 0.93, pieces)

    def _pieces_of(self, blocks: Iterable[tuple[PageBlock, str]], rest: str) -> Iterator[PagePiece]:
        """Yield the pieces of blocks, each with its place; Python is one, as it builds on itself."""
        code: list[tuple[str, int, str, tuple[str, ...]]] = []
        waiting = [*reversed(list(blocks))]
        found: list[PagePiece] = []
        scripts: list[tuple[str, int, str, tuple[str, ...]]] = []
        untold = 0
        while waiting:
            block, place = waiting.pop()
            form = FORM_OF_WORD.get(block.word)
            if form == "python":
                code.append((block.text, block.line, place, block.names))
            elif form == "page":
                inner = [
                    *blocks_of(block.text),
                    *blocks_of_html(_without(block.text, list(blocks_of(block.text)))),
                ]
                waiting += [(one._replace(line=one.line + block.line - 1), place) for one in reversed(inner)]
            elif form in ("other", "script", None):
                if form == "script":
                    scripts.append((block.text, block.line, place, block.names))
                elif untold < _MOST_UNTOLD:
                    untold += 1
                    found += self._program(block, place)
                if form is None:
                    continue
                waiting += [
                    (one._replace(line=one.line + block.line - 1, names=(*one.names, *block.names)), place)
                    for one in reversed(embedded(block.text))
                ]
            elif form == "" and untold < _MOST_UNTOLD:
                untold += 1
                row = self._best(block.text)
                if row is not None and row.name not in NO_CODE:
                    code.append((block.text, block.line, place, block.names))
                elif row is not None:
                    found.append(_piece(row.name, block, place, sure=row.name in DRAWN))
            elif form:
                found += self._said(form, block, place)
        if rest:
            found += [
                _piece(block.word, block, "")
                for block in embedded(rest)
                if block.word in DRAWN & self._rows.keys()
            ]
        found += self._of_programs(code)
        yield from found or self._of_scripts(scripts)

    def _program(self, block: PageBlock, place: str) -> list[PagePiece]:
        """Return the piece of a block in another language than Python, where that makes layers."""
        row = self._best(block.text)
        return [_piece(row.name, block, place)] if row is not None and row.name in PROGRAMS else []

    def _of_scripts(self, scripts: list[tuple[str, int, str, tuple[str, ...]]]) -> Iterator[PagePiece]:
        """Yield the scripts of an HTML page as the one program that they are, where that makes layers."""
        text = _laid_out(scripts)
        if self._recognises("javascript", text):
            yield PagePiece("javascript", text, f"line {scripts[0][1]}", line=1)

    def _said(self, form: str, block: PageBlock, place: str) -> list[PagePiece]:
        """Return the piece of a block that says what it is."""
        row = self._rows.get(form)
        if form == "svg" and "<svg" not in block.text:
            return []
        if form == "latex":
            form = next((name for name in ("tikz", "latex") if self._recognises(name, block.text)), "")
            return [_piece(form, block, place, sure=form == "tikz")] if form else []
        if row is None:
            got = KINDS.get(form, f"a text in {form}")
            problem = refused_page(f"{got}, which is not read", "a form that is", REMEDY)
            return [_piece(form, block, place)._replace(problem=problem)]
        return [_piece(form, block, place)] if block.text.strip() else []

    def _others(self) -> Iterator[tuple[str, Notation]]:
        """Yield the rows that a piece of a page may be in."""
        yield from ((name, row) for name, row in self._rows.items() if name != "page")

    def _recognises(self, name: str, text: str) -> bool:
        return name in self._rows and self._rows[name].recognise(text) > 0

    def _best(self, text: str) -> Notation | None:
        """Return the row that most likely reads a text that does not say what it is."""
        sure = [(row.recognise(text), row) for _, row in self._others() if row.read]
        certainty, row = max(sure, key=lambda pair: pair[0])
        return row if certainty >= 0.9 else None

    def _of_programs(self, code: list[tuple[str, int, str, tuple[str, ...]]]) -> Iterator[PagePiece]:
        """Yield what Python holds: the network that it defines, and the drawings that it makes."""
        if not code:
            return
        groups: dict[str, list[tuple[str, int, str, tuple[str, ...]]]] = {}
        for part in code:
            sure = [(row.recognise(part[0]), name) for name, row in self._others() if name not in NO_CODE]
            certainty, name = max(sure, default=(0.0, ""))
            groups.setdefault(name if certainty > 0 else "", []).append(part)
        shared = groups.pop("", [])
        for form, parts in groups.items():
            together = sorted([*parts, *shared], key=code.index)
            names = tuple(dict.fromkeys(name for part in parts for name in part[3]))
            place = parts[0][2] or f"line {parts[0][1]}"
            yield PagePiece(form, _laid_out(together), place, names if len(parts) == 1 else (), line=1)
        text = _MAGIC.sub("", _laid_out(code))
        if DRAWS.search(text):
            yield from self._drawings(text, code)

    def _drawings(self, text: str, code: list[tuple[str, int, str, tuple[str, ...]]]) -> Iterator[PagePiece]:
        found = drawings_of(text)
        if found is None and len(code) > 1:
            for part in code:
                yield from self._drawings(_MAGIC.sub("", _laid_out([part])), [part])
            return
        if found is None:
            whole = code[0][1] == 1 and not code[0][2]  # a text of its own, which is no program then
            blocks = [] if whole else embedded(text)
            yield from (
                _piece(block.word, block, code[0][2])
                for block in blocks
                if block.word in DRAWN & self._rows.keys()
            )
            return
        for one in found:
            row = self._rows["dot"] if one.problem else self._best(one.text)
            if row is None or row.name not in DRAWN:
                continue
            place = code[0][2] if len(code) == 1 and code[0][2] else f"line {one.line}"
            line = one.line if one.written else 0
            yield PagePiece(row.name, one.text, place, one.names, problem=one.problem, line=line)

    def _distinct(self, pieces: Iterable[PagePiece]) -> list[PagePiece]:
        """Return each piece once, in the order in which they were found."""
        first: dict[tuple[str, str, str], PagePiece] = {}
        for piece in pieces:
            key = (piece.form, piece.text.strip(), piece.place if piece.problem else "")
            first.setdefault(key, piece)
        return list(first.values())


def _piece(form: str, block: PageBlock, place: str, *, sure: bool = True) -> PagePiece:
    line = 0 if place else block.line
    return PagePiece(form, block.text, place or f"line {block.line}", block.names, sure, line=line)


def _laid_out(code: list[tuple[str, int, str, tuple[str, ...]]]) -> str:
    """Return pieces of code below each other, each at its line of the page where it has one."""
    made, at = [], 1
    for text, line, place, _ in code:
        if not place and line > at:
            made.append("\n" * (line - at - 1))
            at = line
        made.append(text)
        at += text.count("\n") + 1
    return "\n".join(made)


def _without(text: str, blocks: list[PageBlock]) -> str:
    """Return a text without its blocks, every other line at its place."""
    if not blocks:
        return text
    lines = text.split("\n")
    for block in blocks:
        start = block.line - 1
        end = min(len(lines), start + block.text.count("\n") + 1)
        lines[start:end] = [""] * max(0, end - start)
    return "\n".join(lines)


def _is_page(text: str) -> bool:
    """Return whether a text says of itself that it is a whole page."""
    return (
        text.lstrip()[:200].lower().startswith(("<!doctype html", "<html"))
        and "<metadata><network" not in text
    )
