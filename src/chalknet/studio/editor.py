"""The area Write: an editor for every form, errors marked in place, the network in every form."""

from __future__ import annotations

import json
from functools import partial
from typing import Any, NamedTuple

from nicegui import ui

import chalknet as cn
from chalknet.lang import _, translated
from chalknet.studio.controls import TextTag, button, choice, in_page_language
from chalknet.studio.session import LatestRequest, TabSession
from chalknet.studio.texts import caret_of, form_of, forms, highlighting, message
from chalknet.studio.upload import upload_area

_COPY = (
    "(e) => chalknetStudio.copy(e.currentTarget.parentNode.querySelector('pre').textContent, e.currentTarget)"
)
MOST_LETTERS = 200_000  # in the editor; a longer text is read as a file


def examples() -> dict[str, str]:
    """Return the editor's example texts, by their titles."""
    return {
        _("Digits 0 and 1"): "X(n,784) -l1-> u1(n,32) -relu-> v1(n,32) -l2-> u2(n,1) -sig-> v2(n,1) = yhat",
        _("Logistic regression"): "1 -> 1 sigmoid",
        _("Two features"): "2 -> 8 relu -> 8 relu -> 1 sigmoid",
        "PyTorch": cn.write("2 -> 8 tanh -> 3 softmax", "torch"),
        "LaTeX": cn.write("784 -> 32 relu -> 1 sigmoid", "latex"),
        "DOT": "digraph { {x1 x2 x3} -> {h1 h2} -> y }",
    }


def editor_panel(session: TabSession) -> None:
    """Add the area to a tab: the editor, and the messages about its text."""
    session.form = session.form or form_of(session.text)
    with ui.element("div").classes("ck-bar"):
        TextTag(_("Network"), "h2")
        form = TextTag("").classes("ck-form")
        offered = examples()
        blank = {"": _("Examples")}
        choice(
            _("Examples"), blank | {name: name for name in offered}, "", lambda name: begin(name), shown=False
        )
    editor = _editor(session)
    status = ui.element("div").classes("ck-status").props('role="status" aria-live="polite"')
    upload_area(session)

    def begin(name: str) -> None:
        if name in offered:
            editor.value = offered[name]

    def follow() -> None:
        if editor.value != session.text:
            editor.value = session.text
        _apply_look(editor, session)
        _show_form(form, session)
        _show_status(status, session)

    session.on_change(follow)
    _show_form(form, session)
    _show_status(status, session)


def _editor(session: TabSession) -> Any:
    def typed(event: Any) -> None:
        text = str(event.value or "")
        if text != session.text:
            session.set_text(text[:MOST_LETTERS])

    language: Any = highlighting(session.form)
    editor = ui.codemirror(
        session.text, on_change=in_page_language(typed), theme=_theme(session), language=language,
        line_wrapping=True, decorations=_marks(session),
    )  # fmt: skip
    editor.classes("ck-editor").props["data-label"] = _("The network as a text. Escape, then Tab leaves it.")
    return editor


def _theme(session: TabSession) -> Any:
    return "basicDark" if session.dark else "basicLight"


def _apply_look(editor: Any, session: TabSession) -> None:
    """Set the editor's colours and marks.

    Not through its properties: NiceGUI would send the text too, and overwrite what was typed meanwhile.
    """
    look = {
        "theme": _theme(session),
        "language": highlighting(session.form),
        "marks": _marks(session),
    }
    editor.client.run_javascript(f"chalknetStudio.applyLook({editor.id}, {json.dumps(look)})")


def _show_form(shown: TextTag, session: TabSession) -> None:
    words = forms()
    shown.text = words.get(session.form, session.form) if session.form else ""


def _show_status(status: ui.element, session: TabSession) -> None:
    """Show the error, or the assumptions."""
    status.clear()
    problem, network = session.problem, session.network
    with status:
        if problem is not None:
            first, _newline, rest = message(problem).partition("\n")
            TextTag(first, "p").classes("ck-problem")
            if rest:
                with ui.element("details"):
                    TextTag(_("More"), "summary")
                    TextTag(rest, "pre")
            _offer_readings(session, problem)
        elif network is not None:
            TextTag(summary(network), "p").classes("ck-summary")
            for note in network.notes:
                TextTag(translated(note), "p").classes("ck-note")


def _offer_readings(session: TabSession, problem: cn.ChalknetError) -> None:
    """Offer each possible reading of a drawing."""
    for number, reading in enumerate(getattr(problem, "readings", ()), start=1):
        shown = cn.write(reading, "shorthand")

        words = _("Reading {number}: {network}").format(number=number, network=shown)
        button(words, partial(session.set_network, reading, shown, "shorthand"))


def summary(network: cn.Network) -> str:
    """Return the counts of a network in one line."""
    counts = cn.count(network)
    parameters = "?" if counts.parameters is None else f"{counts.parameters:,}"
    return _("{layers} layers, {hidden} hidden, {parameters} parameters").format(
        layers=counts.layers, hidden=counts.hidden_layers, parameters=parameters
    )


def _marks(session: TabSession) -> list[dict[str, Any]]:
    """Return the editor's marks for the place of the error."""
    caret = None if session.problem is None else caret_of(session.problem, session.text)
    if caret is None:
        return []
    marks: list[dict[str, Any]] = [{"kind": "line", "line": caret.line, "class": "ck-wrong-line"}]
    if caret.end > caret.begin:
        marks.append({"kind": "mark", "from": caret.begin, "to": caret.end, "class": "ck-wrong"})
    return marks


def forms_panel(session: TabSession) -> None:
    """Add the area with the network in every form to a tab."""
    words = forms()
    chosen = session.settings.setdefault("forms", {})
    if chosen.get("form") not in words:  # a link may contain anything
        chosen["form"] = "torch"
    TextTag(_("In every form"), "h2")
    formula = ui.html("", sanitize=False).classes("ck-formula")
    chips: dict[str, ui.element] = {}
    with ui.element("div").classes("ck-row ck-kinds") as row:
        row.props["role"] = "group"
        row.props["aria-label"] = _("Forms")
    with ui.element("div").classes("ck-form-row"):
        shown = TextTag("", "pre").props('tabindex="0"')
        copy = TextTag(_("Copy"), "button").classes("ck-button ck-copy").props('type="button"')
    copy.on("click", js_handler=_COPY)

    def show(texts: ShownForms) -> None:
        formula.set_content(texts.formula)
        shown.text = texts.text

    latest: LatestRequest[FormRequest, ShownForms] = LatestRequest(session.workers, shown_forms, show)

    def follow() -> None:
        if session.network is not None and session.problem is None:
            latest.request(FormRequest(session.network, chosen["form"]))

    def press(name: str) -> None:
        chosen["form"] = name
        for each, chip in chips.items():
            is_pressed = each == name
            chip.props["aria-pressed"] = str(is_pressed).lower()
            chip.classes(add="open" if is_pressed else "", remove="" if is_pressed else "open")
        shown.props["aria-label"] = copy.props["aria-label"] = words[name]
        copy.props["aria-label"] = _("Copy {form}").format(form=words[name])
        follow()

    with row:
        for name, word in words.items():
            chips[name] = button(word, partial(press, name))
            chips[name].classes("ck-chip", remove="ck-button")
    session.on_change(follow)
    if session.network is not None:
        show(shown_forms(FormRequest(session.network, chosen["form"])))
    press(chosen["form"])


class FormRequest(NamedTuple):
    """A network, and the form in which to show it."""

    network: cn.Network
    form: str


class ShownForms(NamedTuple):
    """The formula of a network as MathML, and its text in the chosen form."""

    formula: str
    text: str


def shown_forms(request: FormRequest) -> ShownForms:
    """Return the network as a formula and in one form, or the reason that this is not possible."""
    formula = _written(request.network, "mathml")
    return ShownForms(formula if formula.startswith("<math") else "", _written(request.network, request.form))


def _written(network: cn.Network, form: Any) -> str:
    try:
        return str(cn.write(network, form))
    except cn.ChalknetError as problem:
        return str(problem)
