"""Stacks: every shape drawn is a shape that passes through the module, and nothing else is claimed."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.drawing.test_drawing import are_apart
from torch import nn

import chalknet as cn
from chalknet.drawing.scene import Face, Label
from chalknet.module import traced_layers

LENET = nn.Sequential(
    nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(),
    nn.MaxPool2d(2), nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 10),
)  # fmt: skip


class Called(nn.Module):
    """A module with functions between its layers."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(inplace=True))
        self.out = nn.Linear(4 * 6 * 6, 2)

    def forward(self, x):
        x = torch.tanh(self.features(x))
        return self.out(x.view(x.shape[0], -1)).softmax(1)


class Around(nn.Module):
    """A module with a way around its layer."""

    def __init__(self):
        super().__init__()
        self.inner = nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, x):
        return x + self.inner(x)


@st.composite
def convolutional(draw):
    """Return a chain of layers for images, and the shape of a sample."""
    channels, side = draw(st.integers(1, 4)), draw(st.integers(12, 40))
    shape, layers = (channels, side, side), []
    for _ in range(draw(st.integers(1, 4))):
        wider, kernel = draw(st.integers(1, 128)), draw(st.integers(1, 3))
        layers += [nn.Conv2d(channels, wider, kernel, padding=draw(st.integers(0, 1)))]
        layers += draw(
            st.lists(st.sampled_from([nn.ReLU(), nn.BatchNorm2d(wider), nn.Dropout(0.5)]), max_size=3)
        )
        layers += [nn.MaxPool2d(2)] * (draw(st.booleans()) and side > 20)
        channels, side = (
            wider,
            nn.Sequential(*layers).to("meta").eval()(torch.zeros(1, *shape, device="meta")).shape[2],
        )
    flat = channels * side * side
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(flat, draw(st.integers(1, 1000)))), shape


@settings(max_examples=15)
@given(convolutional(), st.sampled_from(["screen", "slide"]))
def test_every_shape_is_one_that_passes_and_nothing_lies_over_anything(case, preset):
    module, shape = case
    try:
        drawing = cn.draw(module, "stacks", input_shape=shape, preset=preset)
    except cn.CannotExpress as problem:  # too long for a slide
        assert preset == "slide" and problem.remedy
        return
    scene = drawing.scene
    labels = [mark for mark in scene.marks if isinstance(mark, Label)]
    x, passed = torch.zeros(1, *shape, device="meta"), [tuple(shape)]
    for layer in module.to("meta").eval():
        x = layer(x)
        passed.append(tuple(x.shape[1:]))
    shown = [label.text for label in labels if label.kind == "size"]
    steps = [text for i, text in enumerate(passed) if i == 0 or text != passed[i - 1] or i == 1]
    assert [*dict.fromkeys(shown)] == [*dict.fromkeys(" × ".join(map(str, each)) for each in steps)]
    blocks = {}
    for mark in scene.marks:
        left, top, right, bottom = mark.bounds
        assert left >= 0 and top >= 0 and right <= scene.width + 0.01 and bottom <= scene.height + 0.01
        if isinstance(mark, Face):
            blocks.setdefault(mark.id.partition("-")[0], []).append(mark)
    for number, label in enumerate(labels):
        assert all(are_apart(label, other) for other in labels[number + 1 :])
        for faces in blocks.values():
            assert all(are_apart(label, face) for face in faces)


def test_functions_between_the_layers_are_named_and_the_module_stays_as_it_is():
    module = Called().train()
    before = {name: values.clone() for name, values in module.state_dict().items()}
    layers = traced_layers(module, (3, 8, 8))
    names = [layer.kind for layer in layers]
    assert names == ["Conv2d", "ReLU", "tanh, view", "Linear", "softmax"]
    assert [layer.gives for layer in layers] == [(4, 6, 6), (4, 6, 6), (144,), (2,), (2,)]
    assert module.training and all(
        torch.equal(before[name], each) for name, each in module.state_dict().items()
    )
    assert not module.features[0]._forward_hooks
    words = cn.draw(module, "stacks", input_shape=(3, 8, 8)).alt_text
    assert "tanh, view gives 144; Linear, softmax gives 2." in words


def test_the_parameters_are_those_of_the_module_and_a_fit_knows_its_shape():
    drawing = cn.draw(LENET, "stacks", input_shape=(1, 28, 28))
    numbers = sum(each.numel() for each in LENET.parameters())
    assert f"{numbers:,} parameters" in drawing.scene.title and "16 × 5 × 5" in drawing.alt_text
    x, y = torch.randn(8, 1, 28, 28), torch.arange(8) % 2
    result = cn.fit(LENET, (x, y), loss="cross_entropy", updates=1)
    assert cn.draw(result, "stacks").alt_text == drawing.alt_text
    assert cn.draw("28x28 flatten -> 3 relu -> 1", "stacks").alt_text.endswith("Linear gives 1.")


@pytest.mark.parametrize(
    ("model", "options", "words"),
    [
        (Around(), {"input_shape": (3, 8, 8)}, "several ways"),
        (LENET, {}, "input_shape: got None.*input_shape=.channels"),
        (LENET, {"input_shape": (28, 28)}, r"samples of the shape \(28, 28\)"),
        (LENET, {"input_shape": (1, 28, 0)}, "whole numbers of at least 1"),
        (LENET, {"input_shape": (1, 28, 28), "weights": "colour"}, "weights='none'"),
        (LENET, {"input_shape": (1, 28, 28), "edges": "curved"}, "Leave edges out"),
        ("m -> 1", {}, "symbolic width m"),
    ],
)
def test_what_cannot_be_drawn_as_stacks_is_refused(model, options, words):
    with pytest.raises(cn.ChalknetError, match=words):
        cn.draw(model, "stacks", **options)
    with pytest.raises(cn.InvalidValue, match="input_shape"):
        cn.draw("1 -> 1", input_shape=(1,))


def test_a_module_that_is_no_network_is_refused_as_before_and_told_of_stacks():
    with pytest.raises(cn.CannotExpress, match=r"fitted as it is; cn.draw\(module, 'stacks'"):
        cn.draw(LENET)


@pytest.mark.parametrize("suffix", [".svg", ".tex", ".dot", ".mmd", ".html", ".pdf", ".png"])
def test_every_surface_writes_stacks_and_none_is_read_as_a_network(suffix, tmp_path):
    drawing = cn.draw(LENET, "stacks", input_shape=(1, 28, 28))
    path = drawing.save(tmp_path / f"a{suffix}")
    assert path.stat().st_size > 300
    if suffix not in (".png", ".pdf"):
        assert "400" in drawing.text(suffix)
    with pytest.raises(cn.ChalknetError):
        cn.read(path)
