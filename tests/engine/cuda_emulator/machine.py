"""The emulator as a machine: the kernels' own source, compiled by g++ and run on the CPU."""

import ctypes
import hashlib
import shutil
import subprocess
from pathlib import Path

from chalknet.engine.fused_cuda.schedules import Limits

HERE = Path(__file__).parent
_DRIVER = """
static void run_updates(const void* call) { updates(*(const Call*)call); }
extern "C" const char* run(const Call* call, int blocks, int threads, long shared, unsigned seed) {
  return emulate(blocks, threads, shared, seed, run_updates, call);
}
"""


class Emulator:
    """Runs launches on the CPU.

    Args:
        folder: where compiled sources are kept.
        meet: how the blocks of every launch meet.
        multiprocessors: of the device.
        seed: another order of the threads' turns for each; 0 for their own.
        shared_bytes: of a block.
        threads: of a block, at most.
    """

    emulator = '#include "emulator.h"'

    def __init__(self, folder, meet=None, multiprocessors=3, seed=0, shared_bytes=200_000, threads=96):
        self.limits = Limits(90, multiprocessors, shared_bytes, threads)
        self.meet, self._folder, self._seed = meet, Path(folder), seed

    def kernel(self, source, launch):
        library = ctypes.CDLL(str(self._compiled(source)))
        library.run.restype = ctypes.c_char_p
        assert launch.shared_bytes <= self.limits.shared_bytes

        def run(call):
            failed = library.run(
                ctypes.byref(call),
                launch.blocks,
                launch.threads,
                ctypes.c_long(launch.shared_bytes),
                self._seed,
            )
            assert failed is None, failed.decode()

        return run

    def _compiled(self, source):
        text = source + _DRIVER
        path = self._folder / f"{hashlib.sha256(text.encode()).hexdigest()[:24]}.so"
        if not path.exists():
            path.with_suffix(".cpp").write_text(text)
            standard, runtime = self._folder / "standard.h", self._folder / "runtime.o"
            if not standard.exists():
                _compile("-O2", "-c", "-o", runtime, HERE / "runtime.cpp")
                _compile("-O0", "-x", "c++-header", "-o", f"{standard}.gch", HERE / "standard.h")
                standard.write_text((HERE / "standard.h").read_text())
            _compile("-O0", "-include", standard, "-shared", "-o", path, path.with_suffix(".cpp"), runtime)
        return path


def _compile(*options):
    usual = "-std=c++17", "-w", "-fPIC", "-ffp-contract=off", f"-I{HERE}"
    linker = ["-fuse-ld=gold"] if shutil.which("ld.gold") else []  # a quarter of the other one's time
    command = ["g++", *usual, *linker, *map(str, options)]
    found = subprocess.run(command, capture_output=True, text=True)
    assert found.returncode == 0, found.stderr[:4000]
