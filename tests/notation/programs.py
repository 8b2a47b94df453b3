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
    doubts = [
        note for note in network.notes if not note.startswith(_CERTAIN) and " is defined in line " not in note
    ]
    return (
        "noted"
        if doubts
        else difference(module, build(network.bind(m=8) if network.symbols else network)) or "equal"
    )


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
    x = torch.randn(5, _width(module))
    for training in (False, True):
        results = [_pass(one, x, training) for one in (module, built)]
        if not torch.equal(results[0][0], results[1][0]):
            return f"another value in {'training' if training else 'evaluation'}"
    ours = {id(parameter): gradient for part, parameter, gradient in _gradients(mine, theirs)}
    if any(not ours[id(p)] for p in module.parameters() if id(p) in ours):
        return "other gradients"
    return ""


def _width(module: nn.Module) -> int:
    """Return the features of x: those that the first linear map made takes, 8 without one."""
    return next((part.in_features for part in module.modules() if isinstance(part, nn.Linear)), 8)


def _sizes(part: nn.Linear) -> tuple[int, int]:
    return part.in_features, part.out_features


def _called(module: nn.Module) -> list[nn.Linear]:
    """Return the linear maps in the order in which x passes them."""
    found: list[nn.Linear] = []
    for part in module.modules():
        if isinstance(part, nn.Linear):
            part.register_forward_hook(lambda part, given, out: found.append(part))
    module.eval()
    module(torch.randn(2, _width(module)))
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


# What programs do besides making layers and calling them, each spelled in several ways; {a} and {b} are layers,
# {x} is what has passed some of them.
IN_INIT = (
    "{b}.weight = {a}.weight",
    "{b}.weight = nn.Parameter({a}.weight)",
    "{b}.weight.data = {a}.weight.data",
    "setattr({b}, 'weight', {a}.weight)",
    "{b}.register_parameter('weight', {a}.weight)",
    "{b}._parameters['weight'] = {a}.weight",
    "{b}.weight.data.copy_({a}.weight.data)",
    "for one in ({b},):\n    one.weight = {a}.weight",
    "nn.init.zeros_({a}.weight)",
    "torch.nn.init.normal_({a}.weight, 0, 9)",
    "{a}.weight.data.fill_(0.5)",
    "{a}.weight.data *= 0",
    "with torch.no_grad():\n    {a}.weight[:] = 0",
    "for p in {a}.parameters():\n    nn.init.constant_(p, 3.0)",
    "{a}.requires_grad_(False)",
    "{a}.weight.requires_grad = False",
    "[p.requires_grad_(False) for p in {a}.parameters()]",
    "nn.utils.parametrizations.weight_norm({a})",
    "nn.utils.parametrizations.spectral_norm({a})",
    "{a}.register_forward_hook(lambda m, i, o: o * 2)",
    "{a}.register_forward_pre_hook(lambda m, i: (i[0] + 1,))",
    "{a}.bias = None",
    "{a}.forward = lambda x: x * 0",
    "{a}.apply(lambda m: nn.init.zeros_(m.weight))",
    "nn.init.eye_(next({a}.parameters()).data)",
    "exec('nn.init.zeros_({a}.weight)')",
    "list(map(lambda m: nn.init.zeros_(m.weight), [{a}]))",
    "for p, q in zip({a}.parameters(), {b}.parameters()):\n    q.data = p.data",
    "dict({a}.named_parameters())['weight'].data.fill_(0)",
    "{a}._forward_hooks[0] = lambda m, i, o: o * 2",
)
IN_SELF = (
    "self.spare = nn.Linear(3, 3)",
    "self.free = nn.Parameter(torch.zeros(2))",
    "self.spares = nn.ModuleList([nn.Linear(2, 2)])",
    "self.register_parameter('free', nn.Parameter(torch.zeros(2)))",
    "self.add_module('spare', nn.Linear(2, 3))",
)
IN_FORWARD = (
    "{x} = F.dropout({x})",
    "{x} = F.dropout({x}, 0.5, True)",
    "{x} = F.dropout({x}, p=0.3, training=self.training)",
    "{x} = F.dropout({x}, 0.4, training=False)",
    "{x} = torch.dropout({x}, 0.5, train=True)",
    "{x} = nn.Dropout(0.5)({x})",
    "if self.training:\n    {x} = F.dropout({x}, 0.2)",
    "if not self.training:\n    {x} = {x} * 2",
    "{x}.relu_()",
    "{x}.mul_(3)",
    "{x}.data.mul_(2)",
    "{x}[:, 0] = 0",
    "F.relu({x}, inplace=True)",
    "torch.sigmoid_({x})",
    "{x} = {x} + 1",
    "{x} += {x}",
    "{x} = -{x}",
    "{x} = {x}.detach()",
    "{x} = {x}.clamp(min=0)",
    "{x} = torch.where({x} > 0, {x}, torch.zeros_like({x}))",
    "{x} = {x}.reshape({x}.shape[0], -1)",
    "{x} = {x}.flatten(1)",
    "{x} = {x}.flatten().view({x}.shape[0], -1)",
    "{x} = {x} * 1.5 if {x}.sum() > 0 else {x}",
    "if {x}.sum() > 0:\n    {x} = torch.relu({x})",
    "for _ in range(int({x}.numel() > 0) + 1):\n    {x} = torch.tanh({x})",
    "while {x}.abs().max() > 1e-3:\n    {x} = {x} / 2",
    "try:\n    {x} = torch.tanh({x})\nexcept ValueError:\n    {x} = torch.relu({x})",
    "{x} = {x}.half().float()",
    "{x} = torch.cat([{x}], 1)",
    "{x} = F.normalize({x})",
    "y = {x}\n{x} = torch.relu(y)",
    "keep = {x}.shape\nassert len(keep) == 2",
    "{x} = (lambda z: torch.tanh(z))({x})",
    "z = {x}.view(-1, {x}.shape[1])\nz.mul_(2)",
    "z = {x}.flatten(1)\nz.relu_()",
    "z = {x}[:]\nz.mul_(2)",
    "z = {x}.t()\nz.mul_(2)",
    "{x}[{x} < 0] = 0",
    "torch.mul({x}, 2, out={x}.data)",
    "if {x}.requires_grad:\n    {x}.register_hook(lambda g: g * 2)",
    "{x} = {x}.to(torch.float16).to(torch.float32)",
    "{x} = F.softmax({x}, -1, dtype=torch.float64).float()",
    "self.l0, self.l1 = self.l1, self.l0",
    "self.seen = getattr(self, 'seen', 0) + 1\nif self.seen > 1:\n    {x} = torch.relu({x})",
)
AFTERWARDS = (
    "net.eval()",
    "net.{a}.weight.data.zero_()",
    "net.{b}.weight = net.{a}.weight",
    "net.{a} = nn.Linear(net.{a}.in_features, net.{a}.out_features)",
    "net.{a} = nn.utils.parametrizations.weight_norm(net.{a})",
    "net.{a}.register_forward_hook(lambda m, i, o: o + 1)",
    "net.load_state_dict({{k: v * 0 for k, v in net.state_dict().items()}})",
    "for p in net.parameters():\n    p.requires_grad = False",
    "net.forward = lambda x: x * 0",
    "Net.forward = lambda self, x: x * 0",
    "net = copy.deepcopy(net)",
    "opt = torch.optim.SGD(net.parameters(), lr=0.1)\nopt.zero_grad()",
    "print(sum(p.numel() for p in net.parameters()), end='')",
)
CHAIN_CHANGES = (
    "net.append(nn.Tanh())",
    "net.extend([nn.Tanh(), nn.Linear({w}, 3)])",
    "net.insert(0, nn.Linear({w0}, {w0}))",
    "net.add_module('0', nn.Linear({w0}, {w1}))",
    "net[0] = nn.Linear({w0}, {w1}, bias=False)",
    "net[-1] = nn.Linear({v}, 2)",
    "del net[-1]",
    "net = net[:-1]",
    "net = nn.Sequential(*list(net.children())[:-1])",
    "net = nn.Sequential(*net, nn.Tanh())",
    "net = nn.Sequential(net, nn.Dropout(0.1), nn.Linear({w}, {w}))",
    "net += nn.Sequential(nn.Tanh())",
    "net = net + nn.Sequential(nn.ReLU())",
    "net.pop(-1)",
    "net.tail = nn.Tanh()",
    "net[-1].weight = nn.Parameter(net[0].weight)",
    "net[0].weight.data.zero_()",
    "net = nn.Sequential(*[nn.Linear({w}, {w})] * 2)",
    "net = nn.Sequential(*[copy.deepcopy(net[-1]) for _ in range(2)]) if {w} == {v} else net",
    "for i in range(5):\n    if i == 3:\n        break\n    net.append(nn.Tanh())",
    "for i in range(50):\n    if i == 40:\n        net.append(nn.Tanh())",
    "net.requires_grad_(False)",
    "net._modules['0'] = nn.Linear({w0}, {w1})",
    "net.__delitem__(-1)",
    "def grow(one):\n    one.append(nn.Tanh())\ngrow(net)",
    "layers = list(net)\nlayers.reverse()\nlayers.reverse()\nnet = nn.Sequential(*layers)",
    "net = nn.Sequential(*(l for l in net if not isinstance(l, nn.ReLU)))",
    "import random\nif random.random() < 2:\n    net.append(nn.Tanh())",
    "import random\nfor _ in range(random.randint(2, 2)):\n    net.append(nn.Tanh())",
)
ACTIVATIONS = ("torch.relu({x})", "F.relu({x})", "{x}.tanh()", "torch.sigmoid({x})", "F.elu({x}, 0.7)", "{x}")
