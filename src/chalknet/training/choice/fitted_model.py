"""What is fitted: a network, a module, or a module that a network describes; and the shapes it maps."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from itertools import pairwise
from traceback import walk_tb
from typing import TypeGuard

import torch
from torch import nn

from chalknet.counting import count_network
from chalknet.data import Source
from chalknet.errors import ChalknetError, InvalidValue, Refused, ShapeMismatch
from chalknet.hardware import explain
from chalknet.module import (
    DEFAULT_GENERATORS,
    batch_statistics,
    default_generators_kept,
    draws_from_default,
    network_of,
    require_settled,
)
from chalknet.network import Flatten, Network, Shape
from chalknet.notation import write
from chalknet.planning import Loss, Plan
from chalknet.training.choice.endings import (
    Ending,
    check_ending,
    check_outputs,
    ending_by_values,
    ending_of_graph,
    ending_of_network,
    refused_by_loss,
)
from chalknet.training.choice.multiply_adds import CountedMultiplyAdds
from chalknet.training.record.module_use import evaluation_mode
from chalknet.units import show_count

_NO_GRADIENT = "does not require grad and does not have a grad_fn"  # what torch says of such a loss
_ROWS_SEEN = 64  # whose yhat is looked at where nothing else shows how a module ends


@dataclass(frozen=True)
class ModelShapes:
    """What goes into and comes out of a model for one sample.

    Args:
        input_shape: shape of x.
        output_shape: shape of yhat.
        any_layout: whether the model lays out its input itself (it begins with Flatten).
        whole_numbers: whether the model takes x as int64, as `nn.Embedding` does.
    """

    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]
    any_layout: bool = False
    whole_numbers: bool = False


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
    def of(cls, model: Network | nn.Module) -> FittedModel:
        """Return the model, after checking that it has something to fit.

        Raises:
            Unsettled: for a network with a symbolic width or an unknown activation.
            InvalidValue: for nothing to fit.
        """
        if isinstance(model, Network):
            require_settled(model)
            if not any(step.trainable for step in model.steps):
                raise _nothing_to_fit(
                    f"network {model.name}",
                    "no step with trainable parameters",
                    "at least one Linear",
                    "Add a linear map, such as `-> 1` at the end.",
                )
            return cls(model, None)
        parameters = list(model.parameters())
        if not parameters:
            raise _nothing_to_fit(
                "the module", "no parameters", "at least one parameter", "Add a layer such as nn.Linear."
            )
        if not any(parameter.requires_grad for parameter in parameters):
            raise _nothing_to_fit(
                "the module",
                "parameters that are all frozen",
                "at least one with requires_grad=True",
                "Say module.requires_grad_(True), or the same of the layers that are to be fitted.",
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
        return f"{type(self.module).__name__}, a module of {show_count(self.weights)} parameters"

    @property
    def weights(self) -> int:
        """Return how many numbers the optimizer changes."""
        if self.module is None:
            assert self.network is not None
            return count_network(self.network).parameters or 0
        return sum(parameter.numel() for parameter in self.module.parameters())

    @property
    def layers(self) -> Iterable[object]:
        """Return the layers: a network's steps, or a module's submodules."""
        if self.network is not None:
            return self.network.steps
        assert self.module is not None
        return self.module.modules()

    @property
    def described(self) -> Network | None:
        """Return the network where it says all shapes; None where a sample has to be mapped to see them."""
        return None if self.network is None or self.network.symbols else self.network

    def mapped(self, source: Source, loss: Loss) -> Mapped:
        """Return the shapes of one sample of x and of yhat, and what the model ends with.

        Args:
            source: the data, of which one sample is mapped where no network says the shapes.
            loss: the row of the loss, which has to take the ending.

        Raises:
            ShapeMismatch: for a module that cannot map x.
            InvalidValue: for a module whose forward fails, or returns something other than one tensor; for
                an ending that the loss cannot take, or that gives the same number whatever x is.
        """
        network = self.described
        if network is None:
            assert self.module is not None
            mapped = map_one(self.module, source, loss)
        else:
            any_layout = isinstance(network.steps[0], Flatten)
            shapes = ModelShapes(_sizes(network.input_shape), _sizes(network.output_shape), any_layout)
            check_outputs(shapes.output_shape, loss)
            multiply_adds = count_network(network).multiply_adds or 0
            mapped = Mapped(shapes, ending_of_network(network, loss), multiply_adds=multiply_adds)
        check_ending(mapped.ending, loss)
        return mapped


def _nothing_to_fit(where: str, got: str, wanted: str, remedy: str) -> InvalidValue:
    return InvalidValue(where=where, got=got, wanted=wanted, remedy=remedy)


@dataclass(frozen=True)
class Mapped:
    """What a model makes of a sample.

    Args:
        shapes: of one sample of x and of yhat.
        ending: what the model ends with.
        unused: names of the parameters that have no effect on yhat.
        multiply_adds: to map a sample forward; of a module as many as torch can count.
    """

    shapes: ModelShapes
    ending: Ending
    unused: tuple[str, ...] = ()
    multiply_adds: int = 0


def map_one(module: nn.Module, source: Source, loss: Loss) -> Mapped:
    """Map one sample in evaluation mode to learn what a module makes of it."""
    keeping = default_generators_kept() if draws_from_default(module) else nullcontext()
    with evaluation_mode(module), keeping, torch.enable_grad():
        counted = CountedMultiplyAdds()
        try:
            with counted:
                yhat, dtype = first_yhat(module, source.take(slice(0, 1)).x)
        except ChalknetError:
            if len(source) < 2 or not batch_statistics(module):
                raise
            yhat, dtype = first_yhat(module, source.take(slice(0, 2)).x)  # some need two in evaluation too
        check_outputs(tuple(yhat.shape[1:]), loss)
        ending = ending_of_graph(yhat, f"module {type(module).__name__}", loss)
        free = {name: part for name, part in module.named_parameters() if part.requires_grad}
        unused: tuple[str, ...] = ()
        with suppress(RuntimeError):  # no gradient, or none in evaluation mode, as with LSTMs on CUDA
            gradients = torch.autograd.grad(yhat.sum(), list(free.values()), allow_unused=True)
            unused = tuple(name for name, gradient in zip(free, gradients, strict=True) if gradient is None)
    if not ending.known and (loss.wants or loss.target == "class"):
        keeping = default_generators_kept() if draws_from_default(module) else nullcontext()
        with evaluation_mode(module), keeping:
            x = source.take(slice(0, min(len(source), _ROWS_SEEN))).x
            ending = ending_by_values(forward(module, x.to(yhat.device, dtype)), loss)
    shapes = ModelShapes(source.x_shape, tuple(yhat.shape[1:]), whole_numbers=not dtype.is_floating_point)
    return Mapped(shapes, ending, unused, counted.multiply_adds)


def first_yhat(module: nn.Module, x: torch.Tensor) -> tuple[torch.Tensor, torch.dtype]:
    """Return yhat of a sample, and the dtype in which the module takes x.

    That is the dtype of its parameters; or int64, as `nn.Embedding` wants, where it fails and x is whole.

    Args:
        module: in evaluation mode.
        x: a sample `(1, ...)`, or two, as they were loaded.

    Raises:
        ChalknetError: as `forward` does.
    """
    parameter = next(module.parameters(), torch.empty(0))
    x = x.to(parameter.device)
    try:
        return forward(module, x.to(parameter.dtype)), parameter.dtype
    except ChalknetError:
        if not bool((x == x.floor()).all()):
            raise
        with suppress(ChalknetError):
            return forward(module, x.long()), torch.int64
        raise


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
            remedy=_remedy_for_inputs(module, x),
        ) from problem
    if isinstance(yhat, torch.Tensor):
        return yhat
    chosen = _chosen(yhat)
    hook = (
        f"Say module.register_forward_hook(lambda module, x, yhat: {chosen}) once, or wrap"
        if chosen
        else "Wrap"
    )
    raise InvalidValue(
        where=where,
        got=f"a {type(yhat).__name__} for {given}",
        wanted="one tensor, yhat",
        remedy=f"{hook} the module in one whose forward returns that tensor alone.",
    )


def _remedy_for_inputs(module: nn.Module, x: torch.Tensor) -> str:
    """Return what to do about a forward that failed: several inputs can stand side by side in x."""
    parameters = inspect.signature(module.forward).parameters.values()
    inputs = [
        each for each in parameters if each.default is each.empty and each.kind <= each.POSITIONAL_OR_KEYWORD
    ]
    if len(inputs) < 2 or x.dim() != 2:
        return "Correct the forward, or wrap the module in one that takes one batch."
    bounds = ["", *range(1, len(inputs)), ""]
    parts = ", ".join(f"x[0][:, {low}:{high}]" for low, high in pairwise(bounds))
    names = ", ".join(each.name for each in inputs)
    return (
        f"Give {names} side by side as the columns of x, and say once, with the columns of each: "
        f"module.register_forward_pre_hook(lambda module, x: ({parts}))."
    )


def _chosen(value: object, path: str = "yhat") -> str:
    """Return the expression of the first tensor in a tuple, a list or a dict; empty without one."""
    if isinstance(value, torch.Tensor):
        return path
    parts = value.items() if isinstance(value, Mapping) else enumerate(value) if _is_row(value) else ()
    return next((found for key, part in parts if (found := _chosen(part, f"{path}[{key!r}]"))), "")


def _is_row(value: object) -> TypeGuard[Sequence[object]]:
    return isinstance(value, tuple | list)


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
        modules = [frame.f_locals["self"] for frame in calls]
        called = [child for child in modules if child in names]
        if modules and isinstance(modules[-1], nn.modules.loss._Loss):
            raise refused_by_loss(plan.recipe.loss_row, first_line(problem)) from problem
        if _NO_GRADIENT in str(problem):
            raise InvalidValue(
                where=f"module {type(module).__name__}",
                got="yhat without a gradient: it depends on none of the parameters",
                wanted="yhat computed from them",
                remedy="Look for .detach(), .item(), .data or torch.no_grad() in the forward.",
            ) from problem
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


def first_line(problem: BaseException) -> str:
    """Return the first line of what an error says; its kind where it says nothing."""
    return (str(problem) or type(problem).__name__).strip().splitlines()[0]


def _sizes(shape: Shape) -> tuple[int, ...]:
    return tuple(size for size in shape if isinstance(size, int))
