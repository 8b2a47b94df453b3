"""The written half needs nothing but Python: no package is there, as in a browser."""

import subprocess
import sys
from pathlib import Path

import pytest

from chalknet.forms import written

ROOT = Path(__file__).parents[2]
LECTURE = "X(n,784) -l1-> u1(n,32) -relu-> v1(n,32) -l2-> u2(n,1) -sig-> v2(n,1) = yhat"


def alone(program: str) -> str:
    """Return what a program prints that finds Python's own modules and chalknet, and no other package."""
    start = f"import sys; sys.path.insert(0, {str(ROOT / 'src')!r})\nimport chalknet as cn\n"
    words = [sys.executable, "-I", "-S", "-X", "utf8", "-c", start + program]
    return subprocess.run(words, capture_output=True, encoding="utf-8", check=True).stdout.strip()


def test_a_network_is_read_written_counted_drawn_and_compared_without_a_package():
    forms = [name for name in written() if name not in ("onnx", "mathml")]  # not from a text; not read
    program = (
        f"net = cn.read({LECTURE!r})\n"
        f"for form in {forms!r}:\n"
        "    assert cn.read(cn.write(net, form), notation=form).steps == net.steps, form\n"
        "assert cn.count(net).parameters == 25153\n"
        "for dialect in ('blocks', 'input-hidden-output'):\n"
        "    assert cn.draw(net, dialect).svg.startswith('<svg')\n"
        "assert not cn.difference(net, '784 -> 32 relu -> 1 sigmoid')\n"
        "print(sorted(name for name in ('torch', 'numpy', 'rich') if name in sys.modules))"
    )
    assert alone(program) == "[]"


@pytest.mark.parametrize(
    "text", ['<svg><g class="node"><title>a</title></g></svg>', "<graphml><graph/></graphml>"]
)
def test_what_needs_a_package_is_refused_by_its_name(text):
    program = f"try:\n    cn.read({text!r})\nexcept cn.MissingPackage as problem:\n    print(problem)"
    assert "no package defusedxml" in alone(program)
    assert "pip install chalknet" in alone(program)
