"""Good fits as people make them, of twenty kinds, which nothing is to be said of; by kind and seed."""

import numpy as np
import pandas as pd
from tests.training.diagnosed import ADAM, BATCHES, fit, groups, numbers

GOOD = {}


def good(make):
    GOOD[make.__name__] = make
    return make


def town_houses(generator, rows=500):
    """Return a table with a column of words, and its price."""
    towns = np.array(["Ulm", "Jena", "Kiel", "Bonn"])
    town = generator.integers(0, 4, rows)
    area = generator.uniform(40, 200, rows)
    rooms = np.round(area / 30 + generator.normal(size=rows) * 0.5)
    price = 2000 * area + 40_000 * town + 3000 * rooms + 10_000 * generator.normal(size=rows)
    return pd.DataFrame({"town": towns[town], "area": area, "rooms": rooms, "price": price})


@good
def regression(generator):
    x, y = numbers(generator)
    return fit("? -> 32 relu -> ?", (x, y), "mse", **ADAM, epochs=60, held_out=0.2)


@good
def deep_regression(generator):
    x, y = numbers(generator, rows=600)
    return fit("? -> 32 tanh -> 32 tanh -> ?", (x, y), "mse", **ADAM, epochs=60, held_out=0.2)


@good
def noisy_regression(generator):
    x, y = numbers(generator, rows=800, noise=0.5)
    return fit("? -> 8 relu -> ?", (x, y), "mse", **ADAM, epochs=40, held_out=0.2)


@good
def linear_regression(generator):
    x, y = numbers(generator)
    return fit("? -> ?", (x, y), "mse", lr=0.1, updates=400)


@good
def standardised_prices(generator):
    x, y = numbers(generator)
    x, y = x * 10.0 ** generator.integers(-2, 4, x.shape[1]) + 50, y * 200 + 1500
    return fit("? -> 16 relu -> ?", (x, y), "mse", {"standardise": "both"}, **ADAM, epochs=60, held_out=0.2)


@good
def classification(generator):
    x, y = groups(generator)
    return fit("? -> 16 relu -> ?", (x, y), "cross_entropy", **ADAM, epochs=40, held_out=0.2)


@good
def overlapping_classes(generator):
    x, y = groups(generator, rows=800, classes=3, apart=2.0)
    return fit("? -> 8 relu -> ?", (x, y), "cross_entropy", **ADAM, epochs=30, held_out=0.2)


@good
def binary_by_sgd(generator):
    x, y = groups(generator, classes=2)
    return fit(
        "? -> 8 tanh -> ? sigmoid",
        (x, y),
        "bce",
        lr=0.3,
        batch_size=16,
        shuffle=True,
        epochs=60,
        held_out=0.2,
    )


@good
def uneven_classes(generator):
    x, y = groups(generator, rows=800, classes=2, apart=4.0)
    keep = (y == 0) | (generator.uniform(size=len(y)) < 0.2)
    return fit("? -> 8 relu -> ?", (x[keep], y[keep]), "bce_logits", **ADAM, epochs=40, held_out=0.2)


@good
def one_feature(generator):
    x = generator.uniform(-3, 3, (300, 1))
    y = np.sin(x[:, 0]) + 0.1 * generator.normal(size=300)
    return fit("1 -> 32 tanh -> 1", (x.astype("f4"), y.astype("f4")), "mse", **ADAM, epochs=150, held_out=0.2)


@good
def several_outputs(generator):
    x = generator.normal(size=(500, 5)).astype("f4")
    y = np.tanh(x @ generator.normal(size=(5, 3))) + 0.1 * generator.normal(size=(500, 3))
    return fit("? -> 32 relu -> ?", (x, y.astype("f4")), "mse", **ADAM, epochs=80, held_out=0.2)


@good
def counts(generator):
    x = generator.normal(size=(800, 4))
    y = generator.poisson(np.exp(1 + x @ generator.uniform(-0.4, 0.4, 4)))
    return fit("? -> ?", (x.astype("f4"), y.astype("f4")), "poisson", **ADAM, epochs=40, held_out=0.2)


@good
def median_with_outliers(generator):
    x, y = numbers(generator, rows=600)
    y = np.where(generator.uniform(size=600) < 0.03, y + 8, y).astype("f4")
    return fit("? -> 16 relu -> ?", (x, y), "huber", **ADAM, epochs=60)


@good
def mean_and_variance(generator):
    x = generator.uniform(-2, 2, (800, 2))
    y = x[:, 0] - x[:, 1] + (0.2 + 0.1 * np.abs(x[:, 0])) * generator.normal(size=800)
    data = (x.astype("f4"), y.astype("f4"))
    return fit("? -> 16 tanh -> 2", data, "gaussian_nll", **ADAM, epochs=60, held_out=0.2)


@good
def chosen_by_default(generator):
    return fit("auto", town_houses(generator), None, {"y": "price"})


@good
def embedded_words(generator):
    load = {"y": "price", "embed": "town", "standardise": "both"}
    text = "embed(town ? -> 2) & x(n,?) -> 16 relu -> ?"
    return fit(
        text,
        town_houses(generator),
        "mse",
        load,
        **ADAM,
        epochs=60,
        held_out=0.2,
    )


@good
def norms_and_schedule(generator):
    x, y = numbers(generator, rows=600)
    text = "? -> 32 batchnorm relu -> [32 relu -> 32] + skip -> ?"
    return fit(text, (x, y), "mse", **ADAM, schedule="cosine", epochs=40, held_out=0.2)


@good
def stopped_early(generator):
    x, y = numbers(generator, rows=600, noise=0.3)
    return fit("? -> 16 relu -> ?", (x, y), "mse", **ADAM, epochs=300, held_out=0.25, patience=10)


@good
def weighted_rare_class(generator):
    x, y = groups(generator, rows=900, classes=2, apart=4.0)
    keep = (y == 0) | (generator.uniform(size=len(y)) < 0.15)
    asked = {**ADAM, "lr": 0.03, "epochs": 100, "class_weight": "balanced", "held_out": 0.2}
    return fit("? -> 8 relu -> ? sigmoid", (x[keep], y[keep]), "bce", **asked)


@good
def compressed(generator):
    x = (generator.normal(size=(500, 3)) @ generator.normal(size=(3, 9)) / 3**0.5).astype("f4")
    return fit("9 -> 3 -> 9", (x, x), "mse", optimizer="adamw", lr=0.02, **BATCHES, epochs=60, held_out=0.2)
