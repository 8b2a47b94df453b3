"""The area See: the picture of the network in any dialect, and edits in the picture."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from nicegui import ui

import chalknet as cn
from chalknet.lang import _
from chalknet.studio.controls import TextTag, choice
from chalknet.studio.drawn_edges import DrawnEdges
from chalknet.studio.layer_edits import ACTIVATIONS, edited, fields_of
from chalknet.studio.session import LatestRequest, TabSession
from chalknet.studio.texts import text_in_form

_MOST_LETTERS = 4_000_000  # of a picture sent to a browser


class PictureElement(ui.element, component="static/picture.js"):
    """The picture in the page: shows the content of `props`, and emits `edit` when the user changes it."""


class PictureRequest(NamedTuple):
    """A network to draw, and how."""

    network: cn.Network
    dialect: str
    orientation: str
    language: str


class PagePicture(NamedTuple):
    """A picture as SVG, its description, the data of each layer, and the edges that stand for weights."""

    svg: str
    alt_text: str
    layers: list[dict[str, Any]]
    edges: DrawnEdges

    def props(self) -> dict[str, Any]:
        """Return what the page shows, as JSON."""
        drawn = [[name, place.layer] for name, place in zip(self.edges.ids, self.edges.places, strict=True)]
        return {
            "svg": self.svg, "alt": self.alt_text, "layers": self.layers,
            "weighted": {"version": self.edges.version, "edges": drawn},
        }  # fmt: skip


def dialects() -> dict[str, str]:
    """Return the names of the dialects, by their ids."""
    return {
        "D9": _("Nodes in boxes, a box a layer"),
        "D11": _("Input, hidden and output layer"),
        "D10": _("Features as nodes"),
        "D8": _("Columns of X, u, v in boxes"),
        "D7": _("Columns of X, u, v as nodes"),
        "D5": _("A node a state"),
        "blocks": _("A block a step, with shapes"),
        "D6": _("Numbers on the edges (needs weights)"),
        "D1": _("Logistic regression: every observation"),
        "D2": _("Logistic regression: observation i"),
        "D3": _("Logistic regression: no index"),
        "D4": _("Logistic regression: bias left out"),
        "D4b": _("Logistic regression: a plain weight"),
    }


def settings_of(session: TabSession) -> dict[str, Any]:
    """Return the settings of this area; a link restores them."""
    chosen = session.settings.setdefault("see", {})
    if chosen.get("dialect") not in dialects():  # a link may contain anything
        chosen["dialect"] = "D9"
    if chosen.get("orientation") not in ("right", "down"):
        chosen["orientation"] = "right"
    return chosen


def _request(session: TabSession, network: cn.Network) -> PictureRequest:
    chosen = settings_of(session)
    return PictureRequest(network, chosen["dialect"], chosen["orientation"], session.language)


def picture_panel(session: TabSession) -> None:
    """Add the area to a tab; it follows the session's network."""
    chosen = settings_of(session)
    _choices(chosen, lambda name, value: choose(name, value))
    picture = PictureElement().classes("ck-fill")
    picture.props.update(
        svg="", alt="", layers=[], weighted={}, words=_words(), activations=list(ACTIVATIONS)
    )
    refusal = TextTag("", "p").classes("ck-problem").props('role="status"')
    refusal.set_visibility(False)
    stale = TextTag(_("The picture shows the last text that could be read."), "p").classes("ck-note")
    stale.set_visibility(session.problem is not None)

    def show(result: PagePicture | cn.ChalknetError) -> None:
        is_refused = isinstance(result, cn.ChalknetError)
        refusal.set_visibility(is_refused)
        if isinstance(result, cn.ChalknetError):
            refusal.text = str(result)
        else:
            session.fit_state.drawn_edges = result.edges
            picture.props.update(result.props())
            picture.update()

    latest: LatestRequest[PictureRequest, PagePicture | cn.ChalknetError] = LatestRequest(
        session.workers, draw, show
    )

    def follow() -> None:
        stale.set_visibility(session.problem is not None and session.network is not None)
        if session.network is not None and session.problem is None:
            latest.request(_request(session, session.network))

    def choose(name: str, value: str) -> None:
        chosen[name] = value
        follow()

    def edit(event: Any) -> None:
        if session.network is None:
            return
        try:
            network = edited(session.network, event.args)
            text = text_in_form(network, session.form)
        except cn.ChalknetError as problem:
            show(problem)
        else:
            session.set_network(network, text.text, text.form)

    picture.on("edit", edit)
    session.on_change(follow)
    if session.network is not None:  # the first picture comes with the page
        show(draw(_request(session, session.network)))


def _choices(chosen: dict[str, Any], choose: Callable[[str, str], None]) -> None:
    """Add the controls for how the picture is drawn."""
    with ui.element("div").classes("ck-bar"):
        TextTag(_("Picture"), "h2")
        choice(_("Style"), dialects(), chosen["dialect"], partial(choose, "dialect"))
        directions = {"right": _("left to right"), "down": _("top to bottom")}
        choice(_("Direction"), directions, chosen["orientation"], partial(choose, "orientation"))


def draw(request: PictureRequest) -> PagePicture | cn.ChalknetError:
    """Return the picture, or the reason that this dialect cannot show this network."""
    language: Any = request.language
    orientation: Any = request.orientation
    dialect: Any = request.dialect
    try:
        drawing = cn.draw(request.network, dialect, orientation=orientation, language=language)
        svg = drawing.svg
    except cn.ChalknetError as problem:
        return problem
    if len(svg) > _MOST_LETTERS:
        return cn.CannotExpress(
            where="picture",
            got=f"{len(svg):,} letters of SVG",
            wanted=f"at most {_MOST_LETTERS:,}",
            remedy="Take the style with a block a step.",
        )
    edges = DrawnEdges.of(request.network, svg)
    return PagePicture(on_page(svg), drawing.alt_text, list(fields_of(request.network)), edges)


def on_page(svg: str) -> str:
    """Return the SVG with its class `hidden` renamed, because Quasar hides elements of that class."""
    return svg.replace('class="hidden ', 'class="within ').replace(
        ".chalknet .hidden {", ".chalknet .within {"
    )


def _words() -> dict[str, str]:
    return {
        "layers": _("Layers"), "layer": _("Layer"), "input": _("Input"), "unit": _("unit"),
        "linear": _("linear"), "none": _("none"), "width": _("Width"), "activation": _("Activation"),
        "wider": _("One unit more"), "narrower": _("One unit less"), "add": _("Add a layer after it"),
        "addBehind": _("Add a layer after"), "remove": _("Remove this layer"), "close": _("Close"),
        "larger": _("Enlarge"), "smaller": _("Make smaller"), "whole": _("The whole picture"),
        "parameters": _("parameters"), "weight": _("weight"),
        "weights": _(
            "Edges: positive weights are blue, negative ones orange; the stronger, the larger in its layer."
        ),
    }  # fmt: skip
