"""Drawings packed into other files, an SVG, a PNG or a page, and unpacked within bounds."""

from __future__ import annotations

import base64
import binascii
import html
import json
import re
import struct
import zlib
from urllib.parse import unquote

from chalknet.notation.limits import LIMITS
from chalknet.notation.tokens import SourceText

PNG = b"\x89PNG\r\n\x1a\n"
_LONGEST_HEAD = 40_000
_MOST_CHUNKS = 100_000
_CONTENT = re.compile(r"<svg\b[^<>]*?\scontent\s*=\s*(\"[^\"]*+\"|'[^']*+')")
_VIEWER = re.compile(r"\bdata-mxgraph\s*=\s*(\"[^\"]*+\"|'[^']*+')")
_PAYLOAD = re.compile(r"payload-start\s*+-->([^<]*+)<!--\s*+payload-end")
_DRAWIO_KEYS = (b"mxfile", b"mxGraphModel")
_EXCALIDRAW_KEY = b"application/vnd.excalidraw+json"


def inflated(source: SourceText, data: bytes, *, raw: bool) -> bytes:
    """Return what was compressed.

    Args:
        source: what it was found in, to speak of in an error.
        data: the compressed bytes.
        raw: whether they come without a head, as draw.io writes them.

    Raises:
        NotationError: for damaged data, or for more than any drawing holds; no more than that is unpacked.
    """
    most = 4 * LIMITS["characters in a text"]
    unpacking = zlib.decompressobj(-15 if raw else 15)
    try:
        found = unpacking.decompress(data, most + 1)
    except zlib.error as problem:
        raise source.refuse(None, got=f"damaged data ({problem})", wanted="a whole drawing") from problem
    if len(found) > most:
        got = f"a drawing that unpacks to more than {most:,} bytes"
        raise source.refuse(None, got=got, wanted=f"at most {most:,}")
    return found


def from_base64(source: SourceText, text: str) -> bytes:
    """Return the bytes that base64 stands for.

    Raises:
        NotationError: for what is none.
    """
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as problem:
        raise source.refuse(None, got=f"damaged base64 ({problem})", wanted="a whole drawing") from problem


def drawio_page(source: SourceText, packed: str) -> str:
    """Return the XML of a page that draw.io has compressed.

    Raises:
        NotationError: for damaged data, or for more than any drawing holds.
    """
    unpacked = inflated(source, from_base64(source, packed), raw=True)
    return unquote(unpacked.decode("utf-8", "replace"))


def excalidraw_scene(source: SourceText, payload: str) -> str:
    """Return the JSON of a scene that Excalidraw has packed into a picture.

    Raises:
        NotationError: for damaged data, or for more than any drawing holds.
    """
    try:
        packed = json.loads(payload)
        encoded = packed["encoded"].encode("latin-1")
        if not packed.get("compressed", True):
            return str(encoded.decode("utf-8"))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as problem:
        if '"elements"' in payload:
            return payload
        raise source.refuse(None, got="a damaged scene", wanted="a scene of Excalidraw") from problem
    return inflated(source, encoded, raw=False).decode("utf-8", "replace")


def drawing_in_svg(text: str) -> str | None:
    """Return the drawing that an SVG or a page of draw.io or Excalidraw carries along, or None."""
    head = text[:_LONGEST_HEAD]
    if "mxfile" in head or "mxGraphModel" in head or "data-mxgraph" in text:
        for form in (_CONTENT, _VIEWER):
            match = form.search(text)
            if match is None:
                continue
            inside = html.unescape(match.group(1)[1:-1])
            if form is _VIEWER:
                inside = _of_viewer(inside)
            if "<mx" in inside[:2000]:
                return inside
    if "vnd.excalidraw" in text and (payload := _PAYLOAD.search(text)):
        source = SourceText("Excalidraw", text)
        return excalidraw_scene(source, from_base64(source, payload.group(1)).decode("utf-8", "replace"))
    return None


def _of_viewer(inside: str) -> str:
    try:
        found = json.loads(inside).get("xml", "")
    except (ValueError, AttributeError, RecursionError):
        return ""
    return found if isinstance(found, str) else ""


def drawing_in_png(data: bytes) -> str | None:
    """Return the drawing that a PNG of draw.io or Excalidraw carries along, or None.

    Raises:
        NotationError: for one that is damaged, or holds more than any drawing.
    """
    source, at = SourceText("PNG", "", remedy="Save the picture again."), len(PNG)
    for _ in range(_MOST_CHUNKS if data.startswith(PNG) else 0):
        if at + 8 > len(data):
            break
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        chunk = data[at + 8 : at + 8 + length]
        key, _, rest = chunk.partition(b"\0")
        if kind in (b"tEXt", b"zTXt") and key in (*_DRAWIO_KEYS, _EXCALIDRAW_KEY):
            text = inflated(source, rest[1:], raw=False) if kind == b"zTXt" else rest
            if key == _EXCALIDRAW_KEY:
                return excalidraw_scene(source, text.decode("latin-1"))
            return unquote(text.decode("utf-8", "replace"))
        at += 12 + length
    return None
