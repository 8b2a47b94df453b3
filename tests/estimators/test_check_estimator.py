"""scikit-learn's own checks of an estimator, all of them."""

import os
import subprocess
import sys

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

import chalknet as cn

ESTIMATORS = [
    cn.NetRegressor(),
    cn.NetClassifier(),
    cn.NetRegressor("? -> 8 tanh -> ?", early_stopping=True),
    cn.NetClassifier("? -> 16 relu -> ?", class_weight="balanced", updates=400, lr=0.01),
]


@parametrize_with_checks(ESTIMATORS)
def test_an_estimator_passes_every_check(estimator, check):
    check(estimator)


@pytest.mark.slow
def test_arrays_under_the_dispatch_of_array_libraries_pass_too():
    """SciPy reads its setting when it is imported."""
    code = (
        "import chalknet as cn\n"
        "from sklearn.utils.estimator_checks import check_array_api_input as check\n"
        "for net in (cn.NetRegressor(epochs=2), cn.NetClassifier(epochs=2)):\n"
        "    check(type(net).__name__, net, array_namespace='numpy', expect_only_array_outputs=False)\n"
        "print('passed')"
    )
    environment = {**os.environ, "SCIPY_ARRAY_API": "1"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.stdout == "passed\n", done.stderr
