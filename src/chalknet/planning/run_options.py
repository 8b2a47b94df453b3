"""Where, by what and in which precision a fit is asked to run."""

from __future__ import annotations

from dataclasses import dataclass, fields
from numbers import Integral

from chalknet.errors import invalid, unknown_name
from chalknet.tables import Shown
from chalknet.units import DTYPES

_COUNTS = {
    "threads": "Leave it out for torch's number.",
    "micro_batch": "Leave it out for whole batches.",
    "processes": "Say processes=2 (--processes 2) on a machine with two cores or devices.",
}


@dataclass(frozen=True, repr=False)
class RunOptions(Shown):
    """What the caller asked of the run; checked when it is made.

    Args:
        device: "auto" takes the cheapest by measurement; or a torch device such as "cpu" or "cuda:0", or a
            `Device`.
        engine: "auto" takes the cheapest by measurement; or the name of an engine.
        dtype: "float32" or "float64", or torch's dtype of that name; None keeps a given module's own, and is
            float32 for a network.
        threads: CPU threads torch may use, at least 1; None leaves torch's number.
        micro_batch: samples of an update computed at a time; None for all of them.
        processes: how many processes share each update; None for as many as were started.

    Raises:
        UnknownName: for another dtype.
        InvalidValue: for a number below 1.

    Example:
        >>> RunOptions(device="cpu", dtype="float64").threads is None
        True
    """

    device: object = "auto"
    engine: str = "auto"
    dtype: str | None = None
    threads: int | None = None
    micro_batch: int | None = None
    processes: int | None = None

    def __post_init__(self) -> None:
        dtype = None if self.dtype is None else str(self.dtype).removeprefix("torch.")
        if dtype is not None and dtype not in DTYPES:
            raise unknown_name("dtype", "dtype", dtype, DTYPES)
        for name, value in (("engine", str(self.engine)), ("dtype", dtype)):
            object.__setattr__(self, name, value)
        for name, remedy in _COUNTS.items():
            number = getattr(self, name)
            if number is None:
                continue
            if not isinstance(number, Integral) or isinstance(number, bool) or not 1 <= int(number) < 2**31:
                raise invalid(name, number, "a whole number of at least 1, below 2^31", remedy)
            object.__setattr__(self, name, int(number))

    @property
    def any_device(self) -> bool:
        """Return whether the device is left open."""
        return isinstance(self.device, str) and self.device == "auto"


RUN_OPTIONS = tuple(field.name for field in fields(RunOptions))
