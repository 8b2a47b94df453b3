"""Write the folders of this directory: run once, with the version of chalknet that they stand for.

    git checkout 54a47bf && python make_folders.py FOLDER

What is written: `finished` (a fit that ended), `killed` (checkpoints of a fit that was killed, its arrays
beside them), `table` (a fit on a CSV file with words, gaps and standardised columns, killed likewise),
`module` (a module that no Network describes), `tables` (the conversions of the CSV file), `expected.json`
(what the same fits give when they are never stopped).
"""

import json
import os
import signal
import sys
from pathlib import Path

import torch

import chalknet as cn

NET = "4 -> 8 tanh -> 1"
OPTIONS = {"loss": "mse", "optimizer": "adam", "lr": 0.01, "batch_size": 8, "shuffle": True, "seed": 3}
TABLE = {
    "y": "price",
    "one_hot": True,
    "fill": {"area": "mean"},
    "standardise": "both",
    "held_out": 0.25,
}


def arrays():
    x = torch.arange(80.0).reshape(20, 4).sin()
    return x, x[:, :1] * x[:, 1:2]


def own_module():
    class Residual(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = torch.nn.Linear(4, 4)
            self.last = torch.nn.Linear(4, 1)

        def forward(self, x):
            return self.last(x + torch.tanh(self.inner(x)))

    torch.manual_seed(0)
    return Residual()


def houses(path):
    rows = ["area,rooms,town,price"]
    towns = ("Seoul", "Busan", "Jeju")
    for i in range(40):
        area = "" if i % 11 == 5 else f"{30 + 7 * (i % 9)}.5"
        rows.append(f"{area},{1 + i % 5},{towns[i % 3]},{20000 + 371 * (i * i % 97)}")
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def stop_after(updates):
    def on_progress(progress):
        if progress.updates >= updates:
            os.kill(os.getpid(), signal.SIGKILL)

    return on_progress


def main(folder):
    folder.mkdir(exist_ok=True)
    expected = {}
    net = cn.read(NET)
    run = folder / "finished"
    result = cn.fit(
        net, arrays(), **OPTIONS, updates=30, engine="eager", threads=1, evaluate_every=10, out=run
    )
    expected["finished"] = {
        "loss": result.history.loss,
        "yhat": cn.predict(result, arrays()[0]).flatten().tolist(),
    }
    for engine in ("eager", "fused_cpu"):
        whole = cn.fit(net, arrays(), **OPTIONS, updates=60, engine=engine, threads=1)
        expected[f"killed_{engine}"] = {"loss": whole.history.loss}
        run = folder / f"killed_{engine}"
        pid = os.fork()
        if pid == 0:
            cn.fit(
                net,
                arrays(),
                **OPTIONS,
                updates=60,
                engine=engine,
                threads=1,
                out=run,
                checkpoint_every=7,
                on_progress=stop_after(20),
            )
            os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
    csv = houses(folder / "houses.csv")
    cache = folder / "tables"
    source = cn.load(csv, **TABLE, cache=cache)
    table_net = cn.read(f"{source.x_shape[0]} -> 6 relu -> 1")
    options = {**OPTIONS, "batch_size": 5}
    whole = cn.fit(table_net, source, **options, updates=40, engine="eager", threads=1)
    expected["table"] = {
        "loss": whole.history.loss,
        "x": source.x[:3].tolist(),
        "y": source.y[:3].tolist(),
        "yhat": cn.predict(whole, csv).flatten().tolist(),
    }
    cn.fit(table_net, source, **options, updates=40, engine="eager", threads=1, out=folder / "table")
    pid = os.fork()
    if pid == 0:
        cn.fit(
            table_net,
            source,
            **options,
            updates=40,
            engine="eager",
            threads=1,
            out=folder / "table_killed",
            checkpoint_every=6,
            on_progress=stop_after(15),
        )
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
    module = own_module()
    whole = cn.fit(module, arrays(), **OPTIONS, updates=20, threads=1, out=folder / "module")
    expected["module"] = {"loss": whole.history.loss}
    (folder / "expected.json").write_text(json.dumps(expected, indent=1, default=list) + "\n")
    for path in folder.rglob("*"):
        if path.name.endswith(".lock") or path.name == ".lock":
            path.unlink()


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
