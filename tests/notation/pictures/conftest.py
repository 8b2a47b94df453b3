"""A reader of pixels that sees one drawing, whatever it is given; the true one is tried elsewhere."""

import sys
import types

import pytest
from tests.notation.pictures.seen_marks import drawn


@pytest.fixture
def seen(monkeypatch):
    """Return what takes the marks that every picture is seen as, and the pixels that were looked at."""
    room = types.ModuleType("chalknet.notation.pictures.raster")
    looked = []

    def set_marks(marks):
        def raster_marks(pixels):
            looked.append(pixels)
            return marks

        room.raster_marks = raster_marks
        return looked

    monkeypatch.setitem(sys.modules, "chalknet.notation.pictures.raster", room)
    set_marks(drawn(2, 3, 1))
    return set_marks
