"""Any form of a network in, any form out: the one place where the argument `model` of a verb is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, Unpack, cast, overload

from chalknet.counting import Convention, Counts, count_network
from chalknet.errors import (
    ChalknetError,
    FileProblem,
    InvalidValue,
    OutOfMemory,
    Undecided,
    checked_seed,
    invalid,
    look_up,
    public,
    unknown_name,
)
from chalknet.files import RUN_PLAN, RUN_WEIGHTS
from chalknet.lazy import torch, torch_is_loaded
from chalknet.network import Network
from chalknet.notation import content_at, content_of_value, is_clipboard, path_of, read_content, shown_path
from chalknet.notation import write as write_text
from chalknet.seal import file_of_run, read_plan, reading_run
from chalknet.system import available_bytes, fits_in_memory
from chalknet.units import show_bytes

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image
    from torch import nn

    from chalknet.drawing import DialectName, Drawing, StyleOptions, TextSuffix
    from chalknet.module import Fitted

ONNX_SUFFIX = ".onnx"
_DRAWN: dict[str, TextSuffix] = {"dot": ".dot", "mermaid": ".mmd", "svg": ".svg"}  # which `drawing` writes
TextNotation: TypeAlias = Literal[
    "latex", "torch", "json", "arrows", "keras", "flax", "latex-layers", "shorthand", "mathml", "dot",
    "mermaid", "svg",
]  # fmt: skip
WrittenName: TypeAlias = TextNotation | Literal["onnx"]
# What `read` takes.
ModelLike: TypeAlias = (
    "str | PathLike[str] | bytes | Image | np.ndarray[Any, Any] | Network | nn.Module | Fitted"
)


def written() -> tuple[str, ...]:
    """Return the names of the notations that can be written."""
    from chalknet.notation import NOTATIONS  # all the forms: a verb that writes none goes without them

    return (*(row.name for row in NOTATIONS.values() if row.write), *_DRAWN, "onnx")


@public(form="model")
def read(
    model: ModelLike,
    *,
    notation: str | None = None,
    name: str | None = None,
    page: int | None = None,
    reading: int | None = None,
) -> Network:
    """Return the network that a form describes; the form is recognised by itself.

    Args:
        model: a text (arrows, shorthand, LaTeX, source of PyTorch, Keras, flax, equinox, scikit-learn or
            NumPy, what `print(net)` or `model.summary()` printed, JSON, DOT, Mermaid, SVG, draw.io,
            Excalidraw), a page that holds one (Markdown, HTML, a notebook, a program that draws), a picture
            (PDF, PNG, JPEG, WebP, ...: its bytes, a Pillow image, an array of pixels), the path of a file
            with one, of an ONNX file or of the folder of a kept fit, "-" for standard input, "clipboard:", a
            module of torch, a fit, or a Network. Every verb takes these as its `model`.
        notation: the name of the notation, where it should not be guessed.
        name: which network, where there are several: a title, a class, "line 12", "cell 3", "figure 2".
        page: which page of a PDF, from 1; without it the network is looked for.
        reading: which reading, from 1, of a drawing that may be read in several ways.

    Raises:
        NotationError: for a text that is no network, with the line and a caret.
        Undecided: for a drawing that can be read in several ways equally well.
        FileProblem: for a file that cannot be read.
        InvalidValue: for anything that is no form of a network, saying what it is and what to write.

    Example:
        >>> import chalknet as cn
        >>> cn.read("784 -> 32 relu -> 1 sigmoid") == cn.read("784 -l-> 32 -relu-> 32 -l-> 1 -sig-> 1")
        True
    """
    if reading is not None:
        return _chosen_reading(model, reading, notation=notation, name=name, page=page)
    if isinstance(model, Network):
        return model
    module = _module_of(model)
    if module is not None:
        from chalknet.module import check_module, read_module  # torch is here already

        check_module(module)
        return read_module(module)
    if not isinstance(model, str | PathLike):
        content = content_of_value(model)
        if content is None:
            raise _no_form(model)
        return read_content(content, notation, "", name, page)
    path = path_of(model, ONNX_SUFFIX)
    if path is None:
        content = content_at(model) if isinstance(model, str) and is_clipboard(model) else str(model)
        return read_content(content, notation, "", name, page)
    try:
        if path.suffix.lower() == ONNX_SUFFIX:
            return _read_onnx(path)
        return read_content(content_at(path), notation, path.suffix.lower(), name, page)
    except ChalknetError as problem:
        if not isinstance(problem, FileProblem):
            problem.where = f"{shown_path(path)}, {problem.where}"
        raise


def _chosen_reading(model: ModelLike, reading: int, **which: Any) -> Network:
    """Return one of the networks that a drawing may show."""
    try:
        network = read(model, **which)
        readings: tuple[Network, ...] = network.account.readings if network.account else (network,)
    except Undecided as problem:
        readings = cast("tuple[Network, ...]", problem.readings)
    if isinstance(reading, bool) or not isinstance(reading, int) or not 1 <= reading <= len(readings):
        ways = f"a number from 1 to {len(readings)}" if len(readings) > 1 else "1, the only reading"
        raise invalid("reading", reading, ways, "Leave reading out for the likeliest one.")
    return readings[reading - 1]


def model_of(model: ModelLike) -> Network | nn.Module:
    """Return what a verb works on: a module as it is, every other form of a network as a Network.

    Raises:
        InvalidValue: for what is neither, saying what it is and what to write.
    """
    module = _module_of(model)
    if module is None or module is not model:
        return read(model)
    from chalknet.module import check_module  # torch is here already

    check_module(module)
    return module


@overload
def write(model: ModelLike, notation: Literal["onnx"]) -> bytes: ...


@overload
def write(model: ModelLike, notation: TextNotation) -> str: ...


@public(network="model")
def write(model: ModelLike, notation: WrittenName) -> str | bytes:
    """Return the network as a text (str); for ONNX as bytes.

    Args:
        model: whatever `read` takes. ONNX holds the weights that a module, a fit, a kept run, an ONNX file or
            a drawing with numbers brings; of any other form, weights that are drawn anew.
        notation: "arrows", "shorthand", "latex", "latex-layers", "torch", "keras", "flax", "json", "mathml",
            "dot", "mermaid", "svg" or "onnx"; a drawing is in the dialect "nodes", `draw` has the others.

    Raises:
        UnknownName: for another notation.
        CannotExpress: for a step that the notation cannot express; nothing is silently left out.

    Example:
        >>> import chalknet as cn
        >>> print(cn.write("1 -> 2 relu", "arrows"))
        X(n,1) -l1-> u1(n,2) -relu-> v1(n,2) = yhat
    """
    network = read(model)
    if not isinstance(notation, str) or notation not in written():
        raise unknown_name("notation", "notation", notation, written())
    if notation in _DRAWN:
        from chalknet.drawing import draw as draw_network  # only a drawing needs it

        return draw_network(network).text(_DRAWN[notation])
    if notation == "onnx":
        _check_fits(network)
        from chalknet.module import write_onnx  # brings torch

        return write_onnx(_built_with_its_weights(model, network), network.input_shape)
    return write_text(network, notation)


@public(form="model")
def draw(
    model: ModelLike,
    dialect: DialectName | Literal["stacks"] = "nodes",
    *,
    input_shape: Sequence[int] | None = None,
    **options: Unpack[StyleOptions],
) -> Drawing:
    """Return a drawing of the network that a form describes.

    Args:
        model: whatever `read` takes; a module, a fit, an ONNX file or a drawing with numbers brings its
            weights along.
        dialect: a name or number: "observations" (D1), "observation" (D2), "index-free" (D3),
            "bias-implied" (D4), "plain-weight" (D4b), "states" (D5), "numbers" (D6), "features" (D7),
            "layers" (D8), "nodes" (D9), "features-as-nodes" (D10), "input-hidden-output" (D11), "blocks";
            "stacks" draws any module whose layers follow one another as blocks, convolutions too.
        input_shape: of one sample, for "stacks" of a module: `(1, 28, 28)`; a fit knows its own.
        options: how it looks: `orientation`, `max_nodes`, `weights`, `bias`, `edges`, `language`, `preset`,
            `title`, `layer_titles`, `node_names`, `colours`, `digits`; see `cn.Style`.

    Raises:
        UnknownName: for another dialect or option.
        CannotExpress: for a network that the dialect cannot show truly, with the reason.

    Example:
        >>> import chalknet as cn
        >>> cn.draw("784 -> 32 relu -> 1 sigmoid", "D11").alt_text
        'The feed-forward network X(n,784) -l1-> u1(n,32) -relu-> v1(n,32) -l2-> ...'
    """
    from chalknet.drawing import Style, draw_stacks, find_dialect  # only a drawing needs it
    from chalknet.drawing import draw as draw_network

    for option in options:
        look_up(Style.__dataclass_fields__, option, "draw", "option")
    style = Style(**options)
    if isinstance(dialect, str) and dialect == "stacks":
        shape = input_shape or getattr(getattr(model, "source", None), "x_shape", None)
        return draw_stacks(_module_of(model) or read(model), shape, style)
    if input_shape is not None:
        raise invalid("input_shape", input_shape, 'nothing, but for the dialect "stacks"')
    network = read(model)
    weights = network.weights
    if style.weights != "none" or find_dialect(dialect).needs_weights:
        weights = weights or _weights_of(model)
    return draw_network(network, dialect, style=style, weights=weights)


@public(form="model")
def draw_account(
    model: ModelLike, *, name: str | None = None, page: int | None = None, reading: int | None = None
) -> Drawing:
    """Return a drawing as it was read: each mark in the colour of its role, of a picture over the picture.

    Args:
        model: the text or the file of a drawing, a picture, or the network that `read` returned from one.
        name: which network, where there are several.
        page: which page of a PDF.
        reading: which reading, from 1, of a drawing that may be read in several ways.

    Raises:
        CannotExpress: for a network that was not read from a drawing.

    Example:
        >>> import chalknet as cn
        >>> "hand-out" in cn.draw_account("digraph { {x1 x2} -> y; y -> result }").svg
        True
    """
    from chalknet.drawing import draw_account as draw_marks  # only a drawing needs it

    return draw_marks(read(model, name=name, page=page, reading=reading))


@public(network="model")
def count(model: ModelLike, convention: Convention = "trainable") -> Counts:
    """Return the layers, hidden layers, nodes, parameters and multiply-adds of a network.

    Args:
        model: whatever `read` takes; its widths may be symbols, then sums over them are None.
        convention: "trainable" counts the steps with trainable parameters; "textbook" counts the
            input as one more layer.

    Raises:
        UnknownName: for another convention.

    Example:
        >>> import chalknet as cn
        >>> counts = cn.count("1 -> 2 relu -> 1 sigmoid")
        >>> counts.layers, counts.hidden_layers, cn.count("1 -> 2 relu -> 1 sigmoid", "textbook").layers
        (2, 1, 3)
    """
    return count_network(read(model), convention)


@public(network="model")
def build(model: ModelLike, *, seed: int | None = None) -> nn.Sequential:
    """Return a plain `nn.Sequential` with freshly drawn weights.

    Args:
        model: whatever `read` takes, every width a number, every activation known. Of a module only its
            layers are taken.
        seed: with `seed=s` the weights are those that `torch.manual_seed(s)` and the `Sequential`
            written by hand give, and the caller's random numbers go on as if nothing was drawn;
            without it they are drawn from torch's default generator, as by hand. Weights that a drawing or
            an ONNX file shows take the place of those drawn.

    Raises:
        Unsettled: naming the symbolic widths or the steps whose activation is not known.

    Example:
        >>> import chalknet as cn
        >>> module = cn.build("1 -> 1", seed=43052)
        >>> [parameter.item() for parameter in module.parameters()]
        [-0.346..., -0.8470...]
    """
    from chalknet.module import build as build_network  # brings torch, which a text does not need

    network = read(model)
    _check_fits(network)
    return build_network(network, seed=None if seed is None else checked_seed(seed))


def _check_fits(network: Network) -> None:
    """Refuse to build what memory does not hold, before any of it is taken."""
    parameters = count_network(network).parameters or 0
    if not fits_in_memory(4 * parameters):
        got = f"{parameters:,} parameters, which take {show_bytes(4 * parameters)}"
        free = f"at most {show_bytes(available_bytes())}, which is free here"
        where = f"network {network.name}"
        raise OutOfMemory(where=where, got=got, wanted=free, remedy="Make a layer narrower.")


def _built_with_its_weights(form: object, network: Network) -> nn.Sequential:
    """Return the network as a module, with the weights and running averages that the form brings."""
    from chalknet.module import build, flat  # brings torch

    built, module = build(network), _module_of(form)
    state = _state_of_run(form) if module is None else flat(module).state_dict()
    built.load_state_dict({**built.state_dict(), **state})
    return built


def _weights_of(form: object) -> Mapping[str, Any]:
    """Return the parameters that a module, a fit or a kept run brings, as nested lists, or none."""
    if (module := _module_of(form)) is None:
        return {name: values.tolist() for name, values in _state_of_run(form).items()}
    from chalknet.module import read_weights  # torch is here already

    return read_weights(module)


def _state_of_run(form: object) -> Mapping[str, torch.Tensor]:
    """Return the tensors of a kept fit, found to be those of its network; none of any other form."""
    folder = path_of(form, ONNX_SUFFIX) if isinstance(form, str | PathLike) else None
    if folder is None or not (folder / RUN_WEIGHTS).exists():
        return {}
    from chalknet.module import check_weights, expected_weights, most_bytes, tensors_from_bytes

    network = read(folder)
    with reading_run(folder / RUN_PLAN):
        expected = expected_weights(network, read_plan(folder).values["placement"]["dtype"])
    content = file_of_run(folder, RUN_WEIGHTS, most_bytes(each.nbytes for each in expected.values()))
    with reading_run(folder / RUN_WEIGHTS):
        tensors = tensors_from_bytes(content, folder / RUN_WEIGHTS)
        check_weights(tensors, expected)
    return tensors


def _no_form(model: object) -> InvalidValue:
    """Return the error for what is no form of a network, with the line to write where it can be guessed."""
    got = "None" if model is None else f"a {type(model).__name__}"
    remedy = next(remedy for kinds, remedy in _REMEDIES if isinstance(model, kinds))
    if isinstance(model, type):
        got, remedy = f"the class {model.__name__}, not an instance of it", f"{remedy}{model.__name__}(...)."
    elif isinstance(model, list | tuple | dict):
        got = f"{got} of {len(model)}"
    wanted = "a text, a path, a picture, an nn.Module, a fit or a Network"
    return InvalidValue(where="model", got=got, wanted=wanted, remedy=remedy)


# What to write in the place of what is no form of a network, by its type; the first row that fits.
_REMEDIES: tuple[tuple[Any, str], ...] = (
    (type, "Make an instance: "),
    ((list, tuple), "If these are layers, chain them: torch.nn.Sequential(*layers)."),
    (dict, "If these are weights, give the module that they belong to."),
    ((bytes, bytearray), "Write them to a file, such as net.onnx, and give its path."),
    (Callable, "Give a torch.nn.Module whose forward does this, or the network as a text."),
    (object, 'Write for instance cn.read("784 -> 32 relu -> 1 sigmoid").'),
)


def _read_onnx(path: Path) -> Network:
    from chalknet.module import read_module, read_onnx, read_weights  # brings torch and onnx

    model = read_onnx(path)
    network = read_module(model.module, input_shape=model.input_shape)
    return replace(network, weights=read_weights(model.module))


def _module_of(form: object) -> nn.Module | None:
    """Return the module that a form is or, as the result of a fit, holds; None for any other form."""
    if not torch_is_loaded():  # then there can be no module yet
        return None
    from chalknet.module import Fitted

    module = form.module if isinstance(form, Fitted) else form
    return module if isinstance(module, torch.nn.Module) else None
