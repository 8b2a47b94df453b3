"""What a call in a program that draws gives: of a graph, of a value, of Python and of the libraries."""

from __future__ import annotations

import ast
import builtins
import itertools
import math
import re
import string
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from chalknet.notation.pages.built_graph import BuiltGraph
from chalknet.notation.pages.graph_calls import METHODS, Item, made_by, of_networkx
from chalknet.notation.pages.program_values import LONGEST, LONGEST_TEXT, Kind, Routine, check_text
from chalknet.notation.torch_layers import Unknown
from chalknet.notation.torch_values import Call, Dotted

if TYPE_CHECKING:
    from chalknet.notation.pages.expressions import ProgramValues
    from chalknet.notation.pages.program import ProgramFollower

_METHODS: Mapping[type, frozenset[str]] = {
    str: frozenset("join format lower upper strip lstrip rstrip replace split splitlines startswith endswith "
                   "title capitalize zfill rjust ljust center count find isdigit removeprefix "
                   "removesuffix".split()),
    list: frozenset("append extend insert pop reverse copy index remove clear sort count".split()),
    dict: frozenset("get items keys values update setdefault pop copy".split()),
    set: frozenset("add update union".split()),
    tuple: frozenset("index count".split()),
}  # fmt: skip
PYTHON = frozenset(
    "abs bool chr dict divmod enumerate float int len list max min ord range repr reversed round set sorted "
    "str sum tuple zip any all map filter print".split()
)
_MADE_LIST = frozenset("zip enumerate reversed map filter".split())
_LIBRARY = (
    "math.prod math.ceil math.floor math.sqrt math.log2 itertools.product itertools.chain itertools.pairwise "
    "itertools.accumulate itertools.combinations itertools.zip_longest itertools.islice"
)
KNOWN: Mapping[str, Any] = {
    **{name: getattr({"math": math, "itertools": itertools}[name.partition(".")[0]], name.partition(".")[2])
       for name in _LIBRARY.split()},
    "string.ascii_lowercase": string.ascii_lowercase,
    "string.ascii_uppercase": string.ascii_uppercase,
    "string.ascii_letters": string.ascii_letters,
    "string.digits": string.digits,
    "math.pi": math.pi,
    "itertools.chain.from_iterable": itertools.chain.from_iterable,
    "networkx.utils.pairwise": itertools.pairwise,
    "collections.OrderedDict": dict,
    "textwrap.dedent": lambda text: text,
    "inspect.cleandoc": lambda text: text,
}  # fmt: skip


class ProgramCalls:
    """Follows calls.

    Args:
        expressions: evaluates what a loop inside a call takes.
        program: what its names stand for, and what was drawn.
    """

    def __init__(self, expressions: ProgramValues, program: ProgramFollower) -> None:
        self._expressions = expressions
        self._program = program

    def made(self, owner: object, node: ast.Call, call: Call) -> object:
        """Return what a call gives; `owner` is the value whose method it is, or None."""
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        if isinstance(owner, BuiltGraph):
            return self._program.drawn(owner, node, call) if name in METHODS else _of_graph(owner, name)
        if isinstance(owner, Item):
            return _of_item(owner, name, call)
        if any(isinstance(owner, kind) and name in names for kind, names in _METHODS.items()):
            return self._of_value(owner, name, node, call)
        callee = self._expressions.value(node.func)
        if name == "write":
            self._program.note_printed(call, "")
        if isinstance(callee, Routine | Kind):
            return self._program.entered(callee, call)
        self._program.seen(node, call.values)
        if isinstance(callee, Dotted):
            return self._of_dotted(callee, node, call)
        if any(callee is known for known in KNOWN.values()) and callable(callee):
            _check(call)
            made = callee(*call.positional, **call.keywords)
            return made if isinstance(made, str | int | float) else self._expressions.members(made)
        return Unknown(ast.unparse(node)[:60])

    def _of_value(self, owner: Any, name: str, node: ast.Call, call: Call) -> object:
        """Return what a method of a text, a list or a dict gives."""
        if isinstance(owner, str):
            _check_text_method(owner, name, call)
        elif name in ("sort", "index", "remove", "count"):
            self._expressions.budget.spend(node, len(owner) // 8)
        made = getattr(owner, name)(*call.positional, **call.keywords)
        return list(made) if name in ("items", "keys", "values") else made

    def _of_dotted(self, callee: Dotted, node: ast.Call, call: Call) -> object:
        """Return what a function of Python or of a library gives."""
        name = callee.last
        if callee.path.startswith("builtins."):
            return self._of_python(name, node, call)
        made = made_by(callee.path, call, node.lineno)
        if isinstance(made, BuiltGraph):
            self._program.graphs.append(made)
        if made is None and not (callee.path.startswith("networkx.") and of_networkx(name, call)):
            return Unknown(ast.unparse(node)[:60])
        return made

    def _of_python(self, name: str, node: ast.Call, call: Call) -> object:
        if name == "print":
            self._program.note_printed(call)
            return None
        if name in ("map", "filter") and len(call.positional) == 2:
            function, many = call.positional
            given = [(one, self._called(function, node, one)) for one in self._expressions.members(many)]
            return [made for _, made in given] if name == "map" else [one for one, made in given if made]
        _check(call)
        self._expressions.budget.check_call(node, name, call.positional)
        if name != "len" and any(isinstance(one, range) and len(one) > LONGEST for one in call.positional):
            raise ValueError("more members than any drawing has")
        made = getattr(builtins, name)(*call.positional, **call.keywords)
        return self._expressions.members(made) if name in _MADE_LIST else made

    def _called(self, function: object, node: ast.Call, given: object) -> object:
        one = Call(self._program.source, self._program.span(node), [given])
        if isinstance(function, Routine | Kind):
            return self._program.entered(function, one)
        if isinstance(function, Dotted) and function.last in ("str", "int", "float", "len"):
            return self._of_python(function.last, node, one)
        raise ValueError("a function that is not followed")


def _check(call: Call) -> None:
    if any(isinstance(value, Unknown | Dotted) for value in call.values):
        raise ValueError("an argument that is known only when the program runs")


def _check_text_method(owner: str, name: str, call: Call) -> None:
    _check(call)
    numbers = [value for value in call.values if isinstance(value, int)]
    if name == "format":
        check_text(owner, call.values)
        if any(not isinstance(value, str | int | float) for value in call.values):
            raise ValueError("the text of what is no number")
    elif name == "join":
        members: Any = call.positional[0]
        if sum(len(owner) + len(str(one)) for one in members if isinstance(one, str)) > LONGEST_TEXT:
            raise ValueError("a text that is too long to make")
    longest = max((len(value) for value in call.values if isinstance(value, str)), default=0)
    wide = name == "format" and re.search(r"\d{3}[^{}]*+\}", owner)
    grows = name == "replace" and len(owner) * longest > 10 * LONGEST_TEXT
    if wide or grows or any(number > 1_000 for number in numbers if name != "format"):
        raise ValueError("a text that is too long to make")


def _of_graph(owner: BuiltGraph, name: str) -> object:
    """Return what a method that asks a graph for something gives."""
    if name in ("nodes", "edges"):
        return list(getattr(owner, name))
    if name in ("number_of_nodes", "order"):
        return len(owner.nodes)
    if name in ("to_string", "create_dot", "string"):
        return owner.dot()
    return owner if name in ("copy", "unflatten", "to_directed") else Unknown(name)


def _of_item(item: Item, name: str, call: Call) -> object:
    """Take up what pydot sets of a node or an edge."""
    if name == "set" and len(call.positional) == 2:
        item.attributes[str(call.positional[0])] = call.positional[1]
    elif name.startswith("set_") and call.positional:
        item.attributes[name.removeprefix("set_")] = call.positional[0]
    return item.ends[0] if name == "get_name" else Unknown(name)
