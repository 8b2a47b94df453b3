"""From layers in the order in which x passes them to the network that they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from chalknet.errors import CannotExpress, ChalknetError, ShapeMismatch
from chalknet.network import Activation, Flatten, Network, Shape, Step, Visit, shape_taken, size_of
from chalknet.notation.tokens import SourceText
from chalknet.notation.torch_layers import FIT_AS_IT_IS, CodeLayer

OPEN_WIDTH = "the code does not say how many features x has: m of them"
FLAT_ROW = "the code does not say the shape that is flattened: it is read as a row"


def network_of_layers(
    source: SourceText, layers: list[CodeLayer], stated: Shape | None = None, name: str = "net"
) -> Network:
    """Return the network of some layers, each of which takes what arrives.

    Args:
        source: the text, to point into.
        layers: what x passes; a layer without a step only says which sizes arrive there.
        stated: the shape of a sample, where the text says it; otherwise the first layer that takes sizes.
        name: what the network is called.

    Raises:
        ShapeMismatch: for a layer that does not take what arrives.
    """
    steps: list[Step] = [layer.step for layer in layers if layer.step is not None]
    if not steps:
        got, wanted = "inputs without a layer behind them", "at least one layer"
        raise source.refuse(layers[0].span if layers else None, got=got, wanted=wanted)
    taken = shape_taken((layer.step, layer.takes) for layer in layers)
    notes = () if stated or taken else (OPEN_WIDTH,)
    if isinstance(steps[0], Flatten) and not stated and not layers[0].takes:
        notes = (FLAT_ROW,)
    x = stated or taken or ("m",)
    network = _pointed(source, layers, lambda: Network(x, tuple(steps), name=name, notes=notes), x)
    visits = network.walk()
    arriving, arrived = network.input_shape, None
    for layer in layers:
        if layer.step is None:
            _check_input(source, layer, arriving)
            if layer.prepares:
                told = _prepared(source, layer, learned=arrived is not None)
                network = replace(network, notes=(*network.notes, told))
            if layer.drops_axis:
                network = replace(
                    network, notes=(*network.notes, _check_row(source, layer, layers, arriving))
                )
            continue
        visit = next(visits)
        arrived = arrived or (visit if visit.step.trainable else None)
        _check(source, layer, visit)
        arriving = visit.output_shape
    return network


def _check_input(source: SourceText, layer: CodeLayer, arriving: Shape) -> None:
    if layer.takes and layer.takes != arriving:
        raise source.refuse(
            layer.span,
            kind=ShapeMismatch,
            got=f"an input of shape {layer.takes}, but {arriving} arrives",
            wanted=f"one of shape {arriving}",
            remedy="Mend the shape, or leave it out.",
        )


def _prepared(source: SourceText, layer: CodeLayer, *, learned: bool) -> str:
    """Return the note on a layer that prepares the data; refuse one behind a layer that learns."""
    if learned:
        raise source.refuse(
            layer.span,
            kind=CannotExpress,
            got=f"{layer.prepares} behind a layer with weights",
            wanted="the preparation of the data before the first layer",
            remedy=FIT_AS_IT_IS,
        )
    line = source.excerpt(layer.span).line_number
    return f"line {line}: {layer.prepares} prepares the data and is no step of the network: prepare them so"


def _check_row(source: SourceText, layer: CodeLayer, layers: list[CodeLayer], arriving: Shape) -> str:
    """Return the note on an output that loses the axis of its one feature; refuse any other such view."""
    behind = [one.step for one in layers[layers.index(layer) + 1 :] if one.step is not None]
    plain = all(isinstance(step, Activation) and step.row.elementwise for step in behind)
    line = source.excerpt(layer.span).line_number
    if plain and arriving == (1,):
        return f"line {line}: {layer.kind} gives the shape (n,), one number a sample: the network gives (n,1)"
    if plain and layer.kind.startswith("squeeze") and isinstance(arriving[-1], int) and len(arriving) == 1:
        return f"line {line}: {layer.kind} changes nothing, since {arriving[-1]} features arrive"
    mixes = plain and not layer.kind.startswith("squeeze")
    what = ", which puts all samples into one row" if mixes or layer.kind.startswith("flatten") else ""
    raise source.refuse(
        layer.span,
        kind=CannotExpress,
        got=f"{layer.kind}{what}",
        wanted="one layer after the other, from x to yhat",
        remedy="Write x.flatten(1)." if what else FIT_AS_IT_IS,
    )


def _pointed(source: SourceText, layers: list[CodeLayer], make: Callable[[], Network], x: Shape) -> Network:
    """Return the network that is made; an error points to the layer that does not take what arrives."""
    try:
        return make()
    except ChalknetError:
        for layer in layers:
            if layer.step is not None:
                with source.pointing(layer.span):
                    x = layer.step.output_shape(x)
        with source.pointing(layers[0].span):
            raise


def _check(source: SourceText, layer: CodeLayer, visit: Visit) -> None:
    arriving = visit.input_shape
    if layer.rows_alone and len(arriving) > 1:
        raise source.refuse(
            layer.span,
            kind=CannotExpress,
            got=f"{layer.kind} of samples of the shape {arriving}, by the first axis alone",
            wanted="samples of one row",
            remedy="Put a Flatten before it.",
        )
    if mismatch := visit.mismatch(layer.takes):
        kind = mismatch.written.partition("(")[0]
        label = "" if kind in (layer.kind or kind) else layer.kind  # a weight's name, or Dense of Keras
        mended = "Mend its width" if label else f"Write {mismatch.mended}, or mend the width before it"
        raise source.refuse(
            layer.span,
            kind=ShapeMismatch,
            got=f"{label or mismatch.written} takes {mismatch.takes} features, but {mismatch.arriving} "
            "arrive",
            wanted=f"{'one' if label else f'a {kind}'} that takes {mismatch.arriving} features",
            remedy=f"{mended}.",
        )
    size = size_of(visit.output_shape)
    if layer.gives is not None and size is not None and layer.gives != size:
        raise source.refuse(
            layer.span,
            kind=ShapeMismatch,
            got=f"a view of {layer.gives} features a sample, but {size} arrive",
            wanted=f"one of {size}, so that the samples stay apart",
            remedy="Write x.flatten(1).",
        )
