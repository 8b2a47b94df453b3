"""The result of a fit as the rooms below the fit know it."""

from __future__ import annotations

from chalknet.lazy import torch


class Fitted:
    """The result of a fit, of which the rooms below know the module alone; it is kept in a field."""

    module: torch.nn.Module
