"""Records and HTML tables of DOT: the fields that are units of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator

from chalknet.notation.drawings.labels import plain
from chalknet.notation.drawings.sketch import Drawn, Sketch
from chalknet.notation.drawings.vocabulary import said
from chalknet.notation.drawings.words import DECIMAL
from chalknet.notation.limits import check_limit

HTML = "\0"  # in front of a label that is HTML, which a quoted one cannot hold
_PORT = re.compile(r"<[^<>]*>")
_GROUP = re.compile(r"\{[^{}]*+\}")
_UNIT = re.compile(r"\s*+(?:[^\W\d_]{1,6}[\s_^]*+\(?[\w,]*+\)?|[0-9]*+|[.…⋮⋯]++|bias|\+1)\s*+")
_NUMBER_OF = re.compile(r"\s*+(?:data|grad|value|shape)\b", re.I)
_CELL = re.compile(r"<td\b([^<>]*+)>", re.I)
_CELL_END = re.compile(r"</td>", re.I)
_CELL_PORT = re.compile(r"port\s*=\s*[\"']?([^\"'\s>]+)", re.I)


def _cells(label: str) -> Iterator[tuple[str, str]]:
    """Yield what stands inside the tag of each cell of an HTML table, and the text of the cell."""
    opening = _CELL.search(label)
    while opening and (end := _CELL_END.search(label, opening.end())):
        yield opening.group(1), label[opening.end() : end.start()]
        opening = _CELL.search(label, end.end())


def fields_of(sketch: Sketch, node: Drawn, label: str) -> list[tuple[str, str]]:
    """Return port and text of each field of a record, or of an HTML table, whose fields are units."""
    if label.startswith(HTML):
        cells = [(_CELL_PORT.search(inside), text) for inside, text in _cells(label)]
        found = [(port.group(1), text) for port, text in cells if port] or [("", text) for _, text in cells]
    elif "record" in node.shape and ("|" in label or _PORT.match(label)):
        label = label.replace("\\|", "¦")
        parts = _units_in_braces(label) or [part.strip(" {}") for part in label.split("|")]
        ports = [_PORT.match(part) for part in parts]
        found = [
            (port.group()[1:-1] if port else "", _PORT.sub("", part).strip())
            for part, port in zip(parts, ports, strict=True)
        ]
    else:
        return []
    for _, text in found:
        check_limit(sketch.source, node.at, "characters in a label", len(text))
    sketch.spend(
        20 * sum(20 + len(text) for _, text in found), node.at
    )  # each is looked up in many languages
    texts = [plain(text) for _, text in found]
    functions = {text for text in texts if said(text).is_function}
    headed = not label.startswith(HTML) and _heading_of([(port, plain(text)) for port, text in found])
    if headed:
        return [(port, text) for port, text in found if port]
    if found and all(port for port, _ in found) and not (functions and len(set(texts)) > 1):
        return found
    return found if are_units(texts) else []


def _units_in_braces(label: str) -> list[str]:
    """Return the last field of each group, `{z1|a1}|{z2|a2}`, where each is a unit with its parts."""
    groups = [re.sub(r"[{}]", "", group).split("|") for group in _GROUP.findall(label)]
    if len(groups) < 2 or _GROUP.sub("", label).strip(" |{}"):
        return []
    stems = {tuple(re.sub(r"[\W\d_]+", "", _PORT.sub("", part)) for part in group) for group in groups}
    (first, *others) = stems
    is_row = not others and len(set(first)) == len(first) > 1
    is_unported = all(_PORT.match(part) is None for group in groups for part in group[1:])
    ports = [_PORT.match(group[0].strip()) for group in groups]
    units = [f"{port.group() if port else ''}{group[-1]}" for port, group in zip(ports, groups, strict=True)]
    return units if is_row and is_unported else []


def _heading_of(found: list[tuple[str, str]]) -> str:
    """Return the first field of a record whose others have ports: the title of the units."""
    if len(found) < 3 or found[0][0] or not found[0][1]:
        return ""
    units = [(port, text) for port, text in found[1:] if not DECIMAL.fullmatch(text)]
    named = all(port and text and not said(text).is_function for port, text in units)
    return found[0][1] if named and len(units) > 1 else ""


def are_units(texts: list[str]) -> bool:
    """Return whether the fields of a record are units side by side: of one name, or numbers and dots."""
    stems = {re.sub(r"[\W\d_]+", "", text).lower() for text in texts} - {"", "bias", "b"}
    named = all(
        _UNIT.fullmatch(text) and not _NUMBER_OF.match(text) and not said(text).is_function for text in texts
    )
    layer = [text for text in texts if said(text).role or said(text).operation]
    stated = layer and any(text.isdecimal() for text in texts)  # `{ Input | 4 }`: a layer and its width
    return len(texts) > 1 and len(stems) <= 1 and named and not stated


def title_of(label: str) -> str:
    """Return what stands in a table outside the cells that are units."""
    if not label.startswith(HTML):
        first, *others = [part.strip(" {}") for part in label.split("|")]
        return first if others and _PORT.match(others[0]) and not _PORT.match(first) else ""
    cells = [(bool(_CELL_PORT.search(inside)), text) for inside, text in _cells(label)]
    return (
        "<BR/>".join(text for is_unit, text in cells if not is_unit) if any(one for one, _ in cells) else ""
    )
