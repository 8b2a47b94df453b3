"""Settings as nested values: JSON, TOML, INI and the part of YAML that settings are written in."""

from __future__ import annotations

import configparser
import json
import re
import tomllib
from typing import NamedTuple, TypeAlias

Value: TypeAlias = "str | int | float | bool | list[Value] | dict[str, Value] | None"

_LINE = re.compile(r"(?P<indent> *)(?P<dash>(?:- +)*)(?P<rest>.*)")
_KEY = re.compile(
    r"(?P<key>[A-Za-z_][\w .-]{0,60}|\"[^\"\n]{1,60}\"|'[^'\n]{1,60}')\s*:(?:\s+(?P<value>.*)|)$"
)
_REMARK = re.compile(r"(?:^|\s)#.*$")
_QUOTED = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'")
_INLINE = re.compile(
    r"\s*(?:(?P<sign>[\[\]{},:])|(?P<quoted>\"[^\"\n]*\"|'[^'\n]*')|(?P<word>[^\[\]{},:\s][^\[\]{},\n]*?)(?=\s*(?:[\[\]{},]|:\s|$)))"
)
_REFERENCE = re.compile(r"\$\{([A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)*)\}")  # as OmegaConf and Hydra write it
_WORDS: dict[str, Value] = {
    "null": None, "~": None, "": None, "none": None,
    "true": True, "yes": True, "on": True, "false": False, "no": False, "off": False,
}  # fmt: skip
_MOST_LINES, _DEEPEST, _LONGEST_INLINE = 2_000, 20, 2_000


class _Line(NamedTuple):
    """A line of YAML: how far it is indented, whether it begins an item, and what it says."""

    indent: int
    item: bool
    text: str


def settings_of(text: str) -> dict[str, Value] | None:
    """Return a text of settings as nested values; None for any other text."""
    for parse in (_json, _toml, _yaml, _ini):
        found = parse(text)
        if isinstance(found, dict) and found:
            return {key: _resolved(value, found, 0) for key, value in found.items()}
    return None


def _resolved(value: Value, whole: dict[str, Value], depth: int) -> Value:
    """Return a value with what it refers to in its place: `${data.features}`; what is not there stays."""
    if depth > _DEEPEST:
        return value
    if isinstance(value, dict):
        return {key: _resolved(each, whole, depth + 1) for key, each in value.items()}
    if isinstance(value, list):
        return [_resolved(each, whole, depth + 1) for each in value]
    reference = _REFERENCE.fullmatch(value) if isinstance(value, str) else None
    if reference is None:
        return value
    meant: Value = whole
    for key in reference[1].split("."):
        if not isinstance(meant, dict) or key not in meant:
            return value
        meant = meant[key]
    return meant if isinstance(meant, (dict, list)) else _resolved(meant, whole, depth + 1)


def _json(text: str) -> Value:
    if not text.lstrip().startswith("{"):
        return None
    try:
        found: Value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found


def _toml(text: str) -> Value:
    if not re.search(r"^[ \t]*+[\w.-]{1,60}+[ \t]*+=", text, re.M):
        return None
    try:
        found: Value = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return None
    return found


def _ini(text: str) -> Value:
    if not re.search(r"^\[[^\]\n]{1,60}+\]", text, re.M):
        return None
    parser = configparser.ConfigParser(interpolation=None, inline_comment_prefixes=("#", ";"))
    try:
        parser.read_string(text)
    except (configparser.Error, ValueError):
        return None
    return {name: {key: _scalar(value) for key, value in parser[name].items()} for name in parser.sections()}


def _yaml(text: str) -> Value:
    """Return the value of a text of YAML without anchors, tags and folded texts; None for any other."""
    lines = _lines(text)
    if not lines or len(lines) > _MOST_LINES:
        return None
    found, at = _block(lines, 0, lines[0].indent, 0)
    return found if at == len(lines) else None


def _lines(text: str) -> list[_Line]:
    """Return the lines of YAML that say something, an item and its first key as two, brackets in one line."""
    found: list[_Line] = []
    open_from = ""
    for line in text.expandtabs(4).split("\n")[: _MOST_LINES + 1]:
        quoted = _QUOTED.sub(lambda part: "q" * len(part.group()), line)
        remark = _REMARK.search(quoted)
        line = (line[: remark.start()] if remark else line).rstrip()
        line = f"{open_from} {line.strip()}" if open_from else line
        if not line.strip() or line.strip() in ("---", "..."):
            continue
        if sum(map(line.count, "[{")) > sum(map(line.count, "]}")):
            open_from = line
            continue
        open_from = ""
        match = _LINE.fullmatch(line)
        assert match is not None
        indent = len(match["indent"])
        for _ in range(match["dash"].count("-")):
            found.append(_Line(indent, True, ""))
            indent += 2
        if match["rest"] == "-":
            found.append(_Line(indent, True, ""))
        else:
            found.append(_Line(indent, False, match["rest"]))
    return [] if open_from else found


def _block(lines: list[_Line], at: int, indent: int, depth: int) -> tuple[Value, int]:
    """Return the value that begins at a line, and the line behind it; what is not understood ends it."""
    if depth > _DEEPEST:
        return None, at
    if lines[at].item:
        items: list[Value] = []
        while at < len(lines) and lines[at].item and lines[at].indent == indent:
            inner = at + 1
            if inner >= len(lines) or lines[inner].indent <= indent:
                return None, at
            value, at = _block(lines, inner, lines[inner].indent, depth + 1)
            items.append(value)
        return items, at
    key = _KEY.fullmatch(lines[at].text)
    if key is None:
        return _scalar(lines[at].text), at + 1
    return _mapping(lines, at, indent, depth)


def _mapping(lines: list[_Line], at: int, indent: int, depth: int) -> tuple[Value, int]:
    held: dict[str, Value] = {}
    while at < len(lines) and lines[at].indent == indent and not lines[at].item:
        key = _KEY.fullmatch(lines[at].text)
        if key is None or key["key"].strip("\"'") in held:
            return held, at
        name, written = key["key"].strip("\"'"), key["value"] or ""
        at += 1
        if written:
            held[name] = _scalar(written)
        elif at < len(lines) and (
            lines[at].indent > indent or (lines[at].item and lines[at].indent == indent)
        ):
            held[name], at = _block(lines, at, lines[at].indent, depth + 1)
        else:
            held[name] = None
    return held, at


def _scalar(written: str) -> Value:
    """Return the value of a text: a number, a word, a quoted text, or a list or mapping in brackets."""
    written = written.strip()
    if written[:1] in ("[", "{") and len(written) <= _LONGEST_INLINE:
        parts = list(_INLINE.finditer(written))
        value, at = _inline(parts, 0, 0)
        return value if at == len(parts) and "".join(part.group() for part in parts) == written else written
    if len(written) > 1 and written[0] == written[-1] and written[0] in "\"'":
        return written[1:-1]
    if written.lower() in _WORDS:
        return _WORDS[written.lower()]
    for number in (int, float):
        try:
            return number(written)
        except ValueError:
            continue
    return written


def _inline(parts: list[re.Match[str]], at: int, depth: int) -> tuple[Value, int]:
    """Return the value at a place among the signs and words of one line, and the place behind it."""
    if at >= len(parts) or depth > _DEEPEST:
        return None, -1
    opened = parts[at]["sign"]
    if opened not in ("[", "{"):
        return (None, -1) if opened else (_scalar(parts[at].group().strip()), at + 1)
    items: list[Value] = []
    held: dict[str, Value] = {}
    at += 1
    while 0 <= at < len(parts) and parts[at]["sign"] not in ("]", "}"):
        value, at = _inline(parts, at, depth + 1)
        if opened == "{" and 0 <= at < len(parts) and parts[at]["sign"] == ":":
            name = str(value)
            value, at = _inline(parts, at + 1, depth + 1)
            held[name] = value
        items.append(value)
        if 0 <= at < len(parts) and parts[at]["sign"] == ",":
            at += 1
    if not 0 <= at < len(parts):
        return None, -1
    return (held if opened == "{" else items), at + 1
