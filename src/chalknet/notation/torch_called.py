"""What a call in PyTorch code does and gives, by what is called."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from chalknet.network import Dropout
from chalknet.notation.budget import StepBudget
from chalknet.notation.libraries.known import family_of
from chalknet.notation.libraries.modules import mode_of
from chalknet.notation.torch_calls import call_layer, call_torch, chain_method
from chalknet.notation.torch_flow import SELF, flow_method
from chalknet.notation.torch_layers import CodeLayer, Unknown
from chalknet.notation.torch_text import Code
from chalknet.notation.torch_values import (
    Call,
    Class,
    CodeChain,
    Dotted,
    Flow,
    Function,
    Instance,
    Model,
    Super,
    iterated,
    no_chain,
    roots,
)

if TYPE_CHECKING:
    from chalknet.notation.torch_statements import Interpreter

Attribute: TypeAlias = Callable[[object, str, ast.expr], object]
_METHODS: Mapping[type, Mapping[str, Callable[..., object]]] = {
    list: {
        name: vars(list)[name]
        for name in "append extend insert pop reverse copy index remove clear count".split()
    },
    dict: {
        name: vars(dict)[name] for name in "pop copy items keys values get update setdefault clear".split()
    },
    str: {name: vars(str)[name] for name in "lower upper strip format startswith endswith split".split()},
}
_ITERATORS = frozenset("next iter filter map set vars".split())  # what they give are parts of what they take
_EVERYWHERE = re.compile(r"register_module_\w*hook$|set_default_dtype$|set_default_tensor_type$")
_NORMS = re.compile(r"^torch\.nn\.utils\.\w*\.?(?:spectral_norm|weight_norm|orthogonal)$")
_DTYPES = frozenset("torch.half torch.float16 torch.bfloat16 torch.double torch.float64".split())


class Called:
    """Follows calls.

    Args:
        code: what is followed.
        world: what its names stand for.
        budget: counts what is done.
    """

    def __init__(self, code: Code, world: Interpreter, budget: StepBudget) -> None:
        self._code = code
        self._world = world
        self._budget = budget

    def method(self, owner: object, name: str, node: ast.Call, call: Call, attribute: Attribute) -> object:
        """Return what a method of a value, or a name in a module, gives when it is called."""
        match owner:
            case Flow():
                return self._of_flow(owner, name, node, call)
            case Super() if isinstance(found := attribute(owner, name, node.func), Function):
                return self._world.enter(found, call)
            case Super():
                return self._of_torch(owner, name, call)
            case Instance() if name in owner.attributes or owner.kind.member(name) is not None:
                pass
            case Instance() | CodeLayer() | CodeChain():
                return self._of_module(owner, name, node, call)
            case list() | dict() | str():
                self._budget.walk(node, owner, *call.positional)
                return self._of_list(owner, name, node, call)
            case Unknown() if owner.of and not isinstance(call.argument(0, "input"), Flow):
                self._world.remarks.called(node, name, owner, call.values)
                if name.endswith("_"):  # x.data.mul_(2)
                    self._world.names.write_over(node.lineno, owner)
                return Unknown(ast.unparse(node.func), name, owner.of)
        return self.function(attribute(owner, name, node.func), node, call, attribute)

    def function(self, callee: object, node: ast.Call, call: Call, attribute: Attribute) -> object:
        """Return what calling a value gives."""
        if isinstance(callee, Function):
            return self._world.enter(callee, call)
        if isinstance(callee, Class):
            return self._world.instance(callee, call)
        if isinstance(callee, CodeLayer | CodeChain | Instance):
            return self._of_layer(callee, node, call)
        if isinstance(callee, Dotted):
            return self._of_dotted(callee, node, call)
        name = ast.unparse(node.func)
        if name == "isinstance" and len(call.positional) == 2:
            return _is_instance(call.positional[0], call.positional[1], node)
        if name == "map" and len(call.positional) == 2 and not isinstance(call.positional[1], Unknown):
            mapped, many = call.positional
            return [
                self.function(mapped, node, replace(call, positional=[one]), attribute)
                for one in iterated(many)
            ]
        if name in ("getattr", "setattr") and len(call.positional) > 1:
            return self._named_attribute(name, node, call, attribute)
        flow = next((value for value in call.values if isinstance(value, Flow)), None)
        if flow is not None and isinstance(callee, Unknown):
            got = f"{callee.source}({flow.x})"
            return flow.through(no_chain(self._code.source, call.span, got))
        self._world.remarks.called(node, name, None, call.values)
        if name in ("exec", "eval"):
            self._world.notes.append(f"line {node.lineno}: what {name}(...) runs is not read")
        of = roots(*call.values) if name in _ITERATORS else ()
        return Unknown(_shown(node), callee.source if isinstance(callee, Unknown) else "", of)

    def _of_flow(self, flow: Flow, name: str, node: ast.Call, call: Call) -> object:
        wide = name in ("half", "double", "bfloat16") or (name in ("to", "type") and _is_wide(call))
        kind = {"detach": "gradient", "register_hook": "hook"}.get(name, "dtype" if wide else "")
        if kind and self._world.forwards:
            self._world.remarks.add(node, kind, *flow.items)
        return self._written_over(flow, flow_method(flow, name, call), node, call)

    def _written_over(self, flow: Flow, result: object, node: ast.Call, call: Call) -> object:
        """Remember an x that a call wrote over."""
        if isinstance(result, Flow) and result is not flow and _in_place(result.items[-1]):
            self._world.names.write_over(node.lineno, flow)
        self._world.names.write_over(node.lineno, call.keywords.get("out"))
        return result

    def _of_layer(self, callee: CodeLayer | CodeChain | Instance, node: ast.Call, call: Call) -> object:
        if self._world.without_gradient:
            self._world.remarks.add(node, "untrained", callee)
        if isinstance(callee, Instance):
            return self._world.forward(callee, call)
        first = call.argument(0, "input")
        mode = mode_of(call)
        if mode is not None and isinstance(first, Flow):  # Dropout of flax and Keras is told the mode
            self._world.mode_matters = True
            if isinstance(callee, CodeLayer) and isinstance(callee.step, Dropout):
                always = mode and not self._world.training
                return first.through(replace(callee, always=True) if always else callee) if mode else first
        result = call_layer(callee, call)
        if isinstance(result, Flow) and call.keywords.get("dropout_rate") is not None:  # haiku's MLP
            got = f"{_shown(node)}, which drops between its layers by dropout_rate"
            return result.through(no_chain(self._code.source, call.span, got))
        return self._written_over(first, result, node, call) if isinstance(first, Flow) else result

    def _of_dotted(self, callee: Dotted, node: ast.Call, call: Call) -> object:
        first = call.argument(0, "input")
        if callee.path.startswith(("builtins.", "math.")):
            self._budget.check_call(node, callee.last, call.positional)
        if callee.path.endswith("Module.__init__"):
            return None
        if callee.last == "set_grad_enabled" and self._world.forwards:
            self._world.without_gradient = call.argument(0, "mode") is not True
        result = call_torch(callee, call)
        self._world.remarks.keywords(node, result)
        if "dtype" in call.keywords:
            self._world.remarks.add(
                node, "dtype", result, *(result.items[-1:] if isinstance(result, Flow) else ())
            )
        if isinstance(first, Flow):
            if callee.path.startswith("torch.nn.init."):
                self._world.names.write_over(node.lineno, first)
            return self._written_over(first, result, node, call)
        anew = self._world.forwards and not callee.path.startswith(("flax.linen.", "haiku."))
        if isinstance(result, CodeLayer) and anew and result.step is not None:
            return self._made_in_forward(result, node)
        if isinstance(result, Unknown):
            self._world.remarks.called(node, callee.path, None, call.values)
            if match := _EVERYWHERE.search(callee.path):
                self._world.notes.append(
                    f"line {node.lineno}: {match.group()} changes every module, which is not read"
                )
            if _NORMS.search(callee.path) and roots(first):
                got = f"{callee.last}(...), which computes a layer's weights from others"
                return no_chain(self._code.source, call.span, got)
        return result

    def _made_in_forward(self, layer: CodeLayer, node: ast.Call) -> CodeLayer:
        """Return a layer that forward makes: no module holds it, so its weights are new at every call."""
        if layer.step is not None and layer.step.trainable:
            got = f"{_shown(node)} inside forward, which has new weights at every call"
            remedy = "Make it in __init__: self.layer = ..., and call self.layer(x)."
            return no_chain(self._code.source, layer.span, got, remedy)
        return replace(layer, always=True)

    def _of_torch(self, owner: Super, name: str, call: Call) -> object:
        """Return what a method of the class of torch that a class derives from gives."""
        made, base = owner.instance, owner.instance.kind.base
        if name == "__init__":
            if made.chain is not None and base is not None:
                given = call_torch(base, call)
                made.chain.append(*given.items) if isinstance(given, CodeChain) else None
            return None
        if name == "__call__" and isinstance(forward := made.kind.member("forward"), Function):
            return self._world.enter(replace(forward, owner=made), call)
        if name in ("forward", "__call__") and made.chain is not None:
            return call_layer(made.chain, call)
        flow = next((value for value in call.values if isinstance(value, Flow)), None)
        if flow is not None:
            what = f"super().{name}(...), which is not defined here"
            return flow.through(no_chain(self._code.source, call.span, what))
        return Unknown(f"super().{name}(...)")

    def _of_module(
        self, owner: Instance | CodeLayer | CodeChain, name: str, node: ast.Call, call: Call
    ) -> object:
        """Return what a method that modules have gives."""
        chain = owner.chain if isinstance(owner, Instance) else owner
        if name == "__call__":
            return self._of_layer(owner, node, call)
        if name in ("add_module", "register_module") and isinstance(owner, Instance) and owner.chain is None:
            owner.attributes[_text(call.argument(0, "name"))] = call.argument(1, "module")
            return owner
        if name in ("register_parameter", "register_buffer") and isinstance(owner, Instance):
            owner.attributes[_text(call.argument(0, "name"))] = call.argument(1, "param")
            return None
        if name in ("children", "named_children") and not isinstance(owner, CodeLayer):
            held = owner.attributes if chain is None else chain.modules  # type: ignore[union-attr]
            once = {id(part): (key, part) for key, part in reversed(held.items()) if isinstance(part, Model)}
            named = list(reversed(once.values()))  # the first name of each, as torch has it
            return named if name == "named_children" else [part for _, part in named]
        if name == "forward":
            return self._of_layer(owner, node, call)
        if name in ("fit", "partial_fit") and family_of(self._code.source.text) == "scikit-learn code":
            return owner
        if name in ("train", "eval") and self._world.forwards:
            self._world.remarks.add(node, "mode", owner)
        if name == "to" and _is_wide(call):
            self._world.remarks.add(node, "dtype", owner)
        if isinstance(chain, CodeChain) and name not in SELF:
            try:
                result = chain_method(chain, name, call)
            except (TypeError, LookupError, ValueError):
                self._world.remarks.add(node, "changed", owner, *call.values)
                return Unknown(_shown(node), name)
            if not isinstance(result, Unknown):
                return owner if result is chain else result
        self._world.remarks.called(node, name, owner, call.values)
        return owner if name in SELF else Unknown(_shown(node), name, (owner,))

    def _of_list(self, owner: object, name: str, node: ast.Call, call: Call) -> object:
        method = _METHODS[type(owner)].get(name) if type(owner) in _METHODS else None
        if method is None:  # a ModuleList is a list here
            self._world.remarks.called(node, name, owner, call.values)
            return owner if name in SELF else Unknown(_shown(node), of=roots(owner))
        try:
            return method(owner, *call.positional, **call.keywords)
        except (TypeError, LookupError, ValueError):
            if not isinstance(owner, str):
                self._world.remarks.add(node, "changed", owner, *call.values)
            return Unknown(_shown(node), of=roots(owner))

    def _named_attribute(self, function: str, node: ast.Call, call: Call, attribute: Attribute) -> object:
        """Follow `getattr` and `setattr`."""
        owner, name, *value = call.positional
        if not isinstance(name, str):
            if function == "setattr":
                self._world.remarks.add(node, "changed", owner, *value)
            return Unknown(_shown(node), of=roots(owner))
        target = ast.copy_location(ast.Attribute(node.args[0], name, ast.Load()), node)
        if function == "getattr":
            return attribute(owner, name, target)
        self._world.bind(target, value[0], node.args[2])
        return None


def _is_wide(call: Call) -> bool:
    """Return whether a call is given a dtype other than float32."""
    return any(isinstance(value, Dotted) and value.path in _DTYPES for value in call.values)


def _in_place(item: object) -> bool:
    if isinstance(item, CodeChain):
        return bool(item.items) and _in_place(item.items[0])
    return isinstance(item, CodeLayer) and item.in_place


def _is_instance(value: object, kind: object, node: ast.Call) -> object:
    """Return whether a layer or an object is of a class; `Unknown` where the text does not say."""
    kinds = kind if isinstance(kind, tuple) else (kind,)
    names = {one.last if isinstance(one, Dotted) else one for one in kinds}
    if isinstance(value, CodeLayer) and value.kind and all(isinstance(one, str | Class) for one in names):
        return bool(names & {value.kind, "Module"})
    if isinstance(value, CodeChain) and all(isinstance(one, str | Class) for one in names):
        return bool(names & {"Sequential", "Module"})
    return Unknown(_shown(node), of=roots(value))


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    raise TypeError("a name that is known only when the code runs")


def _shown(node: ast.AST) -> str:
    text = ast.unparse(node)
    return text if len(text) <= 40 else f"{text[:37]}..."
