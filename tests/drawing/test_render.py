"""DOT and Mermaid are taken by the tools that people render them with (`make render` fetches those)."""

import shutil
import subprocess
from pathlib import Path

import pytest

import chalknet as cn
from chalknet.drawing import DIALECTS
from chalknet.errors import CannotExpress

TOOLS = Path(__file__).parents[1] / "render"
FORMULAS = (
    "1 -> 1 sigmoid",
    "28x28 flatten -> 128 leaky_relu(0.2) dropout(0.3) -> 64 nobias -> 10 softmax",
    "m -> k tanh -> 3",
)


@pytest.mark.slow
@pytest.mark.skipif(not (TOOLS / "node_modules").exists(), reason="make render fetches Graphviz and Mermaid")
def test_graphviz_and_mermaid_take_every_dialect(tmp_path):
    files = []
    for number, formula in enumerate(FORMULAS):
        network = cn.read(formula)
        for dialect in DIALECTS:
            if dialect == "numbers":
                continue
            try:
                drawing = cn.draw(network, dialect, bias="nodes", language="ko")
            except CannotExpress:
                continue
            files += [drawing.save(tmp_path / f"{number}-{dialect}.{suffix}") for suffix in ("dot", "mmd")]
    node = shutil.which("node") or "node"
    done = subprocess.run([node, "render.mjs", *files], cwd=TOOLS, capture_output=True, text=True, check=True)
    assert done.stdout.count("ok ") == len(files) > 40, done.stdout
