"""What a type checker says of users' scripts and of every docstring example of the public names."""

import doctest
import subprocess
import sys
from pathlib import Path

import pytest

import chalknet as cn

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SCRIPTS = sorted((HERE / "scripts").glob("*.py"))
CHECKERS = {
    "mypy": ["mypy", "--strict", "--config-file=", "--cache-dir", str(ROOT / ".mypy_cache" / "users")],
    "pyright": ["pyright", "--project"],
}
PYRIGHT = """{
  "typeCheckingMode": "strict", "reportUnnecessaryTypeIgnoreComment": true, "enableTypeIgnoreComments": false,
  "reportUnusedVariable": false, "reportUnusedExpression": false, "reportMissingTypeStubs": false,
  "reportUnknownMemberType": false, "reportUnknownVariableType": false, "reportUnknownArgumentType": false,
  "reportPrivateImportUsage": false
}"""


def examples():
    """Return the examples in the docstrings of the public names, a script each."""
    for name in cn.__all__:
        value = getattr(cn, name)
        documented = [value, *(vars(value).values() if isinstance(value, type) else ())]
        for index, each in enumerate(documented):
            text = getattr(each, "__doc__", None) or ""
            found = [example.source for example in doctest.DocTestParser().get_examples(text)]
            if found and "..." not in text.split(">>>")[0][-4:]:
                yield f"example_{name}_{index}.py", "".join(found)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("users")
    for script in SCRIPTS:
        (folder / script.name).write_text(script.read_text(encoding="utf-8"), encoding="utf-8")
    for name, source in examples():
        (folder / name).write_text(source, encoding="utf-8")
    (folder / "pyrightconfig.json").write_text(PYRIGHT)
    return folder


def test_there_are_scripts_and_examples_to_check(folder):
    names = {path.name for path in folder.glob("*.py")}
    assert {"use_fits.py", "wrong_use.py"} <= names
    assert len(names) > 20


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("checker", CHECKERS)
def test_a_users_scripts_and_every_example_pass(checker, folder):
    command = [sys.executable, "-m", *CHECKERS[checker], str(folder)]
    if checker == "pyright":
        command += ["--pythonpath", sys.executable]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
