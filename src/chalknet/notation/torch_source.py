"""PyTorch source as a notation: read by following the code and never by running it."""

from __future__ import annotations

import re
import warnings
from dataclasses import replace
from functools import partial

from chalknet.errors import CannotExpress, ChalknetError, unknown_name
from chalknet.network import Network, Shape
from chalknet.notation.libraries.example_data import told_by_data
from chalknet.notation.libraries.haiku import sample_width, transformed_names
from chalknet.notation.libraries.known import NOTES_OF, family_of
from chalknet.notation.libraries.modules import is_module
from chalknet.notation.libraries.writer import write_flax, write_keras
from chalknet.notation.listings.printed import read_printed, recognise_printed
from chalknet.notation.notation import Notation
from chalknet.notation.tokens import Span
from chalknet.notation.torch_layers import CodeLayer, Unknown, every
from chalknet.notation.torch_names import Binding
from chalknet.notation.torch_network import network_of_layers
from chalknet.notation.torch_path import left_out, path_of
from chalknet.notation.torch_statements import Interpreter
from chalknet.notation.torch_text import Code, parse
from chalknet.notation.torch_values import Call, Class, CodeChain, Flow, Function, Instance, Model, parts
from chalknet.notation.torch_writer import write_torch

INPUT_SHAPE = re.compile(
    r"#[ \t]*+input[ _]shape[ \t]*+[:=]?[ \t]*+\(?[ \t]*+([\w ,×\t]{1,500}+)(?:\)|$)", re.M
)
_IN_A_BOX = re.compile(r"^[ \t]*+[|│║┃][^\n]*[|│║┃][ \t]*+$", re.M)  # of a drawing of characters
_CALL = re.compile(r"\w[ \t]*+\(")
# What the method is called that says which way x takes, by a part of the class's base.
_METHODS = (
    *(("keras", "call"), ("tensorflow", "call")),
    *((library, "__call__") for library in ("flax", "equinox", "haiku")),
)
_WANTED = "a Sequential, a class with layers and a forward, or a layer"
_LOOKS_LIKE_TORCH = re.compile(
    r"\bnn\s*\.|\bSequential\b|\b(?:Lazy)?Linear\s*\(\s*(?:\w+\s*[,=]|\)|$)|\b(?:import|from)\s+torch\b"
)


def read_torch(text: str, name: str | None = None) -> Network:
    """Return the network that PyTorch code defines; the code is parsed and never run.

    Args:
        text: a script, a notebook's cell, a page with fenced code; what `print(module)` gave is read too,
            with a DeprecationWarning, since it is a notation of its own.
        name: the variable, class or function wanted, or `line 12`, where the text defines several.

    Raises:
        NotationError: for a text without a network or with several, listing them by name and line.
        CannotExpress: for a layer that no step describes, and for a statement about a layer that no network
            holds, such as one that shares weights.
        ShapeMismatch: for a Linear that does not take what arrives.
    """
    if recognise_printed(text):
        called = 'read(..., notation="torch") of what print(module) gave is now notation="printed"'
        warnings.warn(called, DeprecationWarning, stacklevel=7)  # the caller of the public verb
        return read_printed(text, name)
    return network_of_code(parse(text), name)


def network_of_code(code: Code, name: str | None = None) -> Network:
    """Return the network that parsed code defines; see `read_torch` for the name and the errors."""
    run = Interpreter(code)
    try:
        run.follow()
        found = _candidates(run, code)
        if not found:
            raise _no_network(run, code)
        chosen, notes = _choose(found, name, code)
        layers = path_of(chosen.value, run, code)
    except RecursionError:
        got, wanted = "modules nested without end", "layers one after the other"
        raise code.source.refuse(None, got=got, wanted=wanted) from None
    if not layers:
        got = f"{chosen}, which has no layer"
        raise code.source.refuse(None, got=got, wanted="at least one layer")
    remarks = [remark.found for remark in run.remarks.of(chosen.value, layers)]
    if refusal := next((found for found in remarks if isinstance(found, ChalknetError)), None):
        raise refusal
    notes += [*map(str, remarks), *left_out(chosen.value, layers, code), *_rebound(chosen, run)]
    _refuse_shared_weights(layers, code)
    network = _network(layers, chosen, code)
    of_data = [note for layer in layers if (note := NOTES_OF.get(layer.kind))]
    told = told_by_data(network, code.source.text) if of_data else network
    notes += [note for note in of_data if told is network or "both ends" not in note]
    network = told
    return replace(network, notes=(*dict.fromkeys([*code.notes, *run.notes, *notes, *network.notes]),))


def _rebound(chosen: Binding, run: Interpreter) -> list[str]:
    """Return a note where the network's name stands for something else in the end."""
    last = next((one for one in reversed(run.names.bindings) if one.name == chosen.name), chosen)
    if not chosen.name or isinstance(last.value, Model | Flow | Class | Function) or last.line == chosen.line:
        return []
    return [f"line {last.line}: what {chosen.name} is from there on is not known: read as it was before"]


def recognise_torch(text: str) -> float:
    """Return how likely it is that a text is PyTorch code."""
    if not any(word in text for word in ("nn", "Sequential", "Linear", "torch")):
        return 0.0
    if "torch" not in text and re.search(r"^[ \t]*+(?:import|from) (?:tensorflow|jax)\b", text, re.M):
        return 0.0  # tf.nn, jax.nn
    return 0.95 if _is_code(text) and _LOOKS_LIKE_TORCH.search(_IN_A_BOX.sub("", text)) else 0.0


def recognise_library(code: str, text: str) -> float:
    """Return how likely it is that a text is code of another library.

    Args:
        code: what that code is called, such as "Keras code".
        text: the text.
    """
    text = _IN_A_BOX.sub("", text)
    return 0.96 if family_of(text) == code and _is_code(text) and _CALL.search(text) else 0.0


def _is_code(text: str) -> bool:
    return not text.lstrip().startswith("{") or '"cells"' in text


def _candidates(run: Interpreter, code: Code) -> list[Binding]:
    """Return the networks of a text: finished ones, else what makes one when called, else a computed x."""
    bindings = run.names.bindings
    whole = [binding for binding in bindings if _is_network(binding.value)]
    held: set[int] = set()
    for binding in {id(binding.value): binding for binding in whole}.values():
        held |= parts(binding.value).keys() - {id(binding.value)}
    free = [binding for binding in whole if id(binding.value) not in held]
    if free:
        return _distinct(free)
    made_of_classes = [
        replace(binding, value=_made(run, binding.value, code))
        for binding in bindings
        if isinstance(binding.value, Class | Function)
    ]
    names = transformed_names(code.tree) if family_of(code.source.text) == "haiku code" else ()
    if flows := [
        one for one in made_of_classes if isinstance(one.value, Flow) and (one.name in names or not names)
    ]:
        return _distinct(flows)
    if made := [binding for binding in made_of_classes if _is_network(binding.value)]:
        return _distinct(made)
    held_inside = [  # a class of another kind that keeps a network: self.model = ...
        replace(binding, name=f"{binding.name}.{key}", value=part)
        for binding in made_of_classes
        if isinstance(binding.value, Instance)
        for key, part in binding.value.attributes.items()
        if _is_network(part)
    ]
    if held_inside:
        return _distinct(held_inside)
    computed = [binding for binding in bindings if isinstance(binding.value, Flow)]
    alone = [binding for binding in bindings if isinstance(binding.value, CodeLayer | CodeChain)]
    return _distinct(computed[-1:] or (alone if len(alone) == 1 else []))


def _distinct(bindings: list[Binding]) -> list[Binding]:
    """Return each object once, under its first name; using it without a name makes no second network."""
    first: dict[int, Binding] = {}
    for binding in bindings:
        known = first.get(id(binding.value))
        if known is None or not known.name:
            first[id(binding.value)] = binding
    return list(first.values())


def _made(run: Interpreter, value: Class | Function, code: Code) -> object:
    call = Call(code.source, code.span(value.node))
    return run.enter(value, call) if isinstance(value, Function) else run.instance(value, call)


def _is_network(value: object) -> bool:
    if isinstance(value, Instance):
        holds = any(
            isinstance(part, CodeLayer | CodeChain | Instance | list | dict)
            for part in value.attributes.values()
        )
        has_forward = "forward" in value.attributes or any(
            map(value.kind.member, ("forward", "__call__", "call"))
        )
        holds = holds or is_module(value.kind.base)  # flax makes layers where it calls them
        return bool((value.chain and value.chain.items) or (holds and has_forward))
    return isinstance(value, CodeChain) and not value.layer


def _choose(found: list[Binding], name: str | None, code: Code) -> tuple[Binding, list[str]]:
    if name is not None:
        named = [one for one in found if name in (one.name, f"line {one.line}", str(one.line))]
        if not named:
            known = [one.name or f"line {one.line}" for one in found]
            raise unknown_name(code.source.what, "network", name, known)
        found = named
    names = {one.name for one in found}
    if len(names) == 1 and names != {""}:  # the last one is what the name stands for in the end
        last = found[-1]
        earlier = ", ".join(str(one.line) for one in found[:-1])
        note = f"{last.name} is defined in line {earlier} too; line {last.line} was read"
        return last, [note] if earlier else []
    if len(found) > 1:
        offers = " or ".join(repr(one.name) if one.name else f"'line {one.line}'" for one in found)
        raise code.source.refuse(
            None,
            got=f"{len(found)} networks: {', '.join(map(str, found))}",
            wanted="one, or the name of one",
            remedy=f"Say which: name={offers}; --name on the command line.",
        )
    return found[0], []


def _no_network(run: Interpreter, code: Code) -> ChalknetError:
    """Return the error for code without a network, with the reason where one can be seen."""
    got, wanted, span = "code that defines no network", _WANTED, None
    remedy = ""
    for binding in run.names.bindings:
        value = binding.value
        if isinstance(value, Class) and not any(map(value.member, ("forward", "__call__", "call"))):
            is_layer = any(getattr(base, "last", "").endswith(("Module", "Model")) for base in value.bases)
            if is_layer:
                span = code.span(value.node)
                paths = " ".join(getattr(base, "path", "") for base in value.bases)
                method = next((name for sign, name in _METHODS if sign in paths), "forward")
                got = f"the class {value.node.name}, which has no {method}"
                wanted = f"a {method} that says which way x takes through its layers"
                remedy = f"Add def {method}(self, x): return ..., or write the layers as Sequential(...)."
        elif isinstance(value, Class):
            span = code.span(value.node)
            got = f"the class {value.node.name}, whose __init__ makes no layer that is known here"
            wanted = "layers such as self.fc1 = nn.Linear(784, 32)"
        elif (
            isinstance(value, Unknown)
            and value.name[:1].isupper()
            and value.source.startswith(f"{value.name}(")
        ):
            got = f"{value.source}, and {value.source.partition('(')[0]} is not defined in the text"
            wanted, remedy = "the class itself", "Give the text in which it is defined too."
    if span is not None:
        end = code.source.text.find("\n", span.start)
        span = Span(span.start, end if end > 0 else span.end)
    return code.source.refuse(span, got=got, wanted=wanted, remedy=remedy)


def _refuse_shared_weights(layers: list[CodeLayer], code: Code) -> None:
    seen: set[int] = set()
    for layer in every(layers):
        if layer.step is not None and layer.step.trainable and id(layer) in seen:
            raise code.source.refuse(
                layer.span,
                kind=CannotExpress,
                got="a Linear that is used twice, with the same weights",
                wanted="weights of its own for each step",
                remedy="A module that shares weights can still be fitted as it is.",
            )
        seen.add(id(layer))


def _network(layers: list[CodeLayer], chosen: Binding, code: Code) -> Network:
    name = chosen.name if chosen.name.isidentifier() else "net"
    return network_of_layers(code.source, layers, _stated_shape(code, chosen), name)


def _stated_shape(code: Code, chosen: Binding) -> Shape | None:
    """Return the shape of a comment `# input shape: (28, 28)` in the definition, or of flax's `init`."""
    source, value = code.source, chosen.value
    whole = Span(0, len(source.text))
    span = value.span if isinstance(value, CodeLayer | CodeChain | Flow | Instance) else whole
    end = source.text.find("\n", span.end)
    comment = INPUT_SHAPE.search(source.text, span.start, len(source.text) if end < 0 else end)
    if comment is None:
        width = sample_width(code.tree, source.text) if ".init(" in source.text else None
        return None if width is None else (width,)
    sizes = [size for size in re.split(r"[\s,x×]+(?=\w)", comment.group(1).strip(" \t,")) if size]
    return tuple(int(size) if size.isdigit() else size for size in sizes)


TORCH = Notation(
    name="torch",
    suffixes=(".py",),
    recognise=recognise_torch,
    read=read_torch,
    write=write_torch,
    lossless=True,
)
# Code of other libraries is followed by the same reader, which knows their names.
KERAS, FLAX, EQUINOX, HAIKU, SKLEARN = (
    Notation(name=name, recognise=partial(recognise_library, code), read=read_torch, write=written)
    for name, code, written in (
        ("keras", "Keras code", write_keras),
        ("flax", "flax code", write_flax),
        ("equinox", "equinox code", None),
        ("haiku", "haiku code", None),
        ("sklearn", "scikit-learn code", None),
    )
)
LIBRARIES = (KERAS, FLAX, EQUINOX, HAIKU, SKLEARN)
