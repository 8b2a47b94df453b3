"""MATLAB's arrays of layers, `[featureInputLayer(8); fullyConnectedLayer(3)]`, read as PyTorch."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from chalknet.errors import ChalknetError
from chalknet.notation.languages.layers import ProgramReading
from chalknet.notation.languages.python_text import PythonText, identifier
from chalknet.notation.languages.terms import CallTerm, ListTerm, NameTerm, Term, TextTerm
from chalknet.notation.torch_effects import EFFECTS

PREPARES = "prepares the data and is no step of the network: prepare them so"
_LEARNS = "changes how fast a layer learns, which is not read"
# What options that are no part of the network say of it, by their names.
_NOTED = tuple(
    (re.compile(pattern, re.I), words)
    for pattern, words in (
        (r"\w+Initializer", EFFECTS["initializer"].words),
        (r"\w+L2Factor", EFFECTS["regularizer"].words),
        (r"\w+LearnRateFactor", _LEARNS),
        (r"Weights|Bias|Scale|Offset|TrainedMean|TrainedVariance", EFFECTS["weights"].words),
    )
)
_SILENT = frozenset("name description classes lossfunction responsenames".split())


class ArrayRow(NamedTuple):
    """A layer of MATLAB.

    Args:
        torch: the call of `torch.nn` that it is, without the options given; empty for nothing.
        options: the arguments of that call by the names of MATLAB's; its first argument has the name "".
    """

    torch: str
    options: Mapping[str, str] = {}


_NORM = {"epsilon": "eps"}
ROWS: Mapping[str, ArrayRow] = {
    "reluLayer": ArrayRow("nn.ReLU("),
    "leakyReluLayer": ArrayRow("nn.LeakyReLU(", {"": "negative_slope"}),
    "eluLayer": ArrayRow("nn.ELU(", {"": "alpha"}),
    "geluLayer": ArrayRow("nn.GELU(", {"approximation": "approximate"}),
    "swishLayer": ArrayRow("nn.SiLU("),
    "sigmoidLayer": ArrayRow("nn.Sigmoid("),
    "tanhLayer": ArrayRow("nn.Tanh("),
    "softplusLayer": ArrayRow("nn.Softplus("),
    "softmaxLayer": ArrayRow("nn.Softmax(dim=1"),
    "dropoutLayer": ArrayRow("nn.Dropout(", {"": "p"}),
    "flattenLayer": ArrayRow("nn.Flatten("),
    "identityLayer": ArrayRow("nn.Identity("),
    "batchNormalizationLayer": ArrayRow("nn.BatchNorm1d(", _NORM),
    "layerNormalizationLayer": ArrayRow("nn.LayerNorm(", _NORM),
}
_ENDS = frozenset("classificationLayer regressionLayer".split())
_LAYER = re.compile(r"[a-z]\w*Layer")
_KNOWN = re.compile(
    rf"{'|'.join((*ROWS, *_ENDS))}|fullyConnectedLayer|lstmLayer|convolution\w+"
    r"|(?:feature|image|sequence)InputLayer"
)
_GRAPH = frozenset("addLayers connectLayers disconnectLayers removeLayers replaceLayer".split())


class MatlabArrays:
    """Finds the arrays of layers of a program and writes them as PyTorch.

    Args:
        reading: the program.
    """

    def __init__(self, reading: ProgramReading) -> None:
        self._reading = reading
        self._widths: dict[str, str] = {}  # what an array that has a name gives
        self._arriving = ""  # the width that arrives at the next layer; empty where it is not known
        self._ended = False
        self._used: set[str] = set()

    def found(self) -> Iterator[int]:
        """Yield the index of the bracket of each array of layers that stands in no other one."""
        words, behind = self._reading.words, 0
        names: set[str] = set()
        for index, word in enumerate(words.all):
            closing = words.closing.get(index, 0)
            if index < behind or word.text != "[" or not closing:
                continue
            inside = (words.all[at].text for at in range(index + 1, closing) if words.opened[at] == index)
            if any(text in names or _LAYER.fullmatch(text) for text in inside):
                names.add(self._name(index))
                after = words.all[closing + 1]
                if after.kind == "newline" or after.text in (";", ")", ",", "'"):
                    yield index
            behind = closing

    @property
    def are_layers(self) -> bool:
        """Return whether an array holds a layer that MATLAB has."""
        words = self._reading.words
        known = (
            _KNOWN.fullmatch(words.all[at].text)
            for index in self.found()
            for at in range(index + 1, words.closing[index])
        )
        return any(known)

    def write(self, python: PythonText) -> None:
        """Write each array as a Sequential, under its name."""
        reading, words = self._reading, self._reading.words
        for word in words.all:
            if word.text in _GRAPH and word.kind == "name":
                place = reading.place(word)
                got = f"{word.text}, which makes a graph of layers"
                raise reading.refuse(place, got, "an array of layers, one after the other")
        starts = set(self.found())
        reading.check_chains(len(starts))
        names = {name for index in starts if (name := self._name(index))}
        for index, word in enumerate(words.all):
            if index in starts:
                self._array(index, python)
            elif word.kind == "name" and word.text in names and self._changes(index, starts):
                python.add(f"{identifier(word.text)} = changed()\n", reading.place(word))

    def _changes(self, index: int, starts: set[int]) -> bool:
        """Return whether a name of an array is given another value; refuse to change one of its members."""
        words = self._reading.words
        if words.opened[index] >= 0 or (
            index and words.all[index - 1].kind != "newline" and not words.is_sign(index - 1, ";", ",")
        ):
            return False
        behind = index + 1
        if (
            words.is_sign(behind, "(")
            and behind in words.closing
            and words.is_sign(words.closing[behind] + 1, "=")
        ):
            place = self._reading.place(words.all[index])
            got = f"{words.all[index].text}(...) = ..., which changes an array of layers"
            raise self._reading.refuse(
                place, got, "an array that is as it was made", "Write the layers in one array."
            )
        return words.is_sign(behind, "=") and behind + 1 not in starts

    def _name(self, index: int) -> str:
        words = self._reading.words
        before = words.all[index - 2] if index > 1 and words.is_sign(index - 1, "=") else None
        return before.text if before is not None and before.kind == "name" else ""

    def _array(self, index: int, python: PythonText) -> None:
        reading, words = self._reading, self._reading.words
        term, _ = reading.terms.read(index)
        if not isinstance(term, ListTerm):
            raise reading.refuse(term, f"{reading.shown(term)}, which is not read")
        if (loop := words.repeating[index]) >= 0:
            got = f"layers inside '{words.all[loop].text}', of which only running the code tells how it goes"
            raise reading.refuse(term, got, "an array that is made once", "Write all layers in one array.")
        name = self._name(index)
        self._arriving, self._ended = "", False
        python.add(f"{identifier(name)} = nn.Sequential(" if name else "nn.Sequential(", term.span)
        for item in term.items:
            self._layer(item, python)
        python.add(")\n", term.span)
        self._widths[name] = self._arriving

    def _layer(self, term: Term, python: PythonText) -> None:
        """Write a member of an array: a layer, or the name of one or of an array.

        Raises:
            NotationError, CannotExpress: for anything else.
        """
        reading = self._reading
        if isinstance(term, NameTerm) and not _LAYER.fullmatch(term.path):
            self._named(term, python)
            return
        name = term.path if isinstance(term, NameTerm | CallTerm) else ""
        if self._ended:
            raise reading.refuse(
                term, f"{reading.shown(term)} behind the layer of the loss", "nothing behind it"
            )
        if name == "featureInputLayer" and isinstance(term, CallTerm):
            self._input(term)
        elif name == "fullyConnectedLayer" and isinstance(term, CallTerm):
            self._linear(term, python)
        elif name in ROWS:
            self._row(term, name, python)
        elif name in _ENDS:
            self._ended = True
        elif _LAYER.fullmatch(name):
            raise reading.refuse(term, f"{name}, which no step of a network describes", layer=True)
        else:
            got = f"{reading.shown(term)} in an array of layers, which only running the code would tell"
            raise reading.refuse(term, got)

    def _named(self, term: NameTerm, python: PythonText) -> None:
        """Write the array or the layer that a name stands for."""
        reading, meant = self._reading, self._reading.constants.value(term)
        if term.path in self._widths:
            self._arriving = self._widths[term.path]
            python.add(f"{identifier(term.path)},\n", term.span)
            return
        if problem := reading.constants.problem(term):
            raise reading.refuse(term, problem)
        if meant is term or term.path in self._used:
            got = (
                f"{term.path}, which is used twice"
                if meant is not term
                else f"{term.path}, which is not known"
            )
            raise reading.refuse(term, got, "layers, each with weights of its own")
        self._used.add(term.path)
        self._layer(meant, python)

    def _given(self, term: Term) -> dict[str, Term]:
        """Return the arguments of a layer by their names in small letters, the first ones as "" and "1"."""
        if not isinstance(term, CallTerm):
            return {}
        given: dict[str, Term] = {}
        waiting = term.positional
        while waiting and not isinstance(waiting[0], TextTerm):
            given["" if not given else str(len(given))] = waiting.pop(0)
        for name, value in zip(waiting[::2], waiting[1::2], strict=False):
            given[name.value.lower() if isinstance(name, TextTerm) else self._reading.shown(name)] = value
        given |= {name.lower(): value for name, value in term.keywords.items()}
        return given

    def _others(self, term: Term, given: Mapping[str, Term]) -> None:
        """Note the options of a layer that are no part of the network; refuse one that is not known."""
        for name, value in given.items():
            if name in _SILENT:
                continue
            words = next((words for pattern, words in _NOTED if pattern.fullmatch(name)), "")
            if not words:
                raise self._no_option(term, name)
            self._reading.note(value, words)

    def _no_option(self, term: Term, name: str) -> ChalknetError:
        called = f"the option {name}" if name and not name.isdigit() else "an argument"
        return self._reading.refuse(
            term, f"{called} of {self._reading.shown(term)}, which is not read", layer=True
        )

    def _input(self, term: CallTerm) -> None:
        given = self._given(term)
        if "" not in given:
            raise self._no_option(term, "")
        self._arriving = self._reading.size(given.pop(""))
        how = given.pop("normalization", None)
        for name in (
            "mean",
            "standarddeviation",
            "min",
            "max",
            "normalizationdimension",
            "splitcomplexinputs",
        ):
            given.pop(name, None)
        if how is not None and not (isinstance(how, TextTerm) and how.value.lower() == "none"):
            self._reading.note(term, PREPARES)
        self._others(term, given)

    def _linear(self, term: CallTerm, python: PythonText) -> None:
        given = self._given(term)
        if "" not in given:
            raise self._no_option(term, "")
        leaving = self._reading.size(given.pop(""))
        self._others(term, given)
        made = f"nn.Linear({self._arriving}, {leaving})" if self._arriving else f"nn.LazyLinear({leaving})"
        python.add(f"{made},\n", term.span)
        self._arriving = leaving

    def _row(self, term: Term, name: str, python: PythonText) -> None:
        """Write a layer of the table."""
        reading, row, given = self._reading, ROWS[name], self._given(term)
        options = []
        if row.options is _NORM:
            if not self._arriving:
                got = f"{name} of a width that is not known"
                raise reading.refuse(
                    term, got, "a layer with a width before it", "Begin with featureInputLayer(8)."
                )
            options.append(self._arriving)
            for known, usual in (("meandecay", 0.1), ("variancedecay", 0.1)):
                if known in given and reading.constants.number(given.pop(known)) != usual:
                    raise self._no_option(term, known)
        for option, argument in row.options.items():
            if option in given:
                options.append(f"{argument}={reading.value(given.pop(option))}")
        self._others(term, given)
        separator = "" if row.torch.endswith("(") or not options else ", "
        python.add(f"{row.torch}{separator}{', '.join(options)}),\n", term.span)
