"""Data files: numpy's .npy and .npz, IDX images with their labels, folders that hold the MNIST files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch

from chalknet.data.idx import looks_like_idx, read_idx, unreadable
from chalknet.data.source import ArraySource
from chalknet.errors import ChalknetError, DataError

TRAIN_IMAGES, TRAIN_LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
TEST_IMAGES, TEST_LABELS = "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"
_SUBFOLDERS = ("", "raw", "MNIST/raw")  # the latter two are torchvision's

# What x and y are called in the .npz files and dicts of this world; the first pair that is there is taken.
_NAMES = (
    ("x", "y"),
    ("X", "y"),
    ("X", "Y"),
    ("data", "target"),
    ("data", "labels"),
    ("features", "targets"),
    ("features", "labels"),
    ("images", "labels"),
    ("inputs", "targets"),
    ("inputs", "labels"),
    ("arr_0", "arr_1"),
)
_TRAINING = ("{}", "{}_train", "train_{}")
_HELD_OUT = ("{}_test", "test_{}", "{}_held_out", "{}_val", "val_{}", "{}_valid", "valid_{}")

_NUMPY = (".npy", ".npz")
# Endings that are not read -> how pandas makes a table that is read of such a file.
_BY_HAND = {
    ".json": "pandas.read_json({!r})",
    ".xlsx": "pandas.read_excel({!r})",
    ".xls": "pandas.read_excel({!r})",
}


def read_file(path: Path) -> ArraySource:
    """Return the x and y of one file: .npz, .npy (a table, its last column is y) or IDX images.

    Raises:
        FileProblem: when it cannot be opened.
        DataError: when it cannot be understood.
    """
    if path.suffix.lower() in _NUMPY:
        with _opened(path) as content:
            return (
                _table(content, path) if isinstance(content, np.ndarray) else read_mapping(content, path.name)
            )
    if looks_like_idx(path):
        return _images_with_labels(path)
    raise _unsupported(path)


def read_side(path: Path, side: Literal["x", "y"]) -> object:
    """Return what a file holds as x alone or as y alone: its only array, or that side of its two."""
    if path.suffix.lower() in _NUMPY:
        with _opened(path) as content:
            if isinstance(content, np.ndarray):
                return content
            if len(content) == 1:
                return next(iter(content.values()))
            return getattr(read_mapping(content, path.name), side)
    if looks_like_idx(path):
        return pixels(read_idx(path)) if side == "x" else read_idx(path)
    raise _unsupported(path)


def read_mapping(arrays: Mapping[str, Any], name: str) -> ArraySource:
    """Return the x and y among named arrays, and those that are held out (`x_test`, `y_test`) if any.

    Args:
        arrays: a dict or an open .npz.
        name: what messages call it.
    """
    training, held_out = _pair_in(arrays, _TRAINING), _pair_in(arrays, _HELD_OUT)
    if training is None:
        raise DataError(
            where=name,
            got=f"the names {', '.join(map(str, arrays)) or '(none)'}",
            wanted="x and y; or x_train and y_train, and x_test and y_test where some are held out",
            remedy="Name them so, as in np.savez('train.npz', x=x, y=y), or give the pair (x, y).",
        )
    x, y = training
    beside = held_out and ArraySource(arrays[held_out[0]], arrays[held_out[1]], f"{name} held out")
    return ArraySource(arrays[x], arrays[y], name, beside)


def read_folder(folder: Traversable, name: str) -> ArraySource:
    """Return the images and labels of a folder with the MNIST files, the t10k ones as held out if there.

    Args:
        folder: holds the files under their usual names, gzipped or not.
        name: what messages call it.
    """
    held_out = None
    if find_idx(folder, TEST_IMAGES):
        test = (read_member(folder, file) for file in (TEST_IMAGES, TEST_LABELS))
        held_out = labelled(*test, name=f"{name} held out")
    training = (read_member(folder, file) for file in (TRAIN_IMAGES, TRAIN_LABELS))
    return labelled(*training, name=name, held_out=held_out)


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
    for subfolder in _SUBFOLDERS:
        for spelling in spellings:
            for ending in ("", ".gz"):
                file = folder.joinpath(*subfolder.split("/"), spelling + ending)
                if file.is_file():
                    return file
    return None


def labelled(
    images: npt.NDArray[Any], labels: npt.NDArray[Any], *, name: str, held_out: ArraySource | None = None
) -> ArraySource:
    """Return images as rows of pixels in [0, 1] and their labels as class numbers.

    Args:
        images: `(n, height, width)`.
        labels: `(n,)`.
        name: what messages call it.
        held_out: images kept out of the training.
    """
    return ArraySource(pixels(images), labels, name, held_out)


def pixels(images: npt.NDArray[Any]) -> torch.Tensor:
    """Return each image as one row `(n, pixels)`; bytes become float32 in [0, 1], others stay as they are."""
    rows = torch.from_numpy(images)
    rows = rows.flatten(1) if rows.dim() > 1 else rows
    return rows.float().div_(255) if rows.dtype == torch.uint8 else rows


@contextmanager
def _opened(path: Path) -> Iterator[npt.NDArray[Any] | Mapping[str, npt.NDArray[Any]]]:
    """Hand out the array of a .npy or the arrays of a .npz; pickled objects are never loaded."""
    try:
        with path.open("rb") as file:  # numpy leaves a file open that it cannot make out
            yield np.load(file, allow_pickle=False)
    except ChalknetError:
        raise
    except OSError as problem:
        raise unreadable(path, problem) from problem
    except Exception as problem:  # a damaged file raises any of a dozen kinds, MemoryError among them
        pickled = "pickle" in str(problem)
        raise DataError(
            where=str(path),
            got="pickled Python objects or no numpy file" if pickled else f"a damaged file ({problem})",
            wanted="a .npy or .npz file of plain numbers",
            remedy="Save it again, as in np.save('x.npy', x.astype('float32')).",
        ) from problem


def _table(table: npt.NDArray[Any], path: Path) -> ArraySource:
    if table.ndim != 2 or table.shape[1] < 2:
        raise DataError(
            where=str(path),
            got=f"{table.dtype} of shape {table.shape}",
            wanted="a table of rows and at least two columns, the last of which is y",
            remedy=f"Give two files, ({path.name!r}, 'y.npy'), or save a .npz with x and y.",
        )
    return ArraySource(table[:, :-1], table[:, -1], path.name)


def _pair_in(arrays: Mapping[str, Any], patterns: tuple[str, ...]) -> tuple[str, str] | None:
    for x, y in _NAMES:
        for pattern in patterns:
            pair = pattern.format(x), pattern.format(y)
            if all(name in arrays for name in pair):
                return pair
    return None


def labels_beside(path: Path) -> Traversable | None:
    """Return the file of labels that stands beside a file of images, if one does."""
    stem = path.name.removesuffix(".gz")
    beside = _labels_name(path)
    return find_idx(path.parent, beside) if beside != stem else None


def _labels_name(path: Path) -> str:
    return path.name.removesuffix(".gz").replace("images", "labels").replace("idx3", "idx1")


def _images_with_labels(path: Path) -> ArraySource:
    images = read_idx(path)
    labels = labels_beside(path) if images.ndim > 1 else None
    if labels is None:
        raise DataError(
            where=str(path),
            got=f"no labels file {_labels_name(path)} beside it"
            if images.ndim > 1
            else "one number a row, as labels are",
            wanted="a file of images with its file of labels beside it",
            remedy="Give the pair of paths (images, labels).",
        )
    return labelled(images, read_idx(labels), name=path.name)


def _unsupported(path: Path) -> DataError:
    suffix = Path(path.name.removesuffix(".gz")).suffix.lower()
    remedy = "Read it into arrays x and y with the library it comes from, and give (x, y); text is a .csv."
    if suffix in _BY_HAND:
        remedy = f"Make a CSV of it: {_BY_HAND[suffix].format(str(path))}.to_csv('table.csv', index=False)."
    return DataError(
        where=str(path),
        got=f"a {suffix} file" if suffix else "a file of an unknown kind",
        wanted=".csv, .parquet, .arrow, .npz, .npy or an IDX file",
        remedy=remedy,
    )
