"""What nnet prints, and calls of neuralnet, are read; what only the data tell stays open."""

import contextlib
import time
from random import Random

import pytest

import chalknet as cn
from chalknet.errors import ChalknetError
from chalknet.network import Activation, Linear, Network

SIGMOID = Activation("sigmoid")
LAST = {
    "linear output units": None,
    "softmax modelling": Activation("softmax"),
    "entropy fitting": SIGMOID,
    "": SIGMOID,
}


class Draw(Random):
    """Draws networks and the texts of R about them."""

    def printed(self):
        x, h, y = (self.randint(1, 40) for _ in range(3))
        options = self.choice(list(LAST))
        last = LAST[options]
        steps = [Linear(h), SIGMOID, Linear(y), *([last] if last else [])]
        weights = (x + 1) * h + (h + 1) * y
        lines = [f"a {x}-{h}-{y} network with {weights} weights"]
        if self.random() < 0.6:
            lines.append(f"inputs: {' '.join(f'col.{n}' for n in range(x))} \noutput(s): y ")
        lines.append(f"options were - {options} {self.choice([' decay=0.01', ''])}")
        before = self.choice(
            [
                "",
                "> library(nnet)\n> fit <- nnet(y ~ ., data = d, size = 9)\n# weights:  27\ninitial  value 9.1\n> fit\n",
            ]
        )
        hashes = self.choice(["", "## "])
        return Network((x,), tuple(steps)), before + "".join(f"{hashes}{line}\n" for line in lines)

    def called(self):
        hidden = [self.randint(1, 30) for _ in range(self.randint(0, 3))]
        x, y = self.randint(1, 9), self.randint(1, 3)
        tanh, linear = self.random() < 0.4, self.random() < 0.5
        function = Activation("tanh") if tanh else SIGMOID
        steps = [one for size in [*hidden, y] for one in (Linear(size), function)]
        formula = f"{' + '.join(f'out.{n}' for n in range(y))} ~ {' + '.join(f'in_{n}' for n in range(x))}"
        written = f"c({', '.join(map(str, hidden))})" if len(hidden) != 1 else f"{hidden[0]}"
        if not hidden:
            written = "0"
        given = [
            f"hidden = {written}",
            f"linear.output = {self.choice(['TRUE', 'T'] if linear else ['FALSE', 'F'])}",
        ]
        given += ['act.fct = "tanh"'] if tanh else self.choice([[], ["act.fct = 'logistic'"]])
        given += ["err.fct = 'sse', threshold = 0.01"] if self.random() < 0.5 else []
        self.shuffle(given)
        before = ""
        if self.random() < 0.3:
            before, formula = f"f <- {formula}\n", "f"
        first = self.choice(
            [f"{formula}, train", f"formula = {formula}, data = train", f"data = train, formula = {formula}"]
        )
        call = f"neuralnet({first}, {self.choice([', ', ',  # and' + chr(10)]).join(given)})"
        form = self.choice(
            [
                "library(neuralnet)\n{}nn <- {}\nplot(nn)\n",
                "{}Call: {}\n\n1 repetition was calculated.\n",
                "{}nn = neuralnet::{}\n",
            ]
        )
        return Network((x,), tuple(steps[:-1] if linear else steps)), form.format(before, call)


@pytest.mark.parametrize("seed", range(25))
@pytest.mark.parametrize("kind", ["printed", "called"])
def test_a_random_network_is_read_back(kind, seed):
    network, text = getattr(Draw(f"{kind} {seed}"), kind)()
    read = cn.read(text)
    assert (read.input_shape, read.steps) == (network.input_shape, network.steps), text


def shorthand(text):
    return cn.write(cn.read(text), "shorthand")


def told(text):
    return "; ".join(cn.read(text).notes)


def test_what_is_not_printed_or_left_to_the_data_stays_open():
    cut = "a 4-2-1 network with 13 weights\ninputs: a b c d\n"
    assert shorthand(cut) == "4 -> 2 sigmoid -> 1 ?"
    assert "options were" in told(cut)
    formula = "nn <- neuralnet(a + b ~ ., data = d, hidden = 3)"
    assert shorthand(formula) == "? -> 3 sigmoid -> 2"
    assert "that of the data" in told(formula)
    function = "nn <- neuralnet(a + b ~ x, data = d, hidden = 3, act.fct = softplus)"
    assert shorthand(function) == "1 -> 3 ? -> 2"
    assert "softplus" in told(function)


def test_what_may_be_a_factor_and_a_count_that_differs_are_noted():
    assert "a factor" in told("nn <- neuralnet(y ~ x, data = d)")
    assert "says 14 weights, the network read has 13" in told(
        "a 4-2-1 network with 14 weights\noptions were -\n"
    )
    assert "rounded" in told("a 1-1-1 network with 4 weights\noptions were -\n b->h1 i1->h1 \n -0.10 2.00 \n")


def test_a_network_without_hidden_units_is_one_map():
    assert (
        shorthand(
            "a 4-0-3 network with 15 weights\noptions were - skip-layer connections  softmax modelling "
        )
        == "4 -> 3 softmax"
    )


def test_one_of_several_networks_is_read_by_its_name():
    text = "m1 <- neuralnet(y ~ a, d, hidden = 2)\nm2 <- neuralnet(y ~ a, d, hidden = 3)\n"
    with pytest.raises(ChalknetError, match="m1 in line 1, m2 in line 2"):
        cn.read(text)
    assert cn.write(cn.read(text, name="m2"), "shorthand") == "1 -> 3 sigmoid -> 1"
    assert (
        shorthand(
            "m1 <- neuralnet(y ~ a, d, hidden = 2)\nm1\nCall: neuralnet(formula = y ~ a, data = d, hidden = 2)\n"
        )
        == "1 -> 2 sigmoid -> 1"
    )


REFUSED = [
    ("a 4-2-3 network with 31 weights\noptions were - skip-layer connections  softmax modelling", "skip-layer connections"),
    ("a 4-2-3 network with 31 weights\n", "skip-layer connections"),
    ("nn <- neuralnet(y ~ a, data = d, hidden = sizes)", "hidden = sizes"),
    ("nn <- neuralnet(y ~ a, data = d, hidden = c(n, 3))", r"hidden = c\(n, 3\)"),
    ("nn <- neuralnet(y ~ a, data = d, linear.output = is_linear)", "linear.output = is_linear"),
    ("nn <- neuralnet(y ~ a, data = d, exclude = matrix(1))", "exclude"),
    ("a 0-2-1 network with 5 weights\noptions were -\n", "no width"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "words"), REFUSED)
def test_what_is_no_chain_is_refused_with_the_reason(text, words):
    with pytest.raises(ChalknetError, match=words) as problem:
        cn.read(text)
    assert problem.value.remedy


HOSTILE = [
    "nn <- neuralnet(" * 4_000,
    "nn <- neuralnet(y ~ " + "a + " * 30_000 + "b, d)",
    "a 4-2-1 network with 13 weights\n" * 4_000,
    f"a {'9' * 5000}-2-1 network with 13 weights\n",
    'nn <- neuralnet(y ~ "' + "a" * 100_000,
    "f <- f\n" * 20_000 + "nn <- neuralnet(f, d)",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_texts_are_answered_in_time(text):
    start = time.process_time()
    with contextlib.suppress(ChalknetError):
        cn.read(text)
    assert time.process_time() - start < 5
