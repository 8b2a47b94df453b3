"""A table is read as it was written, whatever the dialect; what is no row is refused until it is left out."""

from dataclasses import replace

import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.data.csv_dialects import PACKED, WORDS, Dialect, options_in, read, read_told, tables, written

from chalknet.errors import ChalknetError

pytestmark = pytest.mark.slow


def texts(rows):
    return tuple(tuple(value.strip() for value in row) for row in rows)


@st.composite
def dialects(draw, **given_fields):
    """Draw a dialect of one thing each, or of several at once."""
    comment = draw(st.sampled_from(["", "", "#", "//", "%"]))
    drawn = Dialect(
        encoding=draw(st.sampled_from(list(WORDS))),
        delimiter=draw(st.sampled_from(",;\t|")),
        line_end=draw(st.sampled_from(["\n", "\r\n", "\r"])),
        packing=draw(st.sampled_from(list(PACKED))),
        quoted=draw(st.booleans()),
        titles=draw(st.sampled_from([(), (), ("A report",), ("Station 5", "", "made in 2021", "")])),
        comment=comment,
        inner_comment=bool(comment) and draw(st.booleans()),
        units=draw(st.booleans()),
        again=draw(st.integers(0, 3)),
        total=draw(st.booleans()),
        remark=draw(st.sampled_from(["", "Source: the office"])),
        trailing=draw(st.booleans()),
        final_line_end=draw(st.booleans()),
    )
    return replace(drawn, **given_fields)


@given(data=st.data())
def test_a_table_is_read_as_it_was_written_in_any_dialect(tmp_path_factory, data):
    dialect = data.draw(dialects())
    table = data.draw(tables(dialect.encoding))
    path = tmp_path_factory.mktemp("t") / f"t.csv{dialect.packing}"
    path.write_bytes(written(table, dialect))
    names, rows, _ = read_told(path, dialect, **dialect.options)
    assert names == table.names
    assert texts(rows) == table.rows


@given(data=st.data())
def test_following_the_remedies_one_after_the_other_ends_with_the_table(tmp_path_factory, data):
    dialect = data.draw(dialects())
    table = data.draw(tables(dialect.encoding))
    path = tmp_path_factory.mktemp("t") / f"t.csv{dialect.packing}"
    path.write_bytes(written(table, dialect))
    options = {}
    for _ in range(8):
        try:
            names, rows, notes = read_told(path, dialect, **options)
            break
        except ChalknetError as problem:
            further = options_in(problem.remedy)
            assert further, problem
            assert further != {name: options.get(name) for name in further}, problem
            options |= further
    for note in notes:
        if "totals" in note:
            names, rows, _ = read_told(path, dialect, **(options | options_in(note)))
    assert names == table.names
    assert texts(rows) == table.rows


@given(data=st.data())
def test_columns_aligned_by_blanks_are_read_as_pandas_reads_them(tmp_path_factory, data):
    table = data.draw(tables(words=False))
    table = replace(table, names=tuple(name.replace(" ", "_") for name in table.names))
    path = tmp_path_factory.mktemp("t") / "t.txt"
    path.write_bytes(written(table, Dialect(delimiter=" ")))
    names, rows, _ = read(path)
    wanted = pandas.read_csv(path, sep=r"\s+", dtype=str)
    assert names == tuple(wanted.columns) == table.names
    assert rows == tuple(map(tuple, wanted.to_numpy().tolist())) == table.rows
    assert read(path, delimiter=" ")[:2] == (names, rows)


@given(data=st.data())
def test_a_separator_line_is_obeyed_left_out_and_told(tmp_path_factory, data):
    dialect = data.draw(dialects(separator_line=True, titles=(), comment="", inner_comment=False))
    table = data.draw(tables(dialect.encoding))
    path = tmp_path_factory.mktemp("t") / f"t.csv{dialect.packing}"
    path.write_bytes(written(table, dialect))
    names, rows, notes = read_told(path, dialect, **dialect.options)
    assert (names, texts(rows)) == (table.names, table.rows)
    assert any(f"sep={dialect.delimiter}" in note for note in notes)


@pytest.mark.parametrize("piece_bytes", [1, 7, 64, 1000])
@given(data=st.data())
def test_the_size_of_the_pieces_does_not_matter(tmp_path_factory, piece_bytes, data):
    from chalknet.data.formats import csv_layout

    dialect = data.draw(dialects())
    table = data.draw(tables(dialect.encoding))
    path = tmp_path_factory.mktemp("t") / f"t.csv{dialect.packing}"
    path.write_bytes(written(table, dialect))
    whole = read(path, **dialect.options)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(csv_layout, "_PIECE_BYTES", piece_bytes)
        assert read(path, **dialect.options) == whole
