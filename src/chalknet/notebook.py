"""For notebooks: `show`, and the cell magic `%%network`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from keyword import iskeyword
from typing import TYPE_CHECKING, Any

from chalknet.counting import count_network
from chalknet.display import counts_line, ends_of
from chalknet.errors import ChalknetError, InvalidValue, UnknownName, public
from chalknet.forms import ModelLike, draw, read, write
from chalknet.lang import _
from chalknet.network import Network
from chalknet.system import in_notebook
from chalknet.tables import Shown

if TYPE_CHECKING:
    from chalknet.drawing import DialectName, Drawing
    from chalknet.forms import TextNotation


@public(network="model")
def show(model: ModelLike, dialect: DialectName = "nodes", *, notation: TextNotation = "torch") -> None:
    """Show the formula, the picture and the code of a network.

    In a notebook they are side by side, or stacked on a narrow page; elsewhere the formula, the counts and
    the code are printed. If one of them cannot express the network, the reason is shown instead.

    Args:
        model: whatever `read` accepts.
        dialect: of the picture, as in `draw`.
        notation: of the code, as in `write`.

    Raises:
        UnknownName: for another dialect or notation.
        NotationError: for a text that is not a network.

    Example:
        >>> import chalknet as cn
        >>> cn.show("2 -> 1 sigmoid", notation="shorthand")
        X(n,2) -l1-> u1(n,1) -sig-> v1(n,1) = yhat
        1 layer, 0 hidden layers, 3 parameters, 2 multiply-adds a sample
        2 -> 1 sigmoid
    """
    network = read(model)
    whole = len(ends_of(network).steps) == len(network.steps)
    showing = Showing(
        network,
        _or_reason(lambda: draw(model if whole else ends_of(network), dialect)),
        _or_reason(lambda: str(write(network, notation))),
    )
    if in_notebook():
        import_module("IPython.display").display(showing)
    else:
        print(showing)


@dataclass(frozen=True)
class Showing(Shown):
    """A network with its picture and its code, or the reason that one is not available.

    Args:
        network: the network to show.
        picture: the drawing, or the reason.
        code: in a notation, or the reason.
    """

    network: Network
    picture: Drawing | str
    code: str

    def __repr__(self) -> str:
        return f"Showing({write(self.network, 'shorthand')})"

    def __str__(self) -> str:
        notes = [f"note: {note}" for note in self.network.notes]
        counts = counts_line(count_network(self.network))
        return "\n".join([write(self.network, "arrows"), counts, *notes, self.code])


def add_magic(shell: Any) -> None:
    """Add the cell magic `%%network` to an IPython shell; called by `%load_ext chalknet`."""
    shell.register_magic_function(lambda line, cell: _network_magic(shell, line, cell), "cell", "network")


def _network_magic(shell: Any, line: str, cell: str) -> None:
    """Read the cell as a network, assign it to a variable, and show it.

    Args:
        shell: gets the variable.
        line: the variable's name, written after `%%network`; "net" by default.
        cell: a network in any form.
    """
    try:
        name = line.strip() or "net"
        if not name.isidentifier() or iskeyword(name):
            raise InvalidValue(
                where="%%network",
                got=f"{name!r} as the name",
                wanted="a name of Python",
                remedy="Write for instance %%network net in the first line, and the network below it.",
            )
        network = read(cell.strip("\n"))
        shell.user_ns[name] = network
        show(network)
    except ChalknetError as problem:
        message = [f"{type(problem).__name__}: {problem}"]  # a traceback would show IPython
        setattr(problem, "_render_traceback_", lambda: message)  # noqa: B010
        raise


def _or_reason(make: Callable[[], Any]) -> Any:
    """Return the network in a form, or the reason that this is not possible."""
    try:
        return make()
    except ChalknetError as problem:
        if isinstance(problem, UnknownName):
            raise
        return _("not in this form: {reason}").format(reason=problem)
