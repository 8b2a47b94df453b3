"""The studio's areas Data and Fit: points, a recipe, play and pause, and the displays during a fit."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextvars import copy_context
from functools import partial
from typing import Any

from nicegui import app, ui

import chalknet as cn
from chalknet.lang import _
from chalknet.planning import OPTIMIZERS
from chalknet.studio.controls import TextTag, button, choice, field, switch
from chalknet.studio.fitting_animation import KINDS, moving_picture
from chalknet.studio.fitting_data import DataControls
from chalknet.studio.fitting_frames import Frames
from chalknet.studio.fitting_state import SPEEDS, FitMethod, FitState
from chalknet.studio.session import TabSession
from chalknet.studio.texts import message, text_in_form

_HEAD = '<link rel="stylesheet" href="/static/fit.css"><script src="/static/fit.js"></script>'


def fit_panel(session: TabSession) -> None:
    """Add the areas Data and Fit for a tab; the fits that it has already go on."""
    frames = Frames.of(app)
    state = session.fit_state
    frames.states[state.key] = state
    ui.add_head_html(_HEAD)
    FitPanel(session, state, frames).make()


class FitPanel:
    """Data and Fit of a tab.

    Args:
        session: the state of the tab.
        state: its points, recipe and fits.
        frames: the states of all tabs.
    """

    def __init__(self, session: TabSession, state: FitState, frames: Frames) -> None:
        self._session, self._state, self._frames = session, state, frames
        self._data = DataControls(session, state, self._refresh)

    def make(self) -> None:
        """Build the areas."""
        with ui.element("div").classes("ck-fit-panel") as root:
            root.props["data-fit-key"] = self._state.key
            root.props["data-words"] = json.dumps(_words())
            TextTag(_("Data"), "h2")
            self._data.make()
            TextTag(_("Fit and watch"), "h2")
            self._make_recipe()
            self._status = ui.element("div").classes("ck-status").props('role="status" aria-live="polite"')
            self._buttons()
            ui.element("p").classes("ck-problem").props('data-fit="failed" role="alert"')
            with ui.element("div").classes("ck-watch"):
                with ui.element("div").classes("ck-seen"):
                    ui.element("div").classes("ck-places").props('data-fit="places"')
                    TextTag("", "p").classes("ck-hint").props('data-fit="kind"')
                self._curves()
            self._files()
        if self._state.is_settled:  # rebuilt: these are the points before
            self._refresh()
        self._session.on_change(self._refresh)
        call = f'window.chalknetFit?.begin("{self._state.key}", "{self._session.language}")'
        ui.run_javascript(
            f"(function first(left) {{ if (!({call}) && left) setTimeout(() => first(left - 1), 50); }})(200)"
        )

    def _buttons(self) -> None:
        with ui.element("div").classes("ck-row").props('role="group"') as row:
            row.props["aria-label"] = _("The fit")
            button(_("Play"), self._play, kind="main").props('data-fit="play"')
            button(_("Pause"), self._pause).props('data-fit="pause"')
            button(_("One update"), lambda: self._advance(lambda fit: fit.trace.last.updates + 1))
            button(_("One epoch"), lambda: self._advance(_next_epoch))
            button(_("Reset"), self._reset)
            words = {name: speed.title() for name, speed in SPEEDS.items()}
            choice(_("Speed"), words, self._state.settings["speed"], self._set_speed)
            button(_("Race three methods"), self._race_methods)
            button(_("Race CPU and GPU"), self._race_devices)

    def _curves(self) -> None:
        with ui.element("div").classes("ck-curves"):
            with ui.element("div").classes("ck-row"):
                choice(
                    _("Axis"),
                    {"0": _("updates"), "1": _("samples"), "2": _("seconds")},
                    "0",
                    lambda _axis: None,
                ).props('data-fit="axis"')
                with ui.element("label").classes("ck-field ck-switch"):
                    ui.element("input").props('type="checkbox" data-fit="log"')
                    TextTag(_("logarithmic")).classes("ck-label")
            canvas = ui.element("canvas").classes("ck-curve").props('data-fit="curves" role="img"')
            canvas.props["aria-label"] = _("Loss over the training; the numbers stand under the picture.")
            TextTag(_("solid: training, dashed: held out"), "p").classes("ck-hint").props('data-fit="legend"')
            with ui.element("label").classes("ck-field ck-scrub"):
                TextTag(_("Go back")).classes("ck-label")
                ui.element("input").props('type="range" min="0" max="0" value="0" data-fit="scrub"')

    def _files(self) -> None:
        with ui.element("div").classes("ck-row"):
            TextTag(_("Take the training away")).classes("ck-label")
            for kind in KINDS:
                button(
                    kind,
                    partial(self._download, kind),
                    hint=_("Download the training as {kind}").format(kind=kind),
                )

    # The recipe

    def _make_recipe(self) -> None:
        """Build the fields of the recipe, once: one that is rebuilt would lose what is being typed in it."""
        settings = self._state.settings
        self._shown_losses: tuple[object, ...] = ()
        with ui.element("div").classes("ck-row") as self._recipe:
            self._loss = ui.element("div").classes("ck-row")
            names = {name: name for name, row in OPTIMIZERS.items() if not row.whole_batch}
            choice(_("Optimizer"), names, settings["optimizer"], lambda name: self._set("optimizer", name))
            field(_("Learning rate"), f"{settings['lr']:g}", lambda text: self._set("lr", text)).props(
                'inputmode="decimal" size="6"'
            )
            self._number(_("Batch size (0: all)"), "batch_size")
            switch(_("Shuffle"), settings["shuffle"], lambda on: self._set("shuffle", on))
            self._number(_("Seed"), "fit_seed")
            self._number(_("Stop after updates"), "updates")
        self._recipe.set_visibility(False)

    def _show_recipe(self) -> None:
        """Show the fields if the network can be fitted to the points, with the losses that suit them."""
        state, network = self._state, self._session.network
        if network is None or state.points is None or state.mismatch(network):
            self._recipe.set_visibility(False)
            return
        self._recipe.set_visibility(True)
        losses, loss = state.losses(), state.loss(network)
        if (losses, loss) == self._shown_losses:
            return
        self._shown_losses = (losses, loss)
        self._loss.clear()
        with self._loss:
            choice(_("Loss"), {name: name for name in losses}, loss, lambda name: self._set("loss", name))

    def _number(self, label: str, name: str) -> None:
        field(
            label, str(self._state.settings[name]), lambda text: self._set(name, text), kind="number"
        ).props('min="0" step="1"')

    def _set(self, name: str, text: object) -> None:
        settings = self._state.settings
        kind = type(settings[name])
        try:
            value = int(float(str(text))) if kind is int else kind(text)
            if isinstance(value, int | float) and not 0 <= value < 1e12:
                raise ValueError
        except (ValueError, OverflowError):
            self._show_messages(_("{text} is no number from 0 on.").format(text=str(text)[:40]), wrong=True)
            return
        settings[name] = value
        self._show_messages()
        if name != "updates":
            self._state.end_fits()
        if name == "loss":
            self._shown_losses = (*self._shown_losses[:1], value)
            self._refresh()

    def _refresh(self) -> None:
        """End the fit if the network has changed, and show what prevents a fit of the new one."""
        state, network = self._state, self._session.network
        if state.racers and state.racers[0].fit.setting.network != network:
            state.end_fits()
        self._show_recipe()
        self._show_messages()
        self._frames.warm()
        if network is None or state.points is None:
            return
        problem = state.mismatch(network)
        if text := problem or state.doubt(network):
            self._show_messages(text, wrong=bool(problem))
            with self._status:
                button(_("Make the network suit the data"), self._adapt_network, kind="main").props(
                    'data-fit="suit"'
                )

    def _adapt_network(self) -> None:
        session = self._session
        assert session.network is not None
        try:
            network = self._state.suited(session.network)
        except cn.ChalknetError as problem:
            self._show_messages(message(problem), wrong=True)
            return
        written = text_in_form(network, session.form)
        session.set_network(network, written.text, written.form)

    def _show_messages(self, *texts: str, wrong: bool = False) -> None:
        self._status.clear()
        with self._status:
            for text in texts:
                TextTag(text, "p").classes("ck-problem" if wrong else "ck-note")

    # The fit

    async def _ensure_fits(self, methods: list[FitMethod] | None = None) -> bool:
        """Create the fits if there are none or other ones are wanted; return whether there are any."""
        await self._state.settled()
        state, network = self._state, self._session.network
        if state.racers and methods is None:
            return True
        if network is None or state.points is None or state.mismatch(network):
            return False
        wanted = methods or [FitMethod(str, {"batch_size": state.batch_size()})]
        loop = asyncio.get_running_loop()
        try:
            racers = await loop.run_in_executor(
                self._session.workers, copy_context().run, state.begin, network, wanted
            )
        except cn.ChalknetError as problem:
            self._show_messages(message(problem), wrong=True)
            return False
        state.put(racers)
        return True

    async def _advance(self, until: Callable[[Any], int]) -> None:
        if await self._ensure_fits():
            try:
                for racer in self._state.racers:
                    racer.fit.go_to(until(racer.fit), self._state.rate)
            except cn.ChalknetError as problem:
                self._show_messages(message(problem), wrong=True)

    def _play(self) -> Awaitable[None]:
        """Run to the next multiple of "Stop after updates"."""
        each = max(1, int(self._state.settings["updates"]))
        return self._advance(lambda fit: (fit.trace.last.updates // each + 1) * each)

    def _pause(self) -> None:
        for racer in self._state.racers:
            racer.fit.pause()

    def _reset(self) -> None:
        self._state.end_fits()
        self._show_messages()

    def _set_speed(self, name: str) -> None:
        if name in SPEEDS:
            self._state.settings["speed"] = name
            for racer in self._state.racers:
                racer.fit.set_rate(self._state.rate)

    async def _race_methods(self) -> None:
        await self._state.settled()
        if self._state.points is not None and await self._ensure_fits(self._state.three_methods()):
            await self._play()

    async def _race_devices(self) -> None:
        await self._state.settled()
        devices = self._state.two_devices() if self._state.points is not None else []
        if not devices:
            self._show_messages(
                _("No GPU was found on this machine, so there is nothing to race the CPU against.")
            )
        elif await self._ensure_fits(devices):
            await self._play()

    async def _download(self, kind: str) -> None:
        if not self._state.racers:
            self._show_messages(_("Press Play first: the picture shows the training."))
            return
        loop = asyncio.get_running_loop()
        self._show_messages(_("The picture is being made …"))
        content = await loop.run_in_executor(
            self._frames.painters, copy_context().run, moving_picture, self._state, kind
        )
        self._show_messages()
        ui.download.content(content, f"training.{kind.lower()}")


def _words() -> dict[str, str]:
    return {
        "places": _("The prediction at each place, behind the points."),
        "tiles": _(
            "Digits with the prediction for each; below, the weights of each unit of the first layer:"
            " positive ones blue, negative ones orange."
        ),
        "values": _("The predicted value of each sample over its true one; on the line they are equal."),
        "confusion": _("How many samples of each true class, a row, are predicted to be of each class."),
        "true": _("true"), "predicted": _("predicted"),
        "held_out": _("held-out samples"), "train": _("training samples"),
    }  # fmt: skip


def _next_epoch(fit: Any) -> int:
    each: int = fit.setting.updates_per_epoch
    return int(fit.trace.last.updates // each + 1) * each
