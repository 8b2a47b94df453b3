"""A page as a notation: what it holds is found, read by the table of forms, and compared or asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from chalknet.errors import ChalknetError, UnknownName, unknown_name
from chalknet.network import Network
from chalknet.notation.limits import LIMITS
from chalknet.notation.notation import Notation
from chalknet.notation.pages.agreement import agree, fullest, only_in
from chalknet.notation.pages.piece import DRAWN, NO_CODE, REMEDY, PagePiece, refused_page
from chalknet.notation.pages.prose import told_beside_formula, told_in_prose

NAME = "page"
_SUFFIXES = (
    ".md",
    ".markdown",
    ".qmd",
    ".rmd",
    ".mdx",
    ".rst",
    ".adoc",
    ".asciidoc",
    ".org",
    ".ipynb",
    ".html",
    ".htm",
    ".xhtml",
)
_LINKS = re.compile(r"--|->|==|<(?:path|line|polyline)\b")  # of which each may be a column of its own
_LINKS_DRAWN = "links in drawings of a page"
_CHARACTERS = "characters in drawings of a page"
_ASKS = "--name on the command line"  # of an error that lists several networks
_FEW = 4  # that are read whatever their length


class _Reading(NamedTuple):
    """A piece of a page, and what it was read to."""

    piece: PagePiece
    network: Network


class Pages:
    """Reads pages by a table of notations.

    Args:
        rows: the notations that pieces of a page may be in, by name.
    """

    def __init__(self, rows: Mapping[str, Notation]) -> None:
        self._rows = rows
        self._pieces = lru_cache(maxsize=1)(self._found)

    @property
    def row(self) -> Notation:
        """Return the row of pages."""
        return Notation(name=NAME, suffixes=_SUFFIXES, recognise=self.recognise, read=self.read)

    def recognise(self, text: str) -> float:
        """Return how likely it is that a text holds a network among other things."""
        return self._pieces(text)[0]

    def read(self, text: str, name: str | None = None) -> Network:
        """Return the network of a page.

        Args:
            text: the page.
            name: which one, where it holds several: a title, an id, `line 12`, `cell 3`, a name in code.

        Raises:
            NotationError: for a page without a network or with several different ones, listing them.
        """
        _, pieces = self._pieces(text)
        if not pieces:
            if "<svg" in text.lower() and "svg" in self._rows:
                return self._read(PagePiece("svg", text, "line 1"), name)
            raise refused_page(
                "a page in which no network is drawn or written", "a drawing, a formula or code", REMEDY
            )
        if name is not None:
            return self._named(pieces, name)
        if len(pieces) == 1:
            network = self._read(pieces[0], None)
            return _with_prose(network, pieces[0].form, text)
        if len(pieces) > LIMITS["drawings in a page"]:
            got, most = f"{len(pieces):,} drawings and listings", LIMITS["drawings in a page"]
            raise refused_page(got, f"at most {most:,}, or the name of one", _offer(pieces[:3]))
        if len(pieces) > _FEW and sum(len(piece.text) for piece in pieces) > LIMITS[_CHARACTERS]:
            got = f"{len(pieces)} drawings and listings, which are long"
            raise refused_page(got, f"at most {_FEW}, or the name of one", _offer(pieces[:3]))
        links = sum(len(_LINKS.findall(piece.text)) for piece in pieces if piece.form in DRAWN)
        if len(pieces) > _FEW and links > LIMITS[_LINKS_DRAWN]:
            got = f"{len(pieces)} drawings and listings with {links:,} links"
            raise refused_page(
                got, f"at most {LIMITS[_LINKS_DRAWN]:,}, or the name of one", _offer(pieces[:3])
            )
        network, form = self._together(pieces)
        return _with_prose(network, form, text)

    def of_form(self, text: str, form: str, name: str | None) -> Network | None:
        """Return the network of a page's pieces in one form; None for a text without such pieces."""
        certainty, pieces = self._pieces(text)
        of_form = [piece for piece in pieces if piece.form == form]
        if certainty < 0.97 or not of_form:
            return None
        if name is not None:
            return self._named(of_form, name)
        return self._read(of_form[0], None) if len(of_form) == 1 else self._together(of_form)[0]

    def _found(self, text: str) -> tuple[float, list[PagePiece]]:
        """Return how sure it is that a text is a page, and the pieces that it holds."""
        from chalknet.notation.pages.finding import Finder  # only a page needs it

        return Finder(self._rows).find(text)

    def _read(self, piece: PagePiece, name: str | None) -> Network:
        """Return the network of a piece; its errors say where it stands."""
        if piece.problem is not None:
            raise piece.problem
        reader = self._rows[piece.form].read
        assert reader is not None
        try:
            return reader(piece.placed, name)
        except ChalknetError as problem:
            if not piece.line:
                problem.where = f"{piece.place}, {problem.where}"
            raise

    def _named(self, pieces: list[PagePiece], name: str) -> Network:
        wanted = name.strip().casefold()
        places = (wanted, f"line {wanted}", f"cell {wanted}")
        chosen = [piece for piece in pieces if piece.place in places] or [
            piece for piece in pieces if wanted in map(str.casefold, piece.names)
        ]
        if len(chosen) > 1:
            return self._together(chosen)[0]
        if chosen:
            return self._read(chosen[0], None)
        known: list[str] = [_name_of(piece, pieces) for piece in pieces]
        for piece in pieces:  # a class or a variable in code
            if piece.form in NO_CODE:
                continue
            try:
                return self._read(piece, name)
            except UnknownName as problem:
                known += re.findall(r"'?([\w ]+)'?", problem.wanted)[:20]
            except ChalknetError:
                continue
        raise unknown_name("page", "network", name, known)

    def _together(self, pieces: list[PagePiece]) -> tuple[Network, str]:
        """Return the network of several pieces that agree, and the form of the only one that was read.

        Raises:
            NotationError: where they do not, listing them.
        """
        read: list[_Reading] = []
        failed: list[tuple[PagePiece, ChalknetError]] = []
        for piece in pieces:
            try:
                read.append(_Reading(piece, self._read(piece, None)))
            except ChalknetError as problem:
                if piece.sure:
                    failed.append((piece, problem))
        if not read:
            raise _none_read(failed)
        if asked := [(piece, problem) for piece, problem in failed if _ASKS in problem.remedy]:
            got = "; ".join([*map(str, (one.piece for one in read)), *(f"{a}, {b.got}" for a, b in asked)])
            remedy = " ".join([_offer([one.piece for one in read], pieces), *(b.remedy for _, b in asked)])
            raise refused_page(got, "one, or the name of one", remedy)
        chosen = fullest([one.network for one in read])
        if not all(agree(chosen, one.network) for one in read):
            listed = "; ".join(f"{one.piece}, {_widths(one.network)}" for one in read)
            got = f"{len(read)} different networks: {listed}"
            raise refused_page(got, "one, or the name of one", _offer([one.piece for one in read], pieces))
        notes = [f"{piece} is not read: {problem.got}" for piece, problem in failed]
        return _noted(chosen, read, notes), read[0].piece.form if len(read) == 1 else ""


def _none_read(failed: list[tuple[PagePiece, ChalknetError]]) -> ChalknetError:
    """Return the error for a page of which nothing is read."""
    if len(failed) == 1:
        return failed[0][1]
    if not failed:
        return refused_page("a page in which no network is drawn or written", "a drawing, a formula or code")
    got = "; ".join(f"{piece}: {problem.got}" for piece, problem in failed)
    return refused_page(got, "one that can be read", _offer([piece for piece, _ in failed]))


def _noted(chosen: Network, read: list[_Reading], notes: list[str]) -> Network:
    """Return the network with notes on what else says the same, and what that leaves out."""
    one = next(one for one in read if one.network is chosen)
    others = [other for other in read if other is not one]
    if others:
        same = " and ".join(str(other.piece) for other in others)
        notes.insert(
            0, f"read from {one.piece}; {same} {'shows' if len(others) == 1 else 'show'} the same network"
        )
        if left_out := only_in(chosen, [other.network for other in others]):
            notes.insert(1, f"only {one.piece} has {' and '.join(left_out)}")
    return replace(chosen, notes=(*chosen.notes, *notes))


def _name_of(piece: PagePiece, pieces: list[PagePiece]) -> str:
    """Return the name by which a piece is asked for: its own where no other has it, else its place."""
    taken = [name.casefold() for other in pieces if other is not piece for name in other.names]
    free = next((name for name in piece.names if name.casefold() not in taken and len(name) <= 60), None)
    return free or piece.place


def _offer(pieces: list[PagePiece], among: list[PagePiece] | None = None) -> str:
    offers = " or ".join(f"name={_name_of(piece, among or pieces)!r}" for piece in pieces)
    return f"Say which: {offers}; --name on the command line."


def _widths(network: Network) -> str:
    sizes = ["x".join(map(str, network.input_shape))]
    shapes = [
        "x".join(map(str, visit.output_shape))
        for visit in network.walk()
        if visit.step.layers(visit.input_shape)
    ]
    shown = [*sizes, *shapes]
    return " -> ".join(shown if len(shown) <= 8 else [*shown[:4], "...", *shown[-2:]])


def _with_prose(network: Network, form: str, text: str) -> Network:
    """Return the network of a page with what the sentences around it say."""
    if form in DRAWN:
        return told_in_prose(network, text)
    return told_beside_formula(network, text) if form in _FORMULAS else network


_FORMULAS = frozenset(("arrows", "shorthand", "latex", "nested"))
