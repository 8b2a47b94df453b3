"""Run the command as `chalknet` or `python -m chalknet`."""

import gc
import os
import signal
import sys

_INTERRUPTED = 130
_YOUNG_OBJECTS = 100_000  # before they are looked through for cycles; Python's 700 slow imports down


def main() -> None:
    """Run the command; Ctrl-C while it is still being loaded ends the process at once, without a word."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, lambda number, frame: os._exit(_INTERRUPTED))
    gc.set_threshold(_YOUNG_OBJECTS)
    if "CHALKNET_LAUNCHER" in os.environ and hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_SETMASK, ())  # as `cli/launch.py` starts the processes of a fit
    sys.meta_path.insert(0, _WithoutPandas)  # type: ignore[arg-type]
    from chalknet.cli import main as command

    command()


class _WithoutPandas:
    """Lets pandas count as not installed in this process.

    On its first conversion pyarrow imports pandas, where there is one, to know its types again. No command
    has use for them, and the import takes half a second.
    """

    @classmethod
    def find_spec(cls, name: str, path: object = None, target: object = None) -> object:
        """Return this class as what loads pandas; None for everything else."""
        if name != "pandas":
            return None
        from importlib.machinery import ModuleSpec

        return ModuleSpec(name, cls)  # type: ignore[arg-type]

    @staticmethod
    def create_module(spec: object) -> None:
        """Raise as the import of a package does that is not there."""
        raise ModuleNotFoundError("No module named 'pandas'", name="pandas")

    @staticmethod
    def exec_module(module: object) -> None:
        """Do nothing: it is never reached."""


if __name__ == "__main__":
    main()
