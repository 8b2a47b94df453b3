"""Layers as candle, tch and burn make them, written as the calls of `torch.nn` that they stand for."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from chalknet.errors import ChalknetError
from chalknet.notation.languages.layers import FunctionRow, ProgramReading
from chalknet.notation.languages.python_text import PythonText, identifier
from chalknet.notation.languages.terms import CallTerm, LambdaTerm, ListTerm, MemberTerm, NameTerm, Term
from chalknet.notation.torch_effects import EFFECTS

_PLAIN = {
    "relu": "ReLU", "sigmoid": "Sigmoid", "tanh": "Tanh", "silu": "SiLU", "swish": "SiLU", "mish": "Mish",
    "hardswish": "Hardswish", "hard_swish": "Hardswish", "hardsigmoid": "Hardsigmoid", "selu": "SELU",
    "hard_sigmoid": "Hardsigmoid", "relu6": "ReLU6", "softplus": "Softplus", "gelu_erf": "GELU",
}  # fmt: skip
FUNCTIONS: Mapping[str, FunctionRow] = {
    **{name: FunctionRow(f"nn.{torch}(") for name, torch in _PLAIN.items()},
    "gelu": FunctionRow("nn.GELU(", ("approximate",)),
    "elu": FunctionRow("nn.ELU(", ("alpha",)),
    "leaky_relu": FunctionRow("nn.LeakyReLU(", ("negative_slope",)),
    "softmax": FunctionRow("nn.Softmax(dim=1", ("dim", "")),
    "log_softmax": FunctionRow("nn.LogSoftmax(dim=1", ("dim", "")),
    "softmax_last_dim": FunctionRow("nn.Softmax(dim=1"),
}
_TANH = FunctionRow("nn.GELU(approximate='tanh'")
OF_CANDLE: Mapping[str, FunctionRow] = {**FUNCTIONS, "gelu": _TANH}
# The cases of candle's `Activation`, and burn's modules.
_CASES: Mapping[str, FunctionRow] = {
    "Relu": FunctionRow("nn.ReLU("),
    "Gelu": FunctionRow("nn.GELU("),
    "NewGelu": _TANH,
    "GeluPytorchTanh": _TANH,
    "Silu": FunctionRow("nn.SiLU("),
    "Swish": FunctionRow("nn.SiLU("),
    "Sigmoid": FunctionRow("nn.Sigmoid("),
    "HardSigmoid": FunctionRow("nn.Hardsigmoid("),
    "HardSwish": FunctionRow("nn.Hardswish("),
    "Relu6": FunctionRow("nn.ReLU6("),
    "Mish": FunctionRow("nn.Mish("),
    "Tanh": FunctionRow("nn.Tanh("),
    "Elu": FunctionRow("nn.ELU(", ("alpha",)),
    "LeakyRelu": FunctionRow("nn.LeakyReLU(", ("negative_slope",)),
}
_PASSED = frozenset("unwrap expect into clone to_owned".split())


class RustLayers:
    """Writes expressions that make layers.

    Args:
        reading: the program.
        structs: the names of the parameters of what makes each struct with layers.
    """

    def __init__(self, reading: ProgramReading, structs: Mapping[str, list[str]]) -> None:
        self.reading = reading
        self._structs = structs
        self.chains: set[str] = set()  # the names of chains that stand before
        text = reading.source.text
        self.functions = OF_CANDLE if "candle" in text else FUNCTIONS
        self._makers: Mapping[str, Callable[[CallTerm, PythonText], None]] = {
            "linear": self._linear,
            "linear_no_bias": self._linear,
            "linear_b": self._linear,
            "LinearConfig": self._config,
            "DropoutConfig": self._config,
            "Dropout": self._config,
            "layer_norm": self._norm,
            "batch_norm": self._norm,
            "batch_norm1d": self._norm,
        }

    def is_method(self, term: CallTerm) -> bool:
        """Return whether a call is one of a method, `x.relu()`, and of no function, `ops::relu(x)`."""
        if isinstance(term.callee, MemberTerm):
            return True
        if not isinstance(term.callee, NameTerm) or "." not in term.callee.path:
            return False
        before = term.callee.span.end - len(term.callee.last) - 1
        return self.reading.source.text[before] == "."

    def receiver(self, term: CallTerm) -> Term:
        """Return what a method is called on."""
        if isinstance(term.callee, MemberTerm):
            return term.callee.of
        assert isinstance(term.callee, NameTerm)
        span = term.callee.span
        return NameTerm(
            term.callee.path.rpartition(".")[0], span._replace(end=span.end - len(term.callee.last) - 1)
        )

    def is_struct(self, term: Term) -> bool:
        """Return whether an expression makes a struct with layers."""
        return isinstance(term, CallTerm) and term.path.split(".")[0] in self._structs

    def write(self, term: Term, python: PythonText) -> None:
        """Write a layer, a function as a layer, or a chain of layers.

        Raises:
            NotationError, CannotExpress: for what is none.
        """
        reading = self.reading
        meant = reading.constants.value(term) if isinstance(term, NameTerm) else term
        if isinstance(term, NameTerm) and meant is term and (problem := reading.constants.problem(term)):
            raise reading.refuse(term, problem)
        if (made := self.activation(meant)) is not None:
            python.add(made, term.span)
        elif isinstance(meant, CallTerm) and self.is_struct(meant):
            given = [self._argument(one) for one in meant.positional]
            python.add(f"{identifier(meant.path.split('.')[0])}({', '.join(given)})", meant.span)
        elif isinstance(meant, CallTerm) and self.is_method(meant):
            self._method(meant, python)
        elif isinstance(meant, CallTerm) and (maker := self._makers.get(self._called(meant))):
            maker(meant, python)
        elif isinstance(meant, CallTerm) and meant.name in ("func", "new") and meant.positional:
            self.write(meant.positional[0], python)  # Box::new(layer), func(|xs| xs.relu())
        elif isinstance(meant, CallTerm) and meant.name in ("seq", "seq_t"):
            python.add("nn.Sequential()", meant.span)
        else:
            raise self.unknown(meant)

    def unknown(self, term: Term) -> ChalknetError:
        """Return the error for what is no layer that is known."""
        got = f"{self.reading.shown(term)}, which no step of a network describes"
        return self.reading.refuse(term, got, layer=True)

    def _called(self, term: CallTerm) -> str:
        """Return what makes a layer: `linear`, or `Dropout` of `Dropout::new`."""
        return term.path.split(".")[-2] if term.name == "new" and "." in term.path else term.name

    def _argument(self, term: Term) -> str:
        """Return what a struct is made with: a number, a name, or None for the rest."""
        value = self.reading.constants.number(term)
        if value is not None:
            return repr(value)
        return identifier(term.path) if isinstance(term, NameTerm) and "." not in term.path else "None"

    def activation(self, term: Term) -> str | None:
        """Return the layer that a function is: `Activation::Relu`, `|xs| xs.relu()`; None for no function."""
        if isinstance(term, LambdaTerm):
            return self._closure(term)
        called = term.callee if isinstance(term, CallTerm) else term
        if not isinstance(called, NameTerm):
            return None
        path = called.path.split(".")
        case = path[-2] if path[-1] == "new" and len(path) > 1 else path[-1]
        row = _CASES.get(case)
        if row is None:
            plain = isinstance(term, NameTerm) and len(path) > 1 and path[0] != "self"
            row = self.reading.row(case, self.functions) if plain else None
            return f"{row.torch})" if row else None
        given = term.positional if isinstance(term, CallTerm) else []
        return self.reading.with_options(term, row, given) if isinstance(term, CallTerm) else f"{row.torch})"

    def _closure(self, term: LambdaTerm) -> str | None:
        body = term.body
        if not isinstance(body, CallTerm) or not term.parameters:
            return None
        given = body.positional
        x = self.receiver(body) if self.is_method(body) else given.pop(0) if given else None
        if not isinstance(x, NameTerm) or x.path != term.parameters[0]:
            return None
        if body.name == "dropout" and term.parameters[1:] and len(given) == 2:
            trains = given[1]
            if isinstance(trains, NameTerm) and trains.path == term.parameters[1]:
                return f"nn.Dropout({self.reading.value(given[0])})"
        if body.name in ("view", "flatten", "flatten_from", "flat_view"):
            return "nn.Flatten()" if self.flattens(body.name, given) else None
        row = self.reading.row(body.name, self.functions)
        return self.reading.with_options(body, row, given) if row else None

    def flattens(self, name: str, given: list[Term]) -> bool:
        """Return whether a method lays the values of each sample in a row."""
        values = [self.reading.constants.number(one) for one in given]
        if name == "flat_view":
            return not given
        if name == "view":
            sizes = given[0].items if len(given) == 1 and isinstance(given[0], ListTerm) else ()
            return len(sizes) == 2 and self.reading.constants.number(sizes[0]) == -1
        return values[:1] == [1] and values[1:] in ([], [-1])

    def _method(self, term: Term, python: PythonText) -> None:
        """Write `seq().add(layer).add_fn(f)`, and `LinearConfig::new(4, 2).with_bias(false).init(device)`."""
        reading = self.reading
        waiting: list[CallTerm] = []
        whole = term
        while isinstance(term, CallTerm) and self.is_method(term):
            waiting.insert(0, term)
            inner = self.receiver(term)
            grown = isinstance(inner, NameTerm) and inner.path in self.chains
            if not isinstance(inner, CallTerm) and not grown:
                raise self.unknown(term)
            term = inner
        begun = isinstance(term, CallTerm) and self._called(term) in ("seq", "seq_t")
        if isinstance(term, NameTerm) or begun:
            python.add("nn.Sequential(", term.span)
            if isinstance(term, NameTerm):
                python.add(f"{identifier(term.path)},\n", term.span)
            for one in waiting:
                if one.name in ("add", "add_fn", "add_fn_t") and len(one.positional) == 1:
                    self.write(one.positional[0], python)
                    python.add(",\n", one.positional[0].span)
                elif one.name not in _PASSED:
                    raise self.unknown(one)
            python.add(")", term.span)
            return
        if not isinstance(term, CallTerm):
            raise self.unknown(whole)
        bias = True
        for one in waiting:
            if one.name == "with_bias" and len(one.positional) == 1:
                bias = reading.truth(one.positional[0])
            elif one.name == "with_initializer":
                reading.note(one.positional[0], EFFECTS["initializer"].words)
            elif one.name not in ("init", *_PASSED):
                raise self.unknown(one)
        if self._called(term) == "LinearConfig":
            self._config(term, python, bias=bias)
        else:
            self.write(term, python)

    def _linear(self, term: CallTerm, python: PythonText) -> None:
        """Write `linear(4, 2, vb)` of candle or `nn::linear(vs, 4, 2, config)` of tch."""
        reading, given, bias = self.reading, term.positional, term.name != "linear_no_bias"
        if term.name == "linear_b" and len(given) == 4:
            bias = reading.truth(given[2])
        elif term.name == "linear" and len(given) == 4:
            bias = self._tch_bias(given[3])
            given = given[1:3]
        elif len(given) != 3:
            raise self.unknown(term)
        sizes = [reading.size(one) for one in given[:2]]
        python.add(f"nn.Linear({', '.join(sizes)}{'' if bias else ', bias=False'})", term.span)

    def _tch_bias(self, term: Term) -> bool:
        """Return whether a layer with a configuration of tch has a bias."""
        reading, meant = self.reading, self.reading.constants.value(term)
        if not isinstance(meant, CallTerm):
            raise reading.refuse(term, f"{reading.shown(term)}, which is not known", "Default::default()")
        bias = True
        for name, value in meant.keywords.items():
            if name == "bias":
                bias = reading.truth(value)
            elif name in ("ws_init", "bs_init"):
                reading.note(value, EFFECTS["initializer"].words)
            else:
                raise self.unknown(value)
        return bias

    def _config(self, term: CallTerm, python: PythonText, *, bias: bool = True) -> None:
        """Write `LinearConfig::new(4, 2)` of burn, and `Dropout::new(0.5)`."""
        kind, given = self._called(term), term.positional
        if kind == "LinearConfig" and len(given) == 2:
            sizes = [self.reading.size(one) for one in given]
            python.add(f"nn.Linear({', '.join(sizes)}{'' if bias else ', bias=False'})", term.span)
        elif kind != "LinearConfig" and len(given) == 1:
            python.add(f"nn.Dropout({self.reading.value(given[0])})", term.span)
        else:
            raise self.unknown(term)

    def _norm(self, term: CallTerm, python: PythonText) -> None:
        """Write `layer_norm(64, 1e-5, vb)` of candle, `batch_norm1d(vs, 64, Default::default())` of tch."""
        given, reading = term.positional, self.reading
        torch = "LayerNorm" if term.name == "layer_norm" else "BatchNorm1d"
        of_tch = term.name == "batch_norm1d"
        size, config = (
            (given[1], given[2])
            if of_tch and len(given) == 3
            else given[:2]
            if len(given) == 3
            else (None, None)
        )
        if size is None or config is None:
            raise self.unknown(term)
        eps = reading.constants.number(config)
        plain = isinstance(config, CallTerm) and config.name == "default" and not config.arguments
        if eps is None and not plain:
            raise self.unknown(term)
        python.add(f"nn.{torch}({reading.size(size)}{'' if eps is None else f', eps={eps!r}'})", term.span)
