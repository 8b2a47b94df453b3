"""Races on a clock made by hand, and a small real one."""

import json
from importlib import import_module

import pytest
import torch
from torch import nn

import chalknet as cn
from chalknet.engine import ENGINES, Advance
from chalknet.errors import InvalidValue, OutOfMemory, Refused, UnknownName, Unsettled
from chalknet.measure import Ceilings
from chalknet.planning import Recipe
from chalknet.racing.contest import LEAST_REPEATS, time_point
from chalknet.racing.field import LECTURE_WIDTHS, made_up, with_width
from chalknet.training import Candidate

RACE = import_module("chalknet.racing.race")
NET = cn.read("1 -> 500 relu -> 1")
ONE, TWO = Candidate("cpu", "eager", 1), Candidate("cpu", "eager", 2)


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    """Let time stand still but for what sessions of our own take.

    An update of eager takes 100 µs + 1 µs a unit with one thread and 200 µs + 0.5 µs with two, the lead
    changing at a width of 200; fused_cpu takes a hundredth and compiles for 7 s.
    """
    clock = Clock()

    class Session:
        notes = ()

        def __init__(self, plan, compile_s):
            self.compile_s, self.module = compile_s, nn.Identity()
            widths = [visit.output_shape[-1] for visit in plan.network.walk()]
            two = plan.placement.threads == 2
            self.update_s = (2e-4 + 5e-7 * widths[0] if two else 1e-4 + 1e-6 * widths[0]) * plan.recipe.lr
            clock.now += compile_s

        def advance(self, updates):
            clock.now += updates * self.update_s
            return Advance((0.5,) * updates, updates * self.update_s)

    monkeypatch.setattr(type(ENGINES["eager"]), "open", lambda self, plan, *_: Session(plan, 0.0))
    monkeypatch.setattr(type(ENGINES["fused_cpu"]), "open", lambda self, plan, *_: Session(plan, 7.0))
    monkeypatch.setattr(RACE, "measure_ceilings", lambda device, repeats: Ceilings(1e11, 1e10))
    monkeypatch.setattr(RACE, "_RunningRace", lambda **options: _RUNNING(**options, clock=clock))
    monkeypatch.setattr(import_module("chalknet.measure"), "sleep", lambda seconds: None)
    return clock


_RUNNING = RACE._RunningRace


def eager_race(**options):
    return cn.race(NET, **{"lr": 1.0, "engines": ["eager"], "threads": [1, 2], **options})


def test_medians_are_exact_on_a_clock_by_hand_and_the_lead_changes_where_it_does(clock):
    race = eager_race(widths=[1000, 100, 10], seconds=10.0)
    assert [(row.width, row.candidate) for row in race.rows] == [
        (width, candidate) for width in (10, 100, 1000) for candidate in (ONE, TWO)
    ]
    assert [row.timing.median_s for row in race.rows] == pytest.approx(
        [1.1e-4, 2.05e-4, 2e-4, 2.5e-4, 1.1e-3, 7e-4]
    )
    assert all(len(row.timing.elapsed_s) >= LEAST_REPEATS for row in race.rows)
    assert (race.crossover.first, race.crossover.then) == (ONE, TWO)
    assert (race.crossover.low, race.crossover.high) == (100, 1000)
    # the laws cross at 200; straight lines between the points meet a bit later
    assert 200 < race.crossover.at < 300
    assert clock.now < 11


def test_compiling_and_starting_stand_apart_and_take_nothing_of_the_seconds(clock):
    race = cn.race(NET, lr=0.01, widths=[10, 20], engines=["fused_cpu"], threads=[2], seconds=1.0)
    assert [row.compile_s for row in race.rows] == [7.0, 7.0]
    assert [row.start_s < 0.01 for row in race.rows] == [True, True]
    assert all(len(row.timing.elapsed_s) == 7 for row in race.rows)
    assert "7 s of compiling or loading" in str(race)


def test_the_race_keeps_to_its_seconds_and_says_who_was_left_out(clock):
    race = eager_race(widths=[10, 10**7], seconds=2.0)
    assert clock.now < 2.5
    left_out = [row for row in race.rows if row.refused]
    assert [row.width for row in left_out] == [10**7, 10**7]
    assert left_out[0].refused.startswith("not timed: 5 updates take about")
    assert "eager 1 thread at 10,000,000: not timed" in str(race)


def test_a_budget_by_far_too_small_still_times_whoever_comes_first(clock):
    race = eager_race(widths=[10], seconds=1e-5)
    assert all(len(row.timing.elapsed_s) == LEAST_REPEATS for row in race.rows)


def test_every_call_waits_for_the_device_and_rivals_take_turns(clock, monkeypatch):
    measure = import_module("chalknet.measure")
    waits, turns = [], []
    monkeypatch.setattr(measure, "synchronise", lambda: waits.append(clock.now))

    class Runner:
        failed, update_s, note, start_s, compile_s, transfer_s = "", 0.001, "", 0.0, 0.0, 0.0

        def __init__(self, name, *_):
            self.name = name

        def __call__(self):
            turns.append(self.name)
            clock.now += 0.001 * self.updates

    monkeypatch.setattr(import_module("chalknet.racing.contest"), "Runner", Runner)
    found = time_point({ONE: "one", TWO: "two"}, None, 1.0, clock)
    assert turns == ["one", "two"] * 7
    assert len(waits) == 2 * len(turns)  # before the clock is read, and again behind
    assert found[ONE].timing.elapsed_s == pytest.approx([0.001] * 7)


def test_ctrl_c_keeps_the_sizes_that_are_done(clock):
    def stop(row):
        if row.width == 100 and row.candidate == TWO:
            raise KeyboardInterrupt

    race = eager_race(widths=[10, 100, 1000], on_row=stop)
    assert race.interrupted
    assert {row.width for row in race.rows} == {10, 100}
    assert "interrupted: this is what was measured before" in str(race)


def test_ctrl_c_before_the_first_size_is_raised(clock, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(RACE, "time_point", interrupt)
    with pytest.raises(KeyboardInterrupt):
        eager_race(widths=[10])


def test_an_engine_that_refuses_is_a_row_that_says_so(clock):
    race = cn.race(NET, Recipe("mse", "adam", {"amsgrad": True}, updates=1), widths=[10], threads=[1])
    rows = {row.candidate.engine: row for row in race.rows}
    assert "it has no amsgrad for adam" in rows["fused_cpu"].refused
    assert rows["eager"].timing
    assert "no amsgrad" in str(race) and "no amsgrad" in race._repr_html_()


@pytest.mark.parametrize(
    "problem", [torch.OutOfMemoryError("no memory left"), MemoryError(), RuntimeError("x\ny")]
)
def test_who_fails_at_a_size_is_a_row_that_says_so(clock, monkeypatch, problem):
    opened = type(ENGINES["eager"]).open

    def open_small(self, plan, *rest):
        if plan.network.steps[0].out_features == 1000:
            raise problem
        return opened(self, plan, *rest)

    monkeypatch.setattr(type(ENGINES["eager"]), "open", open_small)
    race = eager_race(widths=[10, 1000])
    assert [bool(row.timing) for row in race.rows] == [True, True, False, False]
    assert race.rows[-1].refused == (str(problem) or type(problem).__name__).splitlines()[0]


def test_a_loss_that_is_no_number_is_not_timed():
    race = cn.race(NET, lr=1e30, optimizer="sgd", engines=["eager"], threads=[1], seconds=0.2)
    assert race.rows[0].timing is None
    assert "the loss was no number after" in race.rows[0].refused


def test_why_names_the_nearest_ceiling_from_counts_and_measured_figures(clock):
    race = eager_race(widths=[10, 100_000], lr=1e-3, threads=[2])
    empty, wide = 1e-3 * (2e-4 + 5e-7), race.rows[1]
    assert race.rows[0].bound == "overhead"
    assert race.rows[0].least_s["overhead"] == pytest.approx(empty)
    assert wide.least_s["arithmetic"] == pytest.approx(2 * (3 * 200_000 - 100_000) * 100 / 1e11)
    assert wide.least_s["memory"] == pytest.approx(4 * (2 * 100_000 + 1) * 400 / 1e10)
    assert wide.bound == "memory"
    assert race.why.startswith("eager on cpu is overhead-bound at 10 (an empty update takes 201 ns, this one")
    assert "memory-bound at 100,000" in race.why


def test_b5_the_default_data_is_the_lectures_and_the_network_is_built_behind_it():
    state = torch.get_rng_state()
    made = made_up(NET, Recipe("mse", "adam", updates=1), 100)
    assert torch.equal(torch.get_rng_state(), state)
    with torch.random.fork_rng():
        torch.manual_seed(5)
        x = torch.linspace(0, 1, 100).reshape(-1, 1)
        y = torch.randn(100).reshape(-1, 1) * 0.01
        net = nn.Sequential(nn.Linear(1, 500), nn.ReLU(), nn.Linear(500, 1))
    assert torch.equal(made.source.x, x)
    assert torch.equal(made.source.y, y)
    for one, other in zip(made.module.parameters(), net.parameters(), strict=True):
        assert torch.equal(one, other)


def test_b5_the_default_sweep_is_the_lectures_network_over_widths_with_its_two_cases(clock):
    race = cn.race(engines=["eager"], threads=[1], lr=1e-3)
    assert race.sizes == tuple((width, 100) for width in LECTURE_WIDTHS)
    assert {10, 500, 200_000} <= set(LECTURE_WIDTHS)
    assert race.title.endswith("-relu-> v1(n,width) -l2-> u2(n,1) = yhat; mse, adam, 100 samples")


def test_b6_with_one_device_threads_and_engines_race(clock, monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 6)
    monkeypatch.setattr(torch, "set_num_threads", lambda threads: None)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    race = cn.race(NET, lr=1e-3)
    assert [(row.candidate.engine, row.candidate.threads) for row in race.rows] == [
        (engine, threads) for engine in reversed(ENGINES) for threads in (1, 2, 4, 6)
    ]


def test_batch_sizes_are_raced_on_as_many_samples_as_the_largest_wants(clock):
    race = eager_race(batch_sizes=[1, 1000], widths=[10])
    assert race.axis == "batch size"
    assert [row.batch_size for row in race.rows] == [1, 1, 1000, 1000]
    assert race.table.texts[0][0] == "1"


def test_widths_and_batch_sizes_make_a_grid_with_a_lead_for_each_batch_size(clock):
    race = eager_race(batch_sizes=[10, 100], widths=[10, 1000])
    assert race.sizes == ((10, 10), (1000, 10), (10, 100), (1000, 100))
    assert len(race.crossovers) == 2
    assert race.table.columns[:2] == ("width", "batch size")
    assert len(race.plot().figure.axes[0].lines) >= 4


def test_all_hidden_layers_get_the_width_and_no_other():
    network = with_width(cn.read("4 -> 8 relu dropout(0.5) -> 9 nobias tanh -> 3"), 77)
    assert [visit.output_shape for visit in network.walk() if visit.step.trainable] == [(77,), (77,), (3,)]
    assert network.steps[3].bias is False  # the steps' options stay


@pytest.mark.parametrize(
    ("loss", "text"),
    [("bce", "5 -> 3 relu -> 2 sigmoid"), ("cross_entropy", "5 -> 3 relu -> 4"), ("l1", "5 -> 2")],
)
def test_samples_are_made_up_for_every_kind_of_loss(loss, text):
    race = cn.race(cn.read(text), loss=loss, optimizer="sgd", engines=["eager"], threads=[1], seconds=0.05)
    assert race.rows[0].timing.median_s > 0


@pytest.mark.slow
def test_a_real_race_has_times_above_zero_for_everyone(tmp_path):
    race = cn.race(NET, widths=[4, 64], threads=[1], seconds=1.0)
    assert len(race.rows) == 2 * len(ENGINES)
    for row in race.rows:
        assert row.timing.median_s > 0 if row.timing else row.refused
        assert not row.timing or row.bound in ("overhead", "memory", "arithmetic")
    for text in ("eager 1 thread", "why: ", "ceilings: cpu with 1 thread", "torch 2"):
        assert text in str(race)
    json.dumps(race.as_dict(), allow_nan=False)
    race.plot().save(tmp_path / "race.svg")
    assert "eager 1 thread" in (tmp_path / "race.svg").read_text()


@pytest.mark.parametrize("model", ["1 -> 500 relu -> 1", cn.build(NET), cn.write(NET, "torch")], ids=type)
def test_the_model_is_whatever_read_takes(clock, model):
    race = cn.race(model, lr=1.0, engines="eager", threads=[1])
    assert [row.timing.median_s for row in race.rows] == pytest.approx([6e-4])


def test_keywords_go_before_the_recipe(clock):
    race = cn.race(
        NET, Recipe("l1", "adam", lr=9.0, updates=1), loss="mse", lr=1.0, engines=["eager"], threads=[1]
    )
    assert race.title.endswith("; mse, adam")
    assert [row.timing.median_s for row in race.rows] == pytest.approx([6e-4])


def test_the_table_has_raw_seconds_for_programs(clock):
    race = eager_race(widths=[10])
    first = race.table.to_dicts()[0]
    assert first["width"] == 10 and first["eager 1 thread"] == pytest.approx(1.1e-4)


REFUSED = [
    ({"devices": ["meta"]}, Refused, "meta, which holds shapes and no numbers"),
    ({"devices": ["cuda:97"]}, Refused, "cuda:97"),
    ({"engines": ["eagre"]}, UnknownName, "Did you mean eager"),
    ({"widths": [0]}, InvalidValue, r"widths: got 0; wanted whole numbers of at least 1"),
    ({"widths": []}, InvalidValue, r"widths: got none"),
    ({"widths": [True]}, InvalidValue, r"widths: got True"),
    ({"batch_sizes": [1.5]}, InvalidValue, r"batch_sizes: got 1.5"),
    ({"threads": [0]}, InvalidValue, "threads"),
    ({"seconds": 0}, InvalidValue, "seconds"),
    ({"loss": "msee"}, UnknownName, "Did you mean mse"),
    ({"momentun": 0.9, "optimizer": "sgd"}, UnknownName, "Did you mean momentum"),
    ({"model": cn.read("3 -> 1"), "widths": [10]}, InvalidValue, "without a hidden layer"),
    ({"batch_sizes": [11], "data": (torch.ones(10), torch.ones(10))}, InvalidValue, "11; wanted at most 10"),
    ({"recipe": "mse"}, InvalidValue, "recipe: got a str; wanted a Recipe"),
    ({"devise": "cpu"}, UnknownName, "Did you mean devices"),
    ({"learning_rate": 0.1}, UnknownName, "Did you mean lr"),
    ({"threads": [10**9]}, InvalidValue, "threads: got 1000000000; wanted .* at most 1,024"),
    ({"threads": 2}, InvalidValue, "threads: got 2; wanted a list"),
    ({"engines": []}, InvalidValue, "engines: got none"),
    ({"on_row": 3}, InvalidValue, "on_row: got 3; wanted a function"),
    ({"batch_sizes": [10**11]}, OutOfMemory, "for 100,000,000,000 samples"),
    ({"model": cn.read("m -> 2 relu -> 1"), "widths": [10]}, Unsettled, "symbolic width m"),
    ({"model": [nn.Linear(1, 1)]}, InvalidValue, "a list of 1.*Sequential"),
]


@pytest.mark.parametrize(("options", "kind", "words"), REFUSED, ids=lambda value: str(value)[:40])
def test_bad_input_is_refused_before_anything_is_timed(options, kind, words):
    with pytest.raises(kind, match=words):
        cn.race(**{"model": NET, **options})
