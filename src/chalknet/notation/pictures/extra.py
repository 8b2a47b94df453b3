"""The packages that pictures take, imported when the first picture is read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from chalknet.errors import MissingPackage


@contextmanager
def needed_for(what: str) -> Iterator[None]:
    """Turn an import that fails in the body into the line that installs what is missing.

    Args:
        what: is read by it, such as "a PDF".

    Raises:
        MissingPackage: where a package is not installed.
    """
    try:
        yield
    except ImportError as problem:
        missing = (problem.name or "").partition(".")[0] or "that reads it"
        raise MissingPackage(
            where=what,
            got=f"no package {missing}",
            wanted=f"the packages that read {what}",
            remedy='Install them: pip install "chalknet[pictures]".',
        ) from problem
