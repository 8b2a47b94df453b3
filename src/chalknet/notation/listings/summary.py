"""The network in a table of layers of Keras, torchinfo, torchsummary or flax."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from chalknet.errors import unknown_name
from chalknet.network import (
    UNKNOWN_WIDTH,
    Activation,
    Dropout,
    Flatten,
    Linear,
    Network,
    PReLU,
    Shape,
    activation_name,
)
from chalknet.notation.limits import check_limit
from chalknet.notation.listings.summary_reading import Listed, SummaryReading
from chalknet.notation.listings.summary_rows import HEADER, Row, SummaryTable, tables_of
from chalknet.notation.listings.summary_steps import (
    KERAS_ACTIVATIONS,
    KERAS_OPTIONS,
    KERAS_STEPS,
    NO_STEPS,
    PREPARES,
    TORCH_STEPS,
)
from chalknet.notation.listings.unshown import UNKNOWN, settles, with_unknown
from chalknet.notation.notation import Notation
from chalknet.notation.tokens import SourceText

_REMEDY = "Give the whole table, from its head with Layer and Param # to Total params."
_COLOUR = re.compile(r"\x1b\[[0-9;]*+m")  # as terminals colour and embolden
_KERAS_NAME = re.compile(r"([^()]*?)\s*\(([\w\s]+)\)?$")
_TORCHINFO_NAME = re.compile(r"(\w+)(?: \(([\w.]+)\))?(?:: ([0-9]+)-[0-9]+)?$")
_TORCHSUMMARY_NAME = re.compile(r"([A-Za-z_]\w*)-[0-9]+$")
_MODELS = ("Sequential", "Functional", "Model")


def read_summary(text: str, name: str | None = None) -> Network:
    """Return the network of a table that `model.summary()`, torchinfo or torchsummary printed.

    Args:
        text: the table, also with other text around it.
        name: the model's name in the line over the table, where a text holds several.

    Raises:
        NotationError: for a table without widths, and for several tables, listing them.
        CannotExpress: for a layer that no step describes, with its line.
    """
    source = SourceText("table of layers", _COLOUR.sub("", text).replace("\t", "    "), remedy=_REMEDY)
    table = _chosen(source, tables_of(source), name)
    check_limit(source, table.span, "layers", len(table.rows))
    listed, complete = _leaves(source, table)
    reading = SummaryReading(source)
    for place, one in enumerate(listed):
        _check_connected(reading, listed, place)
        _read_row(reading, one)
    if not any(isinstance(layer.step, Linear) for layer in reading.layers):
        raise source.refuse(
            table.span, got="a table without a linear map", wanted="at least one Linear or Dense"
        )
    _settle_first(reading)
    network = _network(reading, table, complete)
    _check_total(reading, table, network)
    return Network(network.input_shape, network.steps, notes=tuple(dict.fromkeys(reading.notes)))


def recognise_summary(text: str) -> float:
    """Return how likely it is that a text holds a table of layers."""
    if "Layer" not in text and "path" not in text:
        return 0.0
    return 1.0 if HEADER.search(_COLOUR.sub("", text)) else 0.0


def _chosen(source: SourceText, tables: list[SummaryTable], name: str | None) -> SummaryTable:
    if not tables:
        raise source.refuse(None, got="no table", wanted="a head with Layer (type) and Param #")
    names = [table.name or f"table {place}" for place, table in enumerate(tables, 1)]
    if name is not None and len(tables) > 1:
        if name not in names:
            raise unknown_name(source.what, "table", name, names)
        return tables[names.index(name)]
    if len(tables) > 1:
        offers = " or ".join(map(repr, names))
        raise source.refuse(
            tables[1].span,
            got=f"{len(tables)} tables: {', '.join(names)}",
            wanted="one, or the name of one",
            remedy=f"Say which: name={offers}; --name on the command line.",
        )
    return tables[0]


def _leaves(source: SourceText, table: SummaryTable) -> tuple[list[Listed], bool]:
    """Return the layers of a table without the modules around them, and whether it shows all there is."""
    rows = [listed for row in table.rows if (listed := _named(row, table))]
    if not rows:
        raise source.refuse(table.span, got="a table without a row", wanted="a row for each layer")
    inner: list[Listed] = []
    around: list[Listed] = []
    for place, one in enumerate(rows):
        holds = place + 1 < len(rows) and rows[place + 1].depth > one.depth
        (around if holds else inner).append(one)
    if rows[0].form in ("keras", "flax"):
        return inner, rows[0].form == "keras"
    return inner, bool(around) and all(one.kind == "Sequential" for one in around)


def _named(row: Row, table: SummaryTable) -> Listed | None:
    """Return the layer of a row; None for a line that is none."""
    if match := _TORCHSUMMARY_NAME.match(row.first):
        return Listed(row, match[1], form="torchsummary")
    if table.program != "torchinfo" and (match := _KERAS_NAME.match(row.first)):
        kind = re.sub(r"\s", "", match[2])
        return Listed(row, _whole(kind), row.depth, match[1].strip(), table.program or "keras")
    if match := _TORCHINFO_NAME.match(row.first):
        return Listed(row, match[1], int(match[3] or row.depth), form="torchinfo")
    return None


def _whole(kind: str) -> str:
    """Return the class of Keras whose name a narrow table cut: `Dens` is Dense."""
    known = (
        "Dense", "Dropout", "Flatten", "Activation", "InputLayer", "LeakyReLU", "Softmax", "Reshape",
        *KERAS_STEPS, *PREPARES,
    )  # fmt: skip
    whole = [name for name in known if name.startswith(kind) and len(kind) > 2]
    return whole[0] if len(whole) == 1 else kind


def _check_connected(reading: SummaryReading, listed: list[Listed], place: int) -> None:
    """Refuse a row that is connected to another one than the row before it."""
    one = listed[place]
    found = re.findall(r"[\w./\-]+(?=\[[0-9]+\])", one.row.rest)
    before = listed[place - 1].label if place else ""
    if len(set(found)) > 1 or (place and found and found[0] != before and one.form == "keras"):
        got = f"{one.label} ({one.kind}), which is connected to {' and '.join(dict.fromkeys(found))}"
        raise reading.refuse(one.row, got, f"each layer connected to the one before it, here {before}")


def _read_row(reading: SummaryReading, one: Listed) -> None:
    stepped = one.kind in (KERAS_STEPS if one.form == "keras" else TORCH_STEPS)
    by_itself = _read_step if stepped and one.form != "flax" else None
    reader = _READERS.get(one.kind) or by_itself or (_read_activation if _activation_of(one) else None)
    if reader is not None:
        reader(reading, one)
        return
    idle = one.row.parameters in (0, None) and one.row.shape("Output Shape") in (None, reading.shape)
    if one.form == "torchsummary" and idle and reading.layers and one.kind not in NO_STEPS:
        reading.notes.append(
            f"{reading.line(one.row)}: {one.row.first} is read as a module around layers above it"
        )
        return
    if one.kind in _MODELS:
        got = f"{one.label or one.kind}, a model whose layers the table does not show"
        remedy = "Print it with them: model.summary(expand_nested=True) of Keras, depth=9 of torchinfo."
        raise reading.refuse(one.row, got, "the rows of its layers", remedy)
    read = ", ".join(str(layer.kind) for layer in reading.layers) or "nothing before it"
    wanted = "Linear or Dense, Dropout, Flatten and activations; read up to there: " + read
    raise reading.refuse(one.row, f"{one.kind}, which no step of a network describes", wanted)


def _read_input(reading: SummaryReading, one: Listed) -> None:
    shape = one.row.shape("Output Shape")
    if shape and reading.shape not in (None, shape):
        raise reading.refuse(one.row, "a second input", "one input, at the top")
    reading.shape = reading.input_shape = shape


def _read_linear(reading: SummaryReading, one: Listed) -> None:
    """Add a linear map: its width from the shape, its bias and what arrives from the parameters."""
    output, parameters = one.row.shape("Output Shape"), one.row.parameters
    if output is None or not isinstance(output[-1], int):
        raise reading.refuse(
            one.row,
            f"{one.kind} without an output shape",
            "the number of features that it gives",
            "Let the table show it: summary(net, input_size=(1, 784)) of torchinfo, "
            'with "output_size" in its col_names; '
            "of Keras, model.build((None, 784)) before model.summary(); of flax, "
            'tabulate(..., console_kwargs={"width": 200}).',
        )
    if "recursive" in one.row.rest:
        got = f"{one.kind} that is used twice, with the same weights"
        raise reading.refuse(one.row, got, "weights of its own for each step")
    out = output[-1]
    if reading.shape is None:
        reading.input_shape = reading.shape = one.row.shape("Input Shape") or _arriving(reading, one, output)
    arriving = reading.shape[-1]
    step = Linear(out, bias=not isinstance(arriving, int) or parameters != arriving * out)
    wanted = step.parameters(reading.shape)
    if parameters is None:
        reading.notes.append("the table shows no numbers of parameters: each linear map is read with a bias")
    elif wanted not in (None, parameters):
        reading.notes.append(
            f"{reading.line(one.row)}: {parameters:,} parameters are written, but {arriving} -> {out} has "
            f"{wanted:,}: the widths are read"
        )
    reading.add(one, step)


def _arriving(reading: SummaryReading, one: Listed, output: Shape) -> Shape:
    """Return what arrives at the first linear map, by its number of parameters."""
    parameters, out = one.row.parameters, output[-1]
    assert isinstance(out, int)
    if parameters and parameters % out == 0 and parameters > out:
        width = parameters // out - 1
        reading.notes.append(
            f"{reading.line(one.row)}: {width:,} inputs, from {parameters:,} parameters with a bias; "
            f"without one it would be {width + 1:,}"
        )
        reading.guess = (reading.notes[-1], (*output[:-1], width + 1))
        return (*output[:-1], width)
    if parameters == out:
        reading.notes.append(f"{reading.line(one.row)}: one input and no bias, from {out:,} parameters")
        return (*output[:-1], 1)
    written = f"{parameters:,} parameters, which no {out:,} units have" if parameters else "no parameters"
    reading.notes.append(f"{reading.line(one.row)}: {written}: the input has a width that is not known, m")
    return (*output[:-1], "m")


def _settle_first(reading: SummaryReading) -> None:
    """Read the first linear map without a bias, where nothing shows its inputs and no other has one."""
    maps = [(at, one.step) for at, one in enumerate(reading.layers) if isinstance(one.step, Linear)]
    if reading.guess is None or len(maps) < 2 or any(step.bias for _, step in maps[1:]):
        return
    said, shape = reading.guess
    at, first = maps[0]
    reading.layers[at] = replace(reading.layers[at], step=replace(first, bias=False))
    reading.input_shape = shape
    reading.notes[reading.notes.index(said)] = (
        f"{shape[-1]:,} inputs and no bias, as no other linear map has one: with a bias the first would have "
        f"{int(shape[-1]) - 1:,}"
    )


def _read_flatten(reading: SummaryReading, one: Listed) -> None:
    output = one.row.shape("Output Shape")
    if reading.shape is None:
        arriving = one.row.shape("Input Shape") or output
        if one.row.shape("Input Shape") is None:
            reading.notes.append(
                f"{reading.line(one.row)}: the table does not say the shape that is flattened: "
                "it is read as a row"
            )
        reading.input_shape = reading.shape = arriving
    if one.kind == "Reshape" and output is not None and len(output) != 1:
        raise reading.refuse(one.row, "a Reshape to several axes", "one to a row, as Flatten is")
    reading.add(one, Flatten())


def _read_dropout(reading: SummaryReading, one: Listed) -> None:
    _begin(reading, one)
    reading.notes.append(
        f"{reading.line(one.row)}: the table does not say the rate of {one.kind}: 0.5 is read"
    )
    reading.add(one, Dropout(0.5))


def _read_activation(reading: SummaryReading, one: Listed) -> None:
    _begin(reading, one)
    kind = _activation_of(one)
    assert kind is not None
    step = Activation(kind, KERAS_OPTIONS.get(one.kind, {}) if one.form == "keras" else {})
    if step.row.options:
        option = ", ".join(f"{name}={value}" for name, value in step.all_options.items())
        reading.notes.append(
            f"{reading.line(one.row)}: the table shows no options of {one.kind}: {option} is read"
        )
    reading.add(one, step)


def _read_step(reading: SummaryReading, one: Listed) -> None:
    """Add a step whose options the table does not show, with the parameters that it says."""
    _begin(reading, one)
    keras = one.form == "keras"
    shape, parameters = one.row.shape("Output Shape"), one.row.parameters
    width = shape[-1] if shape else None
    if keras and one.kind == "BatchNormalization" and parameters and isinstance(width, int):
        reading.unlearned += 2 * width  # the running mean and variance
        parameters -= 2 * width
    step = (KERAS_STEPS if keras else TORCH_STEPS)[one.kind](parameters)
    whose = "Keras's" if keras else "torch's"
    reading.notes.append(
        f"{reading.line(one.row)}: the table shows no options of {one.kind}: {whose} are read"
    )
    reading.add(one, step)


def _read_preparation(reading: SummaryReading, one: Listed) -> None:
    """Note a layer that prepares the data, before the first that learns."""
    if any(layer.step is not None and layer.step.trainable for layer in reading.layers):
        wanted = "the preparation of the data before the first layer with weights"
        raise reading.refuse(one.row, f"{one.kind} behind a layer with weights", wanted)
    _begin(reading, one)
    reading.unlearned += one.row.parameters or 0
    line = reading.line(one.row)
    reading.notes.append(
        f"{line}: {one.kind} prepares the data and is no step of the network: prepare them so"
    )


def _read_named_activation(reading: SummaryReading, one: Listed) -> None:
    """Add a layer `Activation`, whose function only its own name may tell."""
    _begin(reading, one)
    kind = activation_name(re.sub(r"_?[0-9]*$", "", one.label))
    if kind in (None, "h", "?"):
        reading.add(one, UNKNOWN)
        return
    reading.notes.append(f"{reading.line(one.row)}: {kind}, from the name {one.label} of the layer")
    reading.add(one, Activation(kind or "?"))


def _begin(reading: SummaryReading, one: Listed) -> None:
    """Take the shape of the first row as that of the input."""
    if reading.shape is None:
        reading.input_shape = reading.shape = one.row.shape("Input Shape") or one.row.shape("Output Shape")


def _activation_of(one: Listed) -> str | None:
    if one.form == "keras":
        return KERAS_ACTIVATIONS.get(one.kind)
    kind = activation_name(one.kind)
    return None if kind in ("h", "?") else kind


def _nothing(reading: SummaryReading, one: Listed) -> None:
    if one.kind != "Identity":
        reading.notes.append(
            f"{reading.line(one.row)}: {one.kind} is no layer of the network: it is left out"
        )


_READERS: Mapping[str, Callable[[SummaryReading, Listed], None]] = {
    "Linear": _read_linear,
    "LazyLinear": _read_linear,
    "Dense": _read_linear,
    "InputLayer": _read_input,
    "Flatten": _read_flatten,
    "Reshape": _read_flatten,
    "Dropout": _read_dropout,
    "Activation": _read_named_activation,
    **dict.fromkeys(PREPARES, _read_preparation),
    **dict.fromkeys(("BCELoss", "MSELoss", "CrossEntropyLoss", "BCEWithLogitsLoss", "NLLLoss"), _nothing),
}


def _network(reading: SummaryReading, table: SummaryTable, complete: bool) -> Network:
    """Return the network, with `?` where a table does not show what is applied."""
    layers = reading.layers
    keras = not table.program and any(layer.kind == "Dense" for layer in layers)
    shown = any(isinstance(layer.step, Activation | PReLU) for layer in layers)
    if keras or not complete:
        layers, _ = with_unknown(layers, after_last=keras or not shown, in_map=keras)
    shape = reading.input_shape or ("m",)
    shape = ("m",) if shape == (UNKNOWN_WIDTH,) else shape
    steps = tuple(layer.step for layer in layers if layer.step is not None)
    network = Network(shape, steps)
    if network.unsettled:
        what = "activation= of a layer" if keras else "what forward applies as a function"
        reading.notes.append(
            f"the table does not show {what}: {len(network.unsettled)} of the activations are not known; "
            f"{settles(network)}"
        )
    elif not complete and not keras:
        reading.notes.append("the table does not show what forward applies as a function, such as F.relu(x)")
    return network


def _check_total(reading: SummaryReading, table: SummaryTable, network: Network) -> None:
    counted = [visit.step.parameters(visit.input_shape) for visit in network.walk()]
    numbers = [number for number in counted if number is not None]
    told = (table.total, (table.total or 0) - reading.unlearned)
    if table.total is not None and len(numbers) == len(counted) and sum(numbers) not in told:
        reading.notes.append(
            f"the table says {table.total:,} parameters in total, the network read has {sum(numbers):,}"
        )


SUMMARY = Notation(name="summary", recognise=recognise_summary, read=read_summary)
