"""Caffe's prototxt: the layers of a network, each with the names of what it takes and gives."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from math import prod
from typing import NamedTuple

from chalknet.errors import CannotExpress, ChalknetError
from chalknet.network import (
    Activation,
    BatchNorm,
    Dropout,
    Flatten,
    Linear,
    Network,
    PReLU,
    Shape,
    Step,
)
from chalknet.notation.limits import check_limit
from chalknet.notation.listings.prototxt import ProtoMessage, ProtoReader
from chalknet.notation.notation import Notation
from chalknet.notation.tokens import SourceText, Span
from chalknet.notation.torch_layers import FIT_AS_IT_IS, CodeLayer
from chalknet.notation.torch_network import network_of_layers

_REMEDY = "Give the prototxt as a whole, or write a formula: 784 -> 32 relu -> 1 sigmoid."
_WANTED = "layers one after the other, from the data to the output"
_LONGEST = 400_000
_LAYER = re.compile(r"^[ \t]*+layers?\s*+\{", re.M)
_TYPE = re.compile(r"\btype\s*+:\s*+[\"']?[A-Z]\w")
_LINKED = re.compile(r"\b(?:top|bottom)\s*+:\s*+[\"']|\btype\s*+:\s*+[\"']?(?:InnerProduct|INNER_PRODUCT)\b")


class CaffeLayer(NamedTuple):
    """A layer as it is written."""

    kind: str  # in lower case, without what separates its words
    written: str
    message: ProtoMessage
    bottoms: list[str]
    tops: list[str]

    @property
    def span(self) -> Span:
        """Return where it stands."""
        return self.message.span

    @property
    def name(self) -> str:
        """Return its name, or its type where it has none."""
        return str(self.message.get("name", self.written))


class CaffeOption(Exception):
    """What is not read of a layer."""


def _inner_product(message: ProtoMessage) -> list[Step]:
    given = message.part("inner_product_param")
    width = given.get("num_output", message.get("num_output"))
    if not isinstance(width, int) or width < 1:
        raise CaffeOption(f"num_output: {'nothing' if width is None else width}")
    if given.get("axis", 1) not in (1, -1):
        raise CaffeOption(f"axis: {given.get('axis')}")
    return [Linear(width, bias=given.get("bias_term", "true") in ("true", 1))]


def _relu(message: ProtoMessage) -> list[Step]:
    slope = _float(message.part("relu_param").get("negative_slope", 0))
    return [Activation("leaky_relu", {"negative_slope": slope}) if slope else Activation("relu")]


def _elu(message: ProtoMessage) -> list[Step]:
    return [Activation("elu", {"alpha": _float(message.part("elu_param").get("alpha", 1))})]


def _prelu(message: ProtoMessage) -> list[Step]:
    given = message.part("prelu_param")
    start = _float(given.part("filler").get("value", 0 if "filler" in given.fields else 0.25))
    if given.part("filler").get("type", "constant") != "constant":
        raise CaffeOption("a filler that is not constant")
    return [PReLU(given.get("channel_shared", "false") not in ("true", 1), start)]


def _softmax(message: ProtoMessage) -> list[Step]:
    axis = message.part("softmax_param").get("axis", 1)
    if axis not in (1, -1):
        raise CaffeOption(f"axis: {axis}")
    return [Activation("softmax")]


def _dropout(message: ProtoMessage) -> list[Step]:
    return [Dropout(_float(message.part("dropout_param").get("dropout_ratio", 0.5)))]


def _flatten(message: ProtoMessage) -> list[Step]:
    given = message.part("flatten_param")
    if (given.get("axis", 1), given.get("end_axis", -1)) != (1, -1):
        raise CaffeOption("axes of its own")
    return [Flatten()]


def _batch_norm(message: ProtoMessage) -> list[Step]:
    given = message.part("batch_norm_param")
    share = 1 - _float(given.get("moving_average_fraction", 0.999))
    return [
        BatchNorm(eps=_float(given.get("eps", 1e-5)), momentum=round(share, 15), affine=False, bias=False)
    ]


def _float(value: object) -> float:
    if isinstance(value, int | float):
        return float(value)
    raise CaffeOption(f"{value} in the place of a number")


# What makes the steps of a layer, by its kind; layers of the data, of the training and of tests are no steps.
_STEPS: Mapping[str, Callable[[ProtoMessage], list[Step]]] = {
    "innerproduct": _inner_product, "relu": _relu, "elu": _elu, "prelu": _prelu, "softmax": _softmax,
    "dropout": _dropout, "flatten": _flatten, "batchnorm": _batch_norm,
    "sigmoid": lambda message: [Activation("sigmoid")], "tanh": lambda message: [Activation("tanh")],
}  # fmt: skip
_EACH = frozenset("relu elu sigmoid tanh".split())  # functions of each value alone
_DATA = frozenset("input data hdf5data memorydata imagedata dummydata windowdata annotateddata".split())
_LOSSES = frozenset(
    "softmaxwithloss softmaxloss sigmoidcrossentropyloss euclideanloss hingeloss infogainloss "
    "multinomiallogisticloss contrastiveloss accuracy argmax silence hdf5output".split()
)


def read_caffe(text: str, name: str | None = None) -> Network:
    """Return the network of a prototxt of Caffe.

    Args:
        text: the prototxt, of training or for use.
        name: of no use here: it holds one network.

    Raises:
        NotationError: for what is no prototxt, or has no layers.
        CannotExpress: for a layer that no step describes, and for layers that are not one behind the other.
    """
    source = SourceText("Caffe's prototxt", text, remedy=_REMEDY)
    try:
        whole = ProtoReader(source).read(Span(0, 1))
    except RecursionError:
        raise source.refuse(None, got="braces nested too deep", wanted="layer { ... }") from None
    layers = [_layer(source, one) for one in [*whole.all("layer"), *whole.all("layers")]]
    check_limit(source, None, "layers", len(layers))
    chain = CaffeChain(source, whole, [one for one in layers if not _only_tests(one.message)])
    made = chain.made()
    called = re.sub(r"\W", "_", str(whole.get("name", "")))
    network = network_of_layers(source, made, name=called if called.isidentifier() else "net")
    return replace(network, notes=(*network.notes, *chain.notes))


def _layer(source: SourceText, message: object) -> CaffeLayer:
    if not isinstance(message, ProtoMessage):
        raise source.refuse(None, got=f"layer: {message}", wanted='layer { type: "InnerProduct" ... }')
    written = str(message.get("type", "nothing"))
    tops = [str(one) for one in message.all("top")]
    bottoms = [str(one) for one in message.all("bottom")]
    return CaffeLayer(written.lower().replace("_", ""), written, message, bottoms, tops)


def _only_tests(message: ProtoMessage) -> bool:
    """Return whether a layer stands in the network of tests alone."""
    included, excluded = (
        [one.get("phase") for one in message.all(rule) if isinstance(one, ProtoMessage)]
        for rule in ("include", "exclude")
    )
    return ("TEST" in included and "TRAIN" not in included) or "TRAIN" in excluded


class CaffeChain:
    """The way of the data through the layers.

    Args:
        source: the text.
        whole: what stands outside the layers.
        layers: the layers of the training.
    """

    def __init__(self, source: SourceText, whole: ProtoMessage, layers: list[CaffeLayer]) -> None:
        self._source = source
        self._whole = whole
        self._layers = layers
        self.notes: list[str] = []

    def made(self) -> list[CodeLayer]:
        """Return the layers in the order in which the data pass them.

        Raises:
            NotationError, CannotExpress: for what is no chain.
        """
        shape, value = self._input()
        made: list[CodeLayer] = [CodeLayer(Span(0, 1), takes=shape)] if shape else []
        self._refuse_shared()
        used: set[str] = set()  # values that were passed on under another name
        labels: set[str] = {top for one in self._layers if one.kind in _DATA for top in one.tops} - {value}
        flat = len(shape) < 2
        for layer in self._layers:
            if layer.kind in _DATA or (layer.bottoms and set(layer.bottoms) <= labels):
                continue
            if layer.kind in _LOSSES:
                if layer.kind.endswith("loss"):
                    self.notes.append(f"{layer.written} is the loss of the training, which a fit chooses")
                continue
            steps = self._steps(layer, made)
            self._check(layer, value, used)
            if not flat and not isinstance(steps[0], Linear | Flatten | Dropout) and layer.kind not in _EACH:
                raise self._refuse(layer, f"the layer {layer.name} over several axes")
            if layer.tops[0] != value:
                used.add(value)
            value = layer.tops[0]
            if isinstance(steps[0], Linear) and not flat:
                made.append(CodeLayer(layer.span, Flatten(), kind=layer.written))
            flat = flat or isinstance(steps[0], Linear | Flatten)
            made += [CodeLayer(layer.span, step, kind=layer.written) for step in steps]
        if not any(layer.step is not None for layer in made):
            raise self._source.refuse(None, got="a prototxt without layers", wanted="at least one layer")
        return made

    def _refuse_shared(self) -> None:
        """Refuse layers that name the same weights."""
        named: set[str] = set()
        for layer in self._layers:
            params = layer.message.all("param")
            for name in [one.get("name") if isinstance(one, ProtoMessage) else one for one in params]:
                if name is not None and str(name) in named:
                    got = f"the layer {layer.name}, which shares the weights {name}"
                    raise self._refuse(layer, got)
                named.add(str(name))

    def _input(self) -> tuple[Shape, str]:
        """Return the shape of a sample, empty where it is not said, and the name of the data."""
        whole = self._whole
        others = _DATA | _LOSSES
        name = next((one.bottoms[0] for one in self._layers if one.kind not in others and one.bottoms), "")
        inputs = [str(one) for one in whole.all("input")]
        place = inputs.index(name) if name in inputs else 0
        shapes = whole.all("input_shape")
        dims = [one for one in whole.all("input_dim") if isinstance(one, int)]
        sizes = dims[4 * place : 4 * place + 4]
        if len(shapes) > place and isinstance(shape := shapes[place], ProtoMessage):
            sizes = [one for one in shape.all("dim") if isinstance(one, int)]
        data = next((one for one in self._layers if one.kind in _DATA and name in one.tops), None)
        if not sizes and data is not None:
            sizes = _sizes_of_data(data.message)
        sample = [size for size in sizes[1:] if size > 0]
        if len(sample) > 1 and prod(sample) == max(sample):  # 784 x 1 x 1
            sample = [max(sample)]
        return tuple(sample), name

    def _steps(self, layer: CaffeLayer, made: list[CodeLayer]) -> list[Step]:
        if layer.kind == "scale":
            return self._scaled(layer, made)
        make = _STEPS.get(layer.kind)
        if make is None:
            got = f"the layer {layer.name} of the type {layer.written}, which no step of a network describes"
            raise self._refuse(layer, got)
        try:
            with self._source.pointing(layer.span):
                return make(layer.message)
        except CaffeOption as problem:
            raise self._refuse(layer, f"{problem} of the layer {layer.name}, which is not read") from None

    def _scaled(self, layer: CaffeLayer, made: list[CodeLayer]) -> list[Step]:
        """Return nothing new of a Scale: the factors and shifts of the BatchNorm before it."""
        norm = made[-1].step if made else None
        given = layer.message.part("scale_param")
        plain = isinstance(norm, BatchNorm) and not norm.affine and given.get("axis", 1) == 1
        if not plain or len(layer.bottoms) != 1:
            raise self._refuse(layer, f"the layer {layer.name}, a Scale that follows no BatchNorm")
        assert isinstance(norm, BatchNorm)
        made.pop()
        return [replace(norm, affine=True, bias=given.get("bias_term", "false") in ("true", 1))]

    def _check(self, layer: CaffeLayer, value: str, used: set[str]) -> None:
        """Refuse a layer that does not take what the one before it gives, or that gives several values."""
        if len(layer.bottoms) != 1 or len(layer.tops) != 1:
            got = f"the layer {layer.name} with {len(layer.bottoms)} bottoms and {len(layer.tops)} tops"
            raise self._refuse(layer, got)
        if layer.bottoms[0] != value:
            aside = layer.bottoms[0] in used
            got = (
                f"the layer {layer.name}, a second way from {layer.bottoms[0]}"
                if aside
                else f"the layer {layer.name}, which takes {layer.bottoms[0]}, but {value} comes before it"
            )
            raise self._refuse(layer, got)

    def _refuse(self, layer: CaffeLayer, got: str) -> ChalknetError:
        return self._source.refuse(
            layer.span, got=got, wanted=_WANTED, remedy=FIT_AS_IT_IS, kind=CannotExpress
        )


def _sizes_of_data(message: ProtoMessage) -> list[int]:
    """Return the sizes that a layer of data states, that of the batch first; empty where it does not."""
    for name in ("input_param", "dummy_data_param"):
        dims = message.part(name).part("shape").all("dim")
        if dims:
            return [one for one in dims if isinstance(one, int)]
    given = message.part("memory_data_param")
    sizes = [given.get(name) for name in ("batch_size", "channels", "height", "width")]
    found = [one for one in sizes if isinstance(one, int)]
    return found if len(found) == 4 else []


def recognise_caffe(text: str) -> float:
    """Return how likely it is that a text is a prototxt of Caffe."""
    marks = (_LAYER, _TYPE, _LINKED)
    return 0.985 if len(text) <= _LONGEST and all(mark.search(text) for mark in marks) else 0.0


CAFFE = Notation(name="caffe", suffixes=(".prototxt",), recognise=recognise_caffe, read=read_caffe)
