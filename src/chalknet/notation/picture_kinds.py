"""Pictures told from texts by their first bytes; what comes behind them is read by the room `pictures`."""

from __future__ import annotations

import re
from typing import NamedTuple


class PictureKind(NamedTuple):
    """A format of pictures.

    Args:
        name: what the user and Pillow call it.
        remedy: what to do with one that is not read; empty for one that is.
    """

    name: str
    remedy: str = ""


PDF = PictureKind("PDF")
PICTURE_SUFFIXES = frozenset(
    ".png .jpg .jpeg .jpe .jfif .webp .gif .bmp .dib .tif .tiff .avif .apng .pdf .heic .heif .jp2 .jxl "
    ".psd".split()
)
_SAVE = "Save it as PNG or JPEG, and give that."
_KINDS = (
    (rb"\x89PNG\r\n\x1a\n", PictureKind("PNG")),
    (rb"\xff\xd8\xff", PictureKind("JPEG")),
    (rb"GIF8[79]a", PictureKind("GIF")),
    (rb"RIFF[\0-\xff]{4}WEBP", PictureKind("WEBP")),
    (rb"BM[\0-\xff]{4}\0\0\0\0[\0-\xff]{3}\0[\x0c\x28\x40\x6c\x7c]\0\0\0", PictureKind("BMP")),
    (rb"II\*\0|MM\0\*|II\+\0|MM\0\+", PictureKind("TIFF")),
    (rb"[\0-\xff]{4}ftypavi[fs]", PictureKind("AVIF")),
    (rb"[\0-\xff]{4}ftyp(?:hei[cxms]|hev[cx]|mif1|msf1)", PictureKind("HEIC", _SAVE)),
    (rb"\0\0\0\x0cjP  \r\n\x87\n|\xff\x4f\xff\x51", PictureKind("JPEG 2000", _SAVE)),
    (rb"\0\0\0\x0cJXL \r\n\x87\n|\xff\x0a", PictureKind("JPEG XL", _SAVE)),
    (rb"8BPS", PictureKind("PSD", _SAVE)),
    (rb"\0\0[\x01\x02]\0[\x01-\xff]\0", PictureKind("ICO", _SAVE)),
    (rb"AT&TFORM[\0-\xff]{4}DJV", PictureKind("DjVu", "Save the page as PDF or PNG, and give that.")),
    (rb"%!PS|\xc5\xd0\xd3\xc6", PictureKind("PostScript", "Make it a PDF, as ps2pdf does, and give that.")),
)  # fmt: skip
_KIND = re.compile(b"|".join(b"(%s)" % sign for sign, _ in _KINDS))
_PDF = re.compile(rb"%PDF-[0-9]")
_NO_TEXT = re.compile(rb"(?:\xef\xbb\xbf)?\s*|[\0-\xff]*[\0-\x08][\0-\xff]*")
_PDF_WITHIN = 1024  # bytes that may stand before it


def picture_kind(data: bytes) -> PictureKind | None:
    """Return which kind of picture a file is by its content; None for what is none.

    Args:
        data: the file, or the first thousand bytes of it.
    """
    if found := _KIND.match(data):
        return _KINDS[found.lastindex - 1][1] if found.lastindex else None
    opening = _PDF.search(data[:_PDF_WITHIN])
    return PDF if opening and _NO_TEXT.fullmatch(data, 0, opening.start()) else None
