import pydot

g = pydot.Dot("net", graph_type="digraph", rankdir="TB")
g.add_node(pydot.Node("in", label="TF-IDF vector (100)", shape="box"))
g.add_node(pydot.Node("fc", label="Dense 64 / ReLU", shape="box"))
g.add_node(pydot.Node("out", label="Dense 1 / sigmoid", shape="box"))
g.add_edge(pydot.Edge("in", "fc"))
g.add_edge(pydot.Edge("fc", "out"))
g.write_png("net.png")
