#!/usr/bin/env python3
"""Zeichnet ein voll verbundenes Netz."""
from graphviz import Digraph

LAYERS = [5, 4, 4, 2]
FARBEN = ["lightblue", "lightgray", "lightgray", "salmon"]

dot = Digraph("netz", format="svg")
dot.attr(rankdir="LR", splines="line", nodesep="0.1")

for l, n in enumerate(LAYERS):
    with dot.subgraph(name=f"cluster_{l}") as c:
        c.attr(color="white")
        for k in range(n):
            c.node(f"n{l}_{k}", label="", shape="circle", style="filled", fillcolor=FARBEN[l])

for l in range(len(LAYERS) - 1):
    for a in range(LAYERS[l]):
        for b in range(LAYERS[l + 1]):
            dot.edge(f"n{l}_{a}", f"n{l + 1}_{b}", arrowhead="none")

if __name__ == "__main__":
    dot.render("netz", cleanup=True)
