"""The command that serves a page: studio."""

from __future__ import annotations

from chalknet.cli.app import command
from chalknet.cli.options import MODEL, Asked, Option, given
from chalknet.cli.say import say

_WHERE = (
    Option("host", "The address to listen at; 127.0.0.1, this machine alone, when left out. Elsewhere a "
           "browser needs the token that is printed."),
    Option("port", "The port; 8123 when left out, 0 for one that is free.", int),
    Option("browser", "Whether a browser is opened.", bool, flags=("--browser/--no-browser",)),
)  # fmt: skip
_FILE = MODEL._replace(
    help="What the editor begins with: a formula, code, a file with one, a picture, a kept fit.", default=None
)


@command(_FILE, _WHERE)
def studio(asked: Asked) -> None:
    """Open a page in the browser to write, see, fit and take away a network, until Ctrl-C.

    Example: chalknet studio
    Example: chalknet studio homework.png --port 8200
    Example: chalknet studio --host 0.0.0.0 --no-browser
    """
    from chalknet.studio import run_studio  # brings a web server

    run_studio(
        asked["model"],
        **given(asked, _WHERE),
        on_start=lambda address: say(f"the studio is at {address} (Ctrl-C ends it)"),
    )
