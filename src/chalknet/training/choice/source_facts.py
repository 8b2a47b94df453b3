"""What a source knows of itself beside its samples, where it knows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from chalknet.data import Preparation, Source


@dataclass(frozen=True)
class SourceFacts:
    """What a kept run says of its data.

    Args:
        origin: the keywords of `load` that give the data again; None where arrays were given.
        fingerprint: computes a digest of the content; None where there is none.
        preparation: what turned the columns of a file into x and y; None where nothing did.
    """

    origin: Mapping[str, Any] | None
    fingerprint: Callable[[], str] | None
    preparation: Preparation | None


def facts_of(source: Source) -> SourceFacts:
    """Return what is known of a source; a source of the user's own has only its samples."""
    return SourceFacts(*(getattr(source, name, None) for name in ("origin", "fingerprint", "preparation")))
