"""TikZ as people write it: what each way of drawing shows, and what is refused with its place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import chalknet as cn
from chalknet.errors import NotationError
from chalknet.notation.dialects.tex_numbers import calculate, shown
from chalknet.notation.dialects.tex_text import Unread
from chalknet.notation.dialects.tikz_lists import members
from chalknet.notation.dialects.tikz_reader import read_tikz_sketch

PINS = r"""
\def\layersep{2.5cm}
\begin{tikzpicture}[shorten >=1pt,->,draw=black!50, node distance=\layersep]
  \tikzstyle{every pin edge}=[<-,shorten <=1pt]
  \tikzstyle{neuron}=[circle,fill=black!25,minimum size=17pt,inner sep=0pt]
  \tikzstyle{input neuron}=[neuron, fill=green!50];
  \foreach \name / \y in {1,...,3} % the same as 1/1, 2/2, 3/3
    \node[input neuron, pin=left:Value \y] (I-\name) at (0,-\y) {};
  \foreach \name / \y in {1,...,4}
    \path[yshift=0.5cm] node[neuron] (H-\name) at (\layersep,-\y cm) {};
  \node[neuron,pin={[pin edge={->}]right:Result}, right of=H-2] (O) {};
  \foreach \source in {1,...,3} \foreach \dest in {1,...,4} \path (I-\source) edge (H-\dest);
  \foreach \source in {1,...,4} \path (H-\source) edge (O);
\end{tikzpicture}"""
MISSING = r"""
\begin{tikzpicture}[>=stealth]
\tikzset{unit/.style={circle,draw}, unit missing/.style={draw=none, execute at begin node=\color{black}$\vdots$}}
\foreach \m [count=\y] in {1,2,missing,3} \node[unit/.try, unit \m/.try] (in-\m) at (0,-\y) {};
\node[unit] (out) at (2,-2) {$y$};
\foreach \l [count=\i] in {a,b,n} \draw[<-] (in-\i) -- ++(-1,0) node[above, midway] {$x_\l$};
\foreach \i in {1,...,3} \draw[->] (in-\i) -- (out);
\draw[->] (out) -- ++(1,0) node[right] {price};
\foreach \l [count=\x from 0] in {First, Last} \node[align=center, above] at (\x*2,1) {\l \\ layer};
\end{tikzpicture}"""
PACKAGE = r"""
\begin{neuralnetwork}[height=4]
  \newcommand{\x}[2]{$x_#2$}
  \newcommand{\h}[2]{\small $h^{(#1)}_#2$}
  \inputlayer[count=3, bias=true, title=Input\\layer, text=\x]
  \hiddenlayer[count=4, bias=false, title=Hidden\\layer, text=\h] \linklayers
  \outputlayer[count=2, text=\h] \linklayers[not from={4}]
\end{neuralnetwork}"""
ARRAYS = r"""
\readlist\sizes{2,3,1}
\begin{tikzpicture}
\foreachitem \N \in \sizes{
  \def\lay{\Ncnt}
  \pgfmathsetmacro\prev{int(\Ncnt-1)}
  \foreach \i [evaluate={\y=\N/2-\i; \index=(\i<\N?int(\i):"n");}] in {1,...,\N}{
    \node[circle,draw] (N\lay-\i) at (\lay*2,\y) {$a_{\index}$};
    \ifnum\lay>1
      \foreach \j in {1,...,\sizes[\prev]}{ \draw[->,white,line width=2] (N\prev-\j) -- (N\lay-\i); \draw[->] (N\prev-\j) -- (N\lay-\i); }
    \fi } }
\end{tikzpicture}"""


def links(sketch):
    label = {node.key: node.text or node.key for node in sketch.nodes.values()}
    return {(label[link.source], label[link.target], link.label) for link in sketch.links}


def test_pins_are_texts_with_a_line_of_their_own():
    sketch = read_tikz_sketch(PINS)
    assert {("Value 1", "I-1", ""), ("I-1", "H-4", ""), ("H-3", "O", ""), ("O", "Result", "")} <= links(
        sketch
    )
    assert len(sketch.links) == 3 + 3 * 4 + 4 + 1
    assert all(link.directed for link in sketch.links)


def test_styles_of_a_name_decide_how_a_node_looks_and_texts_lie_along_stubs():
    sketch = read_tikz_sketch(MISSING)
    assert sketch.nodes["in-missing"].text == r"$\vdots$" and sketch.nodes["in-missing"].shape == "plaintext"
    assert {label for *_, label in links(sketch)} == {"", "$x_a$", "$x_b$", "$x_n$"}
    assert ("$y$", "price", "") in links(sketch)
    assert {"First\nlayer", "Last\nlayer"} <= {node.text for node in sketch.nodes.values()}


def test_the_package_neuralnetwork_names_layers_and_leaves_out_lines():
    sketch = read_tikz_sketch(PACKAGE)
    assert [group.title for group in sketch.groups.values()] == ["Input\nlayer", "Hidden\nlayer"]
    assert sketch.nodes["L0-0"].text == "$x_0$" and sketch.nodes["L1-4"].text == "$h^{(1)}_4$"
    assert len(sketch.links) == 4 * 4 + 3 * 2


CHAINS = r"""
\begin{tikzpicture}[every node/.style={draw, circle}, every join/.style={->}, node distance=8mm]
  \begin{scope}[start chain=in going below]
    \foreach \i in {1,2,3} \node[on chain] {$x_\i$};
  \end{scope}
  \begin{scope}[start chain=main going right]
    \node[on chain] at (2,-1) {s};
    \node[on chain, join] {f};
    \node[on chain=main going below, join=by <-, join=with in-3 by {->, dashed}] {};
  \end{scope}
  \draw[->] (in-1) -- (main-begin);
  \draw[->] (in-2) -- (main-begin);
\end{tikzpicture}"""


def test_nodes_on_a_chain_stand_behind_each_other_and_are_joined():
    sketch = read_tikz_sketch(CHAINS)
    assert {("$x_1$", "s", ""), ("$x_2$", "s", ""), ("s", "f", ""), ("$x_3$", "node 6", "")} == links(sketch)
    first, _, third, s, f, last = (node.place for node in sketch.nodes.values())
    assert first.x == third.x and first.y < third.y
    assert s.y == f.y and s.x < f.x == last.x and f.y < last.y


def test_arrays_conditions_and_lines_under_lines_are_followed():
    sketch = read_tikz_sketch(ARRAYS)
    assert [node.text for node in sketch.nodes.values()] == [
        "$a_{1}$",
        "$a_{n}$",
        "$a_{1}$",
        "$a_{2}$",
        "$a_{n}$",
        "$a_{n}$",
    ]
    assert len(sketch.links) == 2 * 3 + 3


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        (r"\draw[->] (a) -- node[above]{$w$} (b);", {("a", "b", "$w$")}),
        (r"\draw[->] (a) to[out=30,in=150] node[midway,above] {w} (b);", {("a", "b", "w")}),
        (r'\path (a) edge["w"] (b) (b) edge[->] (a);', {("a", "b", "w"), ("b", "a", "")}),
        (r"\draw (a) -- (b) node[midway] {w};", {("a", "b", "w")}),
        (r"\draw[->] (a) -| (1,1) |- (b);", {("a", "b", "")}),
        (r"\draw[<-] (a.east) -- ($(a)!.5!(b)$) -- (b.west);", {("b", "a", "")}),
        (r"\draw[->] (0,0) -- (4,0);", {("a", "b", "")}),
        (r"\draw[decorate,decoration={brace}] (a) -- (b) node[midway] {both};", set()),
        (r"\path (a) -- (b) node[midway] {$\cdots$};", {("a", "b", "")}),
        (r"\graph { (a) -> (b) };", {("a", "b", "")}),
        (r"\draw[->] (a) .. controls (1,1) and (2,1) .. (b);", {("a", "b", "")}),
        (r"\foreach \x/\y in {a/b} \draw[->] (\x) -- (\y);", {("a", "b", "")}),
        (r"\newcommand{\wire}[2]{\draw[->] (#1) -- (#2);} \wire{a}{b}", {("a", "b", "")}),
        (r"\ifnum 3<2 \draw (a) -- (b); \else \draw (b) -- (a); \fi", {("b", "a", "")}),
        (r"\draw[->] (a) -- (b); % \draw (b) -- (a);", {("a", "b", "")}),
    ],
)  # fmt: skip
def test_lines_of_every_kind_join_what_they_join(body, wanted):
    text = rf"\begin{{tikzpicture}}\node[draw] (a) at (0,0) {{a}}; \node[draw] (b) at (4,0) {{b}}; {body}\end{{tikzpicture}}"
    assert links(read_tikz_sketch(text)) == wanted


def test_children_matrices_and_labels_are_drawn():
    tree = read_tikz_sketch(
        r"\tikz \node {root} child {node {a} child {node {b}}} child foreach \i in {1,2} {node {c\i}};"
    )
    assert links(tree) == {("root", "a", ""), ("a", "b", ""), ("root", "c1", ""), ("root", "c2", "")}
    label = read_tikz_sketch(r"\tikz \node[circle, draw, label=left:$x_1$] (a) {};")
    assert label.nodes["a"].text == "$x_1$"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (r"\begin{tikzpicture}\draw (a) -- (b);\end{tikzpicture}", r"\(a\), which names no node"),
        (r"\begin{tikzpicture}\Unit{a}\end{tikzpicture}", r"\\Unit, which is not defined here"),
        (r"\begin{tikzpicture}\node (a) {x}\end{tikzpicture}", "without its semicolon"),
        (r"\begin{tikzpicture}\begin{axis}\end{axis}\end{tikzpicture}", "a plot"),
        (
            r"\begin{tikzpicture}\pic at (0,0) {Box={name=conv1, caption=conv}};\end{tikzpicture}",
            "feature map",
        ),
        (r"\tikz\node{a}; \tikz\node{b};", "2 pictures"),
        (r"\begin{tikzpicture}\def\a{\a\a}\node {\a};\end{tikzpicture}", "circle|steps"),
        (r"\begin{tikzpicture}\foreach \i in {1,...,999999} {\node {};}\end{tikzpicture}", "members"),
    ],
)
def test_what_is_not_understood_is_refused_with_its_place(text, message):
    with pytest.raises(NotationError, match=message) as problem:
        read_tikz_sketch(text)
    assert problem.value.excerpt and problem.value.remedy


def test_one_picture_of_several_is_asked_for_by_its_number_or_label():
    one = r"\begin{figure}\begin{tikzpicture}\node {A};\end{tikzpicture}\label{fig:a}\end{figure}"
    text = one + one.replace("A", "B").replace("fig:a", "fig:b")
    assert [node.text for node in read_tikz_sketch(text, "fig:b").nodes.values()] == ["B"]
    assert [node.text for node in read_tikz_sketch(text, "1").nodes.values()] == ["A"]


@given(st.integers(-50, 50), st.integers(1, 20), st.integers(-50, 50))
def test_numbers_are_calculated_as_python_does(a, b, c):
    assert calculate(f"{a}+{b}*({c}-{a})/{b}") == pytest.approx(a + b * (c - a) / b)
    assert calculate(f"Mod({a},{b})") == a % b and calculate(f"int({a}/{b})") == int(a / b)
    assert calculate(f"{a}<{c} ? {b} : -{b}") == (b if a < c else -b)


@given(st.integers(-20, 20), st.integers(1, 6), st.integers(0, 12))
def test_dots_in_a_list_go_on_in_the_same_steps(first, step, count):
    last = first + step * count
    wanted = [str(first + step * place) for place in range(count + 1)]
    assert (
        members(f"{first},{first + step},...,{last}", {}, lambda steps: None)[: len(wanted)] == wanted
        or count < 2
    )
    assert members(f"{first},...,{first + count}", {}, lambda steps: None) == [
        str(first + place) for place in range(count + 1)
    ]


@pytest.mark.parametrize(
    "text", ["1/0", "9^9^9", "x+1", "__import__(1)", "(" * 40 + "1", "1+", "sqrt(-1)", "ln(0)"]
)
def test_what_has_no_value_is_said_so(text):
    with pytest.raises(Unread):
        calculate(text)


def test_whole_numbers_are_written_without_a_point():
    assert shown(calculate("4/2")) == "2" and shown(calculate("5/2")) == "2.5"


def test_pictures_are_read_end_to_end_with_or_without_an_ending(tmp_path):
    assert cn.write(cn.read(PINS), "shorthand") == "3 -> 4 ? -> 1 ?"
    for name in ("net.tex", "net.tikz"):
        (tmp_path / name).write_text(PINS, encoding="utf-8")
        assert cn.read(tmp_path / name) == cn.read(PINS)
