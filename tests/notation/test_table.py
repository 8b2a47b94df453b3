"""The table of notations and the guess which one a text is in."""

import subprocess
import sys
from collections import Counter

import pytest
from hypothesis import given
from tests.notation.formulas import ARROWS, LATEX, NETWORKS
from tests.strategies import networks

import chalknet as cn
from chalknet.errors import NotationError
from chalknet.notation import NOTATIONS, Notation, recognise
from chalknet.notation.arrows import CERTAIN


@given(networks(symbolic=False, settled=True))
def test_what_a_lossless_notation_writes_is_recognised_and_read_back(network):
    for row in NOTATIONS.values():
        if row.read and row.lossless:
            text = row.write(network)
            assert recognise(text).read(text, None) == network


@pytest.mark.parametrize("formula", NETWORKS)
def test_a1_the_formulas_are_recognised(formula):
    assert recognise(ARROWS[formula]).name == "arrows"
    assert recognise(LATEX[formula]).name == "latex"


@pytest.mark.parametrize("formula", NETWORKS)
def test_a_formula_cut_off_is_still_recognised(formula):
    for end in range(1, len(ARROWS[formula])):
        assert isinstance(recognise(ARROWS[formula][:end]), Notation)
    for end in range(1, len(LATEX[formula])):
        assert isinstance(recognise(LATEX[formula][:end]), Notation)


def test_a_shorthand_is_read_as_arrow_text():
    assert recognise("784 -> 32 relu -> 1 sigmoid").name == "arrows"


_SAME = ("arrows", "shorthand")  # one recogniser


@given(networks())
def test_no_form_is_likelier_than_a_formula_that_is_read_before_the_other_forms_are_imported(network):
    for text in (NOTATIONS["arrows"].write(network), NOTATIONS["shorthand"].write(network)):
        likeliest = max(row.recognise(text) for row in NOTATIONS.values() if row.name not in _SAME)
        assert NOTATIONS["arrows"].recognise(text) < CERTAIN or likeliest <= 0.9


def test_a_formula_is_counted_without_the_other_forms():
    asked = "import sys, chalknet as cn; cn.count('784 -> 32 relu dropout 0.5 -> 10 softmax'); "
    asked += "cn.count('X(n,784) -l1-> u1(n,32) -relu-> v1(n,32)'); "
    asked += "cn.read('? -> 128 relu -> 64 relu -> ?'); print('chalknet.notation.table' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True).stdout == "False\n"


def test_names_and_rows_agree_and_a_suffix_stands_for_one_form_but_that_of_latex():
    assert all(name == row.name for name, row in NOTATIONS.items())
    suffixes = Counter(suffix for row in NOTATIONS.values() for suffix in row.suffixes)
    assert {suffix for suffix, count in suffixes.items() if count > 1} == {".tex"}


@pytest.mark.parametrize(
    "text",
    [
        r"\[ h = \tanh(W_1x+b_1), \hat y = \operatorname{softmax}(W_2h+b_2) \]",
        r"\begin{tikzpicture} \node[circle,draw] (a) at (0,0) {$x$}; \node[circle,draw] (b) at (2,0) {tanh};"
        r" \draw[->] (a) -- (b); \end{tikzpicture}",
        r"\underset{(n,3)}{\bf X} \overset{l_1}{\longrightarrow} \underset{(n,1)}{u_1}",
    ],
    ids=["formula", "tikz", "latex"],
)
def test_a_tex_file_is_read_as_its_text_is(text, tmp_path):
    path = tmp_path / "a.tex"
    path.write_text(text, encoding="utf-8")
    assert cn.read(path) == cn.read(text)


@pytest.mark.parametrize("text", ["", "   ", "hello world", "<p>a page</p>"])
def test_a_text_in_no_notation_is_refused_with_an_example_of_each(text):
    with pytest.raises(NotationError) as problem:
        recognise(text)
    message = str(problem.value)
    assert "arrows: X(n,784) -l1-> u1(n,1) -sig-> v1(n,1) = yhat" in message
    assert "shorthand: 784 -> 1 sigmoid" in message
    assert r"latex: \underset{(n,784)}{\bf X}" in message
    assert all(row.name in message for row in NOTATIONS.values() if row.read and row.write)
