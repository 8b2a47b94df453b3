"""What calling something in PyTorch code gives, without running it."""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable, Mapping
from dataclasses import replace

from chalknet.network import EMBED_CLASS
from chalknet.notation.libraries.keras import ADD, input_of, sum_of
from chalknet.notation.libraries.known import call_library
from chalknet.notation.torch_flow import SELF, flow_method
from chalknet.notation.torch_layers import CodeLayer, Unknown, make_layer
from chalknet.notation.torch_values import (
    LARGEST_LIST,
    Call,
    CodeChain,
    Dotted,
    Flow,
    Instance,
    elements,
    no_chain,
    roots,
)


def call_torch(path: Dotted, call: Call) -> object:
    """Return what calling a name of torch or of the standard library gives."""
    name, first = path.last, call.argument(0, "input")
    if path.path in _WRAPPERS:
        return first
    if (made := call_library(path, call)) is not None:
        return made
    if path.path in _COPIES:
        return _copied(first, _COPIES[path.path])
    if name in _CONTAINERS and not path.path.startswith("builtins."):
        return _CONTAINERS[name](call)
    if path.path.startswith(("builtins.", "math.")):
        return _call_python(path, call)
    if isinstance(first, Flow) and path.path.startswith("torch."):
        keywords = {key: value for key, value in call.keywords.items() if call.positional or key != "input"}
        return flow_method(first, name, Call(call.source, call.span, call.positional[1:], keywords))
    if flow := next((value for value in roots(*call.values) if isinstance(value, Flow)), None):
        return flow.through(no_chain(call.source, call.span, f"{name}(...) of {flow.x}"))
    if path.path in ("torch.nn.Parameter", "torch.nn.parameter.Parameter"):
        return Unknown(f"{name}(...)", name, roots(*call.values))
    if path.path.startswith(("torch.nn.functional.", "torch.nn.init.", "torch.nn.utils.")):
        return Unknown(f"{path.path}(...)", "" if name[:1].islower() else name)
    if path.path.startswith("torch.nn.") and name[:1].isupper() and not name.endswith("Loss"):
        return make_layer(call.source, name, call.positional, call.keywords, call.span)
    if path.path == EMBED_CLASS:
        return make_layer(call.source, path.path, call.positional, call.keywords, call.span)
    return Unknown(f"{name}(...)")


def call_layer(callee: CodeLayer | CodeChain, call: Call) -> object:
    """Return x after a layer or a chain; x may be any value that is not known."""
    first = call.argument(0, "input")
    if isinstance(callee, CodeLayer) and callee.kind == ADD:
        return sum_of(call)
    if isinstance(first, Flow):
        return first.through(callee)
    return Flow(call.span, (callee,), first.source if isinstance(first, Unknown) else "x")


def chain_method(chain: CodeChain, name: str, call: Call) -> object:
    """Return what a method of an `nn.Sequential` gives; it may change the chain.

    Raises:
        TypeError, LookupError: for what torch would not take, or a place that is not known.
    """
    if name == "forward":
        return call_layer(chain, call)
    if name == "build":
        return _built(chain, call)
    if name == "extend":
        chain.append(*elements(call.argument(0, "sequential")))
    elif name in ("append", "add"):
        chain.append(call.argument(0, "module" if name == "append" else "layer"))
    elif name == "insert":
        items = list(chain.items)
        items.insert(_place(call.argument(0, "index")), call.argument(1, "module"))
        chain.renew(items)
    elif name == "pop":
        place = _place(call.argument(0, "key")) if call.values else -1
        items = list(chain.items)
        taken = items.pop(place)
        chain.renew(items)
        return taken
    elif name in ("add_module", "register_module"):
        chain.put(_name(call.argument(0, "name")), call.argument(1, "module"))
    elif name not in SELF:
        return Unknown(f".{name}(...)", name, (chain,))
    return chain


def _built(chain: CodeChain, call: Call) -> CodeChain:
    """Return a chain of Keras whose `build((None, 784))` states the shape of its input."""
    shape = call.argument(0, "input_shape")
    items = list(chain.items)
    chain.renew([input_of(replace(call, positional=[], keywords={"batch_shape": shape})), *items])
    return chain


def _copied(value: object, deep: bool, memo: dict[int, object] | None = None) -> object:
    """Return a copy as the module `copy` makes it: a deep one has layers, and weights, of its own."""
    memo = {} if memo is None else memo
    if id(value) in memo:
        return memo[id(value)]

    def part(inner: object) -> object:
        return _copied(inner, deep, memo) if deep else inner

    made: object = value
    if isinstance(value, list | tuple):
        made = type(value)(part(inner) for inner in value)
    elif isinstance(value, dict):
        made = {key: part(inner) for key, inner in value.items()}
    elif isinstance(value, CodeLayer) and deep:
        made = replace(value, origin=value)
    elif isinstance(value, CodeChain):
        made = CodeChain(value.span, {name: part(inner) for name, inner in value.modules.items()})
    elif isinstance(value, Instance) and deep:
        attributes = {name: part(inner) for name, inner in value.attributes.items()}
        chain = _copied(value.chain, deep, memo) if value.chain else None
        made = replace(value, attributes=attributes, chain=chain)  # type: ignore[arg-type]
    memo[id(value)] = made
    return made


def _place(value: object) -> int:
    if isinstance(value, int):
        return value
    raise TypeError("a place that is known only when the code runs")


def _name(value: object) -> str:
    if isinstance(value, str):
        return value
    raise TypeError("a name that is known only when the code runs")


def _sequential(call: Call) -> CodeChain:
    if len(call.positional) == 1 and isinstance(call.positional[0], Mapping):
        return CodeChain(call.span, {str(name): item for name, item in call.positional[0].items()})
    items: list[object] = []
    for value in call.positional:
        items += elements(value) if isinstance(value, Mapping) else [value]
    return CodeChain.of(call.span, items)


def _module_list(call: Call) -> list[object]:
    given = call.argument(0, "modules")
    return [] if given is None else elements(given)


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
}
_COPIES = {"copy.copy": False, "copy.deepcopy": True}
_PYTHON = frozenset(
    "abs bool dict enumerate float int len list max min range reversed round sorted str sum tuple zip".split()
)
BUILTINS: Mapping[str, Dotted] = {name: Dotted(f"builtins.{name}") for name in _PYTHON}
_ITERATING = frozenset("dict enumerate list reversed sorted tuple zip".split())
_MATH = frozenset({"math.prod", "math.ceil", "math.floor", "math.sqrt", "math.log2", "math.pow"})


def _call_python(path: Dotted, call: Call) -> object:
    if path.path not in _MATH and path.last not in _PYTHON:
        return Unknown(f"{path.last}(...)")
    if any(isinstance(value, Unknown) for value in call.positional):
        shown = [value.source if isinstance(value, Unknown) else "..." for value in call.positional]
        same = roots(*call.positional) if path.last in _ITERATING else ()
        return Unknown(f"{path.last}({', '.join(shown)})", of=same)
    long = [value for value in call.positional if isinstance(value, range) and len(value) > LARGEST_LIST]
    if long and path.last != "len":
        return Unknown(f"{path.last}(...)")
    values = [_plain(value) for value in call.positional]
    function = getattr(math if path.path in _MATH else builtins, path.last)
    result = function(*values, **call.keywords)
    return list(result) if path.last in ("zip", "enumerate", "reversed") else result


def _plain(value: object) -> object:
    if isinstance(value, Instance) and value.chain:
        return value.chain.items
    return value.items if isinstance(value, CodeChain) else value
