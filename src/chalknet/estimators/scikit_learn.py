"""Imports from scikit-learn; without it, creating an estimator says how to install it."""

from __future__ import annotations

from typing import Any

from chalknet.errors import MissingPackage

try:
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
    from sklearn.exceptions import ConvergenceWarning, DataConversionWarning
    from sklearn.model_selection import train_test_split
    from sklearn.utils import check_random_state
    from sklearn.utils.metaestimators import available_if
    from sklearn.utils.multiclass import check_classification_targets, type_of_target
    from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data
except ImportError as problem:
    _PROBLEM = problem

    class _Missing:
        """Replaces a base class if scikit-learn is not installed."""

        def __new__(cls, *args: Any, **keywords: Any) -> Any:
            raise MissingPackage(
                where=cls.__name__,
                got=f"no scikit-learn of at least 1.6 ({_PROBLEM})",
                wanted="scikit-learn, whose estimators these are",
                remedy='Install it: pip install "chalknet[sklearn]".',
            )

    class RegressorMixin:  # type: ignore[no-redef]
        """Nothing."""

    class ClassifierMixin:  # type: ignore[no-redef]
        """Nothing."""

    def available_if(check: Any) -> Any:
        """Return a decorator that does not change methods."""
        return lambda method: method

    BaseEstimator = _Missing
    ConvergenceWarning = DataConversionWarning = UserWarning
    check_classification_targets = check_is_fitted = check_random_state = train_test_split = None
    type_of_target = validate_data = _check_sample_weight = None

__all__ = [
    "BaseEstimator",
    "ClassifierMixin",
    "ConvergenceWarning",
    "DataConversionWarning",
    "RegressorMixin",
    "_check_sample_weight",
    "available_if",
    "check_classification_targets",
    "check_is_fitted",
    "check_random_state",
    "train_test_split",
    "type_of_target",
    "validate_data",
]
