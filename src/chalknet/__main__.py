"""Run the command as `chalknet` or `python -m chalknet`."""

import os
import signal
import sys
from typing import Any

_INTERRUPTED = 130


def main() -> None:
    """Run the command; Ctrl-C while it is still being loaded ends the process at once, without a word."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, lambda number, frame: os._exit(_INTERRUPTED))
    _leave_out("pandas")
    from chalknet.cli import main as command

    command()


def _leave_out(package: str) -> None:
    """Let a package count as not installed in this process.

    On its first conversion pyarrow imports pandas, where there is one, to know its types again. No command
    has use for them, and the import takes half a second.
    """
    modules: dict[str, Any] = sys.modules
    modules.setdefault(package, None)


if __name__ == "__main__":
    main()
