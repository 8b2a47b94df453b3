"""Settings that say how many units a network has: `hidden_dims: [128, 64]`, `activation: relu`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from chalknet.errors import CannotExpress, ChalknetError
from chalknet.network import Network
from chalknet.notation.arrows import SHORTHAND
from chalknet.notation.limits import check_limit
from chalknet.notation.listings.settings_text import Value, settings_of
from chalknet.notation.notation import Notation
from chalknet.notation.tokens import SourceText

_NUMBER_OF = r"(?:n|num|number|numberof|nb)?"
_SIZE = r"(?:dims?|sizes?|features?|units?|widths?|nodes?|neurons?|channels?|shape)?"
_FUNCTION = r"(?:actfn|act|activations?(?:fn|functions?)?|nonlinearity|nonlin)"
# What a key says, without its signs and capitals.
_MEANINGS = {
    "input": rf"{_NUMBER_OF}(?:in|inputs?|features?|input(?:layer)?){_SIZE}",
    "output": rf"{_NUMBER_OF}(?:out|outputs?|classes|labels|targets|output(?:layer)?){_SIZE}",
    "hidden": rf"(?:hidden(?:layers?)?{_SIZE}|mlphidden{_SIZE}|hiddenlayersizes)",
    "sizes": r"(?:layers?(?:sizes?|dims?|widths?|units?)?|sizes|dims|widths|units|neurons|topology)",
    "depth": rf"(?:{_NUMBER_OF}(?:hidden)?layers?|depth)",
    "output activation": rf"(?:out|output|final|last)(?:layer)?{_FUNCTION}",
    "activation": rf"(?:hidden)?{_FUNCTION}(?:hidden)?",
    "dropout": r"(?:p|hidden)?dropout(?:rate|p|prob|probability)?",
    "bias": r"(?:use|with)?bias(?:es)?",
    "norm": r"(?:use)?(?:batch|layer)?norm(?:alization|alisation|layer)?",
    "kind": r"(?:type|kind|arch|modeltype|class|model|target|networktype)",
}
_KEYS = {name: re.compile(pattern) for name, pattern in _MEANINGS.items()}
_OF_A_LAYER = {
    "width": re.compile(rf"{_NUMBER_OF}(?:out|outputs?)?{_SIZE}|neurons|units|size|width"),
    "activation": _KEYS["activation"], "dropout": _KEYS["dropout"], "bias": _KEYS["bias"],
    "kind": re.compile(r"type|kind|name|layer|class|id"),
    "input": re.compile(rf"(?:in|inputs?){_SIZE}"),
}  # fmt: skip
_FOREIGN = re.compile(
    r"conv|\bcnn|kernel_?size|stride|pooling|lstm|\bgru\b|\brnn\b|attention|heads|transformer|resnet|vocab"
    r"|encoder|decoder|unet|\bgnn\b|graph|diffusion|residual|skip|expert|ensemble|tree|forest|boost|svm",
    re.I,
)
_SIGNS = re.compile(r"(?:Hidden|HIDDEN|hidden|layers|LAYERS|sizes|dims|units|neurons|topology)")
_NOTHING = ("linear", "identity", "none", "null", "no", "-")
_LONGEST, _CERTAINTY = 50_000, 0.975
_REMEDY = "Give the settings of one network: its inputs, its hidden widths and its outputs; or a formula."


class _Found(NamedTuple):
    """A mapping that says the widths of a network.

    Args:
        where: the keys that lead to it.
        known: its values, by what their keys mean.
        other: its keys that mean nothing here.
        beside: the keys and words that stand beside the mapping.
    """

    where: str
    known: dict[str, Value]
    other: tuple[str, ...]
    beside: str = ""

    @property
    def layers(self) -> Value:
        """Return the widths, or the layers that say theirs."""
        return self.known.get("hidden", self.known.get("sizes"))


def recognise_settings(text: str) -> float:
    """Return how likely it is that a text is settings with the widths of a network."""
    return _CERTAINTY if len(text) <= _LONGEST and _SIGNS.search(text) and _all_found(text) else 0.0


def read_settings(text: str, name: str | None = None) -> Network:
    """Return the network that settings describe.

    Args:
        text: JSON, YAML, TOML or INI, such as `input_dim: 54`, `hidden_dims: [128, 64]`, `output_dim: 7`.
        name: of no use here.

    Raises:
        NotationError: for widths that contradict each other, and for several different networks.
        CannotExpress: for settings of other kinds of networks.
        UnknownName: for an activation that is none.
    """
    source = SourceText("settings", text, remedy=_REMEDY)
    check_limit(source, None, "characters of code", len(text))
    found = _all_found(text)
    formulas = {_formula(source, one): one for one in found}
    if len(formulas) != 1:
        got = f"{len(formulas)} networks: {' and '.join(one.where for one in formulas.values())}"
        raise source.refuse(None, got=got if found else "no widths of a network", wanted="one network")
    ((formula, one),) = formulas.items()
    assert SHORTHAND.read is not None
    network = SHORTHAND.read(formula, None)
    return replace(network, notes=(*_notes(one), *network.notes))


@lru_cache(maxsize=4)
def _all_found(text: str) -> tuple[_Found, ...]:
    """Return the mappings of a text that say the widths of a network; recognised first, then read."""
    return tuple(_mappings(settings_of(text), "", ""))


def _mappings(value: Value, where: str, beside: str) -> Iterator[_Found]:
    """Yield the mappings that say the widths of a network, each with the keys that lead to it."""
    if isinstance(value, dict):
        found = _understood(value, where)
        if found is not None:
            yield found._replace(beside=beside)
            return
        words = " ".join((*value, *(word for word in value.values() if isinstance(word, str))))
        for key, inner in value.items():
            yield from _mappings(inner, f"{where}.{key}" if where else key, words if where else "")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _mappings(inner, f"{where}[{number}]", beside)


def _understood(held: dict[str, Value], where: str) -> _Found | None:
    """Return what a mapping says of a network; None where it says no widths."""
    known: dict[str, Value] = {}
    other: list[str] = []
    for key, value in held.items():
        meaning = _meaning(key, _KEYS)
        if not meaning or meaning in known or (meaning == "sizes" and not isinstance(value, list)):
            other.append(key)
        else:
            known[meaning] = _as_list(value) if meaning in ("hidden", "sizes") else value
    _unfold_ends(known)
    if "hidden" not in known and "sizes" not in known:
        return None
    sizes = known.get("hidden", known.get("sizes"))
    if not _are_widths(sizes) and not _are_layers(sizes):
        return None
    whole = "sizes" in known and "hidden" not in known and not {"input", "output"} & known.keys()
    stated = {"activation", "output activation"} if whole else {"input", "output"}
    acts = isinstance(sizes, list) and _are_layers(sizes) and any(map(_says_activation, sizes))
    if not acts and (_are_layers(sizes) or not stated & known.keys()):
        return None
    return _Found(f"the settings of {where}" if where else "the settings", known, tuple(other))


def _unfold_ends(known: dict[str, Value]) -> None:
    """Put the width and the function of an output that is a mapping, `output: {units: 1}`, in place."""
    for end in ("input", "output"):
        held = known.get(end)
        if not isinstance(held, dict):
            continue
        said = {_meaning(key, _OF_A_LAYER): value for key, value in held.items()}
        if _is_width(said.get("width")) and said.keys() <= {"width", "activation", "kind"}:
            known[end] = said["width"]
            if end == "output":
                known.setdefault("output activation", said.get("activation"))


def _meaning(key: str, table: Mapping[str, re.Pattern[str]]) -> str:
    """Return what a key says by a table; empty for nothing in it."""
    plain = re.sub(r"[^a-z0-9]", "", key.lower())
    return next((name for name, pattern in table.items() if pattern.fullmatch(plain)), "")


def _as_list(value: Value) -> Value:
    """Return widths that are written as one number or as a text as a list."""
    if isinstance(value, str) and re.fullmatch(r"\d{1,9}(?:\s*[,x ]\s*\d{1,9})*", value.strip()):
        return [int(width) for width in re.findall(r"\d+", value)]
    return [value] if isinstance(value, int) and not isinstance(value, bool) else value


def _are_widths(value: Value) -> bool:
    return isinstance(value, list) and bool(value) and all(_is_width(one) for one in value)


def _is_width(value: Value) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _are_layers(value: Value) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(one, dict) and any(_is_width(width) for width in one.values()) for one in value)
    )


def _formula(source: SourceText, found: _Found) -> str:
    """Return the arrow formula of what settings say."""
    known = found.known
    foreign = _FOREIGN.search(" ".join((*found.other, str(known.get("kind", "")), found.beside)))
    if foreign:
        raise _other_kind(source, f"{foreign.group()} in {found.where}")
    sizes = found.layers
    assert isinstance(sizes, list)
    layers = (
        _layers_stated(source, found, sizes) if _are_layers(sizes) else _layers_alike(source, found, sizes)
    )
    return " -> ".join(layers)


def _other_kind(source: SourceText, got: str) -> ChalknetError:
    """Return the error for settings of another kind of network."""
    return source.refuse(
        None,
        kind=CannotExpress,
        got=got,
        wanted="fully connected layers",
        remedy="A network of another kind can be fitted as a module, not drawn as a chain.",
    )


def _layers_alike(source: SourceText, found: _Found, sizes: list[Value]) -> list[str]:
    """Return the layers of a list of widths, whose hidden layers have the steps that the settings say."""
    known = found.known
    widths: list[Value] = [*sizes]
    depth = known.get("depth")
    if _is_width(depth) and depth != len(widths):
        assert isinstance(depth, int)
        if len(widths) > 1 and depth not in (len(widths) + 1, len(widths) - 1):
            raise source.refuse(
                None, got=f"{depth} layers and {len(widths)} widths in {found.where}", wanted="a width each"
            )
        widths = widths * depth if len(widths) == 1 else widths
    if "hidden" not in known and not {"input", "output"} & known.keys():
        first, *widths = widths
        last = widths.pop() if widths else "?"
    else:
        first, last = known.get("input", "?"), known.get("output", "?")
    activations = known.get("activation", "?")
    each = activations if isinstance(activations, list) else [activations] * len(widths)
    output = known.get("output activation")
    if isinstance(activations, list) and len(each) == len(widths) + 1:
        *each, output = each
    if len(each) != len(widths):
        raise source.refuse(
            None, got=f"{len(each)} activations for {len(widths)} hidden layers", wanted="one each"
        )
    bias = " nobias" if known.get("bias") is False else ""
    steps = f"{_norm(known)}{{}}{_dropout(known)}"
    hidden = [
        f"{_width(source, width)}{bias}{steps.format(_act(act))}"
        for width, act in zip(widths, each, strict=True)
    ]
    return [_width(source, first), *hidden, f"{_width(source, last)}{bias}{_act(output)}"]


def _layers_stated(source: SourceText, found: _Found, layers: list[Value]) -> list[str]:
    """Return the layers of a list that says of each its width and its activation."""
    written: list[str] = []
    if "input" in found.known:
        written.append(_width(source, found.known["input"]))
    for layer in layers:
        assert isinstance(layer, dict)
        said: dict[str, Value] = {}
        for key, value in layer.items():
            meaning = _meaning(key, _OF_A_LAYER)
            if not meaning or meaning in said:
                got = f"{key}: {value} of a layer in {found.where}"
                raise source.refuse(None, got=got, wanted="its width, its activation, dropout and bias")
            said[meaning] = value
        kind = str(said.get("kind", "dense"))
        if _FOREIGN.search(kind):
            raise _other_kind(source, f"a layer {kind}")
        if not written:
            is_input = "input" in kind.lower()
            written.append(_width(source, said.get("width") if is_input else said.get("input", "?")))
            if is_input:
                continue
        bias = " nobias" if said.get("bias") is False else ""
        written.append(
            f"{_width(source, said.get('width'))}{bias}{_act(said.get('activation'))}{_dropout(said)}"
        )
    if "output" in found.known and found.known["output"] != layers[-1]:
        output = _width(source, found.known["output"])
        if written[-1].split()[0] != output:
            written.append(f"{output}{_act(found.known.get('output activation'))}")
    return written


def _width(source: SourceText, value: Value) -> str:
    if isinstance(value, list) and len(value) == 1:
        (value,) = value
    if isinstance(value, list) and _are_widths(value):
        return f"({','.join(map(str, value))})"
    if value == "?" or value is None:
        return "?"
    if not _is_width(value):
        raise source.refuse(
            None, got=f"the width {value!r}", wanted="a whole number", remedy="Write the number."
        )
    return str(value)


def _act(value: Value) -> str:
    name = str(value or "").rpartition(".")[2].strip().lower()
    return "" if not name or name in _NOTHING else f" {name}"


def _dropout(known: dict[str, Value]) -> str:
    rate = known.get("dropout")
    return (
        f" dropout({rate})" if isinstance(rate, int | float) and not isinstance(rate, bool) and rate else ""
    )


def _norm(known: dict[str, Value]) -> str:
    value = known.get("norm")
    if value is None or value is False or str(value).lower() in _NOTHING:
        return ""
    return " layernorm" if "layer" in str(value).lower() else " batchnorm"


def _notes(found: _Found) -> list[str]:
    """Return what had to be assumed of settings."""
    known, notes = found.known, [f"{found.where} do not show the code: the usual order of layers is assumed"]
    layers = found.layers
    if _are_layers(layers) and any(not _says_activation(one) for one in layers or []):  # type: ignore[union-attr]
        notes.append("a layer without an activation is read as linear")
    if "hidden" in known and _is_width(known.get("depth")):
        notes.append(f"{known['depth']} was read as the number of hidden layers")
    if "output activation" not in known and not _are_layers(layers):
        notes.append("the settings say no activation of the output: none is read")
    if found.other:
        notes.append(f"not used: {', '.join(found.other)}")
    return notes


def _says_activation(layer: Value) -> bool:
    plain = [re.sub(r"[^a-z]", "", key.lower()) for key in layer] if isinstance(layer, dict) else []
    return any(_KEYS["activation"].fullmatch(key) for key in plain)


SETTINGS = Notation(name="settings", recognise=recognise_settings, read=read_settings)
