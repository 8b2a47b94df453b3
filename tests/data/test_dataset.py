"""Torch's datasets as sources: their parts, loaders over them, and what no source can be made of."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import (
    ConcatDataset,
    DataLoader,
    Dataset,
    IterableDataset,
    Subset,
    TensorDataset,
    WeightedRandomSampler,
    random_split,
)

import chalknet as cn
from chalknet.data import ArraySource, load
from chalknet.errors import ChalknetError, DataError, InvalidValue

X = torch.rand(50, 3, generator=torch.Generator().manual_seed(0))
Y = X.sum(dim=1)
FIT = {"loss": "mse", "lr": 0.1, "engine": "eager", "threads": 1}


class Rows(Dataset):
    """A map-style dataset over tensors."""

    def __init__(self, form=lambda x, y: (x, y), n=50):
        self.form, self.n = form, n

    def __len__(self):
        return self.n

    def __getitem__(self, row):
        return self.form(X[row], Y[row])


class Numbered:
    """What has numbered items and a length, and is no Dataset of torch's."""

    def __len__(self):
        return 50

    def __getitem__(self, row):
        return X[row], Y[row]


WHOLE = TensorDataset(X, Y)
ALIKE = {
    "tensors": WHOLE,
    "rows": Rows(),
    "numbered": Numbered(),
    "arrays": Rows(lambda x, y: (x.numpy(), y.numpy())),
    "lists": Rows(lambda x, y: [x.tolist(), y.item()]),
    "a loader": DataLoader(WHOLE, batch_size=4),
    "a loader of rows": DataLoader(Rows(), shuffle=True, batch_size=8),
    "parts together": ConcatDataset([Subset(WHOLE, range(20)), Subset(Rows(), range(20, 50))]),
    "all of it": Subset(WHOLE, range(50)),
}


@pytest.mark.parametrize("name", ALIKE)
def test_a_fit_to_a_dataset_is_that_to_its_tensors_bit_for_bit(name):
    options = {**FIT, "batch_size": 7, "shuffle": True, "epochs": 2}
    expected = cn.fit("3 -> 4 tanh -> 1", (X, Y), held_out=(X[:9], Y[:9]), **options)
    found = cn.fit("3 -> 4 tanh -> 1", ALIKE[name], held_out=Subset(WHOLE, range(9)), **options)
    assert list(found.history.loss) == list(expected.history.loss)
    assert found.evaluation.held_out == expected.evaluation.held_out
    assert torch.equal(cn.predict(found, ALIKE[name]), cn.predict(expected, X))
    assert ("DataLoader" in " ".join(found.notes)) == ("loader" in name)


@given(st.data())
def test_a_part_of_a_part_has_its_rows_in_its_order(data):
    outer = data.draw(st.lists(st.integers(0, 49), min_size=1, max_size=30))
    inner = data.draw(st.lists(st.integers(0, len(outer) - 1), min_size=1, max_size=30))
    rows = [outer[place] for place in inner]
    for whole in (WHOLE, Rows()):
        source = load(Subset(Subset(whole, outer), inner))
        assert isinstance(source, ArraySource)
        assert torch.equal(source.x, X[rows]) and torch.equal(source.y, Y[rows])


def test_random_split_gives_training_and_held_out_samples():
    part, rest = random_split(WHOLE, [40, 10], generator=torch.Generator().manual_seed(1))
    plan = cn.plan("3 -> 1", part, held_out=rest, updates=1, **FIT)
    assert (plan.data.observations, plan.data.held_out) == (40, 10)
    assert plan.data.name == "Subset of TensorDataset"


def test_a_dataset_is_prepared_as_arrays_are():
    standardised = load(Rows(), standardise=True)
    assert torch.equal(standardised.x, load((X, Y), standardise=True).x)


def test_what_does_not_fit_into_memory_is_read_as_it_is_needed(monkeypatch):
    from chalknet.data.sources import dataset

    monkeypatch.setattr(dataset, "fits_in_memory", lambda bytes_: False)
    source = load(Rows())
    assert not isinstance(source, ArraySource)
    options = {**FIT, "batch_size": 7, "shuffle": True, "epochs": 2}
    assert list(cn.fit("3 -> 1", source, **options).history.loss) == list(
        cn.fit("3 -> 1", (X, Y), **options).history.loss
    )


def test_items_that_are_drawn_anew_each_time_stay_so_and_it_is_told():
    noisy = Rows(lambda x, y: (x + torch.rand(3), y))
    torch.manual_seed(3)
    drawn = torch.rand(2)
    torch.manual_seed(3)
    source = load(noisy)
    assert torch.equal(torch.rand(2), drawn)  # the caller's random numbers are left as they were
    rows = slice(0, 5)
    assert not torch.equal(source.take(rows).x, source.take(rows).x)
    assert "differ from one reading to the next" in source.notes[0]


class Endless(IterableDataset):
    """Items without numbers."""

    def __iter__(self):
        return iter(zip(X, Y, strict=True))


def test_items_without_numbers_are_refused_and_the_remedy_mends_it():
    dataset = Endless()
    for given_ in (dataset, DataLoader(dataset)):
        with pytest.raises(InvalidValue, match=r"x, y = zip\(\*dataset\), and give \(x, y\)"):
            load(given_)
    x, y = zip(*dataset, strict=True)
    assert torch.equal(load((x, y)).x, X) and torch.equal(load((x, y)).y, Y)


@pytest.mark.parametrize(
    "loader",
    [
        DataLoader(WHOLE, sampler=WeightedRandomSampler([1.0] * 50, 50)),
        DataLoader(
            WHOLE, collate_fn=lambda items: (torch.stack([x for x, _ in items]), torch.zeros(len(items)))
        ),
    ],
    ids=["sampler", "collate_fn"],
)
def test_a_loader_that_chooses_or_changes_items_is_refused_and_the_remedy_mends_it(loader):
    with pytest.raises(InvalidValue, match=r"of its own.*x, y = map\(torch\.cat, zip\(\*loader\)\)"):
        load(loader)
    assert len(load(loader.dataset)) == 50
    x, y = map(torch.cat, zip(*loader, strict=True))
    assert len(load((x, y))) == 50


class Image:
    """Stands for an image of PIL, which is known by the module of its class."""


Image.__module__ = "PIL.Image"
WRONG = {
    "x alone": (lambda x, y: x, "Let its __getitem__ return x, y"),
    "three things": (lambda x, y: (x, x, y), "got 3 things"),
    "a dict": (lambda x, y: {"x": x, "y": y}, "got a dict"),
    "two parts": (lambda x, y: ({"a": x}, y), "several parts"),
    "unlike shapes": (lambda x, y: (torch.zeros(int(y * 1e3) % 7 + 1), y), "do not go together"),
    "an image": (lambda x, y: (Image(), y), r"ToTensor\(\)"),
    "words": (lambda x, y: ("a word", y), "several parts"),
    "an error": (lambda x, y: 1 / 0, "ZeroDivisionError.*Correct its __getitem__"),
    "not a number": (lambda x, y: (x * float("nan"), y), "wanted finite numbers"),
}


@pytest.mark.parametrize("name", WRONG)
def test_items_that_are_no_pairs_are_refused_by_name(name):
    form, words = WRONG[name]
    with pytest.raises(ChalknetError, match=words):
        load(Rows(form))


def test_a_dataset_without_items_is_refused():
    with pytest.raises(DataError, match="no items"):
        load(Rows(n=0))
    with pytest.raises(DataError, match="no items"):
        load(Subset(WHOLE, []))


def test_numbers_of_each_item_become_what_arrays_of_them_would_be():
    source = load(Rows(lambda x, y: (np.float32(1.5), int(y > 1))))
    assert source.x_shape == (1,) and source.y.dtype == torch.int64
