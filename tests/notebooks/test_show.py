"""`cn.show`: formula, picture and code at once, in a notebook and in a terminal."""

import pytest
from tests.test_display import page_of

import chalknet as cn
from chalknet import notebook
from chalknet.notebook import Showing


@pytest.fixture
def shown(monkeypatch):
    found = []
    monkeypatch.setattr(notebook, "in_notebook", lambda: True)
    monkeypatch.setattr("IPython.display.display", found.append)
    return found


@pytest.mark.parametrize(
    "model", ["784 -> 32 relu -> 1 sigmoid", "m -> 3 tanh", "1 -> " + " -> ".join(["2 relu"] * 50)]
)
def test_the_page_has_formula_picture_and_code(shown, model):
    cn.show(model)
    page = page_of(shown[0])
    names = [name for name, _ in page.tags]
    assert "math" in names and "img" in names and names.count("pre") == 1
    assert "".join(page.texts).count("torch.nn.Linear") == cn.count(model).layers


def test_the_page_escapes_what_was_written_in_the_source():
    page = page_of(Showing(cn.read("1 -> 1"), "<script>no</script>", "<script>&"))
    assert "<script>&" in page.texts and "<script>no</script>" in page.texts


def test_what_a_dialect_cannot_show_is_the_reason_in_its_place(shown):
    cn.show("2 -> 1 sigmoid", "numbers")
    assert "not in this form: " in shown[0].picture and "torch.nn.Linear" in shown[0].code
    page_of(shown[0])


@pytest.mark.parametrize("options", [{"dialect": "D99"}, {"notation": "cobol"}])
def test_an_unknown_dialect_or_notation_is_refused(shown, options):
    with pytest.raises(cn.UnknownName):
        cn.show("2 -> 1", **options)


def test_elsewhere_it_prints_formula_counts_and_code(capsys):
    cn.show("1 -> 2 relu", notation="latex")
    formula, counts, code = capsys.readouterr().out.splitlines()
    assert formula == "X(n,1) -l1-> u1(n,2) -relu-> v1(n,2) = yhat"
    assert counts.startswith("1 layer, 0 hidden layers, 4 parameters") and code.startswith(r"\underset")


def test_a_showing_is_one_line_at_a_prompt():
    showing = Showing(cn.read("1 -> 2 relu"), "", "")
    assert repr(showing) == "Showing(1 -> 2 relu)"
