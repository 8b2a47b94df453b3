"""The kinds of values in PyTorch code that is analysed without running it."""

from __future__ import annotations

import ast
import operator
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from chalknet.errors import CannotExpress
from chalknet.network import Arguments, Dropout, Flatten, torch_layers
from chalknet.notation.tokens import SourceText, Span
from chalknet.notation.torch_layers import FIT_AS_IT_IS, CodeLayer, Unknown

LARGEST_LIST = 10_000


@dataclass(frozen=True)
class Dotted:
    """A name that an import brings, by its full path: `torch.nn.Linear`."""

    path: str

    @property
    def last(self) -> str:
        """Return the name itself, `Linear`."""
        return self.path.rpartition(".")[2]


@dataclass(frozen=True, eq=False)
class CodeChain:
    """An `nn.Sequential`: layers and chains by name in their order, which the code may still change.

    Names matter as they do in torch: a module under a name that is there already takes its place.
    """

    span: Span
    modules: dict[str, object] = field(default_factory=dict, repr=False)
    layer: bool = False  # whether it is one layer, such as a Dense with its activation
    _items: list[object] = field(default_factory=list, repr=False)  # of `modules`; shorter when out of date

    @classmethod
    def of(cls, span: Span, items: Iterable[object], *, layer: bool = False) -> CodeChain:
        """Return the chain of some items, named by their places."""
        return cls(span, {str(place): item for place, item in enumerate(items)}, layer)

    @property
    def items(self) -> list[object]:
        """Return what is in it, in order; not to be changed."""
        if len(self._items) != len(self.modules):
            self._items[:] = self.modules.values()
        return self._items

    def put(self, name: str, item: object) -> None:
        """Put an item under a name: at the end, or in the place of what had it."""
        if name in self.modules:
            self._items.clear()
        elif len(self._items) == len(self.modules):
            self._items.append(item)
        self.modules[name] = item

    def append(self, *items: object) -> None:
        """Put items at the end, named as torch names them."""
        for item in items:
            self.put(str(len(self.modules)), item)

    def take(self, name: str) -> object:
        """Take out the item of a name, which the others' names do not depend on."""
        self._items.clear()
        return self.modules.pop(name, None)

    def renew(self, items: Iterable[object]) -> None:
        """Put these items in the place of all, named by their places."""
        named = {str(place): item for place, item in enumerate(items)}
        self.modules.clear()
        self._items.clear()
        self.modules.update(named)

    def part(self, place: object) -> object:
        """Return an item or, for a slice, the chain of some under the names that they have."""
        if isinstance(place, slice):
            return CodeChain(self.span, dict(list(self.modules.items())[place]))
        return operator.getitem(self.items, place)  # type: ignore[misc]


@dataclass(frozen=True, eq=False)
class Flow:
    """An x and the layers it has passed, inside `forward` or by hand.

    Args:
        span: where it begins.
        items: what it passed.
        x: what the code calls it.
        start: the same for all that one x became.
        memory: the same for values that share one, as a view does.
    """

    span: Span
    items: tuple[object, ...] = ()
    x: str = "x"
    start: object = field(default_factory=object)
    memory: object = field(default_factory=object)

    def through(self, *items: object) -> Flow:
        """Return it after some more layers."""
        memory = self.memory if all(map(_may_be_a_view, items)) else object()
        return replace(self, items=(*self.items, *items), memory=memory)


@dataclass(frozen=True, eq=False)
class Added:
    """What x passes while x itself goes around it and is added, as in `x + self.block(x)`."""

    span: Span
    items: tuple[object, ...]


class SkipPath(NamedTuple):
    """An x, and what it passed before it was added to itself."""

    before: Flow
    passed: tuple[object, ...]


def around(one: object, other: object) -> SkipPath | None:
    """Return the x from which two that are added come, and what one of them passed since; None otherwise."""
    if not isinstance(one, Flow) or not isinstance(other, Flow) or one.start is not other.start:
        return None
    before, after = sorted((one, other), key=lambda flow: len(flow.items))
    shared = len(before.items)
    if len(after.items) == shared or any(a is not b for a, b in zip(before.items, after.items, strict=False)):
        return None
    return SkipPath(before, after.items[shared:])


def _may_be_a_view(item: object) -> bool:
    """Return whether a layer's value may be x itself, or a part of it, and not a new one."""
    if isinstance(item, CodeChain):
        return all(map(_may_be_a_view, item.items))
    if not isinstance(item, CodeLayer) or item.in_place:
        return False
    return (
        item.problem is not None
        or item.drops_axis
        or isinstance(item.step, Flatten | Dropout)
        or item.kind == "Identity"
    )


@dataclass(frozen=True, eq=False)
class Function:
    """A `def` of the text.

    Args:
        node: what it does.
        owner: the object, or class, that it belongs to when it is a method.
        home: the class that defines it, from whose bases `super()` is.
        closure: the names of the functions around it, the innermost last.
    """

    node: ast.FunctionDef
    owner: Instance | Class | None = None
    home: Class | None = None
    closure: tuple[dict[str, object], ...] = ()


@dataclass(frozen=True, eq=False)
class Class:
    """A `class` of the text.

    Args:
        node: its definition.
        bases: what it derives from.
        members: its methods and what else it binds.
    """

    node: ast.ClassDef
    bases: tuple[object, ...]
    members: dict[str, object] = field(default_factory=dict)

    @property
    def line(self) -> list[Class]:
        """Return the class and those of the text that it derives from, the nearest first."""
        found = [self]
        for base in self.bases:  # what two bases share comes behind both
            inherited = base.line if isinstance(base, Class) else []
            found = [kind for kind in found if kind not in inherited] + inherited
        return found

    def member(self, name: str) -> object:
        """Return what it binds to a name, itself or by a base; None for nothing."""
        return next((kind.members[name] for kind in self.line if name in kind.members), None)

    @property
    def base(self) -> Dotted | None:
        """Return the class from elsewhere that it derives from, `torch.nn.Module` for most."""
        return next((base for kind in self.line for base in kind.bases if isinstance(base, Dotted)), None)


@dataclass(frozen=True, eq=False)
class Instance:
    """An object of a class of the text: an `nn.Module` of the user's own.

    Args:
        kind: its class.
        span: where it was made.
        attributes: what `self` holds.
        chain: for a subclass of `nn.Sequential`, what it was made of.
    """

    kind: Class
    span: Span
    attributes: dict[str, object] = field(default_factory=dict)
    chain: CodeChain | None = None


@dataclass(frozen=True, eq=False)
class Super:
    """A `super()`: the methods of an object that the bases of a class define."""

    instance: Instance
    home: Class


Model = CodeLayer | CodeChain | Instance


@dataclass(frozen=True)
class Call:
    """The values of one call and where it stands.

    Args:
        source: the text.
        span: the place of the call.
        positional: its values without a name.
        keywords: its values with one.
    """

    source: SourceText
    span: Span
    positional: list[object] = field(default_factory=list)
    keywords: Arguments = field(default_factory=dict)

    def argument(self, place: int, name: str) -> object:
        """Return an argument given by place or by name, or None."""
        return self.positional[place] if place < len(self.positional) else self.keywords.get(name)

    @property
    def values(self) -> list[object]:
        """Return all arguments."""
        return [*self.positional, *self.keywords.values()]


def roots(*values: object) -> tuple[object, ...]:
    """Return the layers, chains, objects and x that values are, hold, or are parts of."""
    found: list[object] = []
    for value in values:
        if isinstance(value, Unknown):
            found += value.of
        elif isinstance(value, Model | Flow):
            found.append(value)
        elif isinstance(value, list | tuple | dict):
            found += roots(*elements(value))
    return tuple({id(one): one for one in found}.values())


def parts(value: object) -> dict[int, object]:
    """Return a value and all that is inside, at any depth, by identity."""
    found: dict[int, object] = {}
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if id(part) in found or not isinstance(part, Model | Flow | list | tuple | dict | Unknown):
            continue
        found[id(part)] = part
        waiting += inside(part)
    return found


def inside(value: object) -> list[object]:
    """Return what is directly inside a value."""
    match value:
        case CodeChain() | Flow():
            return list(value.items)
        case Instance():
            return [*value.attributes.values(), *([value.chain] if value.chain else [])]
        case list() | tuple() | dict():
            return elements(value)
        case CodeLayer(origin=origin) if origin:
            return [origin]
    return []


def elements(value: object) -> list[object]:
    """Return the members of a list, chain, dict or range; of anything else, itself as the only one.

    Raises:
        ValueError: for more of them than any network has layers.
    """
    if isinstance(value, range | list | tuple) and len(value) > LARGEST_LIST:
        raise ValueError(f"{len(value)} members")
    if isinstance(value, Instance) and value.chain:
        value = value.chain
    if isinstance(value, CodeChain):
        return list(value.items)
    if isinstance(value, Mapping):
        return list(value.values())
    if isinstance(value, Iterable) and not isinstance(value, str):
        return list(value)
    return [value]


def iterated(value: object) -> list[object]:
    """Return what a loop over a value takes one after the other: of a dict, its keys."""
    return elements(list(value) if isinstance(value, Mapping | str) else value)


def common_name(name: str) -> Dotted | None:
    """Return what a name stands for in code without imports, such as a line cut out of a page, or None."""
    return _COMMON.get(name) or (Dotted(f"torch.nn.{name}") if name in torch_layers() else None)


_COMMON: Mapping[str, Dotted] = {
    "torch": Dotted("torch"),
    "nn": Dotted("torch.nn"),
    "F": Dotted("torch.nn.functional"),
    "math": Dotted("math"),
    **{name: Dotted(f"torch.nn.utils.{name}") for name in ("spectral_norm", "weight_norm")},
    "OrderedDict": Dotted("collections.OrderedDict"),
    **{name: Dotted(f"torch.nn.{name}") for name in ("Sequential", "ModuleList", "Module")},
}


def no_chain(source: SourceText, span: Span, got: str, remedy: str = FIT_AS_IT_IS) -> CodeLayer:
    """Return a layer whose problem is that x passes no chain of steps."""
    wanted = "one layer after the other, from x to yhat"
    problem = source.refuse(span, got=got, wanted=wanted, remedy=remedy, kind=CannotExpress)
    return CodeLayer(span, problem=problem)
