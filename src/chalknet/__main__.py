"""Run the command as `python -m chalknet`."""

from chalknet.cli import main

main()
