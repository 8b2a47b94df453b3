"""Limits of what is read: named in the error, whose remedy helps; standard input, pipes and devices."""

import ast
import gzip
import io
import os
import re
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

import chalknet as cn
from chalknet.data.formats import arrow_proof, standard_input
from chalknet.errors import DataError, FileProblem, UnknownName

TABLE = b"a,b,y\n1,2,3\n4,5,6\n7,8,9\n"


def follow(path, limits):
    """Load with limits, then with what each error says, until it is read; return the names of the limits."""
    named = []
    for _ in range(20):
        try:
            assert len(cn.load(path, limits=limits)) > 1
            return named
        except DataError as problem:
            limits = ast.literal_eval(re.search(r"limits=(\{.*?\})", problem.remedy)[1])
            named.append(list(limits)[-1])
    pytest.fail("the remedy does not help")


@pytest.mark.parametrize("limit", ["columns", "row_bytes", "unpacked_bytes"])
def test_a_limit_is_named_and_what_its_error_says_raises_it(tmp_path, own_cache, limit):
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(TABLE + b"1,2,3\n" * 100_000))
    assert set(follow(path, {limit: 1})) == {limit}


@pytest.mark.parametrize("kind", ["parquet", "arrow"])
def test_columns_of_a_table_with_a_schema_are_limited_too(tmp_path, own_cache, kind):
    table, path = pa.table({"a": [1, 2], "b": [3, 4], "y": [5, 6]}), tmp_path / f"a.{kind}"
    if kind == "arrow":
        with pa.ipc.new_file(path, table.schema) as file:
            file.write_table(table)
    else:
        parquet.write_table(table, path)
    assert follow(path, {"columns": 2}) == ["columns"]


def test_an_unknown_limit_is_told_with_those_there_are():
    with pytest.raises(UnknownName, match="row_bytes"):
        cn.load(([1.0], [1.0]), limits={"rows": 3})


def test_an_honest_file_packed_fiftyfold_is_read(tmp_path, own_cache):
    path = tmp_path / "a.csv.gz"
    rows = np.random.default_rng(0).integers(0, 10, (20_000, 3))
    text = TABLE + "\n".join(",".join(map(str, row)) for row in rows.tolist()).encode()
    path.write_bytes(gzip.compress(text))
    assert np.array_equal(cn.load(path).take(slice(3, 103)).x.numpy(), rows[:100, :2])


def send(monkeypatch, tmp_path, content):
    """Let standard input hold a content, as no reader has read it yet."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    (tmp_path / "copied").mkdir()
    monkeypatch.setattr(standard_input, "_folder", lambda: tmp_path / "copied")


def test_standard_input_is_data(monkeypatch, tmp_path, own_cache):
    send(monkeypatch, tmp_path, TABLE)
    source = cn.load("-", y="y")
    assert source.take(slice(0, 3)).y.tolist() == [3, 6, 9]
    assert source.origin is None
    assert "standard-input" in cn.describe("-")["name"]  # a second reader has the same


def test_a_file_of_arrays_comes_through_standard_input_too(monkeypatch, tmp_path):
    np.save(content := io.BytesIO(), np.arange(12.0).reshape(4, 3))
    send(monkeypatch, tmp_path, content.getvalue())
    assert cn.load("-").take(slice(0, 4)).y.tolist() == [2, 5, 8, 11]


def test_standard_input_without_end_is_refused_with_the_limit():
    endless = subprocess.Popen(["yes", "1,2"], stdout=subprocess.PIPE)
    try:
        asked = subprocess.run(
            [sys.executable, "-m", "chalknet", "data", "-", "--limits", "input_bytes=1000000"],
            stdin=endless.stdout, capture_output=True, text=True, check=False,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )  # fmt: skip
    finally:
        endless.kill()
        endless.wait()
        endless.stdout.close()
    assert asked.returncode == 1
    assert "input_bytes=4000000" in asked.stderr
    assert "Traceback" not in asked.stderr


def test_a_closed_standard_input_is_told(monkeypatch, tmp_path):
    send(monkeypatch, tmp_path, b"")
    sys.stdin.close()
    with pytest.raises(FileProblem, match="a closed one"):
        cn.load("-")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
@pytest.mark.parametrize("name", ["a.csv", "a.npy", "a.parquet", "a.arrow", "a-idx3-ubyte", "a.npz"])
def test_a_pipe_a_device_and_a_lost_link_are_refused_and_not_waited_for(tmp_path, name):
    os.mkfifo(tmp_path / name)
    (tmp_path / "lost").symlink_to(tmp_path / "nowhere.csv")
    for path in (tmp_path / name, Path("/dev/zero"), tmp_path / "lost"):
        for ask in (cn.load, cn.describe, lambda path: cn.load((path, path))):
            with pytest.raises((FileProblem, DataError)):
                ask(path)


@pytest.mark.parametrize("name", ["\0", "a\0.csv", "a\nb", "\ud800", "\udcff.csv", "x" * 5000])
def test_a_name_that_no_file_can_have_is_an_error_of_ours(name):
    for ask in (cn.load, cn.describe):
        with pytest.raises(cn.ChalknetError):
            ask(name)


def test_a_file_that_ends_the_process_which_tries_it_is_damaged(tmp_path, monkeypatch):
    table, path = pa.table({"a": [1, 2], "y": [5, 6]}), tmp_path / "a.arrow"
    with pa.ipc.new_file(path, table.schema) as file:
        file.write_table(table)
    crash = tmp_path / "crash.py"
    crash.write_text("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n")
    monkeypatch.setattr(arrow_proof, "__file__", str(crash))
    with pytest.raises(DataError, match=r"a damaged file \(reading it ended the process that tried"):
        cn.load(path)


def test_offsets_of_texts_beyond_their_buffer_are_damage(tmp_path):
    table, path = pa.table({"w": ["ab", "cd", "ef"], "y": [1, 2, 3]}), tmp_path / "a.arrow"
    with pa.ipc.new_file(path, table.schema) as file:
        file.write_table(table)
    content, offsets = path.read_bytes(), struct.pack("<4i", 0, 2, 4, 6)
    assert content.count(offsets) == 1
    path.write_bytes(content.replace(offsets, struct.pack("<4i", 0, 2, 1 << 30, 6)))
    with pytest.raises(DataError, match="a damaged file"):
        cn.load(path, one_hot=True)


def test_a_header_that_python_2_wrote_is_read_without_a_warning(tmp_path):
    header = "{'descr': '<f8', 'fortran_order': False, 'shape': (2L, 2L), }".ljust(117) + "\n"
    values = np.arange(4.0).reshape(2, 2)
    content = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + values.tobytes()
    (tmp_path / "a.npy").write_bytes(content)
    assert cn.load(tmp_path / "a.npy").take(slice(0, 2)).y.tolist() == [1, 3]


def test_zeros_without_end_before_a_digit_are_told_as_they_are_read(tmp_path, own_cache):
    (tmp_path / "a.csv").write_text(f"a,y\n-{'0' * 9000}7,1\n00,2\n")
    notes = " ".join(cn.load(tmp_path / "a.csv").notes)
    assert "is read as -7" in notes
