"""Damaged files of data of every format: bytes flipped, cut, lengthened, spliced and overwritten.

`python -m tests.fuzz.data_files SEED SECONDS` prints the counts; `fuzz` is the same as a function.
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import random
import struct
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as parquet
from tests.fuzz.bounded_files import Loaded, loaded

_ROWS = 60
_BATCH = 60
_SIGNS = (
    b",", b";", b"\t", b'"', b'""', b"\n", b"\r", b"\r\n", b"\0", b" ", b"#", b"1e999", b"-", b"%\n\n",
    b"\xff", b"\xef\xbb\xbf", b"nan", b"=", b"'", b"\x1a", "é".encode(), b"2020-01-01", b"0" * 50, b"sep=;\n",
)  # fmt: skip
_NUMBERS = (b"\xff" * 8, bytes(8), b"\xff\xff\xff\x7f" * 2, b"\0\0\0\x80" * 2, b"\x01" + bytes(7))
_LABELS = struct.pack(">BBBBI", 0, 0, 8, 1, _ROWS) + bytes(i % 3 for i in range(_ROWS))
_TEXT = "name,größe,y\n" + "".join(f'"a, {i}",{i}.5,{i % 3}\n' for i in range(_ROWS))


def _tables() -> Iterator[pa.Table]:
    rows = range(_ROWS)
    words = pa.array([f"w{i % 7}" for i in rows])
    y = pa.array([i % 3 for i in rows])
    yield pa.table({"a": pa.array([i / 3 for i in rows]), "w": words, "y": y})
    yield pa.table(
        {
            "a": pa.array([None if i % 5 == 0 else i for i in rows], pa.int32()),
            "d": words.dictionary_encode(),
            "b": pa.array([i % 2 == 0 for i in rows]),
            "y": y,
        }
    )
    yield pa.table(
        {
            "l": pa.array([[1, 2]] * _ROWS),
            "s": pa.array([{"k": i, "t": "x" * i} for i in rows]),
            "t": pa.array(rows, pa.timestamp("us")),
            "y": y,
        }
    )


def examples() -> dict[str, list[tuple[str, bytes]]]:
    """Return by format the endings and contents of whole files."""
    found: dict[str, list[tuple[str, bytes]]] = {name: [] for name in ("arrow", "parquet", "feather")}
    for table in _tables():
        for packed in ("lz4", "zstd", None):
            stream = io.BytesIO()
            with pa.ipc.new_file(
                stream, table.schema, options=pa.ipc.IpcWriteOptions(compression=packed)
            ) as f:
                f.write_table(table, max_chunksize=25)
            found["arrow"].append((".arrow", stream.getvalue()))
            parquet.write_table(
                table, stream := io.BytesIO(), compression=packed or "none", row_group_size=25
            )
            found["parquet"].append((".parquet", stream.getvalue()))
        parquet.write_table(table, stream := io.BytesIO(), write_page_checksum=True, use_dictionary=False)
        found["parquet"].append((".parquet", stream.getvalue()))
    feather.write_feather(next(_tables()), stream := io.BytesIO(), compression="uncompressed")
    found["feather"].append((".feather", stream.getvalue()))
    values = np.arange(_ROWS * 3.0).reshape(_ROWS, 3)
    for array in (values, np.asfortranarray(values), values.astype(">f4"), values.astype("i2")):
        np.save(stream := io.BytesIO(), array)
        found.setdefault("npy", []).append((".npy", stream.getvalue()))
    for write in (np.savez, np.savez_compressed):
        write(stream := io.BytesIO(), x=values, y=values[:, 0])
        found.setdefault("npz", []).append((".npz", stream.getvalue()))
    images = struct.pack(">BBBBIII", 0, 0, 8, 3, _ROWS, 2, 2) + bytes(range(4 * _ROWS))
    found["idx"] = [("-idx3-ubyte", images), ("-idx3-ubyte.gz", gzip.compress(images))]
    texts = [_TEXT.encode(code) for code in ("utf-8", "cp1252", "utf-16", "utf-8-sig", "utf-32")]
    texts += [_TEXT.replace(",", sign).encode() for sign in (";", "\t", " ")]
    found["csv"] = [(".csv", text) for text in texts]
    found["packed csv"] = [
        (ending, pack(_TEXT.encode()))
        for ending, pack in (
            (".csv.gz", gzip.compress),
            (".csv.bz2", bz2.compress),
            (".csv.xz", lzma.compress),
        )
    ]
    return found


def damaged(content: bytes, others: list[bytes], draw: random.Random) -> bytes:
    """Return a file with one to five kinds of damage."""
    for _ in range(draw.choice((1, 1, 1, 2, 5))):
        at = draw.randrange(len(content) + 1)
        if draw.random() < 0.5:  # where headers and footers are
            at = draw.choice((at % 600, max(0, len(content) - at % 600)))
        other = draw.choice(others)
        start = draw.randrange(len(other) + 1)
        flipped = bytes(byte ^ 1 << draw.randrange(8) for byte in content[at : at + 1])
        content = draw.choice(
            (
                content[:at] + flipped + content[at + 1 :],
                content[:at],
                content + content[at:],
                content[:at] + draw.randbytes(draw.choice((1, 4, 64))) + content[at:],
                content[:at] + other[start : start + 40] + content[at + 40 :],
                content[:at] + draw.choice(_NUMBERS) + content[at + 8 :],
                content[:at] + draw.choice(_SIGNS) * draw.choice((1, 1, 30)) + content[at:],
            )
        )
    return content


def fuzz(seed: int, seconds: float, only: str | None = None) -> dict[str, dict[str, int]]:
    """Load damaged files, and return by format how many were tried, read and refused.

    Args:
        seed: of the damage; the same seed damages alike.
        seconds: how long new files are made.
        only: one format; None for all in turn.

    Raises:
        AssertionError: for a file that ends in another error than ours, a warning, the end of the process, or
            too much time or memory; with the seed and the file's bytes.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        whole = {name: each for name, each in examples().items() if only in (None, name)}
    draw, counts = random.Random(seed), {name: Counter(tried=0, read=0, refused=0) for name in whole}
    everything = [content for each in whole.values() for _, content in each]
    ends, rounds = time.monotonic() + seconds, 0
    while not rounds or time.monotonic() < ends:
        with tempfile.TemporaryDirectory() as place:
            made = {}
            for i in range(_BATCH):
                name = draw.choice(sorted(whole))
                ending, content = draw.choice(whole[name])
                path = Path(place) / f"{i}{ending}"
                path.write_bytes(damaged(content, everything, draw))
                if name == "idx":
                    path.with_name(path.name.replace("idx3", "idx1")).write_bytes(_LABELS)
                made[path] = name
            for outcome in loaded(made, ("load", "describe")[rounds % 2]):
                assert not outcome.is_bad, _told(seed, outcome)
                counts[made[Path(outcome.path)]]["tried"] += 1
                counts[made[Path(outcome.path)]][outcome.what] += 1
        rounds += 1
    return {name: dict(each) for name, each in counts.items()}


def _told(seed: int, outcome: Loaded) -> str:
    return f"seed {seed}: {outcome._replace(said='')} from {Path(outcome.path).read_bytes()[:4000]!r}"


if __name__ == "__main__":
    print(json.dumps(fuzz(int(sys.argv[1]), float(sys.argv[2]), *sys.argv[3:]), indent=2))
