"""Kinds of drawings and texts that tell a network in other places than its units: each with drawings that differ."""

import pytest

import chalknet as cn
from chalknet.errors import ChalknetError

NET = "digraph { {x1 x2} -> {h1 h2 h3}; {h1 h2 h3} -> y1 }"
PICTURE = r"""\begin{tikzpicture}
\foreach \i in {1,2,3} \node[circle,draw] (x\i) at (0,\i) {$x_\i$};
\foreach \j in {1,2} \node[circle,draw] (h\j) at (2,\j) {$h_\j$};
\node[circle,draw] (y) at (4,1.5) {$y$};
\foreach \i in {1,2,3} \foreach \j in {1,2} \draw[->] (x\i) -- (h\j);
\foreach \j in {1,2} \draw[->] (h\j) -- (y);
\end{tikzpicture}"""


def shorthand(text):
    return cn.write(cn.read(text), "shorthand")


@pytest.mark.parametrize(
    ("sentence", "network"),
    [
        ("All units are logistic.", "2 -> 3 sigmoid -> 1 sigmoid"),
        ("모든 뉴런은 시그모이드를 사용한다.", "2 -> 3 sigmoid -> 1 sigmoid"),
        ("每个神经元都使用sigmoid激活函数。", "2 -> 3 sigmoid -> 1 sigmoid"),
        ("Every neuron uses tanh; the output is linear.", "2 -> 3 tanh -> 1"),
        ("Two inputs, three hidden neurons, one output, each with tanh.", "2 -> 3 tanh -> 1 tanh"),
        ("All our models were trained with ReLU.", "2 -> 3 ? -> 1 ?"),
    ],
)
def test_a_sentence_about_every_unit_tells_the_activations_that_are_not_drawn(sentence, network):
    assert shorthand(f"# Post\n\n{sentence}\n\n```dot\n{NET}\n```\n") == network


@pytest.mark.parametrize(
    ("words", "network"),
    [
        (r"\section{Aufgabe} Alle Neuronen benutzen die Sigmoid-Funktion.", "3 -> 2 sigmoid -> 1 sigmoid"),
        (r"The hidden units are \textbf{tanh} units, the output unit is linear.", "3 -> 2 tanh -> 1"),
        (
            "\\begin{itemize}\n\\item hidden: ReLU\n\\item output: sigmoid\n\\end{itemize}",
            "3 -> 2 relu -> 1 sigmoid",
        ),
        (
            r"\only<2->{$z_j = \tanh(\sum_i w_{ji} x_i + b_j)$, $\hat y_k = \sum_j v_{kj} z_j$}",
            "3 -> 2 tanh -> 1 ?",
        ),
        (r"$h_j = \mathrm{ReLU}(a_j)$ and $y_k = \mathrm{softmax}(a_k)$", "3 -> 2 relu -> 1 softmax"),
        (r"$z_j = \tanh(a_j)$ or $z_j = \mathrm{ReLU}(a_j)$", "3 -> 2 ? -> 1 ?"),
        (r"La couche cach\'ee utilise ReLU et la sortie une sigmo\"ide.", "3 -> 2 relu -> 1 sigmoid"),
        ("% the hidden layer uses relu", "3 -> 2 ? -> 1 ?"),
    ],
)
def test_the_sentences_of_a_latex_document_tell_activations(words, network):
    document = "\\documentclass{article}\\usepackage{tikz}\n\\begin{document}\n%s\n\n%s\n\\end{document}"
    assert shorthand(document % (words, PICTURE)) == network


@pytest.mark.parametrize(
    ("table", "network"),
    [
        (
            r"\begin{tabular}{|l|r|l|}\hline \textbf{Layer} & Units & Activation \\ \hline" "\n"
            r"Input & 13 & -- \\" "\n" r"Hidden & 64 & \texttt{relu} \\ % wide" "\n"
            r"Output & 1 & linear \\ \hline\end{tabular}",
            "13 -> 64 relu -> 1",
        ),
        (
            r"\begin{tabularx}{\textwidth}{l X r}\toprule \multicolumn{3}{c}{Netz} \\ \cmidrule(lr){1-3}" "\n"
            r"Schicht & Aktivierung & Neuronen \\ \midrule Eingabe & --- & $784$ \\[2pt]" "\n"
            r"verdeckt & ReLU & $128$ \\ Ausgabe & Softmax & $10$ \\ \bottomrule\end{tabularx}",
            "784 -> 128 relu -> 10 softmax",
        ),
        (
            r"\begin{tabular}{@{}l*{3}{c}@{}} Type & In & Out & Act. \\ Linear & $8$ & $1\,024$ & ReLU \\" "\n"
            r"Dropout ($p=0.3$) & & & \\ Linear & $1\,024$ & $2$ & -- \\ \end{tabular}",
            "8 -> 1024 relu dropout(0.3) -> 2",
        ),
    ],
)  # fmt: skip
def test_a_table_in_latex_is_read_as_rows_of_layers(table, network):
    assert shorthand(table) == network


def test_a_table_in_latex_that_is_not_read_says_so():
    text = "\\begin{tabular}{ll}\nLayer & Size \\\\\ninput & 10 \\\\\nhidden & \\multirow{2}{*}{20} \\\\\n\\end{tabular}"
    with pytest.raises(ChalknetError, match="a table that is not read") as refused:
        cn.read(text)
    assert shorthand(refused.value.remedy.rpartition(" as ")[2].rstrip(".")) == "784 -> 32 relu -> 10 softmax"


@pytest.mark.parametrize(
    ("code", "network"),
    [
        (
            "z := W1 * x + b1   // W1 is 5 x 3\na := tanh(z)\ny := sigmoid(W2 * a + b2)  // W2: 1 x 5",
            "3 -> 5 tanh -> 1 sigmoid",
        ),
        ("h = relu(W1 x + b1)  # W1: 64 x 10\ny = W2 h + b2   # W2: 2 x 64, logits", "10 -> 64 relu -> 2"),
        (
            "Input: x in R^8\n1: z <- W1 x + b1  // W1 in R^{16x8}\n2: a <- tanh(z)\n3: u <- W2 a + b2  // W2 in R^{2x16}\n4: return softmax(u)",
            "8 -> 16 tanh -> 2 softmax",
        ),
        (
            "/* two layers */\nh = sigma(W1 x + b1)  /* W1 is 4 x 2 */\ny = sigma(W2 h + b2)  /* W2 is 1 x 4 */",
            "2 -> 4 sigmoid -> 1 sigmoid",
        ),
        (
            "-- forward\nh := relu(W1 * x + b1)   -- W1 is 12 x 7\no := W2 * h + b2   -- W2 is 3 x 12",
            "7 -> 12 relu -> 3",
        ),
    ],
)
def test_pseudo_code_is_read_with_the_sizes_in_its_remarks(code, network):
    assert shorthand(code) == network


def test_an_error_in_pseudo_code_names_the_line():
    with pytest.raises(ChalknetError, match=r"(?s)takes 4 features, but 5 arrive.*line 2:"):
        cn.read("z := W1 * x + b1   // W1 is 5 x 3\ny := sigmoid(W2 * tanh(z) + b2)  // W2: 1 x 4")
