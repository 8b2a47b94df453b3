"""What calling something in PyTorch code gives, without running it."""

from __future__ import annotations

import builtins
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from chalknet.notation.torch_layers import CodeLayer, Unknown, layer_of_function, make_layer
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
    return Unknown(f"{name}(...)")


def call_layer(callee: CodeLayer | CodeChain, call: Call) -> Flow:
    """Return x after a layer or a chain; x may be any value that is not known."""
    first = call.argument(0, "input")
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
    if name == "extend":
        chain.append(*elements(call.argument(0, "sequential")))
    elif name == "append":
        chain.append(call.argument(0, "module"))
    elif name == "insert":
        items = list(chain.items)
        items.insert(_place(call.argument(0, "index")), call.argument(1, "module"))
        chain.renew(items)
    elif name == "pop":
        place = _place(call.argument(0, "key"))
        items = list(chain.items)
        taken = items.pop(place)
        chain.renew(items)
        return taken
    elif name in ("add_module", "register_module"):
        chain.put(_name(call.argument(0, "name")), call.argument(1, "module"))
    elif name not in SELF:
        return Unknown(f".{name}(...)", name, (chain,))
    return chain


def flow_method(flow: Flow, name: str, call: Call) -> object:
    """Return x after a function of torch or a method of x."""
    if name in SELF:
        return flow
    if name in _SIZES:
        return Unknown(f"{flow.x}.{name}({', '.join(map(str, call.positional))})")
    in_place = name.endswith("_") and not name.endswith("__")
    layer = layer_of_function(name.removesuffix("_"))
    if layer is not None and layer.name == "Dropout":
        return _dropout(flow, call, in_place)
    if layer is not None:
        positional = call.positional[: len(layer.parameters or ())]
        keywords = {key: value for key, value in call.keywords.items() if key not in _NO_OPTIONS}
        if (
            layer.name == "Flatten" and not positional and "start_dim" not in keywords
        ):  # 0, unlike the layer's
            got = "flatten without start_dim=1, which puts all samples into one row"
            return flow.through(no_chain(call.source, call.span, got, "Write x.flatten(1)."))
        made = make_layer(call.source, layer.name, positional, keywords, call.span)
        return flow.through(replace(made, in_place=in_place or made.in_place))
    if name in ("view", "reshape") and (sizes := _sizes_of_samples(call)):
        flat = make_layer(call.source, "Flatten", [], {}, call.span)
        return flow.through(replace(flat, gives=sizes[0] if isinstance(sizes[0], int) else None))
    problem = no_chain(call.source, call.span, f"{name}(...) of {flow.x}")
    return flow.through(replace(problem, in_place=in_place))


def _dropout(flow: Flow, call: Call, in_place: bool) -> object:
    """Return x after `F.dropout`, which drops in evaluation too unless `training` says otherwise."""
    given = {**dict(zip(("p", "training", "inplace"), call.positional, strict=False)), **call.keywords}
    training = given.pop("training", given.pop("train", True))
    if training is False:
        return flow
    if not isinstance(training, bool):
        shown = training.source if isinstance(training, Unknown) else repr(training)
        got = f"dropout with training={shown}, which only running the code would tell"
        remedy = "Write training=self.training, or use nn.Dropout."
        return flow.through(no_chain(call.source, call.span, got, remedy))
    made = make_layer(call.source, "Dropout", [], given, call.span)
    return flow.through(replace(made, always=True, in_place=in_place or made.in_place))


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


_BATCH = re.compile(r"\w+|\w+\.size\(0\)|\w+\.shape\[0\]|len\(\w+\)")


def _sizes_of_samples(call: Call) -> list[object]:
    """Return the one size that a view gives each sample, or nothing where it may mix the samples."""
    sizes = call.positional
    if len(sizes) == 1 and isinstance(sizes[0], list | tuple):
        sizes = list(sizes[0])
    if len(sizes) != 2 or (isinstance(sizes[1], Unknown) and not sizes[1].source.isidentifier()):
        return []
    batch = sizes[0]
    of_batch = isinstance(batch, Unknown) and bool(_BATCH.fullmatch(batch.source)) and sizes[1] != 1
    return [None if sizes[1] == -1 else sizes[1]] if batch == -1 != sizes[1] or of_batch else []


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
# Methods that give the module, or x, back: they do not change the layers.
SELF = frozenset(
    "to cuda cpu float double half bfloat16 train eval requires_grad_ apply share_memory type compile "
    "contiguous clone detach".split()
)
# Methods that tell something about x, known only when the code runs.
_SIZES = frozenset("size dim numel ndimension is_floating_point is_contiguous get_device stride".split())
# Keywords that do not change the network.
_NO_OPTIONS = ("dtype", "_stacklevel")
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
