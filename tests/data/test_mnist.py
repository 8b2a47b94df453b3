"""The digits: the shipped ones against their bytes, the downloaded ones from a server of the test's own."""

import gzip
import hashlib
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
import torch

from chalknet.data import load, mnist, mnist01
from chalknet.data.formats import TEST_IMAGES, TEST_LABELS, TRAIN_IMAGES, TRAIN_LABELS
from chalknet.data.formats.idx import idx_bytes
from chalknet.data.mnist import SHA256
from chalknet.errors import DataError, FileProblem
from chalknet.files import cache_folder

SHIPPED = resources.files("chalknet.data") / "mnist01"
SMALL = {
    TRAIN_IMAGES: np.arange(20 * 4, dtype=np.uint8).reshape(20, 2, 2),
    TRAIN_LABELS: np.arange(20, dtype=np.uint8) % 10,
    TEST_IMAGES: np.arange(10 * 4, dtype=np.uint8).reshape(10, 2, 2),
    TEST_LABELS: np.arange(10, dtype=np.uint8),
}
CHECKSUMS = {name: hashlib.sha256(idx_bytes(array)).hexdigest() for name, array in SMALL.items()}
NOWHERE = "http://127.0.0.1:9/"  # the discard port: refused at once


@pytest.fixture(scope="module")
def digits():
    return mnist01()


def shipped_bytes(name):
    return gzip.decompress((SHIPPED / f"{name}.gz").read_bytes())


def test_c6_the_zeros_come_first_then_the_ones(digits):
    assert (len(digits), digits.x_shape, digits.y_shape) == (12_665, (784,), (1,))
    assert digits.y.flatten().tolist() == [0.0] * 5_923 + [1.0] * 6_742
    assert digits.held_out.y.flatten().tolist() == [0.0] * 980 + [1.0] * 1_135
    assert (digits.x.dtype, digits.y.dtype) == (torch.float32, torch.float32)
    assert (digits.name, digits.held_out.name) == ("mnist01", "mnist01 held out")


def test_c6_pixels_are_the_shipped_bytes_over_255_bit_for_bit(digits):
    for name, source in ((TRAIN_IMAGES, digits), (TEST_IMAGES, digits.held_out)):
        data = shipped_bytes(name)[16:]
        pixels = torch.frombuffer(bytearray(data), dtype=torch.uint8).reshape(-1, 784)
        assert torch.equal(source.x, pixels.float() / 255)


def test_the_shipped_files_are_small_and_say_where_they_come_from():
    sizes = [len(file.read_bytes()) for file in SHIPPED.iterdir()]
    assert sum(sizes) <= 2_500_000
    origin = (SHIPPED / "ORIGIN.md").read_text(encoding="utf-8")
    for word in ("LeCun", "Special Databases 1 and 3", "ShareAlike 3.0", "make_mnist01.py"):
        assert word in origin


def test_the_name_gives_the_shipped_digits(digits):
    assert torch.equal(load("mnist01").x, digits.x)


def write(folder, files=SMALL):
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in files.items():
        (folder / f"{name}.gz").write_bytes(gzip.compress(idx_bytes(array)))
    return folder


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def serve():
    """Serve folders at addresses of this machine."""
    servers = []

    def start(folder):
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
        servers.append(server)
        threading.Thread(target=partial(server.serve_forever, poll_interval=0.01), daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}/"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def fetched(cache, *mirrors):
    return mnist(cache=cache, mirrors=mirrors, sha256=CHECKSUMS)


def test_the_files_are_downloaded_once_and_then_kept(tmp_path, serve):
    cache = tmp_path / "cache"
    for mirrors in ([serve(write(tmp_path / "good"))], [NOWHERE], []):
        source = fetched(cache, *mirrors)
        assert torch.equal(source.x, torch.arange(80).reshape(20, 4).float() / 255)
        assert source.y.tolist() == SMALL[TRAIN_LABELS].tolist()
        assert source.y.dtype == torch.int64
        assert len(source.held_out) == 10
    assert sorted(path.name for path in cache.iterdir()) == sorted(f"{name}.gz" for name in SMALL)


def test_a_mirror_with_other_or_damaged_files_is_passed_over(tmp_path, serve):
    other = write(tmp_path / "other", {name: array + 1 for name, array in SMALL.items()})
    damaged = write(tmp_path / "damaged")
    for path in damaged.iterdir():
        path.write_bytes(path.read_bytes()[:-5])
    empty = tmp_path / "empty"
    empty.mkdir()
    mirrors = [NOWHERE, *(serve(folder) for folder in (empty, other, damaged, write(tmp_path / "good")))]
    assert len(fetched(tmp_path / "cache", *mirrors)) == 20


def test_a_file_damaged_in_the_cache_is_fetched_again(tmp_path, serve):
    cache, good = tmp_path / "cache", serve(write(tmp_path / "good"))
    fetched(cache, good)
    whole = (cache / f"{TRAIN_LABELS}.gz").read_bytes()
    (cache / f"{TRAIN_LABELS}.gz").write_bytes(whole[:20])
    assert len(fetched(cache, good)) == 20
    assert (cache / f"{TRAIN_LABELS}.gz").read_bytes() == whole


def test_without_a_good_mirror_each_is_named_with_what_it_said_and_nothing_is_kept(tmp_path, serve):
    wrong = serve(write(tmp_path / "wrong", {name: array + 1 for name, array in SMALL.items()}))
    with pytest.raises(DataError) as caught:
        fetched(tmp_path / "cache", NOWHERE, wrong)
    assert NOWHERE in caught.value.got
    assert wrong in caught.value.got
    assert "SHA-256" in caught.value.got
    assert 'cn.load("that/folder")' in caught.value.remedy
    assert '"mnist01"' in caught.value.remedy
    assert not (tmp_path / "cache").exists()


def test_a_cache_that_cannot_be_written_is_a_file_problem(tmp_path, serve):
    (tmp_path / "file").write_text("")
    with pytest.raises(FileProblem, match="a cache folder that can be written"):
        fetched(tmp_path / "file" / "cache", serve(write(tmp_path / "good")))


def test_a_folder_is_checked_and_nothing_is_downloaded(tmp_path):
    source = mnist(write(tmp_path / "folder"), mirrors=[], sha256=CHECKSUMS)
    assert len(source) == 20
    with pytest.raises(DataError, match=f"{TRAIN_IMAGES}: got the SHA-256"):
        mnist(str(tmp_path / "folder"), mirrors=[], sha256=SHA256)
    (tmp_path / "folder" / f"{TEST_LABELS}.gz").unlink()
    with pytest.raises(DataError, match=f"a folder without {TEST_LABELS}"):
        mnist(tmp_path / "folder", mirrors=[], sha256=CHECKSUMS)


@pytest.mark.parametrize(
    ("system", "variables", "wanted"),
    [
        ("linux", {"XDG_CACHE_HOME": "/caches"}, "/caches/chalknet"),
        ("linux", {"XDG_CACHE_HOME": "relative"}, "HOME/.cache/chalknet"),
        ("linux", {}, "HOME/.cache/chalknet"),
        ("darwin", {}, "HOME/Library/Caches/chalknet"),
        ("win32", {}, "HOME/AppData/Local/chalknet"),
    ],
)
def test_the_cache_is_where_each_system_keeps_its_caches(monkeypatch, system, variables, wanted):
    if sys.platform != system:
        pytest.skip("platformdirs asks the system that it runs on")
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert cache_folder() == Path(wanted.replace("HOME", str(Path.home())))
