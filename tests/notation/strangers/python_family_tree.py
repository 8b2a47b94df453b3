from graphviz import Digraph

t = Digraph("familie")
for parent, child in [("Opa", "Vater"), ("Oma", "Vater"), ("Vater", "Anna"), ("Mutter", "Anna"),
                      ("Vater", "Ben"), ("Mutter", "Ben")]:
    t.edge(parent, child)
print(t.source)
