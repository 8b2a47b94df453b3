"""The encoding of a text by its content: certain, or told with what else it may be."""

import bz2
import gzip
import io

import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.data.csv_dialects import WORDS, read

from chalknet.data.formats import csv_encoding
from chalknet.data.formats.csv_encoding import encoding_of, last_bytes, utf8_parts
from chalknet.errors import DataError

TEXTS = {
    "cp949": ("면적,방,가격\n84.5,3,52000\n", "이름,나이\n김철수,3\n", "가,나\n1,2\n"),
    "cp1252": (
        "größe,b\n1,3\n",
        "ville,x\nSaint-Étienne,2\nÉvry,3\n",
        "name,y\nJosé,1\nNúñez,2\n",
        "Temp °C,y\n1,2\n",
    ),
    "cp932": ("面積,部屋,価格\n1,2,3\n", "名前,年齢\nやまだ,3\n", "都市,y\n東京,1\n大阪,2\n"),
    "gb18030": ("面积,房间,价格\n1,2,3\n", "城市,y\n北京,1\n上海,2\n广州,3\n"),
    "big5": ("城市,價格\n臺北,1\n高雄,2\n",),
    "cp1251": ("город,цена\nМосква,3\nКазань,2\n",),
    "koi8_r": ("город,цена\nМосква,3\nКазань,2\n",),
    "cp1250": ("miasto,y\nŁódź,1\nKraków,2\n", "město,y\nPlzeň,2\nČeské Budějovice,3\n"),
    "cp1253": ("πόλη,τιμή\nΑθήνα,1\n",),
    "cp1254": ("şehir,fiyat\nİstanbul,1\nIğdır,2\n",),
    "euc_jp": ("名前,年齢\nやまだ,3\n",),
    "mac_roman": ("city,a\nKöln,3\nMünchen,4\n",),
}
CASES = [(encoding, text) for encoding, texts in TEXTS.items() for text in texts]


@pytest.mark.parametrize(("encoding", "text"), CASES)
def test_an_encoding_is_told_by_its_letters_with_a_word_as_example(tmp_path, encoding, text):
    raw = text.encode(encoding)
    found = encoding_of(tmp_path / "t.csv", raw, None, whole=True)
    assert raw.decode(found.name) == text
    assert f"read as {found.name}" in found.note
    word = next(word for word in text.replace("\n", ",").split(",") if not word.isascii())
    assert word.split()[-1] in found.note
    assert "encoding=" in found.note


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@given(words=st.lists(st.text(st.characters(min_codepoint=48, max_codepoint=0xD7FF), max_size=8), min_size=2))
def test_unicode_is_certain_and_needs_no_note(tmp_path_factory, encoding, words):
    text = "".join(f"{i},{word.replace('﻿', '')},size\n" for i, word in enumerate(words, start=10))
    found = encoding_of(tmp_path_factory.getbasetemp(), text.encode(encoding), None, whole=True)
    assert text.encode(encoding).decode(found.name).removeprefix("﻿") == text
    assert not found.note


def test_what_may_as_well_be_another_encoding_is_told_with_both_readings(tmp_path):
    note = encoding_of(tmp_path, "a,€\n".encode("cp1252"), None, whole=True).note
    assert "'€', though it may as well be" in note
    assert "'Ä'" in note


@given(
    encoding=st.sampled_from(list(WORDS)),
    rows=st.lists(st.sampled_from('ab1,;\r\n "') | st.just("€"), max_size=200),
    size=st.integers(1, 50),
    data=st.data(),
)
def test_a_text_from_any_byte_to_any_other_is_that_of_python(tmp_path_factory, encoding, rows, size, data):
    text = "".join(rows).replace("€", WORDS[encoding][0])
    raw = text.encode(encoding)
    whole = raw if encoding.startswith("utf-8") else text.encode()
    path = tmp_path_factory.mktemp("e") / "t"
    path.write_bytes(data.draw(st.sampled_from([bytes, gzip.compress, bz2.compress]))(raw))
    name = "utf-8" if encoding.startswith("utf-8") else encoding
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.none() | st.integers(start, len(whole)))
    assert b"".join(utf8_parts(path, name, start, end=end, size=size)) == whole[start:end]
    at, tail = last_bytes(path, name, size)
    assert (at, tail) == (max(0, len(whole) - size), whole[-size:])


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    ("encoding", "bad"), [("utf-8", b"\xb8\xe9"), ("cp949", b"\xff"), ("cp932", b"\x81")]
)
def test_a_byte_that_an_encoding_does_not_have_is_named_by_its_line(tmp_path, encoding, bad, line_end):
    path = tmp_path / "t.csv"
    lines = [b"a,y", *[b"12,3"] * 20_000, b"4" + bad + b",5", *[b"6,7"] * 50]
    path.write_bytes(line_end.encode().join(lines))
    with pytest.raises(DataError, match=r"line 20002: got bytes that are not .*encoding='"):
        list(utf8_parts(path, encoding)) if encoding != "utf-8" else read(
            path, encoding="utf-8", y=0, one_hot=["a"]
        )
        raise csv_encoding.undecodable(path, encoding)


def test_an_encoding_that_is_given_is_not_guessed(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes("größe,y\n1,2\n".encode("cp1252"))
    for encoding in ("cp1252", "cp1250", "latin-1", "cp437"):
        names, _, notes = read(path, encoding=encoding)
        assert names == tuple(pandas.read_csv(io.BytesIO(path.read_bytes()), encoding=encoding).columns)
        assert not notes


def test_decoding_takes_no_more_memory_than_its_parts(tmp_path):
    import tracemalloc

    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress(("면적,y\n" + "1.5,2\n" * 3_000_000).encode("cp949"), 1))
    tracemalloc.start()
    length = sum(map(len, utf8_parts(path, "cp949", size=1 << 16)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert length == 18_000_009
    assert peak < 2 << 20
