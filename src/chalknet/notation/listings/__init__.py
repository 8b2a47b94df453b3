"""Networks that other programs printed or saved: tables of layers, printed modules, saved configurations."""

from chalknet.notation.listings.table import LISTINGS

__all__ = ["LISTINGS"]
