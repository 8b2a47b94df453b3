"""How much is read of a text: far more than any network takes, so that no text takes long or much memory."""

from __future__ import annotations

from chalknet.errors import ChalknetError
from chalknet.notation.tokens import SourceText, Span

LIMITS: dict[str, int] = {
    "characters in a text": 10_000_000,
    "characters in a formula": 100_000,
    "characters of code": 500_000,
    "steps of following code": 300_000,
    "layers": 10_000,
    "characters in a drawing of characters": 200_000,
    "words of a drawing": 600_000,
    "statements of a drawing": 150_000,
    "nodes": 20_000,
    "edges": 500_000,
    "groups": 1_000,
    "levels": 1_000,
    "points of a drawing": 1_000_000,
    "characters in a label": 2_000,
    "characters in all labels": 300_000,
    "drawings in a page": 40,
    "characters in drawings of a page": 300_000,
    "links in drawings of a page": 5_000,
    "steps of reading a drawing": 10_000_000,
    "bytes of a picture": 50_000_000,
    "pixels of a picture": 100_000_000,
    "pages of a PDF": 300,
    "unpacked bytes of a PDF": 40_000_000,
}
"""The limits by what they count. A larger number may be put in the place of one."""


def check_limit(source: SourceText, at: Span | int | None, limit: str, amount: int) -> None:
    """Raise the error for what is more than a limit allows.

    Args:
        source: the text that is read.
        at: where it is too much; None for the whole.
        limit: a name of `LIMITS`.
        amount: how much there is, or is so far.

    Raises:
        NotationError: with the limit and how to raise it.
    """
    if amount > LIMITS[limit]:
        raise over_limit(source, at, limit, amount)


def over_limit(source: SourceText, at: Span | int | None, limit: str, amount: int) -> ChalknetError:
    """Return the error for what is more than a limit allows; see `check_limit`."""
    return source.refuse(
        at,
        got=f"{amount:,} {limit}",
        wanted=f"at most {LIMITS[limit]:,}",
        remedy="Give the network alone; where it is as large as this, raise the limit in Python: "
        f'chalknet.notation.LIMITS["{limit}"] = {amount * 2}.',
    )
