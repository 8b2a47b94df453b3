"""Values that are wrong for nearly every argument: a verb answers each with an error of ours, or takes it."""

import torch

import chalknet as cn

WRONG = {
    "None": None, "empty text": "", "text": "nonsense", "NUL": "\0", "list": [], "dict": {}, "tuple": (None,),
    "minus one": -1, "zero": 0, "half": 1.5, "nan": float("nan"), "infinite": float("inf"), "true": True,
    "huge": 10**30, "object": object(), "class": int, "module class": torch.nn.Linear, "bytes": b"x",
    "function": lambda x: x, "ellipsis": ..., "tensor": torch.ones(2), "device": torch.device("meta"),
    "dtype": torch.int64, "network": cn.Network(1, (cn.Linear(1),)),
}  # fmt: skip
