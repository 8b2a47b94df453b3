"""Whatever holds data is read; what does not is told what would."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import DataLoader, TensorDataset

from chalknet.data import ArraySource, HasProvenance, Provenance, Sample, Source, features, load
from chalknet.errors import DataError, FileProblem, InvalidValue, ShapeMismatch, UnknownName

X, Y = torch.arange(20.0).reshape(10, 2), torch.arange(10)


class Squares(HasProvenance):
    """A source of the user's own with all members of the protocol."""

    name, held_out, x_shape, y_shape = "squares", None, (1,), ()
    streams, reads_ahead, is_repeatable, provenance = False, False, True, Provenance()

    def fingerprint(self):
        return None

    def __len__(self):
        return 10

    def take(self, rows):
        x = torch.arange(10.0)[rows]
        return Sample(x.reshape(-1, 1), x**2)


def files(folder):
    np.save(folder / "x.npy", X.numpy())
    np.savez(folder / "y.npz", Y.numpy())
    np.savez(folder / "both.npz", x=X.numpy(), y=Y.numpy())
    return folder


def test_every_way_to_hand_over_x_and_y_gives_the_same_source(tmp_path):
    files(tmp_path)
    ways = [
        (X, Y),
        [X, Y],
        (X.numpy(), Y.numpy()),
        (X.tolist(), Y.tolist()),
        {"x": X, "y": Y},
        TensorDataset(X, Y),
        ArraySource(X, Y),
        (tmp_path / "x.npy", str(tmp_path / "y.npz")),
        (tmp_path / "x.npy", Y),
        (tmp_path / "both.npz", tmp_path / "both.npz"),
        tmp_path / "both.npz",
    ]
    for way in ways:
        source = load(way)
        assert torch.equal(source.x, X)
        assert torch.equal(source.y, Y)
        assert torch.equal(features(way if not isinstance(way, list) else X), X)


def test_c5_a_tensor_dataset_is_its_pair_of_tensors():
    dataset = TensorDataset(X, Y)
    x, y = dataset.tensors
    assert x is X
    assert y is Y
    first_x, first_y = dataset[0]
    assert (first_x.tolist(), first_y.item()) == ([0, 1], 0)
    assert [len(y) for _, y in DataLoader(dataset, batch_size=3)] == [3, 3, 3, 1]
    assert load(dataset).x.data_ptr() == X.data_ptr()


def test_a_source_is_taken_as_it_is():
    source, own = ArraySource(X, Y), Squares()
    assert load(source) is source
    assert load(own) is own


def test_a_class_with_some_members_of_a_source_gets_the_others_and_keeps_its_own():
    class Some:
        name, held_out, streams, reads_ahead, origin = "some", (X, Y), True, True, {"data": "some"}

        def __len__(self):
            return 10

        def take(self, rows):
            return X[rows], Y[rows]

        def fingerprint(self):
            return "0123"

    source = load(Some())
    assert isinstance(source, Source)
    assert not isinstance(Some(), Source)
    assert (source.name, source.streams, source.reads_ahead) == ("some", True, True)
    assert (source.origin, source.fingerprint(), source.preparation) == ({"data": "some"}, "0123", None)
    assert (len(source.held_out), source.x_shape, source.y_shape) == (10, (2,), ())
    assert not source.is_repeatable  # a class of the user's may keep a state
    assert load(source) is source


@given(st.integers(2, 60), st.floats(0.001, 0.999))
def test_a_share_held_out_parts_the_rows_in_order_and_always_alike(n, share):
    x = torch.arange(float(n))
    source, again = load((x, x), held_out=share), load((x, x), held_out=share)
    kept, out = source.x.flatten().tolist(), source.held_out.x.flatten().tolist()
    assert kept == sorted(kept)
    assert out == sorted(out)
    assert sorted(kept + out) == x.tolist()
    assert len(out) == min(max(round(n * share), 1), n - 1)
    assert again.held_out.x.equal(source.held_out.x)
    assert torch.equal(source.x.flatten(), source.y)


def test_the_share_is_parted_without_a_draw_from_the_users_random_numbers():
    before = torch.get_rng_state()
    load((X, Y), held_out=0.5)
    assert torch.equal(torch.get_rng_state(), before)


def test_what_is_held_out_may_be_anything_and_takes_the_place_of_what_the_data_brings(tmp_path):
    np.savez(tmp_path / "d.npz", x=X, y=Y, x_test=X[:2], y_test=Y[:2])
    assert len(load(tmp_path / "d.npz").held_out) == 2
    assert len(load(tmp_path / "d.npz", held_out=(X[:4], Y[:4])).held_out) == 4
    assert len(load(tmp_path / "d.npz", held_out=0.3).held_out) == 3
    assert load((X, Y), held_out=tmp_path / "d.npz").held_out.name == "d.npz"


def test_a_source_of_the_users_own_gets_held_out_samples_too():
    parted = load(Squares(), held_out=0.3)
    assert (len(parted), len(parted.held_out)) == (7, 3)
    assert parted.take(slice(0, 7)).y.tolist() == (parted.take(slice(0, 7)).x.flatten() ** 2).tolist()
    beside = load(Squares(), held_out=Squares())
    assert beside.take(torch.tensor([3])).y.tolist() == [9]
    assert len(beside.held_out) == 10


@pytest.mark.parametrize("share", [0, 1, 1.5, -0.2, True, float("nan"), 3])
def test_a_share_outside_zero_and_one_is_refused(share):
    with pytest.raises(InvalidValue, match=r"held_out: got the share .* of 10 observations; wanted"):
        load((X, Y), held_out=share)


def test_a_near_miss_of_a_name_is_offered():
    with pytest.raises(UnknownName, match=r"'mnsit01'.*Did you mean mnist01"):
        load("mnsit01")
    with pytest.raises(UnknownName, match="one of mnist01, mnist, a file or folder that exists"):
        load("digits")


def test_a_name_is_read_in_any_case_and_wins_over_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("mnist01").write_text("mine")
    assert len(load("MNIST01")) == 12_665
    for path in ("./mnist01", Path("mnist01")):
        with pytest.raises(DataError, match="mnist01: got a file of an unknown kind"):
            load(path)


@pytest.mark.parametrize("path", ["nowhere/x", "nowhere.npz", Path("nowhere") / "x.npy"])
def test_a_missing_file_is_named_with_the_folder_it_was_looked_for_in(path):
    for read in (load, features, lambda path: load((path, Y)), lambda path: load((X, path))):
        with pytest.raises(FileProblem, match=r"nowhere.*: got no such file or folder") as caught:
            read(path)
        assert str(Path.cwd()) in caught.value.remedy


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (X, "got a Tensor alone"),
        (X.numpy(), "got a ndarray alone"),
        (3, "got a int alone"),
        (None, "got a NoneType alone"),
        ((X, Y, X, Y), r"got 4 things.*held_out=\(x, y\)"),
        ((X,), "got 1 things"),
    ],
)
def test_what_holds_no_pair_is_told_what_does(data, said):
    with pytest.raises(InvalidValue, match=said):
        load(data)


def test_a_pair_that_cannot_be_fitted_is_refused():
    with pytest.raises(DataError, match="10 rows of x and 9 rows of y"):
        load((X, Y[:9]))
    with pytest.raises(DataError, match=r"x of data, row 4 \(1 in all, counted from 0\): got nan"):
        load((X.clone().index_fill_(0, torch.tensor([4]), torch.nan), Y))


def test_features_are_x_alone_whatever_they_are_in(tmp_path):
    files(tmp_path)
    for data in (tmp_path / "x.npy", str(tmp_path / "both.npz"), X, X.tolist(), X.numpy(), Squares()):
        assert len(features(data)) == 10
    assert features([1.0, 2.0]).tolist() == [[1], [2]]
    with pytest.raises(DataError, match="x, row 1"):
        features([1.0, float("inf")])


def test_a_tilde_is_the_home_folder_wherever_a_path_comes_in(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    files(tmp_path)
    (tmp_path / "t.csv").write_text("a,b\n1,2\n3,4\n")
    table = load("~/t.csv", held_out="~/t.csv", cache="~/cache")
    assert (table.x.tolist(), len(table.held_out)) == ([[1], [3]], 2)
    assert len(list((tmp_path / "cache").glob("t-*/x.npy"))) == 1
    assert load(("~/x.npy", Path("~/y.npz"))).x.equal(X)
    assert len(features("~/x.npy")) == 10
    assert load("~/t.csv").origin["data"] == str(tmp_path / "t.csv")
    with pytest.raises(FileProblem, match="~nobody-of-that-name"):
        load("~nobody-of-that-name/t.csv")


def test_held_out_rows_of_the_data_itself_are_prepared_with_them(tmp_path):
    x = np.arange(8.0).reshape(4, 2)
    np.savez(tmp_path / "d.npz", x=x, y=np.arange(4), x_test=x[:2] + 1, y_test=np.arange(2))
    for data in (tmp_path / "d.npz", load(tmp_path / "d.npz")):
        source = load(data, standardise=True)
        mean, std = x.mean(0), x.std(0)
        assert np.allclose(source.x.numpy(), (x - mean) / std)
        assert np.allclose(source.held_out.x.numpy(), (x[:2] + 1 - mean) / std)


def test_held_out_rows_that_are_prepared_alike_are_not_prepared_twice(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,b\n" + "".join(f"{row},{row % 3}\n" for row in range(10)))
    training = load(path, standardise=True)
    again = load(training, held_out=load(path, standardise=True))
    assert again.held_out.x.equal(training.x)
    (tmp_path / "other.csv").write_text("a,b\n5,1\n9,0\n")
    with pytest.raises(DataError, match="by its own rows"):
        load(training, held_out=load(tmp_path / "other.csv", standardise=True))


def test_gaps_are_filled_wherever_the_arrays_come_from(tmp_path):
    x = np.array([[1.0, 2.0], [np.nan, 4.0]])
    np.savez(tmp_path / "d.npz", x=x, y=[0, 1])
    np.savez(tmp_path / "x.npz", x)
    for data in ((x, [0, 1]), {"x": x, "y": [0, 1]}, tmp_path / "d.npz", (tmp_path / "x.npz", [0, 1])):
        assert load(data, fill="mean").x.tolist() == [[1, 2], [1, 4]]
        with pytest.raises(DataError, match="row 1"):
            load(data)


def test_other_columns_than_the_training_rows_have_are_refused_by_name(tmp_path):
    (tmp_path / "t.csv").write_text("a,b,y\n1,2,0\n3,4,1\n")
    np.save(tmp_path / "t.npy", np.arange(8.0).reshape(2, 4))
    for held_out in ((torch.zeros(2, 3), Y[:2]), tmp_path / "t.npy"):
        with pytest.raises(ShapeMismatch, match="3 numbers a row without names; wanted the columns a, b"):
            load(tmp_path / "t.csv", held_out=held_out)
    for options in ({"classes": True}, {"one_hot": [0]}):
        with pytest.raises(InvalidValue, match="one_hot or classes for an array of numbers"):
            load(tmp_path / "t.npy", **options)
    with pytest.raises(InvalidValue, match="columns chosen of what is no table"):
        load((X, Y), classes=True)
