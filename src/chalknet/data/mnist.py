"""The MNIST digits: zeros and ones from inside the package, all ten from a folder, the cache or a mirror."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from importlib import resources
from pathlib import Path
from typing import Any

import numpy.typing as npt

from chalknet.data import formats
from chalknet.data.columns import Preparation
from chalknet.data.formats import TEST_IMAGES, TEST_LABELS, TRAIN_IMAGES, TRAIN_LABELS, pixels, read_member
from chalknet.data.sources import ArraySource, Provenance
from chalknet.errors import DataError, writing
from chalknet.files import cache_folder, user_path, write_whole

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
# Of the unpacked files; how they were packed differs from mirror to mirror.
SHA256: Mapping[str, str] = {
    TRAIN_IMAGES: "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    TRAIN_LABELS: "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    TEST_IMAGES: "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    TEST_LABELS: "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
_LARGEST_BYTES = 64 << 20
_TIMEOUT_S = 30


def mnist01() -> ArraySource:
    """Return the digits 0 and 1 of MNIST, which are part of the package.

    12,665 training images (5,923 zeros, then 6,742 ones), 2,115 held out: x `(n, 784)`, pixels in [0, 1];
    y `(n, 1)`, 0.0 or 1.0.
    """
    held_out = _zeros_and_ones(TEST_IMAGES, TEST_LABELS, "mnist01 held out", None)
    return _zeros_and_ones(TRAIN_IMAGES, TRAIN_LABELS, "mnist01", held_out)


def mnist(
    folder: str | Path | None = None,
    *,
    cache: Path | None = None,
    mirrors: Sequence[str] = MIRRORS,
    sha256: Mapping[str, str] = SHA256,
) -> ArraySource:
    """Return all ten digits: 60,000 training images, 10,000 held out; downloaded once, always checked.

    x is `(n, 784)`, pixels in [0, 1]; y is `(n,)`, class numbers 0 to 9.

    Args:
        folder: holds the four files, gzipped or not; nothing is downloaded then.
        cache: where downloads are kept; None for `chalknet/mnist` in the user's cache folder.
        mirrors: addresses to which a file's name is added, tried in turn.
        sha256: name of each file -> checksum of its unpacked bytes.

    Raises:
        DataError: when a file of the folder is missing or differs, or no mirror gives a good one.
        FileProblem: when the cache cannot be written.
    """
    if folder is not None:
        place = user_path(folder)
        arrays = {name: _checked(read_member(place, name), digest, name) for name, digest in sha256.items()}
    else:
        place = cache or cache_folder() / "mnist"
        arrays = {name: _cached(place, name, digest, mirrors) for name, digest in sha256.items()}
    held_out = _digits(arrays[TEST_IMAGES], arrays[TEST_LABELS], "mnist held out")
    return _digits(arrays[TRAIN_IMAGES], arrays[TRAIN_LABELS], "mnist", held_out)


def _digits(
    images: npt.NDArray[Any], y: npt.NDArray[Any], name: str, held_out: ArraySource | None = None
) -> ArraySource:
    scaled = Provenance(preparation=Preparation((), (), named=False, scale="divided"))
    return ArraySource(pixels(images), y, name, held_out, provenance=scaled)


def _zeros_and_ones(images: str, labels: str, name: str, held_out: ArraySource | None) -> ArraySource:
    folder = resources.files(__package__) / "mnist01"
    y = read_member(folder, labels).reshape(-1, 1).astype("float32")
    return _digits(read_member(folder, images), y, name, held_out)


def _checked(array: npt.NDArray[Any], digest: str, where: str) -> npt.NDArray[Any]:
    found = hashlib.sha256(formats.idx_bytes(array)).hexdigest()  # an IDX file is determined by its array
    if found != digest:
        raise DataError(
            where=where,
            got=f"the SHA-256 {found} of the unpacked file",
            wanted=digest,
            remedy="This is another file or a changed one: get it anew.",
        )
    return array


def _cached(cache: Path, name: str, digest: str, mirrors: Sequence[str]) -> npt.NDArray[Any]:
    from http.client import HTTPException  # brings ssl, for a download alone
    from urllib.request import urlopen

    kept = cache / f"{name}.gz"
    if kept.is_file():
        with suppress(DataError):  # damaged since: fetched again
            return _checked(formats.read_idx(kept), digest, str(kept))
    failures = []
    for mirror in mirrors:
        try:
            with urlopen(f"{mirror}{name}.gz", timeout=_TIMEOUT_S) as answer:
                packed = answer.read(_LARGEST_BYTES)
            array = _checked(formats.decode_idx(io.BytesIO(packed), mirror), digest, mirror)
        except (OSError, HTTPException, DataError) as problem:
            failures.append(f"{mirror} ({problem})")
        else:
            remedy = "Make room or change its permissions, or give a folder that holds the four MNIST files."
            with writing(cache, "a cache folder that can be written", remedy):
                cache.mkdir(parents=True, exist_ok=True)
                write_whole(kept, packed)
            return array
    raise DataError(
        where=f"download of {name}",
        got=f"no good file from {'; '.join(failures) or 'any mirror, as none is given'}",
        wanted="one mirror that can be reached",
        remedy='Put the four MNIST files in a folder and say cn.load("that/folder"), or use "mnist01", '
        "which needs no download.",
    )


DATA_SETS: Mapping[str, Callable[[], ArraySource]] = {"mnist01": mnist01, "mnist": mnist}
"""The data sets that have names."""
