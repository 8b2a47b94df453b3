"""Files of pixels: known by their content, opened as they are meant to be seen, refused where they are too much."""

import io
import struct
import sys
import zlib

import numpy as np
import pytest
from PIL import Image
from tests.notation.pictures.seen_marks import drawn

import chalknet as cn
from chalknet.notation import LIMITS
from chalknet.notation.marks import TextMark
from chalknet.notation.pictures.opening import opened_pixels
from chalknet.notation.pictures.source import PictureSource

SOURCE = PictureSource("picture")


def scene(mode="RGB", size=(96, 64)):
    """Return a white picture whose upper left corner is red, so that it is seen how it is turned."""
    image = Image.new("RGB", size, "white")
    image.paste((200, 0, 0), (0, 0, 16, 12))
    return image.convert(mode)


def saved(image, kind, **options):
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def corner(data):
    array = opened_pixels(SOURCE, data).array
    return array[4, 4, :3].tolist(), array.shape


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "AVIF"])
@pytest.mark.parametrize("name", ["photo.svg", "photo.dot", "photo", "photo.jpg"])
def test_a_picture_is_known_by_its_content_whatever_its_name(tmp_path, seen, kind, name):
    path = tmp_path / name
    path.write_bytes(saved(scene(), kind))
    assert cn.read(path) == cn.read("2 -> 3 ? -> 1 ?") or "2" in str(cn.read(path))
    assert cn.read(str(path)).input_shape == (2,)


def test_a_picture_is_read_from_bytes_an_image_and_an_array_alike(seen):
    data, image = saved(scene(), "PNG"), scene()
    found = [
        cn.read(form) for form in (data, bytearray(data), image, np.asarray(image), np.asarray(image) / 255)
    ]
    assert all(network == found[0] for network in found)
    looked = seen(drawn(2, 3, 1))
    cn.read(np.asarray(image.convert("L")))
    assert looked[-1].shape == (64, 96, 3) and looked[-1].dtype == np.uint8


@pytest.mark.parametrize("array", [np.zeros((3, 3), np.uint8), np.zeros((50, 50)) - 1, np.zeros(100, np.uint8),
                                   np.zeros((50, 50, 7), np.uint8), np.zeros((50, 50), np.int64)],
                         ids=lambda array: f"{array.dtype}-{array.shape}")  # fmt: skip
def test_an_array_that_holds_no_pixels_is_told_what_would(array):
    with pytest.raises(cn.InvalidValue, match="pixels: height x width"):
        cn.read(array)


def test_bytes_of_a_text_are_the_text():
    assert cn.read(b"784 -> 1 sigmoid") == cn.read("784 -> 1 sigmoid")
    with pytest.raises(cn.InvalidValue, match="bytes"):
        cn.read(b"\x00\xff")


@pytest.mark.parametrize("turn", range(1, 9))
def test_a_photo_is_turned_as_its_exif_says(turn):
    exif = Image.Exif()
    exif[0x0112] = turn
    back = {
        2: 0,
        3: 3,
        4: 1,
        5: 5,
        6: 2,
        7: 6,
        8: 4,
    }  # what undoes each turn, as Image.transpose numbers them
    stored = scene() if turn == 1 else scene().transpose(Image.Transpose(back[turn]))
    (red, green, _), shape = corner(saved(stored, "JPEG", exif=exif, quality=95))
    assert red > 150 and green < 60 and shape == (64, 96, 3)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_depth_of_a_png_becomes_bytes(mode):
    image = (
        scene().convert("L").point(lambda value: value * 257, "I").convert("I;16")
        if mode == "I;16"
        else scene(mode)
    )
    array = opened_pixels(SOURCE, saved(image, "PNG")).array
    assert array.dtype == np.uint8 and array.shape[:2] == (64, 96)
    assert array[4, 4, 1] < 90 or mode == "1"
    assert array[50, 90, :3].min() > 250
    assert array.shape[2] == (4 if "A" in mode else 3)


def test_cmyk_and_a_clear_colour_of_a_palette_are_seen():
    assert corner(saved(scene("CMYK"), "JPEG"))[0][1] < 60
    clear = scene("P")
    assert (
        opened_pixels(SOURCE, saved(clear, "GIF", transparency=clear.getpixel((50, 50)))).array.shape[2] == 4
    )


def test_of_several_pictures_in_a_file_the_first_is_read_with_a_note_and_another_by_its_page(seen):
    frames = [scene(), scene().transpose(Image.Transpose.ROTATE_180)]
    for kind in ("GIF", "WEBP", "PNG", "TIFF"):
        data = saved(frames[0], kind, save_all=True, append_images=frames[1:])
        assert any("the first of several" in note for note in cn.read(data).notes), kind
        looked = seen(drawn(2, 3, 1))
        assert not any("several" in note for note in cn.read(data, page=2).notes)
        assert looked[-1][60, 90, 1] < 60, kind
        with pytest.raises(cn.InvalidValue, match="the file has"):
            cn.read(data, page=3)


def test_a_large_picture_is_made_smaller_and_its_marks_are_where_they_were(seen):
    looked = seen([])
    image = Image.new("L", (9000, 900), 255)
    with pytest.raises(cn.ChalknetError):
        cn.read(image)
    assert looked[-1].shape == (300, 3000, 3)
    seen(drawn(2, 3, 1))
    picture = cn.read(image).account.picture
    assert (picture.width, picture.height) == (9000, 900)
    assert min(x for line in picture.outlines.values() for x, _ in line) == pytest.approx(3 * 80)


# What is too much


def png_head(width, height, more=b""):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(10_000))) + more


HEADS = {
    "PNG": png_head(20_000, 20_000),
    "PNG of 1 line": png_head(2_000_000_000, 1),
    "GIF": b"GIF89a" + struct.pack("<HH", 60_000, 60_000) + b"\0\0\0,\0\0\0\0" + struct.pack("<HH", 60_000, 60_000) + b"\0\x08\0",
    "BMP": b"BM" + struct.pack("<IHHI", 100, 0, 0, 54) + struct.pack("<IiiHHIIiiII", 40, 30_000, 30_000, 1, 24, 0, 0, 0, 0, 0, 0),
}  # fmt: skip


@pytest.mark.parametrize("kind", HEADS)
def test_a_picture_of_more_than_a_hundred_megapixels_is_refused_by_its_head(kind):
    with pytest.raises(cn.NotationError, match=r"pixels of a picture|more than 100,000,000 pixels"):
        opened_pixels(SOURCE, HEADS[kind])


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "TIFF", "PNG", "GIF"])
def test_the_limit_of_pixels_holds_for_every_format(monkeypatch, kind):
    monkeypatch.setitem(LIMITS, "pixels of a picture", 1000)
    with pytest.raises(cn.NotationError, match="6,144 pixels of a picture"):
        opened_pixels(SOURCE, saved(scene(), kind))


def test_a_file_of_more_than_fifty_megabytes_is_refused_and_not_opened(tmp_path):
    path = tmp_path / "photo.png"
    with path.open("wb") as file:
        file.write(png_head(100, 100))
        file.truncate(60_000_000)
    with pytest.raises(cn.NotationError, match="50,000,001 bytes of a picture; wanted at most 50,000,000"):
        cn.read(path)


@pytest.mark.parametrize("data, what", [(b"\0\0\0\x18ftypheic\0\0\0\0", "HEIC"), (b"8BPS\0\1", "PSD"),
                                        (b"%!PS-Adobe-3.0\n", "PostScript"), (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000")])  # fmt: skip
def test_a_picture_that_is_not_read_is_named_with_what_to_do(tmp_path, data, what):
    path = tmp_path / "IMG_1.jpg"
    path.write_bytes(data + bytes(50))
    with pytest.raises(cn.NotationError, match=what) as problem:
        cn.read(path)
    assert "IMG_1.jpg" in problem.value.where and "give that" in problem.value.remedy


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "AVIF"])
def test_a_picture_that_is_cut_off_is_damaged(kind):
    data = saved(Image.effect_noise((200, 200), 50).convert("RGB"), kind)
    with pytest.raises(cn.NotationError, match="damaged"):
        opened_pixels(SOURCE, data[: len(data) // 2])


# What is said


def test_a_page_of_a_text_and_a_notation_of_a_picture_are_refused(seen):
    with pytest.raises(cn.InvalidValue, match="page"):
        cn.read("784 -> 1", page=2)
    with pytest.raises(cn.InvalidValue, match="notation"):
        cn.read(scene(), notation="dot")


def test_lines_that_were_hard_to_see_are_told(seen):
    seen(drawn(2, 3, 1, confidence=0.3))
    notes = cn.read(scene()).notes
    assert "read from a picture: 9 lines were hard to see; --explain -o seen.png shows what was seen" in notes


def test_a_refusal_says_what_was_seen_and_where(seen):
    marks = drawn(2, 3, 1)
    seen([mark for mark in marks if not hasattr(mark, "points")])
    with pytest.raises(cn.NotationError, match="6 circles, 6 texts, such as 'x1'"):
        cn.read(scene())
    seen([])
    with pytest.raises(cn.NotationError, match="seen in the picture: nothing"):
        cn.read(scene())
    seen([mark._replace(words="Conv2d 3x3") if isinstance(mark, TextMark) else mark for mark in marks])
    with pytest.raises(cn.CannotExpress, match=r"at \d+, \d+ px") as problem:
        cn.read(scene())
    assert problem.value.excerpt is None


def test_without_the_extra_the_line_to_install_it_is_the_error(monkeypatch):
    monkeypatch.setitem(sys.modules, "chalknet.notation.pictures.raster", None)
    with pytest.raises(cn.MissingPackage, match=r'pip install "chalknet\[pictures\]"'):
        cn.read(scene())
    monkeypatch.setitem(sys.modules, "pypdfium2", None)
    with pytest.raises(cn.MissingPackage, match=r"no package pypdfium2.*chalknet\[pictures\]"):
        cn.read(b"%PDF-1.4\n")
