"""Make the digits 0 and 1 that the package ships, from a folder with the four files of MNIST.

    python tools/make_mnist01.py FOLDER

The same files and the same zlib give the same bytes.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from chalknet.data import mnist, write_idx
from chalknet.data.formats import TEST_IMAGES, TEST_LABELS, TRAIN_IMAGES, TRAIN_LABELS, read_member

TARGET = Path(__file__).parents[1] / "src" / "chalknet" / "data" / "mnist01"
PAIRS = ((TRAIN_IMAGES, TRAIN_LABELS), (TEST_IMAGES, TEST_LABELS))


def make(folder: Path, target: Path) -> None:
    """Write the zeros, then the ones, of both sets, each in its original order, as gzipped IDX files."""
    mnist(folder)  # refuses files that are not the original ones
    for images_name, labels_name in PAIRS:
        images, labels = read_member(folder, images_name), read_member(folder, labels_name)
        rows = np.concatenate([np.flatnonzero(labels == digit) for digit in (0, 1)])
        write_idx(target / f"{images_name}.gz", images[rows])
        write_idx(target / f"{labels_name}.gz", labels[rows])


def main() -> None:
    """Read the folder from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="holds the four files of MNIST, gzipped or not")
    make(parser.parse_args().folder, TARGET)


if __name__ == "__main__":
    main()
