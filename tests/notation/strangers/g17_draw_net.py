# draw_net.py -- figure 3 of the report
# pip install graphviz
from graphviz import Digraph

g = Digraph("net", format="pdf")
g.attr(rankdir="LR", splines="line", nodesep="0.2")
g.attr("node", shape="circle")

n_in, n_hidden, n_out = 3, 5, 2

for i in range(n_in):
    g.node(f"x{i}", f"x{i + 1}", fillcolor="lightgreen", style="filled")
for j in range(n_hidden):
    g.node(f"h{j}", "tanh", fillcolor="lightblue", style="filled")
for k in range(n_out):
    g.node(f"o{k}", f"y{k + 1}", fillcolor="salmon", style="filled")

for i in range(n_in):
    for j in range(n_hidden):
        g.edge(f"x{i}", f"h{j}")
for j in range(n_hidden):
    for k in range(n_out):
        g.edge(f"h{j}", f"o{k}")

g.render("figure3")
