"""The generator of pictures, and a small sample of them read; `python -m tests.pictures` measures many."""

import re
from collections import Counter
from random import Random

import pytest
from tests.pictures import by_hand
from tests.pictures.generator import GROUPS, group_of, picture
from tests.pictures.layouts import scene_of
from tests.pictures.letters import spelled
from tests.pictures.looks import look
from tests.pictures.no_network import no_network
from tests.pictures.plan import SURVEY, plan
from tests.pictures.rates import OUTCOMES, outcome, settled
from tests.pictures.scene import Line, Shape

SAMPLE = {
    "vector": 10,
    "clean raster": 4,
    "spoiled raster": 3,
    "hand-like": 3,
}  # pictures of each, from seed 1
RIGHT = {"vector": 0.8, "clean raster": 0.75, "spoiled raster": 0.6, "hand-like": 0.6}  # the least share
MAGIC = {".svg": b"<", ".pdf": b"%PDF", ".png": b"\x89PNG", ".jpg": b"\xff\xd8", ".webp": b"RIFF", ".bmp": b"BM", ".gif": b"GIF",
         ".tiff": b"II"}  # fmt: skip


def plans(number):
    for seed in range(number):
        random = Random(seed)
        yield plan(random), random


@pytest.mark.parametrize("group", GROUPS)
def test_a_seed_always_makes_the_same_picture(group):
    for seed in (7, 8):
        first, again = picture(seed, group=group), picture(seed, group=group)
        assert first == again and first.group == group


def test_other_seeds_make_other_pictures_and_files_begin_as_their_endings_say():
    made = [picture(seed) for seed in range(6)]
    assert len({one.data for one in made}) == 6
    for one in made:
        assert one.data.startswith(MAGIC[one.suffix]), one.suffix


def test_the_groups_are_chosen_by_keyword():
    assert {group_of(seed) for seed in range(60)} == set(GROUPS)
    for seed in range(20):
        assert group_of(seed, vector=True) == "vector"
        assert group_of(seed, spoiled=True) == "spoiled raster"
        assert group_of(seed, hand=True) == "hand-like"
        assert group_of(seed, vector=False, hand=False) in ("clean raster", "spoiled raster")
    assert picture(5, hand=True).group == "hand-like"


def test_as_many_units_are_drawn_as_the_truth_says_where_nothing_is_elided():
    for made, random in plans(150):
        scene = scene_of(made, look(random, made.has), random)
        units = [mark for mark in scene.marks if isinstance(mark, Shape) and mark.kind != "dots"]
        drawn = (
            len(made.layers)
            if made.boxes == "chain"
            else sum(layer.drawn + bool(layer.bias) for layer in made.layers)
        )
        boxes = sum(bool(layer.said) for layer in made.layers) if made.boxes == "chain" else 0
        assert drawn <= len(units) <= drawn + boxes
        for layer, true in zip(made.layers, made.truth.layers, strict=True):
            counted = layer.dots_after is None and not layer.count and not made.boxes
            assert not counted or true.width == layer.drawn


def test_every_pair_of_units_is_joined_but_those_that_are_meant_to_be_left_out():
    for made, random in plans(80):
        if made.boxes or made.skips or "arrows in and out" in made.has:
            continue
        scene = scene_of(made, look(random, made.has), random)
        lines = [mark for mark in scene.marks if isinstance(mark, Line)]
        icons = sum(layer.drawn for layer in made.layers if layer.icon)
        biases = sum(
            after.drawn for layer, after in zip(made.layers, made.layers[1:], strict=False) if layer.bias
        )
        assert len(lines) == len(made.edges) + icons + biases


def test_an_elided_width_is_known_exactly_where_words_or_the_last_index_say_it():
    elided = [layer for made, _ in plans(500) for layer in made.layers if layer.dots_after is not None]
    assert len(elided) > 50
    for layer in elided:
        last = re.search(r"(\d+)\}?$", ([*layer.inside, *layer.beside] or [""])[-1])
        by_index = last and last[1] and "-" not in last[0] and "." not in (layer.inside or [""])[-1]
        said = layer.count or (last[1] if by_index else "")
        assert (layer.width == "?") == (not said), layer
        assert layer.width == "?" or str(layer.width) in said


def test_a_hand_can_write_every_word_on_which_the_truth_rests():
    for seed in range(200):
        for layer in plan(Random(seed), simple=True).layers:
            for words in (layer.count, layer.said, layer.bias, *layer.inside, *layer.beside):
                assert bool(spelled(words.replace("_{", "").replace("}", ""))) == bool(words), words


def test_the_properties_are_about_as_frequent_as_in_the_survey():
    counts = Counter(name for made, _ in plans(600) for name in made.has)
    for name, number in SURVEY.items():
        share = counts[name] / 600
        assert 0.25 * number / 51 <= share <= 1.5 * number / 51 + 0.08, (
            name,
            share,
        )  # some exclude one another


def test_something_else_is_made_of_many_kinds():
    made = [no_network(seed) for seed in range(0, 34, 3)]
    assert len({one.kinds[2] for one in made}) == 12
    assert all(one.truth.answer == "refuse" and one.data.startswith(MAGIC[one.suffix]) for one in made)
    assert no_network(3) == no_network(3)


@pytest.mark.slow
@pytest.mark.parametrize("group", SAMPLE)
def test_a_sample_is_read_rightly_or_refused_or_doubted(group):
    found = settled(outcome(picture(seed, group=group)) for seed in range(1, 1 + SAMPLE[group]))
    counts = Counter(one.result for one in found)
    bad = [one for one in found if one.result in ("wrong, silent", "crashed")]
    assert not bad, bad
    assert counts["right"] + counts["right with ?"] >= RIGHT[group] * len(found), counts


@pytest.mark.slow
def test_something_else_is_refused():
    found = settled(outcome(no_network(seed)) for seed in range(0, 34, 6))
    assert {one.result for one in found} == {"refused"}, [one for one in found if one.result != "refused"]


@pytest.mark.slow
def test_some_pictures_made_by_hand_are_read_rightly_or_refused_or_doubted():
    found = settled(outcome(one) for one in by_hand.pictures()[::9])
    assert {one.result for one in found} <= set(OUTCOMES) - {"wrong, silent", "crashed"}, found


def test_the_pictures_made_by_hand_are_there_with_their_truth():
    files = {path.name for path in by_hand.FOLDER.iterdir()} - {"truth.json"}
    assert files == set(by_hand.TRUTH) and len(files) >= 40
    assert sum((by_hand.FOLDER / name).stat().st_size for name in files) < 3_000_000
    assert {one.truth.answer for one in by_hand.pictures()} == {"network", "refuse", "told"}
