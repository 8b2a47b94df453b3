"""Networks told in sentences, in several languages; what sentences leave open is refused."""

import random

import pytest

import chalknet as cn
from chalknet.errors import ChalknetError

# Templates of an input, of hidden layers and of an output; each number stands in digits.
LANGUAGES = {
    "English": (
        ["The network has {n} inputs", "We fitted a perceptron with {n} input features", "The input layer has {n} neurons"],
        ["a hidden layer of {n} neurons with {a} activation", "a hidden layer with {n} {a} units", "a fully connected hidden layer of {n} neurons ({a})"],
        ["an output layer of {n} neurons with {a}", "{n} {a} outputs", "an output layer with {n} units ({a})"],
        " and ",
    ),
    "German": (
        ["Das Netz hat {n} Eingänge", "Die Eingabeschicht hat {n} Neuronen"],
        ["eine verdeckte Schicht mit {n} Neuronen ({a})", "eine versteckte Schicht aus {n} Neuronen mit {a}"],
        ["{n} Ausgänge mit {a}", "eine Ausgabeschicht mit {n} Neuronen ({a})"],
        " und ",
    ),
    "French": (
        ["Le réseau possède {n} entrées", "La couche d'entrée compte {n} neurones"],
        ["une couche cachée de {n} neurones ({a})", "une couche cachée avec {n} neurones et la fonction {a}"],
        ["une couche de sortie à {n} neurones ({a})", "{n} sorties {a}"],
        " et ",
    ),
    "Spanish": (
        ["La red tiene {n} entradas", "La capa de entrada tiene {n} neuronas"],
        ["una capa oculta con {n} neuronas ({a})", "una capa oculta de {n} neuronas con {a}"],
        ["{n} salidas con {a}", "una capa de salida con {n} neuronas ({a})"],
        " y ",
    ),
    "Russian": (
        ["Сеть имеет {n} входов", "Входной слой состоит из {n} нейронов"],
        ["скрытый слой из {n} нейронов с функцией активации {a}", "скрытый слой: {n} нейронов ({a})"],
        ["выходной слой из {n} нейронов ({a})", "{n} выходов с {a}"],
        " и ",
    ),
}  # fmt: skip
FUNCTIONS = ["ReLU", "sigmoid", "tanh", "softmax"]


def told(dice, language):
    """Return sentences, and the formula that they tell."""
    inputs, layers, outputs, last = LANGUAGES[language]
    widths = [dice.choice([2, 3, 5, 8, 13, 20, 64, 100, 784]) for _ in range(dice.randint(3, 5))]
    acts = [dice.choice(FUNCTIONS[:3]) for _ in widths[1:-1]] + [dice.choice(FUNCTIONS)]
    parts = [dice.choice(inputs).format(n=widths[0])]
    parts += [dice.choice(layers).format(n=n, a=a) for n, a in zip(widths[1:-1], acts, strict=False)]
    end = dice.choice(outputs).format(n=widths[-1], a=acts[-1])
    text = f"{', '.join(parts)}{last}{end}." if dice.random() < 0.6 else ". ".join([*parts, end]) + "."
    text = "\n".join(
        [dice.choice(["", "Lab 4, 2019.", "Name: ______"]), text, dice.choice(["", "Ciao, Ana"])]
    )
    formula = [str(widths[0]), *(f"{n} {a.lower()}" for n, a in zip(widths[1:], acts, strict=True))]
    return text.strip(), " -> ".join(formula)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("seed", range(12))
def test_sentences_are_read_with_a_note(language, seed):
    text, formula = told(random.Random(f"{language} {seed}"), language)
    network = cn.read(text)
    assert cn.write(network, "shorthand") == formula, text
    assert any("told in sentences" in note for note in network.notes)


@pytest.mark.parametrize(
    ("text", "formula"),
    [
        ("The input has 784 features. There are two hidden layers with 100 neurons each, using sigmoid. "
         "The output layer has 10 softmax units.", "784 -> 100 sigmoid -> 100 sigmoid -> 10 softmax"),
        ("It has 13 input features, two hidden layers of 64 and 32 neurons with tanh activation, and a single "
         "linear output unit.", "13 -> 64 tanh -> 32 tanh -> 1"),
        ("Six inputs, a hidden layer of 20 units with ReLU, another hidden layer of 10 units, also ReLU, and "
         "a linear output.", "6 -> 20 relu -> 10 relu -> 1"),
        ("A rede recebe 19 atributos. A primeira camada oculta tem 25 neurônios e a segunda tem 10; ambas usam "
         "sigmoide. A camada de saída tem um único neurônio linear.", "19 -> 25 sigmoid -> 10 sigmoid -> 1"),
        ("For 24 runs on 2017-03-11 we took a fully connected 784-300-100-10 network. Both hidden layers use "
         "rectified linear units; the output layer uses a softmax.", "784 -> 300 relu -> 100 relu -> 10 softmax"),
        ("Ein Netz mit drei Eingängen, vier verdeckten Neuronen (Sigmoid) und zwei Ausgängen (linear).",
         "3 -> 4 sigmoid -> 2"),
    ],
)  # fmt: skip
def test_what_is_said_of_several_layers_holds_for_each(text, formula):
    assert cn.write(cn.read(text), "shorthand") == formula


@pytest.mark.parametrize(
    "text",
    [
        "The network has 4 inputs, a hidden layer with 8 neurons and an output layer with softmax.",  # how many?
        "The network has 4 inputs, two hidden layers with 8 neurons and 3 outputs.",  # of how many each?
        "A convolutional network with 4 inputs, 10 hidden units and 3 outputs.",
        "An LSTM with 4 inputs, a hidden layer of 10 units and 3 outputs.",
        "The network has 4 inputs and 3 outputs. The old network has 5 inputs, 10 hidden units and 3 outputs.",
        "Both networks have hidden layers: a 4-8-3 network and a 4-16-3 network, with 4 inputs and 3 outputs.",
        "On 2019-11-23 the network of the hidden office was out; its inputs and outputs were lost.",
        "The shop has 4 entrances, 3 hidden cameras and 2 exits.",
        "Instead of 10 hidden units with 4 inputs we took 20, with 3 outputs.",
    ],
)
def test_what_sentences_leave_open_is_refused(text):
    with pytest.raises(ChalknetError):
        cn.read(text)
