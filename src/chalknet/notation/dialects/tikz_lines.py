r"""The loops that draw one line a round, `\foreach ... \draw[->] (I\i) -- (H\j);`: its look is found once."""

from __future__ import annotations

import re
from typing import NamedTuple

from chalknet.notation.dialects.tex_macros import Names, expand
from chalknet.notation.dialects.tikz_nodes import PictureContext
from chalknet.notation.dialects.tikz_paths import Path
from chalknet.notation.dialects.tikz_picture import Picture, tidy
from chalknet.notation.dialects.tikz_styles import LineLook, Scope

_NAME = r"\(([^(){}\[\]$:,.+|]++)\)"
_LINE = re.compile(
    rf"\s*+\\(draw|path)(?![a-zA-Z])\s*+(\[[^\[\]{{}}\\]*+\])?+\s*+{_NAME}\s*+(--|edge)\s*+{_NAME}\s*+;?+\s*+"
)


class PlainLine(NamedTuple):
    """A line between two nodes, whose names hold the variables of a loop."""

    source: str
    target: str
    look: LineLook
    at: int
    context: PictureContext

    @classmethod
    def of(cls, context: PictureContext, body: str, scope: Scope, names: Names, at: int) -> PlainLine | None:
        """Return the line that the body of a loop draws, or None where it does anything else.

        Args:
            context: the reader of the picture.
            body: of the loop.
            scope: the scope that it stands in.
            names: the commands that are known.
            at: where the loop stands.
        """
        match = _LINE.fullmatch(body)
        if match is None:
            return None
        command, options, source, operator, target = match.groups()
        path = Path(context, scope.inner(), names, at, command)
        look = path.look_of_line(options or "", edge=operator == "edge")
        plain = look.drawn and not (look.brace or look.bent or look.labels)
        return cls(source, target, look, at, context) if plain else None

    def draw(self, picture: Picture, names: Names) -> bool:
        """Draw the line of one round; return whether both ends are nodes, else nothing is done."""
        keys = []
        for written in (self.source, self.target):
            name = tidy(expand(written, names, self.context.spend))
            if (
                name not in picture.names
                or name in picture.points
                or picture.names[name] not in picture.places
            ):
                return False
            keys.append(picture.names[name])
        picture.link(keys[0], keys[1], self.look, "", self.at)
        return True
