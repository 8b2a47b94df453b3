"""The rules of the house that are no lint contract: doors, sizes, light imports, public names."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import chalknet as cn

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src" / "chalknet").rglob("*.py"))
ROOMS = {path.name for path in (ROOT / "src" / "chalknet").iterdir() if (path / "__init__.py").exists()}
HEAVY = ("torch", "numpy", "matplotlib", "safetensors", "tqdm", "rich")


def ids(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", SOURCES, ids=ids)
def test_a_file_is_at_most_400_lines_and_its_functions_50(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 400
    # A docstring is read apart from the code, and a command's options are a table of their own.
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            lines = body[-1].end_lineno - body[0].lineno + 1 if body else 0
            assert lines <= 50, f"{node.name} has {lines} lines"


@pytest.mark.parametrize("path", SOURCES, ids=ids)
def test_the_first_line_of_a_file_says_its_idea(path):
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert docstring and docstring.splitlines()[0].endswith((".", ":"))


@pytest.mark.parametrize("path", SOURCES, ids=ids)
def test_other_rooms_are_entered_by_their_door(path):
    own = path.relative_to(ROOT / "src" / "chalknet").parts[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("chalknet."):
            _, room, *behind = node.module.split(".")
            assert not behind or room == own, f"{node.module} is behind the door of {room}"


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_a_door_is_at_most_40_lines_and_only_hands_names_on(room):
    text = (ROOT / "src" / "chalknet" / room / "__init__.py").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 40
    kinds = {type(node) for node in ast.parse(text).body}
    assert kinds <= {ast.Expr, ast.ImportFrom, ast.Assign}


@pytest.mark.parametrize("path", SOURCES, ids=ids)
def test_nothing_but_the_command_prints(path):
    if "cli" in path.parts:
        return
    calls = [
        node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)
    ]
    assert not [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "print"]


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["count", "784 -> 32 relu -> 1 sigmoid"],
        ["read", "784 -> 32 relu -> 1 sigmoid", "--to", "latex"],
        ["read", "nn.Sequential(nn.Linear(1, 2))", "--to", "json"],
        ["fit", "--help"],
    ],
    ids=lambda words: " ".join(words[:1]),
)
def test_the_written_word_loads_neither_torch_nor_any_heavy_package(words):
    code = (
        f"import sys; sys.argv = ['chalknet', *{words!r}]\n"
        "from chalknet.cli import main\n"
        "try:\n    main()\n"
        "except SystemExit as end:\n    assert not end.code, end.code\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    allowed = "[]" if "--help" not in words else "['rich']"  # the help page itself is typeset by rich
    assert done.stderr.strip() in ("[]", allowed)


def test_a_room_is_imported_under_its_own_name_and_no_verb_has_that_name():
    import chalknet.training.history as module

    assert module.History is cn.History
    verbs = {name for name in cn.__all__ if name.islower()}
    assert not verbs & {path.stem for path in (ROOT / "src" / "chalknet").iterdir()}


def test_completion_shows_the_public_names_alone():
    assert dir(cn) == cn.__all__


def test_every_name_of_the_face_resolves_and_is_documented():
    for name in cn.__all__:
        assert getattr(cn, name).__doc__, name
    assert len(cn.__all__) <= 64  # the verbs, the values they give, the errors they raise


def test_an_unknown_name_of_the_face_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'fitt'"):
        cn.fitt  # noqa: B018


def test_the_picture_of_the_floors_in_the_docs_is_the_contract():
    import tomllib

    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    rooms = {room.strip() for layer in contracts[0]["layers"] for room in layer.split("|")}
    architecture = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    picture = architecture.split("```")[1]
    assert not [room for room in rooms if room not in picture]
