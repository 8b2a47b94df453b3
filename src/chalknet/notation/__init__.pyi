"""The names of the room and their places, for `__init__.py` and for type checkers."""

from chalknet.notation.contents import content_at as content_at
from chalknet.notation.contents import content_of_value as content_of_value
from chalknet.notation.contents import is_clipboard as is_clipboard
from chalknet.notation.contents import path_of as path_of
from chalknet.notation.contents import read_content as read_content
from chalknet.notation.entry import write as write
from chalknet.notation.json_text import read_json as read_json
from chalknet.notation.limits import LIMITS as LIMITS
from chalknet.notation.notation import Notation as Notation
from chalknet.notation.states import NamedState as NamedState
from chalknet.notation.states import states_of as states_of
from chalknet.notation.table import NOTATIONS as NOTATIONS
from chalknet.notation.table import NotationName as NotationName
from chalknet.notation.table import recognise as recognise
from chalknet.notation.texts import shown_path as shown_path
from chalknet.notation.words import read_step as read_step
from chalknet.notation.words import write_step as write_step
