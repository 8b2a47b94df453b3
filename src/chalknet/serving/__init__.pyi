"""The names of the room and their places, for `__init__.py` and for type checkers."""

from chalknet.serving.exports import export as export
from chalknet.serving.server import serve as serve
