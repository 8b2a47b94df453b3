"""What a fitted network says of new rows: classes in the user's words, probabilities, values, raw numbers."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.data import Preparation
from chalknet.lazy import torch
from chalknet.planning import Loss
from chalknet.training.predictions.answers_by_column import AnswersByColumn
from chalknet.units import one_line, show_count

Array = npt.NDArray[Any]


@dataclass(frozen=True, repr=False, eq=False)
class Prediction(AnswersByColumn):
    """What a fitted network says of new rows.

    `numpy.asarray(prediction)` is yhat: the values of a regression in the target's own unit, else what the
    module gives. Until the next version the methods and operators of the tensor that `predict` once returned
    work too, with a DeprecationWarning.

    Args:
        raw: what the module gives, `(n, outputs)`: logits, or the numbers that were fitted.
        classes: the class of each row, in the user's own words or as class numbers; `(n,)`, or `(n, outputs)`
            where each output is a question of its own. None for a regression.
        probabilities: of each class, `(n, classes)`, rows that sum to 1; `(n, outputs)` where each output is
            a question of its own. None for a regression.
        values: of a regression, in the target's own unit, `(n, outputs)`; None for classes.
        names: the classes in the order of the columns of `probabilities`, or the target's columns.
        kept: columns of the data that were to be kept, by their names, as they are written.
        notes: what was assumed of the new rows, a sentence each.

    Example:
        >>> import torch
        >>> import chalknet as cn
        >>> x = torch.linspace(-1, 1, 50)
        >>> words = ["above" if value > 0 else "below" for value in x.tolist()]
        >>> result = cn.fit("1 -> 2", (x, words), loss="cross_entropy", lr=1.0, updates=200)
        >>> found = cn.predict(result, [[0.9], [-0.9]])
        >>> found.columns["class"].tolist(), found.names
        (['above', 'below'], ('above', 'below'))
    """

    raw: Array
    classes: Array | None = None
    probabilities: Array | None = None
    values: Array | None = None
    names: tuple[str, ...] = ()
    kept: Mapping[str, Sequence[str]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def columns(self) -> dict[str, Array]:
        """Return the columns that were kept, then class and p(word), or the values."""
        found: dict[str, Any] = dict(self.kept)
        for name, column in self._columns().items():
            found[f"predicted {name}" if name in found else name] = column
        return {name: np.asarray(column) for name, column in found.items()}

    @property
    def raw_columns(self) -> dict[str, Array]:
        """Return the columns that were kept, and those of `raw`."""
        raw = self.raw.reshape(len(self), -1)
        kept = {name: np.asarray(column) for name, column in self.kept.items()}
        return kept | dict(zip(_numbered("yhat", raw.shape[1]), raw.T, strict=True))

    def _columns(self) -> dict[str, Array]:
        if self.classes is None:
            yhat = self._yhat.reshape(len(self), -1)
            names = self.names if len(self.names) == yhat.shape[1] else _numbered("yhat", yhat.shape[1])
            return dict(zip(names, yhat.T, strict=True))
        assert self.probabilities is not None
        if self.classes.ndim == 1:
            found = {"class": self.classes}
        else:
            names = _numbered("class", self.classes.shape[1])
            found = dict(zip(names, self.classes.T, strict=True))
        names = tuple(f"p({name})" for name in self.names)
        return found | dict(zip(names, self.probabilities.T, strict=True))

    @property
    def _yhat(self) -> Array:
        return self.raw if self.values is None else self.values

    def __len__(self) -> int:
        return len(self.raw)

    def __repr__(self) -> str:
        return one_line(f"Prediction({show_count(len(self))} rows: {', '.join(self.columns)})")

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        array = np.asarray(self._yhat, dtype=dtype)
        return array.copy() if copy and array is self._yhat else array

    def __dlpack__(self, **options: Any) -> Any:
        return self._yhat.__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self._yhat.__dlpack_device__()

    @classmethod
    def __torch_function__(
        cls, function: Callable[..., Any], types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Let torch's functions take it as the tensor yhat."""
        return function(
            *map(_tensor, args), **{name: _tensor(value) for name, value in (kwargs or {}).items()}
        )

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or not hasattr(torch.Tensor, name):
            raise AttributeError(f"a Prediction has no {name!r}: see classes, probabilities, values and raw")
        return getattr(_as_once(self, name), name)


def _as_once(prediction: Prediction, name: str) -> torch.Tensor:
    """Return the tensor that `predict` once returned, with a warning."""
    warnings.warn(
        f"predict now returns a Prediction, no tensor: for .{name} take torch.from_numpy(np.asarray(...)), "
        "or its classes, probabilities, values or raw",
        DeprecationWarning,
        stacklevel=3,
    )
    return torch.from_numpy(prediction._yhat)


def _tensor(value: Any) -> Any:
    return torch.from_numpy(value._yhat) if isinstance(value, Prediction) else value


def _operator(name: str) -> Callable[..., Any]:
    def applied(self: Prediction, *others: Any) -> Any:
        return getattr(_as_once(self, name), name)(*map(_tensor, others))

    return applied


for _name in (
    "eq ne lt le gt ge add radd sub rsub mul rmul truediv rtruediv pow neg abs getitem iter float bool"
).split():
    setattr(Prediction, f"__{_name}__", _operator(f"__{_name}__"))


def predicted(
    raw: Array,
    loss: Loss | None,
    preparation: Preparation | None,
    activation: Callable[[str, Array], Array],
) -> Prediction:
    """Return what a network's numbers say.

    Args:
        raw: what the module gives, `(n, outputs)`.
        loss: of the fit; None where it is not known.
        preparation: of the training rows, which knows words and units.
        activation: gives softmax (over axis 1), sigmoid or exp of raw.
    """
    if loss is None:
        return Prediction(raw)
    if loss.target not in _ACTIVATIONS:
        # of a mean and the logarithm of a variance, the mean; of the logarithm of a rate, the rate
        yhat = raw[..., : raw.shape[-1] // loss.outputs] if loss.outputs > 1 else raw
        yhat = activation(loss.link, yhat) if loss.link else yhat
        values = yhat if preparation is None else preparation.restore(yhat)
        targets = tuple(column.name for column in preparation.y) if preparation and preparation.named else ()
        return Prediction(raw, values=values, names=targets)
    applied, otherwise = _ACTIVATIONS[loss.target]
    kind = applied if applied in loss.applies else otherwise
    probabilities = activation(kind, raw) if kind else raw
    if loss.target == "class":
        return _of_classes(raw, probabilities, raw.argmax(axis=1), preparation)
    decided = raw > _THRESHOLDS.get(loss.decision, _EVEN)
    if prod(raw.shape[1:]) != 1:
        names = _numbered("yhat", prod(raw.shape[1:]))
        flat = probabilities.reshape(len(raw), -1)
        return Prediction(raw, decided.reshape(len(raw), -1).astype(np.int64), flat, names=names)
    one = probabilities.reshape(-1, 1)
    both = np.concatenate([1 - one, one], axis=1)
    return _of_classes(raw, both, decided.reshape(-1).astype(np.int64), preparation)


def _of_classes(
    raw: Array, probabilities: Array, numbers: Array, preparation: Preparation | None
) -> Prediction:
    """Return a prediction of one class a row, in the words of the training rows."""
    found = preparation.y[0].words if preparation is not None and preparation.classes else None
    count = probabilities.shape[1]
    words = [*(found or ()), *map(str, range(len(found or ()), count))]  # a network may have more outputs
    if found is None:
        return Prediction(raw, numbers, probabilities, names=tuple(words))
    assert preparation is not None
    own: Array = np.array([_number(word) for word in words] if preparation.numeric_classes else words)
    return Prediction(raw, own[numbers], probabilities, names=tuple(words))


def _number(word: str) -> float | int:
    number = float(word)
    return int(number) if number.is_integer() else number


# Loss.target -> what makes probabilities of raw: where the loss applies it itself, and where it does not
# (a network that ends with the activation: logarithms of classes, or the probability).
_ACTIVATIONS = {"class": ("softmax", "exp"), "probability": ("sigmoid", "")}
_THRESHOLDS = {"above 0": 0.0, "above 0.5": 0.5}
_EVEN = 0.5


def _numbered(name: str, count: int) -> tuple[str, ...]:
    return (name,) if count == 1 else tuple(f"{name}{i}" for i in range(count))
