"""Random networks written by many hands in each dialect: what is read is what was drawn."""

from itertools import pairwise
from random import Random

import pytest
from tests.notation.dialects import writers as w

from chalknet.notation import recognise
from chalknet.notation.dialects.ascii_reader import read_ascii_sketch
from chalknet.notation.dialects.d2 import read_d2_sketch
from chalknet.notation.dialects.graph_files import read_gml_sketch, read_graphml_sketch
from chalknet.notation.dialects.plantuml import read_plantuml_sketch
from chalknet.notation.dialects.tikz_reader import read_tikz_sketch

MATHS = w.TIKZ
READERS = {
    **dict.fromkeys(w.TIKZ, ("tikz", read_tikz_sketch)),
    **dict.fromkeys(w.PLANTUML, ("plantuml", read_plantuml_sketch)),
    **dict.fromkeys(w.D2, ("d2", read_d2_sketch)),
    **dict.fromkeys(w.FILES[:2], ("graphml", read_graphml_sketch)),
    w.gml: ("gml", read_gml_sketch),
    w.ascii_list: ("ascii", read_ascii_sketch),
    w.ascii_columns: ("ascii", read_ascii_sketch),
}
DENSE = {w.tikz_loops, w.plantuml_loops, w.d2_globs, w.ascii_columns}
LABELLED = {
    w.tikz_plain,
    w.tikz_beside,
    w.plantuml_plain,
    w.plantuml_packages,
    w.d2_plain,
    w.d2_containers,
    *w.FILES,
}
SHOW_LINKED_ALONE = {w.ascii_list}  # which says nothing of a unit without a line


def drawn(sketch):
    """Return the labels of the units, and the lines between labels."""
    units = sorted(node.text for node in sketch.nodes.values() if node.shape != "plaintext")
    label = {node.key: node.text for node in sketch.nodes.values()}
    links = sorted(
        (label[link.source], label[link.target], link.label) for link in sketch.links if link.visible
    )
    assert all(link.directed for link in sketch.links)
    return units, links


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("writer", READERS, ids=lambda writer: writer.__name__)
def test_a_network_is_read_as_it_is_drawn(writer, seed):
    true = w.truth(seed, dense=writer in DENSE or None, maths=writer in MATHS, labelled=writer in LABELLED)
    text = writer(true, Random(seed))
    form, read = READERS[writer]
    units, links = drawn(read(text))
    assert links == sorted((*pair, label) for pair, label in true.links.items())
    linked = {end for pair in true.links for end in pair}
    assert units == sorted(unit for unit in true.place if unit in linked or writer not in SHOW_LINKED_ALONE)
    assert recognise(text).name == form


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(
    "writer", [w.tikz_beside, w.plantuml_packages, w.d2_containers], ids=lambda writer: writer.__name__
)
def test_the_frames_around_layers_are_groups_with_their_titles(writer, seed):
    true = w.truth(seed, maths=writer in MATHS)
    sketch = READERS[writer][1](writer(true, Random(seed)))
    held = {
        group.title: sorted(n.text for n in sketch.nodes.values() if n.group == key)
        for key, group in sketch.groups.items()
    }
    assert held == {title: sorted(layer) for title, layer in zip(true.titles, true.layers, strict=True)}


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("writer", [*w.TIKZ, w.graphml, w.gml], ids=lambda writer: writer.__name__)
def test_layers_are_drawn_from_left_to_right(writer, seed):
    if writer is w.tikz_graph:
        return  # whose places are chosen by TikZ
    true = w.truth(seed, dense=writer in DENSE or None, maths=writer in MATHS)
    sketch = READERS[writer][1](writer(true, Random(seed)))
    x = {node.text: node.place.x for node in sketch.nodes.values() if node.place}
    for before, after in pairwise(true.layers):
        assert max(x[unit] for unit in before) < min(x[unit] for unit in after)


@pytest.mark.parametrize("seed", range(10))
def test_boxes_of_characters_are_a_chain(seed):
    true = w.truth(seed)
    text = w.ascii_boxes(true, Random(seed))
    sketch = read_ascii_sketch(text)
    wanted = [f"{title}\n{len(layer)} units" for title, layer in zip(true.titles, true.layers, strict=True)]
    assert sorted(node.text for node in sketch.nodes.values()) == sorted(wanted)
    label = {node.key: node.text for node in sketch.nodes.values()}
    assert sorted((label[link.source], label[link.target]) for link in sketch.links) == sorted(
        pairwise(wanted)
    )
    assert recognise(text).name == "ascii"
    assert not sketch.unread
