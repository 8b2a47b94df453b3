"""Options of the command line and namespaces in code are read as what they stand for."""

import pytest

import chalknet as cn
from chalknet.errors import ChalknetError

CODE = """import argparse
from types import SimpleNamespace
import torch.nn as nn

{options}

class MLP(nn.Module):
    def __init__(self, args):
        super().__init__()
        layers = [nn.Linear(args.input_size, args.hidden), nn.LeakyReLU(args.slope)]
        for _ in range(args.n_layers - 1):
            layers.append(nn.Linear(args.hidden, args.hidden))
            layers.append(nn.LeakyReLU(args.slope))
        layers.append(nn.Linear(args.hidden, 2))
        self.body = nn.Sequential(*layers)

    def forward(self, x):
        return self.body(x)

model = MLP(args)
"""
WANTED = "11 -> 64 leaky_relu(0.1) -> 64 leaky_relu(0.1) -> 2"
PARSER = """parser = argparse.ArgumentParser(description="x")
parser.add_argument("--data", type=str, default="wells.csv")
parser.add_argument("-i", "--input-size", type=int, default="11", help="features")
parser.add_argument("--width", dest="hidden", type=int, default=64)
parser.add_argument("--n-layers", type=int, default=2)
parser.add_argument("--slope", type=float, default=0.1)
parser.add_argument("--fast", action="store_true")
args = parser.parse_args()"""


@pytest.mark.parametrize(
    "options",
    [
        PARSER,
        PARSER.replace("parse_args()", "parse_known_args()[0]"),
        PARSER.replace("argparse.Arg", "Arg").replace("parser", "p"),
        "args = SimpleNamespace(input_size=11, hidden=64, n_layers=2, slope=0.1)",
        "args = argparse.Namespace(input_size=11, hidden=64, n_layers=2, slope=0.1)",
    ],
)
def test_options_have_their_defaults(options):
    network = cn.read(CODE.format(options=options))
    assert cn.write(network, "shorthand") == WANTED
    told = [note for note in network.notes if "defaults of the command line" in note]
    assert len(told) == ("add_argument" in options) and all("hidden 64" in note for note in told)


def test_an_option_without_a_default_stays_open():
    options = PARSER.replace("type=float, default=0.1", "type=float")
    with pytest.raises(ChalknetError, match=r"args\.slope"):
        cn.read(CODE.format(options=options))


def test_options_of_two_parsers_are_not_taken():
    options = (
        PARSER + "\nother = argparse.ArgumentParser()\nother.add_argument('--hidden', type=int, default=7)"
    )
    with pytest.raises(ChalknetError):
        cn.read(CODE.format(options=options))
