"""Arrow's arrays to and from NumPy's by their memory: as Arrow converts them, without pandas."""

import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalknet.data.formats import arrow_memory as memory

part = st.tuples(st.integers(0, 40), st.integers(0, 40))


@given(st.lists(st.text(st.characters(exclude_categories=("Cs",)), max_size=9), max_size=30))
def test_texts_are_those_that_arrow_makes(words):
    found = memory.texts(words)
    found.validate(full=True)
    assert found.equals(pa.array(words, pa.string()))
    assert [memory.text(word).as_py() for word in words] == words


@given(st.lists(st.booleans(), max_size=70), part)
def test_flags_come_back_whole_and_in_part(flags, part):
    array = memory.flags(np.array(flags, bool))
    array.validate(full=True)
    assert array.equals(pa.array(flags, pa.bool_()))
    found = memory.numpy_flags(array.slice(*part))
    assert found.dtype == bool
    assert found.tolist() == flags[part[0] :][: part[1]]


@pytest.mark.parametrize("kind", ["float64", "float32", "int64", "int32", "int8"])
@given(values=st.lists(st.none() | st.integers(-100, 100), max_size=70), part=part)
def test_numbers_come_back_whole_and_in_part(kind, values, part):
    array = pa.array(values, kind).slice(*part)
    found = memory.numpy_numbers(array, -1)
    assert found.dtype == np.dtype(kind)
    assert found.tolist() == [-1 if value is None else value for value in values[part[0] :][: part[1]]]


def test_a_table_of_words_gaps_and_booleans_is_read_without_pandas(tmp_path):
    rows = [
        f'{i},{i / 7:.3f},{"NA" if i % 5 == 0 else i},{"ab"[i % 2]},{i % 3 == 0},"1,{i:03}"'
        for i in range(300)
    ]
    (tmp_path / "a.csv").write_text("id,x,gaps,word,flag,price\n" + "\n".join(rows) + "\n")
    code = (
        "import sys, chalknet as cn\n"
        "data = cn.load('a.csv', y='x', one_hot=['word'], fill='mean', standardise=True)\n"
        "cn.fit('auto', data, epochs=1)\n"
        "print('pandas' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "False\n"), done.stderr
