"""Pages that hold a network: in every spelling the network is found; several are told apart and asked for."""

import base64
import itertools
import json
import random
import re

import pytest

import chalknet as cn
from chalknet.errors import ChalknetError, NotationError, UnknownName

M = "flowchart LR\nx1((x1)) & x2((x2)) --> h1((h1)) & h2((h2)) & h3((h3)) --> y((y))"
D = "digraph G { rankdir=LR; {x1 x2} -> {h1 h2 h3} -> y }"
W = [2, 3, 1]


def indented(t, p):
    return "\n".join(p + line for line in t.split("\n"))


PAGES = {}
for f in [
    "```mermaid",
    "``` mermaid",
    "```{mermaid}",
    '```{.mermaid title="The net"}',
    "~~~mermaid",
    "~~~ {.mermaid}",
    "````mermaid",
    '```mermaid title="x"',
    "``` {.mermaid #fig-a}",
    "```{mermaid, fig.cap='x'}",
    ":::mermaid",
    "::: mermaid",
    "```Mermaid",
    "```mermaid {width=100%}",
    "```mmd",
]:
    n = len(f) - len(f.lstrip(f[0]))
    PAGES[f] = f"# T\n\ntext here\n\n{f}\n{M}\n{f[0] * n}\n\nmore text\n"
PAGES["quarto options"] = (
    f"---\ntitle: x\n---\n\n```{{mermaid}}\n%%| label: fig-n\n%%| fig-cap: The net\n{M}\n```\n"
)
PAGES["quarto dot"] = f"```{{dot}}\n//| label: fig-n\n{D}\n```\n"
PAGES["myst opts"] = f"```{{mermaid}}\n:caption: A net\n:name: net\n\n{M}\n```\n"
PAGES["list"] = f"1. first\n\n   ```mermaid\n{indented(M, '   ')}\n   ```\n2. second\n"
PAGES["list2"] = f"- ```mermaid\n{indented(M, '  ')}\n  ```\n"
PAGES["quote"] = f"> look:\n>\n> ```mermaid\n{indented(M, '> ')}\n> ```\n>\n> ok\n"
PAGES["callout"] = f"> [!note]\n> ```dot\n{indented(D, '> ')}\n> ```\n"
PAGES["indent"] = f"    ```mermaid\n{indented(M, '    ')}\n    ```\n"
PAGES["unclosed"] = f"text\n```mermaid\n{M}\n"
PAGES["pre"] = (
    f'<html><body><h1>Net</h1><pre class="mermaid">\n{M.replace("&", "&amp;").replace(">", "&gt;")}\n</pre></body></html>'
)
PAGES["div"] = f"<div class=mermaid>\n{M}\n</div>"
PAGES["div in md"] = f"# Title\n\n<div class='mermaid' id=\"net\">\n{M}\n</div>\n\ntext\n"
PAGES["script gv"] = (
    f'<!DOCTYPE html><html><script type="text/vnd.graphviz" id="a">\n{D}\n</script><body></body></html>'
)
PAGES["code"] = (
    f'<pre><code class="language-mermaid">{M.replace("&", "&amp;").replace(">", "&gt;")}</code></pre>'
)
PAGES["hl"] = (
    '<!DOCTYPE html><html><body><div class="highlight"><pre><span></span><span class="k">import</span> torch.nn <span class="k">as</span> nn\nnet = nn.Sequential(nn.Linear(2,3), nn.ReLU(), nn.Linear(3,1))\n</pre></div></body></html>'
)
PAGES["rst gv"] = f"Title\n=====\n\n.. graphviz::\n   :caption: The net\n\n{indented(D, '   ')}\n\nText\n"
PAGES["rst digraph"] = "Title\n=====\n\n.. digraph:: foo\n\n   {x1 x2} -> {h1 h2 h3} -> y\n\nText\n"
PAGES["rst mermaid"] = f".. mermaid::\n   :align: center\n\n{indented(M, '   ')}\n\nText\n"
PAGES["rst code"] = f".. code-block:: dot\n\n{indented(D, '   ')}\n"
PAGES["adoc"] = f"= T\n\n.The net\n[mermaid]\n----\n{M}\n----\n"
PAGES["adoc2"] = f"= T\n\n[graphviz, target=net, format=svg]\n....\n{D}\n....\n"
PAGES["adoc3"] = f"= T\n\n[source,dot]\n----\n{D}\n----\n"
PAGES["org"] = f"* Net\n#+CAPTION: the net\n#+begin_src dot :file net.png\n{D}\n#+end_src\n"
PAGES["org2"] = f"#+BEGIN_SRC mermaid\n{M}\n#+END_SRC\n"
PAGES["prose flow"] = f"Hello, this is our network:\n\n{M}\n\nWe hope that you like it very much.\n"
PAGES["R"] = f'```{{r}}\nlibrary(DiagrammeR)\ngrViz("\n{D}\n")\n```\n'
PAGES["js"] = (
    f"<html><body><script type=module>import mermaid from 'x';\nconst g = `{M}`;\nmermaid.render('a', g)</script></body></html>"
)
PAGES["R mermaid"] = '```{r}\nmermaid("\n' + M + '\n")\n```\n'


def nb(*cells):
    return json.dumps({"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def code(s, o=()):
    return {"cell_type": "code", "source": s.splitlines(True), "outputs": list(o), "metadata": {}}


def md(s):
    return {"cell_type": "markdown", "source": s, "metadata": {}}


PAGES["nb md"] = nb(md("# hi"), md(f"```mermaid\n{M}\n```"), code("print(1)"))
PAGES["nb torch"] = nb(
    code("import torch\nfrom torch import nn\n%matplotlib inline"),
    code("net = nn.Sequential(nn.Linear(2,3), nn.ReLU(), nn.Linear(3,1))\nprint(net)"),
)
PAGES["nb src"] = nb(code(f"import graphviz\ngraphviz.Source('''{D}''')"))
PAGES["nb magic"] = nb(code(f"%%dot\n{D}"))
PAGES["nb mm"] = nb(code(f"mm('''{M}''')"))
PAGES["nb build"] = nb(
    code(
        "from graphviz import Digraph\ng=Digraph()\nfor i in range(1,3):\n    for j in range(1,4):\n        g.edge(f'x{i}', f'h{j}')\nfor j in range(1,4): g.edge('h%d' % j, 'y')\ng"
    )
)
for lib in ["pydot"]:
    PAGES[lib] = (
        "import pydot\ng = pydot.Dot('net', graph_type='digraph', rankdir='LR')\nxs=[pydot.Node(f'x{i}', shape='circle') for i in (1,2)]\nhs=[pydot.Node('h{}'.format(i)) for i in range(1,4)]\ny=pydot.Node('y')\nfor n in xs+hs+[y]: g.add_node(n)\nfor a in xs:\n  for b in hs:\n    g.add_edge(pydot.Edge(a,b))\nfor b in hs: g.add_edge(pydot.Edge(b,y))\ng.write_png('a.png')\n"
    )
PAGES["pgv"] = (
    "import pygraphviz as pgv\nG=pgv.AGraph(directed=True)\nG.add_edges_from([(f'x{i}',f'h{j}') for i in [1,2] for j in [1,2,3]])\nfor j in [1,2,3]: G.add_edge(f'h{j}','y')\nG.draw('a.png',prog='dot')\n"
)
PAGES["nx"] = (
    "import networkx as nx\nG = nx.DiGraph()\ninputs = ['x1','x2']\nhidden=['h1','h2','h3']\nout=['y']\nlayers=[inputs,hidden,out]\nfor a,b in zip(layers, layers[1:]):\n    for u in a:\n        for v in b:\n            G.add_edge(u, v)\npos={}\nfor k,l in enumerate(layers):\n    for i,n in enumerate(l): pos[n]=(k,-i)\nnx.draw(G,pos,with_labels=True)\n"
)
PAGES["dot by hand"] = (
    "def make():\n    lines=['digraph G {','rankdir=LR']\n    for i in range(2):\n        for j in range(3):\n            lines.append(f'  x{i} -> h{j};')\n    for j in range(3):\n        lines.append('h%d -> y;' % j)\n    lines.append('}')\n    return '\\n'.join(lines)\ndot = make()\nopen('a.dot','w').write(dot)\n"
)
PAGES["print dot"] = (
    "print('digraph G {')\nfor i in range(2):\n  for j in range(3):\n    print(f'x{i} -> h{j}')\nfor j in range(3): print(f'h{j} -> y')\nprint('}')\n"
)
PAGES["f.write"] = (
    "with open('n.dot','w') as f:\n  f.write('digraph G {\\n')\n  for i in range(2):\n    for j in range(3):\n      f.write('x%d -> h%d;\\n' % (i,j))\n  for j in range(3): f.write(f'h{j} -> y;\\n')\n  f.write('}\\n')\n"
)
PAGES["class"] = (
    "from graphviz import Digraph\nclass NN:\n    def __init__(self, sizes):\n        self.sizes = sizes\n        self.dot = Digraph(comment='NN')\n    def build(self):\n        for l, n in enumerate(self.sizes):\n            for i in range(n):\n                self.dot.node(f'{l}_{i}', label='')\n        for l in range(len(self.sizes)-1):\n            for i in range(self.sizes[l]):\n                for j in range(self.sizes[l+1]):\n                    self.dot.edge(f'{l}_{i}', f'{l+1}_{j}')\n        return self.dot\nif __name__ == '__main__':\n    NN([2,3,1]).build().render('a')\n"
)
PAGES["unused func"] = (
    "import graphviz\ndef draw():\n    dot = graphviz.Digraph()\n    dot.edges([('x1','h1'),('x1','h2'),('x1','h3'),('x2','h1'),('x2','h2'),('x2','h3')])\n    for h in ('h1','h2','h3'): dot.edge(h,'y')\n    return dot\n"
)
PAGES["const"] = f'import pydot\nDOT = """\n{D}\n"""\n(g,) = pydot.graph_from_dot_data(DOT)\n'
PAGES["docs md"] = "````markdown\n```mermaid\n" + M + "\n```\n````\n"

TORCH = """import torch.nn as nn
net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1), nn.Sigmoid())
"""
OTHER = "digraph Small { {a b c d} -> {e f} -> g }"


def widths(network):
    """Return the widths of a network, the input's first."""
    return [
        network.input_shape[0],
        *[visit.output_shape[0] for visit in network.walk() if visit.step.trainable],
    ]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_read_to_the_network_that_it_holds(name):
    assert widths(cn.read(PAGES[name])) == [2, 3, 1]


@pytest.mark.parametrize(
    ("name", "suffix"),
    [
        ("```mermaid", ".md"),
        ("quarto dot", ".qmd"),
        ("rst gv", ".rst"),
        ("adoc", ".adoc"),
        ("org", ".org"),
        ("pre", ".html"),
        ("nb torch", ".ipynb"),
        ("nb md", ".ipynb"),
        ("dot by hand", ".py"),
        ("nx", ".py"),
        ("prose flow", ".txt"),
        ("quote", ".txt"),
    ],
)
def test_the_ending_of_a_file_does_not_hide_what_it_holds(name, suffix, tmp_path):
    path = tmp_path / f"page{suffix}"
    path.write_text(PAGES[name], encoding="utf-8")
    assert widths(cn.read(path)) == [2, 3, 1]


def page_of(*pieces):
    """Return a Markdown page with a heading over each of its pieces."""
    return "\n\n".join(f"## Part {number}\n\n{piece}" for number, piece in enumerate(pieces, start=1))


def fence(word, text):
    return f"```{word}\n{text}\n```"


def test_several_networks_are_listed_and_asked_for_by_title_id_or_line():
    page = page_of(fence("{.mermaid title='The big one'}", M), fence("dot", OTHER))
    with pytest.raises(NotationError) as problem:
        cn.read(page)
    told = str(problem.value)
    assert "a Mermaid flowchart 'The big one' in line 4, 2 -> 3 -> 1" in told
    assert "a DOT graph 'Small' in line 11, 4 -> 2 -> 1" in told
    assert "name='The big one' or name='Small'" in told
    for name in re.findall(r"name='([^']*)'", problem.value.remedy):  # the remedy works
        assert widths(cn.read(page, name=name)) in ([2, 3, 1], [4, 2, 1])
    assert widths(cn.read(page, name="small")) == widths(cn.read(page, name="line 11")) == [4, 2, 1]
    assert widths(cn.read(page, name="Part 1")) == widths(cn.read(page, name="4")) == [2, 3, 1]
    with pytest.raises(UnknownName, match="Small"):
        cn.read(page, name="Smal")


def test_one_network_in_several_forms_is_read_with_a_note():
    network = cn.read(page_of(fence("python", TORCH), fence("mermaid", M)))
    assert network == cn.read("2 -> 3 relu -> 1 sigmoid")
    assert network.notes[0] == (
        "read from PyTorch code 'Part 1' in line 4; a Mermaid flowchart 'Part 2' in line 12 shows the same network"
    )


def test_dropout_that_only_the_code_has_is_told():
    code = TORCH.replace("nn.ReLU()", "nn.ReLU(), nn.Dropout(0.5)")
    network = cn.read(page_of(fence("mermaid", M), fence("python", code)))
    assert "only PyTorch code 'Part 2' in line 11 has Dropout" in network.notes
    assert network == cn.read("2 -> 3 relu dropout(0.5) -> 1 sigmoid")


def test_code_and_a_drawing_that_differ_are_asked_for():
    page = page_of(fence("python", TORCH), fence("dot", OTHER))
    with pytest.raises(NotationError, match="2 different networks"):
        cn.read(page)
    assert cn.read(page, name="net") == cn.read("2 -> 3 relu -> 1 sigmoid")


def test_what_is_not_read_beside_the_network_is_told():
    page = page_of(fence("mermaid", M), fence("mermaid", "sequenceDiagram\nA->>B: hi"))
    network = cn.read(page)
    assert widths(network) == [2, 3, 1]
    assert any("in line 11 is not read: a sequenceDiagram" in note for note in network.notes)


def test_several_networks_inside_one_piece_are_asked_for_too():
    code = TORCH + TORCH.replace("net =", "other =").replace("2, 3", "5, 3")
    page = page_of(fence("python", code), fence("mermaid", M))
    with pytest.raises(NotationError) as problem:
        cn.read(page)
    assert (
        "net" in problem.value.remedy and "other" in problem.value.remedy and "Part 2" in problem.value.remedy
    )
    assert [widths(cn.read(page, name=name)) for name in ("other", "Part 2")] == [[5, 3, 1], [2, 3, 1]]


@pytest.mark.parametrize("text", [f"{D}\n{OTHER}", f"flowchart LR\na --> b & c\n\n{M}\n", f"{D}\n\n{M}"])
def test_several_drawings_in_a_text_are_not_the_first_one(text):
    try:
        assert len(set(cn.read(text).notes)) and D in text and M in text  # the same in two forms
    except NotationError as problem:
        assert "different networks" in str(problem)


def test_a_page_without_a_network_says_so():
    with pytest.raises(NotationError, match="no network is drawn or written"):
        cn.read("# Hello\n\nWrite `a -> b`:\n\n```bash\nls -> x\n```\n")


def test_the_places_of_errors_are_those_of_the_page():
    page = "# Title\n\ntext\n\n```dot\ndigraph {\n  a -> ;\n}\n```\n"
    with pytest.raises(NotationError, match="line 7:"):
        cn.read(page)
    cell = {"cell_type": "markdown", "source": fence("mermaid", "flowchart LR\nA[x --> B")}
    with pytest.raises(NotationError, match="cell 1"):
        cn.read(json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4}))


@pytest.mark.parametrize("form", ["mermaid", "dot"])
def test_a_notation_that_is_asked_for_is_looked_for_in_the_page(form):
    page = page_of(fence("mermaid", M), fence("dot", OTHER))
    assert widths(cn.read(page, notation=form)) == {"mermaid": [2, 3, 1], "dot": [4, 2, 1]}[form]
    two = page_of(fence("dot", D), fence("dot", OTHER))
    with pytest.raises(NotationError, match="2 different networks"):
        cn.read(two, notation="dot")


def test_svgs_of_a_page_are_told_apart_and_icons_are_none():
    def svg(layers):
        nodes = "".join(
            f'<g class="node"><title>{key}</title><ellipse cx="{50 * i}" cy="{20 * j}" rx="9" ry="9"/>'
            f'<text x="{50 * i}" y="{20 * j}">{key}</text></g>'
            for i, layer in enumerate(layers)
            for j, key in enumerate(layer)
        )
        links = "".join(
            f'<g class="edge"><title>{a}-&gt;{b}</title><path d="M0,0 1,1"/></g>'
            for one, two in itertools.pairwise(layers)
            for a in one
            for b in two
        )
        return f'<svg xmlns="http://www.w3.org/2000/svg"><g class="graph"><title>g</title>{nodes}{links}</g></svg>'

    one, two = svg([["x1", "x2"], ["h1", "h2", "h3"], ["y"]]), svg([["a", "b", "c"], ["y"]])
    icon = '<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0"/></svg>'
    html = f"<!doctype html><html><body>{icon}<h2>First</h2>{one}</body></html>"
    assert widths(cn.read(html)) == [2, 3, 1]
    both = html.replace("</body>", f"<h2>Second</h2>{two}</body>")
    with pytest.raises(NotationError, match="name='First' or name='Second'"):
        cn.read(both)
    assert widths(cn.read(both, name="Second")) == [3, 1]
    packed = base64.b64encode(one.encode()).decode()
    assert widths(cn.read(f'<html><img src="data:image/svg+xml;base64,{packed}"></html>')) == [2, 3, 1]
    output = {"output_type": "display_data", "data": {"image/svg+xml": one, "text/plain": "<SVG>"}}
    cell = {"cell_type": "code", "source": "draw()", "outputs": [output]}
    assert widths(cn.read(json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4}))) == [2, 3, 1]


@pytest.mark.parametrize(
    ("program", "got"),
    [
        ("for i in range(n):\n    g.edge(f'x{i}', 'y')", "how often this loop goes round"),
        ("g.node(input())", "the name of a node"),
        ("g.node('a', label=read_label())", "the label read_label"),
        ("if big:\n    g.edge('a', 'b')", "whether this branch is taken"),
        ("[g.edge('a', k) for k in names]", "a loop whose rounds"),
    ],
)
def test_what_only_running_a_program_tells_is_refused_with_its_line(program, got):
    with pytest.raises(ChalknetError, match=got):
        cn.read(f"import graphviz\ng = graphviz.Digraph()\ng.edge('x', 'h')\n{program}\ng.render('a')\n")


@pytest.mark.parametrize(
    "program",
    [
        "l = [0]\nfor i in range(60):\n    l = [l, l]\ng.node(str(l))\ng.node(f'{l}')\ng.node('%s' % l)",
        "t = (0,)\nfor i in range(60):\n    t = (t, t)\ng.node(t)\nd = {t: 1}\ns = {t}\nx = [t].index(t)",
        "s = 'a' * 9000\nfor i in range(9):\n    s += s\nt = ''.join([s] * 9000)\nu = ('{0}' * 9000).format(s)",
        "import itertools\nr = range(10**6)\ng.edges(itertools.product(r, r))\nx = list(range(10**9))",
        "def f(n):\n    return f(n + 1) + f(n + 2)\nf(0)",
        "for i in range(40):\n    h = graphviz.Digraph()\n    h.subgraph(g)\n    h.subgraph(g)\n    g = h",
        "while True:\n    pass",
        "import networkx as nx\nG = nx.complete_bipartite_graph(10**5, 10**5)",
    ],
)
@pytest.mark.timeout(20)
def test_a_program_that_would_never_end_is_refused(program):
    with pytest.raises(ChalknetError):
        cn.read(f"import graphviz\ng = graphviz.Digraph()\ng.node('a')\n{program}\n")


def test_a_sentence_is_no_formula_and_a_formula_over_two_lines_is_one():
    assert cn.read("784 -> 32 relu\n-> 1 sigmoid") == cn.read("784 -> 32 relu -> 1 sigmoid")
    assert cn.read("The network of the lecture is\n\n784 -> 10 softmax\n\nas everybody has seen.") == cn.read(
        "784 -> 10 softmax"
    )


WRITERS = {
    "graphviz": lambda a, b: f"g.edge({a!r}, {b!r})",
    "loop": lambda a, b: f"for k in [{b!r}]:\n    g.edge('%s' % {a!r}, f'{{k}}')",
    "function": lambda a, b: f"link({a!r}, {b!r})",
}


@pytest.mark.parametrize("seed", range(20))
def test_any_program_that_draws_layers_is_followed_to_its_links(seed):
    numbers = random.Random(seed)
    sizes = [numbers.randint(1, 5) for _ in range(numbers.randint(2, 4))]
    sizes[1] = max(2, sizes[1])
    layers = [[f"{'xhzy'[i]}{j + 1}" for j in range(size)] for i, size in enumerate(sizes)]
    write = WRITERS[numbers.choice(list(WRITERS))]
    lines = [write(a, b) for one, two in itertools.pairwise(layers) for a in one for b in two]
    numbers.shuffle(lines)
    head = "import graphviz as gv\ng = gv.Digraph('net')\ndef link(a, b):\n    g.edge(a, tail_name=a, head_name=b) if False else g.edge(a, b)\n"
    assert widths(cn.read(head + "\n".join(lines))) == sizes
