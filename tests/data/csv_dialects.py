"""Tables as people write them as text, and how such a text is read."""

import ast
import bz2
import gzip
import lzma
import re
from dataclasses import dataclass, field

from hypothesis import strategies as st

from chalknet.data.columns import LoadOptions
from chalknet.data.formats import TableColumn
from chalknet.data.formats.csv_file import open_csv

ASCII = ("size", "Price (USD)", "x1", "temp_max", "n", "weight", "number of rooms")
# Encoding -> names and words that it can be told by.
WORDS = {
    "utf-8": ("größe", "면적", "城市", "naïve", "Łódź"),
    "utf-8-sig": ("größe", "면적", "城市"),
    "utf-16": ("면적", "größe", "ville"),
    "utf-16-le": ("면적", "größe", "ville"),
    "utf-16-be": ("면적", "größe", "ville"),
    "cp949": ("면적", "가격", "도시", "서울", "부산", "이름", "날짜"),
    "cp1252": ("größe", "année", "Köln", "Málaga", "São Paulo", "Århus"),
    "cp932": ("東京", "なまえ", "カタカナ", "面積", "価格"),
    "gb18030": ("城市", "价格", "面积", "北京", "上海", "温度"),
    "cp1251": ("город", "Москва", "цена", "Казань"),
}
PACKED = {"": bytes, ".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}


@dataclass(frozen=True)
class Dialect:
    """How a table is written; the options that read it are those of what is not recognised by itself."""

    encoding: str = "utf-8"
    delimiter: str = ","
    line_end: str = "\n"
    packing: str = ""
    quoted: bool = False
    titles: tuple[str, ...] = ()
    comment: str = ""
    inner_comment: bool = False
    units: bool = False
    again: int = 0
    total: bool = False
    remark: str = ""
    trailing: bool = False
    separator_line: bool = False
    final_line_end: bool = True

    @property
    def options(self):
        """Return the options of `load` that leave out what is no row."""
        kinds = [kind for kind, is_there in self._kinds.items() if is_there]
        skipped = [len(self.titles), *kinds] if self.titles else kinds
        options = {"skip_rows": skipped} if skipped else {}
        return {**options, "comment": self.comment} if self.comment or self.inner_comment else options

    @property
    def _kinds(self):
        return {"units": self.units, "headers": self.again, "totals": self.total or self.remark}


@dataclass(frozen=True)
class Table:
    names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: frozenset[int] = field(default=frozenset())


def written(table, dialect):
    """Return the bytes of a table in a dialect."""
    row = _blank_row if dialect.delimiter == " " else _row
    lines = [*dialect.titles, *([f"{dialect.comment} made by a logger"] if dialect.comment else [])]
    if dialect.separator_line:
        lines.insert(0, f"sep={dialect.delimiter}")
    body = [row(values, dialect) for values in table.rows]
    if dialect.inner_comment:
        body.insert(len(body) // 2, f"{dialect.comment} the sensor was restarted")
    if dialect.again:
        body.insert(min(dialect.again, len(body)), row(table.names, dialect))
    units = [row(["[m]"] * len(table.names), dialect)] if dialect.units else []
    total = ["Total" if i == 0 else "7" if i not in table.words else "" for i in range(len(table.names))]
    ends = [row(total, dialect)] * dialect.total + [dialect.remark] * bool(dialect.remark)
    text = dialect.line_end.join([*lines, row(table.names, dialect), *units, *body, *ends])
    text += dialect.line_end * dialect.final_line_end
    return PACKED[dialect.packing](text.encode(dialect.encoding))


def _row(values, dialect):
    fields = [
        '"{}"'.format(value.replace('"', '""')) if dialect.quoted or dialect.delimiter in value else value
        for value in values
    ]
    return dialect.delimiter.join(fields) + dialect.delimiter * dialect.trailing


def _blank_row(values, dialect):
    return f"{values[0]:<18}" + "".join(f"{value:>18}" for value in values[1:])


@st.composite
def tables(draw, encoding="utf-8", *, words=True):
    """Draw a table with a column of numbers at its end, whose names and words an encoding has."""
    pool = [*ASCII, *WORDS[encoding]]
    width = draw(st.integers(2, 5))
    names = draw(st.lists(st.sampled_from(pool), min_size=width, max_size=width, unique=True))
    of_words = [words and draw(st.booleans()) for _ in names[:-1]]
    number = st.decimals(-99999, 99999, allow_nan=False, places=2).map(str) | st.integers(0, 9999).map(str)
    word = st.sampled_from([f"{text} {i}" for i in (1, 2, 3) for text in (*WORDS[encoding], "plain")])
    kinds = [word if is_word else number for is_word in (*of_words, False)]
    rows = draw(st.lists(st.tuples(*kinds), min_size=3, max_size=30))
    return Table(tuple(names), tuple(rows), frozenset(i for i, is_word in enumerate(of_words) if is_word))


def read(path, **options):
    """Return the names, the rows as texts, and the notes of a delimited text."""
    table = open_csv(path, LoadOptions(**options))
    columns = [TableColumn(i, column.name, "words") for i, column in enumerate(table.columns)]
    rows = []
    for block in table.blocks(columns, 0):
        texts = [
            ["" if number < 0 else column.words[number] for number in column.numbers]
            for column in block.columns
        ]
        rows += list(zip(*texts, strict=True))
    return tuple(column.name for column in table.columns), tuple(rows), table.notes


def options_in(remedy):
    """Return the options that a remedy names, as keywords of `load`; the first where it leaves a choice."""
    found = re.findall(r"\b(\w+)=('(?:[^'\\]|\\.)*'|\[[^\]]*\]|\d+|True|False)", remedy)
    return {name: ast.literal_eval(value) for name, value in reversed(found)}


def read_told(path, dialect, **options):
    """Return what `read` gives, in the dialect's encoding where a note says that it may be that one."""
    found = read(path, **options)
    told = [note for note in found[2] if "as well be" in note and f"{dialect.encoding} (" in note]
    return read(path, **options, encoding=dialect.encoding) if told else found
