"""The progress bar, in a terminal or a notebook."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from chalknet.planning import Plan
from chalknet.training.history import Progress
from chalknet.units import show_value


def wants_bar() -> bool:
    """Return whether a bar can be seen: in a terminal or a notebook, not in a pipe."""
    return sys.stderr.isatty() or _in_notebook()


@contextmanager
def bar(plan: Plan) -> Iterator[Callable[[Progress], None]]:
    """Show a bar with loss, updates/s and time left; yield what the loop calls with its progress."""
    total = plan.recipe.budget.amount if plan.updates is None else plan.updates
    shown = _tqdm()(
        total=total,
        unit=" s" if plan.updates is None else " updates",
        mininterval=0.1,
        dynamic_ncols=True,
        leave=False,
        bar_format="{l_bar}{bar}| {n:.0f}/{total:.0f}{unit} [{elapsed}<{remaining}{postfix}]",
    )

    def show(progress: Progress) -> None:
        rate = progress.updates / progress.seconds if progress.seconds else 0.0
        shown.set_postfix_str(f"{rate:,.0f} updates/s, loss {show_value(progress.loss)}", refresh=False)
        now = progress.seconds if progress.of_updates is None else progress.updates
        shown.update(min(now, total) - shown.n)

    try:
        yield show
    finally:
        shown.close()


def _in_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and "IPKernelApp" in shell.config


def _tqdm() -> Any:
    if _in_notebook() and find_spec("ipywidgets"):
        from tqdm.notebook import tqdm
    else:
        from tqdm import tqdm
    return tqdm
