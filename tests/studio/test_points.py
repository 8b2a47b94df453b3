"""Data sets of the studio: what each row of the table draws, and what is read of a file."""

import numpy as np
import pytest

import chalknet as cn
from chalknet.studio.points import (
    BOX,
    DATA_SETS,
    DrawOptions,
    columns_of,
    draw_points,
    mnist01,
    painted,
    read_table,
)

DRAWN = [name for name, row in DATA_SETS.items() if row.draw]


@pytest.mark.parametrize("name", DRAWN)
@pytest.mark.parametrize("count", [4, 501])
def test_a_seed_draws_the_same_points_and_another_seed_others(name, count):
    first, again, other = (draw_points(name, DrawOptions(count, 0.1, seed)) for seed in (1, 1, 2))
    assert first.x.shape[0] == first.y.shape[0] == count and first.y.shape[1] == 1
    assert np.array_equal(first.x, again.x) and np.array_equal(first.y, again.y)
    assert not (np.array_equal(first.x, other.x) and np.array_equal(first.y, other.y))


@pytest.mark.parametrize("name", ["circles", "moons", "spirals", "xor", "gaussians"])
def test_classes_are_as_many_and_lie_in_the_box(name):
    points = draw_points(name, DrawOptions(1000, 0.0))
    assert np.abs(points.x).max() <= BOX
    assert 0.4 < points.y.mean() < 0.6 and set(points.y.ravel()) == {0, 1}


def test_without_noise_a_formula_holds_for_every_point():
    points = draw_points("formula", DrawOptions(300, 0.0, 1, "y > sin(x)"))
    assert np.array_equal(points.y[:, 0] == 1, points.x[:, 1] > np.sin(points.x[:, 0]))


@pytest.mark.parametrize("text", ["sin(x)", "y = sin(x)", "y=sin(x1)"])
def test_a_formula_of_x_alone_is_a_curve(text):
    points = draw_points("formula", DrawOptions(300, 0.0, 1, text))
    assert points.names == ("x1",) and points.classes == ()
    np.testing.assert_allclose(points.y[:, 0], np.sin(points.x[:, 0]), atol=1e-6)


def test_a_formula_of_both_that_gives_a_number_is_a_surface():
    points = draw_points("formula", DrawOptions(300, 0.0, 1, "x1*x2"))
    assert points.names == ("x1", "x2") and points.classes == ()
    np.testing.assert_allclose(points.y[:, 0], points.x.prod(1), rtol=1e-5)


def test_points_without_a_value_are_left_out_and_none_at_all_is_refused():
    assert (draw_points("formula", DrawOptions(300, 0.0, 1, "log(x)")).x > 0).all()
    with pytest.raises(cn.DataError, match="no number for 300 of 300 points"):
        draw_points("formula", DrawOptions(300, 0.0, 1, "sqrt(-1 - x*x)"))


def test_the_line_is_the_lectures():
    points = draw_points("line", DrawOptions(100, 0.0))
    np.testing.assert_allclose(points.y, 2 * points.x, rtol=1e-6)


@pytest.mark.parametrize(
    "asked", [DrawOptions(3), DrawOptions(10**9), DrawOptions(noise=-1), DrawOptions(noise=float("nan"))]
)
def test_numbers_out_of_their_range_are_refused(asked):
    with pytest.raises(cn.InvalidValue, match="a number from"):
        draw_points("moons", asked)


@pytest.mark.parametrize("share", [0, 0.25, 0.999])
def test_a_share_is_held_out_and_something_is_left(share):
    points = draw_points("moons", DrawOptions(100)).with_held_out(share, 1)
    assert points.held_out.sum() == min(round(100 * share), 99)


def test_mnist01_is_the_lectures_with_its_test_set_held_out():
    points = mnist01()
    assert points.x.shape == (12665 + 2115, 784) and points.held_out.sum() == 2115 and points.pixels == 28
    assert len(points.shown()) <= 2000


def test_painted_points_are_rows():
    points = painted([(1.0, 2.0, 0), (-1.0, 0.5, 1)])
    assert points.x.tolist() == [[1, 2], [-1, 0.5]] and points.y.tolist() == [[0], [1]]
    with pytest.raises(cn.DataError, match="at least two"):
        painted([(1.0, 2.0, 0)])


def table(path, rows):
    path.write_text("\n".join(rows) + "\n")
    return path


def test_a_file_is_read_with_its_words_and_gaps(tmp_path):
    rows = [f"{'' if i == 7 else i},{'red' if i % 3 else 'blue'},{'abc'[i % 3]}" for i in range(60)]
    path = table(tmp_path / "a.csv", ["height,colour,kind", *rows])
    assert columns_of(path) == ("height", "colour", "kind")
    points = read_table(path, "kind", held_out=0.2)
    assert points.titles == ("height", "colour = blue", "colour = red")
    assert points.classes == ("a", "b", "c") and points.outputs == 3 and points.y.dtype == np.int64
    assert points.held_out.sum() == 12 and np.isfinite(points.x).all()


def test_a_target_of_0_and_1_is_a_class_and_other_numbers_are_values(tmp_path):
    path = table(tmp_path / "a.csv", ["a,b,c", *(f"{i},{i % 2},{i * 2}" for i in range(40))])
    assert read_table(path, "b", held_out=0).classes == ("0", "1")
    assert read_table(path, "c", held_out=0).classes == ()
