"""The same update: modules that look across a batch, batches too small for them, and whole numbers for x."""

import copy
import re

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import chalknet as cn
from chalknet.data import Batches, load
from chalknet.engine import eager
from chalknet.errors import DataError, Refused
from chalknet.planning import Placement, Recipe
from chalknet.training.choice.rehearsal import Rehearsal

X = torch.randn(50, 3, generator=torch.Generator().manual_seed(1))
DATA = (X, X.sum(dim=1))
FIT = {"loss": "mse", "engine": "eager", "threads": 1}


def normed(kind=nn.BatchNorm1d, width=4, **options):
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, width), kind(width, **options), nn.ReLU(), nn.Linear(width, 1))


def untouched(module, call):
    """Run a call that is refused, and return the error; the module stays as it was, to the last bit."""
    before = copy.deepcopy(module.state_dict())
    with pytest.raises(Refused) as refused:
        call()
    assert all(torch.equal(tensor, before[name]) for name, tensor in module.state_dict().items())
    return refused.value


@given(n=st.integers(2, 40), size=st.integers(1, 40), drop_last=st.booleans(), epochs=st.integers(1, 2))
@settings(max_examples=40)
def test_a_fit_is_refused_beforehand_just_where_torch_would_fail_and_the_remedies_mend_it(
    n, size, drop_last, epochs
):
    size = min(size, n)
    data, options = (X[:n], X[:n].sum(dim=1)), {**FIT, "epochs": epochs}
    sizes = [size] * (n // size) + ([n % size] if n % size and not drop_last else [])
    module = normed()
    if 1 not in sizes:
        assert cn.fit(module, data, batch_size=size, drop_last=drop_last, **options).history.updates[-1] == (
            epochs * len(sizes)
        )
        return
    for verb in (cn.fit, cn.plan):
        problem = untouched(
            module, lambda verb=verb: verb(module, data, batch_size=size, drop_last=drop_last, **options)
        )
        assert problem.where == "module 1 (BatchNorm1d)"
    ways = re.findall(r"(drop_last=True|batch_size=(\d+))", problem.remedy)
    assert ways
    for way, larger in ways:
        mended = (
            {"batch_size": int(larger), "drop_last": drop_last}
            if larger
            else {"batch_size": size, "drop_last": True}
        )
        assert way and cn.fit(module, data, **mended, **options).outcome is cn.Outcome.FINISHED


def test_a_last_batch_that_the_fit_does_not_come_to_is_no_matter():
    assert cn.fit(normed(), DATA, batch_size=7, updates=7, **FIT).outcome is cn.Outcome.FINISHED
    untouched(module := normed(), lambda: cn.fit(module, DATA, batch_size=7, updates=8, **FIT))
    untouched(module := normed(), lambda: cn.fit(module, DATA, batch_size=7, seconds=0.1, **FIT))


class Picture(nn.Module):
    """A module that lays its features out as pixels of two channels, and normalises them."""

    def __init__(self, layer, pixels):
        super().__init__()
        self.spread, self.layer, self.out = nn.Linear(3, 2 * pixels), layer, nn.Linear(2 * pixels, 1)

    def forward(self, x):
        u = self.spread(x)
        return self.out(self.layer(u.reshape(len(u), 2, -1, 1)).flatten(1))


FINE = {
    "several pixels": lambda: Picture(nn.BatchNorm2d(2), 4),
    "a group": lambda: Picture(nn.GroupNorm(1, 2), 4),
    "an instance": lambda: Picture(nn.InstanceNorm2d(2), 4),
    "a layer": lambda: normed(nn.LayerNorm),
    "evaluating": lambda: normed().eval(),
    "frozen alone": lambda: frozen(normed()),
}


def frozen(module):
    module[1].eval()
    return module


@pytest.mark.parametrize("name", FINE)
def test_what_maps_a_single_sample_is_fitted_with_it(name):
    module = FINE[name]()
    assert cn.fit(module, DATA, batch_size=1, updates=3, **FIT).outcome is cn.Outcome.FINISHED


@pytest.mark.parametrize("name", sorted(set(FINE) - {"several pixels"}))
def test_pieces_of_what_maps_each_sample_alone_are_the_same_update(name):
    whole, pieces = FINE[name](), FINE[name]()
    pieces.load_state_dict(whole.state_dict())
    for module, at_a_time in ((whole, None), (pieces, 20)):
        cn.fit(module, DATA, updates=1, lr=0.1, micro_batch=at_a_time, **FIT)
    for one, other in zip(whole.parameters(), pieces.parameters(), strict=True):
        # sums in another order: some units in the last place of float32
        assert torch.allclose(one, other, rtol=1e-5, atol=1e-6)


REFUSED = {
    "one pixel": lambda: Picture(nn.BatchNorm2d(2), 1),
    "no running mean": lambda: normed(track_running_stats=False),
    "over all processes": lambda: normed(nn.SyncBatchNorm),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_map_a_single_sample_is_refused(name):
    untouched(module := REFUSED[name](), lambda: cn.fit(module, DATA, batch_size=1, updates=3, **FIT))


class Centred(nn.Module):
    """A module of one's own that looks across the batch, without a layer that says so."""

    def __init__(self):
        super().__init__()
        self.linear, self.drop = nn.Linear(3, 1), nn.Dropout(0.5)

    def forward(self, x):
        u = self.drop(self.linear(x))
        return u - u.mean(dim=0, keepdim=True) if self.training else u


class Alone(Centred):
    """The same without looking across."""

    def forward(self, x):
        return self.drop(self.linear(x))


class Noisy(Centred):
    """A module that draws by itself, whose halves cannot be told from other numbers."""

    def forward(self, x):
        return self.linear(x) + 0.1 * torch.randn(len(x), 1)


@pytest.mark.parametrize("make", [normed, Centred, *REFUSED.values()])
def test_pieces_that_would_be_another_update_are_refused_and_whole_batches_are_not(make):
    module = make()
    problem = untouched(module, lambda: cn.fit(module, DATA, updates=1, micro_batch=25, **FIT))
    assert "would not add up to the same update" in problem.got and "Leave micro_batch out" in problem.remedy
    assert cn.fit(module, DATA, updates=1, **FIT).outcome is cn.Outcome.FINISHED
    assert cn.fit(module, DATA, updates=1, micro_batch=50, **FIT).outcome is cn.Outcome.FINISHED


@pytest.mark.parametrize("make", [Alone, Noisy])
def test_what_maps_each_sample_alone_may_be_cut(make):
    assert cn.fit(make(), DATA, updates=1, micro_batch=25, **FIT).outcome is cn.Outcome.FINISHED


def test_the_callers_random_numbers_and_the_fit_are_those_without_a_rehearsal():
    torch.manual_seed(5)
    drawn = torch.rand(3)
    torch.manual_seed(5)
    cn.plan(Centred(), DATA, updates=1, **FIT)
    torch.manual_seed(5)
    module = Alone()
    torch.manual_seed(5)
    cn.plan(module, DATA, updates=1, batch_size=1, micro_batch=1, **FIT)
    assert torch.equal(torch.rand(3), drawn)


def test_a_large_batch_that_is_read_from_a_file_is_not_cut_where_pieces_are_another_update(
    tmp_path, monkeypatch
):
    from chalknet.training.choice import prepare

    np.save(tmp_path / "x.npy", X.numpy())
    np.save(tmp_path / "y.npy", X.sum(dim=1).numpy())
    monkeypatch.setattr(prepare, "_LARGEST_PIECE_BYTES", 20 * 4 * 4)
    streamed = load((tmp_path / "x.npy", tmp_path / "y.npy"), in_memory=False)
    problem = untouched(module := normed(), lambda: cn.fit(module, streamed, updates=1, **FIT))
    size = int(re.search(r"batch_size=(\d+)", problem.remedy)[1])
    assert cn.fit(module, streamed, updates=2, batch_size=size, **FIT).outcome is cn.Outcome.FINISHED
    assert cn.plan("3 -> 1", streamed, updates=1, **FIT).placement.micro_batch == 20


def test_memory_that_runs_out_does_not_make_another_update(monkeypatch):
    def no_memory(session):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(eager.EagerSession, "_attempt", no_memory)
    with pytest.raises(
        Refused, match=r"the 50 samples whose mean and variance module 1 .* batch_size, such as 25"
    ):
        cn.fit(normed(), DATA, updates=1, **FIT)


@pytest.mark.parametrize("processes", [2, 3])
def test_a_share_of_one_sample_is_refused_where_several_processes_share_a_batch(processes):
    batches = Batches(load(DATA), processes + 1)
    placement = Placement("cpu", "float32", 1, processes=processes)
    rehearsal = Rehearsal(normed(), batches, Recipe(loss="mse", epochs=1), placement, torch.float32)
    with pytest.raises(Refused, match=f"shared by {processes} processes") as refused:
        rehearsal.check()
    size = int(re.search(r"batch_size=(\d+)", refused.value.remedy)[1])
    batches = Batches(load(DATA), size)
    Rehearsal(normed(), batches, Recipe(loss="mse", epochs=1), placement, torch.float32).check()


class Words(nn.Module):
    """A module that looks words up by their numbers."""

    def __init__(self, rows=10):
        super().__init__()
        torch.manual_seed(2)
        self.embedding, self.linear = nn.Embedding(rows, 4), nn.Linear(8, 1)

    def forward(self, x):
        return self.linear(self.embedding(x).flatten(1))


NUMBERS = torch.randint(0, 10, (50, 2), generator=torch.Generator().manual_seed(6))
FORMS = {
    "int64": lambda x: x,
    "int32": lambda x: x.int(),
    "uint8": lambda x: x.to(torch.uint8),
    "numpy": lambda x: x.numpy().astype("int16"),
    "list": lambda x: x.tolist(),
    "floats": lambda x: x.float(),
}


def hand_written(y, updates=4):
    module = Words()
    optimizer, losses = torch.optim.SGD(module.parameters(), lr=0.1), []
    for _ in range(updates):
        loss = nn.functional.mse_loss(module(NUMBERS), y.reshape(-1, 1))
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    return module, losses


@pytest.mark.parametrize("form", FORMS)
def test_whole_numbers_reach_an_embedding_as_in_the_script(form):
    y = torch.randn(50, generator=torch.Generator().manual_seed(7))
    script, losses = hand_written(y)
    x = FORMS[form](NUMBERS)
    result = cn.fit(Words(), (x, y), lr=0.1, updates=4, held_out=(x[:5], y[:5]), **FIT)
    assert list(result.history.loss) == losses and result.notes == ()
    assert any("int64" in reason for reason in result.plan.reasons)
    assert torch.equal(cn.predict(result, x), script(NUMBERS).detach())
    assert torch.equal(cn.predict(result.module, x), script(NUMBERS).detach())


def test_whole_numbers_stay_what_they_are_above_those_of_float32():
    class Parity(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = nn.Embedding(2, 1)

        def forward(self, x):
            return self.embedding(x % 2)[:, 0] if not x.is_floating_point() else self.embedding(x)

    x = 2**40 + torch.arange(8)[:, None]
    assert load((x, torch.zeros(8))).x.dtype == torch.float64
    y = (x[:, 0] % 2).float()
    result = cn.fit(Parity(), (x, y), lr=1.0, updates=200, **FIT)
    assert np.allclose(np.asarray(cn.predict(result, x)).ravel(), y, atol=1e-2)


def test_fractions_for_an_embedding_are_refused():
    x = NUMBERS.float()
    x[20, 1] = 0.5
    with pytest.raises(
        DataError, match=r"row 20 \(1 in all, counted from 0\): got 0\.5; wanted whole numbers"
    ):
        cn.fit(Words(), (x, torch.rand(50)), updates=1, **FIT)
