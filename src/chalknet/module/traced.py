"""The layers of any module with the shapes that pass through them, found by running it on `meta`."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from chalknet.errors import CannotExpress, public
from chalknet.network import Shape


@dataclass(frozen=True)
class TracedLayer:
    """A layer without layers inside, as it was called.

    Args:
        path: its name in the module.
        kind: its class.
        settings: what it prints of itself.
        takes, gives: the shapes of one sample before and behind it.
        parameters: how many numbers it trains.
    """

    path: str
    kind: str
    settings: str
    takes: Shape
    gives: Shape
    parameters: int


@public()
def traced_layers(module: nn.Module, input_shape: Sequence[int]) -> list[TracedLayer]:
    """Return the layers of a module in the order in which they are called.

    The module runs once as it predicts, on tensors without values; it is copied and stays as it is.

    Args:
        module: a module that takes one tensor and gives one.
        input_shape: of one sample, without the axis of the batch.

    Raises:
        CannotExpress: for a module that does not take such samples, or whose values go several ways.

    Example:
        >>> import torch
        >>> from chalknet.module import traced_layers
        >>> [layer.gives for layer in traced_layers(torch.nn.Conv2d(1, 8, 3), (1, 28, 28))]
        [(8, 26, 26)]
    """
    name = type(module).__name__
    try:
        copied = copy.deepcopy(module).to("meta").eval()
        trace = _Trace(copied, torch.zeros(2, *input_shape, device="meta", requires_grad=True))
        y = trace.run()
    except Exception as problem:
        raise CannotExpress(
            where=f"module {name}",
            got=f"{type(problem).__name__}: {str(problem).splitlines()[0] if str(problem) else ''}",
            wanted=f"a module that takes samples of the shape {tuple(input_shape)}",
            remedy="Give the shape of one sample: input_shape=(channels, height, width).",
        ) from None
    if not isinstance(y, torch.Tensor) or _joins(y.grad_fn):
        raise CannotExpress(
            where=f"module {name}",
            got="values that go several ways and meet again, or several outputs",
            wanted="layers one after the other",
            remedy="Draw the parts that are chains, each by itself.",
        )
    trace.note_functions(y.grad_fn, y.shape)
    return trace.layers


class _Trace:
    """What is called while a module runs: its layers, and the functions between them.

    Args:
        module: on `meta`.
        x: two samples.
    """

    def __init__(self, module: nn.Module, x: torch.Tensor) -> None:
        self.layers: list[TracedLayer] = []
        self._module, self._x = module, x
        self._shape: Shape = tuple(x.shape[1:])
        self._last: Any = x.view_as(x).grad_fn.next_functions[0][0]  # type: ignore[union-attr]

    def run(self) -> Any:
        """Return what the module gives."""
        for path, layer in self._module.named_modules():
            if not list(layer.children()):
                layer.register_forward_pre_hook(self._before)
                layer.register_forward_hook(self._behind(path))
        with torch.enable_grad():
            return self._module(self._x)

    def note_functions(self, node: Any, shape: Sequence[int]) -> None:
        """Note what was done since the last layer by functions, such as torch.relu and a view."""
        names = _between(node, self._last)
        if names:
            words = ", ".join(re.sub(r"Backward\d*$", "", name).lower() for name in names)
            self.layers.append(TracedLayer("", words, "", self._shape, tuple(shape[1:]), 0))

    def _before(self, layer: nn.Module, inputs: tuple[Any, ...]) -> None:
        if len(inputs) != 1 or not isinstance(inputs[0], torch.Tensor):
            raise TypeError(f"a {type(layer).__name__} takes something else than one tensor")
        self.note_functions(inputs[0].grad_fn, inputs[0].shape)
        self._shape = tuple(inputs[0].shape[1:])

    def _behind(self, path: str) -> Callable[..., None]:
        def note(layer: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
            if not isinstance(output, torch.Tensor):
                raise TypeError(f"a {type(layer).__name__} gives something else than one tensor")
            numbers = sum(each.numel() for each in layer.parameters() if each.requires_grad)
            kind, gives = type(layer).__name__, tuple(output.shape[1:])
            self.layers.append(TracedLayer(path, kind, layer.extra_repr(), self._shape, gives, numbers))
            self._shape, self._last = gives, output.grad_fn or self._last

        return note


def _between(node: Any, last: Any) -> list[str]:
    """Return the names of the nodes of the graph from one to another, both left out but for the first."""
    paths: list[tuple[Any, list[str]]] = [(node, [])]
    seen = set()
    while paths:
        at, names = paths.pop()
        if at is last:
            return names[::-1]
        if at is not None and at not in seen:
            seen.add(at)
            paths += [(source, [*names, at.name()]) for source, _ in at.next_functions]
    return []


def _joins(last: Any) -> bool:
    """Return whether somewhere in the graph of a value two values meet that both come from the input."""
    from_input: dict[Any, bool] = {}
    waiting = [last] if last is not None else []
    while waiting:  # the sources of a node first
        node = waiting[-1]
        sources = [source for source, _ in node.next_functions if source is not None]
        missing = [source for source in sources if source not in from_input]
        if missing:
            waiting += missing
            continue
        waiting.pop()
        is_input = hasattr(node, "variable") and not isinstance(node.variable, nn.Parameter)
        ways = sum(from_input[source] for source in sources)
        if ways > 1:
            return True
        from_input[node] = is_input or ways == 1
    return False
