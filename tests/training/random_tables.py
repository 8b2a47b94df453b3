"""Tables as people have them, drawn from a seed: kinds of columns, gaps, sizes, and a target of each kind."""

from __future__ import annotations

import numpy as np
import pandas as pd

TARGETS = ("numbers", "two words", "words", "zero or one", "minus or plus one", "class numbers", "several")
LOSSES = {
    "numbers": "mse", "two words": "bce_logits", "words": "cross_entropy", "zero or one": "bce_logits",
    "minus or plus one": "bce_logits", "class numbers": "cross_entropy", "several": "mse",
}  # fmt: skip


def drawn(seed: int, target: str | None = None) -> tuple[pd.DataFrame, list[str], str]:
    """Return a table, the names of its target's columns and the kind of target."""
    random = np.random.default_rng(seed)
    target = target or TARGETS[seed % len(TARGETS)]
    rows = int(random.choice([25, 60, 200, 700]))
    frame = {f"n{i}": random.normal(random.uniform(-50, 50), 10 ** random.uniform(-3, 4), rows)
             for i in range(random.integers(1, 6))}  # fmt: skip
    signal = sum((values - values.mean()) / values.std() for values in frame.values())
    for i in range(random.integers(0, 3)):
        words = np.array(["red", "green", "blue", "grey"])[random.integers(0, random.integers(2, 5), rows)]
        frame[f"w{i}"] = words.astype(object)
        signal = signal + 2 * (words == "red")
    if random.random() < 0.4:
        frame["gaps"] = np.where(random.random(rows) < 0.3, np.nan, random.normal(size=rows))
    if random.random() < 0.3:
        frame["word gaps"] = np.where(random.random(rows) < 0.3, None, "here")
    if random.random() < 0.3:
        frame["constant"] = 7
    if random.random() < 0.3:
        frame["id"] = np.arange(1, rows + 1)
    if random.random() < 0.3:
        frame["name"] = np.array([f"customer {i}" for i in random.permutation(rows)], object)
    if random.random() < 0.3:
        frame["day"] = [f"2024-01-{1 + i % 28:02d}" for i in range(rows)]
    signal = signal - np.median(signal)
    cut = np.searchsorted(np.quantile(signal, [1 / 3, 2 / 3]), signal)
    frame |= {
        "numbers": lambda: {"y": 1000 + 300 * signal},
        "two words": lambda: {"y": np.where(signal > 0, "yes", "no").astype(object)},
        "words": lambda: {"y": np.array(["low", "mid", "high"], object)[cut]},
        "zero or one": lambda: {"y": (signal > 0).astype(int)},
        "minus or plus one": lambda: {"y": np.where(signal > 0, 1, -1)},
        "class numbers": lambda: {"y": cut},
        "several": lambda: {"y": signal, "z": 5 - 2 * signal},
    }[target]()  # fmt: skip
    return pd.DataFrame(frame), ["y", "z"] if target == "several" else ["y"], target
