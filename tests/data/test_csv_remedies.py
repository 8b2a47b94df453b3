"""Every remedy of a text that is refused, and every option that a note offers, does what it says."""

import pytest
from tests.data.csv_dialects import options_in, read

import chalknet as cn
from chalknet.errors import ChalknetError, InvalidValue

ROWS = "1,2,3\n4,5,6\n7,8,9\n"
# What is refused -> the options that its remedies name, one after the other.
REFUSED = {
    "a title": ("Report\n\na,b,y\n" + ROWS, {"skip_rows": 2}),
    "a title with delimiters": ("Report,,\na,b,y\n" + ROWS, {"skip_rows": 1}),
    "a title and an empty row with delimiters": ("Report,,\n,,\na,b,y\n" + ROWS, {"skip_rows": 2}),
    "a title of several fields": ("Report, June\na,b,y\n" + ROWS, {"skip_rows": 1}),
    "a title over numbers alone": ("Report\n" + ROWS, {"skip_rows": 1}),
    "comments": ("# a\n# b, c\na,b,y\n" + ROWS, {"comment": "#"}),
    "comments of as many words as columns": ("% a b\n% c d\n1 2 3\n4 5 6\n", {"comment": "%"}),
    "other comments": ("-- a\na,b,y\n" + ROWS, {"comment": "--"}),
    "a title and a comment": ("Report\n% c\na,b,y\n1,2,3\n% d\n4,5,6\n", {"skip_rows": 2, "comment": "%"}),
    "a comment between rows": ("a,b,y\n1,2,3\n// late\n4,5,6\n", {"comment": "//"}),
    "a comment of as many fields": ("a,b,y\n1,2,3\n# x, y, z\n4,5,6\n", {"comment": "#"}),
    "units": ("a,b,y\nm,kg,s\n" + ROWS, {"skip_rows": "units"}),
    "units in brackets": ("city,b,y\n,[kg],[°C]\nx,1,2\ny,3,4\n", {"skip_rows": "units"}),
    "names twice": ("a,b,y\nlength,mass,time\n" + ROWS, {"skip_rows": "units"}),
    "a title, then units": ("T\na,b,y\nm,kg,s\n" + ROWS, {"skip_rows": [1, "units"]}),
    "the header again": ("a,b,y\n1,2,3\na,b,y\n4,5,6\n", {"skip_rows": "headers"}),
    "a total in numbers": ("id,b,y\n" + ROWS + "Total,15,18\n", {"skip_rows": "totals"}),
    "a remark": ("a,b,y\n" + ROWS + "Source: the office\n", {"skip_rows": "totals"}),
    "a total and a remark": ("a,b,y\n" + ROWS + "합계,15,18\n\n* estimated\n", {"skip_rows": "totals"}),
    "units and a total": ("a,b,y\nm,m,m\n" + ROWS + "Sum,1,2\n", {"skip_rows": ["units", "totals"]}),
    "one row that is called a header": ("1,2\n", {"header": False}),
    "bytes of another encoding": ("größe,y\n1,2\n".encode("cp1252"), {"encoding": "cp1252"}),
    "bytes of another encoding further on": (
        b"a,y\n" + b"1,2\n" * 300_000 + "면적,3\n".encode("cp949"),
        {"encoding": "cp949"},
    ),
    "UTF-16 called UTF-8": ("a,y\n1,2\n".encode("utf-16"), {"encoding": "utf-16"}),
}
BEFORE = {
    "one row that is called a header": {"header": True},
    "bytes of another encoding": {"encoding": "utf-8"},
    "UTF-16 called UTF-8": {"encoding": "utf-8"},
}


@pytest.fixture
def put(tmp_path):
    def write(content, name="t.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.mark.parametrize("kind", REFUSED)
def test_the_option_that_a_remedy_names_reads_the_table(put, kind):
    content, wanted = REFUSED[kind]
    path, asked, options = put(content), BEFORE.get(kind, {}), {}
    for _ in range(4):
        try:
            names, rows, _ = read(path, **(asked | options))
            break
        except ChalknetError as problem:
            options |= options_in(problem.remedy)
    assert options == wanted
    assert len(names) > 1 or kind.startswith("one row")
    assert not any(value in ("# x", "Total", "합계", "m", "Report") for row in rows for value in row)


# What is told -> a word of the note, and what its option makes of the names and the number of rows.
TOLD = {
    "numbers alone": ("1,2,3\n4,5,6\n", "taken for data", ("1", "2", "3"), 1),
    "years": ("2019,2020\n5,6\n7,8\n", "years", ("0", "1"), 3),
    "a word beside years": ("city,2019,2020\nx,1,2\ny,3,4\n", "years", ("0", "1", "2"), 3),
    "a word beside numbers": ("Seoul,1,2\nBusan,3,4\n", "taken for data", ("Seoul", "1", "2"), 1),
    "numbers of columns": ("0,1,2\n.5,.6,.7\n.1,.2,.3\n", "numbers the columns", ("0", "1", "2"), 3),
    "words alone": ("a,b\nx,y\nz,w\n", "it holds words", ("0", "1"), 3),
    "words that come again": ("p,q\nx,q\np,w\n", "'p' comes again below", ("p", "q"), 2),
    "words above numbers beside a number": (
        "a,2,y\n1,2,3\n4,5,6\n",
        "words above numbers",
        ("0", "1", "2"),
        3,
    ),
    "a total among words": ("c,y\nx,1\nz,2\nTotal,3\n", "may be totals", ("c", "y"), 2),
    "a sum without a word": ("c,y\nx,1\nz,2\n,3\n", "may be totals", ("c", "y"), 2),
    "a colon": ("a:b:y\n1:2:3\n4:5:6\n", "stands between", ("a:b:y",), 2),
    "names behind a mark": ("# a,b,y\n1,2,3\n4,5,6\n", "begins with '#'", ("0", "1", "2"), 2),
    "Korean": ("도시,y\n서울,1\n부산,2\n".encode("cp949"), "cp949 (Korean)", None, 2),
}


@pytest.mark.parametrize("kind", TOLD)
def test_a_note_says_how_it_was_taken_and_the_option_takes_it_otherwise(put, kind):
    content, said, names, rows = TOLD[kind]
    path = put(content)
    (note,) = [note for note in read(path)[2] if said in note]
    otherwise = read(path, **options_in(note))
    assert names in (None, otherwise[0])
    assert len(otherwise[1]) == rows
    assert otherwise[:2] != read(path)[:2]
    assert not [note for note in otherwise[2] if said in note]


def test_notes_of_a_text_reach_the_result_of_a_fit(put):
    result = cn.fit("1 -> 1", cn.load(put("1,2\n3,4\n")), loss="mse", updates=1, engine="eager")
    assert any("line 1 (1 | 2) is taken for data" in note for note in result.notes)


def test_nothing_is_refused_as_no_row_where_the_user_leaves_out_no_line(put):
    text = "a,b\nlong,wide\n1,2\n3,4\n"
    assert len(read(put(text), skip_rows=0)[1]) == 3
    assert read(put("c,y\nx,1\nc,y\n"), skip_rows=0)[1] == (("x", "1"), ("c", "y"))


def test_two_numbers_of_lines_and_what_is_no_encoding_of_texts_are_refused(put):
    for options in ({"skip_rows": [2, 3]}, {"encoding": "hex"}, {"encoding": "rot13"}):
        with pytest.raises(InvalidValue):
            cn.load(put("a,b\n1,2\n"), **options)


def test_leaving_out_more_lines_than_there_are_is_refused(put):
    with pytest.raises(ChalknetError, match=r"no row below the lines that are left out.*Leave fewer out"):
        cn.load(put("a,b\n1,2\n"), skip_rows=7)
