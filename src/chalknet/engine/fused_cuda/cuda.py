"""A CUDA device: kernels compiled by NVRTC, kept on disk, and launched, by NVIDIA's Python bindings."""

from __future__ import annotations

import ctypes
import hashlib
from pathlib import Path
from typing import Any

import torch

from chalknet.engine.fused_cuda.machine import Kernel
from chalknet.engine.fused_cuda.schedules import CLUSTER, GRID, Launch, Limits
from chalknet.errors import CodeUnavailable
from chalknet.files import cache_folder, write_whole

_OPTIONS = ("--std=c++17", "--fmad=true", "--prec-div=true", "--prec-sqrt=true")
_LIMIT = "CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN"


class CudaMachine:
    """Compiles and launches on a CUDA device.

    Args:
        device: a CUDA device; the present one when it has no number.

    Attributes:
        limits: of the device.
        emulator: empty.
        meet: None: chosen by the shape.
    """

    emulator = ""
    meet: int | None = None

    def __init__(self, device: torch.device) -> None:
        from cuda.bindings import driver

        self._driver = driver
        index = torch.cuda.current_device() if device.index is None else device.index
        self._device = torch.device("cuda", index)
        torch.zeros(1, device=self._device)  # makes the context
        found = torch.cuda.get_device_properties(index)
        with torch.cuda.device(self._device):
            own = _checked(driver.cuCtxGetDevice())
            shared = _checked(driver.cuDeviceGetAttribute(getattr(driver.CUdevice_attribute, _LIMIT), own))
            self._driver_version = _checked(driver.cuDriverGetVersion())
        self.limits = Limits(10 * found.major + found.minor, found.multi_processor_count, shared)

    def kernel(self, source: str, launch: Launch) -> Kernel:
        """Return what launches the kernel `updates` of a source; it is compiled once on this machine."""
        driver = self._driver
        code = self._code(source)
        with torch.cuda.device(self._device):
            module = _checked(driver.cuModuleLoadData(code))
            function = _checked(driver.cuModuleGetFunction(module, b"updates"))
            attribute = driver.CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES
            _checked(driver.cuFuncSetAttribute(function, attribute, launch.shared_bytes))
        config = driver.CUlaunchConfig()
        config.gridDimX, config.gridDimY, config.gridDimZ = launch.blocks, 1, 1
        config.blockDimX, config.blockDimY, config.blockDimZ = launch.threads, 1, 1
        config.sharedMemBytes = launch.shared_bytes
        if launch.meet in (GRID, CLUSTER):
            config.attrs, config.numAttrs = [_attribute(driver, launch)], 1

        def run(call: ctypes.Structure) -> None:
            arguments = (ctypes.c_void_p * 1)(ctypes.addressof(call))
            with torch.cuda.device(self._device):
                config.hStream = torch.cuda.current_stream().cuda_stream
                _checked(driver.cuLaunchKernelEx(config, function, ctypes.addressof(arguments), 0))

        run.module = module  # type: ignore[attr-defined]  # kept loaded as long as the kernel is used
        return run

    def _code(self, source: str) -> bytes:
        from cuda.bindings import nvrtc

        options = (*_OPTIONS, f"--gpu-architecture=sm_{self.limits.architecture}")
        version = _checked(nvrtc.nvrtcVersion())
        key = hashlib.sha256("\n".join((source, *options, str(version), str(self._driver_version))).encode())
        path = _folder() / f"{key.hexdigest()[:32]}.cubin"
        if path.exists():
            content = path.read_bytes()
            if content[:32] == hashlib.sha256(content[32:]).digest():
                return content[32:]
        code = compiled(source, options)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, hashlib.sha256(code).digest() + code)
        return code


def compiled(source: str, options: tuple[str, ...]) -> bytes:
    """Return the machine code of a source, by NVRTC; it needs no device.

    Raises:
        CodeUnavailable: where NVRTC refuses the source.
    """
    from cuda.bindings import nvrtc

    program = _checked(nvrtc.nvrtcCreateProgram(source.encode(), b"updates.cu", 0, [], []))
    (problem,) = nvrtc.nvrtcCompileProgram(program, len(options), [option.encode() for option in options])
    if int(problem):
        log = b" " * _checked(nvrtc.nvrtcGetProgramLogSize(program))
        _checked(nvrtc.nvrtcGetProgramLog(program, log))
        raise CodeUnavailable(
            where="engine fused_cuda",
            got=f"NVRTC, which refuses the kernel: {log.decode(errors='replace').strip()[:2000]}",
            wanted="a kernel that can be compiled",
            remedy='Say engine="graph".',
        )
    code: bytes = b" " * _checked(nvrtc.nvrtcGetCUBINSize(program))
    _checked(nvrtc.nvrtcGetCUBIN(program, code))
    _checked(nvrtc.nvrtcDestroyProgram(program))
    return code


def _folder() -> Path:
    return cache_folder() / "fused_cuda"


def _attribute(driver: Any, launch: Launch) -> Any:
    attribute = driver.CUlaunchAttribute()
    if launch.meet == GRID:  # refused by the driver where not all blocks can run at once: so it never hangs
        attribute.id = driver.CUlaunchAttributeID.CU_LAUNCH_ATTRIBUTE_COOPERATIVE
        attribute.value.cooperative = 1
    else:
        attribute.id = driver.CUlaunchAttributeID.CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION
        attribute.value.clusterDim.x = launch.blocks
        attribute.value.clusterDim.y = attribute.value.clusterDim.z = 1
    return attribute


def _checked(answer: Any) -> Any:
    """Return what a call of the driver or of NVRTC answers, without its code of success.

    Raises:
        CodeUnavailable: for any other code, such as that of a launch whose blocks cannot all run at once.
    """
    problem, *values = answer
    if int(problem):
        raise CodeUnavailable(
            where="engine fused_cuda",
            got=f"{getattr(problem, 'name', problem)} of CUDA",
            wanted="a kernel that is loaded and launched",
            remedy='Say engine="graph", or engine="eager".',
        )
    return values[0] if len(values) == 1 else tuple(values)
