"""Values as a notebook, a prompt and a page show them: HTML, one line, the full text."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from hashlib import sha256
from html import escape
from typing import TYPE_CHECKING, Any

from chalknet.counting import Counts, count_network
from chalknet.curves import curve_svg
from chalknet.drawing import draw, draw_account
from chalknet.lang import _, translated
from chalknet.network import Account, Network
from chalknet.notation import write
from chalknet.tables import Shown, Table, one_line
from chalknet.units import show_bytes, show_count

if TYPE_CHECKING:
    from chalknet.training import FitResult

_LONGEST_LINE = 120
_FIRST, _LAST = 5, 5  # rows of a long table
_FIRST_STEPS, _LAST_STEPS = 7, 5  # of a long network


def html_of(value: object) -> str:
    """Return a value as HTML: escaped, at most 640 pixels wide, for light and dark pages, without scripts.

    Its styles hold inside it alone.

    Args:
        value: of one of the classes in the table below, or of a class derived from one.
    """
    return f'<div class="{_SCOPE}"><style>{_STYLE}</style>{_row(_HTML, value)(value)}</div>'


def line_of(value: object) -> str:
    """Return a value as one line of at most 120 characters."""
    line = one_line(f"{type(value).__name__}({_row(_LINES, value)(value)[:_LONGEST_LINE]})")
    return line if len(line) <= _LONGEST_LINE else f"{line[: _LONGEST_LINE - 2]}…)"


def text_of(value: object) -> str:
    """Return the full text of a value whose class has none of its own: the call that makes it.

    Dataclasses and tuples in it are written out too. A Network is written as its formula.
    """
    if isinstance(value, Network):
        return write(value, "arrows")
    if isinstance(value, tuple):
        return f"({', '.join(map(text_of, value))}{',' * (len(value) == 1)})"
    return f"{type(value).__name__}({_arguments(value)})" if is_dataclass(value) else repr(value)


def _arguments(value: Any) -> str:
    return ", ".join(f"{one.name}={text_of(getattr(value, one.name))}" for one in fields(value) if one.repr)


def _row(table: Mapping[str, Callable[[Any], str]], value: object) -> Callable[[Any], str]:
    return next(table[kind.__name__] for kind in type(value).__mro__ if kind.__name__ in table)


def ends_of(network: Network) -> Network:
    """Return the first and last steps of a long network, any other as it is."""
    if len(network.steps) <= _FIRST_STEPS + _LAST_STEPS:
        return network
    kept = (*network.steps[:_FIRST_STEPS], *network.steps[-_LAST_STEPS:])
    return replace(network, steps=kept, weights={})


def _network_html(network: Network) -> str:
    shown = ends_of(network)
    return f"{_image(draw(shown).svg, _network_line(shown))}{_formula_html(network)}"


def _formula_html(network: Network) -> str:
    """Return the formula of a network, its counts, and what is not shown of a long one."""
    shown, steps, left_out = ends_of(network), len(network.steps), ""
    if shown is not network:
        hidden = f"{_FIRST_STEPS} to {show_count(steps - _LAST_STEPS - 1)} of {show_count(steps)}"
        left_out = f"; steps {hidden} are not shown"
    return (
        f'<div class="wide">{write(shown, "mathml")}</div>'
        f"<p>{escape(counts_line(count_network(network)) + left_out)}</p>"
    )


def _showing_html(showing: Any) -> str:
    """Return formula, picture and code side by side, below each other where the page is narrow."""
    picture, notes = showing.picture, "".join(f"<p>{escape(note)}</p>" for note in showing.network.notes)
    drawn = (
        f"<p>{escape(picture)}</p>"
        if isinstance(picture, str)
        else _image(picture.svg, _network_line(showing.network))
    )
    return (
        f'<div class="panes"><div>{_formula_html(showing.network)}{notes}</div><div>{drawn}</div>'
        f"<div><pre>{escape(showing.code)}</pre></div></div>"
    )


def _account_html(account: Account) -> str:
    """Return each mark in the colour of its role, over the user's picture if there is one, and the table."""
    table = _shortened(account.table).html()
    if not account.readings:
        return table
    drawing = draw_account(replace(account.readings[0], account=account))
    return _image(drawing.svg, drawing.alt_text) + table


def _image(svg: str, alt_text: str) -> str:
    """Return a drawing as an image, so that its styles and ids stay inside."""
    data = b64encode(svg.encode()).decode()
    return f'<img src="data:image/svg+xml;base64,{data}" alt="{escape(alt_text)}">'


def _shown_line(value: Shown) -> str:
    own = type(value).__str__ is not Shown.__str__
    return "; ".join(str(value).splitlines()) if own else _arguments(value)


def _network_line(network: Network) -> str:
    return write(network, "shorthand")


def counts_line(counts: Counts) -> str:
    """Return the counts of a network as one line."""
    amounts = {
        "layer": counts.layers,
        "hidden layer": counts.hidden_layers,
        "parameter": counts.parameters,
        "multiply-add": counts.multiply_adds,
    }
    return f"{', '.join(_amount(number, name) for name, number in amounts.items())} a sample"


def _amount(number: int | None, name: str) -> str:
    return f"{'?' if number is None else show_count(number)} {name}{'s' * (number != 1)}"


def _marks_line(marks: Any) -> str:
    same = sum(row.verdict == "same" for row in marks.rows)
    return f"{_amount(len(marks.rows), 'file')}, {same} the same network"


def _shortened(table: Table) -> Table:
    """Return the first and last rows of a long table."""
    count = len(table.rows)
    if not table.columns or count <= _FIRST + _LAST + 1:
        return table
    rows = (*table.rows[:_FIRST], (None,) * len(table.columns), *table.rows[-_LAST:])
    note = f"{show_count(count)} rows, of which the first {_FIRST} and the last {_LAST} are shown"
    return replace(table, rows=rows, notes=(note, *table.notes))


def _fit_lines(result: FitResult) -> list[str]:
    """Return how the fit ended, without the notes."""
    return str(result).partition(f"\n{_('note:')} ")[0].splitlines()


def _fit_html(result: FitResult) -> str:
    notes = "".join(f"<li>{escape(translated(note))}</li>" for note in result.notes)
    curve = curve_svg(result.history.updates, result.history.loss)
    return f"{_lines_html(_fit_lines(result))}{f'<ul>{notes}</ul>' if notes else ''}{curve}"


def _lines_html(lines: Sequence[str]) -> str:
    return f"<p>{'<br>'.join(map(escape, lines))}</p>"


_HTML: Mapping[str, Callable[[Any], str]] = {
    "Network": _network_html,
    "Account": _account_html,
    "FitResult": _fit_html,
    "Showing": _showing_html,
    "Tabular": lambda value: _shortened(value.table).html(),
    "Table": lambda table: _shortened(table).html(),
    "Shown": lambda value: _lines_html(str(value).splitlines()),
}
_LINES: Mapping[str, Callable[[Any], str]] = {
    "Network": _network_line,
    "Counts": counts_line,
    "Device": lambda device: f"{device.name}, {device.hardware}, {show_bytes(device.memory_free_bytes)} free",
    "DeviceList": lambda devices: ", ".join(device.name for device in devices),
    "MemoryEstimate": lambda estimate: f"{show_bytes(estimate.total_bytes)} for {estimate.title}",
    "Race": lambda race: f"{_amount(len(race.rows), 'row')}, {race.title}",
    "Marks": _marks_line,
    "FitResult": lambda result: "; ".join(_fit_lines(result)),
    "Shown": _shown_line,
}
_RULES = """
& { max-width: 640px; color: inherit; line-height: 1.4; }
& table { display: block; max-width: 100%; overflow-x: auto; border-collapse: collapse; margin: 0.5em 0; }
& caption { text-align: left; padding-bottom: 0.3em; }
& th, & td { padding: 0.15em 1em 0.15em 0; text-align: left; color: inherit; background: none; }
& th { font-weight: 600; }
& tr { background: none; border-bottom: 1px solid rgba(128, 128, 128, 0.35); }
& .number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
& p, & ul { margin: 0.5em 0; overflow-wrap: anywhere; }
& .wide { overflow-x: auto; overflow-y: hidden; padding: 0.3em 0; }
& img, & svg { max-width: 100%; height: auto; }
& svg text { font: 12px sans-serif; fill: currentColor; }
& .panes { display: flex; flex-wrap: wrap; gap: 0.5em 1.5em; align-items: center; }
& .panes > div { flex: 1 1 280px; min-width: 0; max-width: 100%; overflow-x: auto; }
& pre { margin: 0; color: inherit; background: none; font: 0.9em monospace; white-space: pre; }
&:has(.panes) { max-width: 1280px; }
& .axes { fill: none; stroke: currentColor; opacity: 0.5; }
& .curve { fill: none; stroke: #0072b2; stroke-width: 2; }
@media (prefers-color-scheme: dark) { & .curve { stroke: #56b4e9; } }
"""
_SCOPE = (
    f"chalknet-{sha256(_RULES.encode()).hexdigest()[:8]}"  # other styles, from another version: another name
)
_STYLE = _RULES.replace("&", f".{_SCOPE}")
