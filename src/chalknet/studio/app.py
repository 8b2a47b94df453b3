"""The page of the studio: its header and its areas, made anew for each tab."""

from __future__ import annotations

from concurrent.futures import Executor
from pathlib import Path
from typing import NamedTuple

from fastapi import FastAPI
from nicegui import Client, app, ui

import chalknet as cn
from chalknet.lang import _
from chalknet.studio.controls import Words
from chalknet.studio.fitting import fit_panel
from chalknet.studio.session import FIRST_TEXT, TabSession

_STATIC = Path(__file__).parent / "static"
_RECONNECT_S = 5.0  # a tab that is gone for longer is closed with all that it has begun


class Beginning(NamedTuple):
    """What a tab begins with: a text and its network."""

    text: str
    network: cn.Network

    @classmethod
    def of(cls, model: str | Path | None) -> Beginning:
        """Return what the command was given, or a network of the lecture."""
        network = cn.read(FIRST_TEXT if model is None else model)
        return cls(cn.write(network, "shorthand"), network)


def application(beginning: Beginning, workers: Executor) -> FastAPI:
    """Return the application that serves the page.

    Args:
        beginning: what each tab begins with.
        workers: threads for work that takes more than a moment.
    """

    @ui.page("/", title="chalknet studio")
    def page(client: Client) -> None:
        session = TabSession(workers, beginning.text)
        session.network = beginning.network
        client.on_delete(session.close_panels)
        _page(session)

    made = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.add_static_files("/static", _STATIC)
    ui.run_with(
        made, title="chalknet studio", tailwind=False, show_welcome_message=False,
        reconnect_timeout=_RECONNECT_S, dark=None,
    )  # fmt: skip
    return made


def _page(session: TabSession) -> None:
    """Add everything to the page of a tab."""
    ui.add_head_html('<link rel="stylesheet" href="/static/studio.css">')
    with ui.element("header").classes("ck-header"):
        Words("chalknet studio", "h1")
    with ui.element("main").classes("ck-main"):
        with ui.element("section").classes("ck-area ck-write").props(f'aria-label="{_("Write")}"'):
            Words(_("Write"), "h2")
        with ui.element("section").classes("ck-area ck-see").props(f'aria-label="{_("See")}"'):
            Words(_("See"), "h2")
        with ui.element("section").classes("ck-area ck-fit").props(f'aria-label="{_("Data and fit")}"'):
            fit_panel(session)
