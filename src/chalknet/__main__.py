"""Run the command as `chalknet` or `python -m chalknet`."""

import os
import signal
import sys

_INTERRUPTED = 130


def main() -> None:
    """Run the command; Ctrl-C while it is still being loaded ends the process at once, without a word."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, lambda number, frame: os._exit(_INTERRUPTED))
    if "CHALKNET_LAUNCHER" in os.environ and hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_SETMASK, ())  # as `cli/launch.py` starts the processes of a fit
    sys.meta_path.insert(0, _WithoutPandas)
    from chalknet.cli import main as command

    command()


class _WithoutPandas:
    """Lets pandas count as not installed in this process.

    On its first conversion pyarrow imports pandas, where there is one, to know its types again. No command
    has use for them, and the import takes half a second.
    """

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> None:
        """Raise for pandas as an import of a package does that is not there; leave the others to be found."""
        if name == "pandas":
            raise ModuleNotFoundError("No module named 'pandas'", name=name)


if __name__ == "__main__":
    main()
