"""The controls of Data: kind, number and noise of points, features, the user's own file or digit."""

from __future__ import annotations

import asyncio
import base64
import binascii
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from contextvars import copy_context
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from nicegui import ui

import chalknet as cn
from chalknet.lang import _
from chalknet.studio.controls import TextTag, button, choice, field, spoken
from chalknet.studio.fitting_bench import (
    FIRST_MARKS,
    MOST_MARKS,
    FitBench,
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
        bench: gets the points.
        after: called in the server's loop when the points have changed.
    """

    def __init__(self, session: TabSession, bench: FitBench, after: Callable[[], None]) -> None:
        self._session, self._bench, self._after = session, bench, after
        self._folder: Path | None = None
        self._file: Path | None = None
        self._target = ""
        self._asked = 0
        session.on_close(self._end)

    def make(self) -> None:
        """Add the controls, and set the first points."""
        settings = self._bench.settings
        if settings["data"] not in DATA_SETS or settings["data"] == "file":
            settings["data"] = _first_data(self._session.network)
        with ui.element("div").classes("ck-row"):
            words = {name: row.title() for name, row in DATA_SETS.items()}
            choice(_("Data"), words, settings["data"], self._choose).props('data-fit="data"')
            self._own = ui.element("div").classes("ck-row")
        self._features = ui.element("div").classes("ck-row")
        self._said = ui.element("div").classes("ck-said").props('role="status" aria-live="polite"')
        self._paint = ui.element("div").classes("ck-unseen").props('data-fit="paint" aria-hidden="true"')
        paint = spoken(self._add_mark)
        self._paint.on("paint", lambda event: paint(event.args), js_handler="(e) => emit(e.detail)")
        self._show_controls()
        self._first = asyncio.get_running_loop().create_task(spoken(self.renew)())

    def _choose(self, name: str) -> Awaitable[None]:
        if name in DATA_SETS:
            self._bench.settings |= {"data": name, "features": ""}
            if name == "painted" and not marks_of(self._bench.settings["marks"]):
                self._bench.settings["marks"] = FIRST_MARKS
            self._show_controls()
        return self.renew()

    def _set(self, name: str, text: str) -> Awaitable[None]:
        settings = self._bench.settings
        try:
            settings[name] = (
                type(settings[name])(float(text))
                if isinstance(settings[name], int)
                else type(settings[name])(text)
            )
        except (ValueError, OverflowError):
            self._tell(_("{text} is no number.").format(text=text[:40]), wrong=True)
            return _nothing()
        return self.renew()

    def _show_controls(self) -> None:
        """Show the controls for the kind of data."""
        settings, name = self._bench.settings, self._bench.settings["data"]
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
            label, str(self._bench.settings[name]), lambda text: self._set(name, text), kind="number"
        )
        made.props(f'min="{least}" max="{most}" step="{step}"')

    async def renew(self) -> None:
        """Set the points for the settings, unless newer ones were requested meanwhile."""
        self._bench.renewals += 1
        try:
            await self._renew()
        finally:
            self._bench.renewals -= 1

    async def _renew(self) -> None:
        self._asked += 1
        asked, bench, loop = self._asked, self._bench, asyncio.get_running_loop()
        texts = [text.strip() for text in bench.settings["features"].split(";") if text.strip()]

        def take() -> Points:
            points = self._read_file() if bench.settings["data"] == "file" else wanted_points(bench.settings)
            if asked == self._asked:
                bench.take(points, texts)
            return points

        try:
            points = await loop.run_in_executor(self._session.workers, copy_context().run, take)
        except cn.ChalknetError as problem:
            if asked == self._asked:
                self._tell(message(problem), wrong=bench.settings["data"] not in ("painted", "file"))
        else:
            if asked == self._asked:
                self._tell(*points.notes)
        if asked == self._asked:
            self._show_features()
            self._after()
            self._own.client.run_javascript(
                _PAINTING.format(key=bench.key, on=str(bench.settings["data"] == "painted").lower(), kind=1)
            )

    def _tell(self, *texts: str, wrong: bool = False) -> None:
        self._said.clear()
        with self._said:
            for text in texts:
                TextTag(text, "p").classes("ck-problem" if wrong else "ck-note")

    def _show_features(self) -> None:
        """Show the features as switches, and a field to type others."""
        bench = self._bench
        self._features.clear()
        if bench.points is None or bench.points.pixels:
            return
        names = bench.points.names
        chosen = [formula.text for formula in bench.features.formulas]
        offered = [
            text for text in _OWN_FEATURES if len(names) == 2 or (len(names) == 1 and "x2" not in text)
        ]
        with self._features:
            TextTag(_("Features")).classes("ck-label")
            for text in dict.fromkeys((*offered, *chosen)):
                made = button(text, partial(self._turn, text), hint=_("Feature {text}").format(text=text))
                made.classes("ck-chip" + (" open" if text in chosen else ""))
                made.props["aria-pressed"] = str(text in chosen).lower()
            field(_("Add a feature"), "", self._turn).props(f'placeholder="{names[0]}*{names[-1]}"')

    def _turn(self, text: str) -> Awaitable[None]:
        """Add a feature, or remove it if it is already used; the only one left is kept."""
        bench = self._bench
        chosen = [formula.text for formula in bench.features.formulas] or list(
            bench.points.names if bench.points else ()
        )
        text = text.strip()
        if not text or ";" in text:
            return _nothing()
        chosen = [each for each in chosen if each != text] if text in chosen else [*chosen, text]
        before, bench.settings["features"] = bench.settings["features"], "; ".join(chosen)
        return self._renew_or(before)

    async def _renew_or(self, before: str) -> None:
        """Set the features; if that fails, keep the old ones."""
        version = self._bench.version
        await self.renew()
        if self._bench.version == version:
            self._bench.settings["features"] = before

    # Painted points

    def _painting(self, kind: int) -> None:
        self._own.client.run_javascript(_PAINTING.format(key=self._bench.key, on="true", kind=kind))

    def _add_mark(self, mark: dict[str, Any]) -> Awaitable[None]:
        settings = self._bench.settings
        marks = marks_of(settings["marks"])
        added = text_of_marks([(float(mark["x"]), float(mark["y"]), int(mark["kind"]))])
        if settings["data"] != "painted" or len(marks) >= MOST_MARKS:
            return _nothing()
        settings["marks"] = ";".join(part for part in (text_of_marks(marks), added) if part)
        return self.renew()

    def _clear_marks(self) -> Awaitable[None]:
        self._bench.settings["marks"] = FIRST_MARKS
        return self.renew()

    # The user's file

    def _upload(self) -> None:
        async def take(event: Any) -> None:
            self._forget()
            self._folder = Path(tempfile.mkdtemp(prefix="chalknet-studio-"))
            self._file = self._folder / (Path(event.file.name).name or "data.csv")
            self._file.write_bytes(await event.file.read())
            self._target = ""
            await self._show_columns()

        refuse = spoken(
            lambda: self._tell(_("At most {size} MB are taken.").format(size=MOST_BYTES >> 20), wrong=True)
        )
        uploader = ui.upload(
            auto_upload=True, max_file_size=MOST_BYTES, on_upload=spoken(take), on_rejected=refuse
        )
        uploader.classes("ck-unseen").props('aria-hidden="true" tabindex="-1" data-fit="file"')
        button(_("Choose a table"), lambda: uploader.run_method("pickFiles"), kind="main")
        self._columns = ui.element("div").classes("ck-row")

    async def _show_columns(self) -> None:
        assert self._file is not None
        try:
            names = await asyncio.get_running_loop().run_in_executor(
                self._session.workers, copy_context().run, columns_of, self._file
            )
        except cn.ChalknetError as problem:
            self._tell(message(problem), wrong=True)
            return
        self._target = names[-1]
        self._columns.clear()
        with self._columns:
            choice(_("Target"), {name: name for name in names}, self._target, self._aim)
        self._bench.settings["features"] = ""
        await self.renew()

    def _aim(self, name: str) -> Awaitable[None]:
        self._target = name
        self._bench.settings["features"] = ""
        return self.renew()

    def _read_file(self) -> Points:
        if self._file is None or not self._target:
            raise cn.DataError(
                where=_("the table"),
                got=_("no file yet"),
                wanted=_("a CSV file whose columns are features and a target"),
                remedy=_("Press Choose a table."),
            )
        return read_table(self._file, self._target, held_out=float(self._bench.settings["share"]))

    def _end(self) -> None:
        """Discard the work in progress: the controls have been removed."""
        self._asked += 1
        self._forget()

    def _forget(self) -> None:
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._folder = self._file = None

    # The user's digit

    def _slate(self) -> None:
        with ui.element("div").classes("ck-slate"):
            slate = ui.element("canvas").props('role="img" tabindex="0" data-fit="slate"')
            slate.props["aria-label"] = _(
                "Draw a digit here: by pointer, or by arrow keys with the space bar for the pen."
            )
            drawn = spoken(self._take_digit)
            slate.on("drawn", lambda event: drawn(event.args), js_handler="(e) => emit(e.detail)")
            with ui.element("div"):
                TextTag(_("Draw a 0 or a 1")).classes("ck-label")
                button(_("Clear"), lambda: ui.run_javascript(f"getHtmlElement({slate.id}).clearSlate()"))
                said = TextTag("", "p").props('data-fit="digit-said" role="status"')
                said.props["data-text"] = _("The network says {digit}: yhat = {value}")
        self._own.client.run_javascript(
            _LATER.format(key=self._bench.key, call=f"bench.slate(getHtmlElement({slate.id}))")
        )

    def _take_digit(self, sent: object) -> None:
        try:
            drawn = np.frombuffer(base64.b64decode(str(sent)), np.uint8).reshape(_SLATE, _SLATE)
        except (ValueError, binascii.Error):
            return
        digit = centred_digit(drawn.astype(np.float32) / 255)
        self._bench.digit = digit if digit.any() else None


# Runs a call once the canvases exist.
_LATER = """(function later(left) {{
  const bench = window.chalknetFit?.of("{key}");
  if (bench) {{ {call}; }} else if (left) setTimeout(() => later(left - 1), 50);
}})(200)"""
_PAINTING = _LATER.replace("{call}", "bench.paint({on}, {kind})")


async def _nothing() -> None:
    """Do nothing."""


def _first_data(network: cn.Network | None) -> str:
    """Return the data set that suits the network unchanged."""
    shape = network.input_shape if network is not None else (2,)
    return _SUITED.get(shape, "circles")


_SUITED: Mapping[tuple[int | str, ...], str] = {(784,): "mnist01", (1,): "wave"}
