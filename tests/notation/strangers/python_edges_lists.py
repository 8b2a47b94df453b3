import graphviz

dot = graphviz.Digraph(comment='red pequeña')
dot.attr(rankdir='LR')
dot.node('a', 'lluvia')
dot.node('b', 'viento')
dot.node('c', 'temperatura')
dot.node('d', 'oculta 1')
dot.node('e', 'oculta 2')
dot.node('f', 'salir')
dot.node('g', 'quedarse')
dot.edges(['ad', 'ae', 'bd', 'be', 'cd', 'ce'])
dot.edges(['df', 'dg', 'ef', 'eg'])
dot.view()
