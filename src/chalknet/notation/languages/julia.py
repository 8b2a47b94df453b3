"""Julia code for Flux and Lux: `Chain(Dense(7 => 14, relu), Dense(14 => 1))`, read as its PyTorch."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from chalknet.notation.languages.layers import FunctionRow, ProgramReading
from chalknet.notation.languages.python_text import PythonText, identifier
from chalknet.notation.languages.terms import CallTerm, LambdaTerm, ListTerm, NameTerm, OperationTerm, Term
from chalknet.notation.torch_effects import EFFECTS

IMPORTS = re.compile(
    r"^[ \t]*+(?:using|import)[ \t]++(?:[\w.]++[ \t]*+,[ \t]*+)*+(?:Flux|Lux)\b(?=[ \t]*+(?:$|[,:;#]))", re.M
)
_MADE_TANH = FunctionRow("nn.GELU(approximate='tanh'")
_ROWS = {
    "ReLU": "relu", "Sigmoid": "σ sigmoid sigmoid_fast", "Tanh": "tanh tanh_fast", "SiLU": "swish",
    "Softplus": "softplus", "Mish": "mish", "SELU": "selu", "ReLU6": "relu6", "Softsign": "softsign",
    "Hardsigmoid": "hardσ hardsigmoid", "Hardswish": "hardswish", "GELU": "gelu_erf",
}  # fmt: skip
FUNCTIONS: Mapping[str, FunctionRow] = {
    **{name: FunctionRow(f"nn.{torch}(") for torch, names in _ROWS.items() for name in names.split()},
    **dict.fromkeys(("gelu", "gelu_tanh"), _MADE_TANH),
    "leakyrelu": FunctionRow("nn.LeakyReLU(", ("negative_slope",)),
    "elu": FunctionRow("nn.ELU(", ("alpha",)),
    "softmax": FunctionRow("nn.Softmax(dim=1"),
    "logsoftmax": FunctionRow("nn.LogSoftmax(dim=1"),
    "identity": FunctionRow("nn.Identity("),
    "flatten": FunctionRow("nn.Flatten("),
}
_NORM_OPTIONS = {"eps": "eps", "epsilon": "eps", "ϵ": "eps", "ε": "eps", "momentum": "momentum"}
_STARTS = re.compile(r"init\w*")
# What a chain may be given to and stays the same.
_HARMLESS = frozenset("gpu cpu f32 f64 cu fmap device dev to_device setup Flux".split())
_PLACED = ("=", "(", ",", ";", "->", "=>", "|>", "")


class JuliaChains:
    """Finds the chains of a program and writes them as PyTorch.

    Args:
        reading: the program.
    """

    def __init__(self, reading: ProgramReading) -> None:
        self._reading = reading
        self._used: set[str] = set()  # names of layers

    def found(self) -> Iterator[int]:
        """Yield the index of each `Chain` that stands in no other one and is a part of a program."""
        words, behind = self._reading.words, 0
        for index, word in enumerate(words.all):
            if index < behind or word.text != "Chain" or not words.is_sign(index + 1, "("):
                continue
            if (closing := words.closing.get(index + 1)) is None:
                continue
            start = self._start(index)
            before, after = words.all[start - 1] if start else None, words.all[closing + 1]
            placed = (
                before is None or before.kind == "newline" or before.text in (*_PLACED, "return", "begin")
            )
            ends = after.kind == "newline" or after.text in (";", ")", ",", "|>", "end", "]")
            if placed and ends:
                behind = closing
                yield start

    def _start(self, index: int) -> int:
        return index - 2 if self._reading.words.is_sign(index - 1, ".") else index

    @property
    def are_layers(self) -> bool:
        """Return whether the program has a chain, and a layer as Flux and Lux call it."""
        words = self._reading.words
        layers = (word.text == "Dense" and words.is_sign(at + 1, "(") for at, word in enumerate(words.all))
        return any(layers) and next(self.found(), None) is not None

    def _read(self, index: int) -> CallTerm | None:
        """Return the chain at a word, without what only moves it to a device: `Chain(...) |> gpu`."""
        term, _ = self._reading.terms.read(index)
        while isinstance(term, OperationTerm) and term.sign == "|>":
            term, moved = term.values
            if not isinstance(moved, NameTerm) or moved.path not in _HARMLESS:
                got = f"a Chain that is given to {self._reading.shown(moved)}"
                raise self._reading.refuse(moved, got, "the Chain alone")
        return term if isinstance(term, CallTerm) else None

    def write(self, python: PythonText) -> None:
        """Write each chain as a Sequential, under its name."""
        self._refuse_forward()
        self._refuse_others()
        for index in self.found():
            if (term := self._read(index)) is None:
                continue
            self._refuse_place(index, term)
            name = self._name(index)
            python.add(f"{name} = " if name else "", term.span)
            self._layer(term, python)
            python.add("\n", term.span)

    def _refuse_others(self) -> None:
        """Refuse a program with a chain in a place that is not read: `softmax ∘ Chain(...)`."""
        words = self._reading.words
        if not IMPORTS.search(self._reading.source.text):
            return
        starts, behind = set(self.found()), 0
        for index, word in enumerate(words.all[:-1]):
            if word.text != "Chain" or not words.is_sign(index + 1, "(") or index < behind:
                continue
            if self._start(index) not in starts:
                got = "a Chain in a place that is not read"
                place = self._reading.place(word)
                raise self._reading.refuse(place, got, "model = Chain(...)", "Give the Chain alone.")
            behind = words.closing.get(index + 1, index)

    def _name(self, index: int) -> str:
        """Return what a chain is assigned to, empty for nothing."""
        words = self._reading.words
        at = words.before_lines(index - 1)
        if not words.is_sign(at, "="):
            return ""
        at -= 3 if words.is_sign(at - 2, "::") else 1
        return identifier(words.all[at].text) if words.all[at].kind == "name" else ""

    def _refuse_place(self, index: int, term: CallTerm) -> None:
        """Refuse a chain that is made several times, or that is a part of something else."""
        reading, words = self._reading, self._reading.words
        if (loop := words.repeating[index]) >= 0:
            got = f"a Chain inside '{words.all[loop].text}', of which only running the code tells how it goes"
            raise reading.refuse(term, got, "a Chain that is made once", "Write the Chain outside of it.")
        around = words.opened[index]
        if around > 0 and words.is_sign(around, "(") and words.all[around - 1].kind == "name":
            given = words.all[around - 1].text
            if given[:1].isupper() and given not in _HARMLESS and not self._is_struct(given):
                got = f"a Chain inside {given}(...), which no step of a network describes"
                raise reading.refuse(term, got, layer=True)
        if around > 0 and words.is_sign(around - 1, "&&", "||", "?", ":"):
            got = "a Chain under a condition, of which only running the code tells how it goes"
            raise reading.refuse(term, got, "a Chain that is made once", "Write the Chain outside of it.")
        if around > 0 and words.is_sign(around, "["):
            got = "a Chain that is a member of a list"
            raise reading.refuse(term, got, "one Chain", "Give the Chain alone.")

    def _is_struct(self, name: str) -> bool:
        return re.search(rf"\bstruct\s+{re.escape(name)}\b", self._reading.source.text) is not None

    def _refuse_forward(self) -> None:
        """Refuse a struct whose forward does more than call its chain: `(m::Net)(x) = m.chain(x) .+ x`."""
        reading, words = self._reading, self._reading.words
        for index, word in enumerate(words.all[:-5]):
            starts = (
                index == 0
                or words.all[index - 1].kind == "newline"
                or words.all[index - 1].text == "function"
            )
            if not starts or word.text != "(" or index not in words.closing:
                continue
            behind = words.closing[index] + 1
            called = words.is_sign(index + 1, "::") or words.is_sign(index + 2, "::")
            if not called or not words.is_sign(behind, "(") or behind not in words.closing:
                continue
            body = words.after_lines(words.closing[behind] + 1)
            body += words.is_sign(body, "=")
            term, ends = reading.terms.read(words.after_lines(body))
            last = words.all[words.after_lines(ends)]
            owner = words.all[index + 1].text
            x = words.all[behind + 1].text
            plain = (
                isinstance(term, CallTerm)
                and term.path.startswith(f"{owner}.")
                and [one.path for one in term.positional if isinstance(one, NameTerm)][:1] == [x]
                and (words.all[ends].kind == "newline" or last.text == "end")
            )
            if not plain:
                got = f"a forward of its own, {reading.shown(term)}, which is not read"
                raise reading.refuse(term, got, "a Chain that is called as it is", "Give the Chain alone.")

    def _layer(self, term: Term, python: PythonText) -> None:
        """Write what stands in a chain: a layer, a function, a chain, or the name of one.

        Raises:
            NotationError, CannotExpress: for anything else.
        """
        reading = self._reading
        if isinstance(term, NameTerm) and term.last not in FUNCTIONS:
            meant = reading.constants.value(term)
            if problem := reading.constants.problem(term):
                raise reading.refuse(term, problem)
            if meant is not term:
                if isinstance(meant, CallTerm) and term.path in self._used:
                    got = f"{term.path}, which is used twice, with the same weights"
                    raise reading.refuse(term, got, "weights of its own for each layer", layer=True)
                self._used.add(term.path)
                if isinstance(meant, CallTerm) and meant.name == "Chain":
                    python.add(identifier(term.path), term.span)
                    return
                self._layer(meant, python)
                return
        made = reading.function(term, FUNCTIONS)
        if made is not None:
            python.add(made, term.span)
        elif isinstance(term, CallTerm) and term.name in _LAYERS:
            _LAYERS[term.name](self, term, python)
        else:
            raise self._unknown(term)

    def _unknown(self, term: Term) -> Exception:
        reading = self._reading
        if isinstance(term, CallTerm) and term.name[:1].isupper():
            return reading.refuse(
                term, f"the layer {term.name}, which no step of a network describes", layer=True
            )
        if isinstance(term, NameTerm | LambdaTerm | CallTerm):
            return reading.refuse(
                term, f"{reading.shown(term)}, which is no function that is known", layer=True
            )
        got = f"{reading.shown(term)} in a Chain, which only running the code would tell"
        return reading.refuse(term, got)

    def _chain(self, term: CallTerm, python: PythonText) -> None:
        python.add("nn.Sequential(", term.span)
        members = [one.value for one in term.arguments]
        if len(members) == 1 and isinstance(members[0], ListTerm):
            members = list(members[0].items)
        for member in members:
            self._layer(member, python)
            python.add(",\n", member.span)
        python.add(")", term.span)

    def _activation(self, term: Term | None, python: PythonText) -> None:
        """Write the function that a layer applies to its result."""
        if term is None:
            return
        meant = self._reading.constants.value(term) if isinstance(term, NameTerm) else term
        if isinstance(meant, NameTerm) and meant.last == "identity":
            return
        made = self._reading.function(meant, FUNCTIONS)
        if made is None:
            raise self._unknown(term)
        python.add(f",\n{made}", term.span)

    def _dense(self, term: CallTerm, python: PythonText) -> None:
        """Write `Dense(in => out, activation)`."""
        reading, given = self._reading, term.positional
        pair = given[:1]
        if pair and isinstance(pair[0], OperationTerm) and pair[0].sign == "=>":
            sizes, rest = list(pair[0].values), given[1:]
        else:
            sizes, rest = given[:2], given[2:]
        keywords = term.keywords
        activation = rest[0] if rest else keywords.pop("activation", None)
        if len(sizes) < 2 or len(rest) > 1:
            got = f"{reading.shown(term)}, of which the widths are not known"
            raise reading.refuse(term, got, "Dense(in => out, activation)", "Write Dense(784 => 32, relu).")
        arriving, leaving = (reading.size(size) for size in sizes)
        bias = ""
        for name, value in keywords.items():
            if name in ("bias", "use_bias"):
                bias = "" if reading.truth(value) else ", bias=False"
            elif _STARTS.fullmatch(name):
                reading.note(value, EFFECTS["initializer"].words)
            else:
                raise self._no_option(term, name)
        python.add(f"nn.Linear({arriving}, {leaving}{bias})", term.span)
        self._activation(activation, python)

    def _no_option(self, term: CallTerm, name: str) -> Exception:
        return self._reading.refuse(
            term, f"{name} in {self._reading.shown(term)}, which is not read", layer=True
        )

    def _norm(self, term: CallTerm, python: PythonText) -> None:
        """Write `BatchNorm(n, activation)` or `LayerNorm(n)`."""
        reading = self._reading
        torch, affine = (
            ("BatchNorm1d", "affine") if term.name == "BatchNorm" else ("LayerNorm", "elementwise_affine")
        )
        given = term.positional
        sizes = given[0].items if given and isinstance(given[0], ListTerm) else given[:1]
        if len(sizes) != 1 or len(given) > 2:
            raise reading.refuse(term, f"{reading.shown(term)}, over several axes", layer=True)
        options = [reading.size(sizes[0])]
        for name, value in term.keywords.items():
            if name in _NORM_OPTIONS:
                options.append(f"{_NORM_OPTIONS[name]}={reading.value(value)}")
            elif name == "affine":
                options.append(f"{affine}={reading.truth(value)}")
            elif name in ("track_stats", "active") and reading.truth(value):
                continue
            elif _STARTS.fullmatch(name):
                reading.note(value, EFFECTS["initializer"].words)
            else:
                raise self._no_option(term, name)
        python.add(f"nn.{torch}({', '.join(options)})", term.span)
        self._activation(given[1] if len(given) > 1 else None, python)

    def _dropout(self, term: CallTerm, python: PythonText) -> None:
        """Write `Dropout(p)` or `AlphaDropout(p)`."""
        reading, keywords = self._reading, term.keywords
        if len(term.positional) != 1 or keywords.keys() - {"rng"}:
            raise self._no_option(term, next(iter(keywords), "p"))
        python.add(f"nn.{term.name}({reading.value(term.positional[0])})", term.span)

    def _wrapped(self, term: CallTerm, python: PythonText) -> None:
        """Write `WrappedFunction(f)`, `FlattenLayer()`."""
        if term.name == "FlattenLayer" and not term.arguments:
            python.add("nn.Flatten()", term.span)
        elif len(term.positional) == 1 and not term.keywords:
            self._layer(term.positional[0], python)
        else:
            raise self._unknown(term)


_LAYERS = {
    "Chain": JuliaChains._chain,
    "Dense": JuliaChains._dense,
    **dict.fromkeys(("BatchNorm", "LayerNorm"), JuliaChains._norm),
    **dict.fromkeys(("Dropout", "AlphaDropout"), JuliaChains._dropout),
    **dict.fromkeys(("WrappedFunction", "ActivationFunction", "FlattenLayer"), JuliaChains._wrapped),
}
