"""Tables that are written as records: rows put into a table in SQL, lists in YAML, TOML and JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

from chalknet.notation.tokens import closing_bracket

_MOST_RECORDS, _LONGEST = 200, 40_000  # rows, characters of a text of records
_CREATE = re.compile(r"\bcreate\s+table\s+(?:if\s+not\s+exists\s+)?([\w.\"`\[\]]{1,80})\s*\(", re.I)
_INSERT = re.compile(
    r"\binsert\s+(?:or\s+\w+\s+)?into\s+([\w.\"`\[\]]{1,80})\s*(?:\(([^()]{1,400})\))?\s*values\s*", re.I
)
_VALUE = re.compile(r"\s*(?:'((?:[^']|''){0,200})'|\"([^\"]{0,200})\"|([\w.+-]{1,40}))\s*")
_COLUMN = re.compile(r"\s*[\"`\[]?(\w{1,60})")
_NO_COLUMN = re.compile(r"\s*(?:primary|foreign|unique|constraint|check|key)\b", re.I)
_ITEM = re.compile(
    r"(?P<indent>[ \t]*)-[ \t]+(?P<key>[\w-]{1,40})[ \t]*:[ \t]*(?P<value>[^\n#]*)(?:#[^\n]*)?"
)
_INLINE = re.compile(r"[ \t]*-[ \t]+\{(?P<inside>[^{}\n]{1,400})\}[ \t]*,?")
_FIELD = re.compile(r"[ \t]+(?P<key>[\w-]{1,40})[ \t]*:[ \t]*(?P<value>[^\n#]*)(?:#[^\n]*)?")
_PAIR = re.compile(r"[\"']?([\w-]{1,40})[\"']?\s*[:=]\s*(\"[^\"]*\"|'[^']*'|[^,]*)")
_TOML_ITEM = re.compile(r"[ \t]*\[\[([\w.-]{1,60})\]\][ \t]*")
_TOML_FIELD = re.compile(r"[ \t]*(?P<key>[\w-]{1,40})[ \t]*=[ \t]*(?P<value>[^\n#]*)(?:#[^\n]*)?")
_NOTHING = frozenset({"null", "none", "nil", "~", ""})


class Records(NamedTuple):
    """Records of one table.

    Args:
        rows: what each says, by the names of its fields.
        lines: where each stands, counted from 1.
    """

    rows: list[dict[str, str]]
    lines: list[int]

    @property
    def cells(self) -> list[list[str]]:
        """Return the records as a table, the names of their fields first."""
        heads = list(dict.fromkeys(key for row in self.rows for key in row))
        return [heads, *([row.get(head, "") for head in heads] for row in self.rows)]


def records_of(text: str) -> Iterator[Records]:
    """Yield the records in a text, those of each table together."""
    if len(text) > _LONGEST:
        return
    for found in (*_of_sql(text), *_of_lines(text), *_of_json(text)):
        if 2 <= len(found.rows) <= _MOST_RECORDS:
            yield found


def _of_sql(text: str) -> Iterator[Records]:
    columns: dict[str, list[str]] = {}
    for created in _CREATE.finditer(text):
        parts = re.split(r",(?![^()]*\))", text[created.end() : closing_bracket(text, created.end())])
        named = [_COLUMN.match(part) for part in parts if not _NO_COLUMN.match(part)]
        columns[_name(created[1])] = [found[1] for found in named if found]
    tables: dict[str, Records] = {}
    for inserted in _INSERT.finditer(text):
        name = _name(inserted[1])
        heads = [part.strip(' "`[]') for part in inserted[2].split(",")] if inserted[2] else columns.get(name)
        records = tables.setdefault(name, Records([], []))
        at = inserted.end()
        while text[at : at + 1] == "(" and len(records.rows) <= _MOST_RECORDS:
            values, end = _values(text, at + 1)
            if heads is None or values is None or len(values) != len(heads):
                records.rows.clear()
                break
            records.rows.append(dict(zip(heads, values, strict=True)))
            records.lines.append(text.count("\n", 0, at) + 1)
            behind = re.compile(r"\s*,\s*(?=\()").match(text, end)
            at = behind.end() if behind else len(text)
    yield from tables.values()


def _name(written: str) -> str:
    return written.strip('"`[]').lower()


def _values(text: str, at: int) -> tuple[list[str] | None, int]:
    """Return the values up to a closing bracket, and where it ends; None for what are no plain values."""
    found: list[str] = []
    while (match := _VALUE.match(text, at)) and len(found) < 40:
        quoted = match[1] if match[1] is not None else match[2]
        found.append(quoted.replace("''", "'") if quoted is not None else _plain(match[3]))
        at = match.end()
        if text[at : at + 1] == ")":
            return found, at + 1
        if text[at : at + 1] != ",":
            break
        at += 1
    return None, at


def _plain(written: str) -> str:
    bare = written.strip().rstrip(",").strip("\"'").strip()
    return "" if bare.lower() in _NOTHING else bare


def _of_lines(text: str) -> Iterator[Records]:
    """Yield the lists of YAML and TOML, a field a line, or a record a line."""
    rows: list[dict[str, str]] = []
    lines: list[int] = []
    toml = False
    for number, line in enumerate(text.split("\n"), 1):
        field = (_TOML_FIELD if toml else _FIELD).fullmatch(line)
        if inline := _INLINE.fullmatch(line):
            rows.append({key: _plain(value) for key, value in _PAIR.findall(inline["inside"])})
        elif item := _ITEM.fullmatch(line):
            rows.append({item["key"]: _plain(item["value"])})
        elif _TOML_ITEM.fullmatch(line):
            toml = True
            rows.append({})
        elif field and rows:
            rows[-1][field["key"]] = _plain(field["value"])
            continue
        else:
            if rows and line.strip() and not line.lstrip().startswith("#"):
                yield Records([*rows], [*lines])
                rows, lines, toml = [], [], False
            continue
        lines.append(number)
    if rows:
        yield Records([*rows], lines)


def _of_json(text: str) -> Iterator[Records]:
    """Yield the lists of objects of plain values in JSON, of the whole text or one level within it."""
    if text.lstrip()[:1] not in ("[", "{"):
        return
    try:
        kept = json.loads(text)
    except (ValueError, RecursionError):
        return
    for listed in [kept, *(kept.values() if isinstance(kept, dict) else [])]:
        if isinstance(listed, list) and listed and all(map(_is_plain, listed)):
            rows = [
                {key: "" if value is None else str(value) for key, value in one.items()} for one in listed
            ]
            yield Records(rows, [1] * len(rows))


def _is_plain(one: object) -> bool:
    return isinstance(one, dict) and not any(isinstance(value, dict | list) for value in one.values())
