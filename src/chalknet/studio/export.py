"""The area Take away: the network as files, and a link that restores the whole tab."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from nicegui import ui

import chalknet as cn
from chalknet.lang import _, filled
from chalknet.lazy import torch
from chalknet.studio.controls import TextTag, button, in_page_language
from chalknet.studio.link import fragment_of
from chalknet.studio.picture import settings_of
from chalknet.studio.session import TabSession

_MOST_PARAMETERS = 10_000_000  # of an ONNX file made for a browser


class ExportRequest(NamedTuple):
    """What a file is written from.

    Args:
        network: the network.
        dialect, orientation, language: how it is drawn.
        module: has the fitted weights; None if this network was not fitted.
    """

    network: cn.Network
    dialect: Any
    orientation: Any
    language: Any
    module: torch.nn.Module | None


class FileKind(NamedTuple):
    """A file to save: its name, and the function that makes its content."""

    file: str
    make: Callable[[ExportRequest], bytes]


def _saved(name: str) -> Callable[[ExportRequest], bytes]:
    """Return the function that makes the picture as a file with this ending."""

    def make(request: ExportRequest) -> bytes:
        drawing = cn.draw(
            request.network, request.dialect, orientation=request.orientation, language=request.language
        )
        with tempfile.TemporaryDirectory(prefix="chalknet-studio-") as folder:
            return drawing.save(Path(folder) / name).read_bytes()

    return make


def _script(request: ExportRequest) -> bytes:
    return cn.write(request.network, "torch").encode()


def _onnx(request: ExportRequest) -> bytes:
    if request.module is not None:
        return cn.write(request.module, "onnx")
    parameters = cn.count(request.network).parameters or 0
    if parameters > _MOST_PARAMETERS:
        raise cn.Refused(
            where="ONNX",
            got=f"{parameters:,} parameters",
            wanted=f"at most {_MOST_PARAMETERS:,} in the studio",
            remedy="Write it in Python: cn.write(net, 'onnx').",
        )
    return cn.write(request.network, "onnx")


def notebook(network: cn.Network) -> bytes:
    """Return a Jupyter notebook that writes, draws and builds the network."""
    cells = [
        ("markdown", f"# {network.name}\n\n$${cn.write(network, 'latex')}$$"),
        (
            "code",
            f"import chalknet as cn\n\nnet = cn.read({cn.write(network, 'shorthand')!r})\ncn.count(net)",
        ),
        ("code", "cn.draw(net)"),
        ("code", cn.write(network, "torch")),
    ]
    made: list[dict[str, Any]] = []
    for number, (kind, source) in enumerate(cells):
        code: dict[str, Any] = {"execution_count": None, "outputs": []} if kind == "code" else {}
        made.append({"cell_type": kind, "id": f"cell{number}", "metadata": {}, "source": source, **code})
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    return json.dumps({"cells": made, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}).encode()


FILES: dict[str, FileKind] = {
    "PyTorch": FileKind("net.py", _script),
    "Notebook": FileKind("net.ipynb", lambda request: notebook(request.network)),
    "SVG": FileKind("net.svg", _saved("net.svg")),
    "PDF": FileKind("net.pdf", _saved("net.pdf")),
    "PNG": FileKind("net.png", _saved("net.png")),
    "TikZ": FileKind("net.tex", _saved("net.tex")),
    "HTML": FileKind("net.html", _saved("net.html")),
    "ONNX": FileKind("net.onnx", _onnx),
}


def export_panel(session: TabSession) -> None:
    """Add the area to a tab."""
    TextTag(_("Take away"), "h2")

    async def take(kind: FileKind) -> None:
        if session.network is None:
            return
        chosen = settings_of(session)
        module = session.fit_state.fitted()
        module = module if module is not None and cn.read(module) == session.network else None
        request = ExportRequest(
            session.network, chosen["dialect"], chosen["orientation"], session.language, module
        )
        try:
            content = await asyncio.get_running_loop().run_in_executor(session.workers, kind.make, request)
        except cn.ChalknetError as problem:
            status.text = str(problem)
        else:
            status.text = filled("{file} is in your downloads.", file=kind.file)
            if kind is FILES["ONNX"]:
                fresh = _("Its weights are fresh: nothing is fitted.")
                status.text += f" {fresh if module is None else _('Its weights are the fitted ones.')}"
            ui.download.content(content, kind.file)

    with ui.element("div").classes("ck-bar ck-files"):
        for word, kind in FILES.items():
            button(_(word), partial(take, kind), hint=_("Download {file}").format(file=kind.file))
        copy = button(_("Copy link"), lambda: None, hint=_("Copy a link that restores everything"))
    status = TextTag("", "p").classes("ck-note").props('role="status" aria-live="polite"')

    async def link() -> None:
        fragment = fragment_of(session)
        status.text = _("The link is copied. It holds the text and every setting.")
        pressed = f"getHtmlElement({copy.id})"
        ui.run_javascript(f"chalknetStudio.keep({fragment!r}); chalknetStudio.copy(location.href, {pressed})")

    copy.on("click", in_page_language(link), [])
