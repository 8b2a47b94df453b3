"""What each mark of a picture was taken for, painted over the picture itself."""

import io

import numpy as np
import pytest
from PIL import Image
from tests.notation.pictures.pdf_writer import network, pdf
from tests.notation.pictures.seen_marks import drawn
from tests.notation.pictures.test_opening import saved

import chalknet as cn
from chalknet.display import html_of


def picture(marks=None, size=(500, 320)):
    """Return a picture of marks: grey discs on white."""
    image = Image.new("RGB", size, "white")
    for mark in marks or drawn(2, 3, 1):
        if hasattr(mark, "kind"):
            x, y, wide, high = (round(value) for value in mark.place)
            image.paste((230, 230, 230), (x - wide // 2, y - high // 2, x + wide // 2, y + high // 2))
    return image


def painted(drawing, tmp_path, ending):
    return np.asarray(Image.open(drawing.save(tmp_path / f"seen{ending}")).convert("RGB")).astype(int)


@pytest.mark.parametrize("ending", [".png", ".jpg"])
def test_every_mark_is_painted_in_the_colour_of_its_role_where_it_is(tmp_path, seen, ending):
    array = painted(cn.draw_account(saved(picture(), "PNG")), tmp_path, ending)
    scale = array.shape[1] / 500
    assert scale == pytest.approx(900 / 500, abs=0.02)
    at = lambda x, y: array[round(y * scale), round(x * scale)]  # noqa: E731
    blue, orange, green = at(100, 105), at(250, 82), at(400, 135)
    assert blue[2] > blue[0] + 30 and orange[0] > orange[2] + 30 and green[1] > green[0] + 20
    assert at(30, 30).min() > 240  # the picture itself shines through
    line = at(175, 105)
    assert line[0] > line[2] + 40


def test_svg_and_pdf_hold_the_picture_and_a_legend(tmp_path, seen):
    for data, kind in ((saved(picture(), "PNG"), "png"), (saved(picture(), "JPEG"), "jpeg")):
        drawing = cn.draw_account(data)
        assert f"data:image/{kind};base64," in drawing.svg
        assert "input (2)" in drawing.svg and "connection (9)" in drawing.svg
        assert cn.read(drawing.svg).output_shape == (1,)  # the network is inside
    assert drawing.save(tmp_path / "seen.pdf").read_bytes().startswith(b"%PDF")
    with pytest.raises(cn.CannotExpress, match="TikZ"):
        drawing.text(".tex")


def test_a_page_of_a_pdf_is_shown_as_it_looks(tmp_path):
    pytest.importorskip("pypdfium2")
    array = painted(cn.draw_account(pdf(network(3, 2, 1))), tmp_path, ".png")
    scale = array.shape[1] / 400
    unit = array[round(150 * scale), round(240 * scale) - round(9 * scale)]
    assert unit[1] > unit[0] + 20  # the output is green
    assert array[round(20 * scale), round(20 * scale)].min() > 240


def test_an_account_shows_itself_in_a_notebook(seen):
    account = cn.read(saved(picture(), "PNG")).account
    assert "<img" in html_of(account) and "it comes first" in html_of(account)
    assert "<img" in html_of(cn.read("digraph { {x1 x2} -> y; y -> result }").account)
    assert account.picture.image(100)[:4] == b"\x89PNG"
    small = Image.open(io.BytesIO(account.picture.image(100)))
    assert small.size == (100, 64)


def test_what_found_no_use_is_counted_in_the_table(seen):
    from chalknet.notation.marks import StrokeMark

    seen([*drawn(2, 3, 1), StrokeMark(((10, 300), (60, 305)), confidence=0.9)])
    assert ("others", "1", "put aside", "a line that joins nothing") in cn.read(picture()).account.table.rows


def test_the_command_paints_it(seen, tmp_path, capsys, monkeypatch):
    from chalknet.cli.main import main

    path = tmp_path / "board.png"
    picture().save(path)
    monkeypatch.setattr(
        "sys.argv", ["chalknet", "read", str(path), "--explain", "-o", str(tmp_path / "seen.png")]
    )
    with pytest.raises(SystemExit) as end:
        main()
    assert not end.value.code
    assert (tmp_path / "seen.png").stat().st_size > 1000
