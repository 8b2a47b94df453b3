"""The studio's page: its header and its areas, built separately for each tab."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from fastapi import FastAPI
from nicegui import Client, app, ui

import chalknet as cn
from chalknet.lang import _, language_of_reader, speaking
from chalknet.studio.controls import TextTag, choice, switch
from chalknet.studio.editor import FormRequest, editor_panel, examples, forms_panel, shown_forms
from chalknet.studio.export import export_panel
from chalknet.studio.fitting import fit_panel
from chalknet.studio.link import restore
from chalknet.studio.picture import on_page, picture_panel
from chalknet.studio.session import FIRST_TEXT, TabSession, read_text
from chalknet.studio.texts import forms

_STATIC = Path(__file__).parent / "static"
_RECONNECT_S = 5.0  # a tab disconnected for longer is closed, with everything it started
_CONNECTS_WITHIN_S = _ASKED_AGAIN_S = 60.0  # many tabs of a busy machine open slowly
_MOST_TABS = 100
_LANGUAGES = {"en": "English", "ko": "한국어"}
_HEAD = '<link rel="stylesheet" href="/static/studio.css"><script src="/static/studio.js"></script>'


class InitialNetwork(NamedTuple):
    """The initial text of a tab, and its network."""

    text: str
    network: cn.Network

    @classmethod
    def of(cls, model: str | Path | None) -> InitialNetwork:
        """Return the model given on the command line, or a network of the lecture."""
        network = cn.read(FIRST_TEXT if model is None else model)
        return cls(FIRST_TEXT if model is None else cn.write(network, "shorthand"), network)


class Page:
    """The contents of a tab; rebuilt when the language changes or a link is opened.

    Args:
        session: the state of the tab.
        whole: the element that contains everything.
    """

    def __init__(self, session: TabSession, whole: ui.element) -> None:
        self._session, self._whole = session, whole
        self._dark = ui.dark_mode(None)

    def make(self) -> None:
        """Rebuild the page in the language of the session."""
        session = self._session
        session.close_panels()
        self._whole.clear()
        with speaking(session.language), self._whole:
            self._header()
            with ui.element("main").classes("ck-main"):
                _area(_("Write"), "ck-write", editor_panel, session)
                _area(_("See"), "ck-see", picture_panel, session)
                _area(_("In every form"), "ck-forms", forms_panel, session)
                _area(_("Data and fit"), "ck-fit", fit_panel, session)
                _area(_("Take away"), "ck-take", export_panel, session)
            TextTag(_("Nothing leaves this machine."), "footer").classes("ck-footer")

    async def begin(self) -> None:
        """Ask the browser for the state in the link and for the preferred theme, until it answers."""
        found: dict[str, Any] | None = None
        while found is None:
            if self._whole.client.is_deleted:  # the tab was closed while it opened
                return
            with suppress(TimeoutError):
                found = await ui.run_javascript("chalknetStudio.begin()", timeout=_ASKED_AGAIN_S)
        session = self._session
        session.dark = bool(found.get("dark"))
        self._dark.value = session.dark
        restored = restore(session, str(found.get("fragment") or ""))
        if restored:
            session.close()  # the fits belong to the settings before
            result = await _in_thread(session, read_text, session.text)
            session.form = result.form
            session.take(result)
        if restored:
            self.make()
        else:
            self._dark_switch.props["checked"] = session.dark
            session.notify()  # the editor's colours
            typed = found.get("text")
            if isinstance(typed, str) and typed != session.text:  # typed before the connection was there
                session.set_text(typed)
        self._apply_look()

    def _header(self) -> None:
        session = self._session
        look = session.settings.setdefault("look", {"large": False})
        with ui.element("header").classes("ck-header"):
            TextTag("chalknet", "h1")
            TextTag(_("from the blackboard to the GPU")).classes("ck-motto")
            with ui.element("div").classes("ck-bar ck-look"):
                choice(_("Language"), _LANGUAGES, session.language, self._speak, shown=False)
                self._dark_switch = switch(_("Dark"), session.dark, self._set_dark)
                switch(_("Large type"), bool(look.get("large")), self._set_large)

    def _speak(self, language: str) -> None:
        if language in _LANGUAGES:
            self._session.language = language
            self.make()
            self._apply_look()

    def _set_dark(self, dark: bool) -> None:
        self._session.dark = self._dark.value = bool(dark)
        self._session.notify()

    def _set_large(self, large: bool) -> None:
        self._session.settings["look"]["large"] = bool(large)
        self._apply_look()

    def _apply_look(self) -> None:
        large = bool(self._session.settings.get("look", {}).get("large"))
        self._whole.client.run_javascript(
            f"document.documentElement.lang = {self._session.language!r};"
            f"document.documentElement.classList.toggle('ck-large', {str(large).lower()})"
        )


def application(initial: InitialNetwork, workers: Executor, *, compressed: bool = False) -> FastAPI:
    """Return the application that serves the page.

    Args:
        initial: the initial text and network of each tab.
        workers: threads for longer work.
        compressed: whether responses are compressed; on the same machine this costs more time than it saves.
    """
    warm_up(initial)
    # Shown until the page's scripts have run; removed when the page shows its own picture.
    svg = on_page(cn.draw(initial.network).svg)
    first_sight = f'<div id="ck-first" aria-hidden="true"><h1>chalknet</h1>{svg}</div>'

    @ui.page("/", title="chalknet")
    async def page(client: Client) -> None:
        ui.add_head_html(_HEAD)
        ui.add_body_html(first_sight)
        if len(Client.instances) > _MOST_TABS:
            TextTag(_("Too many tabs are open. Close some, and load this page again."), "p")
            return
        session = TabSession(workers, initial.text)
        session.network = initial.network
        session.language = language_of_reader(client.request.headers.get("accept-language", ""))
        client.on_delete(session.close)
        shown = Page(session, ui.element("div").classes("ck-page"))
        shown.make()
        await client.connected(timeout=_CONNECTS_WITHIN_S)
        await shown.begin()

    made = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.add_static_files("/static", _STATIC)
    options: dict[str, Any] = {} if compressed else {"gzip_middleware_factory": None}
    ui.run_with(
        made, title="chalknet", tailwind=False, show_welcome_message=False,
        reconnect_timeout=_RECONNECT_S, dark=None,
        **options,
    )  # fmt: skip
    return made


def warm_up(initial: InitialNetwork) -> None:
    """Do the slow work of the first page in advance: forms and drawing are imported on first use."""
    examples()
    read_text(initial.text)
    for form in forms():
        shown_forms(FormRequest(initial.network, form))
    threading.Thread(target=cn.build, args=("1 -> 1",), daemon=True).start()  # imports torch, for fits


def _area(name: str, kind: str, panel: Callable[[TabSession], None], session: TabSession) -> None:
    with ui.element("section").classes(f"ck-area {kind}") as area:
        area.props["aria-label"] = name
        panel(session)


async def _in_thread(session: TabSession, work: Callable[[Any], Any], argument: object) -> Any:
    import asyncio

    return await asyncio.get_running_loop().run_in_executor(session.workers, work, argument)
