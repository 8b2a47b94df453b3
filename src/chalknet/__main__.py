"""Run the command as `chalknet` or `python -m chalknet`."""

import os
import signal

_INTERRUPTED = 130


def main() -> None:
    """Run the command; Ctrl-C while it is still being loaded ends the process at once, without a word."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, lambda number, frame: os._exit(_INTERRUPTED))
    if "CHALKNET_LAUNCHER" in os.environ and hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_SETMASK, ())  # as `cli/launch.py` starts the processes of a fit
    from chalknet.cli import main as command

    command()


if __name__ == "__main__":
    main()
