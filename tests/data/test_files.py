"""Files and folders of data: what is found in them, and what is said of damaged ones."""

import gzip
import pickle

import numpy as np
import pytest
import torch

from chalknet.data import load
from chalknet.data.formats.idx import find_idx, idx_bytes, pixels
from chalknet.errors import ChalknetError, DataError, FileProblem

X, Y = np.arange(12.0).reshape(6, 2), np.array([0, 1, 0, 1, 1, 0])
IMAGES = np.arange(6 * 4, dtype=np.uint8).reshape(6, 2, 2) * 10
LABELS = np.arange(6, dtype=np.uint8)


def put(folder, **files):
    """Write arrays as IDX files; a name that ends in _gz is gzipped. Dashes are written as __."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in files.items():
        packed = name.endswith("_gz")
        data = idx_bytes(array)
        name = name.removesuffix("_gz").replace("__", "-").replace("_dot_", ".") + ".gz" * packed
        (folder / name).write_bytes(gzip.compress(data) if packed else data)
    return folder


@pytest.mark.parametrize(
    "names",
    [
        ("x", "y"),
        ("X", "y"),
        ("X", "Y"),
        ("data", "target"),
        ("features", "labels"),
        ("x_train", "y_train"),
        ("train_images", "train_labels"),
        ("arr_0", "arr_1"),
    ],
)
def test_the_usual_names_of_x_and_y_are_found_in_npz_and_dict(tmp_path, names):
    arrays = dict(zip(names, (X, Y), strict=True))
    np.savez(tmp_path / "d.npz", other=np.zeros(1), **arrays)
    np.savez_compressed(tmp_path / "e.npz", **arrays)
    for data in (tmp_path / "d.npz", str(tmp_path / "e.npz"), arrays):
        source = load(data)
        assert source.x.tolist() == X.tolist()
        assert source.y.tolist() == Y.tolist()
        assert source.held_out is None
    assert load(tmp_path / "d.npz").name == "d.npz"


@pytest.mark.parametrize("pattern", ["{}_test", "test_{}", "{}_val"])
def test_the_held_out_part_of_an_npz_comes_along(tmp_path, pattern):
    beside = {pattern.format("x"): X[:2], pattern.format("y"): Y[:2]}
    np.savez(tmp_path / "d.npz", x_train=X, y_train=Y, **beside)
    source = load(tmp_path / "d.npz")
    assert (len(source), len(source.held_out)) == (6, 2)
    assert source.held_out.name == "d.npz held out"


def test_the_last_column_of_a_table_is_y(tmp_path):
    np.save(tmp_path / "table.npy", np.column_stack([X, Y]))
    source = load(tmp_path / "table.npy")
    assert source.x.tolist() == X.tolist()
    assert source.y.tolist() == Y.tolist()
    assert source.x.is_contiguous()


@pytest.mark.parametrize("shape", [(6,), (6, 1), (2, 3, 4), ()])
def test_an_npy_that_is_no_table_is_refused_with_its_shape(tmp_path, shape):
    np.save(tmp_path / "a.npy", np.zeros(shape))
    with pytest.raises(DataError, match="the last of which is y") as caught:
        load(tmp_path / "a.npy")
    assert str(shape) in caught.value.got
    assert "save a .npz with x and y" in caught.value.remedy


def test_pickled_objects_are_never_loaded(tmp_path):
    class Trap:
        def __reduce__(self):
            return (tmp_path.joinpath("sprung").touch, ())

    np.save(tmp_path / "a.npy", np.array([Trap()], dtype=object), allow_pickle=True)
    np.savez(tmp_path / "b.npz", x=np.array([Trap()], dtype=object), y=Y)
    (tmp_path / "c.npy").write_bytes(pickle.dumps(Trap()))
    (tmp_path / "d.npz").write_bytes(pickle.dumps(Trap()))
    for path in sorted(tmp_path.iterdir()):
        with pytest.raises(DataError, match="pickled Python objects"):
            load(path)
    assert not (tmp_path / "sprung").exists()


def test_columns_with_names_are_refused(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros(3, dtype=[("height", "f4"), ("weight", "f4")]))
    with pytest.raises(DataError, match=r"height.*; wanted a table of rows"):
        load(tmp_path / "a.npy")


def test_a_numpy_file_cut_off_anywhere_is_an_error_that_names_it(tmp_path):
    np.save(tmp_path / "a.npy", np.column_stack([X, Y]).astype("f4"))
    np.savez_compressed(tmp_path / "b.npz", x=X[:1], y=Y[:1])
    for name, step in (("a.npy", 3), ("b.npz", 11)):
        whole = (tmp_path / name).read_bytes()
        cut = tmp_path / f"cut{name}"
        for length in range(0, len(whole), step):
            cut.write_bytes(whole[:length])
            with pytest.raises(DataError, match=str(cut)):
                load(cut)


def test_a_flipped_byte_of_an_npz_is_an_error_of_ours_or_harmless(tmp_path):
    np.savez(tmp_path / "b.npz", x=X[:1], y=Y[:1])
    whole = (tmp_path / "b.npz").read_bytes()
    for place in range(0, len(whole), 7):
        (tmp_path / "c.npz").write_bytes(whole[:place] + bytes([whole[place] ^ 255]) + whole[place + 1 :])
        try:
            load(tmp_path / "c.npz")
        except ChalknetError as problem:
            assert "c.npz" in str(problem)


def test_names_without_a_pair_are_listed(tmp_path):
    np.savez(tmp_path / "d.npz", inputs=X, outputs=Y)
    with pytest.raises(DataError, match="got the names inputs, outputs; wanted x and y"):
        load(tmp_path / "d.npz")


def test_images_are_rows_of_pixels_between_zero_and_one_with_their_labels(tmp_path):
    put(tmp_path, train__images__idx3__ubyte=IMAGES, train__labels__idx1__ubyte_gz=LABELS)
    source = load(tmp_path / "train-images-idx3-ubyte")
    assert source.x.dtype == torch.float32
    assert torch.equal(source.x, torch.from_numpy(IMAGES).reshape(6, 4).float() / 255)
    assert source.y.dtype == torch.int64
    assert source.y.tolist() == LABELS.tolist()


@pytest.mark.parametrize(
    ("images", "labels"),
    [
        ("t10k_dot_images_dot_idx3__ubyte", "t10k_dot_labels_dot_idx1__ubyte"),
        ("images_dot_idx3__ubyte", "labels__idx1__ubyte_gz"),
        ("some__images__idx3__ubyte_gz", "some__labels_dot_idx1__ubyte"),
        ("images", "labels_gz"),
    ],
)
def test_labels_are_found_beside_images_however_the_two_are_spelled(tmp_path, images, labels):
    put(tmp_path, **{images: IMAGES, labels: LABELS})
    (path,) = [path for path in tmp_path.iterdir() if "images" in path.name]
    assert load(path).y.tolist() == LABELS.tolist()


def test_images_of_numbers_that_are_no_bytes_stay_as_they_are():
    assert pixels(np.full((2, 2, 2), 3.5, np.float32)).tolist() == [[3.5] * 4] * 2


def test_images_without_labels_and_labels_alone_ask_for_the_pair(tmp_path):
    put(tmp_path, train__images__idx3__ubyte=IMAGES, pictures__idx3__ubyte=IMAGES, a__labels__idx1=LABELS)
    with pytest.raises(DataError, match="no labels file train-labels-idx1-ubyte beside it"):
        load(tmp_path / "train-images-idx3-ubyte")
    with pytest.raises(DataError, match="the pair of paths"):
        load(tmp_path / "pictures-idx3-ubyte")
    with pytest.raises(DataError, match="as labels are"):
        load(tmp_path / "a-labels-idx1")
    assert len(load((tmp_path / "pictures-idx3-ubyte", tmp_path / "a-labels-idx1"))) == 6


@pytest.mark.parametrize("subfolder", ["", "raw", "MNIST/raw"])
def test_a_folder_with_the_four_files_is_a_source_with_the_held_out_ones(tmp_path, subfolder):
    put(
        tmp_path / subfolder,
        train__images_dot_idx3__ubyte=IMAGES,
        train__labels__idx1__ubyte_gz=LABELS,
        t10k__images__idx3__ubyte_gz=IMAGES[:2],
        t10k__labels__idx1__ubyte=LABELS[:2],
    )
    source = load(str(tmp_path))
    assert (len(source), len(source.held_out)) == (6, 2)
    assert source.name == tmp_path.name


def test_a_folder_without_held_out_files_has_none_and_one_without_labels_is_refused(tmp_path):
    put(tmp_path, train__images__idx3__ubyte=IMAGES, train__labels__idx1__ubyte=LABELS)
    assert load(tmp_path).held_out is None
    (tmp_path / "train-labels-idx1-ubyte").unlink()
    with pytest.raises(DataError, match="a folder without train-labels-idx1-ubyte"):
        load(tmp_path)


def test_labels_of_another_length_are_refused(tmp_path):
    put(tmp_path, train__images__idx3__ubyte=IMAGES, train__labels__idx1__ubyte=LABELS[:5])
    with pytest.raises(DataError, match="6 rows of x and 5 rows of y"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("a.xlsx", "pandas.read_excel("),
        ("a.json", "pandas.read_json("),
        ("a.pt", "give (x, y)"),
        ("data", "give (x, y)"),
    ],
)
def test_a_file_of_another_kind_says_what_is_read_and_how_to_get_there(tmp_path, name, said):
    (tmp_path / name).write_text("1,2\n3,4\n")
    with pytest.raises(DataError, match=r"wanted \.csv, \.parquet, .* or an IDX file") as caught:
        load(tmp_path / name)
    assert said in caught.value.remedy


def test_a_file_that_may_not_be_opened_is_a_file_problem(tmp_path):
    (tmp_path / "a.npy").mkdir()
    with pytest.raises(FileProblem):
        load((tmp_path / "a.npy", Y))


def test_the_first_spelling_that_is_there_is_found(tmp_path):
    assert find_idx(tmp_path, "a-idx1") is None
    put(tmp_path, a_dot_idx1_gz=LABELS)
    assert find_idx(tmp_path, "a-idx1").name == "a.idx1.gz"
