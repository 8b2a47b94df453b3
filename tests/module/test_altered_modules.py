"""Modules that do more than their layers say are no network; a fit by any engine fits the module itself."""

import copy

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, prune

import chalknet as cn
from chalknet.errors import CannotExpress, Refused
from chalknet.module import network_of, read_module


def plain():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 4))


def altered(change):
    net = plain()
    return change(net) or net


class Doubled(nn.Sequential):
    def forward(self, x):
        return 2 * super().forward(x)


class Backwards(nn.Sequential):
    def __iter__(self):
        return iter([*self._modules.values()][::-1])


class Shifted(nn.Linear):
    def forward(self, x):
        return super().forward(x) + 1


class Loud(nn.Dropout):
    def forward(self, x):
        return nn.functional.dropout(x, self.p, True)


class WithScale(nn.Sequential):
    def __init__(self, *layers):
        super().__init__(*layers)
        self.register_parameter("scale", nn.Parameter(torch.ones(3)))


def set_item(name, value):
    def change(net):
        setattr(net, name, value) if isinstance(name, str) else net.__setitem__(name, value)

    return change


def hand_over(net):
    net[2].weight = net[0].weight


def share_memory(net):
    net[2].weight = nn.Parameter(net[0].weight.detach())


def share_a_view(net):
    net[2].weight = nn.Parameter(net[0].weight.detach().t())


def share_a_part(net):
    whole = torch.randn(6, 4)
    net[0].weight, net[2].weight = nn.Parameter(whole[:4]), nn.Parameter(whole[2:])


def other_shape(net):
    net[0].weight, net[0].bias = nn.Parameter(torch.randn(6, 4)), nn.Parameter(torch.randn(6))
    net[2].weight = nn.Parameter(torch.randn(4, 6))


def from_outside(net):
    net[1].forward = lambda x: 3 * x


ALTERED = {
    "tied": hand_over,
    "one memory": share_memory,
    "a view of one memory": share_a_view,
    "a part of one memory": share_a_part,
    "the same layer twice": lambda net: set_item(2, net[0])(net),
    "the same chain twice": lambda net: nn.Sequential(net, net),
    "a forward hook": lambda net: net[0].register_forward_hook(lambda part, x, out: 2 * out) and None,
    "a pre-hook": lambda net: net.register_forward_pre_hook(lambda part, x: (x[0] + 1,)) and None,
    "a backward hook": lambda net: (
        net[2].register_full_backward_hook(lambda part, i, o: (2 * i[0],)) and None
    ),
    "a hook on a weight": lambda net: net[0].weight.register_hook(lambda gradient: 2 * gradient) and None,
    "weight norm": lambda net: parametrizations.weight_norm(net[0]) and None,
    "spectral norm": lambda net: parametrizations.spectral_norm(net[0]) and None,
    "pruned": lambda net: prune.l1_unstructured(net[0], "weight", 0.5) and None,
    "a chain with a forward": lambda net: Doubled(*net),
    "a chain in another order": lambda net: Backwards(*net),
    "a chain inside": lambda net: nn.Sequential(Doubled(*net)),
    "a Linear with a forward": lambda net: set_item(0, Shifted(4, 4))(net),
    "a Dropout that stays on": lambda net: set_item(1, Loud(0.5))(net),
    "a forward from outside": from_outside,
    "a chain's forward from outside": lambda net: setattr(net, "forward", lambda x: 2 * net[0](x)),
    "a parameter of its own": lambda net: WithScale(*net),
    "a parameter in a layer": lambda net: net[1].register_parameter("scale", nn.Parameter(torch.ones(3))),
    "weights of another shape": other_shape,
    "a layer inside a layer": lambda net: net[1].add_module("inner", nn.Linear(3, 3)),
}


@pytest.mark.parametrize("change", ALTERED.values(), ids=ALTERED)
def test_a_module_that_does_more_than_its_layers_is_refused(change):
    module = altered(change)
    with pytest.raises(CannotExpress) as problem:
        read_module(module)
    assert network_of(module) is None
    assert "fit" in problem.value.remedy


@pytest.mark.parametrize("change", ALTERED.values(), ids=ALTERED)
def test_it_is_fitted_as_it_is_by_whatever_engine(change):
    data = (torch.randn(12, 4), torch.randn(12, 4))
    options = {"loss": "mse", "updates": 3, "lr": 0.05, "seed": 1}
    torch.manual_seed(5)
    by_hand = cn.fit(altered(change), data, engine="eager", **options).history.loss
    assert cn.fit(altered(change), data, engine="auto", device="cpu", **options).history.loss == by_hand
    with pytest.raises(Refused):
        cn.fit(altered(change), data, engine="fused_cpu", **options)


KEPT = {
    "in evaluation mode": lambda net: net.eval() and None,
    "a buffer": lambda net: net.register_buffer("seen", torch.zeros(1)),
    "a subclass without anything": lambda net: type("Mine", (nn.Sequential,), {})(*net),
    "a copy of a layer": lambda net: set_item(2, copy.deepcopy(net[0]))(net),
    "an activation used twice": lambda net: nn.Sequential(net[0], net[1], net[2], net[1]),
}


@pytest.mark.parametrize("change", KEPT.values(), ids=KEPT)
def test_what_changes_nothing_of_the_layers_leaves_a_network(change):
    module = altered(change)
    network = read_module(module)
    assert network_of(module) == network and network.notes == ()
    assert cn.count(network).parameters == sum(part.numel() for part in module.parameters())


def test_frozen_parameters_are_told():
    net = plain()
    net[0].requires_grad_(False)
    assert read_module(net).notes == ("frozen: 0.weight, 0.bias; a network trains all of its parameters",)


def test_a_hook_on_every_module_is_refused_while_it_is_there():
    hook = nn.modules.module.register_module_forward_hook(lambda part, x, out: None)
    try:
        assert network_of(plain()) is None
    finally:
        hook.remove()
    assert network_of(plain()) is not None


def test_a_class_with_a_forward_is_told_what_can_be_done():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(3, 1)

        def forward(self, x):
            return self.fc(x)

    with pytest.raises(CannotExpress) as problem:
        cn.read(Net())
    assert problem.value.got == "a class of your own: its forward is code, which a module does not tell"
    assert "cn.fit takes it as it is" in problem.value.remedy and "read its source" in problem.value.remedy
    x = torch.randn(6, 3)
    assert cn.fit(Net(), (x, x[:, :1]), loss="mse", updates=1).history.loss
