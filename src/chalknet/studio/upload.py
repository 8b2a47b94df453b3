"""Dropped, pasted or chosen files, read as networks, with an explanation of every mark."""

from __future__ import annotations

import asyncio
import re
import tempfile
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from nicegui import ui

import chalknet as cn
from chalknet.lang import _, filled, translated
from chalknet.studio.controls import TextTag, button, in_page_language
from chalknet.studio.guard import MOST_BYTES
from chalknet.studio.picture import on_page
from chalknet.studio.session import TabSession
from chalknet.studio.texts import form_of, message, text_in_form

_PLAN = "plan.json"  # identifies a kept run
_MOST_FILES = 40
_MOST_LETTERS = 100_000  # of a file whose text is put into the editor unchanged


class UploadedFile(NamedTuple):
    """A file sent by the browser."""

    name: str
    content: bytes


class ReadFile(NamedTuple):
    """The result of reading files: a network, its text for the editor, and a picture of what was seen."""

    name: str
    network: cn.Network
    text: str
    form: str
    seen: str


def upload_area(session: TabSession) -> None:
    """Add the drop area for files, and the report on the last one."""
    status = ui.element("div").classes("ck-status ck-account").props('role="status" aria-live="polite"')

    async def take(event: Any) -> None:
        files = [UploadedFile(file.name, await file.read()) for file in event.files]
        await _read(session, files, status)

    def refuse() -> None:
        _show_messages(status, _("At most {size} MB are taken.").format(size=MOST_BYTES >> 20))

    uploader = ui.upload(
        multiple=True, auto_upload=True, max_file_size=MOST_BYTES, max_total_size=MOST_BYTES,
        max_files=None, on_multi_upload=in_page_language(take), on_rejected=in_page_language(refuse),
    )  # fmt: skip
    uploader.classes("ck-unseen").props('aria-hidden="true" tabindex="-1"')
    with ui.element("div").classes("ck-bar ck-drop"):
        button(_("Open a file"), lambda: uploader.run_method("pickFiles"), kind="main")
        TextTag(
            _("or drop or paste one anywhere: a drawing, a photo, code, a notebook, ONNX, a kept run.")
        ).classes("ck-hint")
    ui.run_javascript(f"chalknetStudio.take({uploader.id})")


async def _read(session: TabSession, files: list[UploadedFile], status: ui.element) -> None:
    if not files or len(files) > _MOST_FILES:
        return
    _show_messages(status, filled("Reading {name} …", name=files[0].name))
    loop = asyncio.get_running_loop()
    found = await loop.run_in_executor(session.workers, read_files, files)
    if isinstance(found, cn.ChalknetError):
        _show_messages(status, f"{files[0].name}: {message(found)}", "ck-problem")
        _offer(session, status, getattr(found, "readings", ()))
        return
    session.set_network(found.network, found.text, found.form)
    _account(found, status)


def _show_messages(status: ui.element, text: str, kind: str = "ck-note") -> None:
    status.clear()
    with status:
        TextTag(text, "p").classes(kind)


def _offer(session: TabSession, status: ui.element, readings: tuple[cn.Network, ...]) -> None:
    with status:
        for number, network in enumerate(readings, start=1):
            shown = text_in_form(network, "shorthand")
            words = _("Reading {number}: {network}").format(number=number, network=shown.text)
            button(words, partial(session.set_network, network, shown.text, shown.form))


def _account(found: ReadFile, status: ui.element) -> None:
    """Show how the file was read: its notes, and each mark in the colour of its role."""
    _show_messages(status, filled("{name} was read.", name=found.name))
    with status:
        for note in found.network.notes:
            TextTag(translated(note), "p").classes("ck-note")
        if found.seen:
            with ui.element("details").props("open"):
                TextTag(_("What was seen in it"), "summary")
                ui.html(found.seen, sanitize=False).classes("ck-seen")
        button(_("Close"), status.clear, kind="plain")


def read_files(files: list[UploadedFile]) -> ReadFile | cn.ChalknetError:
    """Read one file as a network, or several files as those of a kept run.

    Args:
        files: the files; only the endings of their names are used, and nothing in them is executed.
    """
    with tempfile.TemporaryDirectory(prefix="chalknet-studio-") as folder:
        place = Path(folder)
        paths = [place / plain_name(file.name) for file in files]
        for path, file in zip(paths, files, strict=True):
            path.write_bytes(file.content)
        is_run = any(path.name == _PLAN for path in paths)
        try:
            network = cn.read(place if is_run else paths[0])
            seen = on_page(cn.draw_account(network).svg) if network.account is not None else ""
        except cn.ChalknetError as problem:
            problem.where = problem.where.replace(f"{folder}/", "").replace(folder, files[0].name)
            return problem
    text = "" if is_run else _as_text(files[0].content)
    form = form_of(text) if text else ""
    if not form:
        text, form = text_in_form(network, "shorthand")
    return ReadFile(files[0].name, network, text, form, seen)


def plain_name(name: str) -> str:
    """Return the name of a file without folders, with only letters, digits, dots and dashes."""
    last = re.split(r"[\\/]", name)[-1]
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", last).lstrip(".")[-80:]
    return plain or "file"


def _as_text(content: bytes) -> str:
    """Return the content if it is a short text that the editor can show; otherwise empty."""
    if len(content) > _MOST_LETTERS or b"\0" in content:
        return ""
    try:
        return content.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError:
        return ""
