"""Tables: nothing cut, nothing wider than asked, wide letters aligned, raw values for programs."""

import json
import subprocess
import sys
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from chalknet.errors import InvalidValue
from chalknet.tables import Cell, Table, facts, text_width

WORDS = st.text(
    st.sampled_from("abcXYZ 0123.,:-_<>&\"'[]()한국어경사하강법日本\u0301\u0308é🙂🚀ß\t\n/\\"),
    min_size=0,
    max_size=30,
)
VALUES = st.one_of(
    WORDS, st.integers(), st.floats(), st.booleans(), st.none(), st.builds(Cell, st.integers(), WORDS)
)


@st.composite
def tables(draw, least_columns=1):
    columns = tuple(
        draw(st.lists(st.from_regex(r"[a-z한국]{1,12}", fullmatch=True), min_size=least_columns, max_size=6))
    )
    rows = draw(st.lists(st.tuples(*[VALUES] * len(columns)), max_size=4))
    return Table(columns, tuple(rows), draw(st.sampled_from(["", "a title of some words"])), ("a note",))


def squeezed(text):
    return "".join(text.split())


@given(tables(), st.integers(20, 200))
def test_no_line_is_wider_than_asked_and_every_text_is_there_whole(table, width):
    text = table.text(width)
    assert all(cell_len(line) <= width for line in text.split("\n"))
    assert "…" not in text
    for cell in (table.title, *table.notes, *(cell for row in table.texts for cell in row)):
        assert squeezed(cell) in squeezed(text)


@given(tables())
def test_without_a_limit_each_row_is_one_line_and_columns_start_where_their_headings_do(table):
    lines = table.text().split("\n")
    first = lines[bool(table.title) :]
    assert len(lines) == bool(table.title) + 1 + len(table.rows) + 1
    place = 0
    for index, column in enumerate(table.columns):
        cells = [column, *(row[index] for row in table.texts)]
        taken = max(map(text_width, cells))
        for line, cell in zip(first[:-1], cells, strict=True):
            there = _columns(line, place, place + taken)
            if table.numeric[index]:
                assert there.lstrip() == cell.strip()
            else:
                assert there.rstrip() == cell.rstrip()
        place += taken + 2


def _columns(line, start, end):
    """Return what stands between two columns of a terminal."""
    found, place = "", 0
    for sign in line:
        if start <= place < end or (text_width(sign) == 0 and start < place <= end):
            found += sign
        place += text_width(sign)
    return found


@given(st.dictionaries(WORDS.filter(str.strip), VALUES, max_size=6), st.integers(20, 200))
def test_names_and_values_are_a_line_each_where_they_fit(values, width):
    table = facts(values)
    for row in table.texts:
        assert squeezed("".join(row)) in squeezed(table.text())
    assert table.text().count("\n") == max(0, len(values) - 1)
    assert all(cell_len(line) <= width for line in table.text(width).split("\n"))


@given(WORDS)
def test_a_text_is_as_wide_as_rich_says(text):
    plain = "".join(sign for sign in text if sign >= " ")
    assert text_width(plain) == cell_len(plain)


def test_numbers_are_right_aligned_and_printed_by_units():
    table = Table(("name", "n", "share"), (("a", 12665, 0.5), ("b", 7, None)))
    assert table.text() == "name       n  share\na     12,665    0.5\nb          7"
    assert facts({"weights": Cell(10, "10 B"), "all": Cell(2048, "2.0 KiB")}).text() == (
        "weights     10 B\nall      2.0 KiB"
    )


def test_korean_names_are_aligned():
    assert facts({"방법": "경사 하강법", "loss": "bce"}).text() == "방법  경사 하강법\nloss  bce"


def test_columns_that_do_not_fit_become_a_block_a_row():
    table = Table(("name", "method"), (("all", "gradient descent"), ("one", "stochastic gradient descent")))
    assert table.text(30).split("\n") == [
        "name: all", "method: gradient descent", "", "name: one", "method: stochastic gradient", "descent",
    ]  # fmt: skip
    assert table.text(34).startswith("name  method")


def test_a_terminal_has_a_width_and_a_pipe_has_none(monkeypatch):
    table = Table(("name", "method"), (("all", "word " * 30),))
    assert len(str(table).split("\n")) == 2
    monkeypatch.setattr(sys, "stdout", type("Terminal", (), {"isatty": lambda self: True})())
    monkeypatch.setenv("COLUMNS", "40")
    assert max(map(len, str(table).split("\n"))) <= 40
    monkeypatch.setattr(sys, "stdout", None)  # a program without a console
    assert len(str(table).split("\n")) == 2


def test_programs_get_the_raw_values_and_json_that_every_reader_takes():
    table = Table(("name", "seconds"), (("a", Cell(0.25, "250 ms")), ("b", float("nan"))))
    assert table.to_dicts()[0] == {"name": "a", "seconds": 0.25}
    assert json.loads(table.to_json()) == [{"name": "a", "seconds": 0.25}, {"name": "b", "seconds": None}]
    assert json.loads(facts({"layers": 2}).to_json()) == [{"layers": 2}]


@given(tables(least_columns=2))
def test_html_holds_every_text_and_no_tag_of_the_users(table):
    found, opened = [], []

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attrs):
            opened.append(tag)

        def handle_endtag(self, tag):
            assert opened.pop() == tag

        def handle_data(self, data):
            found.append((opened[-1], data))

    Reader().feed(table.html())
    assert not opened
    texts = [text for row in table.texts for text in row if text]
    assert [text for tag, text in found if tag == "td"] == texts


def test_a_row_of_another_length_is_refused():
    with pytest.raises(InvalidValue, match="a row of 1 cells; wanted rows of 2"):
        Table(("a", "b"), (("only one",),))


def test_names_and_values_are_printed_without_rich():
    code = (
        "import sys; from chalknet.tables import facts; facts({'a': 1}).text(80); "
        "assert 'rich' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
