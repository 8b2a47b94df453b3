"""Placing things: tensors are copied, modules and optimizers moved, the shape of what holds them kept."""

from collections import OrderedDict, defaultdict, namedtuple

import numpy as np
import pytest
import torch
from torch import nn

import chalknet as cn
from chalknet.errors import InvalidValue, Refused

Pair = namedtuple("Pair", "x y")


def line():
    """Return the tensors and the first net of fact B1."""
    torch.manual_seed(43052)
    x, y = torch.tensor([[0.0], [0.1], [0.2]]), torch.tensor([[0.0], [0.2], [0.4]])
    return x, y, nn.Linear(1, 1), nn.Linear(1, 1)


def test_b1_the_two_nets_have_the_lectures_numbers():
    x, _, first, second = line()
    assert (first.weight.item(), first.bias.item()) == pytest.approx((-0.3467, -0.8470), abs=5e-5)
    assert (second.weight.item(), second.bias.item()) == pytest.approx((0.3604, 0.9336), abs=5e-5)
    assert first(x).flatten().tolist() == pytest.approx([-0.8470, -0.8817, -0.9164], abs=5e-5)
    assert second(x).flatten().tolist() == pytest.approx([0.9336, 0.9696, 1.0057], abs=6e-5)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
def test_b1_the_numbers_are_the_same_on_the_gpu():
    x, _, first, _ = line()
    first, x = cn.place("cuda:0", first, x)
    assert first(x).flatten().tolist() == pytest.approx([-0.8470, -0.8817, -0.9164], abs=5e-5)


def test_b4_a_tensor_is_copied_and_a_module_is_moved():
    x, _, net, _ = line()
    placed_net, placed_x = cn.place("meta", net, x)
    assert x.device.type == "cpu" and placed_x.device.type == "meta"
    assert placed_net is net and net.weight.device.type == "meta"


def test_a_tensor_that_is_there_already_is_not_copied():
    x = torch.ones(3)
    assert cn.place("cpu", x) is x


def test_the_shape_of_what_holds_things_is_kept():
    x = torch.ones(2)
    count = defaultdict(list, {"x": [x, 3, None, "word"]})
    things = (
        Pair(x, (x, [x])),
        {"a": {"b": x}},
        OrderedDict(k=x),
        count,
        nn.ModuleDict({"l": nn.Linear(1, 1)}),
    )
    pair, nested, ordered, counted, modules = cn.place("meta", *things)
    assert isinstance(pair, Pair) and isinstance(pair.y, tuple) and isinstance(pair.y[1], list)
    assert pair.y[1][0].device.type == nested["a"]["b"].device.type == "meta"
    assert type(ordered) is OrderedDict and counted.default_factory is list
    assert counted["x"][1:] == [3, None, "word"]
    assert modules is things[-1]
    assert x.device.type == count["x"][0].device.type == "cpu"


def test_a_packed_sequence_is_moved_by_its_own_to():
    packed = nn.utils.rnn.pack_sequence([torch.ones(3, 1), torch.ones(2, 1)])
    assert cn.place("meta", packed).data.device.type == "meta"


@pytest.mark.parametrize("first", ["optimizer", "module"])
def test_an_optimizers_state_moves_with_its_module_whatever_comes_first(first):
    net = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
    optimizer = torch.optim.Adam(net.parameters(), amsgrad=True)
    net(torch.ones(4, 2)).sum().backward()
    optimizer.step()
    things = (optimizer, net) if first == "optimizer" else (net, optimizer)
    assert cn.place("meta", *things) == things
    held = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    assert [id(parameter) for parameter in held] == [id(parameter) for parameter in net.parameters()]
    assert set(map(id, optimizer.state)) == set(map(id, net.parameters()))
    for state in optimizer.state.values():
        assert {key: value.device.type for key, value in state.items()} == {
            "step": "cpu",
            "exp_avg": "meta",
            "exp_avg_sq": "meta",
            "max_exp_avg_sq": "meta",
        }
    net(torch.ones(4, 2, device="meta")).sum().backward()
    optimizer.step()  # goes on there


def test_an_optimizer_without_its_module_is_refused():
    optimizer = torch.optim.SGD(nn.Linear(1, 1).parameters())
    with pytest.raises(InvalidValue, match=r'got parameters on cpu; .*place\("meta", net, optimizer\)'):
        cn.place("meta", optimizer)


@pytest.mark.parametrize(
    ("thing", "words"),
    [
        (np.ones(2), r"thing 1: got a ndarray, which has no device; .*torch.as_tensor"),
        ({"x": [np.ones(2)]}, r"thing 1\['x'\]\[0\]: got a ndarray"),
        (3, "got a int"),
        (cn.Network(1, (cn.Linear(1),)), "cn.build"),
    ],
)
def test_what_has_no_place_is_refused_by_its_place(thing, words):
    with pytest.raises(InvalidValue, match=words):
        cn.place("cpu", thing)


def test_from_meta_there_is_nothing_to_move():
    with pytest.raises(Refused, match=r"module Linear: got shapes without numbers, on meta.*to_empty"):
        cn.place("cpu", nn.Linear(1, 1, device="meta"))
    with pytest.raises(Refused, match="empty_like"):
        cn.place("cpu", torch.ones(2, device="meta"))


def test_an_unknown_device_is_refused_before_anything_moves():
    with pytest.raises(Refused, match="cuda:99 asked"):
        cn.place("cuda:99", torch.ones(1))
