"""The controls of Data: kind, number and noise of points, features, the user's own file or digit."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Awaitable, Callable, Mapping
from contextvars import copy_context
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from nicegui import ui

import chalknet as cn
from chalknet.lang import _, translated
from chalknet.studio.controls import TextTag, button, choice, field, in_page_language
from chalknet.studio.fitting_state import (
    FIRST_MARKS,
    MOST_MARKS,
    FitState,
    UploadedTable,
    centred_digit,
    marks_of,
    text_of_marks,
    wanted_points,
)
from chalknet.studio.guard import MOST_BYTES
from chalknet.studio.points import DATA_SETS, Points, columns_of, read_table
from chalknet.studio.session import TabSession
from chalknet.studio.texts import message

_SLATE = 56  # pixels along a side of the drawing pad
_OWN_FEATURES = ("x1", "x2", "x1**2", "x2**2", "x1*x2", "sin(x1)", "sin(x2)")  # offered as buttons


class DataControls:
    """The controls of Data in a tab.

    Args:
        session: the state of the tab.
        state: gets the points.
        after: called in the server's loop when the points have changed.
    """

    def __init__(self, session: TabSession, state: FitState, after: Callable[[], None]) -> None:
        self._session, self._state, self._after = session, state, after
        self._request_number = 0
        self._shown_features: tuple[object, ...] = ()
        session.on_close(self._end)

    def make(self) -> None:
        """Add the controls, and set the first points, unless there are some."""
        settings = self._state.settings
        is_lost_table = settings["data"] == "file" and self._state.points is None  # a link holds no table
        if settings["data"] not in DATA_SETS or is_lost_table:
            settings["data"] = _first_data(self._session.network)
        with ui.element("div").classes("ck-row"):
            words = {name: row.title() for name, row in DATA_SETS.items()}
            choice(_("Data"), words, settings["data"], self._choose).props('data-fit="data"')
            self._own = ui.element("div").classes("ck-row")
        self._features = ui.element("div").classes("ck-row")
        self._status = ui.element("div").classes("ck-status").props('role="status" aria-live="polite"')
        self._paint = ui.element("div").classes("ck-unseen").props('data-fit="paint" aria-hidden="true"')
        paint = in_page_language(self._add_mark)
        self._paint.on("paint", lambda event: paint(event.args), js_handler="(e) => emit(e.detail)")
        self._show_controls()
        if self._state.is_settled:
            self._show_points()
        else:
            self._first = asyncio.get_running_loop().create_task(in_page_language(self.renew)())

    def _choose(self, name: str) -> Awaitable[None]:
        if name in DATA_SETS:
            self._state.settings |= {"data": name, "features": ""}
            if name == "painted" and not marks_of(self._state.settings["marks"]):
                self._state.settings["marks"] = FIRST_MARKS
            self._show_controls()
        return self.renew()

    def _set(self, name: str, text: str) -> Awaitable[None]:
        settings = self._state.settings
        try:
            settings[name] = (
                type(settings[name])(float(text))
                if isinstance(settings[name], int)
                else type(settings[name])(text)
            )
        except (ValueError, OverflowError):
            self._show_messages(_("{text} is no number.").format(text=text[:40]), wrong=True)
            return _nothing()
        return self.renew()

    def _show_controls(self) -> None:
        """Show the controls for the kind of data."""
        settings, name = self._state.settings, self._state.settings["data"]
        drawn = DATA_SETS[name].draw is not None
        self._own.clear()
        with self._own:
            if name == "formula":
                field(_("Formula"), settings["formula"], lambda text: self._set("formula", text))
            if drawn:
                self._number(_("Points"), "count", 4, 5000, 1)
                self._number(_("Noise"), "noise", 0, 1, 0.05)
                self._number(_("Seed"), "seed", 0, 10**6, 1)
            if drawn or name == "file":
                self._number(_("Held out"), "share", 0, 0.9, 0.05)
            if name == "file":
                self._upload()
            if name == "painted":
                TextTag(
                    _("Press on the picture; or arrow keys and Enter. 0 and 1 choose the class.")
                ).classes("ck-hint")
                choice(_("Class"), {"1": "1", "0": "0"}, "1", lambda kind: self._painting(int(kind == "1")))
                button(_("Begin anew"), self._clear_marks)
            if name == "mnist01":
                self._slate()

    def _number(self, label: str, name: str, least: float, most: float, step: float) -> None:
        made = field(
            label, str(self._state.settings[name]), lambda text: self._set(name, text), kind="number"
        )
        made.props(f'min="{least}" max="{most}" step="{step}"')

    async def renew(self) -> None:
        """Set the points for the settings, unless newer ones were requested meanwhile."""
        with self._state.renewing():
            await self._renew()

    async def _renew(self) -> None:
        self._request_number += 1
        number, state, loop = self._request_number, self._state, asyncio.get_running_loop()
        texts = [text.strip() for text in state.settings["features"].split(";") if text.strip()]

        def take() -> Points:
            points = self._read_file() if state.settings["data"] == "file" else wanted_points(state.settings)
            if number == self._request_number:
                state.take(points, texts)
            return points

        try:
            points = await loop.run_in_executor(self._session.workers, copy_context().run, take)
        except cn.ChalknetError as problem:
            if number == self._request_number:
                self._show_messages(message(problem), wrong=state.settings["data"] not in ("painted", "file"))
        else:
            if number == self._request_number:
                self._show_messages(*map(translated, points.notes))
        if number == self._request_number:
            self._show_features()
            self._set_painting()
            self._after()

    def _show_points(self) -> None:
        """Show what there is to say of the points of a page that has been rebuilt."""
        assert self._state.points is not None
        self._show_messages(*map(translated, self._state.points.notes))
        self._show_features()
        self._set_painting()

    def _set_painting(self) -> None:
        is_painted = str(self._state.settings["data"] == "painted").lower()
        self._own.client.run_javascript(_PAINTING.format(key=self._state.key, on=is_painted, kind=1))

    def _show_messages(self, *texts: str, wrong: bool = False) -> None:
        self._status.clear()
        with self._status:
            for text in texts:
                TextTag(text, "p").classes("ck-problem" if wrong else "ck-note")

    def _show_features(self) -> None:
        """Show the features as switches, and a field to type others."""
        state = self._state
        names = () if state.points is None or state.points.pixels else state.points.names
        chosen = [formula.text for formula in state.features.formulas]
        if (names, chosen) == self._shown_features:
            return  # a field that is rebuilt would lose what is being typed in it
        self._shown_features = (names, chosen)
        self._features.clear()
        if not names:
            return
        offered = [
            text for text in _OWN_FEATURES if len(names) == 2 or (len(names) == 1 and "x2" not in text)
        ]
        with self._features:
            TextTag(_("Features")).classes("ck-label")
            for text in dict.fromkeys((*offered, *chosen)):
                made = button(
                    text, partial(self._toggle_feature, text), hint=_("Feature {text}").format(text=text)
                )
                made.classes("ck-chip" + (" open" if text in chosen else ""))
                made.props["aria-pressed"] = str(text in chosen).lower()
            field(_("Add a feature"), "", self._toggle_feature).props(f'placeholder="{names[0]}*{names[-1]}"')

    def _toggle_feature(self, text: str) -> Awaitable[None]:
        """Add a feature, or remove it if it is already used; the only one left is kept."""
        state = self._state
        chosen = [formula.text for formula in state.features.formulas] or list(
            state.points.names if state.points else ()
        )
        text = text.strip()
        if not text or ";" in text:
            return _nothing()
        chosen = [each for each in chosen if each != text] if text in chosen else [*chosen, text]
        before, state.settings["features"] = state.settings["features"], "; ".join(chosen)
        return self._renew_or(before)

    async def _renew_or(self, before: str) -> None:
        """Set the features; if that fails, keep the old ones."""
        version = self._state.version
        await self.renew()
        if self._state.version == version:
            self._state.settings["features"] = before

    # Painted points

    def _painting(self, kind: int) -> None:
        self._own.client.run_javascript(_PAINTING.format(key=self._state.key, on="true", kind=kind))

    def _add_mark(self, mark: dict[str, Any]) -> Awaitable[None]:
        settings = self._state.settings
        marks = marks_of(settings["marks"])
        added = text_of_marks([(float(mark["x"]), float(mark["y"]), int(mark["kind"]))])
        if settings["data"] != "painted" or len(marks) >= MOST_MARKS:
            return _nothing()
        settings["marks"] = ";".join(part for part in (text_of_marks(marks), added) if part)
        return self.renew()

    def _clear_marks(self) -> Awaitable[None]:
        self._state.settings["marks"] = FIRST_MARKS
        return self.renew()

    # The user's file

    def _upload(self) -> None:
        async def take(event: Any) -> None:
            path = self._state.store_table(event.file.name, await event.file.read())
            await self._choose_columns(path)

        refuse = in_page_language(
            lambda: self._show_messages(
                _("At most {size} MB are taken.").format(size=MOST_BYTES >> 20), wrong=True
            )
        )
        uploader = ui.upload(
            auto_upload=True, max_file_size=MOST_BYTES, on_upload=in_page_language(take), on_rejected=refuse
        )
        uploader.classes("ck-unseen").props('aria-hidden="true" tabindex="-1" data-fit="file"')
        button(_("Choose a table"), lambda: uploader.run_method("pickFiles"), kind="main")
        self._columns = ui.element("div").classes("ck-row")
        self._show_columns()

    async def _choose_columns(self, path: Path) -> None:
        """Take the last column of a new table as the target."""
        try:
            names = await asyncio.get_running_loop().run_in_executor(
                self._session.workers, copy_context().run, columns_of, path
            )
        except cn.ChalknetError as problem:
            self._show_messages(message(problem), wrong=True)
            return
        self._state.table = UploadedTable(path, names, names[-1])
        self._show_columns()
        await self._choose_target(names[-1])

    def _show_columns(self) -> None:
        table = self._state.table
        self._columns.clear()
        if table is not None:
            with self._columns:
                choice(_("Target"), {name: name for name in table.names}, table.target, self._choose_target)

    def _choose_target(self, name: str) -> Awaitable[None]:
        if self._state.table is not None:
            self._state.table = self._state.table._replace(target=name)
        self._state.settings["features"] = ""
        return self.renew()

    def _read_file(self) -> Points:
        table = self._state.table
        if table is None:
            raise cn.DataError(
                where=_("the table"),
                got=_("no file yet"),
                wanted=_("a CSV file whose columns are features and a target"),
                remedy=_("Press Choose a table."),
            )
        return read_table(table.path, table.target, held_out=float(self._state.settings["share"]))

    def _end(self) -> None:
        """Discard the work in progress: the controls have been removed."""
        self._request_number += 1

    # The user's digit

    def _slate(self) -> None:
        self._state.digit = None  # the new slate is empty
        with ui.element("div").classes("ck-slate"):
            slate = ui.element("canvas").props('role="img" tabindex="0" data-fit="slate"')
            slate.props["aria-label"] = _(
                "Draw a digit here: by pointer, or by arrow keys with the space bar for the pen."
            )
            drawn = in_page_language(self._take_digit)
            slate.on("drawn", lambda event: drawn(event.args), js_handler="(e) => emit(e.detail)")
            with ui.element("div"):
                TextTag(_("Draw a 0 or a 1")).classes("ck-label")
                button(_("Clear"), lambda: ui.run_javascript(f"getHtmlElement({slate.id}).clearSlate()"))
                said = TextTag("", "p").props('data-fit="digit-said" role="status"')
                said.props["data-text"] = _("The network says {digit}: yhat = {value}")
        self._own.client.run_javascript(
            _LATER.format(key=self._state.key, call=f"state.slate(getHtmlElement({slate.id}))")
        )

    def _take_digit(self, sent: object) -> None:
        try:
            drawn = np.frombuffer(base64.b64decode(str(sent)), np.uint8).reshape(_SLATE, _SLATE)
        except (ValueError, binascii.Error):
            return
        digit = centred_digit(drawn.astype(np.float32) / 255)
        self._state.digit = digit if digit.any() else None


# Runs a call once the canvases exist.
_LATER = """(function later(left) {{
  const state = window.chalknetFit?.of("{key}");
  if (state) {{ {call}; state.wake(); }} else if (left) setTimeout(() => later(left - 1), 50);
}})(200)"""
_PAINTING = _LATER.replace("{call}", "state.paint({on}, {kind})")


async def _nothing() -> None:
    """Do nothing."""


def _first_data(network: cn.Network | None) -> str:
    """Return the data set that suits the network unchanged."""
    shape = network.input_shape if network is not None else (2,)
    return _SUITED.get(shape, "circles")


_SUITED: Mapping[tuple[int | str, ...], str] = {(784,): "mnist01", (1,): "wave"}
