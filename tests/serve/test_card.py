"""A model card says what is true of the fit: its rows, ranges, metrics, seals and versions."""

import hashlib
import json
import re

import numpy as np
import pytest
import torch

import chalknet as cn


def tables_of(card):
    """Return the cells of each row of every table of a card, escapes undone."""
    rows = [line.strip("| ").split(" | ") for line in card.splitlines() if line.startswith("| ")]
    return [[re.sub(r"\\(.)", r"\1", cell) for cell in row] for row in rows]


def facts_of(card):
    """Return the cells behind each name, where it first stands."""
    found = {}
    for name, *cells in tables_of(card):
        found.setdefault(name, cells)
    return found


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    folder = tmp_path_factory.mktemp("card")
    draw = np.random.default_rng(1)
    area, city = draw.uniform(20, 200, 60), draw.choice(["Ulm", "a|b", "Köln"], 60)
    lines = [f"{a:.1f},{c},{1000 * a + 5000:.0f}" for a, c in zip(area, city, strict=True)]
    (folder / "houses.csv").write_text("area_m2,city,price\n" + "\n".join(lines) + "\n", encoding="utf-8")
    source = cn.load(
        folder / "houses.csv", y="price", one_hot=True, standardise="both", held_out=0.2, fill="auto"
    )
    result = cn.fit(
        "? -> 8 relu -> 1", source, loss="mse", optimizer="adam", lr=0.01, epochs=20, batch_size=16,
        metrics=["mae", "r2"], out=folder / "run",
    )  # fmt: skip
    cn.export(folder / "run", folder / "card.md")
    return folder, result, source, area


def test_its_numbers_are_those_of_the_fit(kept):
    folder, result, source, _ = kept
    rows = facts_of((folder / "card.md").read_text(encoding="utf-8"))
    assert rows["training rows"] == [str(len(source))] and rows["held-out rows"] == ["12"]
    held_out = cn.evaluate(result, source.held_out)
    assert float(rows["mae"][1]) == pytest.approx(held_out["mae"], rel=1e-3)  # printed with four digits
    assert float(rows["r2"][1]) == pytest.approx(held_out["r2"], rel=1e-3)
    trivial = next(row for name, row in rows.items() if "trivial predictor" in name)
    assert float(trivial[1]) == pytest.approx(result.baseline.held_out, rel=1e-3)


def test_its_ranges_and_words_are_those_of_the_training_rows(kept):
    folder, result, source, _ = kept
    rows = facts_of((folder / "card.md").read_text(encoding="utf-8"))
    area = result.preparation.x[0]
    raw = source.x[:, 0].double() * area.std + area.mean
    least, most = map(float, rows["area_m2"][1].split(" to "))
    assert (least, most) == pytest.approx((raw.min().item(), raw.max().item()), rel=1e-3)
    assert rows["city"][1] == "'Köln', 'Ulm', 'a|b'"
    assert rows["price"][0] == "target"


def test_its_checksums_are_those_of_the_files(kept):
    folder, *_ = kept
    rows = facts_of((folder / "card.md").read_text(encoding="utf-8"))
    for name in ("weights.safetensors", "network.json", "preparation.json", "history.csv"):
        assert rows[name][0] == hashlib.sha256((folder / "run" / name).read_bytes()).hexdigest()
    fingerprint = json.loads((folder / "run" / "plan.json").read_text())["fingerprint"]
    assert rows["fingerprint of the content"] == [fingerprint]
    assert rows["torch"] == [torch.__version__] and rows["chalknet"] == [cn.__version__]


def test_its_diagnosis_is_that_of_the_fit(kept):
    folder, result, *_ = kept
    card = re.sub(r"\\(.)", r"\1", (folder / "card.md").read_text(encoding="utf-8"))
    assert result.diagnosis or "Nothing was found to be wrong." in card
    assert all(f"- {sentence}" in card for sentence in (*result.diagnosis, *result.plan.notes))


def test_a_fit_in_memory_has_all_metrics_of_its_task_and_no_files(tmp_path):
    x = torch.linspace(-1, 1, 40).reshape(-1, 1)
    result = cn.fit("1 -> 2", (x, (x[:, 0] > 0).long()), loss="ce", lr=1.0, updates=30)
    cn.export(result, tmp_path / "card.md")
    card = (tmp_path / "card.md").read_text(encoding="utf-8")
    rows = facts_of(card)
    assert float(rows["balanced_accuracy"][0]) == pytest.approx(
        cn.evaluate(result)["balanced_accuracy"], rel=1e-3
    )
    assert "## Files" not in card and "## Columns" not in card
    assert "No rows were held out" in card


def test_signs_of_markdown_in_names_are_shown_as_they_are(tmp_path):
    data = {"a*b*|<i>": [1.0, 2.0, 3.0], "y": [1.0, 2.0, 3.0]}
    result = cn.fit("? -> 1", cn.load(data, y="y"), loss="mse", updates=1)
    cn.export(result, tmp_path / "card.md")
    assert r"| a\*b\*\|\<i\> |" in (tmp_path / "card.md").read_text(encoding="utf-8")
