"""What holds a module that was fitted, so that the rooms below the fit can take it in its place."""

from __future__ import annotations

from torch import nn


class Fitted:
    """The result of a fit, of which the rooms below know the module alone; it is kept in a field."""

    module: nn.Module
