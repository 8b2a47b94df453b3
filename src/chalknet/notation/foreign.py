"""Forms of networks and drawings that are recognised and not read: each is named, with what to write instead."""

from __future__ import annotations

import re
from typing import NamedTuple

from chalknet.errors import CannotExpress, NotationError
from chalknet.network import Network
from chalknet.notation.notation import Notation
from chalknet.notation.tokens import SourceText, Span

_WRITE = 'Write the layers as a formula, such as "784 -> 32 relu -> 1 sigmoid", or as nn.Sequential(...).'
_EXPORT = "Export it to ONNX and give that file, or write a formula: 784 -> 32 relu -> 1 sigmoid."
_SUMMARY = "Give what model.summary() printed, or write the layers as a formula: 784 -> 32 relu -> 1 sigmoid."
_PICTURE = "Give the drawing as SVG, DOT or Mermaid, or write it as a formula."
_AS_DOT = "Write it as DOT, such as digraph {{ a -> b }}, {0}."


class ForeignForm(NamedTuple):
    """A form that is not read.

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


# The first row whose marks a text has; none of them is in a form that is read.
_MODELS = (
    ForeignForm(
        "the name of a model, without its layers",
        _marks(r"\A\s*+<[\w. ]*\b(?:Sequential|Functional|Model|Module|\w*Net)\b[^<>\n]*>\s*\Z"),
        _SUMMARY,
    ),
    ForeignForm(
        "the parameters of an estimator of scikit-learn",
        _marks(r"\A\s*+\{[^{}]*[\"']hidden_layer_sizes[\"']\s*:"),
        "Give what print(model) printed, such as MLPClassifier(hidden_layer_sizes=(64, 32)).",
    ),
    ForeignForm(
        "a PNG picture",
        _marks(r"\A.?PNG\r?\n"),
        _PICTURE,
    ),
    ForeignForm(
        "a PDF document",
        _marks(r"\A%PDF-"),
        _PICTURE,
    ),
    ForeignForm(
        "JAX stax code",
        _marks(r"\bstax\.(?:serial|Dense)\b", r"\bimport stax\b", r"^[ \t]*+init_\w+, \w+ = serial\("),
    ),
    ForeignForm(
        "a TensorFlow 1 graph",
        _marks(
            r"\btf\.(?:placeholder|Session|get_variable|layers\.dense|contrib)\b",
            r"\btf\.compat\.v1\.placeholder\b",
        ),
    ),
    ForeignForm(
        "R code for keras", _marks(r"\blayer_dense\s*\(", r"\bkeras_model_sequential\s*\("), _SUMMARY
    ),
    ForeignForm(
        "R code for a neural network",
        _marks(r"\b(?:neuralnet|nnet)\s*\([^\n]*~", r"\blibrary\((?:neuralnet|nnet|torch)\)"),
        "Give what print(model) printed, or write the layers as a formula: 784 -> 32 relu -> 1 sigmoid.",
    ),
    ForeignForm(
        "a configuration of PyTorch Lightning",
        _marks(r"^[ \t]*+class_path:\s", r"^[ \t]*+init_args:\s*$"),
        _WRITE,
    ),
    ForeignForm("Darknet's cfg", _marks(r"^\[(?:convolutional|connected|maxpool)\]\s*$")),
    ForeignForm("Chainer code", _marks(r"^[ \t]*+(?:import|from) chainer\b"), _WRITE),
    ForeignForm(
        "MXNet code", _marks(r"\bmx\.sym\.\w", r"\bgluon\.nn\.\w", r"^[ \t]*+(?:import|from) mxnet\b"), _WRITE
    ),
    ForeignForm("Theano code", _marks(r"^[ \t]*+(?:import|from) (?:theano|lasagne)\b"), _WRITE),
    ForeignForm("PaddlePaddle code", _marks(r"\bpaddle\.nn\b", r"\bimport paddle\b"), _WRITE),
    ForeignForm("tinygrad code", _marks(r"\bfrom tinygrad\b"), _WRITE),
    ForeignForm("Wolfram Language code", _marks(r"\bNet(?:Chain|Graph)\[", r"\bLinearLayer\[")),
    ForeignForm("a command of Weka", _marks(r"\bweka\.classifiers\b")),
    ForeignForm("JavaScript for brain.js", _marks(r"\bbrain\.recurrent\b")),
    ForeignForm("JavaScript for ConvNetJS", _marks(r"\bconvnetjs\b", r"\blayer_defs\.push\(")),
    ForeignForm("fastai code", _marks(r"\btabular_learner\(")),
    ForeignForm("C# code for ML.NET", _marks(r"\bmlContext\.", r"^[ \t]*+using Microsoft\.ML\b")),
    ForeignForm(
        "Java code for Deeplearning4j",
        _marks(r"\bNeuralNetConfiguration\b", r"\bDenseLayer\.Builder\b"),
        _EXPORT,
    ),
    ForeignForm("TFLearn code", _marks(r"^[ \t]*+(?:import|from) tflearn\b")),
    ForeignForm("PyBrain code", _marks(r"^[ \t]*+(?:import|from) pybrain\b")),
    ForeignForm("Lua code for Torch", _marks(r"\b\w+:add\(nn\.\w+")),
    ForeignForm("Sonnet code", _marks(r"\bsnt\.(?:Linear|nets|Sequential)\b", r"^[ \t]*+import sonnet\b")),
    ForeignForm("trax code", _marks(r"^[ \t]*+(?:import|from) trax\b", r"\btl\.Serial\(")),
    ForeignForm("CNTK code", _marks(r"^[ \t]*+(?:import|from) cntk\b")),
    ForeignForm("H2O code", _marks(r"\bh2o\.deeplearning\(", r"\bH2ODeepLearningEstimator\(")),
    ForeignForm("a model in PMML", _marks(r"<PMML\b")),
    ForeignForm("a file of FANN", _marks(r"\AFANN_F")),
    ForeignForm("a file of SNNS", _marks(r"\ASNNS network definition")),
    ForeignForm(
        "the weights of a module without its functions",
        _marks(
            r"\A\s*+(?:OrderedDict\(|\{)\s*+[\[{(]*+['\"][\w.]++['\"]\s*+[,:]\s*+(?:Parameter containing:\s*+)?tensor\("
        ),
        "Give what print(net) printed, or net itself in Python.",
    ),
    ForeignForm(
        "a configuration of Hugging Face",
        _marks(r"\"architectures\"\s*+:\s*+\[", r"\"weight_map\"\s*+:\s*+\{"),
        "Give what print(model) printed, or write the layers as a formula: 784 -> 32 relu -> 1 sigmoid.",
    ),
)
_DRAWINGS = (
    ForeignForm(
        "a diagram of blockdiag",
        re.compile(r"^[^\S\n]*+(?:block|seq|act|nw|rack|packet)diag\s*+(?:\w++\s*+)?\{", re.M),
        "Write digraph in the place of blockdiag; the edges are spelled alike.",
    ),
    ForeignForm(
        "a drawing of Dia",
        re.compile(r"<dia:diagram\b|lysator\.liu\.se/~alla/dia"),
        "Export it from Dia as SVG and give that file.",
    ),
    ForeignForm(
        "a drawing of Visio",
        re.compile(r"<VisioDocument\b|schemas\.microsoft\.com/(?:visio|office/visio)"),
        "Export it from Visio as SVG and give that file.",
    ),
    ForeignForm(
        "a workspace of Structurizr",
        re.compile(r"^[^\S\n]*+workspace\b[^\n{]*+\{", re.M),
        "Export its view as DOT or Mermaid and give that.",
    ),
    ForeignForm(
        "a picture in Pikchr or pic",
        re.compile(
            r"^[^\S\n]*+\.PS\b|^[ \t]*+(?:[A-Z]\w*+:[ \t]*+)?(?:box|circle|ellipse|oval|cylinder|file)[ \t]++(?:\"[^\"\n]*+\"|wid|ht|fit|radius|rad|same|color|fill|at|with)[^\n{]*+(?:;|\n)[\s\S]{0,300}?\b(?:arrow|line|move|spline)\b",
            re.M,
        ),
        _AS_DOT.format("with an edge for each arrow"),
    ),
    ForeignForm(
        "a diagram of nomnoml",
        re.compile(r"^[^\S\n]*+(?:#\w++:[^\n]*+\n\s*+)*+\[(?=[^\[\]\n]*[^\W\d])[^\[\]\n]++\]\s*+(?:-+:?>|-->|--|<-+|\+->|o->|-\/-|->)+\s*+\w*+\s*+\[", re.M),
        "Write it as Mermaid: flowchart LR, and a[text] --> b[text] for [text] -> [text].",
    ),
    ForeignForm(
        "a timing diagram of WaveDrom",
        re.compile(r"^[^\S\n]*+\{\s*+[\"']?(?:signal|assign|reg)[\"']?\s*+:\s*+\[", re.M),
        "Signals over time are no network; draw its units and their connections.",
    ),
    ForeignForm(
        "a figure in Typst",
        re.compile(r"#(?:import\s++\"@preview/(?:fletcher|cetz|diagraph)|diagram\(|canvas\(\s*+\{|cetz\.canvas|fletcher\.diagram|figure\()"),
        _AS_DOT.format("or as TikZ"),
    ),
    ForeignForm(
        "a figure of Asymptote",
        re.compile(r"^[^\S\n]*+import (?:graph|flowchart|node|roundedpath)\s*+;", re.M),
        _AS_DOT.format("or as TikZ"),
    ),
    ForeignForm("a figure of PSTricks", re.compile(r"\\begin\{pspicture\}|\\psmatrix|\\begin\{psmatrix\}|\\rput\b"), "Write it as TikZ."),
    ForeignForm("a diagram of Xy-pic", re.compile(r"\\xymatrix\b|\\begin\{xy\}"), "Write it as TikZ."),
    ForeignForm("a drawing of Fig", re.compile(r"\A#FIG 3\.\d"), "Export it from xfig as SVG and give that file."),
    ForeignForm("a drawing of tldraw", re.compile(r"\"tldrawFileFormatVersion\"|\"type\"\s*+:\s*+\"tldraw\""), "Export it from tldraw as SVG and give that file."),
    ForeignForm("a diagram of BPMN", re.compile(r"<(?:\w++:)?definitions\b[^>]*+omg\.org/spec/BPMN"), "A business process is no network."),
    ForeignForm("a diagram in ERD or DBML", re.compile(r"^Table\s++\w++\s*+\{|^erDiagram\b", re.M), "Tables of a database are no network."),
    ForeignForm("a chart of Vega", re.compile(r"vega\.github\.io/schema/"), "A chart of numbers is no network."),
    ForeignForm("a GEXF file", re.compile(r"<gexf\b"), "Export it from Gephi as GraphML and give that file."),
    ForeignForm("a TGF file", re.compile(r"\A(?:\s*+\d++[ \t]++\S[^\n]*+\n)+\s*+#\s*+\n(?:\s*+\d++[ \t]++\d++[^\n]*+\n?+)+\s*+\Z"), _AS_DOT.format("or save it as GraphML")),
)  # fmt: skip


class _Kind(NamedTuple):
    """A part of the table.

    Args:
        rows: its forms.
        certainty: how sure one of them is, from 0 to 1.
        within: characters in which its marks stand.
        error: what is raised.
        wanted: what to give instead.
    """

    rows: tuple[ForeignForm, ...]
    certainty: float
    within: int
    error: type[NotationError | CannotExpress]
    wanted: str


_KINDS = (
    _Kind(
        _MODELS,
        0.965,
        50_000,
        NotationError,
        "a form that is read: code of PyTorch, Keras, flax, equinox or NumPy, a formula, a drawing",
    ),
    _Kind(_DRAWINGS, 0.92, 4_000, CannotExpress, "a drawing in a form that is read"),
)


class _Found(NamedTuple):
    kind: _Kind
    form: ForeignForm
    place: Span


def _form_of(text: str) -> _Found | None:
    """Return the form that a text shows itself in; None for none of the table."""
    for kind in _KINDS:
        head = text[: kind.within]
        for form in kind.rows:
            if found := form.marks.search(head):
                start = found.start() + len(found.group()) - len(found.group().lstrip())
                return _Found(kind, form, Span(start, start + max(1, len(found.group().strip()))))
    return None


def recognise_foreign(text: str) -> float:
    """Return how likely it is that a text is in a form that is not read."""
    found = _form_of(text)
    return found.kind.certainty if found else 0.0


def read_foreign(text: str, name: str | None = None) -> Network:
    """Raise the error that names a form which is not read, and says what to write instead.

    Args:
        text: what the user gave.
        name: of no use here.

    Raises:
        NotationError: for a form of models.
        CannotExpress: for a form of drawings.
    """
    source = SourceText("text", text, remedy=_WRITE)
    found = _form_of(text)
    if found is None:
        raise source.refuse(None, got="no form that is known", wanted="a form of a network")
    got = f"{found.form.name}, which is recognised and not read"
    raise source.refuse(
        found.place, got=got, wanted=found.kind.wanted, remedy=found.form.remedy, kind=found.kind.error
    )


FOREIGN = Notation(name="foreign", recognise=recognise_foreign, read=read_foreign)
