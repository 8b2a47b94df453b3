"""The page's controls: native HTML elements, so that keyboards and screen readers work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from inspect import isawaitable
from typing import Any

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement

from chalknet.lang import language, speaking


class TextTag(TextElement):
    """An HTML element that contains only text.

    Args:
        text: shown literally, not as markup.
        tag: the element's name.
    """

    def __init__(self, text: str, tag: str = "span") -> None:
        super().__init__(tag=tag, text=text)


def button(text: str, on_press: Callable[[], Any], *, hint: str = "", kind: str = "") -> ui.element:
    """Add a button.

    Args:
        text: its label.
        on_press: called in the server's loop; may be a coroutine function.
        hint: the tooltip, also read by screen readers.
        kind: "main" for the most important button, "plain" for one without a border.
    """
    made = TextTag(text, "button").classes(f"ck-button {kind}").props('type="button"')
    if hint:
        made.props["title"] = hint
        made.props["aria-label"] = hint
    answer = in_page_language(on_press)
    return made.on("click", lambda: answer(), [])


def choice(
    label: str, options: Mapping[str, str], value: str, on_choose: Callable[[str], Any], *, shown: bool = True
) -> ui.element:
    """Add a drop-down list.

    Args:
        label: of the list.
        options: the text shown for each value.
        value: the selected one.
        on_choose: called with the value.
        shown: whether the label is visible, or only for screen readers.
    """
    with ui.element("label").classes("ck-field"):
        _label(label, shown)
        made = ui.element("select").classes("ck-input")
        made.props["value"] = value
        with made:
            for name, word in options.items():
                option = TextTag(word, "option")
                option.props["value"] = name
                option.props["selected"] = name == value
    answer = in_page_language(on_choose)

    def chosen(event: Any) -> Any:
        made.props["value"] = event.args  # kept when the page is rebuilt
        for name, option in zip(options, made.default_slot.children, strict=True):
            option.props["selected"] = name == event.args
        return answer(event.args)

    return made.on("change", chosen, js_handler="(e) => emit(e.target.value)")


def field(
    label: str, value: str, on_enter: Callable[[str], Any], *, kind: str = "text", shown: bool = True
) -> ui.element:
    """Add a text field.

    Args:
        label: of the field.
        value: its initial text.
        on_enter: called with the text on Enter or when the field is left.
        kind: the type of the HTML input: "text", "number", "range".
        shown: whether the label is visible, or only for screen readers.
    """
    with ui.element("label").classes("ck-field"):
        _label(label, shown)
        made = ui.element("input").classes("ck-input").props(f'type="{kind}"')
        made.props["^value"] = value  # an attribute: it does not replace what is being typed
    answer = in_page_language(on_enter)
    return made.on("change", lambda event: answer(event.args), js_handler="(e) => emit(e.target.value)")


def switch(label: str, value: bool, on_turn: Callable[[bool], Any]) -> ui.element:
    """Add a checkbox."""
    with ui.element("label").classes("ck-field ck-switch"):
        made = ui.element("input").props('type="checkbox"')
        made.props["checked"] = value
        _label(label, True)
    answer = in_page_language(on_turn)
    return made.on("change", lambda event: answer(event.args), js_handler="(e) => emit(e.target.checked)")


def in_page_language(handler: Callable[..., Any]) -> Callable[..., Any]:
    """Return an event handler that runs in the language of the page."""
    code = language()

    async def finished(answer: Any) -> Any:
        with speaking(code):
            return await answer

    @wraps(handler)  # NiceGUI chooses the arguments by the signature
    def handled(*given: Any) -> Any:
        with speaking(code):
            answer = handler(*given)
        return finished(answer) if isawaitable(answer) else answer

    return handled


def _label(text: str, shown: bool) -> None:
    TextTag(text).classes("ck-label" if shown else "ck-unseen")
