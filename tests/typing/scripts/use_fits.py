"""A user's script that fits, plans, compares and predicts, as a type checker sees it."""

from pathlib import Path
from typing import Any

import numpy as np
import torch

import chalknet as cn

x = torch.linspace(-1, 1, 50)
data = (x, 2 * x)


def report(progress: cn.Progress) -> None:
    print(progress.updates, progress.loss)


result: cn.FitResult = cn.fit("1 -> 1", data, loss="mse", lr=0.5, updates=100, on_progress=report)
cn.fit(
    torch.nn.Linear(1, 1), data, loss=torch.nn.MSELoss(), optimizer=torch.optim.Adam, epochs=3, batch_size=8
)
cn.fit("1 -> 1", (x.numpy(), x.numpy()), loss="mse", optimizer="sgd", momentum=0.9, nesterov=True, updates=1)
cn.fit("1 -> 1", data, loss="mse", updates=1, device=torch.device("cpu"), dtype=torch.float64, engine="eager")
cn.fit("3 -> 1", "houses.csv", loss="mse", epochs=5, out=Path("run"), checkpoint_every="30s", held_out=0.2)

recipe = cn.Recipe(loss="mse", updates=10)
cn.fit("1 -> 1", data, recipe=recipe, lr=0.1)
plan: cn.Plan = cn.plan("1 -> 1", data, recipe, updates=20)
options: dict[str, Any] = {"loss": "mse", "updates": 3}
cn.fit("1 -> 1", data, **options)

history: cn.History = result.history
last: float = history.loss[-1]
outcome: cn.Outcome = result.outcome
fitted: torch.nn.Module = result.module
found: cn.Prediction = cn.predict(result, x)
yhat: torch.Tensor = torch.from_numpy(found.raw)
more: cn.Prediction = cn.predict("run", np.zeros((3, 1)), keep="id", unknown="missing")

comparison: cn.Comparison = cn.compare(
    "1 -> 1", data, {"all": {}, "one": {"batch_size": 1, "lr": 0.1}}, loss="mse", updates=20
)
chart: cn.Chart = comparison.plot("samples")
race: cn.Race = cn.race("1 -> 8 relu -> 1", loss="mse", widths=[8, 16], seconds=1.0)
estimate: cn.MemoryEstimate = cn.memory("1 -> 8 -> 1", loss="mse", optimizer="adam", batch_size=4)
total: int = estimate.total_bytes
source: cn.Source = cn.load(data, held_out=0.2, standardise=True)
held_out: cn.Source | None = source.held_out
for device in cn.devices():
    name: str = device.name
on_cpu = cn.place("cpu", x)
went_on: cn.FitResult = cn.resume("run", updates=200, device="cpu")
loaded: cn.FitResult = cn.load_run(Path("run"))

try:
    cn.read("784 => 32")
except cn.NotationError as problem:
    print(problem.where, problem.got, problem.wanted, problem.remedy)
except cn.ChalknetError:
    raise
