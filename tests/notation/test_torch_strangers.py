"""PyTorch code as strangers write it: views of the output, missing parts, norms of weights, symbols."""

import pytest

import chalknet as cn
from chalknet.errors import CannotExpress, NotationError
from chalknet.network import Activation, Linear, Network

RELU, SIG = Activation("relu"), Activation("sigmoid")
NET = (
    "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
    "        self.a, self.b = nn.Linear(3, 4), nn.Linear(4, {})\n    def forward(self, x):\n"
    "        x = torch.relu(self.a(x))\n        return {}\n"
)
ENDS = [
    *("self.b(x).squeeze()", "self.b(x).squeeze(-1)", "torch.squeeze(self.b(x), 1)", "self.b(x).view(-1)"),
    *("self.b(x).squeeze(dim=1)", "self.b(x).reshape(-1)", "self.b(x).flatten()", "torch.flatten(self.b(x))"),
    *("self.b(x).ravel()", "self.b(x)[:, 0]", "self.b(x)[..., 0]", "self.b(x).view((-1,))"),
]


@pytest.mark.parametrize("end", ENDS)
def test_an_output_of_one_feature_may_lose_its_axis_and_a_note_says_so(end):
    network = cn.read(NET.format(1, end))
    assert network == Network(3, (Linear(4), RELU, Linear(1)))
    assert "line 7" in network.notes[0] and "the network gives (n,1)" in network.notes[0]
    behind = cn.read(NET.format(1, f"torch.sigmoid({end})"))
    assert behind.steps[-1] == SIG


@pytest.mark.parametrize(
    "end", ["self.b(x).view(-1)", "self.b(x).flatten()", "self.b(x)[:, 0]", "self.b(x).ravel()"]
)
def test_an_output_of_several_features_may_not(end):
    with pytest.raises(CannotExpress, match="got "):
        cn.read(NET.format(5, end))


def test_a_squeeze_of_several_features_changes_nothing_and_one_before_a_layer_is_refused():
    assert (
        "changes nothing, since 5 features arrive" in cn.read(NET.format(5, "self.b(x).squeeze(1)")).notes[0]
    )
    with pytest.raises(CannotExpress, match="squeeze"):
        cn.read(NET.format(1, "self.b(x.squeeze())"))
    with pytest.raises(CannotExpress, match="squeeze"):
        cn.read(NET.format(1, "torch.softmax(self.b(x).squeeze(), dim=-1)"))


MISSING = {
    "class Net(nn.Module):\n    def __init__(self):\n        self.a = nn.Linear(3, 4)": "the class Net, which has no forward",
    "class Net(nn.Module):\n    pass": "the class Net, which has no forward",
    "class Net(keras.Model):\n    def __init__(self):\n        self.a = layers.Dense(4)": "which has no call",
    "import torch\nclass Net(nn.Module):\n    def forward(self, x):\n        return helper(x)": "makes no layer",
    "import torch\nnet = Net(3)\nloss = nn.BCELoss()": "Net(3), and Net is not defined in the text",
    "import torch.nn as nn": "code that defines no network",
}


@pytest.mark.parametrize("text", MISSING)
def test_what_is_missing_of_a_network_is_said(text):
    with pytest.raises(NotationError) as problem:
        cn.read(text)
    assert MISSING[text] in str(problem.value)


@pytest.mark.parametrize(
    "norm", ["spectral_norm", "weight_norm", "nn.utils.weight_norm", "torch.nn.utils.spectral_norm"]
)
def test_norms_of_weights_are_refused_by_their_name(norm):
    for text in (
        f"nn.Sequential({norm}(nn.Linear(3, 4)))",
        NET.format(1, "self.b(x)").replace("nn.Linear(3, 4)", f"{norm}(nn.Linear(3, 4))"),
    ):
        with pytest.raises(
            CannotExpress, match=rf"{norm.rpartition('.')[2]}\(\.\.\.\), which computes a layer's weights"
        ):
            cn.read(text)


def test_widths_that_are_names_stay_symbols():
    network = cn.read("nn.Sequential(nn.Linear(cfg.d_in, hidden), nn.ReLU(), nn.Linear(hidden, args.out))")
    assert network == Network("cfg_d_in", (Linear("hidden"), RELU, Linear("args_out")))
