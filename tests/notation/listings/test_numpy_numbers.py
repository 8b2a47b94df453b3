"""Widths of NumPy programs that stand elsewhere in the text: as running the program makes them."""

import random

import numpy as np
import pytest

import chalknet as cn

FORWARD = "def forward(X, p):\n    A = np.tanh(p['W1'] @ X + p['b1'])\n    return p['W2'] @ A + p['b2']\n"
MADE = (
    "{'W1': np.random.randn(@h, @i) * 0.01, 'b1': np.zeros((@h, 1)), "
    "'W2': np.random.randn(@o, @h), 'b2': np.zeros((@o, 1))}"
)


def made(i, h, o):
    return MADE.replace("@i", i).replace("@h", h).replace("@o", o)


def program(rng):
    """Return a program that makes its weights `p` of numbers that stand away from them."""
    i, h, o = (rng.randint(2, 90) for _ in range(3))
    n = rng.choice([("n_x", "n_h", "n_y"), ("inputs", "hidden", "outputs"), ("D", "H", "K")])
    kind = rng.randrange(7)
    noise = f"def report({n[1]}):\n    {n[0]} = 3\n    return {n[0]} * {n[1]}\n"
    if kind == 0:  # arguments by place and by name
        given = rng.choice([f"{i}, {h}, {o}", f"{i}, {n[2]}={o}, {n[1]}={h}"])
        text = f"def init({', '.join(n)}):\n    return {made(*n)}\np = init({given})\n"
    elif kind == 1:  # defaults
        text = f"def init({n[0]}={i}, {n[1]}={h}, *, {n[2]}={o}):\n    return {made(*n)}\np = init()\n"
    elif kind == 2:  # handed on
        text = (
            f"def init(a, b, c):\n    return {made('a', 'b', 'c')}\n"
            f"def model({n[1]}, {n[0]}=7):\n    {n[2]} = {o}\n    return init({', '.join(n)})\n"
            f"p = model({h}, {n[0]}={i})\n"
        )
    elif kind == 3:  # returned
        text = (
            f"def sizes():\n    {n[1]} = {h}\n    return {i}, {n[1]}, {o}\n"
            f"def init({', '.join(n)}):\n    return {made(*n)}\n"
            f"{', '.join(n)} = sizes()\np = init({', '.join(n)})\n"
        )
    elif kind == 4:  # a class
        names = [f"self.{name}" for name in n]
        text = (
            f"class Net:\n    def __init__(self, a, {n[1]}, c={o}):\n"
            f"        {names[0]} = a\n        {names[1]}, {names[2]} = {n[1]}, c\n"
            f"        self.p = {made(*names)}\np = Net({i}, {h}).p\n"
        )
    elif kind == 5:  # sums and the shape of an array
        text = (
            f"X = np.array([{', '.join(['[0.5]'] * i)}])\nhalf = {h}\n"
            f"def init({', '.join(n)}):\n    return {made(*n)}\n"
            f"p = init(X.shape[0], 2 * half + 1, {o})\n"
        )
    else:
        text = f"{n[0]} = {i}\n{n[1]} = {n[0]} + {h}\n{n[2]} = {o}\np = {made(*n)}\n"
    return f"import numpy as np\n{noise}{text}{FORWARD}"


@pytest.mark.parametrize("seed", range(60))
def test_widths_are_those_that_the_program_makes(seed):
    text = program(random.Random(seed))
    names = {}
    exec(text, names)
    (hidden, inputs), (outputs, _) = names["p"]["W1"].shape, names["p"]["W2"].shape
    assert isinstance(names["p"]["W1"], np.ndarray)
    assert cn.write(cn.read(text), "shorthand") == f"{inputs} -> {hidden} tanh -> {outputs}"


def test_what_two_calls_give_differently_stays_a_symbol():
    init = f"import numpy as np\ndef init(n_x, n_h, n_y):\n    return {made('n_x', 'n_h', 'n_y')}\n{FORWARD}"
    network = cn.read(f"{init}a = init(4, 8, 1)\nb = init(4, 16, 1)\n")
    assert cn.write(network, "shorthand") == "4 -> (n,n_h) tanh -> 1"


def test_names_that_refer_to_each_other_stay_symbols():
    circle = "a = b\nb = a\n" + "".join(f"c{n} = c{n + 1}\n" for n in range(3000))
    network = cn.read(f"import numpy as np\n{circle}p = {made('a', 'c0', 'b')}\n{FORWARD}")
    assert cn.write(network, "shorthand") == "(n,a) -> c0 tanh -> b"


@pytest.mark.parametrize(
    "change", ["H += 2", "for H in (4, 8):\n    print(H)", "H = 2 * H", "H = int(input())"]
)
def test_a_number_that_changes_stays_a_symbol(change):
    network = cn.read(f"import numpy as np\nH = 8\n{change}\np = {made('3', 'H', '1')}\n{FORWARD}")
    assert cn.write(network, "shorthand") == "3 -> H tanh -> 1"


def test_the_shape_of_an_array_is_that_of_its_own_function():
    text = (
        "import numpy as np\ndef data():\n    X = np.zeros((50, 2))\n    return X.T\nX = data()\n"
        f"p = {made('X.shape[0]', '5', '1')}\n{FORWARD}"
    )
    assert cn.write(cn.read(text), "shorthand") == "(n,X_0) -> 5 tanh -> 1"
