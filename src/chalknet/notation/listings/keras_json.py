"""The JSON of a Keras model, as `model.to_json()` writes it: of a Sequential, and of a chain of layers."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from chalknet.errors import CannotExpress, ChalknetError
from chalknet.network import Network
from chalknet.notation.libraries.keras import KERAS
from chalknet.notation.limits import check_limit
from chalknet.notation.notation import Notation
from chalknet.notation.tokens import SourceText, Span
from chalknet.notation.torch_layers import FIT_AS_IT_IS, CodeLayer
from chalknet.notation.torch_network import network_of_layers
from chalknet.notation.torch_values import Call, CodeChain

_MODELS = ("Sequential", "Functional", "Model")
_SHAPES = ("batch_input_shape", "batch_shape", "input_shape", "shape", "input_dim")
_DEEPEST = 20
_REMEDY = "Give what model.to_json() wrote, as a whole."
_KIND = re.compile(
    r'"class_name"\s*:\s*"(?:Sequential|Functional|Model)"'
    r"|[\"']layers[\"']\s*:\s*\[\s*\{[^{}]{0,200}[\"']class_name[\"']"
)
_DICT = re.compile(r"\A\s*+\{\s*+'")


def read_keras_json(text: str, name: str | None = None) -> Network:
    """Return the network of a Keras model's JSON.

    Args:
        text: what `model.to_json()` wrote, or `print(model.get_config())`.
        name: of no use here: the text holds one model.

    Raises:
        NotationError: for what is no such JSON.
        CannotExpress: for a layer that no step describes, and for layers that are not one behind the other.
    """
    source = SourceText("Keras JSON", text, remedy=_REMEDY)
    kept = _loaded(source)
    layers = list(_Model(source).layers(kept))
    check_limit(source, None, "layers", len(layers))
    if not layers:
        raise source.refuse(None, got="a model without layers", wanted="at least one layer")
    called = kept["config"].get("name") if isinstance(kept.get("config"), dict) else ""
    return network_of_layers(source, layers, name=called if str(called).isidentifier() else "net")


def recognise_keras_json(text: str) -> float:
    """Return how likely it is that a text is a Keras model's JSON, or its configuration as a dict."""
    start = text.lstrip()
    return 0.99 if start.startswith(("{", '"{')) and _KIND.search(start.replace('\\"', '"')) else 0.0


def _loaded(source: SourceText) -> Any:
    """Return the description of a model, from JSON or from what `print(model.get_config())` gave."""
    try:
        if _DICT.search(source.text):
            kept = ast.literal_eval(source.text.strip())
        else:
            kept = json.loads(source.text)
            kept = json.loads(kept) if isinstance(kept, str) else kept  # saved twice
    except json.JSONDecodeError as problem:
        raise source.refuse(min(problem.pos, len(source.text)), got=problem.msg, wanted="JSON") from None
    except (SyntaxError, ValueError):
        raise source.refuse(None, got="a dict that is damaged", wanted="what get_config() gave") from None
    except (RecursionError, MemoryError):
        raise source.refuse(None, got="brackets nested too deep", wanted="JSON of a model") from None
    if (
        isinstance(kept, dict) and "class_name" not in kept and "layers" in kept
    ):  # what get_config() leaves out
        kept = {"class_name": "Functional" if "input_layers" in kept else "Sequential", "config": kept}
    return kept


@dataclass
class _Model:
    """Reads the layers of a model, and looks for each in the text to point at it.

    Args:
        source: the text.
        at: where the layer before was found.
    """

    source: SourceText
    at: int = 0

    def layers(self, model: Any, depth: int = 0) -> Iterator[CodeLayer]:
        """Yield the layers of a model in the order in which x passes them."""
        entries = self._entries(model)
        if depth > _DEEPEST:
            raise self._wrong("models nested without end")
        if model["class_name"] != "Sequential":
            entries = self._chain(entries)
        elif isinstance(model["config"], dict) and not any(self._shape(entry) for entry in entries[:1]):
            built = model["config"].get("build_input_shape")
            entries = (
                [{"class_name": "InputLayer", "config": {"batch_shape": built}}, *entries]
                if built
                else entries
            )
        for entry in entries:
            if entry["class_name"] in _MODELS:
                yield from self.layers(entry, depth + 1)
            else:
                yield from self._made(entry)

    def _entries(self, model: Any) -> list[dict[str, Any]]:
        """Return the descriptions of a model's layers, each found to be one."""
        config = model.get("config") if isinstance(model, dict) else None
        entries = config.get("layers") if isinstance(config, dict) else config
        if not isinstance(entries, list) or model.get("class_name") not in _MODELS:
            raise self._wrong("no layers of a Sequential or a Functional")
        for entry in entries:
            plain = isinstance(entry, dict) and isinstance(entry.get("class_name"), str)
            if not plain or not isinstance(entry.get("config"), dict | list):
                raise self._wrong(f"{json.dumps(entry)[:40]} in the place of a layer")
        return entries

    def _chain(self, entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return layers in the order of their connections, each connected to the one before it alone."""
        names = [str(entry.get("name") or entry["config"].get("name")) for entry in entries]
        behind: dict[str, list[int]] = {}
        for place, entry in enumerate(entries):
            sources = _inbound(entry.get("inbound_nodes", []))
            if len(sources) > 1:
                raise self._no_chain(f"{names[place]}, which is connected to {' and '.join(sources)}")
            behind.setdefault(next(iter(sources), ""), []).append(place)
        order: list[int] = []
        follows = behind.get("", [])
        while follows:
            if len(follows) > 1:
                raise self._no_chain(f"{' and '.join(names[place] for place in follows)} side by side")
            order.append(follows[0])
            follows = behind.get(names[follows[0]], []) if len(order) <= len(entries) else []
        if len(order) != len(entries):
            raise self._no_chain("layers that are not connected to the input")
        return [entries[place] for place in order]

    def _made(self, entry: dict[str, Any]) -> Iterator[CodeLayer]:
        kind, config = entry["class_name"], entry["config"]
        span = self._span(kind)
        row = KERAS.layers.get(kind)
        known = (*row.parameters, *_SHAPES) if row else ()
        config = config if isinstance(config, dict) else {}
        keywords = {key: _plain(value) for key, value in config.items() if key in known and value is not None}
        if kind != "InputLayer" and "batch_input_shape" not in keywords:
            keywords = {key: value for key, value in keywords.items() if key not in _SHAPES}
        made = KERAS.make(kind, Call(self.source, span, [], keywords))
        for layer in made.items if isinstance(made, CodeChain) else [made]:
            assert isinstance(layer, CodeLayer)
            if layer.problem is not None:
                raise layer.problem
            yield layer

    def _shape(self, entry: dict[str, Any]) -> bool:
        config = entry["config"] if isinstance(entry["config"], dict) else {}
        return any(config.get(name) for name in _SHAPES)

    def _span(self, kind: str) -> Span:
        found = re.compile(rf"([\"'])class_name\1\s*:\s*([\"']){re.escape(kind)}\2").search(
            self.source.text, self.at
        )
        if found is None:
            return Span(0, 1)
        self.at = found.end()
        return Span(*found.span())

    def _wrong(self, got: str) -> ChalknetError:
        return self.source.refuse(None, got=got, wanted='"class_name" and "config" of a model and its layers')

    def _no_chain(self, got: str) -> ChalknetError:
        wanted = "one layer after the other, from x to yhat"
        return self.source.refuse(None, got=got, wanted=wanted, remedy=FIT_AS_IT_IS, kind=CannotExpress)


def _plain(value: Any) -> object:
    """Return a value of a configuration; of an object that stands for a function, its name."""
    if isinstance(value, dict):
        config = value.get("config")
        return config if isinstance(config, str) else str(value.get("class_name", "?"))
    return value


def _inbound(nodes: Any) -> list[str]:
    """Return the names of the layers that a layer is connected to, in both ways that Keras writes them."""
    found: list[str] = []
    waiting, seen = [nodes], 0
    while waiting and (seen := seen + 1) < 10_000:
        part = waiting.pop(0)
        if isinstance(part, dict):
            history = part.get("keras_history")
            found += [str(history[0])] if isinstance(history, list | tuple) and history else []
            waiting += [value for key, value in part.items() if key != "keras_history"]
        elif isinstance(part, list | tuple):
            named = len(part) >= 3 and isinstance(part[0], str) and isinstance(part[1], int)
            found += [part[0]] if named else []
            waiting += [] if named else part
    return list(dict.fromkeys(found))


KERAS_JSON = Notation(name="keras-json", recognise=recognise_keras_json, read=read_keras_json)
