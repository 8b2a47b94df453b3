"""Files that hold no table are refused by what they are, with what to do."""

import io
import json
import pickle
import sqlite3
import zipfile

import numpy as np
import pytest

import chalknet as cn
from chalknet.errors import DataError


def zipped(*names):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, "a,b\n1,2\n")
    return file.getvalue()


def database(tmp_path):
    path = tmp_path / "d.db"
    with sqlite3.connect(path) as connection:
        connection.execute("create table t (a, b)")
    connection.close()
    return path.read_bytes()


CONTENTS = {
    "an Excel spreadsheet": lambda _: zipped("[Content_Types].xml", "_rels/.rels", "xl/workbook.xml"),
    "a zip archive": lambda _: zipped("t.csv"),
    "an HTML page": lambda _: b"\n<!DOCTYPE html>\n<html><body><table><tr><td>1,2</td></tr></table>",
    "an XML document": lambda _: b'<?xml version="1.0"?><rows><row a="1"/></rows>',
    "JSON": lambda _: json.dumps([{"a": 1, "b": 2}], indent=1).encode(),
    "JSON, an object a line": lambda _: b'{"a": 1, "b": 2}\n{"a": 3, "b": 4}\n',
    "a PDF document": lambda _: b"%PDF-1.7\n%\xe2\xe3\n",
    "an SQLite database": database,
    "a pickle": lambda _: pickle.dumps({"a": [1.0]}),
    "an ARFF file": lambda _: b"% iris\n@RELATION iris\n@ATTRIBUTE a NUMERIC\n@DATA\n1\n",
    "an HDF5 file": lambda _: b"\x89HDF\r\n\x1a\n",
    "an old Excel spreadsheet": lambda _: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100),
}


@pytest.mark.parametrize("what", CONTENTS)
def test_a_file_that_is_called_csv_and_is_something_else_is_refused_by_what_it_is(tmp_path, what):
    path = tmp_path / "t.csv"
    path.write_bytes(CONTENTS[what](tmp_path))
    with pytest.raises(DataError) as caught:
        cn.load(path)
    assert caught.value.got == what
    assert len(caught.value.remedy) > 20


@pytest.mark.parametrize(
    "text", ["[m],[kg]\n1,2\n", "{a},b\n1,2\n", "<x>,y\n1,2\n", "a{,b\n1,2\n", "[1],[2]\n3,4\n"]
)
def test_a_table_whose_names_stand_in_brackets_is_a_table(tmp_path, text):
    (tmp_path / "t.csv").write_text(text)
    described = cn.describe(tmp_path / "t.csv")
    assert described["rows"] == "1" and set(text.splitlines()[0].split(",")) < set(described)


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"\n\r\n \n", "﻿".encode("utf-16"), b"\xff\xfe"])
def test_a_file_without_a_letter_is_empty(tmp_path, content):
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(DataError, match="got an empty file"):
        cn.load(tmp_path / "t.csv")


def test_bytes_of_no_kind_are_no_text_whatever_they_are(tmp_path):
    random = np.random.default_rng(0)
    for size in (1, 2, 10, 1000, 100_000):
        (tmp_path / "t.csv").write_bytes(random.bytes(size))
        with pytest.raises(DataError):
            cn.load(tmp_path / "t.csv")
