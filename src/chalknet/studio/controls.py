"""The controls of the page: the browser's own, so that the keyboard and screen readers know them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from inspect import isawaitable
from typing import Any

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement

from chalknet.lang import language, speaking


class TextTag(TextElement):
    """An element of HTML that holds a text and nothing else.

    Args:
        text: shown as it is; it is no markup.
        tag: the element.
    """

    def __init__(self, text: str, tag: str = "span") -> None:
        super().__init__(tag=tag, text=text)


def button(text: str, on_press: Callable[[], Any], *, hint: str = "", kind: str = "") -> ui.element:
    """Add a button.

    Args:
        text: what stands on it.
        on_press: called in the server's loop; may be a coroutine function.
        hint: what a pointer that rests on it and a screen reader say.
        kind: "main" for the one that matters most, "plain" for one without a frame.
    """
    made = TextTag(text, "button").classes(f"ck-button {kind}").props('type="button"')
    if hint:
        made.props["title"] = hint
        made.props["aria-label"] = hint
    answer = spoken(on_press)
    return made.on("click", lambda: answer(), [])


def choice(
    label: str, options: Mapping[str, str], value: str, on_choose: Callable[[str], Any], *, shown: bool = True
) -> ui.element:
    """Add a list of which one is chosen.

    Args:
        label: what is chosen.
        options: the word on the screen of each value.
        value: the one that is chosen.
        on_choose: called with the value.
        shown: whether the label is seen, or only read aloud.
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
    answer = spoken(on_choose)

    def chosen(event: Any) -> Any:
        made.props["value"] = event.args  # what the list shows when the page is made anew around it
        for name, option in zip(options, made.default_slot.children, strict=True):
            option.props["selected"] = name == event.args
        return answer(event.args)

    return made.on("change", chosen, js_handler="(e) => emit(e.target.value)")


def field(
    label: str, value: str, on_enter: Callable[[str], Any], *, kind: str = "text", shown: bool = True
) -> ui.element:
    """Add a line to write in.

    Args:
        label: what is written.
        value: what stands in it.
        on_enter: called with the text once it is entered: with Enter or by leaving the field.
        kind: the kind of input of HTML: "text", "number", "range".
        shown: whether the label is seen, or only read aloud.
    """
    with ui.element("label").classes("ck-field"):
        _label(label, shown)
        made = ui.element("input").classes("ck-input").props(f'type="{kind}"')
        made.props["^value"] = value  # an attribute: it does not replace what is being typed
    answer = spoken(on_enter)
    return made.on("change", lambda event: answer(event.args), js_handler="(e) => emit(e.target.value)")


def switch(label: str, value: bool, on_turn: Callable[[bool], Any]) -> ui.element:
    """Add a box to tick."""
    with ui.element("label").classes("ck-field ck-switch"):
        made = ui.element("input").props('type="checkbox"')
        made.props["checked"] = value
        _label(label, True)
    answer = spoken(on_turn)
    return made.on("change", lambda event: answer(event.args), js_handler="(e) => emit(e.target.checked)")


def spoken(handler: Callable[..., Any]) -> Callable[..., Any]:
    """Return a handler of an event that runs in the language in which the page was made."""
    code = language()

    async def finished(answer: Any) -> Any:
        with speaking(code):
            return await answer

    @wraps(handler)  # by its signature NiceGUI knows what to hand over
    def handled(*given: Any) -> Any:
        with speaking(code):
            answer = handler(*given)
        return finished(answer) if isawaitable(answer) else answer

    return handled


def _label(text: str, shown: bool) -> None:
    TextTag(text).classes("ck-label" if shown else "ck-unseen")
