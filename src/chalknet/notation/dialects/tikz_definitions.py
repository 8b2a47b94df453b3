"""The statements of LaTeX and TikZ that draw nothing: they define commands, styles, numbers and lists."""

from __future__ import annotations

import re
from collections.abc import Callable

from chalknet.notation.dialects.tex_macros import Macro, Names, expand
from chalknet.notation.dialects.tex_numbers import calculate, number, shown
from chalknet.notation.dialects.tex_text import Cursor, Unread, bare, split
from chalknet.notation.dialects.tikz_lists import assign
from chalknet.notation.dialects.tikz_styles import Scope

_PARAMETERS = re.compile(r"((?:#[1-9])*+)(?=\s*+\{)")
_STYLE_NAME = re.compile(r"\s*+(\+?)=\s*+")


class Definer:
    """Keeps what is defined.

    Args:
        spend: counts the characters that are looked at.
    """

    def __init__(self, spend: Callable[[int], None]) -> None:
        self.names: Names = {}
        self.scope = Scope()
        self.globals: set[str] = set()
        self.count = spend


_Define = Callable[[Definer, Cursor, Names, Scope], None]


def _def(
    definer: Definer, cursor: Cursor, names: Names, scope: Scope, *, now: bool = False, all_over: bool = False
) -> None:
    name = cursor.argument().lstrip("\\")
    match = cursor.met(_PARAMETERS)
    if match is None:
        raise Unread(f"\\def\\{name} with arguments between signs", "arguments such as #1#2")
    body = cursor.group()
    names[name] = Macro(expand(body, names, definer.count) if now else body, len(match[1]) // 2)
    if all_over:
        definer.globals.add(name)


def _newcommand(definer: Definer, cursor: Cursor, names: Names, scope: Scope) -> None:
    if cursor.is_at("*"):
        cursor.at += 1
    name = cursor.argument().strip().lstrip("\\")
    count = int(number(cursor.option())) if cursor.is_at("[") else 0
    default = cursor.option() if cursor.is_at("[") else None
    names[name] = Macro(cursor.argument(), count, default)


def _document_command(definer: Definer, cursor: Cursor, names: Names, scope: Scope) -> None:
    name, pattern = cursor.argument().strip().lstrip("\\"), cursor.group().split()
    optional = re.match(r"[oO](?:\{([^{}]*+)\})?", pattern[0]) if pattern else None
    names[name] = Macro(cursor.group(), len(pattern), (optional[1] or "") if optional else None)


def _operator(definer: Definer, cursor: Cursor, names: Names, scope: Scope) -> None:
    if cursor.is_at("*"):
        cursor.at += 1
    name = cursor.argument().strip().lstrip("\\")
    names[name] = Macro(cursor.argument())


def _set_macro(definer: Definer, cursor: Cursor, names: Names, scope: Scope) -> None:
    name = cursor.argument().strip().lstrip("\\")
    names[name] = Macro(shown(calculate(expand(cursor.group(), names, definer.count))))


def _truncated(definer: Definer, cursor: Cursor, names: Names, scope: Scope) -> None:
    name = cursor.argument().strip().lstrip("\\")
    names[name] = Macro(shown(float(int(number(expand(cursor.group(), names, definer.count))))))


def _parse(definer: Definer, cursor: Cursor, names: Names, scope: Scope) -> None:
    names["pgfmathresult"] = Macro(shown(calculate(expand(cursor.group(), names, definer.count))))


def _tikzset(definer: Definer, cursor: Cursor, names: Names, scope: Scope) -> None:
    scope.define(expand(cursor.group(), names, definer.count))


def _tikzstyle(definer: Definer, cursor: Cursor, names: Names, scope: Scope) -> None:
    name = cursor.group()
    match = cursor.met(_STYLE_NAME)
    if match is None or not cursor.is_at("["):
        raise Unread("\\tikzstyle without its style", "such as \\tikzstyle{neuron}=[circle, draw]")
    kind = ".append style" if match[1] else ".style"
    scope.define(f"{name}/{kind}={{{expand(cursor.option(), names, definer.count)}}}")


def _readlist(definer: Definer, cursor: Cursor, names: Names, scope: Scope) -> None:
    if cursor.is_at("*"):
        cursor.at += 1
    name = cursor.argument().strip().lstrip("\\")
    items = tuple(bare(part) for part in split(cursor.group()))
    names[name] = Macro(",".join(items), items=items)
    names[f"{name}len"] = Macro(str(len(items)))


def _let(definer: Definer, cursor: Cursor, names: Names, scope: Scope) -> None:
    name = cursor.argument().strip().lstrip("\\")
    if cursor.is_at("="):
        cursor.at += 1
    other = cursor.argument().strip()
    names[name] = names.get(other.lstrip("\\"), Macro(other))


def _tikzmath(definer: Definer, cursor: Cursor, names: Names, scope: Scope) -> None:
    assign(cursor.group(), names, definer.count)


def _counter(definer: Definer, cursor: Cursor, names: Names, scope: Scope) -> None:
    names[f"c@{cursor.group()}"] = Macro("0")


def _set_counter(definer: Definer, cursor: Cursor, names: Names, scope: Scope) -> None:
    name = f"c@{cursor.group()}"
    names[name] = Macro(shown(number(expand(cursor.group(), names, definer.count))))
    definer.globals.add(name)


def _add_to_counter(definer: Definer, cursor: Cursor, names: Names, scope: Scope) -> None:
    name = f"c@{cursor.group()}"
    more = number(expand(cursor.group(), names, definer.count))
    names[name] = Macro(shown(number(names.get(name, Macro("0")).body) + more))
    definer.globals.add(name)


def _step_counter(definer: Definer, cursor: Cursor, names: Names, scope: Scope) -> None:
    name = f"c@{cursor.group()}"
    names[name] = Macro(shown(number(names.get(name, Macro("0")).body) + 1))
    definer.globals.add(name)


def _skip_group(definer: Definer, cursor: Cursor, names: Names, scope: Scope) -> None:
    cursor.group()


def _default_text(definer: Definer, cursor: Cursor, names: Names, scope: Scope) -> None:
    names["default text"] = Macro(cursor.group())


def _gdef(definer: Definer, cursor: Cursor, names: Names, scope: Scope) -> None:
    _def(definer, cursor, names, scope, all_over=True)


def _edef(definer: Definer, cursor: Cursor, names: Names, scope: Scope) -> None:
    _def(definer, cursor, names, scope, now=True)


def _xdef(definer: Definer, cursor: Cursor, names: Names, scope: Scope) -> None:
    _def(definer, cursor, names, scope, now=True, all_over=True)


DEFINITIONS: dict[str, _Define] = {
    "def": _def, "gdef": _gdef, "edef": _edef, "xdef": _xdef, "let": _let,
    **dict.fromkeys(("newcommand", "renewcommand", "providecommand", "DeclareRobustCommand"), _newcommand),
    "NewDocumentCommand": _document_command, "DeclareMathOperator": _operator,
    **dict.fromkeys(("pgfmathsetmacro", "pgfmathsetlengthmacro", "pgfmathsetlength"), _set_macro),
    "pgfmathtruncatemacro": _truncated, "pgfmathsetcount": _truncated, "pgfmathparse": _parse,
    "tikzset": _tikzset, "tikzstyle": _tikzstyle, "pgfkeys": _skip_group, "readlist": _readlist,
    "tikzmath": _tikzmath, "newcounter": _counter, "setcounter": _set_counter, "stepcounter": _step_counter,
    "addtocounter": _add_to_counter, "refstepcounter": _step_counter, "setdefaultnodetext": _default_text,
}  # fmt: skip
