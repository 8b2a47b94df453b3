"""The kinds of values in PyTorch code that is analysed without running it, and what calling one gives."""

from __future__ import annotations

import ast
import builtins
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from chalknet.errors import CannotExpress
from chalknet.network import Arguments, torch_layers
from chalknet.notation.tokens import SourceText, Span
from chalknet.notation.torch_layers import FIT_AS_IT_IS, CodeLayer, Unknown, layer_of_function, make_layer

_LARGEST_LIST = 10_000


@dataclass(frozen=True)
class Dotted:
    """A name that an import brings, by its full path: `torch.nn.Linear`."""

    path: str

    @property
    def last(self) -> str:
        """Return the name itself, `Linear`."""
        return self.path.rpartition(".")[2]


@dataclass(frozen=True, eq=False)
class CodeChain:
    """An `nn.Sequential`: layers and chains in their order, which the code may still append to."""

    span: Span
    items: list[object]


@dataclass(frozen=True, eq=False)
class Flow:
    """An x and the layers it has passed, inside `forward` or by hand."""

    span: Span
    items: tuple[object, ...] = ()
    x: str = "x"  # what the code calls it

    def through(self, *items: object) -> Flow:
        """Return it after some more layers."""
        return Flow(self.span, (*self.items, *items), self.x)


@dataclass(frozen=True, eq=False)
class Function:
    """A `def` of the text, and the object it belongs to when it is a method."""

    node: ast.FunctionDef
    owner: Instance | None = None


@dataclass(frozen=True, eq=False)
class Class:
    """A `class` of the text."""

    node: ast.ClassDef
    bases: tuple[object, ...]

    def method(self, name: str) -> ast.FunctionDef | None:
        """Return the method of this name, its own or a base's."""
        for statement in self.node.body:
            if isinstance(statement, ast.FunctionDef) and statement.name == name:
                return statement
        inherited = [base.method(name) for base in self.bases if isinstance(base, Class)]
        return next(filter(None, inherited), None)


@dataclass(frozen=True, eq=False)
class Instance:
    """An object of a class of the text: an `nn.Module` of the user's own.

    Args:
        kind: its class.
        span: where it was made.
        attributes: what `self` holds.
        chain: for a subclass of `nn.Sequential`, what it was made of.
    """

    kind: Class
    span: Span
    attributes: dict[str, object] = field(default_factory=dict)
    chain: list[object] = field(default_factory=list)


@dataclass(frozen=True)
class Call:
    """The values of one call and where it stands."""

    source: SourceText
    span: Span
    positional: list[object] = field(default_factory=list)
    keywords: Arguments = field(default_factory=dict)

    def argument(self, place: int, name: str) -> object:
        """Return an argument given by place or by name, or None."""
        return self.positional[place] if place < len(self.positional) else self.keywords.get(name)


def call_torch(path: Dotted, call: Call) -> object:
    """Return what calling a name of torch or of the standard library gives."""
    name, first = path.last, call.argument(0, "input")
    if path.path in _WRAPPERS:
        return first
    if name in _CONTAINERS and not path.path.startswith("builtins."):
        return _CONTAINERS[name](call)
    if path.path.startswith("builtins.") or path.path.startswith("math."):
        return _call_python(path, call)
    if isinstance(first, Flow) and path.path.startswith("torch."):
        return flow_method(first, name, Call(call.source, call.span, call.positional[1:], call.keywords))
    if path.path.startswith(("torch.nn.functional.", "torch.nn.init.", "torch.nn.utils.")):
        return Unknown(f"{path.path}(...)")
    if path.path.startswith("torch.nn.") and name[:1].isupper() and not name.endswith("Loss"):
        return make_layer(call.source, name, call.positional, call.keywords, call.span)
    return Unknown(f"{name}(...)")


def call_layer(callee: CodeLayer | CodeChain, call: Call) -> Flow:
    """Return x after a layer or a chain; x may be any value that is not known."""
    first = call.argument(0, "input")
    if isinstance(first, Flow):
        return first.through(callee)
    return Flow(call.span, (callee,), first.source if isinstance(first, Unknown) else "x")


def chain_method(chain: CodeChain, name: str, call: Call) -> object:
    """Return what a method of an `nn.Sequential` gives; it may change the chain."""
    if name == "forward":
        return call_layer(chain, call)
    if name == "extend":
        chain.items.extend(elements(call.argument(0, "sequential")))
    elif name == "append":
        chain.items.append(call.argument(0, "module"))
    elif name == "insert":
        place = call.argument(0, "index")
        chain.items.insert(place if isinstance(place, int) else 0, call.argument(1, "module"))
    elif name in ("add_module", "register_module"):
        chain.items.append(call.argument(1, "module"))
    elif name not in _SELF:
        return Unknown(f".{name}(...)")
    return chain


def flow_method(flow: Flow, name: str, call: Call) -> Flow:
    """Return x after a function of torch or a method of x."""
    if name in _SELF:
        return flow
    layer = layer_of_function(name)
    if layer is not None:
        keywords = {key: value for key, value in call.keywords.items() if key not in _NO_OPTIONS}
        positional = call.positional[: len(layer.effective)]
        return flow.through(make_layer(call.source, layer.name, positional, keywords, call.span))
    if name in ("view", "reshape") and _keeps_the_batch(call):
        return flow.through(make_layer(call.source, "Flatten", [], call.keywords, call.span))
    return flow.through(no_chain(call.source, call.span, f"{name}(...) of {flow.x}"))


def common_name(name: str) -> Dotted | None:
    """Return what a name stands for in code without imports, such as a line cut out of a page, or None."""
    return _COMMON.get(name) or (Dotted(f"torch.nn.{name}") if name in torch_layers() else None)


def no_chain(source: SourceText, span: Span, got: str) -> CodeLayer:
    """Return a layer whose problem is that x passes no chain of steps."""
    wanted = "one layer after the other, from x to yhat"
    problem = source.refuse(span, got=got, wanted=wanted, remedy=FIT_AS_IT_IS, kind=CannotExpress)
    return CodeLayer(span, problem=problem)


def elements(value: object) -> list[object]:
    """Return the members of a list, chain, dict or range; of anything else, itself as the only one.

    Raises:
        ValueError: for more of them than any network has layers.
    """
    if isinstance(value, range | list | tuple) and len(value) > _LARGEST_LIST:
        raise ValueError(f"{len(value)} members")
    if isinstance(value, CodeChain):
        return list(value.items)
    if isinstance(value, Mapping):
        return list(value.values())
    if isinstance(value, Iterable) and not isinstance(value, str):
        return list(value)
    return [value]


def _keeps_the_batch(call: Call) -> bool:
    sizes = call.positional
    if len(sizes) == 1 and isinstance(sizes[0], list | tuple):
        sizes = list(sizes[0])
    return len(sizes) == 2 and (sizes[0] == -1 or (isinstance(sizes[0], Unknown | Flow) and sizes[1] != 1))


def _sequential(call: Call) -> CodeChain:
    items: list[object] = []
    for value in call.positional:
        items += elements(value) if isinstance(value, Mapping) else [value]
    return CodeChain(call.span, items)


def _module_list(call: Call) -> list[object]:
    return elements(call.positional[0]) if call.positional else []


def _ordered(call: Call) -> dict[object, object]:
    given = call.positional[0] if call.positional else {}
    made: dict[object, object] = dict(given if isinstance(given, Mapping) else elements(given))  # type: ignore[arg-type]
    return made | dict(call.keywords)


_CONTAINERS: Mapping[str, Callable[[Call], object]] = {
    "Sequential": _sequential,
    "ModuleList": _module_list,
    "OrderedDict": _ordered,
    "ModuleDict": _ordered,
}
_WRAPPERS = {
    "torch.compile",
    "torch.jit.script",
    "torch.nn.DataParallel",
    "torch.nn.parallel.DistributedDataParallel",
    "copy.copy",
    "copy.deepcopy",
}
# Methods that give the module, or x, back: they do not change the network.
_SELF = frozenset(
    "to cuda cpu float double half bfloat16 train eval requires_grad_ apply share_memory type compile "
    "contiguous clone detach".split()
)
# Keywords that do not change the network.
_NO_OPTIONS = ("inplace", "training", "dtype", "_stacklevel")
_PYTHON = frozenset(
    "abs bool dict enumerate float int len list max min range reversed round sorted str sum tuple zip".split()
)
BUILTINS: Mapping[str, Dotted] = {name: Dotted(f"builtins.{name}") for name in _PYTHON}
_COMMON: Mapping[str, Dotted] = {
    "torch": Dotted("torch"),
    "nn": Dotted("torch.nn"),
    "F": Dotted("torch.nn.functional"),
    "math": Dotted("math"),
    "OrderedDict": Dotted("collections.OrderedDict"),
    **{name: Dotted(f"torch.nn.{name}") for name in ("Sequential", "ModuleList", "Module")},
}


_MATH = frozenset({"math.prod", "math.ceil", "math.floor", "math.sqrt", "math.log2", "math.pow"})


def _call_python(path: Dotted, call: Call) -> object:
    if path.path not in _MATH and path.last not in _PYTHON:
        return Unknown(f"{path.last}(...)")
    if any(isinstance(value, Unknown) for value in call.positional):
        shown = [value.source if isinstance(value, Unknown) else "..." for value in call.positional]
        return Unknown(f"{path.last}({', '.join(shown)})")
    long = [value for value in call.positional if isinstance(value, range) and len(value) > _LARGEST_LIST]
    if long and path.last != "len":
        return Unknown(f"{path.last}(...)")
    values = [value.items if isinstance(value, CodeChain) else value for value in call.positional]
    function = getattr(math if path.path in _MATH else builtins, path.last)
    result = function(*values, **call.keywords)
    return list(result) if path.last in ("zip", "enumerate", "reversed") else result
