"""What the page without installation asks of chalknet: a question in, an answer out, both JSON."""

from __future__ import annotations

import json

import chalknet as cn
from chalknet.drawing import DIALECTS
from chalknet.forms import written

FORMS = [name for name in written() if name not in ("svg", "onnx")]
DARK = {
    "page": "#1e2129", "ink": "#f2f2f2", "line": "#b0b0b0", "frame": "#2a2e38", "block": "#333a44",
    "input": "#1b4a63", "hidden": "#6b4a12", "output": "#1d5a45", "bias": "#3a3a3a",
}  # fmt: skip


def dialects() -> str:
    """Return the name, number and description of each way to draw that needs no weights."""
    rows = [[name, row.id, row.what] for name, row in DIALECTS.items() if not row.needs_weights]
    return json.dumps(rows)


def answer(question: str) -> str:
    """Return what there is to show of a text.

    Args:
        question: `text`; `other`, a second network or nothing; `dialect`; `dark`; `language` of the picture.
    """
    asked = json.loads(question)
    found = _tried(lambda: _shown(asked))
    if asked["other"].strip():
        found["difference"] = _tried(lambda: _compared(asked["text"], asked["other"]))
    return json.dumps(found)


def _tried(look):
    """Return what a function returns, or its error as a message and the line with its caret."""
    try:
        return look()
    except cn.ChalknetError as problem:
        message, _, excerpt = str(problem).partition("\n")
        return {"error": message, "excerpt": excerpt}
    except ImportError as problem:  # torch, numpy, pillow: what a browser does not have
        missing = problem.name or "a package"
        return {
            "error": f"This needs {missing}, which is not on this page: pip install chalknet.",
            "excerpt": "",
        }


def _shown(asked):
    network = cn.read(asked["text"])
    found = {"network": str(network), "notes": list(network.notes), "counts": cn.count(network).table.texts}
    found["forms"] = {form: _tried(lambda form=form: {"text": cn.write(network, form)}) for form in FORMS}
    found["picture"] = _tried(lambda: _drawn(network, asked))
    if network.account is not None:
        found["account"] = {"columns": network.account.table.columns, "rows": network.account.table.texts}
    return found


def _drawn(network, asked):
    colours = {"colours": DARK} if asked["dark"] else {}
    drawing = cn.draw(network, asked["dialect"], language=asked["language"], **colours)
    return {"svg": drawing.svg, "alt": drawing.alt_text}


def _compared(text, other):
    difference = cn.difference(text, other)
    return {"columns": difference.table.columns, "rows": difference.table.texts if difference else []}
