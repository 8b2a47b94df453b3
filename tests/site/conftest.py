"""The site as `make docs` builds it, once for all processes of the tests."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

ROOT = Path(__file__).parents[2]
PYODIDE = ROOT / "tools" / "site" / "node_modules" / "pyodide"


@pytest.fixture(scope="session")
def site(tmp_path_factory) -> Path:
    """Return the folder of the built site; a warning of mkdocs is an error."""
    base = tmp_path_factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder = base / "site"
    with FileLock(base / "site.lock"):
        if not folder.exists():
            words = [
                sys.executable,
                "-m",
                "mkdocs",
                "build",
                "--strict",
                "--quiet",
                "--site-dir",
                str(folder),
            ]
            environment = os.environ | {"NO_MKDOCS_2_WARNING": "1", "PYTHONWARNINGS": "ignore"}
            done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True)
            if done.returncode:
                shutil.rmtree(folder, ignore_errors=True)
                pytest.fail(done.stderr[-3000:])
    return folder


@pytest.fixture(scope="session")
def wheel(site) -> Path:
    """Return the wheel that the site ships, which holds no compiled code."""
    if not PYODIDE.exists():
        pytest.skip("make docs fetches Pyodide from npm")
    return next(site.glob("try/chalknet-*-py3-none-any.whl"))
