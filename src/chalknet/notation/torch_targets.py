"""What an assignment in PyTorch code, or a deletion, does to names, attributes and members."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from chalknet.notation.torch_expressions import Expressions, shown
from chalknet.notation.torch_layers import CodeLayer, Unknown
from chalknet.notation.torch_values import (
    Class,
    CodeChain,
    Dotted,
    Flow,
    Instance,
    Model,
    iterated,
    roots,
)

if TYPE_CHECKING:
    from chalknet.notation.torch_statements import Interpreter


class Targets:
    """Binds values to targets.

    Args:
        world: the interpreter, whose names are bound.
        expressions: gives the values of expressions.
    """

    NOTHING = object()  # bound by `del`

    def __init__(self, world: Interpreter, expressions: Expressions) -> None:
        self._world = world
        self._value = expressions.value
        self._place = expressions.place

    def bind(self, target: ast.expr, value: object, code: ast.expr | None = None) -> None:
        """Give a value its name, an object its attribute, a list its member.

        Args:
            target: what is assigned to.
            value: what is assigned; `NOTHING` takes it away.
            code: the code of the value, to quote; the target's own where there is none.
        """
        match target:
            case ast.Name(name):
                self._world.names.bind(name, Unknown(name) if value is self.NOTHING else value, target)
            case ast.Tuple(targets) | ast.List(targets):
                self._bind_all(targets, value, target)
            case ast.Starred(inner):
                self.bind(inner, value, code)
            case ast.Attribute():
                self._bind_attribute(target, value, code or target)
            case ast.Subscript():
                self._bind_member(target, value, code or target)

    def _bind_all(self, targets: list[ast.expr], value: object, whole: ast.expr) -> None:
        if value is self.NOTHING or isinstance(value, Unknown | Flow | Dotted):
            of = () if value is self.NOTHING else roots(value)
            values: list[object] = [Unknown(shown(whole), of=of)] * len(targets)
        else:
            values = iterated(value)
        starred = [place for place, part in enumerate(targets) if isinstance(part, ast.Starred)]
        if starred:  # first, *rest, last
            place, more = starred[0], len(values) - len(targets) + 1
            values = [*values[:place], values[place : place + more], *values[place + more :]]
        for index, part in enumerate(targets):
            self.bind(part, values[index] if index < len(values) else Unknown(shown(whole)))

    def _bind_attribute(self, target: ast.Attribute, value: object, code: ast.expr) -> None:
        owner, name = self._value(target.value), target.attr
        is_module = isinstance(value, Model) or value is self.NOTHING
        if isinstance(owner, CodeChain | Instance) and name == "training":
            return
        if self._world.forwards and isinstance(owner, Instance):
            before = owner.attributes.get(name)
            if isinstance(value, Model) and before is not value:
                self._world.remarks.add(target, "changed", owner, shown=f"{shown(target)} = {shown(code)}")
            elif isinstance(value, int | float | str) and before != value:
                self._world.remarks.add(target, "state", owner, shown=f"{shown(target)} = {shown(code)}")
        match owner:
            case CodeChain() if is_module:
                self._put(owner, name, value)
            case Instance(chain=CodeChain()) if is_module:
                self._put(owner.chain, name, value)  # type: ignore[arg-type]
                owner.attributes[name] = value
            case Instance():
                owner.attributes[name] = value
            case Class():
                owner.members[name] = value
            case Flow():
                self._world.names.write_over(target.lineno, owner)
            case Dotted(path) if path.startswith("torch."):
                line = target.lineno
                self._world.notes.append(
                    f"line {line}: {shown(target)} of torch is changed, which is not read"
                )
            case CodeChain() | CodeLayer() | Unknown():
                self._world.remarks.assigned(target, owner, value, code)
        if isinstance(owner, Instance) and value is self.NOTHING:
            owner.attributes.pop(name, None)

    def _put(self, chain: CodeChain, name: str, value: object) -> None:
        if value is not self.NOTHING:
            chain.put(name, value)
            return
        chain.take(name)

    def _bind_member(self, target: ast.Subscript, value: object, code: ast.expr) -> None:
        owner = self._value(target.value)
        chain = owner.chain if isinstance(owner, Instance) else owner
        if isinstance(chain, Flow):
            self._world.names.write_over(target.lineno, chain)
            return
        try:
            place = self._place(target.slice)
            if isinstance(chain, CodeChain):
                self._bind_item(chain, place, value)
            elif isinstance(chain, list | dict):
                if value is self.NOTHING:
                    del chain[place]
                else:
                    chain[place] = value
            elif isinstance(owner, Unknown | CodeLayer):
                self._world.names.write_over(target.lineno, owner)
                self._world.remarks.assigned(target, owner, value, code)
        except (LookupError, TypeError, ValueError):
            self._world.remarks.add(target, "changed", owner, value, shown=f"{shown(target)} = {shown(code)}")

    def _bind_item(self, chain: CodeChain, place: object, value: object) -> None:
        items = list(chain.items)
        if value is self.NOTHING:
            del items[place]  # type: ignore[arg-type]
            chain.renew(items)
        elif isinstance(place, int):
            chain.put(list(chain.modules)[place], value)
        else:
            raise TypeError("a place that is known only when the code runs")
