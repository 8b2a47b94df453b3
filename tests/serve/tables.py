"""Random tables, fits of them, and new rows for the fits: some as the training rows were, some not."""

import random
from dataclasses import dataclass

import numpy as np

import chalknet as cn

WORDS = ["Biscoe", "Dream", "Tø rgersen", "7", "1e3", "x,y", '"q"', "NaN?", "日本"]
NAMES = ["mass", "length in mm", "class", "values", "X", "y(n)", "1", "species", "ß", "l1.weight", "a/b"]
# Loss -> how a network ends that it can be asked of, for the task that it is of.
ENDINGS = {
    "mse": ("1", "numbers"),
    "l1": ("1", "numbers"),
    "pinball(0.8)": ("1", "numbers"),
    "gaussian_nll": ("2", "numbers"),
    "poisson": ("1", "counts"),
    "bce": ("1 sigmoid", "two"),
    "bce_logits": ("1", "two"),
    "focal": ("1", "two"),
    "cross_entropy": ("3", "three"),
    "nll": ("3 log_softmax", "three"),
}
ACTIVATIONS = ["relu", "tanh", "sigmoid", "elu", "silu", "gelu", "softplus", "leaky_relu"]


@dataclass
class Case:
    """A fit, and new rows as columns by name, None for a gap."""

    result: cn.FitResult
    rows: dict[str, list]
    unknown: str
    loss: str


def column(rng: random.Random, count: int, gaps: bool) -> list:
    """Return a column of numbers, whole numbers, truths or words."""
    kind = rng.choice(["numbers", "numbers", "whole", "truths", "words", "words", "far"])
    if kind == "words":
        some = rng.sample(WORDS, rng.randint(1, 5))
        values = [rng.choice(some) for _ in range(count)]
    elif kind == "truths":
        values = [rng.random() < 0.5 for _ in range(count)]
    elif kind == "whole":
        values = [rng.randint(-50, 50) for _ in range(count)]
    else:
        middle = 1e9 if kind == "far" else rng.choice([0, 0, 3.3, -200])
        values = [middle + rng.gauss(0, rng.choice([0.1, 1, 30])) for _ in range(count)]
    return [None if gaps and rng.random() < 0.2 else value for value in values]


def target(rng: random.Random, task: str, count: int) -> list:
    if task == "numbers":
        return [rng.gauss(500, 30) for _ in range(count)]
    if task == "counts":
        return [rng.randint(0, 5) for _ in range(count)]
    classes = {"two": [["no", "yes"], [0, 1]], "three": [["a", "b b", "ç"], [0, 1, 2]]}[task]
    some = rng.choice(classes)
    return [some[i % len(some)] for i in range(count)]


def case(seed: int, *, embedded: bool = False) -> Case:
    """Return the fit of a random table, and ten new rows for it."""
    rng = random.Random(seed)
    count, loss = 40, rng.choice(list(ENDINGS))
    ending, task = ENDINGS[loss]
    gaps, unknown = rng.random() < 0.6, rng.choice(["refuse", "missing", "most-frequent"])
    names = rng.sample(NAMES, rng.randint(1, 5))
    every = {name: column(rng, count + 10, gaps) for name in names}
    words = [name for name, values in every.items() if any(isinstance(value, str) for value in values)]
    numbers = [name for name in names if name not in words]
    far = [name for name in numbers if any(abs(value or 0) > 1e6 for value in every[name])]
    standardise = rng.choice([True, far]) if far else rng.choice([True, False])
    if task == "numbers" and standardise is True and rng.random() < 0.5:
        standardise = "both"
    data = {name: values[:count] for name, values in every.items()} | {"the target": target(rng, task, count)}
    missing = {"missing": ["-999", "7"]} if rng.random() < 0.2 else {}
    coded = {"embed": words} if embedded and words else {"one_hot": words or False}
    source = cn.load(
        data, y="the target", **coded, fill="auto" if gaps or missing else None,
        standardise=standardise, unknown=unknown, **missing,
    )  # fmt: skip
    network = f"? -> 6 {rng.choice(ACTIVATIONS)} -> {ending}"
    if embedded and words:
        tables = " & ".join(f"embed({name} ? -> {rng.randint(1, 3)})" for name in words)
        network = f"{tables} & x(n,?) -> {network.removeprefix('? -> ')}"
    lr = 1e-3 if loss != "poisson" else 1e-5
    result = cn.fit(network, source, loss=loss, optimizer="adam", lr=lr, updates=8, seed=seed, threads=1)
    rows = {name: values[count:] for name, values in every.items()}
    for name in names:
        spoilt = rng.random()
        place = rng.randrange(10)
        if spoilt < 0.4:
            rows[name][place] = "new" if name in words else rng.choice([None, -999, 1e39, float("inf")])
        elif spoilt < 0.6:
            rows[name][place] = None
    return Case(result, rows, unknown, loss)


def row_of(rows: dict[str, list], i: int) -> dict[str, list]:
    return {name: [values[i]] for name, values in rows.items()}


def predicted_each(found: Case) -> list:
    """Return what `predict` says of each row alone; None for a row that it refuses."""
    answers = []
    for i in range(10):
        try:
            answers.append(cn.predict(found.result, row_of(found.rows, i)))
        except cn.ChalknetError:
            answers.append(None)
    return answers


def fed(session, rows: dict[str, list]) -> dict[str, np.ndarray]:
    """Return rows as the inputs of an ONNX session."""
    feed = {}
    for each in session.get_inputs():
        values = rows[each.name]
        if each.type == "tensor(string)":
            column = np.array(["" if value is None else value for value in values], dtype=object)
        else:
            column = np.array([np.nan if value is None else value for value in values], dtype=np.float64)
        feed[each.name] = column.reshape(-1, 1)
    return feed
