"""Files of pixels opened within bounds: size before content, one frame, turned as it is to be looked at."""

from __future__ import annotations

import io
import math
import sys
import threading
import warnings
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from chalknet.errors import ChalknetError, InvalidValue
from chalknet.notation.limits import LIMITS, check_limit
from chalknet.notation.picture_kinds import PictureKind, picture_kind
from chalknet.notation.pictures.source import PictureSource

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image

PictureData: TypeAlias = "bytes | Image"  # a file, or what a program holds

_LONGEST = 4000  # pixels of a side; a larger picture is made smaller
_SMALLEST = 12  # pixels of a side: less shows no network
_FILTERS = threading.Lock()  # the filters of warnings are the process's
_SEVERAL = ("GIF", "WEBP", "PNG", "TIFF", "AVIF")  # a JPEG has other versions of itself behind the first
_BYTES, _PIXELS = "bytes of a picture", "pixels of a picture"
_DEEP = 255 / 65535
_TURNED = 0x0112  # the tag of EXIF


class Pixels(NamedTuple):
    """A picture as rows of pixels.

    Args:
        array: height x width x 3 or 4, uint8.
        scale: how many pixels of the file one of these stands for.
        notes: what was left out.
    """

    array: np.ndarray[Any, Any]
    scale: float
    notes: tuple[str, ...] = ()


def called(data: PictureData) -> str:
    """Return what a picture is called in an error."""
    kind = picture_kind(data) if isinstance(data, bytes) else None
    return f"picture ({kind.name})" if kind else "picture"


def picture_of_value(value: object) -> PictureData | None:
    """Return the picture that an image of Pillow or an array of numpy is; None for what is none.

    Raises:
        InvalidValue: for an array that holds no pixels.
    """
    pillow, numpy = sys.modules.get("PIL.Image"), sys.modules.get("numpy")
    if pillow is not None and isinstance(value, pillow.Image):
        return value  # type: ignore[no-any-return]
    if numpy is None or not isinstance(value, numpy.ndarray):
        return None
    return _image_of_array(value)


def _image_of_array(array: np.ndarray[Any, Any]) -> Image:
    import numpy as np
    from PIL import Image

    high, wide, *planes = array.shape if array.ndim in (2, 3) else (0, 0)
    kind, whole = array.dtype.kind, array.dtype.itemsize
    pixels = min(high, wide) >= _SMALLEST and planes in ([], [1], [3], [4])
    if pixels and kind == "f":
        pixels = bool(np.isfinite(array).all() and array.min() >= 0 and array.max() <= 1)
        array = np.round(np.nan_to_num(array) * 255) if pixels else array
    elif pixels and kind == "b":
        array = array * 255
    elif pixels and kind == "u" and whole == 2:
        array = array // 257
    elif kind != "u" or whole != 1:
        pixels = False
    if not pixels:
        raise InvalidValue(
            where="model",
            got=f"an array of {array.dtype} of {' x '.join(map(str, array.shape))}",
            wanted="pixels: height x width, or x 3 or x 4, as uint8 or between 0 and 1",
            remedy="Give the picture so, such as (255 * a).astype('uint8'); data goes to cn.load or cn.fit.",
        )
    shown = np.ascontiguousarray(array.astype(np.uint8))
    return Image.fromarray(shown[..., 0] if planes == [1] else shown)


def opened_pixels(source: PictureSource, data: PictureData, frame: int | None = None) -> Pixels:
    """Return the pixels of a picture.

    Args:
        source: what it is called in an error.
        data: the picture.
        frame: which of several pictures in it, from 1; None for the first, with a note.

    Raises:
        NotationError: for a damaged file, and for one that is too large, before it is unpacked.
        InvalidValue: for a frame that is not there.
    """
    kind = _checked_kind(source, data) if isinstance(data, bytes) else None
    with _FILTERS, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of odd metadata, and of sizes, which are judged here
        try:
            image = _opened(data, kind) if isinstance(data, bytes) else data
            check_limit(source, None, _PIXELS, image.width * image.height)
            notes = _choose_frame(source, image, frame)
            check_limit(source, None, _PIXELS, image.width * image.height)
            longest = max(image.size)
            turned = image.getexif().get(_TURNED, 1)
            if isinstance(data, bytes):
                image.draft(None, (_LONGEST, _LONGEST))  # a JPEG is unpacked to less
            shown = _turned(_plain(image), turned)
        except (ChalknetError, MemoryError):
            raise
        except Exception as problem:  # damaged files bring out every kind
            name = kind.name if kind else "picture"
            reason = " ".join(str(problem).split())[:80] or type(problem).__name__
            got, remedy = (
                f"a damaged {name} ({reason})",
                "Save the picture again, or take a screenshot of it.",
            )
            raise source.refuse(None, got=got, wanted="a whole picture", remedy=remedy) from problem
    import numpy as np

    return Pixels(np.asarray(shown), longest / max(shown.size), notes)


def _checked_kind(source: PictureSource, data: bytes) -> PictureKind:
    check_limit(source, None, _BYTES, len(data))
    kind = picture_kind(data)
    if kind is None or kind.remedy:
        got = f"a picture as {kind.name}" if kind else "bytes that are no picture"
        wanted = "PNG, JPEG, WebP, GIF, TIFF, BMP, AVIF, PDF or SVG"
        raise source.refuse(None, got=got, wanted=wanted, remedy=kind.remedy if kind else "")
    return kind


def _opened(data: bytes, kind: PictureKind | None) -> Image:
    from PIL import Image

    assert kind is not None
    try:
        return Image.open(io.BytesIO(data), formats=["JPEG", "MPO"] if kind.name == "JPEG" else [kind.name])
    except Image.DecompressionBombError as problem:
        raise ValueError(f"more than {LIMITS[_PIXELS]:,} pixels") from problem


def _choose_frame(source: PictureSource, image: Image, frame: int | None) -> tuple[str, ...]:
    if frame is None:
        several = image.format in _SEVERAL and getattr(image, "is_animated", False)
        return ("the first of several pictures in the file is read; --page says another",) if several else ()
    check_limit(source, None, _PIXELS, image.width * image.height * frame // 20)  # those before it count too
    try:
        image.seek(frame - 1)
    except EOFError as problem:
        raise InvalidValue(
            where="page",
            got=str(frame),
            wanted=f"a picture that is there: the file has {getattr(image, 'n_frames', 1)}",
            remedy="Leave page out for the first one.",
        ) from problem
    return ()


def _plain(image: Image) -> Image:
    """Return a picture as RGB or RGBA, made smaller where it is large, in little more memory than it has."""
    import numpy as np
    from PIL import Image

    smaller = max(1, math.ceil(max(image.size) / _LONGEST))
    clear = image.mode in ("LA", "PA", "RGBA", "La", "RGBa") or "transparency" in image.info
    if image.mode[0] in "IF":  # 16 bits and more
        values = np.asarray(image, dtype=np.float32)[::smaller, ::smaller]
        low, high = (0.0, 65535.0) if image.mode != "F" else (float(values.min()), float(values.max()))
        if image.mode == "I" and values.max() > high:
            high = float(values.max())
        grey = np.clip((values - low) * (255 / max(high - low, 1e-30)), 0, 255).astype(np.uint8)
        return Image.fromarray(grey).convert("RGB")
    if smaller > 1 and image.mode in ("L", "RGB", "CMYK", "YCbCr"):
        image, smaller = image.reduce(smaller), 1
    image = image.convert("RGBA" if clear else "RGB")
    return image.reduce(smaller) if smaller > 1 else image


def _turned(image: Image, how: object) -> Image:
    """Return a picture turned as its EXIF says."""
    from PIL.Image import Transpose

    turns = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
    return image.transpose(turns[how]) if isinstance(how, int) and how in turns else image
