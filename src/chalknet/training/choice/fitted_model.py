"""What is fitted: a network, a module, or a module that a network describes; and the shapes it maps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from traceback import walk_tb

import torch
from torch import nn

from chalknet.data import Source
from chalknet.errors import ChalknetError, InvalidValue, Refused, ShapeMismatch
from chalknet.hardware import explain
from chalknet.module import (
    DEFAULT_GENERATORS,
    default_generators_kept,
    draws_from_default,
    network_of,
    require_settled,
)
from chalknet.network import Activation, Flatten, Network, Shape
from chalknet.notation import write
from chalknet.planning import LOSSES, Plan, Recipe
from chalknet.training.record.module_use import evaluation_mode
from chalknet.units import show_count


@dataclass(frozen=True)
class ModelShapes:
    """What goes into and comes out of a model for one sample.

    Args:
        input_shape: shape of x.
        output_shape: shape of yhat.
        any_layout: whether the model lays out its input itself (it begins with Flatten).
    """

    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]
    any_layout: bool = False


@dataclass(frozen=True)
class FittedModel:
    """The model of a fit.

    Args:
        network: the network; None for a module that no Network describes.
        module: the module that is fitted in place; None where the network is built.
    """

    network: Network | None
    module: nn.Module | None

    @classmethod
    def of(cls, model: Network | nn.Module, recipe: Recipe) -> FittedModel:
        """Return the model, after checking that it has something to fit and suits the loss.

        Raises:
            Unsettled: for a network with a symbolic width or an unknown activation.
            InvalidValue: for nothing to fit, or an ending that the loss cannot take.
        """
        if isinstance(model, Network):
            require_settled(model)
            if not any(step.trainable for step in model.steps):
                raise _nothing_to_fit(
                    f"network {model.name}", "no step with trainable parameters", "at least one Linear"
                )
            _check_ending(model, recipe)
            return cls(model, None)
        parameters = list(model.parameters())
        if not parameters:
            raise _nothing_to_fit("the module", "no parameters", "at least one parameter")
        if not any(parameter.requires_grad for parameter in parameters):
            raise _nothing_to_fit(
                "the module", "parameters that are all frozen", "at least one with requires_grad=True"
            )
        return cls(network_of(model), model)

    @property
    def parameter(self) -> torch.Tensor | None:
        """Return the module's first parameter, which has its device and dtype; None without a module."""
        return None if self.module is None else next(self.module.parameters())

    @property
    def line(self) -> str:
        """Return one line that names the model."""
        if self.network is not None:
            return write(self.network, "arrows")
        assert self.module is not None
        weights = sum(parameter.numel() for parameter in self.module.parameters())
        return f"{type(self.module).__name__}, a module of {show_count(weights)} parameters"

    @property
    def layers(self) -> Iterable[object]:
        """Return the layers: a network's steps, or a module's submodules."""
        if self.network is not None:
            return self.network.steps
        assert self.module is not None
        return self.module.modules()

    def shapes(self, source: Source) -> ModelShapes:
        """Return the shapes of one sample of x and of yhat.

        Args:
            source: the data, of which one sample is mapped where no network says the shapes.

        Raises:
            ShapeMismatch: for a module that cannot map x.
            InvalidValue: for a module whose forward fails, or returns something other than one tensor.
        """
        network = self.network
        if network is None or network.symbols:
            assert self.module is not None
            return _mapped_shapes(self.module, source)
        any_layout = isinstance(network.steps[0], Flatten)
        return ModelShapes(_sizes(network.input_shape), _sizes(network.output_shape), any_layout)

    def doubts(self, recipe: Recipe) -> tuple[str, ...]:
        """Return a warning where the network ends with an activation that the loss applies itself."""
        last = _last_activation(self.network) if self.network else ""
        if last not in recipe.loss_row.applies:
            return ()
        return (
            f"{recipe.loss} takes plain numbers and applies {last} or its like itself, "
            f"but the network already ends with {last}",
        )


def _nothing_to_fit(where: str, got: str, wanted: str) -> InvalidValue:
    return InvalidValue(where=where, got=got, wanted=wanted, remedy="There is nothing to fit.")


def _check_ending(network: Network, recipe: Recipe) -> None:
    loss, last = recipe.loss_row, _last_activation(network)
    if loss.wants and last not in loss.wants:
        alike = (row for row in LOSSES.values() if row.target == loss.target)
        applying = next((row.name for row in alike if set(row.applies) & set(loss.wants)), None)
        raise InvalidValue(
            where=f"loss {loss.name}",
            got=f"a network that ends with {last or 'a linear map'}",
            wanted=f"a network that ends with {' or '.join(loss.wants)}, so that yhat is between 0 and 1",
            remedy=f"Add `-sig->` at the end{f', or use the loss {applying}' if applying else ''}.",
        )


def _last_activation(network: Network) -> str:
    """Return the activation the network ends with, or an empty text when it ends with a linear map."""
    for step in reversed(network.steps):
        if isinstance(step, Activation) and step.kind != "identity":
            return step.kind
        if step.trainable:
            break
    return ""


def _mapped_shapes(module: nn.Module, source: Source) -> ModelShapes:
    """Map one sample in evaluation mode to learn the shape of yhat."""
    parameter = next(module.parameters())
    x = source.take(slice(0, 1)).x.to(parameter.device, parameter.dtype)
    with evaluation_mode(module), default_generators_kept() if draws_from_default(module) else nullcontext():
        yhat = forward(module, x)
    return ModelShapes(source.x_shape, tuple(yhat.shape[1:]))


def forward(module: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """Return yhat for a batch of x.

    Raises:
        ShapeMismatch: for a module that cannot map x.
        InvalidValue: for a module whose forward fails, or returns something other than one tensor.
    """
    where, given = f"module {type(module).__name__}", f"x of shape {tuple(x.shape)}"
    try:
        with explain(), DEFAULT_GENERATORS if draws_from_default(module) else nullcontext():
            yhat = module(x)
    except ChalknetError:
        raise
    except (RuntimeError, IndexError, ValueError) as problem:
        raise ShapeMismatch(
            where=where,
            got=given,
            wanted=f"what the module takes ({first_line(problem)})",
            remedy="Give x in the shape that the module's forward takes.",
        ) from problem
    except Exception as problem:  # the forward is the user's own code
        raise InvalidValue(
            where=where,
            got=f"{type(problem).__name__} for {given}: {first_line(problem)}",
            wanted="a forward that takes one batch of x and returns yhat",
            remedy="Correct the forward, or wrap the module in one that takes one batch.",
        ) from problem
    if isinstance(yhat, torch.Tensor):
        return yhat
    raise InvalidValue(
        where=where,
        got=f"a {type(yhat).__name__} for {given}",
        wanted="one tensor, yhat",
        remedy="Wrap the module in one whose forward returns that tensor alone.",
    )


@contextmanager
def module_errors(module: nn.Module, plan: Plan) -> Iterator[None]:
    """Run the updates of a fit; where a forward raises, which only training mode may show, name its module.

    Raises:
        InvalidValue: in place of an error of the module's own; Refused where that is a RuntimeError.
        ChalknetError: where torch's error is about devices or memory, as `explain` has it.
    """
    try:
        with explain(plan):
            yield
    except ChalknetError:
        raise
    except Exception as problem:
        names = {child: name for name, child in module.named_modules()}
        calls = (f for f, _ in walk_tb(problem.__traceback__) if f.f_code is nn.Module._call_impl.__code__)
        called = [child for frame in calls if (child := frame.f_locals["self"]) in names]
        if not called:
            raise
        name, kind = names[called[-1]], type(called[-1]).__name__
        error = Refused if isinstance(problem, RuntimeError) else InvalidValue  # caught as torch's own are
        raise error(
            where=f"module {name} ({kind})" if name else f"module {kind}",
            got=f"{type(problem).__name__} in an update: {first_line(problem)}",
            wanted="a forward that takes every batch of the fit",
            remedy="Correct the forward; where a batch is too small for it, say another batch_size or "
            "drop_last=True.",
        ) from problem


def first_line(problem: Exception) -> str:
    """Return the first line of what an error says; its kind where it says nothing."""
    return (str(problem) or type(problem).__name__).strip().splitlines()[0]


def _sizes(shape: Shape) -> tuple[int, ...]:
    return tuple(size for size in shape if isinstance(size, int))
