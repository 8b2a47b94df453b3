"""Without scikit-learn everything else works, and the estimators say how to install it."""

import subprocess
import sys

import pytest


def run(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert not done.returncode, done.stderr
    return done.stdout


@pytest.mark.slow
def test_the_remedy_is_one_line_and_other_names_are_there():
    told = run(
        "import sys\n"
        "sys.modules['sklearn'] = sys.modules['sklearn.base'] = None\n"
        "from chalknet import *\n"
        "for estimator in (NetRegressor, NetClassifier):\n"
        "    try:\n        estimator()\n"
        "    except MissingPackage as problem:\n        print(problem)\n"
        "print(fit.__name__)"
    )
    lines = told.splitlines()
    assert len(lines) == 3 and lines[2] == "fit"
    assert "NetRegressor: got no scikit-learn" in lines[0]
    assert all(line.endswith('Install it: pip install "chalknet[sklearn]".') for line in lines[:2])


@pytest.mark.slow
def test_a_fit_does_not_load_scikit_learn():
    code = "import chalknet as cn, sys; cn.fit; print('sklearn' in sys.modules)"
    assert run(code) == "False\n"
