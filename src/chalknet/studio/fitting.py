"""The data and the fit of the studio."""

from __future__ import annotations

from chalknet.studio.session import TabSession


def fit_panel(session: TabSession) -> None:
    """Add the areas Data and Fit for a tab."""
