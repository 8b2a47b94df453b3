"""Find the expression of a frame that failed, and its operands."""

from __future__ import annotations

import ast
import dis
import linecache
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from types import FrameType, TracebackType
from typing import Any, cast

import torch
from torch import nn

from chalknet.hardware.naming import variables

_NOT_FOUND = (LookupError, TypeError)  # what looking up a value in others raises


@dataclass(frozen=True)
class Operand:
    """One operand of the failed expression.

    Args:
        text: its source.
        value: its value; None where it was computed in the expression and no variable holds it.
        known: whether the value is known.
        made_from: the values that it was computed from, where they are known.
    """

    text: str
    value: Any
    known: bool = True
    made_from: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Failing:
    """A frame, the position of the failed call in it, and the operands of that call."""

    frame: FrameType
    line: int
    text: str
    operands: tuple[Operand, ...]

    @property
    def where(self) -> str:
        """Return the file's name and the line."""
        folder, _, name = self.frame.f_code.co_filename.replace("\\", "/").rpartition("/")
        name = (
            "the cell" if "/ipykernel_" in folder else name
        )  # of a notebook, kept in a file named by a number
        return f"line {self.line} of {name}" if self.text else f"line {self.line}"


def failing(link: TracebackType) -> Failing:
    """Return what failed in one frame of a traceback.

    Without the source (code typed into a prompt, or generated) the operands are the names that occur in the
    failed instruction's range of code.
    """
    frame = link.tb_frame
    span = _span(link)
    names = variables(frame)
    node = _node(frame, span)
    if node is None:
        used = dict.fromkeys(_used_names(frame, span))
        operands = [Operand(name, names[name]) for name in used if name in names]
        return Failing(frame, link.tb_lineno, "", tuple(operands))
    operands = [_operand(part, names) for part in _operand_nodes(node, names)]
    return Failing(frame, link.tb_lineno, " ".join(ast.unparse(node).split()), tuple(operands))


Span = tuple[int, int, int, int]  # first line, last line, first column, last column, as in the compiled code


def _span(link: TracebackType) -> Span | None:
    positions = link.tb_frame.f_code.co_positions()
    span = next(islice(positions, link.tb_lasti // 2, None), (None,))
    return None if None in span else cast(Span, span)


def _node(frame: FrameType, span: Span | None) -> ast.AST | None:
    """Return the syntax node that the failed instruction was compiled from."""
    lines = linecache.getlines(frame.f_code.co_filename, frame.f_globals)
    if span is None or not lines:
        return None
    try:
        tree = ast.parse("".join(lines))
    except (SyntaxError, ValueError):  # a notebook's magic commands, or a file that has changed
        return None
    nodes = (node for node in ast.walk(tree) if isinstance(node, ast.expr | ast.stmt))
    found = (
        node for node in nodes if (node.lineno, node.end_lineno, node.col_offset, node.end_col_offset) == span
    )
    return next((node for node in found if not isinstance(node, ast.Expr)), None)


def _operand_nodes(node: ast.AST, names: dict[str, Any]) -> Iterator[ast.expr]:
    if isinstance(node, ast.Call):
        if isinstance(_operand(node.func, names).value, nn.Module):
            yield node.func
        elif isinstance(node.func, ast.Attribute):
            yield node.func.value
        yield from node.args
        yield from (keyword.value for keyword in node.keywords)
    elif isinstance(node, ast.expr | ast.stmt):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Tuple | ast.List | ast.Slice):
                yield from (part for part in ast.iter_child_nodes(child) if isinstance(part, ast.expr))
            elif isinstance(child, ast.expr):
                yield child


def _operand(node: ast.expr, names: dict[str, Any]) -> Operand:
    if isinstance(node, ast.Starred):
        node = node.value
    text = " ".join(ast.unparse(node).split())
    try:
        return Operand(text, _value(node, names))
    except _NOT_FOUND:
        inside = [
            names[each.id] for each in ast.walk(node) if isinstance(each, ast.Name) and each.id in names
        ]
        return Operand(text, None, False, tuple(inside))


def _value(node: ast.AST, names: dict[str, Any]) -> Any:
    """Return the value of an expression that can be looked up without running code; else raise _NOT_FOUND."""
    match node:
        case ast.Constant(value):
            return value
        case ast.Name(name):
            return names[name]
        case ast.Attribute(base, name):
            return _attribute(_value(base, names), name)
        case ast.Subscript(base, key):
            whole = _value(base, names)  # a part of a tensor is on the device of the whole
            return whole if isinstance(whole, torch.Tensor) else _item(whole, _value(key, names))
        case ast.Tuple(parts) | ast.List(parts):
            return [_value(part, names) for part in parts]
    raise LookupError(node)


def _attribute(base: Any, name: str) -> Any:
    if isinstance(base, torch.Tensor):  # x.T and x.data are on x's device; x.grad is another tensor
        if name == "grad" and base.is_leaf:
            return base.grad
        if name in ("T", "mT", "H", "mH", "data"):
            return base
        raise LookupError(name)
    if isinstance(base, nn.Module):
        for held in (base._parameters, base._buffers, base._modules):
            if name in held:
                return held[name]
    return vars(base)[name]


def _item(base: Any, key: Any) -> Any:
    if isinstance(base, nn.Sequential | nn.ModuleList) and isinstance(key, int):
        return list(base)[key]
    if type(base) not in (dict, list, tuple):
        raise LookupError(key)
    return base[key]


def _used_names(frame: FrameType, span: Span | None) -> Iterator[str]:
    for instruction in dis.get_instructions(frame.f_code):
        at = instruction.positions
        if at is None or at.lineno is None:
            continue
        if span is None or (
            (at.lineno, at.col_offset or 0) >= (span[0], span[2])
            and (at.lineno, at.end_col_offset or 0) <= (span[1], span[3])
        ):
            used = instruction.argval if isinstance(instruction.argval, tuple) else (instruction.argval,)
            yield from (name for name in used if isinstance(name, str))
