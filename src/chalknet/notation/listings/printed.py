"""What `print(module)` printed, of a module of any class, nested as deep as it is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from chalknet.errors import CannotExpress, ChalknetError
from chalknet.network import Activation, Dropout, Linear, Network, Step, torch_layers
from chalknet.notation.limits import check_limit
from chalknet.notation.listings.unshown import settles, with_unknown
from chalknet.notation.notation import Notation
from chalknet.notation.tokens import SourceText, Span
from chalknet.notation.torch_layers import FIT_AS_IT_IS, CodeLayer, make_layer, no_layer
from chalknet.notation.torch_network import network_of_layers

_LINE = re.compile(
    r"[ \t]*+(?:\((?P<name>[\w.\-]+)\): )?(?:(?P<times>[0-9]{1,5}) x )?"
    r"(?P<kind>[^\W\d][\w.]*)\((?P<rest>[^\n]*)"
)
_BEGINS = re.compile(r"^[^\n]*?(?<![\w.])[^\W\d][\w.]*\([ \t]*\n[ \t]*+\([\w.\-]+\): ", re.M)
_CODE = re.compile(r"^[ \t]*+(?:import|from|class|def) ", re.M)
_PROMPT = re.compile(r"[ \t]*+(?:>>>|In \[|\.\.\.)")
_ORDERED = ("Sequential", "OptimizedModule", "DataParallel", "DistributedDataParallel")
_NOTHING = ("ModuleDict", "ParameterList", "ParameterDict")
_DEEPEST = 50
_REMEDY = "Give what print(net) printed as a whole, from its first line to its last bracket."


@dataclass
class _Printed:
    """One module of the print: its class, what stands in its brackets, and the modules inside."""

    name: str
    kind: str
    span: Span
    times: int = 1
    arguments: str = ""
    inside: list[_Printed] = field(default_factory=list)


def read_printed(text: str, name: str | None = None) -> Network:
    """Return the network of a module that was printed.

    Args:
        text: what `print(module)` printed, also with other text around it.
        name: of no use here: the text holds one module.

    Raises:
        NotationError: for a print that is cut off, or in which no layer stands.
        CannotExpress: for a layer that no step describes.
        ShapeMismatch: for layers that do not follow each other.
    """
    source = SourceText("printed module", text.replace("\t", "    "), remedy=_REMEDY)
    check_limit(source, None, "characters of code", len(text))
    root = _tree(source)
    losses: list[str] = []
    held = list(_layers(source, root, losses))
    check_limit(source, None, "layers", len(held))
    notes = [f"{loss} is no layer of the network: it is left out" for loss in losses]
    return network_of_print(source, root.span, root.kind, held, notes)


class Held(NamedTuple):
    """A layer, and the outermost chain that it is in; None where its class may apply it anywhere."""

    layer: CodeLayer
    chain: int | None


def network_of_print(
    source: SourceText, span: Span, kind: str, held: list[Held], notes: Sequence[str] = ()
) -> Network:
    """Return the network of the layers in a print, with what a print does not show as notes.

    Args:
        source: the text, to point into.
        span: where the print begins.
        kind: the class of the model.
        held: its layers in the order in which they are printed.
        notes: what is said of it besides.

    Raises:
        NotationError: for a print without a layer.
        ShapeMismatch: for layers that do not follow each other.
    """
    if not held:
        raise source.refuse(span, got=f"{kind} without a layer", wanted="at least one layer")
    layers, said = [one.layer for one in held], list(notes)
    if kind not in _ORDERED or len({one.chain for one in held}) > 1:
        layers, note = _without_forward(held, kind)
        said.append(note)
    network = network_of_layers(source, layers)
    if network.unsettled:
        unnamed = said.pop() if said else "the print shows no name of a function in it"
        said.append(f"{unnamed}; {settles(network)}")
    printed = [note.replace("the code", "the print") for note in network.notes]
    return replace(network, notes=(*said, *printed))


def _without_forward(held: list[Held], kind: str) -> tuple[list[CodeLayer], str]:
    """Return the layers of a class whose forward is not printed, and what had to be assumed."""
    loose = [one for step in (Activation, Dropout) for one in _anywhere(held, step)]
    assumed = f"a print does not show the forward of {kind}"
    held = [one for one in held if one not in loose]
    shown = any(isinstance(one.layer.step, Activation) for one in held)
    layers, groups = [one.layer for one in held], [one.chain for one in held]
    filled, count = with_unknown(layers, after_last=not shown, groups=groups)
    what = "its layers are read in the order in which they were made"
    if loose:
        what = f"{', '.join(one.layer.kind for one in loose)} may stand anywhere in it and is left out"
    unknown = f", and {count} activation{'s are' if count > 1 else ' is'} not known" if count else ""
    return filled, f"{assumed}: {what}{unknown}"


def _anywhere(held: list[Held], kind: type[Step]) -> list[Held]:
    """Return the steps of a kind that may be applied anywhere, since none stands between linear maps."""
    linear = [place for place, one in enumerate(held) if isinstance(one.layer.step, Linear)]
    places = [place for place, one in enumerate(held) if isinstance(one.layer.step, kind)]
    if len(linear) < 2 or any(linear[0] < place < linear[-1] for place in places):
        return []
    return [held[place] for place in places if held[place].chain is None]


def recognise_printed(text: str) -> float:
    """Return how likely it is that a text is what `print(module)` printed."""
    return 1.0 if "): " in text and _BEGINS.search(text) and not _CODE.search(text) else 0.0


def _tree(source: SourceText) -> _Printed:
    """Return the module at the top of the first print in a text, with all that is inside it."""
    start = _BEGINS.search(source.text)
    if start is None:
        raise source.refuse(None, got="no module", wanted="what print(module) printed")
    at = start.start() + len(start.group().partition("\n")[0].rpartition("(")[0])
    at -= len(re.search(r"[\w.]*$", source.text[start.start() : at]).group())  # type: ignore[union-attr]
    open_ones: list[_Printed] = []
    root: _Printed | None = None
    for line in source.text[at:].split("\n"):
        span, bare = Span(at + len(line) - len(line.lstrip()), at + len(line.rstrip())), line.strip()
        at += len(line) + 1
        if bare.startswith(")") and open_ones:
            closed = open_ones.pop()
            if not open_ones:
                return closed
        elif match := _LINE.match(line):
            made = _Printed(match["name"] or "", match["kind"], span, int(match["times"] or 1))
            root = root or made
            if open_ones:
                open_ones[-1].inside.append(made)
            if not match["rest"].strip():
                open_ones.append(made)
            made.arguments = match["rest"].strip().removesuffix(")")
            check_limit(source, span, "levels", len(open_ones))
        elif open_ones and bare:
            open_ones[-1].arguments += bare
    assert root is not None  # the text begins with a module
    got = f"{root.kind}(, whose bracket is never closed"
    raise source.refuse(root.span, got=got, wanted="a bracket ) at its end")


def _layers(
    source: SourceText, part: _Printed, losses: list[str], chain: int | None = None, depth: int = 0
) -> Iterator[Held]:
    """Yield the layers of a module in their order, each with the chain that it is in."""
    if depth > _DEEPEST:
        raise source.refuse(part.span, got="modules nested without end", wanted="layers one after the other")
    if part.kind.endswith("Loss") and not part.inside:
        losses.append(f"{part.name} ({part.kind})")
        return
    if part.kind.startswith("Parametrized") or any(one.name == "parametrizations" for one in part.inside):
        raise _parametrized(source, part)
    check_limit(source, part.span, "layers", part.times)
    if not part.inside:
        for _ in range(part.times):
            yield Held(_layer(source, part), chain)
        return
    if not _is_container(part):
        raise source.refuse(
            part.span,
            kind=CannotExpress,
            got=f"{part.kind}, which is no chain of layers",
            wanted="Sequential, or a class of your own, with layers in it",
            remedy=FIT_AS_IT_IS,
        )
    for _ in range(part.times):
        inner = (part.span.start if chain is None else chain) if part.kind in _ORDERED else None
        for one in part.inside:
            yield from _layers(source, one, losses, inner, depth + 1)


def _is_container(part: _Printed) -> bool:
    """Return whether a module with others inside is one of the user's own, or a chain of torch."""
    return part.kind not in (*torch_layers(), *_NOTHING, *_TORCH_WITH_PARTS)


_TORCH_WITH_PARTS = frozenset(
    "Transformer TransformerEncoder TransformerDecoder TransformerEncoderLayer TransformerDecoderLayer "
    "MultiheadAttention LSTM GRU RNN AdaptiveLogSoftmaxWithLoss".split()
)


def _parametrized(source: SourceText, part: _Printed) -> ChalknetError:
    """Return the error for a layer whose weights are computed from others."""
    names = [
        inner.kind.lstrip("_")
        for one in part.inside
        for lists in one.inside
        for inner in lists.inside
        if one.name == "parametrizations"
    ]
    return source.refuse(
        part.span,
        kind=CannotExpress,
        got=f"{part.kind} with {' and '.join(names) or 'a parametrization'}, which computes its weights",
        wanted="a layer with weights of its own",
        remedy=FIT_AS_IT_IS,
    )


def _layer(source: SourceText, part: _Printed) -> CodeLayer:
    kind = part.kind.rpartition(".")[2]
    with source.pointing(part.span):
        try:
            call = ast.parse(f"f({part.arguments})", mode="eval").body
            assert isinstance(call, ast.Call)
            positional = [ast.literal_eval(value) for value in call.args]
            keywords = {one.arg or "": ast.literal_eval(one.value) for one in call.keywords}
        except (SyntaxError, ValueError, AssertionError, RecursionError, MemoryError):
            if kind in torch_layers():
                got = f"{kind} with what is no number in its brackets"
                raise source.refuse(part.span, got=got, wanted="name=value, as torch prints it") from None
            raise no_layer(kind) from None
        if kind.startswith("Lazy"):
            keywords.pop("in_features", None)  # 0, until it has seen data
        layer = make_layer(source, kind, positional, keywords, part.span)
    if layer.problem is not None:
        raise layer.problem
    return layer


PRINTED = Notation(name="printed", recognise=recognise_printed, read=read_printed)
