"""What a teacher and a student are told in Korean: marks, differences, hints, and notes of what was read."""

import re

import pytest

import chalknet as cn
from chalknet.lang import speaking, translated
from chalknet.lessons import Lesson

KEY = "1 -> 2 relu -> 1 sigmoid"
TABLE = """
_________________________________________________________________
 Layer (type)                Output Shape              Param #
=================================================================
 dense (Dense)               (None, 64)                50240
 dense_1 (Dense)             (None, 10)                650
=================================================================
Total params: 50,900
"""


def english(text):
    """Return what is left of English sentences, without the names of activations, files and options."""
    return re.findall(r"\b(?:the|and|is|are|of|which|step|behind|before|line|nothing|points|read)\b", text)


def test_marks_are_told_in_korean(tmp_path):
    for name, text in {
        "a.txt": "1 -> 2 relu -> 1", "b.txt": "1 -> 2 relu -> 2 relu -> 1 sigmoid", "c.txt": KEY,
        "d.txt": "4 -> 2 tanh -> 1 sigmoid", "e.dot": "digraph { x -> {h1 h2} -> y }",
    }.items():  # fmt: skip
        (tmp_path / name).write_text(text)
    with speaking("ko"):
        shown = str(cn.mark(tmp_path, KEY))
    assert english(shown) == [] and "점수" in shown and "5 중 4" in shown
    with speaking("en"):
        assert "step 3 and behind step 2" in str(cn.mark(tmp_path, KEY))


@pytest.mark.parametrize("text", [
    TABLE,
    r"y = \sigma(W_2 \mathrm{relu}(W_1 x + b_1) + b_2)",
    "| layer | units | activation |\n|---|---|---|\n| input | 12 | |\n| dense | 5 | ReLU |\n| output | 1 | |",
])  # fmt: skip
def test_what_is_assumed_of_tables_and_formulas_is_told_in_korean(text):
    network = cn.read(text)
    assert network.notes
    with speaking("ko"):
        told = [translated(note) for note in network.notes]
    assert all(re.search("[가-힣]", note) and not english(note) for note in told), told


def test_a_lesson_tells_the_place_of_a_mistake_in_its_own_language():
    with speaking("en"):
        korean = str(Lesson("A", language="ko").check(2, "784 -> 32 tanh -> 1 sigmoid"))
    with speaking("ko"):
        plain = str(Lesson("A", language="en").check(2, "784 -> 32 tanh -> 1 sigmoid"))
    assert "1번 단계" in korean and english(korean) == []
    assert "step 1" in plain and not re.search("[가-힣]", plain)
