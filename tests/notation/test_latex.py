"""LaTeX: the formulas of A1 as they stand, what people make of them, and back again."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.notation.formulas import LATEX as FORMULAS
from tests.notation.formulas import NETWORKS
from tests.strategies import networks

from chalknet.errors import ChalknetError, NotationError, ShapeMismatch, UnknownName
from chalknet.network import Activation, Dropout, Linear, Network
from chalknet.notation.latex import LATEX, write_latex, write_latex_layers
from chalknet.notation.latex_reader import read_latex

F4 = NETWORKS["F4"]
PIECES = re.findall(
    r"\S+",
    r"""X u v y \to \overset \underset \xrightarrow \hat \bf \text {relu} {(n,2)} {l_1} (n,2) $ $$ \[ \] \( \)
    \begin{align} \end{align} & \\ % \left( \right) \left. \underbrace _{(n,2)} ^{(1)} { } [ ] = ,
    ' \ \quad""",
)


def same(text):
    return "".join(text.split())


@given(networks(symbolic=True, settled=False))
def test_every_network_is_read_back_as_it_was_written(network):
    assert read_latex(write_latex(network)) == network
    assert read_latex(write_latex_layers(network)) == network


@pytest.mark.parametrize("symbol", ["n_features", "m1", "relu", "größe", "_"])
def test_any_symbol_can_be_a_width(symbol):
    network = Network((symbol,), (Linear(symbol), Activation("relu")))
    assert read_latex(write_latex(network)) == network


@pytest.mark.parametrize(
    "before, behind", [("", ""), (r"\[ ", r" \]"), ("$", "$"), ("$$\n", "\n$$"), (r"\(", r"\)")]
)
@pytest.mark.parametrize("formula", FORMULAS)
def test_a1_the_four_formulas_are_read_as_they_stand(formula, before, behind):
    assert read_latex(before + FORMULAS[formula] + behind) == NETWORKS[formula]


def test_a1_the_formulas_are_written_as_they_stand():
    assert same(write_latex(NETWORKS["F1"])) == same(FORMULAS["F1"])
    assert same(write_latex(NETWORKS["F2"])) == same(FORMULAS["F2"])
    assert same(write_latex(NETWORKS["F3"], grouped=True)) == same(FORMULAS["F3"])
    second_map = r"v^{(1)}} \overset{l_1}{\to}"  # the slip is mended, and yhat is bold in one way
    mended = FORMULAS["F4"].replace(second_map, second_map.replace("l_1", "l_2"))
    assert same(write_latex(F4)) == same(mended.replace(r"\hat{\boldsymbol y}", r"\hat{\bf y}"))


def test_steps_beyond_the_lecture_are_written_upright():
    network = Network(
        ("m",), (Linear(2, bias=False), Activation("leaky_relu", {"negative_slope": 0.2}), Dropout(0.5))
    )
    assert write_latex(network) == (
        r"\underset{(n,m)}{\bf X} \overset{l_1 \text{ nobias}}{\to} \underset{(n,2)}{\boldsymbol u^{(1)}} "
        r"\overset{\text{leaky\_relu(0.2)}}{\to} \underset{(n,2)}{\boldsymbol v^{(1)}} "
        r"\overset{\text{dropout(0.5)}}{\to} \underset{(n,2)}{\boldsymbol v^{(1)'}} "
        r"=\underset{(n,2)}{\hat{\bf y}}"
    )


F4_SPELLINGS = {
    "scripts": r"\mathbf{X}_{(n,784)} \xrightarrow{\;l^{(1)}\;} {\boldsymbol u}^{(1)}_{(n,32)} "
    r"\xrightarrow[]{\mathrm{ReLU}} \bm{v}_1 \xrightarrow[l_2]{} u_{(n,1)}^{(2)} \rightarrow^{\sigma} "
    r"\widehat{\mathbf y}",
    "shapes behind names": r"X(n,784) \stackrel{\ell_1}{\longrightarrow} u_1(n,32) "
    r"\overset{\operatorname{relu}}\to v_1(n,32) \overset{l_{2}}{\Rightarrow} u_2(n,1) "
    r"\overset{\textbf{sig}}{\rightarrow} v_2(n,1) = \hat y.",
    "times": r"\underset{n\times 784}{X} \overset{l_1}{\to} \underset{n \times 32}{u} "
    r"\overset{\text{relu}}{\to} v \overset{l_2}{\to} \underbrace{u'}_{n\times1} "
    r"\overset{\sigma(\cdot)}{\to} \hat{\boldsymbol{y}}",
    "aligned": "\\begin{align*}\n\\underset{(n,784)}{\\bf X} &\\overset{l_1}{\\to} % \\to 3\n"
    r"\underset{(n,32)}{u} \overset{relu}{\to} \underset{(n,32)}{v} \\[2pt] \underset{(n,32)}{v} "
    r"&\overset{l_2}{\to} \underset{(n,1)}{u_2} \overset{sig}{\to} "
    r"\underset{(n,1)}{\hat{\bf y}} \nonumber \end{align*}",
    "a document": r"\documentclass{article}\begin{document} Our $n$ rows: \begin{equation}\label{net}"
    r"\begin{aligned} X(n,784) &\to^{l} \big( u(n,32) \overset{relu}{\to} v(n,32) \big) \overset{l}{\to} "
    r"\Bigl[ u_2(n,1) \overset{sig}{\to} v_2(n,1) \Bigr]\end{aligned}\end{equation} "
    r"with $v_2=\hat y$.\end{document}",
    "layers under braces": r"\underset{(n,784)}{X} \overset{l_1}{\to} \underbrace{\underset{(n,32)}{u} "
    r"\overset{relu}{\to} \underset{(n,32)}{v}}_{\text{layer 1, hidden}} \overset{l_2}{\to} "
    r"\underset{(n,1)}{u} \underset{sig}{\to} v",
    "widths alone": r"784 \to 32 \xrightarrow{relu} 32 \to 1 \xrightarrow{sig} 1",
}


@pytest.mark.parametrize("spelling", F4_SPELLINGS)
def test_f4_is_understood_in_many_spellings(spelling):
    assert read_latex(F4_SPELLINGS[spelling]) == F4


def test_a1_symbols_general_activation_bare_arrow_and_map_into_yhat():
    network = read_latex(
        r"\underset{(n,m)}{\bf X} \to \underset{(n,p)}{\boldsymbol u^{(1)}} \overset{h}{\to} "
        r"\underset{(n,p)}{\boldsymbol v^{(1)}} \overset{l_2}{\to} \underset{(n,1)}{\hat{\boldsymbol y}}"
    )
    assert network == Network(("m",), (Linear("p"), Activation("h"), Linear(1)))
    assert network.notes == ("The arrow from 'X' to 'u^(1)' has no label: read as a linear map.",)


def test_options_of_steps_are_read():
    text = r"X(n,2) \overset{\operatorname{leaky\_relu}(0.2)}\to v(n,2) \xrightarrow{\text{Dropout}_{0.3}} v'"
    steps = (Activation("leaky_relu", {"negative_slope": 0.2}), Dropout(0.3))
    assert read_latex(text) == Network(2, steps)


def test_labels_over_and_under_one_arrow_are_both_read():
    text = r"X(n,2) \underset{\text{nobias}}{\overset{l_1}{\to}} u(n,3)"
    assert read_latex(text.replace(r"\underset{\text{nobias}}", "")) == Network(2, (Linear(3),))
    assert read_latex(r"X(n,2) \xrightarrow[\text{nobias}]{l_1} u(n,3)") == Network(
        2, (Linear(3, bias=False),)
    )


@pytest.mark.parametrize("formula", [*FORMULAS.values(), *F4_SPELLINGS.values()])
def test_a_formula_cut_off_anywhere_is_a_network_or_an_error_with_a_caret(formula):
    for end in range(len(formula)):
        try:
            assert isinstance(read_latex(formula[:end]), Network)
        except ChalknetError as problem:
            assert problem.excerpt is not None
            assert 0 <= problem.excerpt.position <= end


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join) | st.text(max_size=10))
def test_whatever_is_typed_is_a_network_or_an_error_with_a_caret(text):
    try:
        read_latex(text)
    except ChalknetError as problem:
        assert problem.excerpt is not None
        assert "^" in str(problem)


def test_the_whole_message_of_an_unknown_activation():
    with pytest.raises(UnknownName) as problem:
        read_latex("\\[ X(n,1) \\to u(n,2)\n\\overset{rleu}{\\to} v \\]")
    message = str(problem.value)
    assert message.startswith("LaTeX: got the unknown activation 'rleu'; wanted one of relu, ")
    assert message.endswith(
        "Did you mean relu or relu6?\n"
        "  line 2:\n"
        "    \\overset{rleu}{\\to} v \\]\n"
        "             ^^^^"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "caret", "says"),
    [
        (r"\underset{(n,1)}{\bf X", "{\\bf", "a brace { that is never closed"),
        (r"X(n,1)} \to u(n,2)", "}", "a brace } that was never opened"),
        (r"X(n,1) \overset{l_1}", r"\overset", r"\overset without what belongs to it"),
        (r"X(n,1) \xrightarrow[l_1 u(n,2)", "[l_1", "a bracket [ that is never closed"),
        ("X(n,1) " + "{" * 60, None, "nested more than 50 deep"),
        (r"\hat" * 3000, None, "nested more than 50 deep"),
        (r"$X(n,1) \to u(n,2)$ and $v \to y$", r"$v \to", "got a second formula"),
        (r"X(n,1) \overset{l_1}{\to} \cdots \to \hat y", r"\cdots", "wanted a state such as"),
        (r"X(n,1) \overset{l_1}{\to} \left( u(n,2)", "( u", "a bracket that is never closed"),
    ],
)
def test_what_is_no_formula_is_refused_at_its_place(text, caret, says):
    with pytest.raises(NotationError) as problem:
        read_latex(text)
    assert says in str(problem.value)
    assert caret is None or problem.value.excerpt.position == text.index(caret)


def test_shapes_that_do_not_meet_are_refused_under_the_state():
    text = FORMULAS["F2"].replace(r"\underset{(n,2)}{\boldsymbol v", r"\underset{(n,3)}{\boldsymbol v")
    with pytest.raises(ShapeMismatch, match=r"wanted \(n,2\), the shape behind relu") as problem:
        read_latex(text)
    assert problem.value.excerpt.position == text.index("(n,3)")
    assert problem.value.excerpt.length == 5


def test_latex_is_recognised_by_its_commands():
    assert LATEX.recognise(FORMULAS["F1"]) > 0.9
    assert LATEX.recognise(r"\underset{(n,1)}{\bf X}") > 0
    assert LATEX.recognise("784 -> 32 relu") == 0
    assert LATEX.recognise("import re\nre.compile(r'\\to')") == 0
