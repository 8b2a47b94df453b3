"""NetClassifier: a network that predicts classes, as a scikit-learn estimator."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.errors import DataError, InvalidValue, public
from chalknet.estimators.fitting import FitRequest
from chalknet.estimators.net_estimator import NetEstimator, supports_partial_fit
from chalknet.estimators.parameters import with_options_of_fit
from chalknet.estimators.samples import FitRows
from chalknet.estimators.scikit_learn import (
    ClassifierMixin,
    DataConversionWarning,
    available_if,
    check_classification_targets,
    type_of_target,
)
from chalknet.estimators.task import TargetTask
from chalknet.planning import AUTO

Array = npt.NDArray[Any]
_LEAST = np.finfo(np.float64).tiny  # lower bound of a probability before its logarithm


class NetClassifier(ClassifierMixin, NetEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A network that predicts one class per row, or several labels, as a scikit-learn estimator.

    Features are standardised internally. The order in which rows are fitted depends on their values and the
    seed, not on the order in which they are given, unless `shuffle=False` keeps that order.

    Args:
        model: whatever `read` accepts, with `?` for widths set by the data; or a module, which is copied.
            "auto", here and below, is chosen like `chalknet.fit("auto", data)` does, by the number of rows:
            up to 20,000 rows "? -> 128 relu -> 64 relu -> ?".
        loss: as in `fit`; "auto" is bce_logits for two classes and for labels, cross_entropy for more, or the
            loss that matches the network's last activation. A function is called with class numbers and one
            output per class, interpreted as by cross_entropy.
        optimizer: as in `fit`.
        lr: the learning rate; None for torch's default.
        batch_size: samples per update, at most all rows; None for all rows, "auto" is 32 for small tables.
        epochs: the number of passes over the rows; "auto" is at most 300, if no other budget is given.
        shuffle: whether each epoch has a new order.
        l2: the penalty on large weights; "auto" is 3 divided by the number of training rows, at most 0.02.
        early_stopping: whether to stop by the loss of held-out rows: a fifth of the rows, of each class if
            possible (the defaults are `patience=20`, `held_out=0.2`). "auto" stops early if no budget is
            given and there are 20 rows or more.
        patience: stop after this many evaluations without improvement, and keep the best weights.
        held_out: the share of rows to hold out, or a pair (X, y).
        standardise: whether to scale features to mean 0 and standard deviation 1.
        class_weight: "balanced", or a dict of the weight of each class; 1 for classes left out.
        random_state: the seed; with None or a RandomState one is drawn, as everywhere in scikit-learn.
        warm_start: whether `fit` starts from the weights of the previous fit, with the same scaling.
        diagnose: whether `fit` warns of what went wrong, like `chalknet.fit`; takes some milliseconds.
        **options: every other option of `fit`, such as schedule, clip_norm, metrics, out, device, engine,
            threads; `optimizer_options` is a dict of the optimizer's options.

    Attributes:
        classes_: the classes, sorted.

    Raises:
        UnknownName: for an unknown parameter.
        MissingPackage: without scikit-learn.

    Example:
        >>> import numpy as np
        >>> import chalknet as cn
        >>> x = np.linspace(-1, 1, 200).reshape(-1, 1)
        >>> y = np.where(abs(x[:, 0]) < 0.5, "inside", "outside")
        >>> net = cn.NetClassifier("? -> 16 tanh -> ?", lr=0.01, epochs=100).fit(x, y)
        >>> net.predict([[0.1], [0.9]]).tolist(), net.predict_proba([[0.1]]).round().tolist()
        (['inside', 'outside'], [[1.0, 0.0]])
    """

    @with_options_of_fit
    def __init__(
        self,
        model: Any = AUTO,
        *,
        loss: Any = AUTO,
        optimizer: Any = "adam",
        lr: float | None = None,
        batch_size: int | str | None = AUTO,
        epochs: int | str | None = AUTO,
        shuffle: bool = True,
        l2: float | str = AUTO,
        early_stopping: bool | str = AUTO,
        patience: int | None = None,
        held_out: Any = None,
        standardise: bool = True,
        class_weight: Any = None,
        random_state: Any = 0,
        warm_start: bool = False,
        diagnose: bool = False,
        **options: Any,
    ) -> None:
        self._set(
            options, model=model, loss=loss, optimizer=optimizer, lr=lr, batch_size=batch_size, epochs=epochs,
            shuffle=shuffle, l2=l2, early_stopping=early_stopping, patience=patience, held_out=held_out,
            standardise=standardise, class_weight=class_weight, random_state=random_state,
            warm_start=warm_start, diagnose=diagnose,
        )  # fmt: skip

    @public()
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> NetClassifier:  # noqa: N803
        """Fit the network.

        Args:
            X: features `(n, columns)`: an array, a DataFrame, a sparse matrix.
            y: classes `(n,)`, numbers or words; or `(n, labels)` of 0 and 1.
            sample_weight: the weight of each row; a whole number has the effect of repeating the row.

        Raises:
            ValueError: for rows that cannot be fitted; those raised by chalknet are also ChalknetErrors.
        """
        previous = self._previous(continuable=False) if self.warm_start else None
        self._fit(*self._read(X, y, sample_weight, keep=previous is not None), previous, continuable=False)
        return self

    @available_if(supports_partial_fit)  # type: ignore[untyped-decorator]
    @public()
    def partial_fit(
        self,
        X: Any,  # noqa: N803
        y: Any,
        classes: Any = None,
        sample_weight: Any = None,
    ) -> NetClassifier:
        """Make one epoch over some rows, continuing with the weights and the optimizer's state.

        Features are scaled by the rows of the first call.

        Args:
            X: as in `fit`.
            y: as in `fit`.
            classes: all classes, at the first call; None for those of its rows.
            sample_weight: as in `fit`.

        Raises:
            ValueError: as `fit` does.
        """
        previous = self._previous(continuable=True)
        if previous is None and classes is not None:
            self.classes_ = np.unique(np.asarray(classes))
        known = previous is not None or classes is not None
        request, rows = self._read(X, y, sample_weight, reset=previous is None, keep=known)
        self._fit(request, rows, previous, continuable=True)
        return self

    @public()
    def predict(self, X: Any) -> Array:  # noqa: N803
        """Return a class for each row `(n,)`; for labels, 0 or 1 for each `(n, labels)`.

        Args:
            X: features, as in `fit`.
        """
        found = self._predicted(X)
        assert found.classes is not None
        if self._task.kind == "labels":
            return found.classes.astype(np.int64)
        decided: Array = self.classes_[found.classes]
        return decided

    @public()
    def predict_proba(self, X: Any) -> Array:  # noqa: N803
        """Return the probability of each class `(n, classes)`, or that of each label `(n, labels)`.

        Args:
            X: features, as in `fit`.
        """
        return np.asarray(self._predicted(X).probabilities, np.float64)

    @public()
    def predict_log_proba(self, X: Any) -> Array:  # noqa: N803
        """Return the logarithms of `predict_proba`.

        Args:
            X: features, as in `fit`.
        """
        found: Array = np.log(np.maximum(self.predict_proba(X), _LEAST))
        return found

    @public()
    def decision_function(self, X: Any) -> Array:  # noqa: N803
        """Return a score for each class `(n, classes)`; for two classes only that of the second one, `(n,)`.

        For two classes, and for labels, it is the logarithm of p / (1 - p).

        Args:
            X: features, as in `fit`.
        """
        found = self._predicted(X)
        assert found.probabilities is not None
        raw = found.raw.reshape(len(found.raw), -1).astype(np.float64)
        labels = self._task.kind == "labels"
        if self._net.judged.target == "class":
            return raw[:, 1] - raw[:, 0] if len(self.classes_) == 2 else raw
        if not self._net.judged.applies:  # the network's outputs are probabilities
            raw = np.log(np.maximum(raw, _LEAST)) - np.log(np.maximum(1 - raw, _LEAST))
        return raw if labels else raw[:, 0]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = self.class_weight is None  # labels have no classes to weight
        return tags

    def _read(
        self, x: Any, y: Any, sample_weight: Any, *, reset: bool = True, keep: bool = False
    ) -> tuple[FitRequest, FitRows]:
        """Return the request and the rows, with classes as numbers.

        Args:
            x: features.
            y: classes or labels.
            sample_weight: the weight of each row.
            reset: whether these rows set the number of features.
            keep: whether the classes are known already.
        """
        x, y, weight = self._checked(x, y, sample_weight, reset=reset)
        check_classification_targets(y)
        y = y.toarray() if hasattr(y, "toarray") else y
        labels = type_of_target(y).startswith("multilabel")
        if not labels and y.ndim == 2:
            told = "A column-vector y was passed when a 1d array was expected: y.ravel() is fitted."
            warnings.warn(told, DataConversionWarning, stacklevel=4)
            y = y[:, 0]
        if not keep:
            there = y if weight is None or not weight.any() else y[weight > 0]
            self.classes_ = np.arange(y.shape[1]) if labels else np.unique(there)
        self._task = TargetTask("labels" if labels else "classes", len(self.classes_))
        if not labels and len(self.classes_) < 2:
            raise DataError(
                where="y",
                got=f"1 class alone, {self.classes_[0]}",
                wanted="two classes at least",
                remedy="Give rows of another class too, or predict this one without a network.",
            )

        def numbers(y: Array) -> Array:
            return y.astype(np.int64) if labels else self._numbers(y)

        if not keep and weight is not None and weight.any() and not labels:
            x, y, weight = x[weight > 0], y[weight > 0], weight[weight > 0]
        request = self._request(self._task, numbers, () if labels else self.classes_.tolist())
        return self._weighing_classes(request), FitRows(x, numbers(y), weight)

    def _numbers(self, y: Array) -> Array:
        """Return the number of each row's class.

        Raises:
            DataError: for an unknown class.
        """
        found = np.searchsorted(self.classes_, y).clip(0, len(self.classes_) - 1)
        wrong = np.flatnonzero(self.classes_[found] != y)
        if len(wrong):
            raise DataError(
                where=f"y, row {wrong[0]} ({len(wrong)} in all)",
                got=f"the class {y[wrong[0]]}",
                wanted=f"one of the classes known before: {', '.join(map(str, self.classes_[:20]))}",
                remedy="Name all classes at the first call of partial_fit, classes=[...], or fit anew.",
            )
        return found

    def _weighing_classes(self, request: FitRequest) -> FitRequest:
        """Return the request with the dict of class weights as one number per class."""
        weights = self.class_weight
        if not isinstance(weights, Mapping):
            return request
        unknown = [name for name in weights if name not in self.classes_]
        if unknown:
            raise InvalidValue(
                where="class_weight",
                got=f"the class {unknown[0]!r}, which y does not have",
                wanted=f"the classes {', '.join(map(str, self.classes_[:20]))}",
                remedy="Leave it out.",
            )
        each = tuple(float(weights.get(name, 1.0)) for name in self.classes_.tolist())
        return request.with_values(class_weight=each)
