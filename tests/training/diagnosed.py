"""Fits as people try them that go wrong, each with what is wrong; by kind and seed."""

import numpy as np

# kind -> words of the sentence that is true of it.
NAIVE = {}


def naive(words):
    def added(make):
        NAIVE[make.__name__] = (make, words)
        return make

    return added


def numbers(generator, rows=400, features=None, noise=0.1):
    """Return standard features and a target that a small network can fit."""
    features = features or int(generator.integers(2, 8))
    x = generator.normal(size=(rows, features))
    y = x @ generator.normal(size=features) + 0.5 * np.tanh(2 * x[:, 0]) * x[:, 1]
    y = (y - y.mean()) / y.std()
    return x.astype("f4"), (y + noise * generator.normal(size=rows)).astype("f4")


def groups(generator, rows=400, classes=None, apart=3.0):
    """Return classes that are clouds of points, mixed in their order."""
    classes = classes or int(generator.integers(2, 5))
    features = int(generator.integers(2, 7))
    y = generator.integers(0, classes, rows)
    centres = generator.normal(size=(classes, features))
    centres *= (
        apart / np.linalg.norm(centres[:, None] - centres[None], axis=2)[~np.eye(classes, dtype=bool)].min()
    )
    return (centres[y] + generator.normal(size=(rows, features))).astype("f4"), y


def fit(model, data, loss, load=None, **options):
    return {"model": model, "data": data, "loss": loss, "load": load or {}, **options}


BATCHES = {"batch_size": 32, "shuffle": True}
ADAM = {"optimizer": "adam", "lr": 0.01, **BATCHES}


@naive("hold the fit back")
def unscaled_adam(generator):
    x, y = numbers(generator)
    x = x * 10.0 ** generator.integers(2, 4, x.shape[1])
    return fit("? -> 16 tanh -> ?", (x, y), "mse", optimizer="adam", **BATCHES, epochs=40)


@naive("features of unlike scales|hold the fit back|became infinite")
def unscaled_sgd(generator):
    x, y = numbers(generator)
    x = x * np.array([1.0, 3000.0, *10.0 ** generator.integers(0, 4, 6)])[: x.shape[1]]
    return fit("? -> 16 relu -> ?", (x, y), "mse", lr=0.01, **BATCHES, epochs=20)


@naive("are dead|learning rate .* too large")
def dead_units(generator):
    x, y = numbers(generator)
    lr = float(generator.choice([1.0, 3.0]))
    return fit(
        "? -> 16 relu -> 16 relu -> ?",
        (x, y),
        "mse",
        optimizer="adam",
        lr=lr,
        **BATCHES,
        epochs=20,
    )


@naive("is saturated|hold the fit back")
def saturated_units(generator):
    x, y = groups(generator, classes=3)
    x = x * generator.uniform(30, 200) + generator.uniform(20, 100)
    return fit(
        "? -> 16 sigmoid -> ?",
        (x, y),
        "cross_entropy",
        optimizer="adam",
        **BATCHES,
        epochs=20,
    )


@naive("still falling")
def too_short(generator):
    x, y = numbers(generator)
    return fit(
        "? -> 16 relu -> ?",
        (x, y),
        "mse",
        optimizer="adam",
        lr=0.003,
        **BATCHES,
        epochs=int(generator.integers(2, 4)),
    )


@naive("still falling")
def too_short_classes(generator):
    x, y = groups(generator)
    return fit(
        "? -> 16 relu -> ?",
        (x, y),
        "cross_entropy",
        lr=0.03,
        **BATCHES,
        epochs=int(generator.integers(2, 4)),
    )


@naive("learning rate .* is too large|became infinite")
def too_fast_sgd(generator):
    x, y = numbers(generator)
    return fit("? -> 16 tanh -> ?", (x, y), "mse", lr=float(generator.uniform(1.5, 4)), updates=200)


@naive("learning rate .* is too large")
def too_fast_adam(generator):
    x, y = numbers(generator)
    return fit(
        "? -> 16 tanh -> ?",
        (x, y),
        "mse",
        optimizer="adam",
        lr=float(generator.uniform(2, 8)),
        **BATCHES,
        epochs=15,
    )


@naive("learning rate .* is far too small")
def too_slow_sgd(generator):
    x, y = numbers(generator)
    return fit("? -> 16 relu -> ?", (x, y), "mse", lr=10.0 ** -generator.uniform(4, 6), updates=500)


@naive("learning rate .* is far too small")
def too_slow_classes(generator):
    x, y = groups(generator)
    return fit(
        "? -> 16 relu -> ?",
        (x, y),
        "cross_entropy",
        optimizer="adam",
        lr=10.0 ** -generator.uniform(5, 7),
        **BATCHES,
        epochs=20,
    )


@naive("where yhat")
def bounded_output(generator):
    x, y = numbers(generator)
    y = (y - y.min()) / np.ptp(y) * 500
    return fit("? -> 16 relu -> ? sigmoid", (x, y), "mse", **ADAM, epochs=30)


@naive("targets around")
def large_targets(generator):
    x, y = numbers(generator)
    y = y * generator.uniform(50, 400) + generator.uniform(300, 3000)
    return fit("? -> 16 relu -> ?", (x, y), "mse", optimizer="adam", **BATCHES, epochs=30)


@naive("stand sorted")
def sorted_classes(generator):
    x, y = groups(generator, classes=int(generator.integers(3, 5)), apart=2)
    order = np.argsort(y, kind="stable")
    return fit(
        "? -> 16 relu -> ?",
        (x[order], y[order]),
        "cross_entropy",
        lr=0.1,
        batch_size=8,
        epochs=int(generator.integers(1, 3)),
    )


@naive("stand sorted")
def sorted_two_classes(generator):
    x, y = groups(generator, classes=2)
    order = np.argsort(y, kind="stable")
    return fit(
        "? -> 8 relu -> ? sigmoid",
        (x[order], y[order]),
        "bce",
        lr=0.3,
        batch_size=1,
        updates=int(generator.integers(1, 3)) * 400,
    )


@naive("never predicted")
def rare_class(generator):
    x, y = groups(generator, rows=600, classes=3, apart=0.6)
    keep = (y != 2) | (generator.uniform(size=len(y)) < 0.12)
    return fit("? -> ?", (x[keep], y[keep]), "cross_entropy", **ADAM, epochs=30)


@naive("never predicted")
def rare_answer(generator):
    x, y = groups(generator, rows=800, classes=2, apart=0.5)
    keep = (y == 0) | (generator.uniform(size=len(y)) < 0.08)
    return fit("? -> ?", (x[keep], y[keep]), "bce_logits", **ADAM, epochs=40)


@naive("overfits")
def overfitting(generator):
    x, y = numbers(generator, rows=120, features=10, noise=0.8)
    asked = {**ADAM, "lr": 0.003, "epochs": 200, "held_out": 0.4, "evaluate_every": 20}
    return fit("? -> 64 relu -> 64 relu -> ?", (x, y), "mse", **asked)


@naive("overfits")
def overfitting_classes(generator):
    x, y = groups(generator, rows=160, classes=3, apart=1.2)
    return fit("? -> 128 relu -> 64 relu -> ?", (x, y), "cross_entropy", **ADAM, epochs=150, held_out=0.4)


@naive("stand among the training rows too")
def duplicated_rows(generator):
    x, y = numbers(generator, rows=300)
    again = generator.integers(0, 300, int(generator.integers(60, 300)))
    order = generator.permutation(300 + len(again))
    x, y = np.concatenate([x, x[again]])[order], np.concatenate([y, y[again]])[order]
    return fit("? -> 16 relu -> ?", (x, y), "mse", **ADAM, epochs=30, held_out=0.25)


@naive("became infinite")
def diverged(generator):
    x, y = numbers(generator)
    return fit("? -> ?", (x, y), "mse", lr=float(generator.uniform(10, 50)), updates=300)


@naive("takes class 2 to be twice class 1")
def classes_as_numbers(generator):
    x, y = groups(generator, classes=4)
    return fit("? -> 16 relu -> 1", (x, y), "mse", **ADAM, epochs=20)


@naive("already ends with softmax")
def softmax_twice(generator):
    x, y = groups(generator, classes=4)
    return fit("? -> 16 relu -> ? softmax", (x, y), "cross_entropy", **ADAM, epochs=20)
