"""Options of the command line and namespaces in Python code: `args.hidden` is the default of `--hidden`."""

from __future__ import annotations

import ast
from collections.abc import Iterator

_PARSERS = ("ArgumentParser",)
_NAMESPACES = ("SimpleNamespace", "Namespace", "EasyDict", "AttrDict", "DotMap")
_PARSES = ("parse_args", "parse_known_args")
_TYPES = {"int": int, "float": float, "str": str}


def with_options(tree: ast.Module) -> tuple[ast.Module, tuple[str, ...]]:
    """Return code in which options are members of a class, as its reader knows them, and what was assumed.

    `args = parser.parse_args()` becomes an object whose members are the defaults of the options, and
    `SimpleNamespace(hidden=64)` one with these members.
    """
    reading = _Options(tree)
    return (ast.fix_missing_locations(reading.visit(tree)), reading.notes) if reading.known else (tree, ())


class _Options(ast.NodeTransformer):
    """Puts a class with the options as members before each statement that makes them.

    Args:
        tree: the code.
    """

    def __init__(self, tree: ast.Module) -> None:
        self._options = _options_of(tree)
        self._used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        self._made = 0
        self.known = bool(self._options) or any(_is_namespace(node) for node in ast.walk(tree))
        self.taken: dict[str, object] = {}

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what was assumed, a sentence each."""
        shown = [f"{name} {value!r}" for name, value in self.taken.items() if name in self._used]
        return (f"the defaults of the command line are taken: {', '.join(shown)}",) if shown else ()

    def visit_Assign(self, node: ast.Assign) -> ast.AST | list[ast.AST]:
        """Return the statement, or a class and an object of it where it makes options."""
        members = dict(self._members(node.value))
        if not members:
            return node
        self._made += 1
        name = f"_options_{self._made}"
        body: list[ast.stmt] = [
            ast.Assign([ast.Name(key, ast.Store())], value) for key, value in members.items()
        ]
        kind = ast.ClassDef(name, [], [], body, [])
        made = ast.Assign(node.targets, ast.Call(ast.Name(name, ast.Load()), [], []))
        for one in (kind, made):
            ast.copy_location(one, node)
        return [kind, made]

    def _members(self, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
        if isinstance(value, ast.Subscript):  # parse_known_args()[0]
            value = value.value
        if isinstance(value, ast.Call) and _name(value.func) in _PARSES:
            for key, default in self._options.items():
                self.taken[key] = default
                yield key, ast.parse(repr(default), mode="eval").body
        elif _is_namespace(value):
            assert isinstance(value, ast.Call)
            for keyword in value.keywords:
                if keyword.arg is not None:
                    yield keyword.arg, keyword.value


def _is_namespace(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and _name(node.func) in _NAMESPACES
        and bool(node.keywords)
        and not node.args
    )


def _options_of(tree: ast.Module) -> dict[str, object]:
    """Return the defaults of the options of the only parser in some code; empty for several parsers."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    if sum(_name(call.func) in _PARSERS for call in calls) != 1:
        return {}
    found: dict[str, object] = {}
    for call in calls:
        if _name(call.func) == "add_argument":
            found.update(_option(call))
    return found


def _option(call: ast.Call) -> Iterator[tuple[str, object]]:
    """Yield the name and the default of an option that has one."""
    words = [str(word.value) for word in call.args if isinstance(word, ast.Constant)]
    keywords = {keyword.arg: keyword.value for keyword in call.keywords}
    long = next((word for word in words if word.startswith("--")), words[0] if words else "")
    name = long.lstrip("-").replace("-", "_")
    if "dest" in keywords and isinstance(keywords["dest"], ast.Constant):
        name = str(keywords["dest"].value)
    action = keywords.get("action")
    if isinstance(action, ast.Constant) and action.value in ("store_true", "store_false"):
        yield name, action.value == "store_false"
        return
    try:
        default = ast.literal_eval(keywords["default"])
    except (KeyError, ValueError):
        return
    kind = _TYPES.get(_name(keywords["type"])) if "type" in keywords else None
    if isinstance(default, str) and kind is not None:
        try:
            default = kind(default)
        except ValueError:
            return
    if name.isidentifier():
        yield name, default


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
