"""What is recorded is checked when it is asked for, and its keywords are its fields."""

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from chalknet.data import LoadOptions
from chalknet.errors import InvalidValue
from chalknet.planning import RecipeKeywords, RunKeywords
from chalknet.training.record.record_options import Interval, RecordOptions
from chalknet.training.run.fit import (
    ColumnKeywords,
    FitKeywords,
    OneFitKeywords,
    PlanKeywords,
    RecordKeywords,
)


def test_the_keywords_are_the_fields_and_those_of_the_verbs_are_made_of_them():
    rooms = (RecipeKeywords, RunKeywords, RecordKeywords, ColumnKeywords)
    names = {kind: set(kind.__annotations__) for kind in rooms}
    assert names[RecordKeywords] == {field.name for field in fields(RecordOptions)}
    assert names[ColumnKeywords] == {field.name for field in fields(LoadOptions)} - {"dtype"}
    planned = names[RecipeKeywords] | names[RunKeywords] | names[ColumnKeywords]
    assert set(PlanKeywords.__annotations__) == planned | {"metrics"}
    assert set(OneFitKeywords.__annotations__) == set.union(*names.values())
    assert sum(map(len, names.values())) == len(OneFitKeywords.__annotations__)  # none stands in two places
    assert set(FitKeywords.__annotations__) == set(OneFitKeywords.__annotations__) - names[ColumnKeywords]


def test_a_folder_is_kept_with_a_checkpoint_a_minute_unless_it_says_otherwise():
    assert RecordOptions().checkpoint_every is None
    assert RecordOptions(out="run").checkpoint_every == Interval(seconds=60.0)
    assert RecordOptions(out="run", checkpoint_every=5).checkpoint_every == Interval(updates=5)
    assert RecordOptions(out="~/run").out == Path("~/run").expanduser()
    with pytest.raises(InvalidValue, match="checkpoint_every: got 5 and no folder"):
        RecordOptions(checkpoint_every=5)


def test_one_log_is_a_list_of_one():
    assert RecordOptions(log="mlflow:a").log == ("mlflow:a",)
    assert RecordOptions(log=["a", "b"]).log == ("a", "b") and RecordOptions(log=None).log == ()


@pytest.mark.parametrize("name", ["evaluate_every", "record_every"])
def test_updates_between_two_rows_are_counted(name):
    assert type(getattr(RecordOptions(**{name: np.int64(3)}), name)) is int
    for wrong in (0, -1, 1.5, True, "2"):
        with pytest.raises(InvalidValue, match=f"{name}: got {wrong!r}; wanted a number of updates"):
            RecordOptions(**{name: wrong})


@pytest.mark.parametrize("text", ["²", "5 parsecs", "0", "-5s", ""])
def test_what_is_no_interval_is_refused(text):
    with pytest.raises(InvalidValue, match="checkpoint_every"):
        RecordOptions(out="run", checkpoint_every=text)
