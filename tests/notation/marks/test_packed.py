"""Drawings packed into other files, pages chosen, and files that are damaged or mean harm."""

import base64
import json
import struct
import zlib
from html import escape
from random import Random
from urllib.parse import quote

import pytest
from tests.notation.marks.program_writers import excalidraw
from tests.notation.marks.truths import truth_of, wrong_with

import chalknet as cn
from chalknet.errors import ChalknetError, NotationError
from chalknet.notation.marks import read_picture


def cell(key, x, words="", style="ellipse;", y=0):
    return (
        f'<mxCell id="{key}" value="{words}" style="{style}" vertex="1" parent="1">'
        f'<mxGeometry x="{x}" y="{y}" width="40" height="40" as="geometry"/></mxCell>'
    )


def arrow(source, target, more=""):
    return (
        f'<mxCell id="{source}{target}" edge="1" parent="1" source="{source}" target="{target}" {more}>'
        f'<mxGeometry relative="1" as="geometry"/></mxCell>'
    )


def model(hidden=8):
    cells = [
        cell("a", 0, "x1"),
        cell("b", 0, "x2", y=80),
        cell("c", 200, f"Dense {hidden} ReLU", "rounded=1;"),
    ]
    cells += [cell("d", 400, "Output 1 sigmoid", ""), arrow("a", "c"), arrow("b", "c"), arrow("c", "d")]
    return f'<mxGraphModel><root><mxCell id="0"/><mxCell id="1" parent="0"/>{"".join(cells)}</root></mxGraphModel>'


NETWORK = "2 -> 8 relu -> 1 sigmoid"
PAGES = f'<mxfile><diagram name="one">{model()}</diagram><diagram name="two">{model(9)}</diagram></mxfile>'


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(*chunks):
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", bytes(13)) + b"".join(chunks) + chunk(b"IEND", b"")


def test_a_page_of_drawio_is_read_to_its_network():
    assert cn.read(model()) == cn.read(NETWORK)


def test_of_several_pages_one_is_asked_for_and_read_by_its_name():
    with pytest.raises(
        NotationError, match=r"2 pages with something drawn; wanted one of the pages 'one', 'two'.*--name"
    ):
        cn.read(PAGES)
    assert cn.read(PAGES, name="two") == cn.read("2 -> 9 relu -> 1 sigmoid")
    with pytest.raises(NotationError, match="no page with something drawn of the name 'three'"):
        cn.read(PAGES, name="three")


def test_the_drawing_inside_an_svg_of_drawio_is_read():
    inside = escape(f"<mxfile><diagram>{model()}</diagram></mxfile>")
    assert cn.read(f'<svg xmlns="http://www.w3.org/2000/svg" content="{inside}"><g/></svg>') == cn.read(
        NETWORK
    )
    viewer = escape(json.dumps({"xml": f"<mxfile><diagram>{model()}</diagram></mxfile>"}))
    assert cn.read(f'<html><div class="mxgraph" data-mxgraph="{viewer}"></div><svg/></html>') == cn.read(
        NETWORK
    )


@pytest.mark.parametrize("kind", [b"tEXt", b"zTXt"])
def test_the_drawing_inside_a_png_of_drawio_is_read(tmp_path, kind):
    text = quote(f"<mxfile><diagram>{model()}</diagram></mxfile>").encode()
    data = b"mxfile\0" + (text if kind == b"tEXt" else b"\0" + zlib.compress(text))
    (tmp_path / "net.drawio.png").write_bytes(png(chunk(kind, data)))
    assert cn.read(tmp_path / "net.drawio.png") == cn.read(NETWORK)


def test_the_scene_inside_an_svg_of_excalidraw_is_read():
    truth = truth_of(1001)
    scene = excalidraw(truth, Random(1))
    packed = {"version": "1", "encoding": "bstring", "compressed": True}
    packed["encoded"] = zlib.compress(scene.encode()).decode("latin-1")
    payload = base64.b64encode(json.dumps(packed).encode()).decode()
    marks = "<!-- payload-type:application/vnd.excalidraw+json --><!-- payload-version:2 -->"
    sketch = read_picture(f"<svg>{marks}<!-- payload-start -->{payload}<!-- payload-end --><g/></svg>")
    assert not wrong_with(truth, sketch)


def deflated(data):
    packing = zlib.compressobj(9, zlib.DEFLATED, -15)
    return base64.b64encode(packing.compress(data) + packing.flush()).decode()


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path):
    zeros = bytes(45_000_000)
    with pytest.raises(NotationError, match="unpacks to more than"):
        cn.read(f"<mxfile><diagram>{deflated(zeros)}</diagram></mxfile>")
    (tmp_path / "bomb.png").write_bytes(png(chunk(b"zTXt", b"mxfile\0\0" + zlib.compress(zeros))))
    with pytest.raises(NotationError, match="unpacks to more than"):
        cn.read(tmp_path / "bomb.png")


HOSTILE = {
    "use bomb": "<svg><g id='a0'><circle r='3'/></g>"
    + "".join(f"<g id='a{i + 1}'>" + f"<use href='#a{i}'/>" * 10 + "</g>" for i in range(8))
    + "</svg>",
    "use of itself": '<svg><g id="a"><use href="#a"/><use href="#a"/></g></svg>',
    "deep": "<svg>" + "<g>" * 50_000 + "</g>" * 50_000 + "</svg>",
    "entities": '<!DOCTYPE s [<!ENTITY a "lol"><!ENTITY b "&a;&a;">]><svg>&b;</svg>',
    "many names": '<!DOCTYPE s [<!ENTITY a "http://x">]><svg>' + "&a;" * 20_000 + "</svg>",
    "no numbers": '<svg><circle cx="nan" r="inf"/><line x2="1e999" stroke="red"/><path d="M0 0A1 1 0 0 1 e e" stroke="red"/></svg>',
    "long path": f'<svg><path stroke="red" d="M0 0{"h1v1" * 100_000}"/></svg>',
    "dots": "<svg>" + "".join(f'<circle cx="{i * 37 % 101}" cy="{i * 53 % 103}" r="1"/>' for i in range(4_000)) + "</svg>",
    "nested": "<svg>" + "".join(f'<circle r="{i}" stroke="red"/>' for i in range(1, 3_000)) + "</svg>",
    "piled heads": "<svg>" + '<path d="M0 0L90 0" stroke="red"/><path d="M90 0l-5 2v-4z"/>' * 2_000 + "</svg>",
    "rules": "<svg><style>" + "g g .a{fill:red}" * 5_000 + "</style>" + "<circle class='a' r='5'/>" * 2_000 + "</svg>",
    "own parent": '<mxGraphModel><root><mxCell id="a" parent="b" vertex="1"/><mxCell id="b" parent="a" vertex="1"/></root></mxGraphModel>',
    "no base64": "<mxfile><diagram>!!!</diagram></mxfile>",
    "no deflate": f"<mxfile><diagram>{base64.b64encode(b'abc').decode()}</diagram></mxfile>",
    "empty": "<mxfile/>",
    "cut scene": '{"type":"excalidraw","elements":[{]}',
    "deep scene": '{"type":"excalidraw","elements":' + "[" * 100_000,
    "odd scene": '{"type":"excalidraw","elements":[{"type":"arrow","points":[[1e999,"a"],[null]],"x":{}},{"type":"text","text":5},7]}',
    "notes": "---\nexcalidraw-plugin: parsed\n---\n```compressed-json\nN4Ig\n```",
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.timeout(20)
def test_what_is_damaged_or_means_harm_is_refused(name):
    with pytest.raises(ChalknetError) as problem:
        cn.read(HOSTILE[name])
    assert problem.value.wanted and problem.value.remedy


def test_hidden_elements_are_not_seen():
    two = '<circle cx="0" r="9" stroke="red"/><circle cx="99" r="9" stroke="red"/><path d="M9 0H90" stroke="red"/>'
    hidden = [
        '<g style="display:none">{}</g>', '<g opacity="0">{}</g>', '<g visibility="hidden">{}</g>', "<defs>{}</defs>",
        '<g clip-path="url(#c)">{}</g>', '<style>.no *{{visibility:hidden}}</style><g class="no">{}</g>',
    ]  # fmt: skip
    third = '<circle cx="50" cy="70" r="9" stroke="red"/><path d="M9 0L48 62" stroke="red"/>'
    clip = '<clipPath id="c"><rect x="500" width="9" height="9"/></clipPath>'
    for around in hidden:
        sketch = read_picture(f"<svg>{clip}{two}{around.format(third)}</svg>")
        assert (len(sketch.nodes), len(sketch.links)) == (2, 1), around


def test_letters_drawn_as_shapes_are_told():
    glyphs = '<symbol id="glyph-0-1"><path d="M0 0L1 5L2 0z"/></symbol>'
    with pytest.raises(
        NotationError, match=r"2 letters are drawn as shapes and cannot be read.*Export its words as text"
    ):
        cn.read(f'<svg>{glyphs}<circle r="9"/><use href="#glyph-0-1"/><use href="#glyph-0-1" x="5"/></svg>')


def test_names_of_spaces_as_illustrator_writes_them_are_read():
    head = '<!DOCTYPE svg [<!ENTITY ns_svg "http://www.w3.org/2000/svg">]><svg xmlns="&ns_svg;">'
    two = '<circle cx="0" r="9" stroke="red"/><circle cx="99" r="9" stroke="red"/><path d="M9 0H90" stroke="red"/>'
    assert (
        len(read_picture(f"{head}<text>&nbsp;</text>{two}</svg>".replace("<text>&nbsp;</text>", "")).links)
        == 1
    )
    assert len(read_picture(f'<svg>{two}<text x="0" y="40">a&nbsp;b</text></svg>').links) == 1


def test_what_is_used_deep_within_groups_and_other_uses_is_seen():
    unit = '<g id="u0"><circle r="9" stroke="red"/></g>'
    unit += "".join(f'<g id="u{n + 1}"><use href="#u{n}"/></g>' for n in range(8))
    two = '<use href="#u8"/><use href="#u8" x="99"/><path d="M9 0H90" stroke="red"/>'
    sketch = read_picture(f"<svg><defs>{unit}</defs>{'<g>' * 40}{two}{'</g>' * 40}</svg>")
    assert (len(sketch.nodes), len(sketch.links)) == (2, 1)
