"""Fits that two processes share: run by torch's launcher, each process keeps what it found in a folder."""

import os
import sys
from pathlib import Path

import torch
from torch import nn

import chalknet as cn
from chalknet.data import ArraySource

N, FEATURES = 37, 6


class Taking(ArraySource):
    """A source that remembers the rows it was asked for, and can fail."""

    def take(self, rows):
        asked = torch.arange(len(self))[rows].tolist()
        self.__dict__.setdefault("asked", []).append(asked)
        if self.__dict__.get("fails_at") == len(self.asked):
            raise cn.ChalknetError(where="row 3", got="nothing", wanted="a row", remedy="Look.")
        return super().take(rows)


class Viewing(nn.Module):
    """A module that no Network describes: views that know no empty batch, and a layer it never uses."""

    def __init__(self):
        super().__init__()
        self.first, self.last, self.unused = nn.Linear(FEATURES, 4), nn.Linear(4, 1), nn.Linear(2, 2)

    def forward(self, x):
        return self.last(torch.tanh(self.first(x.view(-1, FEATURES)))).view(-1, 1)


class Normed(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(FEATURES, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))

    def forward(self, x):
        return self.net(x)


def data(classes=1):
    generator = torch.Generator().manual_seed(3)
    x = torch.randn(N, FEATURES, generator=generator, dtype=torch.float64)
    y = (x.sum(1) > 0).double() if classes == 1 else x.argmax(1) % classes
    return x, y


def made(kind):
    torch.manual_seed(11)
    return kind().double()


BINARY = "6 -> 8 relu -> 1 sigmoid"
CASES = {
    "gradient descent": (BINARY, {"loss": "bce", "lr": 0.3, "updates": 7}),
    "an uneven last batch": (BINARY, {"loss": "bce", "lr": 0.3, "batch_size": 8, "epochs": 3}),
    "batch size 1, an empty lane": (BINARY, {"loss": "bce", "lr": 0.1, "batch_size": 1, "updates": 40}),
    "an odd batch, a new order each epoch": (
        BINARY,
        {"loss": "bce", "lr": 0.3, "batch_size": 5, "epochs": 4, "shuffle": True},
    ),
    "drop_last": (
        BINARY,
        {"loss": "bce", "lr": 0.3, "batch_size": 8, "epochs": 3, "shuffle": True, "drop_last": True},
    ),
    "the sum": (BINARY, {"loss": "bce", "lr": 0.01, "batch_size": 8, "epochs": 3, "reduction": "sum"}),
    "pieces": (BINARY, {"loss": "bce", "lr": 0.3, "batch_size": 16, "epochs": 3, "micro_batch": 3}),
    "pieces, the sum": (
        BINARY,
        {
            "loss": "bce",
            "lr": 0.01,
            "batch_size": 9,
            "epochs": 3,
            "micro_batch": 2,
            "reduction": "sum",
            "shuffle": True,
        },
    ),
    "adam": (
        BINARY,
        {"loss": "bce", "optimizer": "adam", "lr": 0.01, "batch_size": 8, "epochs": 3, "shuffle": True},
    ),
    "momentum": (
        BINARY,
        {"loss": "bce", "lr": 0.1, "momentum": 0.9, "nesterov": True, "batch_size": 8, "epochs": 3},
    ),
    "rmsprop": (BINARY, {"loss": "bce", "optimizer": "rmsprop", "lr": 0.01, "batch_size": 8, "epochs": 3}),
    "classes": (
        "6 -> 8 tanh -> 3",
        {"loss": "cross_entropy", "lr": 0.3, "batch_size": 7, "epochs": 3, "shuffle": True},
    ),
    "several outputs": ("6 -> 4 tanh -> 6", {"loss": "mse", "lr": 0.3, "batch_size": 7, "epochs": 3}),
    "evaluated and recorded now and then": (
        BINARY,
        {
            "loss": "bce",
            "lr": 0.3,
            "batch_size": 8,
            "epochs": 6,
            "evaluate_every": 4,
            "record_every": 3,
            "held_out": 0.3,
        },
    ),
    "a target": (BINARY, {"loss": "bce", "lr": 0.5, "updates": 400, "target_loss": 0.4}),
    "a module of one's own": (Viewing, {"loss": "mse", "lr": 0.1, "batch_size": 36, "epochs": 4}),
    "float32": (BINARY, {"loss": "bce", "lr": 0.3, "batch_size": 8, "epochs": 3, "dtype": "float32"}),
}


def run(name):
    """Return the result of a case."""
    model, options = CASES[name]
    x, y = data(3 if options["loss"] == "cross_entropy" else 1)
    y = x**2 if name == "several outputs" else y
    options = {"dtype": "float64", "progress": False, **options}
    if isinstance(model, str):
        return cn.fit(cn.read(model), (x, y), **options)
    options.pop("dtype")
    return cn.fit(made(model), (x, y), **options)


def found(result):
    """Return what is compared of a result."""
    history = result.history
    return {
        "loss": torch.tensor(history.loss, dtype=torch.float64),
        "updates": list(history.updates),
        "evaluations": [(e.updates, e.samples, e.train, e.held_out or -1.0) for e in history.evaluations],
        "weights": dict(result.module.state_dict()),
        "outcome": result.outcome.name,
        "processes": result.plan.placement.processes,
        "threads": result.plan.placement.threads,
        "reasons": result.plan.reasons + result.plan.placement.reasons,
        "notes": result.notes,
    }


def rows_of_a_run():
    """Return the rows that this process took, update for update, before any evaluation."""
    x, y = data()
    source = Taking(x, y[:, None])
    options = {"loss": "bce", "dtype": "float64", "batch_size": 10, "epochs": 1, "shuffle": True}
    cn.fit(cn.read(BINARY), source, progress=False, **options)
    return source.asked


def dropout_of_a_run():
    """Return which nodes the two updates keep, of rows that are all the same."""
    seen = []
    module = nn.Sequential(nn.Linear(FEATURES, 64), nn.Dropout(0.5), nn.Linear(64, 1)).double()
    module[1].register_forward_hook(
        lambda dropout, _, out: seen.append((out != 0).clone()) if dropout.training else None
    )
    options = {"loss": "mse", "batch_size": 4, "updates": 2, "lr": 0.0, "seed": 5}
    cn.fit(module, (torch.ones(8, FEATURES).double(), torch.zeros(8)), progress=False, **options)
    return seen[-2:]


def error_of(call):
    """Return the kind and the text of the error that a call raises."""
    try:
        call()
    except Exception as problem:
        return type(problem).__name__, str(problem), getattr(problem, "__notes__", [])
    return None


def main(folder):
    rank = int(os.environ["RANK"])
    kept = {name: found(run(name)) for name in CASES}
    kept["normed"] = found(
        cn.fit(
            made(Normed), data(), loss="mse", lr=0.1, batch_size=8, drop_last=True, epochs=2, progress=False
        )
    )
    kept["rows"] = rows_of_a_run()
    kept["dropout"] = [dropout_of_a_run(), dropout_of_a_run()]
    told = []
    cn.fit(cn.read(BINARY), data(), loss="bce", updates=3, on_progress=told.append)
    kept["told"] = len(told)
    kept["checkpoints"] = checkpoints(folder)
    kept["diverged"] = found(cn.fit(cn.read("6 -> 8 -> 1 sigmoid"), data(), loss="bce", lr=1e30, updates=9))
    fit = {"loss": "bce", "updates": 3}
    kept["unknown loss"] = error_of(lambda: cn.fit(cn.read(BINARY), data(), loss="bcee", updates=3))
    kept["alone"] = error_of(lambda: cn.fit(cn.read(BINARY), data() if rank else "none.csv", **fit))
    kept["other number"] = error_of(lambda: cn.fit(cn.read(BINARY), data(), processes=3, **fit))
    kept["unlike"] = error_of(lambda: cn.fit(cn.read(BINARY), data(), loss="bce", updates=3 + rank))
    kept["occupied"] = error_of(lambda: cn.fit(cn.read(BINARY), data(), out=folder, **fit))
    x, y = data()
    failing = Taking(x, y[:, None])
    failing.__dict__["fails_at"] = 4 if rank == 1 else None
    kept["failed"] = error_of(  # the last one: it ends the group
        lambda: cn.fit(cn.read(BINARY), failing, batch_size=8, dtype="float64", **{**fit, "updates": 9})
    )
    torch.save(kept, folder / f"{rank}.pt")


def checkpoints(folder):
    """Return fits that went on: by two processes, and by two from what one began."""
    options = {
        "loss": "bce",
        "dtype": "float64",
        "optimizer": "adam",
        "batch_size": 5,
        "shuffle": True,
        "progress": False,
    }
    options |= {"lr": 0.01, "record_every": 2}
    net = cn.read("6 -> 8 relu dropout(0.3) -> 1 sigmoid")
    straight = cn.fit(net, data(), updates=30, **options)
    cn.fit(net, data(), updates=13, out=folder / "two", checkpoint_every=5, **options)
    went_on = cn.resume(folder / "two", updates=30, data=data(), progress=False)
    from_one = cn.resume(folder / "one", updates=30, data=data(), engine="eager", progress=False)
    return {"straight": found(straight), "went on": found(went_on), "from one": found(from_one)}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
