"""Forms of networks that are recognised and not read: each is named, with what to write instead."""

from __future__ import annotations

import re
from typing import NamedTuple, NoReturn

from chalknet.errors import Excerpt, NotationError
from chalknet.network import Network
from chalknet.notation.notation import Notation

_WRITE = 'Write the layers as a formula, such as "784 -> 32 relu -> 1 sigmoid", or as nn.Sequential(...).'
_EXPORT = "Export it to ONNX and give that file, or write a formula: 784 -> 32 relu -> 1 sigmoid."
_SUMMARY = "Give what model.summary() printed, or write the layers as a formula: 784 -> 32 relu -> 1 sigmoid."


class _Foreign(NamedTuple):
    """A form by its marks.

    Args:
        name: what it is, with its article.
        marks: a piece of text that only it has.
        remedy: what to write instead.
    """

    name: str
    marks: re.Pattern[str]
    remedy: str = _WRITE


def _marks(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.M)


_MOST = 50_000  # characters in which marks are looked for
# The first row whose marks a text has; none of them is in a form that is read.
_ROWS = (
    _Foreign(
        "the name of a model, without its layers",
        _marks(r"\A\s*+<[\w. ]*\b(?:Sequential|Functional|Model|Module|\w*Net)\b[^<>\n]*>\s*\Z"),
        _SUMMARY,
    ),
    _Foreign(
        "the parameters of an estimator of scikit-learn",
        _marks(r"\A\s*+\{[^{}]*[\"']hidden_layer_sizes[\"']\s*:"),
        "Give what print(model) printed, such as MLPClassifier(hidden_layer_sizes=(64, 32)).",
    ),
    _Foreign(
        "a PNG picture",
        _marks(r"\A.?PNG\r?\n"),
        "Give the drawing as SVG, DOT or Mermaid, or write it as a formula.",
    ),
    _Foreign(
        "a PDF document",
        _marks(r"\A%PDF-"),
        "Give the drawing as SVG, DOT or Mermaid, or write it as a formula.",
    ),
    _Foreign(
        "JAX stax code",
        _marks(r"\bstax\.(?:serial|Dense)\b", r"\bimport stax\b", r"^[ \t]*+init_\w+, \w+ = serial\("),
    ),
    _Foreign(
        "haiku code", _marks(r"\bhk\.(?:Linear|Sequential|transform|nets)\b", r"\bimport haiku\b"), _WRITE
    ),
    _Foreign("JavaScript for TensorFlow.js", _marks(r"\btf\.(?:sequential|layers\.dense|model)\s*\(\s*[{)]")),
    _Foreign(
        "a TensorFlow 1 graph",
        _marks(
            r"\btf\.(?:placeholder|Session|get_variable|layers\.dense|contrib)\b",
            r"\btf\.compat\.v1\.placeholder\b",
        ),
    ),
    _Foreign("R code for keras", _marks(r"\blayer_dense\s*\(", r"\bkeras_model_sequential\s*\("), _SUMMARY),
    _Foreign(
        "R code for a neural network",
        _marks(r"\b(?:neuralnet|nnet)\s*\([^\n]*~", r"\blibrary\((?:neuralnet|nnet|torch)\)"),
    ),
    _Foreign(
        "MATLAB code",
        _marks(
            r"\b(?:fullyConnectedLayer|featureInputLayer|imageInputLayer|reluLayer|softmaxLayer)\b",
            r"\b(?:feedforwardnet|patternnet|fitnet|newff)\s*\(",
        ),
    ),
    _Foreign(
        "a configuration of PyTorch Lightning",
        _marks(r"^[ \t]*+class_path:\s", r"^[ \t]*+init_args:\s*$"),
        _WRITE,
    ),
    _Foreign(
        "Caffe's prototxt", _marks(r"^[ \t]*+layers?\s*\{[^}]*\btype\s*:", r'\btype\s*:\s*"InnerProduct"')
    ),
    _Foreign("Darknet's cfg", _marks(r"^\[(?:convolutional|connected|maxpool)\]\s*$")),
    _Foreign(
        "Julia code for Flux",
        _marks(r"\bChain\s*\(\s*Dense\b", r"^[ \t]*+using (?:Flux|Lux)\b", r"\bDense\(\w+\s*=>\s*\w+"),
    ),
    _Foreign("C++ code for torch", _marks(r"^[ \t]*+#include\s*<torch/", r"\btorch::nn::\w+"), _EXPORT),
    _Foreign("Chainer code", _marks(r"^[ \t]*+(?:import|from) chainer\b"), _WRITE),
    _Foreign(
        "MXNet code", _marks(r"\bmx\.sym\.\w", r"\bgluon\.nn\.\w", r"^[ \t]*+(?:import|from) mxnet\b"), _WRITE
    ),
    _Foreign("Theano code", _marks(r"^[ \t]*+(?:import|from) (?:theano|lasagne)\b"), _WRITE),
    _Foreign("PaddlePaddle code", _marks(r"\bpaddle\.nn\b", r"\bimport paddle\b"), _WRITE),
    _Foreign("tinygrad code", _marks(r"\bfrom tinygrad\b"), _WRITE),
)


def read_foreign(text: str, name: str | None = None) -> Network:
    """Raise the error that names a form which is not read, and says what to write instead.

    Args:
        text: what the user gave.
        name: of no use here.

    Raises:
        NotationError: always.
    """
    for row in _ROWS:
        if found := row.marks.search(text[:_MOST]):
            _refuse(row, text, found)
    raise NotationError(
        where="text", got="no form that is known", wanted="a form of a network", remedy=_WRITE
    )


def _refuse(row: _Foreign, text: str, found: re.Match[str]) -> NoReturn:
    start = found.start() + len(found.group()) - len(found.group().lstrip())
    raise NotationError(
        where="text",
        got=f"{row.name}, which is recognised and not read",
        wanted="a form that is read: code of PyTorch, Keras, flax, equinox or NumPy, a formula, a drawing",
        remedy=row.remedy,
        excerpt=Excerpt(text, start, len(found.group().strip())),
    )


def recognise_foreign(text: str) -> float:
    """Return how likely it is that a text is in a form that is not read."""
    return 0.965 if any(row.marks.search(text[:_MOST]) for row in _ROWS) else 0.0


FOREIGN = Notation(name="foreign", recognise=recognise_foreign, read=read_foreign)
