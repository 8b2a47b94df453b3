"""The clipboard, by programs that stand in for those of a desktop."""

import os
import sys

import pytest
from tests.notation.pictures.test_opening import saved, scene

import chalknet as cn

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the programs are scripts with a first line")


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """Return what puts a program on the path that answers to its words."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")

    def put(name, **answers):
        """Put one there; it prints the answer whose key is among its words, and fails without one."""
        code = (
            f"#!{sys.executable} -S\nimport sys\nanswers = {answers!r}\nwords = ' '.join(sys.argv[1:])\n"
            "found = next((a for key, a in answers.items() if key in words), None)\n"
            "if found is None:\n    sys.exit(1)\nsys.stdout.buffer.write(found)\n"
        )
        path = tmp_path / name
        path.write_text(code)
        path.chmod(0o755)

    return put


def test_a_picture_that_was_copied_is_read(programs, seen):
    programs("wl-paste", png=saved(scene(), "PNG"), text=b"784 -> 1")
    assert cn.read("clipboard:").input_shape == (2,)


def test_another_program_is_asked_where_the_first_has_nothing(programs, seen):
    programs("wl-paste")
    programs("xclip", png=saved(scene(), "PNG"))
    assert cn.read(" Clipboard: ").input_shape == (2,)


def test_a_text_that_was_copied_is_read_as_text(programs):
    programs("xclip", UTF8=b"784 -> 32 relu -> 1 sigmoid\r\n")
    assert cn.read("clipboard:") == cn.read("784 -> 32 relu -> 1 sigmoid")


def test_what_osascript_and_powershell_print_is_unpacked(programs, seen):
    data = saved(scene(), "PNG")
    programs("osascript", PNGf=f"«data PNGf{data.hex().upper()}»".encode())
    assert cn.read("clipboard:").input_shape == (2,)
    programs("osascript")
    programs("powershell", GetImage=__import__("base64").b64encode(data))
    assert cn.read("clipboard:").input_shape == (2,)


def test_an_empty_clipboard_and_a_missing_program_are_told(programs, monkeypatch):
    with pytest.raises(cn.FileProblem, match=r"no program.*xclip"):
        cn.read("clipboard:")
    programs("xclip")
    with pytest.raises(cn.FileProblem, match="neither a picture nor a text"):
        cn.read("clipboard:")
    monkeypatch.delenv("DISPLAY")
    with pytest.raises(cn.FileProblem, match="a desktop"):
        cn.read("clipboard:")
