"""What code does to layers beyond making and calling them, which no network holds: a refusal or a note."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from chalknet.errors import CannotExpress, ChalknetError
from chalknet.network import Linear
from chalknet.notation.torch_layers import FIT_AS_IT_IS, CodeLayer, Unknown
from chalknet.notation.torch_text import Code
from chalknet.notation.torch_values import Model, parts, roots


class _Effect(NamedTuple):
    """One kind of effect: the words that say what it is, and whether the code is refused for it."""

    words: str
    refused: bool = False


_SHARED = _Effect("which makes two layers share weights", refused=True)
_COMPUTED = _Effect("which computes a layer's weights from others", refused=True)
_CHANGED = _Effect("which changes a layer after it was made", refused=True)
_MODE = _Effect("which sets a layer's mode inside forward", refused=True)
_NOT_FOLLOWED = _Effect("which is not followed, though it may change layers", refused=True)
_ROUNDS = _Effect("a loop with layers in it whose rounds only running the code would tell", refused=True)
_STATE = _Effect("in forward may let x take another path the next time: the first is read")
_WEIGHTS = _Effect("sets weights: they are not read, and the network starts with others")
_FROZEN = _Effect("freezes parameters: the network read trains them all")
_HOOK = _Effect("adds a hook, which is not read: it may change what the layer gives")
_APPLIED = _Effect("is not followed: what it does to each layer, such as setting weights, is not read")
_DTYPE = _Effect("sets a dtype, which is not read: fit has one of its own, dtype=")
_GRADIENT = _Effect("lets no gradient pass: this code does not train the layers before it, a fit does")
_INITIALIZER = _Effect("says how weights begin, which is not read: a fit draws them as torch does")
_PENALTY = _Effect("penalises or bounds weights, which is not read: a fit has weight_decay=")
_UNTRAINED = _Effect("calls layers without gradients: this code does not train them, a fit does")
_UNKNOWN = _Effect("is not known here: read as if it changed nothing")
EFFECTS: Mapping[str, _Effect] = {
    "shared": _SHARED, "computed": _COMPUTED, "changed": _CHANGED, "mode": _MODE, "rounds": _ROUNDS,
    "state": _STATE, "not followed": _NOT_FOLLOWED, "weights": _WEIGHTS, "frozen": _FROZEN, "hook": _HOOK,
    "applied": _APPLIED, "dtype": _DTYPE, "gradient": _GRADIENT, "untrained": _UNTRAINED, "unknown": _UNKNOWN,
    "initializer": _INITIALIZER, "regularizer": _PENALTY, "constraint": _PENALTY,
}  # fmt: skip

# The effect of a call on the layers that it is given or is a method of, by its full name; the first counts.
_CALLS = tuple(
    (re.compile(pattern), effect)
    for pattern, effect in (
        (r"\b(weight_norm|spectral_norm|orthogonal|register_parametrization)$", "computed"),
        (r"\bprune\.\w+$|\b(l1_unstructured|random_unstructured|ln_structured)$", "computed"),
        (r"\b(remove_\w+|fuse_modules|swap_tensors|register_buffer)$|__(set|del)(attr|item)__$", "changed"),
        (r"\bclip_grad_(norm|value)_$|\bparameters_to_vector$", ""),
        (r"\b(set_|register_parameter)$", "shared"),
        (r"\bregister_\w*hook$", "hook"),
        (r"\brequires_grad_$", "frozen"),
        (
            r"\b(load_weights|set_weights|load_state_dict|vector_to_parameters|reset_parameters)$|\binit\.",
            "weights",
        ),
        (r"\bapply$", "applied"),
        (r"\b(half|double|bfloat16|type)$", "dtype"),
        (r"^(builtins|math|torch\.(optim|onnx|jit|utils|save)|torchinfo|torchsummary|torchviz|copy)\b", ""),
        (r"^(tensorflow|tf_keras|keras|jax|flax|haiku|optax|equinox|orbax)\b", ""),
        (r"^(numpy|matplotlib|wandb|logging|time|os|sys|tqdm|pandas|sklearn|chalknet|collections)\b", ""),
    )
)
# Functions and methods that change nothing of a layer but, as training does, the values of its weights.
_WITHOUT_EFFECT = frozenset(
    "abs add_graph all any apply_gradients backward buffers callable children clone compile count "
    "cpu cuda debug detach dim dir display draw dump eval evaluate export filter fit float format "
    "forward frozenset get get_config get_layer get_weights getattr hasattr hash id index info init "
    "isinstance issubclass item items iter keys len log map max mean min modules named_buffers "
    "named_children named_modules named_parameters next norm numel numpy object parameters plot "
    "predict print repr reshape save save_weights score set shape share_memory show size state_dict "
    "std step str sum summary super t to to_json tolist train values vars view watch zero_grad".split()
)
# Calls whose value is new, so that it shares no weights with what it was made from.
_NEW = frozenset(
    "clone copy deepcopy tensor new_tensor zeros_like ones_like rand_like randn_like full_like".split()
)
_INSIDE = re.compile(
    r"\b(__dict__|__class__|_modules|_parameters|_\w*hooks|vars\()"
)  # what torch keeps a module in
_MUTATING = frozenset("pop clear update setdefault popitem move_to_end".split())
WITHOUT_GRADIENT = ("no_grad", "inference_mode", "set_grad_enabled")
OVERRIDDEN = ("train", "eval", "parameters", "named_parameters", "__getattr__", "__setattr__", "add_module")
# Decorators that leave a function as it is.
DECORATORS = frozenset(
    "compile script script_method export override abstractmethod staticmethod classmethod property final "
    "transform without_apply_rng "
    "wraps cached_property cache compact lru_cache overload typechecked beartype jaxtyped dataclass".split()
)
_ATTRIBUTES_OF_WEIGHTS = ("weight", "bias", "data")


@dataclass(frozen=True)
class Remark:
    """What the code does to some layers, chains and objects: a refusal, or a note, for networks with them.

    Args:
        owners: what it is about.
        line: where.
        found: the error, or the sentence.
    """

    owners: tuple[object, ...]
    line: int
    found: ChalknetError | str


class Remarks:
    """All remarks on a text.

    Args:
        code: the text.
    """

    def __init__(self, code: Code) -> None:
        self._code = code
        self._all: list[Remark] = []

    def add(self, node: ast.expr | ast.stmt, kind: str, *values: object, shown: str = "") -> None:
        """Say what a node of the text does to the layers that the values are, hold or are parts of.

        Args:
            node: where it stands.
            kind: a name of `EFFECTS`.
            *values: what it is done to.
            shown: the code to quote; the node's own without it.
        """
        owners = tuple(one for one in roots(*values) if isinstance(one, Model))
        if not owners:
            return
        effect, code = EFFECTS[kind], shown or quoted(node)
        found: ChalknetError | str = f"line {node.lineno}: {code} {effect.words}"
        if effect.refused:
            found = self._code.source.refuse(
                self._code.span(node),
                kind=CannotExpress,
                got=effect.words if kind == "rounds" else f"{code}, {effect.words}",
                wanted="layers that are as they were made, each with weights of its own",
                remedy=FIT_AS_IT_IS,
            )
        self._all.append(Remark(owners, node.lineno, found))

    def called(self, node: ast.Call, name: str, owner: object, arguments: list[object]) -> None:
        """Say what a call that is not followed does to the layers that it is given or is a method of.

        Args:
            node: the call.
            name: the full name of what is called, `torch.nn.init.zeros_`, or of a method alone.
            owner: what it is a method of; None for a function.
            arguments: its values.
        """
        last = name.rpartition(".")[2]
        kind = next((kind for pattern, kind in _CALLS if pattern.search(name)), None)
        if kind is None:
            inside = isinstance(owner, Unknown) and _INSIDE.search(owner.source) and last in _MUTATING
            in_place = last.endswith("_") and not last.endswith("__")
            kind = (
                "changed"
                if inside
                else ""
                if last in _WITHOUT_EFFECT
                else "weights"
                if in_place
                else "unknown"
            )
        if kind == "applied" and len(node.args) > 1:
            return  # the forward of flax and haiku, `net.apply(params, x)`
        off = arguments[:1] == [True] or (kind == "frozen" and not arguments)
        if not kind or (kind == "frozen" and off):
            return
        if kind == "shared" and not self._shares(node.args[-1:], (owner, *arguments)):
            kind = "weights"
        self.add(node, kind, owner, *arguments)

    def keywords(self, node: ast.Call, made: object) -> None:
        """Say what keywords of a layer of Keras say beyond its step, such as how its weights begin."""
        for keyword in node.keywords:
            kind = (keyword.arg or "").rpartition("_")[2]
            nothing = isinstance(keyword.value, ast.Constant) and keyword.value.value is None
            if kind in ("initializer", "regularizer", "constraint") and not nothing:
                self.add(node, kind, made, shown=f"{keyword.arg}={quoted(keyword.value)}")

    def assigned(
        self, target: ast.Attribute | ast.Subscript, owner: object, value: object, node: ast.expr
    ) -> None:
        """Say what an assignment to an attribute or a member of a layer or a weight does.

        Args:
            target: what is assigned to.
            owner: the value whose attribute or member it is.
            value: what is assigned.
            node: the code of the value.
        """
        name = target.attr if isinstance(target, ast.Attribute) else ""
        whole = f"{quoted(target)} = {quoted(node)}"
        if name == "grad" or (name == "requires_grad" and value is True):
            return
        if name == "trainable" and value is True:
            return
        if name in ("requires_grad", "trainable"):
            kind = "frozen"
        elif name in _ATTRIBUTES_OF_WEIGHTS or (
            isinstance(owner, Unknown) and not _INSIDE.search(owner.source)
        ):
            kind = "shared" if self._shares([node], (owner, value)) else "weights"
            new = isinstance(owner, CodeLayer) and isinstance(owner.step, Linear) and not owner.step.bias
            kind = "changed" if value is None or (new and name == "bias") else kind
        else:
            kind = (
                "shared" if isinstance(value, Unknown) and self._shares([node], (owner, value)) else "changed"
            )
        self.add(target, kind, owner, value, shown=whole)

    def _shares(self, nodes: list[ast.expr], values: tuple[object, ...]) -> bool:
        """Return whether a value belongs to another layer than the one it is given to, and is no copy."""
        calls = [part for node in nodes for part in ast.walk(node) if isinstance(part, ast.Call)]
        names = {
            call.func.attr if isinstance(call.func, ast.Attribute) else quoted(call.func) for call in calls
        }
        owners = {id(one) for one in roots(*values) if isinstance(one, Model)}
        return len(owners) > 1 and not names & _NEW and not any(isinstance(node, ast.BinOp) for node in nodes)

    def of(self, *values: object) -> list[Remark]:
        """Return the remarks on what is inside some values, in the order of the lines."""
        here: dict[int, object] = {}
        for value in values:
            here |= parts(value)
        known: dict[int, bool] = {}
        for remark in self._all:
            for owner in remark.owners:
                if id(owner) not in known:
                    known[id(owner)] = not here.keys().isdisjoint(parts(owner))
        touching = [remark for remark in self._all if any(known[id(owner)] for owner in remark.owners)]
        return sorted(touching, key=lambda remark: remark.line)


def quoted(node: ast.AST) -> str:
    """Return the code of a node in one line, cut where it is long."""
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= 60 else f"{text[:57]}..."


def as_if(node: ast.If, outcome: str) -> str:
    """Return the note on a test that is not decided."""
    test = ast.unparse(node.test)
    return f"line {node.lineno}: read as if {test if len(test) <= 40 else f'{test[:37]}...'} were {outcome}"
