"""What the recorder asks of torch.cuda, and what it undoes when a capture fails: told to a fake."""

import gc
from contextlib import contextmanager

import pytest
import torch

from chalknet.engine.graph.recorder import CudaRecorder


class Told:
    """Stands for `torch.cuda` and writes down what it is told; a capture ends as the real one does."""

    def __init__(self):
        self.words, self.broken = [], False
        self.default_generators = [self]

    def say(self, word, value=None):
        self.words.append(word)
        return value

    @contextmanager
    def left_in_any_case(self, word):
        self.say(f"into {word}")
        try:
            yield
        finally:
            self.say(f"out of {word}")

    @contextmanager
    def graph(self, graph, pool, stream, capture_error_mode):
        assert (pool, stream, capture_error_mode) == ("pool", "side", "thread_local")
        self.say("capture begins")
        try:
            yield
        finally:
            self.say("capture ends")
            if self.broken:
                raise RuntimeError("operation failed due to a previous error during capture")


@pytest.fixture
def told(monkeypatch):
    told = Told()
    stands_for = {
        "current_device": lambda: 0,
        "device": lambda device: told.left_in_any_case(str(device)),
        "Stream": lambda: "side",
        "stream": lambda stream: told.left_in_any_case(stream),
        "graph_pool_handle": lambda: "pool",
        "synchronize": lambda: told.say("wait"),
        "get_sync_debug_mode": lambda: 0,
        "set_sync_debug_mode": lambda mode: told.say(f"waiting: {mode}"),
        "CUDAGraph": lambda: told,
        "graph": told.graph,
        "default_generators": [told],
        "mem_get_info": lambda device: (700, 1000),
        "memory_reserved": lambda device: 200,
        "memory_allocated": lambda device: 50,
    }
    for name, value in stands_for.items():
        assert hasattr(torch.cuda, name)  # the real one has it too
        monkeypatch.setattr(torch.cuda, name, value)
    told.replay = lambda: told.say("replay")
    told.clone_state = lambda: "untouched"
    told.graphsafe_set_state = lambda state: told.say(f"generator {state}")
    monkeypatch.setattr(
        torch._C, "_cuda_endAllocateToPool", lambda index, pool: told.say(f"{pool} of {index} given up")
    )
    return told


def test_it_rehearses_on_the_stream_of_the_captures_and_waits_around_it(told):
    recorder = CudaRecorder(torch.device("cuda"))
    del told.words[:]
    assert recorder.rehearse(lambda: told.say("act")) >= 0
    assert told.words == ["into cuda:0", "wait", "into side", "act", "out of side", "wait", "out of cuda:0"]


def test_a_watched_rehearsal_forbids_to_wait_and_allows_it_again_after_an_error(told):
    recorder = CudaRecorder(torch.device("cuda", 0))

    def asks():
        raise RuntimeError("called a synchronizing CUDA operation")

    with pytest.raises(RuntimeError, match="synchronizing"):
        recorder.rehearse(asks, watched=True)
    assert [word for word in told.words if word.startswith("waiting")] == ["waiting: error", "waiting: 0"]
    assert "out of side" in told.words


def test_it_captures_without_garbage_collection_and_returns_the_replay(told):
    recorder = CudaRecorder(torch.device("cuda"))
    del told.words[:]
    replay = recorder.record(lambda: told.say(f"act, collecting: {gc.isenabled()}"))
    assert told.words == [
        "into cuda:0", "into side", "capture begins", "act, collecting: False", "capture ends", "out of side",
        "out of cuda:0",
    ]  # fmt: skip
    assert gc.isenabled()
    replay()
    assert told.words[-1] == "replay"


def test_a_capture_that_fails_gives_the_first_error_and_leaves_torch_as_it_was(told):
    recorder = CudaRecorder(torch.device("cuda"))
    told.broken = True

    def asks():
        raise RuntimeError("operation not permitted when stream is capturing")

    with pytest.raises(RuntimeError, match="not permitted when stream is capturing"):
        recorder.record(asks)
    assert told.words[-4:] == ["out of side", "generator untouched", "pool of 0 given up", "out of cuda:0"]
    assert gc.isenabled()


def test_a_capture_whose_end_alone_fails_gives_that_error(told):
    told.broken = True
    with pytest.raises(RuntimeError, match="previous error during capture"):
        CudaRecorder(torch.device("cuda")).record(lambda: None)
    assert "generator untouched" in told.words


def test_what_torch_holds_without_using_it_is_free(told):
    assert CudaRecorder(torch.device("cuda")).free_bytes() == 700 + 150
