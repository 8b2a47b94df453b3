"""How an option is written in a note or a remedy: in Python, and on the command line."""

from __future__ import annotations

import shlex
from collections.abc import Sequence


def option(name: str, value: object) -> str:
    """Return how an option is written: `comment='#' (--comment '#')`."""
    items = value if isinstance(value, list) else [value]
    if isinstance(value, dict):
        items = [f"{key}={each}" for key, each in value.items()]
    word = shlex.quote(",".join(map(str, items)))
    return f"{name}={value!r} (--{name.replace('_', '-')}{'=' if word.startswith('-') else ' '}{word})"


def skip_option(skipped: Sequence[int | str], new: int | str) -> str:
    """Return the option that leaves rows out, beside those that are left out already.

    Args:
        skipped: what the user leaves out.
        new: the number of lines at the top, or a kind of rows.
    """
    others = [each for each in skipped if isinstance(each, str) or isinstance(new, str)]
    both = [new, *others] if isinstance(new, int) else [*others, new]
    each = [one for one in dict.fromkeys(both) if one != 0]
    return option("skip_rows", each[0] if len(each) == 1 else each)
