"""Notebooks: their code, their Markdown, and the pictures and texts that their cells put out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from chalknet.notation.pages.piece import FORM_OF_WORD

IS_NOTEBOOK = re.compile(r'\s*+\{[^{}]{0,200}?"(?:cells|metadata|nbformat|worksheets)"')
_MAGIC = re.compile(r"\s*+%%(?P<word>\w++)[^\n]*+\n")
_OUTPUTS = {"image/svg+xml": "svg", "text/vnd.mermaid": "mermaid", "text/vnd.graphviz": "dot",
            "text/html": "html", "text/markdown": "markdown", "text/latex": "latex",
            "text/plain": ""}  # fmt: skip


class NotebookPart(NamedTuple):
    """A part of a notebook: the word for what it holds, its text and its place."""

    word: str
    text: str
    place: str


def cells_of(text: str) -> list[NotebookPart] | None:
    """Return the parts of a notebook, or None for a text that is none."""
    if not IS_NOTEBOOK.match(text) or '"cells"' not in text:
        return None
    try:
        content = json.loads(text)
        cells = content["cells"] if "cells" in content else content["worksheets"][0]["cells"]
        return [part for number, cell in enumerate(cells, start=1) for part in _parts(cell, number)]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, IndexError):
        return None


def _parts(cell: dict[str, Any], number: int) -> Iterator[NotebookPart]:
    place = f"cell {number}"
    source = _joined(cell.get("source", cell.get("input", "")))
    kind = cell.get("cell_type")
    if kind == "code":
        magic = _MAGIC.match(source)
        word = magic.group("word").lower() if magic else "python"
        if magic and word in FORM_OF_WORD:
            source = source[magic.end() :]
        elif magic and word in ("time", "timeit", "capture", "prun"):
            word = "python"
        yield NotebookPart(word, source, place)
        for output in cell.get("outputs", []):
            yield from _outputs(output, f"{place}, output")
    elif kind in ("markdown", "heading", "raw"):
        yield NotebookPart("markdown", source, place)


def _outputs(output: dict[str, Any], place: str) -> Iterator[NotebookPart]:
    data = output.get("data", {})
    if output.get("output_type") == "stream":
        data = {"text/plain": output.get("text", "")}
    known = [kind for kind in _OUTPUTS if kind in data]
    known = [kind for kind in known if kind != "text/plain" or len(known) == 1]  # of a picture it is the repr
    for kind in known:
        text = _joined(data[kind])
        if kind != "text/html" or "<svg" in text or "mermaid" in text:
            yield NotebookPart(_OUTPUTS[kind], text, place)


def _joined(source: object) -> str:
    return "".join(map(str, source)) if isinstance(source, list) else str(source)
