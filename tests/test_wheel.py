"""The wheels of `make wheel` hold the package, and compiled code where it is wanted, and nothing else."""

import os
import runpy
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from chalknet.engine.fused_cpu import levels, object_file

ROOT = Path(__file__).parents[1]
OBJECTS = Path("chalknet", "engine", "fused_cpu", "objects")
COMPILER = "tools/compile_objects.py"
NEEDED = ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE", ".gitignore", COMPILER)
NOT_SHIPPED = {".bin", ".pyc"}
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """Return a copy of what a wheel is built from, everything compiled: whole files, without real code."""
    folder = tmp_path_factory.mktemp("wheel")
    for name in NEEDED:
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    shutil.copytree(ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__", "*.bin"))
    (folder / "src" / OBJECTS).mkdir(exist_ok=True)
    for name in compiled_names():
        content = object_file.to_bytes(object_file.ObjectCode("any", (), b"no code"))
        (folder / "src" / OBJECTS / name).write_bytes(content)
    (folder / "src" / OBJECTS / "loops-float32-x86-64-v3-00000000.bin").write_bytes(b"of other sources")
    (folder / "src" / "chalknet" / "__pycache__").mkdir()
    (folder / "src" / "chalknet" / "__pycache__" / "forms.pyc").write_bytes(b"")
    return folder


def compiled_names():
    kept = list(sys.path), dict(sys.modules)  # the script puts stand-ins for two packages there
    try:
        units = runpy.run_path(str(ROOT / COMPILER))["units"]()
    finally:
        sys.path[:] = kept[0]
        sys.modules.clear()
        sys.modules.update(kept[1])
    return [object_file.file_name(unit.name, level.name) for unit in units for level in levels.all_levels()]


def built(tree, kind):
    """Build a wheel; return its name and the files of the package in it."""
    environment = os.environ | {"CHALKNET_WHEEL": kind, "PYTHONPATH": ""}
    words = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tree / kind)]
    subprocess.run(words, cwd=tree, env=environment, check=True, capture_output=True)
    (wheel,) = (tree / kind).glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    return wheel.name, {name for name in names if not name.partition("/")[0].endswith(".dist-info")}


def sources():
    files = (path for path in (ROOT / "src" / "chalknet").rglob("*") if path.is_file())
    return {path.relative_to(ROOT / "src").as_posix() for path in files if path.suffix not in NOT_SHIPPED}


def test_the_wheel_of_a_system_holds_the_sources_and_code_for_every_instruction_set(tree):
    name, files = built(tree, "1")
    assert "-py3-none-" in name and not name.endswith("any.whl")
    assert files == sources() | {(OBJECTS / each).as_posix() for each in compiled_names()}


def test_the_wheel_for_every_system_holds_the_sources_alone(tree):
    name, files = built(tree, "pure")
    assert name.endswith("-py3-none-any.whl")
    assert files == sources()
