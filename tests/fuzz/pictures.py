"""Damaged pictures of every format: bytes flipped, cut, doubled, overwritten; PDFs with their words changed.

`python -m tests.fuzz.pictures SEED SECONDS` prints the counts; `fuzz` is the same as a function. What is seen
in the pixels is left out here: damage changes them no more than any picture does.
"""

from __future__ import annotations

import io
import json
import random
import sys
import time
import types
from collections import Counter
from functools import cache
from typing import Any

from PIL import Image
from tests.notation.pictures.pdf_writer import circle, network, pdf

import chalknet as cn

_SLOWEST = 5.0
_WORDS = (
    b"0", b"-1", b"99999999999", b"1e9", b"<<", b">>", b"[", b"]", b"obj", b"endobj", b"stream", b"R", b"/F0",
    b" Do", b" cm ", b" l ", b" c ", b"q ", b"Q ", b"(", b")", b"/Kids", b"/Count", b"%", b"\0", b"\xff",
)  # fmt: skip


@cache
def originals() -> tuple[bytes, ...]:
    """Return a picture of each format, and PDFs of several makes."""
    noise = Image.effect_noise((90, 60), 60).convert("RGB")
    found = []
    for kind in ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "AVIF"):
        stream = io.BytesIO()
        more = (
            {"save_all": True, "append_images": [noise.rotate(180)]}
            if kind in ("GIF", "WEBP", "TIFF")
            else {}
        )
        noise.convert("P" if kind == "GIF" else "RGB").save(stream, kind, **more)
        found.append(stream.getvalue())
    stream = io.BytesIO()
    noise.save(stream, "PDF")
    found.append(stream.getvalue())
    found.append(pdf(network(3, 2, 1), network(2, 2), forms=[circle(9, 9)]))
    found.append(pdf("/F0 Do", forms=["/F1 Do 2 0 0 2 0 0 cm /F1 Do", network(2, 1)], packed=True))
    return tuple(found)


def damaged(chance: random.Random) -> bytes:
    """Return one of them, damaged."""
    data = bytearray(chance.choice(originals()))
    for _ in range(chance.choice((1, 1, 2, 8, 40))):
        at = chance.randrange(len(data)) if chance.random() < 0.6 else chance.randrange(min(len(data), 120))
        how = chance.randrange(6)
        if how == 0:
            data[at] ^= 1 << chance.randrange(8)
        elif how == 1 and len(data) > 60:
            del data[at : at + chance.randrange(1, 30)]
        elif how == 2:
            data[at:at] = data[at : at + chance.randrange(1, 200)]
        elif how == 3:
            data[at : at + 4] = chance.choice((b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff"))
        elif how == 4:
            data[at:at] = chance.choice(_WORDS)
        elif len(data) > 200:
            del data[max(100, at) :]
    return bytes(data)


def fuzz(seed: int, seconds: float) -> dict[str, Any]:
    """Return what came of damaged pictures: how many were read and refused, and what went wrong."""
    room = types.ModuleType("chalknet.notation.pictures.raster")
    room.raster_marks = lambda pixels: []  # type: ignore[attr-defined]
    before = sys.modules.get(room.__name__)
    sys.modules[room.__name__] = room
    chance, counts, wrong, slowest = random.Random(seed), Counter[str](), list[str](), 0.0
    end = time.monotonic() + seconds
    try:
        while time.monotonic() < end and len(wrong) < 20:
            data, begun = damaged(chance), time.process_time()
            try:
                cn.read(data)
                counts["read"] += 1
            except cn.ChalknetError:
                counts["refused"] += 1
            except Exception as problem:  # what must not come out
                wrong.append(
                    f"{type(problem).__name__}: {problem} for {data[:200].hex()} of {len(data)} bytes"
                )
            took = time.process_time() - begun
            slowest = max(slowest, took)
            if took > _SLOWEST:
                wrong.append(f"{took:.1f} s for {data[:200].hex()}")
    finally:
        if before is None:
            del sys.modules[room.__name__]
        else:
            sys.modules[room.__name__] = before
    return {"tried": counts.total(), **counts, "worst_s": round(slowest, 2), "wrong": wrong}


if __name__ == "__main__":
    print(json.dumps(fuzz(int(sys.argv[1]), float(sys.argv[2])), indent=1))
