"""Programs judged: what reading the text gives, beside what running it gives."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn

from chalknet.errors import ChalknetError
from chalknet.module import build
from chalknet.notation.torch_source import read_torch

HEAD = "import copy\nimport torch\nimport torch.nn as nn\nimport torch.nn.functional as F\n"
_CERTAIN = ("the code does not say how many features",)


def judge(code: str) -> str:
    """Return what became of a program: "equal", "noted", "refused", or what is silently wrong."""
    module = run(code)
    try:
        network = read_torch(code)
    except ChalknetError as problem:
        assert problem.remedy and problem.wanted
        return "refused"
    doubts = [note for note in network.notes if not note.startswith(_CERTAIN) and " is defined in line " not in note]
    return "noted" if doubts else difference(module, build(network.bind(m=8) if network.symbols else network)) or "equal"


def run(code: str) -> nn.Module:
    """Return the module of a program: its `net`, else an object of its class Net."""
    names: dict[str, Any] = {"__name__": "program"}
    torch.manual_seed(0)
    exec(code, names)
    module: nn.Module = names["net"] if "net" in names else names["Net"]()
    return module


def difference(module: nn.Module, built: nn.Sequential) -> str:
    """Return how a module differs from the network that was read of its program; empty for not at all."""
    counts = [sum(p.numel() for p in one.parameters()) for one in (module, built)]
    if counts[0] != counts[1]:
        return f"{counts[0]} parameters, read as {counts[1]}"
    mine, theirs = _called(module), [part for part in built if isinstance(part, nn.Linear)]
    if [_sizes(part) for part in mine] != [_sizes(part) for part in theirs]:
        return f"calls {mine}, read as {theirs}"
    for one, other in zip(mine, theirs, strict=True):
        other.load_state_dict(one.state_dict())
        bound = 1 / math.sqrt(one.in_features) + 1e-6
        if not 0 < one.weight.abs().max() <= bound or (one.weight.numel() > 1 and one.weight.std() == 0):
            return "weights that are set by hand"
    x = torch.randn(5, mine[0].in_features)
    for training in (False, True):
        results = [_pass(one, x, training) for one in (module, built)]
        if not torch.equal(results[0][0], results[1][0]):
            return f"another value in {'training' if training else 'evaluation'}"
    ours = {id(parameter): gradient for part, parameter, gradient in _gradients(mine, theirs)}
    if any(not ours[id(p)] for p in module.parameters() if id(p) in ours):
        return "other gradients"
    return ""


def _sizes(part: nn.Linear) -> tuple[int, int]:
    return part.in_features, part.out_features


def _called(module: nn.Module) -> list[nn.Linear]:
    """Return the linear maps in the order in which x passes them."""
    found: list[nn.Linear] = []
    for part in module.modules():
        if isinstance(part, nn.Linear):
            part.register_forward_hook(lambda part, given, out: found.append(part))
    module.eval()
    width = next(part.in_features for part in module.modules() if isinstance(part, nn.Linear))
    first = getattr(module, "width", width)
    module(torch.randn(2, first))
    for part in module.modules():
        part._forward_hooks.clear() if isinstance(part, nn.Linear) else None
    return found


def _pass(module: nn.Module, x: torch.Tensor, training: bool) -> list[torch.Tensor]:
    module.train(training)
    module.zero_grad()
    torch.manual_seed(1)
    value = module(x.clone())
    if training and value.requires_grad:
        value.square().mean().backward()
    return [value]


def _gradients(mine: list[nn.Linear], theirs: list[nn.Sequential]) -> list[tuple[nn.Module, Any, bool]]:
    found = []
    for one, other in zip(mine, theirs, strict=True):
        for p, q in zip(one.parameters(), other.parameters(), strict=True):
            alike = p.grad is not None and q.grad is not None and torch.equal(p.grad, q.grad)
            found.append((one, p, bool(alike and p.requires_grad)))
    return found
