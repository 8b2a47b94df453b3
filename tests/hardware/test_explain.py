"""Explaining: tensors of two devices that meet are named, with their places and the line to write.

`meta` is the second device that is always there. Where torch has CUDA, the facts are tested with it as well;
its wording is tested everywhere with fake tensors, which are on `cuda:0` without a GPU.
"""

import copy
import linecache
import sys

import pytest
import torch
from torch import nn
from torch._subclasses import FakeTensorMode

import chalknet as cn
from chalknet.errors import DeviceMismatch, OutOfMemory

OTHERS = [
    "meta",
    pytest.param(
        "cuda:0",
        marks=[pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")],
    ),
]


def line(other):
    """Return the tensors and both nets of B1, the second net and copies of the tensors on another device."""
    torch.manual_seed(43052)
    x, y = torch.tensor([[0.0], [0.1], [0.2]]), torch.tensor([[0.0], [0.2], [0.4]])
    net, other_net = nn.Linear(1, 1), nn.Linear(1, 1)
    return (x, y, net), (x.to(other), y.to(other), other_net.to(other))


def explained(call, *arguments):
    with pytest.raises(DeviceMismatch) as caught, cn.explain():
        call(*arguments)
    return str(caught.value)


@pytest.mark.parametrize("other", OTHERS)
def test_b3_the_four_that_are_on_one_device_work(other):
    for x, y, net in line(other):
        with cn.explain():
            yhat = net(x)
            loss = torch.mean((y - yhat) ** 2)
        assert yhat.device == x.device == loss.device
    (x, y, net), (_, _, second) = line("cpu")
    assert torch.mean((y - net(x)) ** 2).item() == pytest.approx(1.2068, abs=5e-5)
    assert torch.mean((y - second(x)) ** 2).item() == pytest.approx(0.6102, abs=5e-5)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
def test_b3_the_figures_on_the_gpu():
    _, (x, y, net) = line("cuda:0")
    assert torch.mean((y - net(x)) ** 2).item() == pytest.approx(0.6102, abs=5e-5)


@pytest.mark.parametrize("other", OTHERS)
def test_b3_a_net_here_on_x_there(other):
    (_, _, net), (x, _, _) = line(other)
    told = explained(lambda: net(x))
    assert (
        f"net(x): got x on {other} and net.weight, net.bias on cpu; wanted all of them on one device" in told
    )
    assert f'Write net.to("{other}")' in told


@pytest.mark.parametrize("other", OTHERS)
def test_b3_a_net_there_on_x_here(other):
    (x, _, _), (_, _, net) = line(other)
    told = explained(lambda: net(x))
    assert f"net(x): got x on cpu and net.weight, net.bias on {other}; wanted" in told
    assert f'Write x = x.to("{other}")' in told


@pytest.mark.parametrize("other", OTHERS)
def test_b3_a_loss_of_y_there_and_yhat_here(other):
    (x, _, net), (_, y, _) = line(other)
    told = explained(lambda: torch.mean((y - net(x)) ** 2))
    assert f"y - net(x): got y on {other} and net(x) on cpu; wanted" in told
    assert f'Write net(x).to("{other}")' in told


@pytest.mark.parametrize("other", OTHERS)
def test_b3_a_loss_of_y_here_and_yhat_there(other):
    (_, y, _), (x, _, net) = line(other)
    told = explained(lambda: torch.mean((y - net(x)) ** 2))
    assert f"y - net(x): got y on cpu and net(x) on {other}; wanted" in told
    assert f'Write y = y.to("{other}")' in told


def test_the_file_and_the_line_are_told():
    (_, _, net), (x, _, _) = line("meta")
    here = sys._getframe().f_lineno + 1
    assert f"line {here} of test_explain.py: net(x)" in explained(lambda: net(x))


def test_a_module_on_two_devices_names_the_layer_and_what_came_into_it():
    net = nn.Sequential(nn.Linear(1, 4), nn.ReLU(), nn.Linear(4, 1, device="meta"))
    told = explained(lambda: net(torch.ones(2, 1)))
    assert "got the input of net.2 on cpu and net.2.weight, net.2.bias on meta" in told
    assert 'Write net.to("meta")' in told


def test_a_training_loop_in_a_function_is_told_in_its_own_names():
    def train(model, batches):
        optimizer = torch.optim.SGD(model.parameters())
        for xx, yy in batches:
            loss = nn.functional.mse_loss(model(xx / 2), yy)
            loss.backward()
            optimizer.step()

    ours = nn.Linear(1, 1)
    told = explained(train, ours, [(torch.ones(2, 1), torch.ones(2, 1, device="meta"))])
    assert (
        "got yy on meta and model(xx / 2) on cpu" in told or "got model(xx / 2) on cpu and yy on meta" in told
    )


class Block(nn.Module):
    """A module with parameters, a buffer, and a tensor that is neither."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
        self.register_buffer("scale", torch.ones(4))
        self.mask = torch.ones(4)

    def forward(self, x):
        return self.body(x) * self.scale * self.mask


def test_a_buffer_is_named_by_its_path():
    net = nn.ModuleDict({"head": Block()})
    net["head"].body[1].running_var = torch.ones(4, device="meta")
    told = explained(lambda: net["head"](torch.ones(2, 3)))
    assert "net.head.body.1.running_var on meta" in told
    assert "net.head.body.1.weight" in told


def test_a_tensor_that_to_leaves_behind_is_named_and_moved_by_itself():
    net = Block().to("meta")
    told = explained(lambda: net(torch.ones(2, 3, device="meta")))
    assert "net.mask on cpu" in told and "self.body(x) * self.scale on meta" in told
    assert 'Write net.mask = net.mask.to("meta")' in told


def test_a_dict_of_tensors_is_named_by_its_key():
    net, batch = nn.Linear(1, 1), {"x": torch.ones(2, 1, device="meta"), "n": [1]}
    assert 'got batch["x"] on meta and net.weight, net.bias on cpu' in explained(lambda: net(batch["x"]))


def test_a_trainer_object_is_named_by_its_attributes():
    class Trainer:
        def __init__(self):
            self.model, self.x = nn.Linear(1, 1), torch.ones(2, 1, device="meta")

        def step(self):
            return self.model(self.x)

    trainer = Trainer()
    assert "got self.x on meta and self.model.weight, self.model.bias on cpu" in explained(trainer.step)


def test_a_loss_function_with_a_weight_is_named():
    weigh = nn.CrossEntropyLoss(weight=torch.ones(4, device="meta"))
    scores, classes = torch.randn(3, 4), torch.tensor([0, 1, 2])
    told = explained(lambda: weigh(scores, classes))
    assert "got scores, classes on cpu and weigh.weight on meta" in told
    assert 'scores = scores.to("meta") and classes = classes.to("meta")' in told


def test_a_module_made_and_called_at_once_is_named_by_its_kind():
    told = explained(lambda: nn.LSTM(1, 2)(torch.ones(2, 1, 1, device="meta")))
    assert "the input of LSTM() on meta and LSTM().weight_ih_l0" in told


def test_an_augmented_sum_names_both_sides():
    total, part = torch.ones(3), torch.ones(3, device="meta")

    def add():
        nonlocal total
        total = total + part

    assert "total + part: got total on cpu and part on meta" in explained(add)


def test_many_names_are_cut_short():
    net = nn.LSTM(1, 2, num_layers=3)
    told = explained(lambda: net(torch.ones(2, 1, 1, device="meta")))
    assert "and 8 more on cpu" in told


def test_code_without_a_source_is_told_by_its_names():
    space = {
        "net": nn.Linear(1, 1),
        "x": torch.ones(2, 1, device="meta"),
        "other": torch.ones(1, device="meta"),
    }
    assert "<typed>" not in linecache.cache
    code = compile("def run():\n    return [net(x), other]", "<typed>", "exec")
    exec(code, space)
    told = explained(space["run"])
    assert "got x on meta and net.weight, net.bias on cpu" in told
    assert "other" not in told


def test_it_works_as_a_decorator():
    @cn.explain()
    def run(net, x):
        return net(x)

    with pytest.raises(DeviceMismatch, match=r"got x on meta and net.weight, net.bias on cpu"):
        run(nn.Linear(1, 1), torch.ones(2, 1, device="meta"))


def test_torchs_own_error_is_kept_as_the_cause():
    net, x = nn.Linear(1, 1), torch.ones(2, 1, device="meta")
    with pytest.raises(RuntimeError) as caught, cn.explain():
        net(x)
    assert isinstance(caught.value.__cause__, RuntimeError)
    assert "not on the expected device" in str(caught.value.__cause__)


@pytest.mark.parametrize("call", [lambda: nn.Linear(2, 1)(torch.ones(2, 3)), lambda: [][0]])
def test_every_other_error_passes_as_it_is(call):
    with pytest.raises((RuntimeError, IndexError)) as caught, cn.explain():
        call()
    assert not isinstance(caught.value, cn.ChalknetError)


def test_an_error_that_merely_speaks_of_devices_passes_as_it_is():
    with pytest.raises(RuntimeError, match=r"^never the same device twice$"), cn.explain():
        raise RuntimeError("never the same device twice")


# What CUDA says, by the tensors of a GPU that is not there; fake tensors have no gradients on it.


@pytest.fixture
def fake():
    if torch.cuda.is_available():
        pytest.skip("fake tensors stand in for a GPU that is not there")
    with FakeTensorMode(allow_non_fake_inputs=False) as mode, torch.no_grad():
        yield mode


def test_a_product_of_two_tensors(fake):
    w, x = torch.randn(3, 3), torch.randn(2, 3, device="cuda")
    told = explained(lambda: w @ x.T)
    assert "w @ x.T: got w on cpu and x on cuda:0" in told
    assert told.endswith('Write w = w.to("cuda:0"), or x = x.to("cpu").')


def test_the_gpu_is_where_things_go(fake):
    net, x = nn.Linear(3, 1), torch.randn(2, 3, device="cuda")
    told = explained(lambda: net(x))
    assert told.endswith('Write net.to("cuda:0"), or x = x.to("cpu").')


def test_an_index_on_another_device(fake):
    table, rows = nn.Embedding(3, 2), torch.zeros(2, dtype=torch.long, device="cuda")
    assert "got rows on cuda:0 and table.weight on cpu" in explained(
        lambda: table(rows)
    ) or "got table.weight on cpu and rows on cuda:0" in explained(lambda: table(rows))


def test_a_list_of_tensors(fake):
    parts = [torch.randn(2, 2), torch.randn(2, 2, device="cuda")]
    told = explained(lambda: torch.cat(parts))
    assert "parts[0] on cpu" in told and "parts[1] on cuda:0" in told


def test_a_single_number_may_meet_any_device_and_is_not_to_blame(fake):
    scale, w, x = torch.randn(()), torch.randn(3), torch.randn(3, device="cuda")
    told = explained(lambda: torch.addcmul(w, x, x) * scale)
    assert "scale" not in told and "w on cpu" in told and "x on cuda:0" in told


def test_fake_and_real_tensors(fake):
    made = torch.randn(3, 1)
    fake.__exit__(None, None, None)
    try:
        net = nn.Linear(1, 1)
        told = explained(lambda: net(made))
    finally:
        fake.__enter__()
    assert "got made on fake cpu and net.weight, net.bias on cpu" in told
    assert told.endswith("Make all of them under FakeTensorMode, or none.")


WORDS = [
    "Expected all tensors to be on the same device, but found at least two devices, cuda:0 and cpu!",
    "Expected all tensors to be on the same device, but got mat1 is on cpu, different from other tensors on "
    "cuda:0 (when checking argument in method wrapper_CUDA_addmm)",
    "indices should be either on cpu or on the same device as the indexed tensor (cpu)",
    "Input type (torch.cuda.FloatTensor) and weight type (torch.FloatTensor) should be the same",
    "Tensor for argument #2 'mat1' is on CPU, but expected it to be on GPU (while checking arguments)",
    "Input and parameter tensors are not at the same device, found input tensor at cuda:0 and parameter "
    "tensor at cpu",
    "Placeholder storage has not been allocated on MPS device!",
]


@pytest.mark.parametrize("words", WORDS)
def test_all_that_torch_says_of_it_is_known(words):
    def product(a, b):
        raise RuntimeError(words)

    w, x = torch.ones(2), torch.ones(2, device="meta")
    assert "w on cpu and x on meta" in explained(
        lambda: product(w, x)
    ) or "a on cpu and b on meta" in explained(lambda: product(w, x))


def test_the_state_of_an_optimizer_is_named_with_its_parameter(fake):
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))
    adam = torch.optim.Adam(net.parameters())
    for parameter in net.parameters():
        parameter.grad = torch.randn(parameter.shape)
    adam.step()
    adam.state[net[1].weight]["exp_avg"] = torch.zeros(1, 2, device="cuda")
    told = explained(lambda: adam.step())
    assert "net.1.weight.grad on cpu" in told and "adam's exp_avg of net.1.weight on cuda:0" in told
    assert 'cn.place("cpu", net, adam)' in told


# In the verbs.


def test_fit_names_what_the_module_left_behind():
    class Scaled(nn.Module):
        def __init__(self):
            super().__init__()
            self.line, self.scale = nn.Linear(1, 1), torch.ones(1, 1, device="meta")

        def forward(self, x):
            return self.line(x) * self.scale

    ours = Scaled()
    with pytest.raises(DeviceMismatch, match=r"ours.scale on meta.*") as caught:
        cn.fit(ours, (torch.ones(4), torch.ones(4)), loss="mse", updates=1, device="cpu")
    assert "self.line(x) * self.scale" in caught.value.where


def test_predict_names_the_layer_that_is_elsewhere():
    net = nn.Sequential(nn.Linear(1, 2), nn.Linear(2, 1, device="meta"))
    with pytest.raises(
        DeviceMismatch, match=r"the input of net.1 on cpu and net.1.weight, net.1.bias on meta"
    ):
        cn.predict(net, torch.ones(4, 1))


def test_a_fit_of_a_module_on_meta_is_refused():
    with pytest.raises(cn.ChalknetError, match="meta, which holds shapes and no numbers"):
        cn.fit(nn.Linear(1, 1, device="meta"), (torch.ones(4), torch.ones(4)), loss="mse", updates=1)


@pytest.mark.parametrize(
    "call",
    [
        lambda net, x, there: cn.fit(net, (there, x), loss="mse", updates=1),
        lambda net, x, there: cn.predict(net, there),
        lambda net, x, there: cn.predict(net.to("meta"), x),
    ],
    ids=["data of a fit", "data of a prediction", "a module"],
)
def test_meta_has_no_numbers_to_fit_or_to_predict_with(call):
    with pytest.raises(cn.ChalknetError, match=r"a tensor on meta, which has a shape|got meta, which holds"):
        call(nn.Linear(1, 1), torch.ones(3, 1), torch.ones(3, 1, device="meta"))


def test_what_asks_meta_for_numbers_is_named():
    batch = {"x": torch.ones(3, device="meta")}
    with (
        pytest.raises(cn.ChalknetError, match=r'got batch\["x"\] on meta, where there are shapes'),
        cn.explain(),
    ):
        batch["x"].cpu()


def test_a_slice_of_a_tensor_is_known_by_the_tensor():
    x, other = torch.ones(4, 2), torch.ones(4, 2, device="meta")
    told = explained(lambda: other.sum(1) + x[:, 0])
    assert "x on cpu" in told and "other.sum(1) on meta" in told


# Memory.


def test_an_allocation_that_failed_says_what_was_asked_for_and_what_is_free():
    with (
        pytest.raises(OutOfMemory, match=r"got 36.4 TiB asked for at once, .* free now; .*fewer rows"),
        cn.explain(),
    ):
        torch.empty(10**13)


def test_what_cuda_says_is_read(monkeypatch):
    said = "CUDA out of memory. Tried to allocate 2.50 GiB. GPU 0 has a total capacity of 23.69 GiB"
    with pytest.raises(OutOfMemory, match=r"memory of cuda:0: got 2.5 GiB asked for at once"), cn.explain():
        raise torch.OutOfMemoryError(said)


def test_what_numpy_says_is_read():
    said = "Unable to allocate 7.45 GiB for an array with shape (1000000000,) and data type float64"
    with pytest.raises(OutOfMemory, match=r"memory of cpu: got 7.4 GiB|got 7.5 GiB"), cn.explain():
        raise MemoryError(said)


def test_nothing_is_touched_while_nothing_fails():
    net, x = nn.Linear(1, 1), torch.ones(2, 1)
    before = sys.gettrace(), sys.getprofile(), copy.copy(net._forward_hooks)
    with cn.explain():
        inside = sys.gettrace(), sys.getprofile(), copy.copy(net._forward_hooks)
        net(x)
    assert inside == before


class Counted(list):
    """A list that counts the values taken from all such lists."""

    taken = 0

    def __iter__(self):
        for value in super().__iter__():
            Counted.taken += 1
            yield value


def test_of_large_variables_a_limited_number_of_values_is_searched():
    rows = Counted([0.5]) * 30_000
    first, second, third = ([Counted(rows) for _ in range(9)] for _ in range(3))
    x, net = torch.zeros(2, 3, device="meta"), torch.nn.Linear(3, 1)
    before = Counted.taken
    with pytest.raises(DeviceMismatch, match=r"got x on meta and net\.weight"), cn.explain():
        net(x)
    assert len(first) == len(second) == len(third)
    assert Counted.taken - before < 27 * 30_000 / 3
