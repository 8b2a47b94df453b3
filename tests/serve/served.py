"""A server in a process of its own, and a client of the standard library."""

import http.client
import json
import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

import chalknet as cn

ROW = {"island": "Dream", "mass": 3800.0, "flipper": 190.5, "sex": None}
NAMES = ["Adelie", "Chinstrap", "Gentoo"]


def keep_fit(folder):
    """Keep a fit of four columns, two of them words, whose gaps in `sex` are filled."""
    draw = np.random.default_rng(1)
    data = {
        "island": draw.choice(["Biscoe", "Dream", "Torgersen"], 90).tolist(),
        "mass": draw.normal(4000, 300, 90).tolist(),
        "flipper": draw.normal(190, 6, 90).tolist(),
        "sex": [None if i % 9 == 0 else "female" if i % 2 else "male" for i in range(90)],
        "species": NAMES * 30,
    }
    source = cn.load(data, y="species", one_hot=True, standardise=True, fill={"sex": "unknown"})
    return cn.fit("? -> 8 relu -> 3", source, loss="ce", optimizer="adam", epochs=2, out=folder, threads=1)


@dataclass
class Served:
    """Where a server is, and its process."""

    port: int
    process: subprocess.Popen

    def ask(self, path, body=None, method=None, **headers):
        """Return the status and the body of an answer, JSON as its value."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        kinds = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method or ("GET" if body is None else "POST"), path, body, kinds)
        answer = connection.getresponse()
        content, kind = answer.read(), answer.headers.get("content-type", "")
        connection.close()
        return answer.status, json.loads(content) if kind.startswith("application/json") else content.decode()

    def predict(self, value):
        return self.ask("/predict", json.dumps(value), content_type="application/json")


@contextmanager
def serving(run, *words):
    """Serve a kept run by the command for as long as the body runs."""
    command = [sys.executable, "-m", "chalknet", "serve", str(run), "--port", "0", *words]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )
    try:
        line = process.stdout.readline()
        assert " at http://127.0.0.1:" in line, process.stderr.read()
        yield Served(int(line.split(" at ")[1].split()[0].rpartition(":")[2]), process)
    finally:
        process.kill()
        process.communicate()
