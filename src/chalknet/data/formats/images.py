"""IDX images with the file of their labels beside them, and folders that hold the MNIST files."""

from __future__ import annotations

import re
from importlib.resources.abc import Traversable
from itertools import product
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from chalknet.data.formats.idx import open_idx, read_idx
from chalknet.data.formats.raw_rows import RawRows, rows_of_arrays
from chalknet.data.formats.table import FileOptions
from chalknet.errors import DataError
from chalknet.system import fits_in_memory

TRAIN_IMAGES, TRAIN_LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
TEST_IMAGES, TEST_LABELS = "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"
_SUBFOLDERS = ("", "raw", "MNIST/raw")  # the latter two are torchvision's


def open_images(path: Path, options: FileOptions) -> RawRows:
    """Return the rows of an IDX file of images and the labels beside it.

    Args:
        path: the file of images.
        options: whether they are read at once.

    Raises:
        DataError: for a file of labels alone, or images without labels beside them.
    """
    labels = labels_beside(path)
    if isinstance(labels, Path) and (rows := _left_in_file(path, labels, options.in_memory)):
        return rows
    images = read_idx(path)
    if labels is None or images.ndim < 2:
        raise DataError(
            where=str(path),
            got=f"no labels file {_labels_name(path)} beside it"
            if images.ndim > 1
            else "one number a row, as labels are",
            wanted="a file of images with its file of labels beside it",
            remedy="Give the pair of paths (images, labels).",
        )
    return rows_of_arrays(pixels(images), read_idx(labels), path.name)


def open_folder(folder: Traversable, name: str) -> RawRows:
    """Return the images and labels of a folder with the MNIST files, the t10k ones as held out if there.

    Args:
        folder: holds the files under their usual names, packed or not.
        name: what messages call it.
    """
    held_out = None
    if find_idx(folder, TEST_IMAGES):
        images, labels = read_member(folder, TEST_IMAGES), read_member(folder, TEST_LABELS)
        held_out = rows_of_arrays(pixels(images), labels, f"{name} held out")
    images, labels = read_member(folder, TRAIN_IMAGES), read_member(folder, TRAIN_LABELS)
    return rows_of_arrays(pixels(images), labels, name, held_out)


def read_member(folder: Traversable, name: str) -> npt.NDArray[Any]:
    """Return the array of one IDX file of a folder, whichever of its usual spellings is there."""
    file = find_idx(folder, name)
    if file is None:
        raise DataError(
            where=str(folder),
            got=f"a folder without {name}",
            wanted=f"the files {', '.join((TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS))}, "
            "gzipped or not",
            remedy="Put the missing file there, or give a single file or the pair (x, y).",
        )
    return read_idx(file)


def find_idx(folder: Traversable, name: str) -> Traversable | None:
    """Return the IDX file of this name in a folder, written with - or . and gzipped or not."""
    spellings = dict.fromkeys((name, re.sub(r"[-.]idx", "-idx", name), re.sub(r"[-.]idx", ".idx", name)))
    files = (
        folder.joinpath(*subfolder.split("/"), spelling + ending)
        for subfolder, spelling, ending in product(_SUBFOLDERS, spellings, ("", ".gz"))
    )
    return next((file for file in files if file.is_file()), None)


def pixels(images: npt.NDArray[Any]) -> torch.Tensor:
    """Return each image as one row `(n, pixels)`; bytes become float32 in [0, 1], others stay as they are."""
    rows = torch.from_numpy(images)
    rows = rows.flatten(1) if rows.dim() > 1 else rows
    return rows.float().div_(255) if rows.dtype == torch.uint8 else rows


def idx_side(path: Path, side: str) -> torch.Tensor | npt.NDArray[Any]:
    """Return an IDX file as x alone, rows of pixels, or as y alone."""
    return pixels(read_idx(path)) if side == "x" else read_idx(path)


def labels_beside(path: Path) -> Traversable | None:
    """Return the file of labels that stands beside a file of images, if one does."""
    beside = _labels_name(path)
    return find_idx(path.parent, beside) if beside != path.name.removesuffix(".gz") else None


def _left_in_file(path: Path, labels: Path, in_memory: bool | None) -> RawRows | None:
    x, y = open_idx(path), open_idx(labels)
    if x is None or y is None or len(x) != len(y) or not len(x):
        return None
    if in_memory or (in_memory is None and fits_in_memory(4 * prod(x.shape))):
        return None
    return RawRows(x, y, path.name, divisor=255 if x.dtype == np.uint8 else 1)


def _labels_name(path: Path) -> str:
    return path.name.removesuffix(".gz").replace("images", "labels").replace("idx3", "idx1")
