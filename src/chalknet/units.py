"""Numbers: the dtypes of a fit, what reads as a number, and the only place that rounds and prints units."""

from __future__ import annotations

import math
import re

DTYPES = ("float32", "float64")  # of weights and tables
_NOT_XML = "[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"  # compiled on first use: it takes 6 ms
_BYTE_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
_SECOND_UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))


def is_number(value: object) -> bool:
    """Return whether `float` takes a value: a number, or a text that reads as one."""
    try:
        float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return False
    return True


def xml_text(text: str) -> str:
    """Return a text without the characters that no XML has: control characters and halves of a surrogate."""
    return re.sub(_NOT_XML, "\ufffd", text)


def show_count(value: int) -> str:
    """Return a whole number with thousands separated: `12665` -> `12,665`."""
    return f"{value:,}"


def show_bytes(value_bytes: float) -> str:
    """Return a number of bytes in binary units: `1536` -> `1.5 KiB`."""
    value, unit = float(value_bytes), _BYTE_UNITS[0]
    for unit in _BYTE_UNITS:
        if abs(value) < 1024 or unit == _BYTE_UNITS[-1]:
            break
        value /= 1024
    return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"


def show_seconds(value_s: float) -> str:
    """Return a duration: `0.0018` -> `1.8 ms`, `75` -> `1 min 15 s`, `7300` -> `2 h 2 min`."""
    if not math.isfinite(value_s):
        return "unknown"
    if value_s >= 3600:
        return f"{int(value_s // 3600)} h {int(value_s % 3600 // 60)} min"
    if value_s >= 60:
        return f"{int(value_s // 60)} min {int(value_s % 60)} s"
    for size, unit in _SECOND_UNITS:
        if value_s >= size:
            return f"{value_s / size:.3g} {unit}"
    return "0 s" if value_s == 0 else f"{value_s / 1e-9:.2g} ns"


def show_share(value: float) -> str:
    """Return a share between 0 and 1 with four digits: `0.99534` -> `0.9953`."""
    return f"{value:.4f}"


def show_value(value: float) -> str:
    """Return a loss or another real number with four significant digits."""
    return f"{value:.4g}"


def show_rate(per_second: float) -> str:
    """Return a rate of updates: `1234.5` -> `1,234 updates/s`, below ten with two digits."""
    return f"{per_second:,.0f} updates/s" if per_second >= 10 else f"{per_second:.2g} updates/s"


def one_line(text: str, most: int = 120) -> str:
    """Return a text as one line of at most `most` characters, cut with `...`, for a `repr`."""
    line = " ".join(text[: 10 * most].split())
    return line if len(line) <= most and len(text) <= 10 * most else f"{line[: most - 3]}..."
