"""Folders written by the version of commit 54a47bf, by tests/kept/make_folders.py, are read by this one."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from tests.kept.make_folders import TABLE, arrays, own_module

import chalknet as cn

KEPT = Path(__file__).parents[1] / "kept" / "54a47bf"
EXPECTED = json.loads((KEPT / "expected.json").read_text())


@pytest.fixture
def kept(tmp_path):
    """The folders in a place of their own, their runs pointing to the table beside them."""
    shutil.copytree(KEPT, tmp_path, dirs_exist_ok=True)
    for plan in tmp_path.glob("*/plan.json"):
        facts = json.loads(plan.read_text())
        if facts["origin"]:
            facts["origin"] |= {"data": str(tmp_path / "houses.csv"), "cache": str(tmp_path / "tables")}
            plan.write_text(json.dumps(facts))
    return tmp_path


def test_a_run_that_ended_is_loaded_with_its_weights_and_history(kept):
    result = cn.load_run(kept / "finished")
    assert list(result.history.loss) == EXPECTED["finished"]["loss"]
    yhat = torch.from_numpy(cn.predict(result, arrays()[0]).raw).flatten()
    torch.testing.assert_close(yhat, torch.tensor(EXPECTED["finished"]["yhat"]))
    assert [evaluation.updates for evaluation in result.history.evaluations] == [10, 20, 30]


@pytest.mark.parametrize("engine", ["eager", "fused_cpu"])
def test_a_run_that_was_killed_goes_on_from_its_checkpoint(kept, engine):
    result = cn.resume(kept / f"killed_{engine}")
    assert result.outcome is cn.Outcome.FINISHED
    assert list(result.history.loss) == pytest.approx(EXPECTED[f"killed_{engine}"]["loss"], rel=1e-5)


def test_a_run_on_a_table_goes_on_and_prepares_new_rows_as_before(kept):
    result = cn.resume(kept / "table_killed", trust=True)
    assert list(result.history.loss) == pytest.approx(EXPECTED["table"]["loss"], rel=1e-5)
    for run in (result, cn.load_run(kept / "table")):
        yhat = torch.from_numpy(cn.predict(run, kept / "houses.csv").values).flatten()
        torch.testing.assert_close(yhat, torch.tensor(EXPECTED["table"]["yhat"]), rtol=1e-5, atol=1e-5)


def test_a_table_that_was_converted_to_float32_is_left_and_converted_anew_with_all_its_digits(kept):
    (facts,) = kept.glob("tables/*/facts.json")
    before = facts.stat().st_mtime_ns
    source = cn.load(kept / "houses.csv", **TABLE, cache=kept / "tables")
    # The older version standardised in float32: its last bit may differ.
    torch.testing.assert_close(source.x[:3], torch.tensor(EXPECTED["table"]["x"]), rtol=2e-7, atol=1e-7)
    torch.testing.assert_close(source.y[:3], torch.tensor(EXPECTED["table"]["y"]), rtol=2e-7, atol=1e-7)
    assert facts.stat().st_mtime_ns == before
    assert len([*kept.glob("tables/*/facts.json")]) == 2


def test_the_weights_of_a_module_without_a_network_are_loaded(kept):
    result = cn.load_run(kept / "module", module=own_module())
    assert list(result.history.loss) == EXPECTED["module"]["loss"]
