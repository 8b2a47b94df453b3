"""The rules by which a column gets its role: what speaks for a layer, an activation, a value, a mere hand-over."""

from __future__ import annotations

import re

from chalknet.network import Flatten
from chalknet.notation.drawings.beside import beside, is_only
from chalknet.notation.drawings.columns import UnitColumn, index_gap
from chalknet.notation.drawings.facts import LOOSE, POINTS, ROUND
from chalknet.notation.drawings.labels import plain
from chalknet.notation.drawings.rules import Role, Rule
from chalknet.notation.drawings.view import SOFTMAXES, View, activates
from chalknet.notation.drawings.vocabulary import adds_bias, is_dots
from chalknet.notation.drawings.widths import width_of
from chalknet.notation.drawings.words import LAYER, pattern

_X = pattern(r"(?:[xX]|input|feature|in)[\W_]?.{0,6}")
_X1 = pattern(r"(?:[xXiI]|in|In|input|Input|p)[\W_]{0,2}\d[\W_]{0,2}")
_Y = pattern(r"(?:y|o|out|output|a|z|h)[\W_]{0,2}\d{0,6}[\W_]{0,3}", re.I)
_LAYER_WORD = pattern(r"layer|schicht|capa|couche|camada|strato|warstwa|слой|층|层|層", re.I)
_OUTPUT_WORD = pattern(r"output|ausgabe|salida|sortie|saída|uscita|wyjści|выход|출력|输出|輸出|出力", re.I)
_UNIT_NAME = pattern(r"(?:[^\W\d_]{1,2}|out|output|unit|neuron|node|class)[\W_]{0,2}\d{0,4}\s*[|,\n]", re.I)
_ARGMAX = pattern(r"arg ?max", re.I)
_OUT_NAME = pattern(r"(?:y|ŷ|o|out|output|class)[\W_]{0,2}\d{0,6}[\W_]{0,3}.{0,20}", re.I | re.S)
_ANSWER = pattern(
    r"arg ?max|(?:predicted|final|winning) (?:class|label|category|digit)|^(?:the )?(?:class|decision|verdict|prediction|max)$|预测类别|예측 ?클래스|予測クラス|clase predicha|classe prédite|vorhergesagte klasse|класс",
    re.I,
)


def _loose(column: UnitColumn) -> bool:
    return bool(column.units) and all(unit.shape in LOOSE for unit in column.units)


def _round(column: UnitColumn) -> bool:
    return bool(column.units) and all(unit.shape in ROUND for unit in column.units)


def _points(column: UnitColumn) -> bool:
    return all(unit.shape in POINTS for unit in column.units)


def _only(column: UnitColumn, kind: str) -> bool:
    """Return whether each of its labels says nothing but that it is such a thing."""
    return all(is_only(unit.text, kind) for unit in column.units[:20])


def _speaks(column: UnitColumn, kind: str) -> bool:
    return any(kind in beside(unit.text) for unit in column.units[:20])


def _nameless(column: UnitColumn) -> bool:
    return all(not plain(unit.text) or unit.shape in POINTS for unit in column.units)


def _names_layer(column: UnitColumn) -> bool:
    """Return whether it says which layer it is, and not only that it is the result."""
    if column.title.role in ("hidden", "output"):
        return True
    plainly = column.said.role == "output" and not (
        column.is_single and _only(column, "result") and not _LAYER_WORD.search(column.said.text)
    )
    return column.said.role == "hidden" or plainly


def _closes_row(v: View) -> bool:
    """Return whether it is the output behind columns that say which layers they are, as in `Input`, `Hidden`, `Output`."""
    before = {column.said.role or column.title.role for column in v.columns[: v.at]}
    return (
        "hidden" in before
        and "output" not in before
        and v.said.role == "output"
        and bool(_OUTPUT_WORD.search(v.said.text))
    )


def _other_count(v: View) -> bool:
    """Return whether it has another number of units than the value that arrives."""
    return (
        isinstance(v.now, int)
        and v.reading.was_function
        and len(v.here.units) + v.here.left_out != v.now
        and not v.here.dots
        and v.last_role == "activation"
        and not _one_box(v)
    )


def _one_box(v: View) -> bool:
    return (
        v.here.is_single
        and len(v.columns[v.reading.maps[-1].column if v.reading.maps else v.reading.start].units) == 1
    )


def _says_role(column: UnitColumn, role: str) -> bool:
    return role in (column.said.role, column.title.role)


def _states(column: UnitColumn) -> bool:
    """Return whether it states a map, an activation or a width in so many words."""
    return _states_more(column) or column.said.sure or column.title.sure


def _states_more(column: UnitColumn) -> bool:
    """Return whether it or its title states a map or an activation."""
    return any(one.operation or one.steps or one.linear for one in (column.said, column.title))


def _in_width(v: View) -> bool:
    """Return whether a width is stated that differs from the one before; on a box of a step it is a fact of the step."""
    if v.separate and v.is_bare and v.said.only_steps and not v.said.counted:
        return False
    stated = v.whole.stated[v.at]
    return stated is not None and stated != v.now and not v.gives_width


def _lists_outputs(v: View) -> bool:
    """Return whether the units are the outputs of the box before them, one by one."""
    count, before = len(v.here.units), v.before.said
    if not v.before.is_single or count < 2 or not isinstance(v.now, int):
        return False
    if v.last_role == "activation" and before.only_steps and not _names_softmax(v.before):
        return False  # one box for all units before it, and a layer behind it
    by_index, _ = index_gap(v.here.units, v.here.dots)
    if before.role == "hidden" or (by_index is not None and by_index != v.now):
        return False
    return v.now == count + v.here.left_out or (v.here.dots and count < v.now)


def _drawn_alike(one: UnitColumn, other: UnitColumn) -> bool:
    return {unit.shape for unit in one.units} == {unit.shape for unit in other.units}


def _for_all(v: View) -> bool:
    """Return whether one box is a function of all the units before it, as softmax is drawn.

    A unit with the same word is drawn as those before it are, and has an arrow or a role of its own.
    """
    said, units = v.said, v.before.units
    if not v.here.is_single or len(units) + v.before.dots < 2 or said.operation or not said.only_steps:
        return False
    if (
        not v.is_bare
        or v.here.is_weighty
        or v.here.biases
        or (said.role and said.text != v.here.units[0].text)
    ):
        return False
    if _names_softmax(v.here):
        return True
    if _other_shape(v) or len(v.after.units) == len(units) or (v.before.texts and not v.here.texts):
        return True
    if all(_OUT_NAME.fullmatch(plain(unit.text)) for unit in units):
        return True
    result = _only(v.after, "result") and not (
        _drawn_alike(v.after, v.before) and _OUT_NAME.fullmatch(v.after.said.text)
    )
    goes_on = not (v.is_last or result or _loose(v.after) or _points(v.after))
    return goes_on and not any(column.said.steps for column in v.columns if len(column.units) > 1)


def _names_softmax(column: UnitColumn) -> bool:
    return any(step in SOFTMAXES for step in (*column.said.steps, *column.title.steps))


def _one_answer(v: View) -> bool:
    """Return whether it picks one of the outputs before it: argmax, or an answer behind units that are outputs."""
    if not (v.is_last and v.here.is_single and len(v.before.units) > 1) or v.here.biases or v.here.is_weighty:
        return False
    if not (_ANSWER.search(v.said.text) or _only(v.here, "result")):
        return False
    outputs = all(_OUT_NAME.fullmatch(plain(unit.text)) for unit in v.before.units)
    return (
        bool(_ARGMAX.search(v.said.text))
        or outputs
        or _names_softmax(v.before)
        or _says_role(v.before, "output")
    )


def _behind_output(v: View) -> bool:
    """Return whether it stands behind a column that is titled as the output, and has no title itself."""
    titles = [column.title.role for column in v.columns[max(v.at - 2, 0) : v.at] if column.texts]
    return titles[-1:] == ["output"] and not v.here.texts and v.here.units[0].group != v.before.units[0].group


def _drawn_as_units(v: View) -> bool:
    """Return whether one node is drawn as the units are, behind one box for an activation that is drawn otherwise."""
    shapes = {unit.shape for column in v.columns if len(column.units) > 1 for unit in column.units}
    here, before = ({unit.shape for unit in column.units} for column in (v.here, v.before))
    for_all = v.last_role == "activation" and len(v.columns[v.at - 2].units) > 1
    named = bool(v.said.steps) and not v.said.only_steps
    alike = here <= shapes and not before & shapes
    result = _only(v.here, "result") and not (alike and _OUT_NAME.fullmatch(v.said.text))
    return for_all and v.here.join == "one" and (named or alike) and not result


def _other_shape(v: View) -> bool:
    """Return whether it is drawn in another shape than the units before it."""
    shape = v.here.units[0].shape
    return (
        bool(v.before.units) and shape not in ROUND and shape not in {unit.shape for unit in v.before.units}
    )


def _value_of_sum(v: View) -> bool:
    """Return whether it writes out the sum before it once more, such as `z = w·x + b` behind `Σ`."""
    said = v.said
    sums = said.operation and said.state and said.width is None and not said.steps
    if isinstance(v.now, int) and v.now > 1 and not v.all_single:
        return False  # one sum behind a box for a layer is a unit
    return sums and v.is_bare and v.here.join == "one" and not v.here.weights and not v.edge.matrix


def _names_function(v: View) -> bool:
    if not v.all_single and _UNIT_NAME.match(v.said.text):
        return False
    return v.here.join == "one" and v.said.is_function and bool(v.said.steps) and not v.said.operation


def _edge_applies(v: View) -> bool:
    """Return whether the steps on the arrows are all that they stand for."""
    if not v.edge.steps or v.edge.operation:
        return False
    return (
        v.here.join == "each"
        or Flatten() in v.edge.steps
        or (
            v.here.join == "one"
            and (v.reading.is_open or (v.is_bare and not v.said.operation) or not activates(v.edge.steps))
        )
    )


def _counted_behind(v: View) -> bool:
    """Return whether a later box states how many features arrive, with nothing of a network before it."""
    if _states(v.here) or v.said.width is not None or len(v.said.text) <= 3:
        return False
    for column in v.columns[v.at + 1 : -1]:
        said = column.said
        if not column.is_single or said.operation or said.steps:
            return False
        if said.sure:
            return said.role in ("", "input")
    return False


_INPUT: tuple[Rule[View], ...] = (
    Rule("it comes first", "input", 1, lambda v: v.at == 0),
    Rule("it says that it is the input", "input", 2, lambda v: _says_role(v.here, "input")),
    Rule("its units are named as inputs are", "input", 1, lambda v: all(_X.fullmatch(plain(unit.text)) for unit in v.here.units)),
    Rule("it says that it is another layer", "input", -3, lambda v: v.said.role in ("hidden", "output")),
    Rule("it states how many there are", "input", 2, lambda v: v.here.is_single and v.said.sure and not v.said.operation),
    Rule("it names an operation", "input", -5, lambda v: v.here.is_single and v.said.operation and not v.said.state and v.said.role != "input"),
    Rule("its words are those of data, and many stand behind it", "input", -3,
         lambda v: v.here.is_single and _only(v.here, "sample") and len(v.after.units) > 1 and not v.said.sure),
    Rule("its words are those of data, and the next says that it is the input", "input", -2,
         lambda v: _says_role(v.after, "input") and not v.said.sure),
)  # fmt: skip
_HAND_IN: tuple[Rule[View], ...] = (
    Rule("a column leads into the input", "hand-in", -1, lambda v: True),
    Rule("each leads to the one opposite", "hand-in", 3, lambda v: v.after.join == "each" and not v.after.said.steps and not v.after.edge.steps),
    Rule("the next says that it is the input", "hand-in", 3, lambda v: _says_role(v.after, "input") and not v.after.said.operation),
    Rule("the next are named as inputs are, and it is not", "hand-in", 2,
         lambda v: len(v.after.units) > 1 and all(_X.fullmatch(plain(unit.text)) for unit in v.after.units) and not v.said.role),
    Rule("its words are those of data", "hand-in", 1.5, lambda v: _speaks(v.here, "sample")),
    Rule("it states nothing, and one behind it states how many features arrive", "hand-in", 2.5, _counted_behind),
    Rule("the next is named as inputs are, and it is not", "hand-in", 3,
         lambda v: v.after.join == "one" and v.here.is_single and _X1.fullmatch(plain(v.after.units[0].text)) and not _X1.fullmatch(plain(v.here.units[0].text)) and not v.said.role),
    Rule("a point as the start of an arrow", "hand-in", 3, lambda v: _points(v.here)),
    Rule("it states as many as stand behind it", "hand-in", 6,
         lambda v: v.said.sure and len(v.after.units) > 1 and v.said.width == width_of(v.columns, v.at + 1).value),
    Rule("it is only written, and the next is framed", "hand-in", 2, lambda v: _loose(v.here) and not _loose(v.after)),
    Rule("a point without a name", "hand-in", 2, lambda v: _nameless(v.here) and not any(_nameless(column) for column in v.columns[v.at + 1 : -1])),
    Rule("it states a map, an activation or a width", "hand-in", -3, lambda v: v.said.operation or v.said.steps or v.said.counted),
    Rule("the title of the next names a map or an activation", "hand-in", -4,
         lambda v: v.after.title.operation or v.after.title.steps or v.after.title.linear),
    Rule("it states a width", "hand-in", -1.5, lambda v: v.said.sure),
    Rule("each of several leads to all", "hand-in", -7, lambda v: len(v.here.units) > 1 and v.after.join in ("all", "some")),
    Rule("one box of data before several units", "hand-in", 2,
         lambda v: v.here.is_single and _only(v.here, "sample") and not v.said.sure and len(v.after.units) > 1),
    Rule("data in another shape than the units behind it", "hand-in", 2,
         lambda v: _speaks(v.here, "sample") and len(v.after.units) > 1 and v.here.units[0].shape not in {unit.shape for unit in v.after.units}),
    Rule("it says that it is data, and the next stand under a title of inputs", "hand-in", 1.5,
         lambda v: _only(v.here, "sample") and v.after.title.role == "input"),
    Rule("one leads to several", "hand-in", -1.5, lambda v: v.here.is_single and len(v.after.units) > 1),
    Rule("numbers stand on the arrows behind it", "hand-in", -4, lambda v: v.after.is_weighty),
)  # fmt: skip
_FIRST: tuple[Rule[View], ...] = (
    Rule("no input is drawn before the operation", "operation", 5,
         lambda v: v.here.is_single and v.said.operation and not v.said.state and v.said.role != "input"),
    Rule("no input is drawn", "operation", -2, lambda v: True),
)  # fmt: skip
_UNIT: tuple[Rule[View], ...] = (
    Rule("each unit is joined with all before it", "unit", 3, lambda v: v.here.join == "all" and len(v.before.units) > 1),
    Rule("one is joined with each", "unit", 1.5, lambda v: v.here.join == "all" and len(v.before.units) == 1),
    Rule("one unit behind a box for a whole layer", "unit", 3,
         lambda v: not v.all_single and v.last_role == "unit" and v.here.join == "one" and isinstance(v.now, int) and v.now > 1
         and not v.said.only_steps and v.whole.stated[v.at] in (None, 1)),
    Rule("it is drawn as units are, and the activation before it is not", "unit", 5, _drawn_as_units),
    Rule("units are joined with some before them", "unit", 2, lambda v: v.here.join == "some"),
    Rule("weights stand on the arrows", "unit", 3, lambda v: v.here.is_weighty and v.here.join != "each"),
    Rule("the arrows name a map", "unit", 3, lambda v: v.edge.operation),
    Rule("the arrows name an activation between layers", "unit", 2, lambda v: v.edge.steps and not _edge_applies(v)),
    Rule("it names a map", "unit", 3, lambda v: v.said.operation),
    Rule("it states a width of its own", "unit", 3, _in_width),
    Rule("it states a number of units", "unit", 2, lambda v: v.whole.stated[v.at] is not None and (v.said.steps or v.said.counted or not v.reading.was_function)),
    Rule("a matrix of weights leads here", "unit", 4, lambda v: v.here.weights or v.edge.matrix),
    Rule("it says which layer it is", "unit", 1.5, lambda v: _names_layer(v.here)),
    Rule("it closes a row of input, hidden and output", "unit", 2, _closes_row),
    Rule("its units are named as inputs are, behind one node", "unit", -2,
         lambda v: len(v.before.units) == 1 and len(v.here.units) > 1 and all(_X1.fullmatch(plain(unit.text)) for unit in v.here.units)),
    Rule("it says that it is the input", "unit", -3, lambda v: v.said.role == "input" and not v.said.operation),
    Rule("its title names a map, an activation or that there is none", "unit", 2.5,
         lambda v: v.here.join != "each" and (v.title.operation or v.title.steps or v.title.linear)),
    Rule("it has biases of its own", "unit", 2, lambda v: v.here.biases),
    Rule("its name is that of a linear map's value", "unit", 2,
         lambda v: v.said.state and not v.said.operation and v.here.join == "one" and not v.gives_width and not v.said.steps),
    Rule("it names only an activation, and none is known yet", "unit", -3, lambda v: _names_function(v) and v.reading.is_open),
    Rule("it names only an activation, as other boxes do", "unit", -2, lambda v: _names_function(v) and v.separate),
    Rule("its value is activated already: the activation of another layer", "unit", 2,
         lambda v: _names_function(v) and v.activates and not v.reading.is_open and not v.separate and not v.reading.was_function),
    Rule("each hangs on the one opposite alone", "unit", -4, lambda v: v.here.join == "each"),
    Rule("it states how many come out of what was done", "unit", -4, lambda v: v.gives_width),
    Rule("it only shows the value of what was done", "unit", -2, lambda v: v.reading.was_function and not _states(v.here) and not _in_width(v) and not _other_count(v)),
    Rule("it is one box for all units before it", "unit", -3, _for_all),
    Rule("it is the value of a sum", "unit", -3,
         _value_of_sum),
    Rule("its words are those of data", "unit", -3, lambda v: _speaks(v.here, "sample") and not _states_more(v.here)),
    Rule("one behind one, and it states nothing", "unit", -1, lambda v: v.here.join == "one" and not _states(v.here) and not v.said.role),
    Rule("a bias is added", "unit", -5, lambda v: adds_bias(v.said.text) and v.here.join == "one"),
    Rule("it picks one of the outputs", "unit", -3, _one_answer),
    Rule("it picks the largest, and learns nothing", "unit", -6, lambda v: _ARGMAX.search(v.said.text)),
    Rule("the one before is titled as the output", "unit", -2, lambda v: _behind_output(v) and not v.here.is_weighty and not v.said.operation),
    Rule("a value between others", "unit", -4, lambda v: "tensor" in v.said.text.lower()),
)  # fmt: skip
_ACTIVATION: tuple[Rule[View], ...] = (
    Rule("each on the one opposite, and it names an activation", "activation", 4, lambda v: v.here.join == "each" and v.steps),
    Rule("it names only a function", "activation", 2, _names_function),
    Rule("the activation before it is not known yet", "activation", 2, lambda v: _names_function(v) and v.reading.is_open),
    Rule("it names a step that is no activation", "activation", 2, lambda v: _names_function(v) and not v.activates),
    Rule("the arrows name it", "activation", 4, _edge_applies),
    Rule("one box for all units before it", "activation", 6, _for_all),
    Rule("it states a number of units", "activation", -4, lambda v: v.said.counted or (v.said.steps and _in_width(v) and not (v.separate and v.is_bare))),
    Rule("the activation is known already", "activation", -2,
         lambda v: v.activates and not v.reading.is_open and not v.separate and not v.reading.was_function),
    Rule("weights stand on the arrows", "activation", -3,
         lambda v: v.here.is_weighty and v.here.join != "each" and not (v.said.steps and (v.reading.is_open or v.separate))),
    Rule("each unit is joined with all before it", "activation", -5,
         lambda v: v.here.join in ("all", "some") and not _for_all(v) and not _edge_applies(v)),
    Rule("only its title names a step", "activation", -3,
         lambda v: v.here.join != "each" and not v.said.steps and not v.edge.steps),
    Rule("it names a map", "activation", -5, lambda v: v.said.operation),
    Rule("one word for an activation behind several units, drawn as they are", "activation", 6,
         lambda v: v.here.is_single and v.said.only_steps and v.is_bare and len(v.before.units) > 1 and not _for_all(v) and not _edge_applies(v)),
    Rule("the activation on the arrow is that of the box before it", "activation", -4, lambda v: v.whole.arrows_act_before and v.said.counted),
    Rule("a matrix of weights leads here", "activation", -5, lambda v: v.edge.matrix),
    Rule("the arrows name a map", "activation", -4, lambda v: v.edge.operation),
)  # fmt: skip
_UNNAMED: tuple[Rule[View], ...] = (
    Rule("each on the one opposite: a function that nobody names", "unknown", 2,
         lambda v: v.here.join == "each" and v.reading.is_open and not v.steps and not v.said.linear and not v.title.linear),
    Rule("it is the last", "unknown", -0.5, lambda v: v.is_last),
)  # fmt: skip
_ELIDED: tuple[Rule[View], ...] = (
    Rule("dots in the chain stand for layers", "elided", 6, lambda v: v.here.is_single and is_dots(v.here.units[0].text)),
    Rule("it says how many layers are left out", "elided", 6, lambda v: v.layers_left_out),
)  # fmt: skip
_VALUE: tuple[Rule[View], ...] = (
    Rule("a value is shown once more", "value", -1.5, lambda v: True),
    Rule("the value of what was done before", "value", 2.5, lambda v: v.reading.was_function and v.here.join in ("one", "each")),
    Rule("each times its weight", "value", 5, lambda v: v.here.join == "each" and v.said.operation and v.said.state),
    Rule("it states the width that the value has", "value", 1, lambda v: v.reading.was_function and v.whole.stated[v.at] == v.now is not None),
    Rule("it states how many come out of what was done", "value", 5, lambda v: v.gives_width),
    Rule("the value of a box for all units", "value", 6, lambda v: v.last_role == "activation" and v.is_behind_for_all and _names_softmax(v.before)),
    Rule("the value of a sum", "value", 4,
         _value_of_sum),
    Rule("it says that no activation follows", "value", 3,
         lambda v: v.here.join == "each" and v.reading.is_open and (v.said.linear or v.title.linear)),
    Rule("each on the one opposite, whose activation is known", "value", 2, lambda v: v.here.join == "each" and not v.reading.is_open and not v.steps),
    Rule("a bias is added", "value", 6, lambda v: adds_bias(v.said.text) and v.here.join == "one"),
    Rule("a value between others", "value", 5, lambda v: "tensor" in v.said.text.lower()),
    Rule("it states a width of its own", "value", -4, _in_width),
    Rule("it has another number of units than the value", "value", -5, _other_count),
    Rule("it names a step", "value", -3, lambda v: v.said.steps),
    Rule("it names a map", "value", -3, lambda v: v.said.operation and not v.said.state),
    Rule("it says that it is a hidden layer", "value", -3, lambda v: v.said.role == "hidden"),
    Rule("each unit is joined with all before it", "value", -5, lambda v: v.here.join in ("all", "some") and not v.is_behind_for_all),
    Rule("a matrix of weights leads here", "value", -5, lambda v: v.edge.matrix),
    Rule("weights stand on the arrows", "value", -4, lambda v: v.here.is_weighty),
)  # fmt: skip
_HAND_OUT: tuple[Rule[View], ...] = (
    Rule("a column hands out the result", "hand-out", -1, lambda v: True),
    Rule("its words are those of a result", "hand-out", 1, lambda v: _only(v.here, "result")),
    Rule("it says that it is the result, and no unit is called so", "hand-out", 1.5, lambda v: _only(v.here, "result") and not all(_Y.fullmatch(plain(unit.text)) for unit in v.here.units)),
    Rule("an activation stands before it", "hand-out", 1.5, lambda v: v.last_role == "activation" and _only(v.here, "result") and not _says_role(v.here, "output")),
    Rule("a point as the end of an arrow", "hand-out", 3, lambda v: all(unit.shape in POINTS for unit in v.here.units)),
    Rule("one unit behind several values", "hand-out", -1.5, lambda v: v.here.is_single and isinstance(v.now, int) and v.now > 1 and not v.said.steps and not _loose(v.here)),
    Rule("its words are those of data or targets", "hand-out", 2, lambda v: _speaks(v.here, "target") or _speaks(v.here, "sample")),
    Rule("it is only written, and the one before is framed", "hand-out", 2.5, lambda v: _loose(v.here) and not _loose(v.before)),
    Rule("one word for all outputs, without a frame", "hand-out", 4,
         lambda v: v.is_last and v.here.is_single and len(v.before.units) > 1 and _loose(v.here) and not _loose(v.before)),
    Rule("the one before is the output", "hand-out", 1.5, lambda v: _says_role(v.before, "output")),
    Rule("the one before is activated", "hand-out", 0.5, lambda v: not v.reading.is_open),
    Rule("it is one answer for all outputs", "hand-out", 6, _one_answer),
    Rule("the one before is titled as the output", "hand-out", 2, lambda v: _behind_output(v) and not v.said.steps),
    Rule("it hangs on the one opposite", "hand-out", 1, lambda v: v.here.join in ("each", "one")),
    Rule("one unit, and one behind it", "hand-out", 1, lambda v: v.here.join == "one" and v.now in (1, None) and v.at >= 2 and len(v.columns[v.at - 2].units) > 1),
    Rule("it hangs on one of several", "hand-out", 1, lambda v: v.here.join == "some" and len(v.here.links) == 1),
    Rule("it lists the outputs of the box before it", "hand-out", 5,
         _lists_outputs),
    Rule("a point without a name", "hand-out", 2.5, lambda v: _nameless(v.here) and not any(_nameless(column) for column in v.columns[: v.at])),
    Rule("the layers before state their widths, and it does not", "hand-out", 1.5,
         lambda v: v.here.is_single and v.widths_are_stated and v.said.width is None and not v.title.sure),
    Rule("it is drawn in another shape", "hand-out", 0.5, lambda v: _round(v.before) != _round(v.here)),
    Rule("each unit is joined with all before it", "hand-out", -5,
         lambda v: v.here.join == "all" and not _lists_outputs(v)),
    Rule("it names a map", "hand-out", -4, lambda v: v.said.operation),
    Rule("its title says that it is a layer", "hand-out", -3,
         lambda v: v.title.linear or v.title.steps or v.title.operation or any(LAYER.search(text) for text in v.here.texts)),
    Rule("it has another number of units than the value", "hand-out", -2, lambda v: _other_count(v) and not _only(v.here, "result")),
    Rule("it stands under a title that says it is the output", "hand-out", -2, lambda v: v.title.role == "output" and v.before.title.role != "output"),
    Rule("it names an activation", "hand-out", -3, lambda v: v.said.steps or v.edge.steps),
    Rule("it says that no activation follows", "hand-out", -2, lambda v: v.said.linear and v.reading.is_open),
    Rule("it states a width of its own", "hand-out", -4, _in_width),
    Rule("it is the only one that says that it is the output", "hand-out", -2,
         lambda v: (_closes_row(v) or (_says_role(v.here, "output") and _names_layer(v.here))) and not _says_role(v.before, "output")
         and not (v.here.join == "one" and _other_shape(v))),
    Rule("it has biases of its own", "hand-out", -4, lambda v: v.here.biases),
    Rule("a matrix of weights leads here", "hand-out", -5, lambda v: v.edge.matrix),
    Rule("weights stand on the arrows", "hand-out", -4, lambda v: v.here.is_weighty and v.here.join != "each"),
    Rule("all columns are single units", "hand-out", -1.5, lambda v: v.all_single),
)  # fmt: skip

EVIDENCE: dict[Role, tuple[Rule[View], ...]] = {
    "input": _INPUT,
    "hand-in": _HAND_IN,
    "operation": _FIRST,
    "unit": _UNIT,
    "activation": _ACTIVATION,
    "unknown": _UNNAMED,
    "value": _VALUE,
    "elided": _ELIDED,
    "hand-out": _HAND_OUT,
}
