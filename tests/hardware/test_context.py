"""What CUDA takes for a process: measured by two processes, kept, and named where it is another machine's."""

import sys

import pytest
import torch

import chalknet as cn
from chalknet.hardware import context
from chalknet.hardware.context import ELSEWHERE_BYTES, cuda_context

# Stands for a device of 8 GiB on which each process takes 500 MiB and holds 2 MiB for tensors.
_DEVICE = """
import sys, pathlib
count = pathlib.Path({path!r})
count.write_text(count.read_text() + "x" if count.exists() else "x")
there = len(count.read_text())
print((8 << 30) - there * ((500 << 20) + (2 << 20)), 2 << 20, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def gpu(monkeypatch, tmp_path):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda index: f"GPU {index} of the test")
    monkeypatch.setattr(context, "cache_folder", lambda: tmp_path / "cache")
    monkeypatch.setattr(context, "_PROGRAM", _DEVICE.format(path=str(tmp_path / "count")))
    context._key.cache_clear()
    yield tmp_path
    context._key.cache_clear()


def measured(program):
    return context._measured("cuda:0", program)


def test_the_size_is_what_a_second_process_finds_missing_less_its_tensors(tmp_path):
    assert measured(_DEVICE.format(path=str(tmp_path / "count"))) == 500 << 20


@pytest.mark.parametrize("program", ["", "print('no numbers')", "import sys; sys.exit(1)", "print(1, 2, 3)"])
def test_a_device_that_cannot_be_used_gives_no_size(program):
    assert measured(program) is None


def test_without_a_gpu_it_is_that_of_another_machine_and_the_estimate_says_so():
    if torch.cuda.is_available():
        pytest.skip("a GPU is here")
    assert cuda_context("cuda:0", measure=True) == (ELSEWHERE_BYTES, False)
    estimate = cn.memory("1 -> 1", batch_size=2, device="cuda")
    assert estimate.context_bytes == ELSEWHERE_BYTES and "not measured here" in str(estimate)
    assert cn.memory("1 -> 1", batch_size=2).notes == ()


def test_it_is_measured_when_asked_and_found_again(gpu):
    assert cuda_context("cuda:0") == (ELSEWHERE_BYTES, False)
    assert cuda_context("cuda:0", measure=True) == (500 << 20, True)
    assert cuda_context("cuda:0") == (500 << 20, True)
    assert cuda_context("cuda:1") == (ELSEWHERE_BYTES, False)  # another device is measured for itself


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a": "b"}', "[[[[", '{"GPU": -1}', "null"])
def test_a_damaged_file_counts_as_empty(gpu, text):
    (gpu / "cache").mkdir()
    (gpu / "cache" / "cuda_context.json").write_text(text)
    assert cuda_context("cuda:0") == (ELSEWHERE_BYTES, False)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_on_a_gpu_it_is_between_a_hundred_and_two_thousand_mebibytes():
    found = cuda_context("cuda:0", measure=True)
    assert found.is_measured and 100 << 20 < found.size_bytes < 2000 << 20


def test_the_program_is_python():
    compile(context._PROGRAM, sys.executable, "exec")
