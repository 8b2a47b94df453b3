"""The chains of TikZ: nodes that stand behind each other in one direction, and the lines that join them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalknet.notation.dialects.tikz_styles import LineLook, Scope, TexOption, line_of, options_of

if TYPE_CHECKING:
    from chalknet.notation.dialects.tikz_nodes import Placed
    from chalknet.notation.dialects.tikz_picture import Picture

_CHAIN = re.compile(r"\s*+((?:(?!going(?![a-zA-Z])|placed(?![a-zA-Z])).)*+)(?:going\s++(.+))?", re.S)
_JOIN = re.compile(r"\s*+(?:with\s++(.+?)\s*+(?=by\s|$))?(?:by\s++(.+))?", re.S)
_STARTS = ("start chain", "continue chain", "start branch")


@dataclass
class Chain:
    """A chain that nodes are put on.

    Args:
        name: as its nodes are called, `chain-1`, `chain-2`.
        way: in which direction the next node stands.
        started: the option that began it.
        length: its nodes so far.
        last: the key of the last one.
    """

    name: str
    way: str
    started: TexOption | None
    length: int = 0
    last: str = ""


def chain_of(picture: Picture, scope: Scope, others: dict[str, str | None]) -> Chain | None:
    """Return the chain that a node is put on by its options, if any.

    Args:
        picture: with the chains so far.
        scope: the scope of the node, which began the chain or stands within one that did.
        others: the options of the node.
    """
    if "on chain" not in others:
        return None
    found = [option for option in scope.options if option.key in _STARTS]
    named, turned = _parts(others["on chain"])
    started = [option for option in found if not named or _parts(option.value)[0] == named][-1:]
    name, way = _parts(started[0].value) if started else ("", "")
    name = named or name or "chain"
    chain = picture.chains.get(name)
    begins = started[0] if started and started[0].key != "continue chain" else None
    if chain is None or (begins is not None and chain.started is not begins):
        chain = picture.chains[name] = Chain(name, way or "right", begins)
    chain.way = turned or chain.way
    return chain


def _parts(value: str | None) -> tuple[str, str]:
    match = _CHAIN.match(value or "")
    return (match[1].strip(), (match[2] or "").strip()) if match else ("", "")


def follow(picture: Picture, placed: Placed, chain: Chain, key: str) -> None:
    """Put a drawn node on its chain, and draw the line to it where it is joined.

    Args:
        picture: where it is drawn.
        placed: the node.
        chain: its chain.
        key: of the node.
    """
    before, chain.last, chain.length = chain.last, key, chain.length + 1
    for alias in (chain.length, "end", *(["begin"] if chain.length == 1 else [])):
        picture.names[f"{chain.name}-{alias}"] = key
    if "join" not in placed.look.others:
        return
    match = _JOIN.match(placed.look.others["join"] or "")
    other, style = (match[1] or "", match[2] or "") if match else ("", "")
    source = picture.key(other.strip("{}() ")) if other else before
    if source:
        options = [TexOption("every join"), *options_of(style.strip().removeprefix("{").removesuffix("}"))]
        flat = placed.scope.flat(options, placed.context.spend)
        picture.link(source, key, line_of(flat, LineLook(drawn=True)), "", placed.at)
