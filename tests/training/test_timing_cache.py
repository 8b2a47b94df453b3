"""The file of what was measured: small, whole, and worth nothing to be afraid for."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalknet.training.choice.cost_model import Candidate, Cost
from chalknet.training.choice.timing_cache import TimingCache

COSTS = {Candidate("cpu", "eager", 2): Cost(1e-3), Candidate("cuda:0", "graph", 2): Cost(1e-5, 2.5)}
DAY_S = 24 * 3600


def memory_at(path, now=1e9):
    return TimingCache(path, now=lambda: now)


def test_what_is_kept_is_recalled_by_its_key_alone(tmp_path):
    memory = memory_at(tmp_path / "new" / "measured.json")
    memory.keep("a", COSTS)
    assert memory_at(memory.path).recall("a") == COSTS
    assert memory.recall("b") == {}
    memory.keep("a", dict(list(COSTS.items())[:1]))
    assert len(memory.recall("a")) == 1


def test_the_file_does_not_grow_and_the_oldest_entries_make_room(tmp_path):
    memory = memory_at(tmp_path / "measured.json")
    for number in range(230):
        memory.keep(f"key {number}", COSTS)
    kept = json.loads(memory.path.read_text())["measured"]
    assert len(kept) == 200
    assert "key 29" not in kept and "key 30" in kept
    assert {path.name for path in tmp_path.iterdir()} - {"measured.lock"} == {"measured.json"}


def test_what_is_older_than_a_week_is_forgotten(tmp_path):
    path = tmp_path / "measured.json"
    memory_at(path, now=1e9).keep("a", COSTS)
    assert memory_at(path, now=1e9 + 6.9 * DAY_S).recall("a")
    assert not memory_at(path, now=1e9 + 7.1 * DAY_S).recall("a")


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
ROW = {"device": "cpu", "engine": "eager", "threads": 2, "update_s": 1e-3, "start_s": 0.0}


@given(
    st.one_of(
        st.binary(max_size=60),
        json_values.map(lambda value: json.dumps(value).encode()),
        json_values.map(lambda value: json.dumps({"measured": {"a": value}}).encode()),
        json_values.map(
            lambda value: json.dumps({"measured": {"a": {"at": 1e9, "costs": [value]}}}).encode()
        ),
        st.sampled_from(sorted(ROW)).flatmap(
            lambda field: json_values.map(
                lambda value: json.dumps(
                    {"measured": {"a": {"at": 1e9, "costs": [{**ROW, field: value}]}}}
                ).encode()
            )
        ),
    )
)
def test_a_damaged_file_is_as_good_as_none_and_is_written_anew(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("damaged") / "measured.json"
    path.write_bytes(content)
    memory = memory_at(path)
    for candidate, cost in memory.recall("a").items():
        assert candidate.threads >= 0 or cost.update_s > 0
    memory.keep("b", COSTS)
    assert memory.recall("b") == COSTS


@pytest.mark.parametrize("obstacle", ["a file in place of the folder", "a folder in place of the file"])
def test_a_place_that_cannot_be_written_is_no_error(tmp_path, obstacle):
    path = tmp_path / "cache" / "measured.json"
    if obstacle.startswith("a file"):
        (tmp_path / "cache").write_text("in the way")
    else:
        path.mkdir(parents=True)
    memory = memory_at(path)
    memory.keep("a", COSTS)
    assert memory.recall("a") == {}
