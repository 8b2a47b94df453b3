"""What a column shows within a reading, by itself and beside its neighbours: the signs that rules weigh."""

from __future__ import annotations

import re

from chalknet.network import Flatten
from chalknet.notation.drawings.beside import Beside, beside, is_only
from chalknet.notation.drawings.columns import UnitColumn, index_gap
from chalknet.notation.drawings.facts import LOOSE, POINTS, ROUND, STORES
from chalknet.notation.drawings.labels import plain
from chalknet.notation.drawings.view import SOFTMAXES, View, activates
from chalknet.notation.drawings.words import SAMPLES, any_of, pattern

INPUT_NAME = pattern(r"(?:[xX]|input|feature|in)[\W_]?.{0,6}")
INPUT_INDEX = pattern(r"(?:[xXiI]|in|In|input|Input|p)[\W_]{0,2}\d[\W_]{0,2}")
OUTPUT_NAME = pattern(r"(?:y|o|out|output|a|z|h)[\W_]{0,2}\d{0,6}[\W_]{0,3}", re.I)
_LAYER_WORD = pattern(r"layer|schicht|capa|couche|camada|strato|warstwa|слой|층|层|層", re.I)
_OUTPUT_WORD = pattern(r"output|ausgabe|salida|sortie|saída|uscita|wyjści|выход|출력|输出|輸出|出力", re.I)
_UNIT_NAME = pattern(
    r"(?:[^\W\d_]{1,2}|out|output|unit|neuron|node|class)[\W_]{0,2}\d{0,4}\s*[|,\n]|\d{1,4}\s*[|\n]", re.I
)
_IN_NEURON = pattern(
    r"net[ _]?(?:sum|input)|(?:weighted )?sum|weights?(?:\s*(?:&|and|\+|,)\s*bias(?:es)?)?|z = .{1,30}", re.I
)
_PICKS = pattern(
    r"arg[ _-]?max|(?:ε|eps(?:ilon)?)[ -]?greedy"
    r"|^max(?:imum)?(?:\(.*\))?$|(?:highest|largest|greatest) (?:output|value|score|probability)"
    r"|(?:most likely|winning) (?:class|label)|(?:größte|höchste)[rsn]? (?:wert|ausgabe|wahrscheinlichkeit)"
    r"|plus grande (?:valeur|probabilit)|mayor (?:valor|probabilidad)"
    r"|(?:가장 (?:큰|높은)|최댓?값)|最大(?:値|值|概率|確率|のもの)|максимум|наибольш",
    re.I,
)
_OUT_NAME = pattern(r"(?:y|ŷ|o|out|output|class)[\W_]{0,2}\d{0,6}[\W_]{0,3}.{0,20}", re.I | re.S)
_DATA_FILE = pattern(
    r"[\w-]{1,40}\.(?:csv|tsv|xlsx?|parquet|npy|npz|json|txt|db|arff|mat|h5|pkl)(?![\w.])", re.I
)
_QUESTION = pattern(r"[≥≤><]=?\s*(?:0?\.\d|0,\d|threshold|τ|θ)|ε-?greedy|epsilon-?greedy", re.I)
_ANSWER = pattern(
    any_of(
        "arg ?max",
        "(?:predicted|final|winning) (?:class|label|category|digit)",
        "^(?:the )?(?:class|decision|verdict|prediction|max)$",
        "clase predicha",
        "classe prédite",
        "vorhergesagte klasse",
    )
    + "|预测类别|예측 ?클래스|予測クラス|класс",
    re.I,
)


def loose(column: UnitColumn) -> bool:
    """Return whether its units are only written, without a frame."""
    return bool(column.units) and all(unit.shape in LOOSE for unit in column.units)


def round(column: UnitColumn) -> bool:
    """Return whether its units are drawn round, as neurons are."""
    return bool(column.units) and all(unit.shape in ROUND for unit in column.units)


def points(column: UnitColumn) -> bool:
    """Return whether its units are mere points."""
    return bool(column.units) and all(unit.shape in POINTS for unit in column.units)


def only(column: UnitColumn, kind: Beside) -> bool:
    """Return whether each of its labels says nothing but that it is such a thing."""
    return all(is_only(unit.text, kind) for unit in column.units[:20])


def speaks(column: UnitColumn, kind: Beside) -> bool:
    """Return whether one of its labels speaks of such a thing."""
    return any(kind in beside(unit.text) for unit in column.units[:20])


def is_store(v: View) -> bool:
    """Return whether it is drawn as a store of data before a box that states how many features it takes."""
    one, following = v.here, v.after.said
    takes = following.width is not None and not following.operation and not following.steps
    fits = not v.said.counted or following.role == "input"
    return (
        one.is_single and one.units[0].shape in STORES and (takes or following.in_width is not None) and fits
    )


def is_table(v: View) -> bool:
    """Return whether it is one store, file or number of rows of data, before the units of its columns."""
    one = v.here
    if not one.is_single or len(v.after.units) < 2:
        return False
    text = plain(one.units[0].text)
    return one.units[0].shape in STORES or bool(_DATA_FILE.search(text) or SAMPLES.search(text))


def decides(column: UnitColumn) -> bool:
    """Return whether it asks something of the result, such as `p > 0.5 ?`, or picks an action."""
    text, shapes = column.said.text, {unit.shape for unit in column.units}
    asks = text.endswith("?") and shapes <= {"diamond", "hexagon", "rhombus", "decision"}
    return (asks or bool(_QUESTION.search(text))) and not column.said.steps


def picks(v: View) -> bool:
    """Return whether one node picks the largest of the values before it."""
    told = _PICKS.search(v.said.text) or _PICKS.search(v.edge.text)
    return v.here.is_single and bool(told) and not (v.said.steps or v.edge.steps)


def names_new_step(v: View) -> bool:
    """Return whether it names a step that the map before it does not have."""
    return bool(v.reading.maps) and not set(v.said.steps) <= {*v.reading.maps[-1].steps}


def nameless(column: UnitColumn) -> bool:
    """Return whether its units have no words."""
    return all(not plain(unit.text) or unit.shape in POINTS for unit in column.units)


def names_layer(column: UnitColumn) -> bool:
    """Return whether it says which layer it is, and not only that it is the result."""
    if column.title.role in ("hidden", "output"):
        return True
    plainly = column.said.role == "output" and not (
        column.is_single and only(column, "result") and not _LAYER_WORD.search(column.said.text)
    )
    return column.said.role == "hidden" or plainly


def closes_row(v: View) -> bool:
    """Return whether it is the output that ends a row of columns with names: `Input`, `Hidden`, `Output`."""
    before = v.whole.roles_before[v.at]
    return (
        "hidden" in before
        and "output" not in before
        and v.said.role == "output"
        and bool(_OUTPUT_WORD.search(v.said.text))
    )


def other_count(v: View) -> bool:
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


def says_role(column: UnitColumn, role: str) -> bool:
    """Return whether its units or its title say that it is such a layer."""
    return role in (column.said.role, column.title.role)


def states(column: UnitColumn) -> bool:
    """Return whether it states a map, an activation or a width in so many words."""
    return states_more(column) or column.said.sure or column.title.sure


def states_more(column: UnitColumn) -> bool:
    """Return whether it or its title states a map or an activation."""
    return any(one.operation or one.steps or one.linear for one in (column.said, column.title))


def in_width(v: View) -> bool:
    """Return whether a width is stated that differs from the one before; in a step's box it is a fact."""
    if v.separate and v.is_bare and v.said.only_steps and not v.said.counted:
        return False
    stated = v.whole.stated[v.at]
    return stated is not None and stated != v.now and not v.gives_width


def only_no_map(v: View) -> bool:
    """Return whether a last box names no map, as those before do, and states the width that arrives."""
    maps = sum(column.is_single and column.said.operation for column in v.columns[: v.at])
    ends = v.is_last and v.here.is_single and not (v.said.operation or v.said.steps or v.said.linear)
    return maps > 1 and ends and v.last_role == "activation" and v.said.width == v.now is not None


def lists_outputs(v: View) -> bool:
    """Return whether the units are the outputs of the box before them, one by one."""
    count, before = len(v.here.units), v.before.said
    if not v.before.is_single or count < 2 or not isinstance(v.now, int):
        return False
    if v.last_role == "activation" and before.only_steps and not names_softmax(v.before):
        return False  # one box for all units before it, and a layer behind it
    by_index, _ = index_gap(v.here.units, v.here.dots)
    if before.role == "hidden" or (by_index is not None and by_index != v.now):
        return False
    return v.now == count + v.here.left_out or (v.here.dots and count < v.now)


def _drawn_alike(one: UnitColumn, other: UnitColumn) -> bool:
    return {unit.shape for unit in one.units} == {unit.shape for unit in other.units}


def for_all(v: View) -> bool:
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
    if names_softmax(v.here):
        return True
    if other_shape(v) or len(v.after.units) == len(units) or (v.before.texts and not v.here.texts):
        return True
    if all(_OUT_NAME.fullmatch(plain(unit.text)) for unit in units):
        return True
    result = only(v.after, "result") and not (
        _drawn_alike(v.after, v.before) and _OUT_NAME.fullmatch(v.after.said.text)
    )
    goes_on = not (v.is_last or result or loose(v.after) or points(v.after))
    return goes_on and not any(column.said.steps for column in v.columns if len(column.units) > 1)


def names_softmax(column: UnitColumn) -> bool:
    """Return whether it names softmax."""
    return any(step in SOFTMAXES for step in (*column.said.steps, *column.title.steps))


def in_neuron(v: View) -> bool:
    """Return whether it is a step within one neuron that is drawn as a row of boxes: `Weights`, `Net sum`."""
    one = v.here.join == "one" and v.now in (1, None) and not v.all_single
    return one and bool(v.reading.maps) and bool(_IN_NEURON.fullmatch(v.said.text))


def names_weights(column: UnitColumn) -> bool:
    """Return whether its units are named as weights are, one beside each input: `w1`, `w2`."""
    return len(column.units) > 1 and all("weight" in beside(unit.text) for unit in column.units)


def one_answer(v: View) -> bool:
    """Return whether it picks one of the outputs before it: argmax, or an answer behind outputs."""
    if not (v.is_last and v.here.is_single and len(v.before.units) > 1) or v.here.biases or v.here.is_weighty:
        return False
    if not (_ANSWER.search(v.said.text) or only(v.here, "result")):
        return False
    names = [text for unit in v.before.units if (text := plain(unit.text))]
    outputs = bool(names) and all(map(_OUT_NAME.fullmatch, names))
    return (
        bool(_PICKS.search(v.said.text))
        or outputs
        or names_softmax(v.before)
        or says_role(v.before, "output")
        or behind_output(v)
    )


def behind_output(v: View) -> bool:
    """Return whether it stands behind a column that is titled as the output, and has no title itself."""
    titles = [column.title.role for column in v.columns[max(v.at - 2, 0) : v.at] if column.texts]
    return titles[-1:] == ["output"] and not v.here.texts and v.here.units[0].group != v.before.units[0].group


def drawn_as_units(v: View) -> bool:
    """Return whether one node is drawn as units are, behind a box for an activation that is not."""
    shapes = v.whole.unit_shapes
    here, before = ({unit.shape for unit in column.units} for column in (v.here, v.before))
    behind = v.last_role == "activation" and len(v.columns[v.at - 2].units) > 1
    named = bool(v.said.steps) and not (v.said.only_steps and not _UNIT_NAME.match(v.said.text))
    alike = here <= shapes and not before & shapes
    result = only(v.here, "result") and not (alike and _OUT_NAME.fullmatch(v.said.text))
    return behind and v.here.join == "one" and (named or alike) and not result


def other_shape(v: View) -> bool:
    """Return whether it is drawn in another shape than the units before it."""
    shape = v.here.units[0].shape
    return (
        bool(v.before.units) and shape not in ROUND and shape not in {unit.shape for unit in v.before.units}
    )


def value_of_sum(v: View) -> bool:
    """Return whether it writes out the sum before it once more, such as `z = w·x + b` behind `Σ`."""
    said = v.said
    sums = said.operation and said.state and said.width is None and not said.steps
    if isinstance(v.now, int) and v.now > 1 and not v.all_single:
        return False  # one sum behind a box for a layer is a unit
    return sums and v.is_bare and v.here.join == "one" and not v.here.weights and not v.edge.matrix


def names_function(v: View) -> bool:
    """Return whether it names only what is done: an activation, Dropout or Flatten."""
    if not v.all_single and _UNIT_NAME.match(v.said.text) and not v.before.said.state:
        return False
    return v.here.join == "one" and v.said.is_function and bool(v.said.steps) and not v.said.operation


def edge_applies(v: View) -> bool:
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


def other_width(v: View) -> bool:
    """Return whether a box states a width in so many words, `z: 16`, that is not that of what arrives."""
    written = re.search(rf"[:=(]\s*{v.said.width}\b", v.said.text) if v.said.width is not None else None
    return bool(written) and v.here.is_single and isinstance(v.now, int) and v.said.width != v.now


def edge_restates(v: View) -> bool:
    """Return whether the arrows say once more what the sum before them is: `Σ -- z = w·x + b -->`."""
    return v.at > 0 and v.edge.state and v.edge.operation and v.before.said.state


def counted_behind(v: View) -> bool:
    """Return whether a later box states how many features arrive, with nothing of a network before it."""
    if states(v.here) or v.said.width is not None or len(v.said.text) <= 3:
        return False
    for column in v.columns[v.at + 1 : -1]:
        said = column.said
        if not column.is_single or said.operation or said.steps:
            return False
        if said.sure:
            return said.role in ("", "input")
    return False
