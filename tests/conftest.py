"""How the tests run: no deadlines, since a busy machine is no defect."""

import gc
import signal
from importlib import import_module

import pytest
from hypothesis import settings

collect_ignore = ["notation/strangers"]  # drawings and programs that are read, never run

settings.register_profile("chalknet", deadline=None, max_examples=60)
settings.load_profile("chalknet")
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell starts what it runs in the background so
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser):
    parser.addoption("--regold", action="store_true", help="write the golden files anew: look at them then")


def pytest_collection_finish():
    """Keep what the thousands of tests themselves take out of every later garbage collection."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _nothing_is_remembered(tmp_path_factory, monkeypatch):
    """Let no test find what an earlier fit measured, nor leave anything in the user's cache."""
    place = tmp_path_factory.getbasetemp() / "cache"
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path_factory.getbasetemp() / "data"))
    monkeypatch.setattr(import_module("chalknet.training.choice.timing_cache"), "cache_folder", lambda: place)
    (place / "measured.json").unlink(missing_ok=True)


@pytest.fixture(autouse=True)
def _signals_are_as_they_were():
    """Undo that a command which is run in this process ignores Ctrl-C once it is done."""
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)
