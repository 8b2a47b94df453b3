"""Object code: what is shipped is what is called; damage and other processors are noticed, and end no fit."""

import ctypes
import os
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import psutil
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from chalknet.data import ArraySource, Batches
from chalknet.engine.fused_cpu import (
    FusedCpu,
    building,
    kernels,
    levels,
    loops,
    object_file,
    objects,
)
from chalknet.engine.fused_cpu.names import Array, Keys, WholeNumbers
from chalknet.errors import CodeUnavailable
from chalknet.network import ACTIVATIONS, Activation, Dropout, Linear, Network
from chalknet.planning import LOSSES, DataFacts, Placement, Plan, Recipe

pytestmark = pytest.mark.timeout(300)

LOOP = object_file.Loop(
    "loop_of_a_test",
    "float64",
    ("array", "array", "int", "options"),
    "def loop_of_a_test(zs, hs, numbers, options):\n"
    "    for i in range(numbers):\n        hs[i] = zs[i] * options[0] + exp(zs[i])\n    return 7.0\n",
)
UNIT = object_file.Unit(LOOP.name, loops=(LOOP,))
LEVEL = object_file.current_level().name


@pytest.fixture(scope="module")
def content():
    """Return the content of the file of a loop, compiled here."""
    return building.build([UNIT], LEVEL, 1)[0]


@pytest.fixture
def places(tmp_path, monkeypatch):
    """Let nothing be loaded, nothing be shipped and the cache be empty; return the cache's folder."""
    monkeypatch.setattr(objects, "SHIPPED", tmp_path / "shipped")
    monkeypatch.setattr(objects, "cache_folder", lambda: tmp_path)
    monkeypatch.setattr(objects, "_LOADED", {})
    return tmp_path / "objects"


@pytest.fixture
def built(monkeypatch, content):
    """Let compiling take no time; return how often it was asked for."""
    asked = []

    def build(units, *_):
        asked.extend(unit.name for unit in units)
        return [content] * len(units)

    monkeypatch.setattr(objects, "build", build)
    return asked


def values_by(address: int) -> np.ndarray:
    z, h, options = np.linspace(-3, 3, 100), np.zeros(100), np.array([2.5])
    pointer = ctypes.c_void_p
    loop = ctypes.CFUNCTYPE(ctypes.c_double, pointer, pointer, ctypes.c_int64, pointer)(address)
    assert loop(z.ctypes.data, h.ctypes.data, len(z), options.ctypes.data) == 7.0
    np.testing.assert_allclose(
        h, z * 2.5 + np.exp(z), rtol=0, atol=1e-14
    )  # exp may be wrong by two units of 20
    return h


def test_a_loop_computes_what_its_text_says(content):
    values_by(object_file.LoadedCode(object_file.from_bytes(content)).address(LOOP.name))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_file_of_which_any_bit_has_changed_or_the_end_is_lost_is_never_loaded(content, data):
    at = data.draw(st.integers(0, len(content) - 1))
    flipped = bytearray(content)
    flipped[at] ^= 1 << data.draw(st.integers(0, 7))
    for damaged in (bytes(flipped), content[:at], content + b"\0"):
        with pytest.raises(object_file.Damaged):
            object_file.from_bytes(damaged)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200), st.booleans())
def test_nonsense_is_never_loaded(noise, begins_well):
    with pytest.raises(object_file.Damaged):
        object_file.from_bytes(object_file._MAGIC * begins_well + noise)


@pytest.mark.parametrize("kind", ["damaged", "empty", "folder", "another processor", "another library"])
def test_a_file_that_cannot_be_used_is_compiled_anew_and_noted(places, built, content, kind):
    path = places / object_file.file_name(UNIT.name, LEVEL)
    path.parent.mkdir()
    code = object_file.from_bytes(content)
    other = object_file.ObjectCode("x86-64-v9", code.symbols, code.code)
    lacking = object_file.ObjectCode(LEVEL, code.symbols, code.code + b"\0fmodf\0")
    found = {
        "damaged": content[:-1], "empty": b"",
        "another processor": object_file.to_bytes(other), "another library": object_file.to_bytes(lacking),
    }  # fmt: skip
    path.mkdir() if kind == "folder" else path.write_bytes(found[kind])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(object_file, "_libraries", tuple)
        patch.setattr(object_file, "_CALLED", ("fmodf",))
        with objects.loading() as notes:
            values_by(objects.address_in((UNIT,), LOOP.name))
    assert built == [UNIT.name]
    assert len(notes) == 1 and str(path) in notes[0] and "compiled anew" in notes[0]
    objects._LOADED.clear()
    if kind != "folder":  # which chalknet does not replace
        with objects.loading() as notes:
            objects.address_in((UNIT,), LOOP.name)
        assert built == [UNIT.name] and not notes


def test_what_is_shipped_is_taken_before_the_cache_and_an_unwritable_cache_is_no_matter(
    places, built, content, monkeypatch
):
    place = places.parent / "file"
    place.touch()
    monkeypatch.setattr(objects, "cache_folder", lambda: place)
    values_by(objects.address_in((UNIT,), LOOP.name))
    assert built == [UNIT.name]
    objects._LOADED.clear()
    objects.SHIPPED.mkdir()
    (objects.SHIPPED / object_file.file_name(UNIT.name, LEVEL)).write_bytes(content)
    with objects.loading() as notes:
        objects.address_in((UNIT,), LOOP.name)
    assert built == [UNIT.name] and not notes


def test_a_cache_shared_by_two_processors_holds_both(places, built, content, monkeypatch):
    objects.address_in((UNIT,), LOOP.name)
    code = object_file.from_bytes(content)
    other = levels.InstructionSet("x86-64-v9", 64)
    monkeypatch.setattr(objects, "current_level", lambda: other)
    monkeypatch.setattr(
        objects,
        "build",
        lambda *_: [object_file.to_bytes(object_file.ObjectCode(other.name, code.symbols, code.code))],
    )
    objects._LOADED.clear()
    objects.address_in((UNIT,), LOOP.name)
    kept = [path.name for path in places.glob("*.bin")]
    assert sorted(kept) == sorted(object_file.file_name(UNIT.name, name) for name in (LEVEL, "x86-64-v9"))


@given(st.sets(st.sampled_from(sorted(set().union(*(level.features for level in levels.LEVELS.values()))))))
def test_a_level_is_taken_only_where_all_its_features_are(features):
    for machine in ("x86_64", "AMD64", "aarch64", "arm64", "riscv64"):
        usable = levels.levels_of(machine, features)
        assert usable and all(level.features <= features for level in usable)
        assert ("generic" in {level.name for level in usable}) == ("64" in machine and machine[0] not in "xA")
        widths = [level.vector_bytes for level in usable]
        assert widths == sorted(widths, reverse=True)


def test_a_processor_that_lacks_one_feature_of_a_level_gets_the_level_below():
    every = set().union(*(level.features for level in levels.LEVELS.values()))
    assert levels.levels_of("x86_64", every)[0].name == "x86-64-v4"
    assert levels.levels_of("x86_64", every - {"avx512dq"})[0].name == "x86-64-v3"
    assert levels.levels_of("x86_64", every - {"fma"})[0].name == "x86-64-v2"
    assert levels.levels_of("x86_64", every - {"popcnt"})[0].name == "x86-64"


class Inner(NamedTuple):
    """Numbers and an array in a tuple."""

    half: float
    keys: Keys
    count: int


class Outer(NamedTuple):
    """A tuple in a tuple."""

    weights: Array
    inner: Inner
    order: WholeNumbers


@pytest.mark.slow
def test_a_kernel_reads_of_its_arguments_what_python_has_packed(monkeypatch):
    from chalknet.engine.fused_cpu import compile as compiling
    from chalknet.engine.fused_cpu.scalars import part

    @part
    def seen(outer, number):
        inner, order = outer.inner, outer.order
        order[0] = number + inner.count
        outer.weights[1] = outer.weights[0] + inner.half
        total = 0
        for i in range(len(inner.keys)):
            total += inner.keys[i]
        return total + 10 * len(order) + 100 * len(outer.weights)

    kernel = kernels.Kernel("seen", "seen_by_a_test", (Outer, int))
    monkeypatch.setitem(kernels.KERNELS, "seen", kernel)
    monkeypatch.setitem(sys.modules, "chalknet.engine.fused_cpu.seen_by_a_test", SimpleNamespace(seen=seen))
    monkeypatch.setenv("NUMBA_CPU_NAME", LEVEL)
    code = object_file.LoadedCode(compiling.compiled(kernel.unit("float32")))
    monkeypatch.setattr(objects, "_LOADED", {kernel.unit("float32").name: code})
    for count in (-(2**62), 0, 5):
        weights, order = np.array([0.25, 0, 7], dtype=np.float32), np.array([1, 2])
        outer = Outer(weights, Inner(-0.5, np.array([2**32 - 1, 4], dtype=np.uint32), count), order)
        assert kernel(outer, 3) == 2**32 + 3 + 20 + 300
        assert order[0] == count + 3 and weights[1] == -0.25


def units_that_a_fit_calls(network, loss, dtype, monkeypatch):
    """Return the units of a fit's kernels, as its arguments name them."""
    called = []
    monkeypatch.setattr(kernels, "_entry", lambda unit: called.append(unit) or (lambda packed: 0))
    monkeypatch.setattr(objects, "address_in", lambda units, symbol: 0)
    monkeypatch.setattr("chalknet.engine.fused_cpu.session._provide", lambda *asked: None)
    recipe, torch_dtype = Recipe(loss, updates=1, batch_size=4), getattr(torch, dtype)
    x = torch.ones(8, *network.input_shape, dtype=torch_dtype)
    shape = (8,) if loss == "cross_entropy" else (8, *network.output_shape)
    y = torch.zeros(shape, dtype=torch.int64 if loss == "cross_entropy" else torch_dtype)
    source = ArraySource(x, y)
    facts = DataFacts("data", 8, source.x_shape, source.y_shape)
    plan = Plan(network, "", recipe, facts, Placement("cpu", dtype, 2), "", None, 1)
    FusedCpu().open(plan, Batches(source, 4, True), None)
    return called


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("loss", ["mse", "cross_entropy"])
@pytest.mark.parametrize(
    "network",
    [
        Network(2, (Linear(100), Activation("tanh"), Linear(2))),
        Network(2, (Linear(3), Dropout(0.5), Activation("elu", {"alpha": 3.0}), Linear(2))),
    ],
    ids=["one wide layer", "others"],
)
def test_every_kernel_that_fits_call_is_among_those_that_are_shipped(network, loss, dtype, monkeypatch):
    shipped = {kernel.unit(dtype) for kernel in kernels.KERNELS.values()}
    called = set(units_that_a_fit_calls(network, loss, dtype, monkeypatch))
    assert called and called <= shipped


@given(st.data())
def test_the_loops_of_an_activation_are_shipped_whatever_its_options(data):
    kind = data.draw(
        st.sampled_from([row for row in ACTIVATIONS.values() if row.elementwise and row.settled])
    )
    options = {
        name: data.draw(st.sampled_from(kind.choices[name]) if name in kind.choices else st.floats(0.1, 9))
        for name in data.draw(st.sets(st.sampled_from([*kind.options, ""]))) - {""}
    }
    step = Activation(kind.name, options)
    dtype = data.draw(st.sampled_from(["float32", "float64"]))
    names = {loop.name for loop in loops.loops_of_tables(dtype)}
    assert {loops.forward_loop(step, dtype).name, loops.backward_loop(step, dtype).name} <= names
    for loss in LOSSES.values():
        assert loss.target == "class" or loops.loss_loop(loss, dtype).name in names


def in_child(code: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, **environment}
    )
    assert not done.returncode, done.stderr
    return done.stdout


FIT = (
    "import sys, torch, chalknet as cn\n"
    "x = torch.linspace(-1, 1, 40).reshape(20, 2)\n"
    "recipe = dict(loss='mse', lr=0.1, updates=5, seed=1)\n"
    "fit = cn.fit('2 -> 3 relu -> 1', (x, x[:, :1]), engine='fused_cpu', **recipe)\n"
)


@pytest.mark.slow
def test_a_fit_imports_neither_the_compiler_nor_torchs_tracer():
    unwanted = ("numba", "torch._dynamo", "sympy", "pandas")
    assert in_child(f"{FIT}print([name for name in {unwanted} if name in sys.modules])").strip() == "[]"


@pytest.mark.slow
@pytest.mark.parametrize("missing", ["numba", "llvmlite"])
def test_without_compiled_code_or_a_way_to_make_it_eager_goes_on_with_a_note(missing, tmp_path):
    broken = tmp_path / "broken" / missing
    broken.mkdir(parents=True)
    (broken / "__init__.py").write_text("raise ImportError('broken on purpose')")
    path = os.pathsep.join([str(broken.parent), os.environ.get("PYTHONPATH", "")])
    code = FIT
    if missing == "numba":  # llvmlite is needed even for the code that is shipped
        code = "from pathlib import Path\nfrom chalknet.engine.fused_cpu import objects\n" + FIT.replace(
            "x = ", "objects.SHIPPED = Path('/nowhere')\nx = "
        )
    said = in_child(
        f"{code}print(fit.plan.engine, fit.plan.notes)\n"
        "again = cn.fit('2 -> 3 relu -> 1', (x, x[:, :1]), engine='eager', **recipe)\n"
        "assert again.history.loss == fit.history.loss",
        PYTHONPATH=path,
        XDG_CACHE_HOME=str(tmp_path / "cache"),
    )
    assert said.startswith("eager (") and "eager made the updates" in said and missing in said


def test_code_that_cannot_be_compiled_is_an_error_of_ours_with_the_reason(places, monkeypatch):
    wrong = object_file.Unit(
        "loop_wrong", loops=(object_file.Loop("f", "float64", ("int",), "def f(n): nonsense("),)
    )
    with pytest.raises(CodeUnavailable, match=r"none could be made .*SyntaxError"):
        objects.address_in((wrong,), "f")
    assert not list(places.glob("*.bin"))


def test_a_compiler_that_is_killed_is_noticed_and_the_next_try_compiles(places):
    started = threading.Event()

    def kill():
        started.wait(60)
        for child in psutil.Process().children():
            child.kill()

    killer = threading.Thread(target=kill)
    killer.start()
    original = building._Process.result
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(building._Process, "result", lambda self: started.set() or original(self))
        with pytest.raises(CodeUnavailable, match="loop_of_a_test ended with -9"):
            objects.address_in((UNIT,), LOOP.name)
    killer.join()
    assert not list(places.glob("*.bin"))
    values_by(objects.address_in((UNIT,), LOOP.name))


@pytest.mark.slow
def test_two_processes_that_need_the_same_code_compile_it_once(tmp_path):
    code = (
        "from pathlib import Path\n"
        "from tests.engine.test_objects import UNIT, LOOP, building, objects, values_by\n"
        "objects.SHIPPED = Path('/nowhere')\n"
        "built, original = [], objects.build\n"
        "objects.build = lambda units, *rest: built.extend(units) or original(units, *rest)\n"
        "values_by(objects.address_in((UNIT,), LOOP.name))\n"
        "print(len(built))"
    )
    path = os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")])
    environment = {"XDG_CACHE_HOME": str(tmp_path), "PYTHONPATH": path}
    said: list[str] = []
    both = [threading.Thread(target=lambda: said.append(in_child(code, **environment))) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert sorted(map(int, said)) == [0, 1]
