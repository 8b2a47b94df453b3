"""The tables of layers that Keras, torchinfo, torchsummary and flax print: from lines to rows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from chalknet.network import UNKNOWN_WIDTH, Shape, Size
from chalknet.notation.tokens import SourceText, Span

_TITLES = re.compile(
    r"Layer\b(?: ?\(type[^)\n]*\)(?:[\w:-]*\))?)?|Input Shape|Output Shape|Kernel Shape|Param ?%|Param ?#"
    r"|Mult-Adds|Trainable|Connected to|Groups"
)
HEADER = re.compile(
    r"^[^\n]{0,200}\bLayer ?\(type[^\n]{0,300}(?:Param ?#|Output Shape)[^\n]{0,200}$"
    r"|^[ \t]{0,200}[┃│|] *path *[┃│|] *(?:module|type) *[┃│|] *inputs[^\n]{0,300}$",
    re.M,
)  # a terminal that is too narrow cuts the last column off
_TOTAL = re.compile(r"^[\s│┃|]*Total params:?\s*([0-9,]+)", re.M | re.I)
_NAME = re.compile(r'Model: "?([^"\n]{1,200}?)"?\s*$', re.M)
_BOX = "│┃|"
_RULE = re.compile(r"[\s_¯=\-+━─┏┓┗┛┳┻╇┡┩├┤┼└┘┴┬┌┐╞╪╡|╺╸╴╶]*")
_SHAPE = r"\[\s*+(?:\(?(?:None|-?[0-9]++|\?)\s*+,?\s*+)*+\)?\]|\((?:None|-?[0-9]++|\?),[^()\n]{0,80}\)"
_CELL = re.compile(
    rf"(?<=\s)(?:{_SHAPE})(?=\s|$)|(?<=\s\s)(?:[0-9][0-9,.]*%?|--|\?|True|False|\(recursive\))(?=\s|$)"
)
_SIZE = re.compile(r"None|-?[0-9]+|\?")
# What a row hangs on: `│    └─` and `|    + ` of torchinfo, `   └ ` of Keras 3, `||` of Keras 2.
_BRANCH = re.compile(r"[\s│|]*+(?P<sign>[├└+])?[─\s]*+")
# The columns of flax by the names that the others have; the first is the path of a module.
_OF_FLAX = {
    **{
        "path": "path",
        "module": "Layer",
        "type": "Layer",
        "inputs": "Input Shape",
        "outputs": "Output Shape",
    },
    **dict.fromkeys(("params", "Param"), "Param #"),
}
_DTYPE = re.compile(r"\b[a-z]+[0-9]*\[")  # float32[1,784]
_NUMBER = re.compile(r"([0-9][0-9,]*+) \([0-9.]+ [KMG]?B\)")
_OF_TORCHINFO = re.compile(r"depth-idx|var_name")


@dataclass
class Row:
    """One line of a table.

    Args:
        span: where it stands.
        first: its first cell.
        cells: the others, by the titles over them.
        rest: what stands behind them.
        depth: how deep inside other modules it is drawn.
    """

    span: Span
    first: str
    cells: dict[str, str] = field(default_factory=dict)
    rest: str = ""
    depth: int = 0

    def shape(self, title: str) -> Shape | None:
        """Return the shape of a sample in a column; None where it has none, or is cut off."""
        cell = self.cells.get(title, "")
        sizes = [] if "…" in cell else _SIZE.findall(cell)
        if len(sizes) > 1:
            sizes = sizes[1:]  # the batch
        return tuple(map(_size, sizes)) or None

    @property
    def parameters(self) -> int | None:
        """Return the number of parameters that is written; None for none."""
        digits = re.match(r"[0-9][0-9,]*", self.cells.get("Param #", ""))
        return int(digits.group().replace(",", "")) if digits and len(digits.group()) < 24 else None


@dataclass(frozen=True)
class SummaryTable:
    """A table: its rows, and what its foot says.

    Args:
        name: the model's name over it; empty for none.
        span: where its head stands.
        titles: those of its columns.
        rows: the lines below.
        total: the number of parameters at its foot; None for none.
        program: "torchinfo" or "flax"; empty for another, whose rows tell.
    """

    name: str
    span: Span
    titles: tuple[str, ...]
    rows: list[Row]
    total: int | None
    program: str


def tables_of(source: SourceText) -> list[SummaryTable]:
    """Return the tables of a text in their order."""
    heads = list(HEADER.finditer(source.text))
    ends = [head.start() for head in heads[1:]] + [len(source.text)]
    return [_table(source, head, end) for head, end in zip(heads, ends, strict=False)]


def _table(source: SourceText, head: re.Match[str], end: int) -> SummaryTable:
    text = source.text
    foot = _TOTAL.search(text, head.end(), end)
    lines = list(_lines(text, head.end() + 1, foot.start() if foot else end))
    names = list(_NAME.finditer(text, max(0, head.start() - 400), head.start()))
    total = int(foot[1].replace(",", "")[:20] or 0) if foot else None
    name, program = names[-1][1].strip() if names else "", ""
    titles = tuple(_title(match.group()) for match in _TITLES.finditer(head.group()))
    boxed = any(sign in head.group() for sign in _BOX)
    if not titles:
        titles, program = (
            tuple(_OF_FLAX.get(title, title) for title in re.findall(r"\w+", head.group())),
            "flax",
        )
    rows = _boxed(lines, titles) if boxed else _spaced(lines, titles)
    if program:
        rows = _flax_rows(rows)
    elif not boxed and (_OF_TORCHINFO.search(head.group()) or any(_branch(row)["sign"] for row in rows)):
        program = "torchinfo"
    if program != "flax":
        rows = [_out_of_tree(row, boxed) for row in rows if row.first.strip()]
    return SummaryTable(name, Span(*head.span()), titles, rows, total, program)


def _flax_rows(rows: list[Row]) -> list[Row]:
    """Return the rows of a table of flax, whose paths tell what is inside what; its foot is left out."""
    made: list[Row] = []
    around: list[str] = []
    for row in rows:
        path, kind = row.first.strip(), row.cells.get("Layer", "")
        while around and not path.startswith(f"{around[-1]}/".lstrip("/")):
            around.pop()
        cells = {title: _DTYPE.sub("[", cell) for title, cell in row.cells.items()}
        number = _NUMBER.search(cells.get("Param #", ""))
        if kind:
            cells["Param #"] = number[1] if number else ""
            made.append(Row(row.span, f"{path} ({kind})", cells, depth=len(around)))
            around.append(path)
    return made


def _branch(row: Row) -> re.Match[str]:
    found = _BRANCH.match(row.first)
    assert found is not None  # it matches nothing too
    return found


def _out_of_tree(row: Row, boxed: bool) -> Row:
    """Return a row without the lines that hang it on the module around it, but with their number."""
    branch = _branch(row)
    column = branch.start("sign")
    depth = branch.group().count("|") if column < 0 else column // 3 if boxed else 1 + column // 5
    return replace(row, first=row.first[branch.end() :].strip(), depth=depth)


def _title(written: str) -> str:
    return "Layer" if written.startswith("Layer") else written.replace("Param#", "Param #")


def _lines(text: str, at: int, end: int) -> Iterator[tuple[Span, str]]:
    for line in text[at:end].split("\n"):
        start = at + len(line) - len(line.lstrip())
        yield Span(start, max(at + len(line.rstrip()), start + 1)), line
        at += len(line) + 1


def _boxed(lines: list[tuple[Span, str]], titles: tuple[str, ...]) -> list[Row]:
    """Return the rows of a table with lines around its cells; a cell may go on in the next line."""
    rows: list[Row] = []
    goes_on = False
    for span, line in lines:
        bare = line.strip()
        if _RULE.fullmatch(bare):
            goes_on = False
            continue
        parts = re.split(f"[{_BOX}]", bare)
        parts = parts[1:] if bare[0] in _BOX else parts
        first, parts = parts[0].rstrip(), [part.strip() for part in parts]
        goes_on &= not (rows and first.strip() and any(parts[1:]) and rows[-1].first.endswith(")"))
        if goes_on:
            rows[-1].first = f"{rows[-1].first} {parts[0]}".rstrip()
            for title, part in zip(titles[1:], parts[1:], strict=False):
                rows[-1].cells[title] = f"{rows[-1].cells.get(title, '')} {part}".strip()
        else:
            rows.append(Row(span, first, dict(zip(titles[1:], parts[1:], strict=False))))
        goes_on = True
    for row in rows:
        row.rest = row.cells.get("Connected to", "")
    return rows


def _spaced(lines: list[tuple[Span, str]], titles: tuple[str, ...]) -> list[Row]:
    """Return the rows of a table whose cells stand apart by spaces."""
    rows: list[Row] = []
    for span, line in lines:
        if _RULE.fullmatch(line):
            continue
        cells = list(_CELL.finditer(line))
        if cells:
            named = zip(titles[1:], (cell.group() for cell in cells), strict=False)
            rest = line[cells[-1].end() :].strip()
            recursive = next((cell.group() for cell in cells if cell.group() == "(recursive)"), "")
            rows.append(Row(span, line[: cells[0].start()].rstrip(), dict(named), f"{rest} {recursive}"))
        elif rows and line[:1].isspace() and len(line) - len(line.lstrip()) > 20:
            rows[-1].rest += f" {line.strip()}"  # a further layer that it is connected to
        elif rows and rows[-1].first.count("(") > rows[-1].first.count(")"):
            rows[-1].first += line.strip()  # the name of a class that goes on
        else:
            rows.append(Row(span, line.rstrip()))
    return rows


def _size(written: str) -> Size:
    number = int(written) if written.lstrip("-").isdigit() and len(written) < 20 else 0
    return number if number > 0 else UNKNOWN_WIDTH
