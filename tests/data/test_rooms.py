"""The rooms inside the data room are entered by their doors, which only hand names on."""

import ast
from pathlib import Path

import pytest

DATA = Path(__file__).parents[2] / "src" / "chalknet" / "data"
ROOMS = sorted(path.parent.name for path in DATA.glob("*/__init__.py"))


@pytest.mark.parametrize("path", sorted(DATA.rglob("*.py")), ids=lambda path: str(path.relative_to(DATA)))
def test_an_inner_room_is_entered_by_its_door(path):
    own = path.relative_to(DATA).parts[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("chalknet.data."):
            _, _, room, *behind = node.module.split(".")
            assert not behind or room == own, f"{node.module} is behind the door of {room}"


@pytest.mark.parametrize("room", ROOMS)
def test_an_inner_door_is_at_most_40_lines_and_only_hands_names_on(room):
    text = (DATA / room / "__init__.py").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 40
    assert {type(node) for node in ast.parse(text).body} <= {ast.Expr, ast.ImportFrom}
