"""The path of x through the layers of PyTorch code, and what is not on it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from chalknet.errors import CannotExpress, ChalknetError
from chalknet.network import Dropout, Residual
from chalknet.notation.libraries.known import function_layer
from chalknet.notation.limits import LIMITS, check_limit
from chalknet.notation.tokens import Span
from chalknet.notation.torch_layers import FIT_AS_IT_IS, CodeLayer, Unknown, every, no_layer
from chalknet.notation.torch_network import network_of_layers
from chalknet.notation.torch_statements import Interpreter
from chalknet.notation.torch_text import Code
from chalknet.notation.torch_values import Added, Call, CodeChain, Dotted, Flow, Instance

_DEPTH = 50  # of modules inside modules


def path_of(value: object, run: Interpreter, code: Code) -> list[CodeLayer]:
    """Return the layers of a network in their order, which but for Dropout is that of evaluation too.

    Raises:
        NotationError, CannotExpress: for what is no path through layers, in either mode.
    """
    layers = list(islice(_layers(value, run, code), LIMITS["layers"] + 1))
    check_limit(code.source, None, "layers", len(layers))
    if run.mode_matters:
        run.training = False
        evaluated = list(_layers(value, run, code))
        run.training = True
        _refuse_other_path(layers, evaluated, code)
    else:
        evaluated = layers
    for layer in every(evaluated):
        if layer.always and isinstance(layer.step, Dropout):
            raise code.source.refuse(
                layer.span,
                kind=CannotExpress,
                got="a dropout that is on in evaluation too",
                wanted="one that is off in evaluation, as nn.Dropout is",
                remedy="Write F.dropout(x, p, training=self.training), or nn.Dropout in __init__. "
                + FIT_AS_IT_IS,
            )
    return layers


def _refuse_other_path(training: list[CodeLayer], evaluated: list[CodeLayer], code: Code) -> None:
    """Refuse code whose x passes other steps in evaluation, Dropout aside."""
    one, other = ([(*_known(layer), layer) for layer in _but_dropout(path)] for path in (training, evaluated))
    if [entry[:2] for entry in one] == [entry[:2] for entry in other]:
        return
    pairs = zip(one, other, strict=False)
    parting = [b[2] for a, b in pairs if a[:2] != b[:2]] or [entry[2] for entry in (one + other)[-1:]]
    raise code.source.refuse(
        parting[0].span if parting else None,
        kind=CannotExpress,
        got="a forward that takes another path in evaluation than in training",
        wanted="the same path in both; Dropout alone may differ",
        remedy=FIT_AS_IT_IS,
    )


def _but_dropout(layers: Iterable[CodeLayer]) -> Iterator[CodeLayer]:
    """Yield layers, and those inside residual blocks behind each block, but for Dropout."""
    return (layer for layer in every(layers) if not isinstance(layer.step, Dropout))


def _known(layer: CodeLayer) -> tuple[object, object]:
    """Return what is the same of a layer in both modes; the layers in a block come behind it."""
    if layer.inner:
        return "block", sum(1 for _ in _but_dropout(layer.inner))
    return layer.step, _identity(layer)


def _identity(layer: CodeLayer) -> object:
    """Return what tells a layer with weights from another; flax makes it anew at each call of forward."""
    if layer.step is None or not layer.step.trainable:
        return 0
    return layer.span if layer.kind.startswith(("flax ", "haiku ")) else id(layer)


def _layers(value: object, run: Interpreter, code: Code, depth: int = 0) -> Iterator[CodeLayer]:
    """Yield the layers of a network in their order, nested chains flattened."""
    run.budget.spend(None)
    if depth > _DEPTH:
        raise code.source.refuse(
            None,
            got=f"more than {_DEPTH} modules inside one another",
            wanted="fewer",
            remedy="Write the layers of the inner ones into the outer ones: they compute the same.",
        )
    if isinstance(value, CodeLayer):
        if value.problem is not None:
            raise value.problem
        yield value
    elif isinstance(value, Dotted) and (layer := function_layer(value, Span(0, 1))) is not None:
        yield layer
    elif isinstance(value, CodeChain | Flow | list | tuple):
        for item in value.items if isinstance(value, CodeChain | Flow) else value:
            yield from _layers(item, run, code, depth + 1)
    elif isinstance(value, Added):
        yield _around(
            value, [layer for item in value.items for layer in _layers(item, run, code, depth + 1)], code
        )
    elif isinstance(value, Instance):
        yield from _layers(_passed(value, run, code), run, code, depth + 1)
    else:
        raise _no_layer(value, code)


def _around(value: Added, layers: list[CodeLayer], code: Code) -> CodeLayer:
    """Return the residual block of the layers that x goes around."""
    inner = network_of_layers(code.source, layers)
    with code.source.pointing(value.span):
        step = Residual(inner.steps)
    takes = inner.output_shape if inner.symbols else inner.input_shape  # a linear map in it gives them back
    takes = () if any(isinstance(size, str) for size in takes) else takes
    return CodeLayer(value.span, step, takes, kind="Residual", inner=tuple(layers))


def _passed(instance: Instance, run: Interpreter, code: Code) -> Flow:
    """Return x after an object's forward."""
    flow = Flow(instance.span)
    given = run.forward(instance, Call(code.source, instance.span, [flow]))
    if isinstance(given, Flow) and given.start is flow.start:
        return given
    method = next(filter(None, map(instance.kind.member, ("forward", "__call__", "call"))), None)
    span = code.span(getattr(method, "node", instance.kind.node))
    what = "a value that does not come from x through layers"
    if given is None:
        what = "nothing"
    elif isinstance(given, tuple | list | dict):
        what = f"{len(given)} value{'s' * (len(given) != 1)} in a {type(given).__name__}"
    elif isinstance(given, Flow | Unknown):
        source = given.x if isinstance(given, Flow) else given.source
        what = f"what {source if source != 'x' else 'another x'} leads to, which is not what it is given"
    raise code.source.refuse(
        Span(
            span.start,
            code.source.text.find("\n", span.start) if "\n" in code.source.text[span.start :] else span.end,
        ),
        kind=CannotExpress,
        got=f"a forward of {instance.kind.node.name} that returns {what}",
        wanted="one value, x after one layer after the other",
        remedy=FIT_AS_IT_IS,
    )


def _no_layer(value: object, code: Code) -> ChalknetError:
    if isinstance(value, Unknown) and value.name.isidentifier():
        problem = no_layer(value.name)
        at = max(code.source.text.find(f"{value.name}("), 0)
        problem.excerpt = code.source.excerpt(Span(at, at + len(value.name)))
        return problem
    path = value.path if isinstance(value, Dotted) else repr(value)
    shown = value.source if isinstance(value, Unknown) else path
    got = f"{shown} in the place of a layer"
    return code.source.refuse(None, got=got, wanted="layers such as nn.Linear(784, 32)")


def left_out(value: object, layers: list[CodeLayer], code: Code) -> list[str]:
    """Return a note for each layer that a network holds and x does not pass, and for copies of layers."""
    passed = {id(layer) for layer in every(layers)}
    notes = []
    for path, part in _held(value, "self", {}):
        if id(part) not in passed:
            line = ""
            if isinstance(part, CodeLayer):
                line = f", made in line {code.source.excerpt(part.span).line_number},"
            notes.append(f"{path}{line} is not on the way from x to what forward returns: it is left out")
    for layer in every(layers):
        if layer.origin is not None and layer.step is not None and layer.step.trainable:
            line = f"line {code.source.excerpt(layer.span).line_number}"
            notes.append(
                f"{line}: copies of a layer start with its weights; the network draws weights for each"
            )
    return notes


def _held(value: object, path: str, seen: dict[int, object]) -> Iterator[tuple[str, object]]:
    """Yield the layers that an object holds, and parameters of its own, each with the path to it."""
    if id(value) in seen:
        return
    seen[id(value)] = value
    if isinstance(value, CodeLayer) or (isinstance(value, Unknown) and value.name == "Parameter"):
        yield path, value
    members: dict[object, object] = {}
    if isinstance(value, Instance):
        members = {f".{name}": part for name, part in value.attributes.items()}
        if value.chain is not None:
            members |= {f"[{place}]": part for place, part in enumerate(value.chain.items)}
    elif isinstance(value, CodeChain | list | tuple):
        items = value.items if isinstance(value, CodeChain) else value
        members = {f"[{place}]": part for place, part in enumerate(items)}
    elif isinstance(value, dict):
        members = {f"[{name!r}]": part for name, part in value.items()}
    for name, part in members.items():
        yield from _held(part, f"{path}{name}", seen)
