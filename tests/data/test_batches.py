"""The order of samples: against DataLoader, and against counts by hand."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.data import DataLoader, TensorDataset

from chalknet.data import ArraySource, Batches, Sample, Shard
from chalknet.errors import DataError, InvalidValue

TEN = ArraySource(torch.arange(1.0, 11), torch.arange(1, 11))  # observations 1 to 10


def numbers(batches, order=None, start=0):
    return [sample.y.tolist() for sample in batches.epoch(order, start)]


@st.composite
def cuts(draw):
    n = draw(st.integers(1, 600))
    return n, draw(st.integers(1, n)), draw(st.booleans()), draw(st.booleans())


@settings(max_examples=25)  # the loader takes its rows one by one
@given(cuts(), st.integers(0, 2**62))
def test_c5_the_batches_and_the_random_numbers_are_those_of_dataloader(cut, seed):
    n, batch_size, shuffle, drop_last = cut
    x, y = torch.arange(2.0 * n).reshape(n, 2), torch.arange(n)
    loader = DataLoader(TensorDataset(x, y), batch_size=batch_size, shuffle=shuffle, drop_last=drop_last)
    batches = Batches(ArraySource(x, y), batch_size, shuffle, drop_last)
    before = torch.get_rng_state()
    try:
        for epoch in range(2):
            torch.manual_seed(seed + epoch)
            wanted, state = list(loader), torch.get_rng_state()
            torch.manual_seed(seed + epoch)
            got = list(batches.epoch(batches.draw_order()))
            assert torch.equal(torch.get_rng_state(), state)
            assert len(got) == len(wanted) == batches.updates_per_epoch
            for ours, theirs in zip(got, wanted, strict=True):
                assert torch.equal(ours.x, theirs[0])
                assert torch.equal(ours.y, theirs[1])
    finally:
        torch.set_rng_state(before)


@pytest.mark.parametrize("shuffle", [False, True])
def test_c5_epoch_after_epoch_from_one_seed_equals_dataloader_with_other_draws_between(shuffle):
    data = TensorDataset(TEN.x, TEN.y)
    loader, batches = DataLoader(data, batch_size=3, shuffle=shuffle), Batches(TEN, 3, shuffle)
    with torch.random.fork_rng():
        torch.manual_seed(7)
        wanted = [[(y.tolist(), torch.rand(1).item()) for _, y in loader] for _ in range(4)]
        torch.manual_seed(7)
        got = [
            [(sample.y.tolist(), torch.rand(1).item()) for sample in batches.epoch(batches.draw_order())]
            for _ in range(4)
        ]
    assert got == wanted


@given(cuts(), st.integers(0, 2**63 - 1))
def test_every_epoch_visits_every_sample_once(cut, order):
    n, batch_size, _, _ = cut
    batches = Batches(ArraySource(torch.arange(float(n)), torch.arange(n)), batch_size, shuffle=True)
    seen = torch.cat([sample.y for sample in batches.epoch(order)])
    assert seen.sort().values.tolist() == list(range(n))


@given(cuts(), st.integers(0, 2**63 - 1), st.data())
def test_an_epoch_goes_on_from_any_batch(cut, order, data):
    n, batch_size, shuffle, drop_last = cut
    batches = Batches(
        ArraySource(torch.arange(float(n)), torch.arange(n)), batch_size, shuffle, drop_last=drop_last
    )
    start = data.draw(st.integers(0, batches.updates_per_epoch))
    order = order if shuffle else None
    assert numbers(batches, order, start) == numbers(batches, order)[start:]


@given(cuts(), st.integers(0, 50))
def test_samples_are_counted_as_by_hand(cut, updates):
    n, batch_size, _, drop_last = cut
    batches = Batches(ArraySource(torch.arange(float(n)), torch.arange(n)), batch_size, drop_last=drop_last)
    lengths = [len(sample.y) for sample in batches.epoch(None)]
    assert batches.samples_per_epoch == sum(lengths)
    by_hand = sum(lengths[update % len(lengths)] for update in range(updates))
    assert batches.samples_in(updates) == by_hand
    least = batches.updates_for(by_hand)
    assert batches.samples_in(least) >= by_hand
    assert least == 0 or batches.samples_in(least - 1) < by_hand


def test_c3_all_one_and_three_of_ten_samples_are_one_two_and_four_updates_an_epoch():
    everything, single, three = Batches(TEN), Batches(TEN, 1), Batches(TEN, 3)
    assert [batches.updates_per_epoch for batches in (everything, single, three)] == [1, 10, 4]
    assert numbers(everything) == [list(range(1, 11))]
    assert numbers(single) == [[i] for i in range(1, 11)]
    assert numbers(three) == [[1, 2, 3], [4, 5, 6], [7, 8, 9], [10]]
    assert [batches.size for batches in (everything, single, three)] == [10, 1, 3]


def test_c3_the_counts_of_the_lectures_mini_batches():
    batches = Batches(ArraySource(torch.zeros(12665), torch.zeros(12665)), 2048)
    assert batches.updates_per_epoch == 7
    assert batches.samples_in(700) == 100 * 12665
    assert batches.samples_in(6) == 6 * 2048
    assert batches.updates_for(1) == 1
    assert batches.updates_for(12665) == 7
    assert batches.updates_for(12666) == 8
    assert batches.updates_for(0) == 0


def test_all_samples_in_order_draw_nothing_as_there_is_no_loader():
    before = torch.get_rng_state()
    assert Batches(TEN).draw_order() is None
    assert torch.equal(torch.get_rng_state(), before)


def test_all_samples_shuffled_equal_a_loader_over_all_samples():
    loader, batches = DataLoader(TensorDataset(TEN.x, TEN.y), 10, shuffle=True), Batches(TEN, None, True)
    with torch.random.fork_rng():
        torch.manual_seed(3)
        ((_, wanted),) = loader
        torch.manual_seed(3)
        assert numbers(batches, batches.draw_order()) == [wanted.tolist()]


def test_batches_in_order_are_views_and_not_copies():
    wide = ArraySource(torch.rand(10, 16), torch.arange(10))  # a row is 64 bytes
    for number, batch in enumerate(Batches(wide, 3).epoch(None)):
        assert batch.x.data_ptr() == wide.x[3 * number :].data_ptr()


@pytest.mark.parametrize("order", [None, 5])
def test_every_batch_begins_where_a_tensor_of_its_own_would(order):
    source = ArraySource(torch.rand(10, 9), torch.arange(10))  # a row is 36 bytes: BLAS rounds by address
    assert all(batch.x.data_ptr() % 64 == 0 for batch in Batches(source, 1).epoch(order))


def test_rows_are_gathered_by_the_block_and_never_one_by_one():
    asked = []

    class Recorded:
        name, held_out, x_shape, y_shape, reads_ahead = "recorded", None, (1,), (), False

        def __len__(self):
            return 1000

        def take(self, rows):
            asked.append(len(rows))
            return Sample(torch.zeros(len(rows), 1), torch.zeros(len(rows)))

    assert len(list(Batches(Recorded(), 1, shuffle=True).epoch(5))) == 1000
    assert asked == [256, 256, 256, 232]


def test_blocks_stay_small_where_a_row_is_large():
    asked = []

    class Wide:
        name, held_out, x_shape, y_shape, reads_ahead = "wide", None, (3, 512, 512), (), False

        def __len__(self):
            return 8

        def take(self, rows):
            asked.append(len(rows))
            return Sample(torch.zeros(len(rows), 1), torch.zeros(len(rows)))

    list(Batches(Wide(), 2, shuffle=True).epoch(5))
    assert asked == [2, 2, 2, 2]


@pytest.mark.parametrize("batch_size", [0, -1, 11, True, False, 2.0, "2", float("nan")])
def test_a_batch_size_that_is_no_number_from_one_to_n_is_refused_naming_n(batch_size):
    with pytest.raises(InvalidValue) as caught:
        Batches(TEN, batch_size)
    assert caught.value.where == "batch_size"
    assert caught.value.got == repr(batch_size)
    assert "from 1 to 10" in caught.value.wanted


def test_a_numpy_integer_is_a_batch_size():
    size = Batches(TEN, np.int64(3)).size
    assert (size, type(size)) == (3, int)


def test_a_source_without_rows_is_refused():
    class Empty:
        name, held_out, x_shape, y_shape = "empty", None, (1,), ()

        def __len__(self):
            return 0

    with pytest.raises(DataError, match="empty: got no rows"):
        Batches(Empty())


@given(n=st.integers(0, 60), lanes=st.integers(1, 7), most=st.none() | st.integers(1, 20))
def test_the_lanes_of_a_cut_share_each_row_of_a_batch_once_and_no_piece_is_larger_than_asked(n, lanes, most):
    seen = []
    for lane in range(lanes):
        pieces = list(Shard(most, lane, lanes).micro_batches(100, 100 + n))
        assert pieces  # a lane without rows still has a piece: all lanes meet at each update
        assert most is None or all(piece.stop - piece.start <= most for piece in pieces)
        seen += [row for piece in pieces for row in range(piece.start, piece.stop)]
    assert seen == list(range(100, 100 + n))


@pytest.mark.parametrize("n", [1, 2, 10, 70_000])
def test_the_order_in_four_bytes_a_row_is_torch_s_own(n):
    from chalknet.data.sources.subset import permutation

    order = permutation(n, 5)
    assert order.dtype is torch.int32
    assert torch.equal(order.long(), torch.randperm(n, generator=torch.Generator().manual_seed(5)))
