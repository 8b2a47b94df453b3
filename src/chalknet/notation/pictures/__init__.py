"""Pictures: files of pixels and pages of PDF as networks; the packages for them are imported on first use."""

from chalknet.notation.pictures.clipboard import CLIPBOARD, from_clipboard
from chalknet.notation.pictures.opening import PictureData, picture_of_value
from chalknet.notation.pictures.reading import read_image

__all__ = ["CLIPBOARD", "PictureData", "from_clipboard", "picture_of_value", "read_image"]
