"""A user's script about networks, as a type checker sees it."""

from pathlib import Path

import torch

import chalknet as cn

net: cn.Network = cn.read("784 -> 32 relu -> 1 sigmoid")
also: cn.Network = cn.read(torch.nn.Sequential(torch.nn.Linear(1, 2), torch.nn.ReLU()))
again: cn.Network = cn.read(Path("net.json"), notation="json")

text: str = cn.write(net, "torch")
formula: str = cn.write("784 -> 1", "latex")
content: bytes = cn.write(net, "onnx")

counts: cn.Counts = cn.count("1 -> 2 relu -> 1", "textbook")
layers: int = counts.layers
parameters: int | None = counts.parameters

drawing: cn.Drawing = cn.draw("1 -> 2 relu -> 1", "D11", weights="none", orientation="down", max_nodes=5)
svg: str = drawing.svg

module: torch.nn.Sequential = cn.build(net, seed=1)
difference: cn.Difference = cn.difference(net, module, logits=True)
same: bool = not difference
for part in difference.parts:
    where: str = part.where
