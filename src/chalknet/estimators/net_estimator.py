"""The base of both estimators: parameters, checks of the rows, and the attributes set by a fit."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.engine import SessionState
from chalknet.errors import InvalidValue, invalid
from chalknet.estimators.fitted_net import FittedNet
from chalknet.estimators.fitting import EstimatorFit, FitRequest, PreviousFit, fit_net
from chalknet.estimators.parameters import check_names, of_unknown_rows, parameters_of
from chalknet.estimators.samples import FitRows
from chalknet.estimators.scikit_learn import (
    BaseEstimator,
    ConvergenceWarning,
    _check_sample_weight,
    check_is_fitted,
    validate_data,
)
from chalknet.estimators.task import TargetTask
from chalknet.network import Network
from chalknet.planning import AUTO
from chalknet.training import Prediction

Array = npt.NDArray[Any]
_NUMBERS = (np.float64, np.float32)


class NetEstimator(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A network as an estimator: the common part of regressor and classifier.

    Attributes:
        n_features_in_: number of features.
        feature_names_in_: their names, if X was a DataFrame.
        n_iter_: epochs of the last fit.
        loss_curve_: the mean loss of each epoch, in the unit in which the network is fitted.
        loss_: the last of them.
        held_out_loss_curve_: the held-out loss of each evaluation; empty without held-out rows.
        notes_: changes to the network, and what may not be as intended, one sentence each; `fit` also warns
            of the latter.
    """

    n_features_in_: int
    loss_curve_: list[float]
    _net: FittedNet
    _state: SessionState | None

    def _set(self, options: Mapping[str, Any], **own: Any) -> None:
        """Store the parameters unchanged; `fit` checks them."""
        check_names(type(self), options)
        known = parameters_of(type(self))  # type: ignore[arg-type]  # a class can be hashed
        self.__dict__.update({**known, **own, **options})

    @classmethod
    def _get_param_names(cls) -> list[str]:
        """Return the names of the parameters; scikit-learn reads the signature at each clone."""
        return sorted(parameters_of(cls))  # type: ignore[arg-type]  # a class can be hashed

    @property
    def network_(self) -> Network | None:
        """The fitted network, which maps scaled features; None for a module that no Network describes."""
        check_is_fitted(self)
        return self._net.network

    @property
    def module_(self) -> Any:
        """The fitted network as a torch module; it maps scaled features to a scaled target."""
        check_is_fitted(self)
        return self._net.to_module()

    def __sklearn_is_fitted__(self) -> bool:
        return "_net" in vars(self)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def _checked(self, x: object, y: object, sample_weight: object, **how: Any) -> tuple[Array, Any, Any]:
        """Return X as an array, y unchanged, and the weights, checked by scikit-learn."""
        found, y = validate_data(self, x, y, accept_sparse="csr", dtype=_NUMBERS, multi_output=True, **how)
        weight = None
        if sample_weight is not None:
            weight = _check_sample_weight(sample_weight, found, dtype=np.float64, ensure_non_negative=True)
        return _dense(found), y, weight

    def _request(
        self, task: TargetTask, encoded: Callable[[Array], Array], classes: Sequence[Any] = ()
    ) -> FitRequest:
        """Return the request for a fit, with the held-out rows if they were given.

        Args:
            task: what to predict.
            encoded: converts targets to numbers.
            classes: in order.
        """
        values = self.get_params(deep=False)
        held_out = None
        if isinstance(self.held_out, tuple | list):
            if len(self.held_out) != 2:
                raise invalid("held_out", self.held_out, "a share between 0 and 1, or a pair (X, y)")
            x, y, _ = self._checked(self.held_out[0], self.held_out[1], None, reset=False)
            held_out = FitRows(x, encoded(y))
        columns = getattr(self, "feature_names_in_", [f"x{i}" for i in range(self.n_features_in_)])
        numeric = all(isinstance(name, int | float) and not isinstance(name, bool) for name in classes)
        return FitRequest(
            type(self).__name__,
            values,
            task,
            list(map(str, columns)),
            tuple(map(str, classes)),
            numeric,
            held_out,
        )

    def _predicted(self, x: object) -> Prediction:
        check_is_fitted(self)
        found = validate_data(self, x, reset=False, accept_sparse="csr", dtype=_NUMBERS)
        return self._net.prediction(_dense(found))

    def _previous(self, *, continuable: bool) -> PreviousFit | None:
        """Return the earlier fit that `warm_start` or `partial_fit` continues; None for the first one."""
        if "_net" not in vars(self):
            return None
        return PreviousFit(self._net, self._state if continuable else None)

    def _fit(
        self, request: FitRequest, rows: FitRows, previous: PreviousFit | None, *, continuable: bool
    ) -> None:
        """Fit, and set the attributes of a fit."""
        if previous is not None:
            _check_same(previous.net, request)
        if continuable:
            request = request.with_values(**of_unknown_rows(request.values))
        self._keep(fit_net(request, rows, previous, continuable=continuable), continuable)

    def _keep(self, fitted: EstimatorFit, continuable: bool) -> None:
        earlier = self.loss_curve_ if continuable and "loss_curve_" in vars(self) else []
        self._net, self._state, self.notes_ = fitted.net, fitted.state, (*fitted.notes, *fitted.doubts)
        self.loss_curve_ = [*earlier, *fitted.curve]
        self.loss_, self.n_iter_ = self.loss_curve_[-1], len(earlier) + fitted.epochs
        self.held_out_loss_curve_ = fitted.held_out_curve
        for note in fitted.doubts:
            warnings.warn(note, ConvergenceWarning, stacklevel=5)
        if fitted.interrupted:  # the fit is kept, and a search is stopped too
            raise KeyboardInterrupt


def supports_partial_fit(estimator: Any) -> bool:
    """Return whether `partial_fit` is available: it does not know how many rows will follow.

    Raises:
        AttributeError: names the parameters that prevent it.
    """
    given = [
        f"{name}={getattr(estimator, name)!r}"
        for name in ("early_stopping", "patience", "held_out", "schedule")
        if getattr(estimator, name) not in (None, False, AUTO)
    ]
    if given:
        raise AttributeError(
            f"partial_fit makes one epoch over the rows of each call, and takes no {' and '.join(given)}: "
            "leave them out, or call fit"
        )
    return True


def _check_same(net: FittedNet, request: FitRequest) -> None:
    """Refuse to continue with other features or outputs than those of the previous fit."""
    width = len(net.preparation.x)
    if width != len(request.columns):
        raise InvalidValue(
            where=request.name,
            got=f"{len(request.columns)} features, where the fit before had {width}",
            wanted="the same features",
            remedy="Say warm_start=False to begin anew.",
        )


def _dense(x: Any) -> Array:
    """Return X as a dense array: once scaled, mostly-zero columns are like any other."""
    found: Array = x.toarray() if hasattr(x, "toarray") else x
    return found
