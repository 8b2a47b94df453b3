"""What is no feed-forward network, told with the reason."""

from __future__ import annotations

from chalknet.notation.drawings.agreement import is_one_to_one
from chalknet.notation.drawings.labels import plain
from chalknet.notation.drawings.levels import Sorted
from chalknet.notation.drawings.sketch import Sketch
from chalknet.notation.drawings.vocabulary import is_weight, said


def refuse_foreign(sketch: Sketch) -> None:
    """Raise CannotExpress for a layer that no network here has, such as a convolution."""
    texts = [(node.text, node.at) for node in sketch.nodes.values()]
    texts += [(group.title, 0) for group in sketch.groups.values()]
    texts += [(label, 0) for label in {link.label for link in sketch.links}]
    for text, at in texts:
        what = said(text)
        if what.foreign:
            got = f"{what.foreign!r}, a layer that no network here has"
            raise sketch.not_a_chain(at, got=got, wanted="linear maps, activations, Dropout and Flatten")


def refuse_branches(sketch: Sketch, found: Sorted) -> None:
    """Raise CannotExpress for boxes of several units each that stand side by side."""
    for level in found.levels:
        boxes = [unit for unit in level.units if said(unit.text).counted or said(unit.text).in_width]
        if len(level.units) > 1 and any(said(unit.text).width != 1 for unit in boxes):
            same = len({said(unit.text).width for unit in boxes}) == 1
            if same and len(boxes) == len(level.units) and level.dots:
                continue  # rows of observations
            example = plain(boxes[0].text).splitlines()[0]
            got = f"{len(level.units)} layers side by side, such as {example}"
            raise sketch.not_a_chain(boxes[0].at, got=got, wanted="one layer behind the other")


def refuse_other_charts(sketch: Sketch, found: Sorted) -> None:
    """Refuse a flowchart of something else: it has no sign of a network."""
    texts = [unit.text for level in found.levels for unit in level.units]
    labels = [link.label for level in found.levels for link in level.links if link.label]
    words = [plain(label).lower() for label in labels]
    decides = any(word in ("yes", "no", "true", "false", "예", "아니오", "是", "否", "sí") for word in words)
    notes = [text for level in found.levels for text in level.texts] + found.captions
    known = [said(text) for text in (*texts, *notes, *labels)]
    signs = any(
        one.steps or one.operation or one.role or one.sure or one.state or one.bias is not None
        for one in known
    ) or any(is_weight(label) for label in labels)
    short = all(len(plain(text)) <= 24 and plain(text).count(" ") <= 2 for text in texts)
    wide = max(len(level.units) for level in found.levels) > 1
    dense = all(
        len(level.links) == len(level.units) * len(before.units) or is_one_to_one(level, before)
        for before, level in zip(found.levels, found.levels[1:], strict=False)
    )
    names = all(len(plain(text)) <= 6 for text in texts)
    if not dense and wide and not decides and signs:
        found.notes.append("not every node is connected to every node of the next layer: read as if it were")
    if decides or not (signs or (short and wide and dense) or names):
        raise sketch.source.refuse(
            None,
            got="a chart in which nothing speaks of a network",
            wanted="layers: widths, units, activations or weights",
            remedy="Write the widths and activations into the boxes, such as 'Dense 32 relu'.",
        )
