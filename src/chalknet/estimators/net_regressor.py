"""NetRegressor: a network that predicts numbers, as a scikit-learn estimator."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.errors import public
from chalknet.estimators.fitting import FitRequest
from chalknet.estimators.net_estimator import NetEstimator, supports_partial_fit
from chalknet.estimators.parameters import with_options_of_fit
from chalknet.estimators.samples import FitRows
from chalknet.estimators.scikit_learn import DataConversionWarning, RegressorMixin, available_if
from chalknet.estimators.task import TargetTask
from chalknet.planning import AUTO

Array = npt.NDArray[Any]


class NetRegressor(RegressorMixin, NetEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A network that predicts one number per row, or several, as a scikit-learn estimator.

    Features are standardised internally, and so is the target if the loss allows it; predictions are in the
    target's own unit. The order in which rows are fitted depends on their values and the seed, not on the
    order in which they are given, unless `shuffle=False` keeps that order.

    Args:
        model: whatever `read` accepts, with `?` for widths set by the data; or a module, which is copied.
            "auto", here and below, is chosen like `chalknet.fit("auto", data)` does, by the number of rows:
            up to 20,000 rows "? -> 128 relu -> 64 relu -> ?".
        loss: as in `fit`; "auto" is mse.
        optimizer: as in `fit`.
        lr: the learning rate; None for torch's default.
        batch_size: samples per update, at most all rows; None for all rows, "auto" is 32 for small tables.
        epochs: the number of passes over the rows; "auto" is at most 300, if no other budget is given.
        shuffle: whether each epoch has a new order.
        l2: the penalty on large weights; "auto" is 3 divided by the number of training rows, at most 0.02.
        early_stopping: whether to stop by the loss of held-out rows, a fifth of all (the defaults are
            `patience=20`, `held_out=0.2`). "auto" stops early if no budget is given and there are 20 rows
            or more.
        patience: stop after this many evaluations without improvement, and keep the best weights.
        held_out: the share of rows to hold out, or a pair (X, y).
        standardise: whether to scale features to mean 0 and standard deviation 1.
        standardise_y: whether to scale the target too, for mse, l1, huber, pinball and gaussian_nll; the
            settings of a loss, such as huber's delta, are then in standard deviations of the target.
        random_state: the seed; with None or a RandomState one is drawn, as everywhere in scikit-learn.
        warm_start: whether `fit` starts from the weights of the previous fit, with the same scaling.
        diagnose: whether `fit` warns of what went wrong, like `chalknet.fit`; takes some milliseconds.
        **options: every other option of `fit`, such as schedule, clip_norm, metrics, out, device, engine,
            threads; `optimizer_options` is a dict of the optimizer's options.

    Raises:
        UnknownName: for an unknown parameter.
        MissingPackage: without scikit-learn.

    Example:
        >>> import numpy as np
        >>> import chalknet as cn
        >>> x = np.linspace(-1, 1, 200).reshape(-1, 1)
        >>> net = cn.NetRegressor("? -> 16 tanh -> ?", lr=0.01, epochs=200, l2=0).fit(x, np.sin(3 * x[:, 0]))
        >>> net.score(x, np.sin(3 * x[:, 0])) > 0.99
        True
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
        standardise_y: bool = True,
        random_state: Any = 0,
        warm_start: bool = False,
        diagnose: bool = False,
        **options: Any,
    ) -> None:
        self._set(
            options, model=model, loss=loss, optimizer=optimizer, lr=lr, batch_size=batch_size, epochs=epochs,
            shuffle=shuffle, l2=l2, early_stopping=early_stopping, patience=patience, held_out=held_out,
            standardise=standardise, standardise_y=standardise_y, random_state=random_state,
            warm_start=warm_start, diagnose=diagnose,
        )  # fmt: skip

    @public()
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> NetRegressor:  # noqa: N803
        """Fit the network.

        Args:
            X: features `(n, columns)`: an array, a DataFrame, a sparse matrix.
            y: numbers `(n,)` or `(n, targets)`.
            sample_weight: the weight of each row; a whole number has the effect of repeating the row.

        Raises:
            ValueError: for rows that cannot be fitted; those raised by chalknet are also ChalknetErrors.
        """
        previous = self._previous(continuable=False) if self.warm_start else None
        self._fit(*self._read(X, y, sample_weight), previous, continuable=False)
        return self

    @available_if(supports_partial_fit)  # type: ignore[untyped-decorator]
    @public()
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> NetRegressor:  # noqa: N803
        """Make one epoch over some rows, continuing with the weights and the optimizer's state.

        Features and target are scaled by the rows of the first call.

        Args:
            X: as in `fit`.
            y: as in `fit`.
            sample_weight: as in `fit`.

        Raises:
            ValueError: as `fit` does.
        """
        previous = self._previous(continuable=True)
        self._fit(*self._read(X, y, sample_weight, reset=previous is None), previous, continuable=True)
        return self

    @public()
    def predict(self, X: Any) -> Array:  # noqa: N803
        """Return the predictions `(n,)`, or `(n, targets)` for several targets, in float64.

        Args:
            X: features, as in `fit`.
        """
        values = np.asarray(self._predicted(X).values, np.float64).reshape(-1, self.n_outputs_)
        return values[:, 0] if self.n_outputs_ == 1 else values

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def _read(self, x: Any, y: Any, sample_weight: Any, *, reset: bool = True) -> tuple[FitRequest, FitRows]:
        x, y, weight = self._checked(x, y, sample_weight, y_numeric=True, reset=reset)
        if y.ndim == 2 and y.shape[1] == 1:
            told = "A column-vector y was passed when a 1d array was expected: y.ravel() is fitted."
            warnings.warn(told, DataConversionWarning, stacklevel=4)
            y = y[:, 0]
        self.n_outputs_ = 1 if y.ndim == 1 else y.shape[1]
        task = TargetTask("values", self.n_outputs_)

        def numbers(y: Array) -> Array:
            return y.astype(np.float64).reshape(len(y), -1)

        return self._request(task, numbers), FitRows(x, numbers(y), weight)
