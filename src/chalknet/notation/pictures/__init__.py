"""Pictures made of pixels: what is drawn in them, as marks."""

from chalknet.notation.pictures.raster import raster_marks

__all__ = ["raster_marks"]
