"""What tests of the engines on a GPU share: a recorder and an emulator that stand for the device."""

import sys

import pytest
import torch
from tests.engine.cuda_emulator.machine import Emulator
from tests.engine.strict_recorder import StrictRecorder


@pytest.fixture(scope="module")
def one_thread():
    """Let the fused optimizers compute on one thread: theirs wait for each other on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def rmsprop_counts_its_steps_anywhere():
    """Let torch's RMSprop and NAdam take the CPU for a device that captures; fused ones need no leave."""
    with pytest.MonkeyPatch.context() as patch:
        for optimizer in (torch.optim.RMSprop, torch.optim.NAdam):
            module = sys.modules[optimizer.__module__]  # torch.optim hides the module's name
            patch.setattr(module, "_get_capturable_supported_devices", lambda **_: ["cpu", "cuda"])
        yield


@pytest.fixture
def graph_on_the_cpu(monkeypatch):
    """Let the engine of the table run on the CPU, by the strict recorder."""
    monkeypatch.setattr("chalknet.engine.graph.engine.CudaRecorder", lambda device: StrictRecorder())
    monkeypatch.setattr("chalknet.engine.graph.engine._device_reasons", lambda device: [])


@pytest.fixture(scope="session")
def emulator(tmp_path_factory):
    """Return what makes emulators; a source is compiled once for all tests."""
    folder = tmp_path_factory.mktemp("emulated")
    return lambda meet=None, **more: Emulator(folder, meet, **more)
