"""The rules of the house that are no lint contract: doors, sizes, light imports, public names."""

import ast
import inspect
import re
import subprocess
import sys
import tomllib
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
    if "cli" in path.parts or path.name == "notebook.py":  # where cn.show is, which prints
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
    assert len(cn.__all__) <= 71  # the verbs, the values they give, the errors they raise


def test_an_unknown_name_of_the_face_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'fitt'"):
        cn.fitt  # noqa: B018


def floors_of_the_contract() -> list[set[str]]:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    return [{room.strip() for room in layer.split("|")} for layer in contracts[0]["layers"]]


def floors_of_the_picture(architecture: str) -> list[set[str]]:
    """Return the rooms of each numbered row of the picture, the highest floor first."""
    rows = []
    for line in architecture.split("```")[1].strip("\n").split("\n"):
        if re.match(r"\s*\d+  ", line):
            rows.append(set())
        if rows:
            rows[-1] |= {
                name.removesuffix(".py") for name in re.findall(r"(?<!\S)(\w+)(?:/|\.py)(?=\s|$)", line)
            }
    return [row - {"__init__"} for row in rows]


def test_the_picture_of_the_floors_in_the_docs_is_the_contract():
    picture = floors_of_the_picture((ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8"))
    assert picture == floors_of_the_contract()


def test_a_room_that_is_left_out_of_the_picture_or_moved_is_noticed():
    architecture = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    lines = [line for line in architecture.split("```")[1].split("\n") if line.strip()]
    rows = [line for line in lines if "__init__" not in line]
    for row in rows:
        assert floors_of_the_picture(architecture.replace(f"{row}\n", "")) != floors_of_the_contract(), row
    moved = architecture.replace(f"{rows[-1]}\n", "").replace(rows[0], f"{rows[-1]}\n{rows[0]}")
    assert floors_of_the_picture(moved) != floors_of_the_contract()


def floor_of(thing: object) -> int:
    room = thing.__module__.split(".")[1]
    floors = floors_of_the_contract()
    return len(floors) - next(index for index, rooms in enumerate(floors) if room in rooms)


def test_no_method_of_a_value_reaches_upstairs():
    public = {name: getattr(cn, name) for name in cn.__all__}
    values = [thing for thing in public.values() if isinstance(thing, type)]
    verbs = {name: floor_of(thing) for name, thing in public.items() if thing not in values}
    assert cn.Network in values and verbs["fit"] > floor_of(cn.Network)
    for value in values:
        upstairs = {name for name, floor in verbs.items() if floor > floor_of(value)}
        assert not upstairs & set(dir(value)), value


def third_parties() -> dict[str, set[str]]:
    """Return the files that import each third party when they run, torch and numpy left out."""
    ours = {"chalknet", "torch", "numpy", *sys.stdlib_module_names}
    found: dict[str, set[str]] = {}
    for path in SOURCES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for_types = [
            node for node in tree.body if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        ]
        skipped = {inner for node in for_types for inner in ast.walk(node)}
        for node in ast.walk(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += (
                re.findall(r"^import_module\('(\w+)", ast.unparse(node)) if isinstance(node, ast.Call) else []
            )
            for name in {name.partition(".")[0] for name in names if node not in skipped} - ours:
                found.setdefault(name, set()).add(path.relative_to(ROOT / "src" / "chalknet").as_posix())
    return found


def test_a_third_party_is_imported_by_the_files_that_the_docs_name_and_by_no_other():
    architecture = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    table = re.findall(r"^\| ([\w, ]+) \| ((?:`[\w./]+`(?:, )?)+) \|$", architecture, re.MULTILINE)
    named = {
        party: set(re.findall(r"`(.*?)`", files)) for parties, files in table for party in parties.split(", ")
    }
    found = third_parties()
    assert set(found) == set(named)
    for party, files in found.items():
        by_place = {next((name for name in named[party] if path.startswith(name)), path) for path in files}
        assert by_place == named[party], f"{party} is imported by {', '.join(sorted(files))}"


def test_no_two_classes_have_one_name():
    names = [
        node.name
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    ]
    assert not [name for name in set(names) if names.count(name) > 1]


@pytest.mark.parametrize(
    "verb",
    [
        "read",
        "write",
        "draw",
        "count",
        "build",
        "fit",
        "plan",
        "compare",
        "race",
        "predict",
        "evaluate",
        "export",
        "serve",
    ],
)
def test_the_first_argument_of_a_verb_about_a_network_is_called_model(verb):
    assert next(iter(inspect.signature(getattr(cn, verb)).parameters)) == "model"


@pytest.mark.parametrize(
    "verb", ["fit", "plan", "compare", "race", "load", "describe", "resume", "predict", "evaluate"]
)
def test_data_has_one_name(verb):
    assert "data" in inspect.signature(getattr(cn, verb)).parameters
