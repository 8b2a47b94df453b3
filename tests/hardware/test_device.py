"""The inventory: what is here, what is free, and what is said of a device that is not here."""

import json
import os
import subprocess
import sys
from types import SimpleNamespace

import psutil
import pytest
import torch

import chalknet as cn
from chalknet.errors import Refused, UnknownName
from chalknet.hardware import checked_device, find_device
from chalknet.hardware.device import DriverView
from chalknet.system import main_memory


def test_the_cpu_is_there_first_with_what_the_system_says():
    cpu = cn.devices()[0]
    assert (cpu.name, cpu.kind, cpu.threads) == ("cpu", "cpu", torch.get_num_threads())
    assert 0 < cpu.memory_free_bytes <= cpu.memory_total_bytes <= psutil.virtual_memory().total
    assert 1 <= cpu.processors <= os.cpu_count()
    assert cpu.others_bytes is None


def test_the_printed_inventory_is_a_table_with_a_line_a_device():
    lines = str(cn.devices()).splitlines()
    assert lines[0].split()[:2] == ["device", "hardware"]
    assert len(lines) == 1 + len(cn.devices())
    assert "processors" in str(cn.devices()[0])


@pytest.fixture
def three_gpus(monkeypatch):
    """Let torch see three GPUs; what is free on them is asked of CUDA, which is noted."""
    asked = []

    def mem_get_info(index):
        asked.append(index)
        return (10 + index) << 30, 24 << 30

    facts = SimpleNamespace(name="RTX 3090", multi_processor_count=82, total_memory=24 << 30, uuid="abc")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 1)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda index: facts)
    monkeypatch.setattr(torch.cuda, "mem_get_info", mem_get_info)
    return asked


def test_a_gpu_shows_its_multiprocessors_memory_and_that_nobody_tells_of_others(three_gpus):
    names = [device.name for device in cn.devices()]
    assert names[:4] == ["cpu", "cuda:0", "cuda:1", "cuda:2"]
    gpu = cn.devices()[2]
    assert (gpu.hardware, gpu.processors, gpu.threads) == ("RTX 3090", 82, None)
    assert (gpu.memory_total_bytes, gpu.memory_free_bytes, gpu.others_bytes) == (24 << 30, 11 << 30, None)
    assert "unknown" in str(cn.devices()).splitlines()[2]


def test_the_driver_is_asked_rather_than_cuda_which_would_make_a_context(three_gpus, monkeypatch):
    view = DriverView(20 << 30, 4 << 30, 3 << 30)
    module = sys.modules["chalknet.hardware.device"]
    monkeypatch.setattr(module, "driver_view", lambda uuid: view)
    gpu = find_device("cuda:2")
    assert (gpu.memory_free_bytes, gpu.others_bytes) == (20 << 30, 3 << 30)
    assert not three_gpus
    assert "hold 3.0 GiB" in str(cn.devices())


def test_without_a_number_it_is_the_current_one(three_gpus):
    assert checked_device("cuda") == "cuda:1"
    assert checked_device(torch.device("cuda:2")) == "cuda:2"
    assert checked_device(cn.devices()[3]) == "cuda:2"


def test_one_too_many_says_how_many_there_are(three_gpus):
    with pytest.raises(Refused, match=r"got cuda:3 asked, 3 there; wanted .*cpu, cuda:0, cuda:1, cuda:2"):
        checked_device("cuda:3")


@pytest.mark.parametrize(
    ("word", "error", "words"),
    [
        ("cpu:1", Refused, "cpu:1 asked, 1 there"),
        ("xpu", Refused, "xpu asked, none there"),
        ("meta", Refused, "meta, which holds shapes and no numbers; wanted one that is here and can compute"),
        ("cup", UnknownName, "the unknown device 'cup'; .* Did you mean cpu"),
        ("", UnknownName, "the unknown device ''"),
        ("cpu:x", UnknownName, "the unknown device 'cpu:x'"),
    ],
)
def test_a_device_that_is_not_here_is_refused_in_plain_words(word, error, words):
    with pytest.raises(error, match=words):
        checked_device(word)


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without a GPU")
def test_the_word_gpu_is_answered_with_torchs_own():
    with pytest.raises(UnknownName, match="gpu would be cuda in torch, of which there is none here"):
        checked_device("gpu")
    with pytest.raises(Refused, match=r"cuda:3 asked, none there.*built without CUDA"):
        checked_device("cuda:3")


def test_the_word_gpu_means_cuda_where_there_is_one(three_gpus):
    with pytest.raises(UnknownName, match="Did you mean cuda"):
        checked_device("gpu")


def test_meta_will_do_where_nothing_is_computed():
    assert checked_device("meta", computing=False) == "meta"


@pytest.mark.parametrize(
    ("files", "limit", "used"),
    [
        (
            {
                "proc/self/cgroup": "0::/work/job\n",
                "sys/fs/cgroup/work/job/memory.max": "max\n",
                "sys/fs/cgroup/work/memory.max": "1000000\n",
                "sys/fs/cgroup/work/memory.current": "700000\n",
                "sys/fs/cgroup/work/memory.stat": "anon 5\ninactive_file 200000\n",
            },
            1_000_000,
            500_000,
        ),
        (
            {  # inside a container the group shows itself as the top
                "proc/self/cgroup": "0::/../../elsewhere\n",
                "sys/fs/cgroup/memory.max": "2000000\n",
                "sys/fs/cgroup/memory.current": "500000\n",
            },
            2_000_000,
            500_000,
        ),
        (
            {
                "proc/self/cgroup": "9:cpu,cpuacct:/\n4:memory:/job\n",
                "sys/fs/cgroup/memory/job/memory.limit_in_bytes": "3000000\n",
                "sys/fs/cgroup/memory/job/memory.usage_in_bytes": "1000000\n",
                "sys/fs/cgroup/memory/job/memory.stat": "total_inactive_file 250000\n",
                "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
            },
            3_000_000,
            750_000,
        ),
    ],
    ids=["version 2, a group above", "version 2, a container", "version 1"],
)
def test_the_limit_of_a_cgroup_is_honoured(tmp_path, files, limit, used):
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    memory = main_memory(tmp_path)
    assert (memory.total_bytes, memory.free_bytes) == (limit, limit - used)


def test_without_a_limit_it_is_the_machines_memory(tmp_path):
    assert main_memory(tmp_path).total_bytes == psutil.virtual_memory().total


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs RLIMIT")
def test_a_limit_on_the_process_is_honoured():
    code = (
        "import resource, chalknet as cn\n"
        "resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))\n"
        "import json; cpu = cn.devices()[0]\n"
        "print(json.dumps([cpu.memory_total_bytes, cpu.memory_free_bytes]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    total, free = json.loads(done.stdout)
    assert total == min(8 << 30, psutil.virtual_memory().total)
    assert free < 8 << 30
