"""What a prompt and a notebook show: one short line, and HTML that is escaped, scoped and balanced."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.strategies import networks
from torch import nn

import chalknet as cn
from chalknet.display import html_of, line_of
from chalknet.hardware.largest import LargestBatch, Try
from chalknet.planning import DataFacts, Placement, Plan
from chalknet.tables import Table, facts
from chalknet.training import Evaluation, FitResult, History

VOID = {"img", "br"}
NASTY = '<script>alert("x")</script>&\'\n한국'
NAMES = st.one_of(st.just(NASTY), st.text(max_size=300))


class Page(HTMLParser):
    """Checks that tags are balanced, and collects what a page may not have."""

    def __init__(self, html):
        super().__init__()
        self.open, self.tags, self.texts = [], [], []
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


def page_of(value):
    """Return the page of a value, checked for what every page has to keep to."""
    html = value._repr_html_()
    ElementTree.fromstring(re.sub(r"<(img|br)([^>]*)>", r"<\1\2/>", html))
    page = Page(html)
    names = [tag for tag, _ in page.tags]
    assert not {"script", "link", "iframe", "object", "a"} & set(names)
    assert names[:2] == ["div", "style"] and names.count("style") == 1
    scope = page.tags[0][1]["class"]
    style = html.partition("<style>")[2].partition("</style>")[0]
    for selectors in style.replace("@media (prefers-color-scheme: dark) {", "").split("}")[:-1]:
        for selector in filter(str.strip, selectors.partition("{")[0].split(",")):
            assert selector.strip().startswith(f".{scope}")
    for _, attributes in page.tags:
        assert not any(name.startswith("on") for name in attributes)
        for link in (attributes.get("src"), attributes.get("href")):
            assert link is None or link.startswith("data:image/svg+xml;base64,")
    assert "url(" not in style
    return page


def history_of(losses):
    history = History("error")
    for index, loss in enumerate(losses, 1):
        history.append(index, 10 * index, index / 7, index / 3, loss)
    if losses:
        history.append_evaluation(Evaluation(len(losses), 10, 0.5, 0.25, None))
    return history


def plan_of(name, notes=()):
    network = cn.read("1 -> 2 relu -> 1")
    recipe = cn.Recipe(loss="mse", updates=3)
    where = Placement("cpu", "float32", 1, (f"because of {name}",))
    return Plan(network, name, recipe, DataFacts(name, 10, (1,), (1,)), where, "eager", 3, 1, notes=notes)


def result_of(losses, name="net", notes=()):
    return FitResult(plan_of(name, notes), nn.Linear(1, 1), history_of(losses), cn.Outcome.FINISHED)


VALUES = {
    "counts": lambda: cn.count("784 -> 32 relu -> 1 sigmoid"),
    "symbolic counts": lambda: cn.count("m -> 32 relu -> 1 sigmoid", "textbook"),
    "network": lambda: cn.read("784 -> 32 relu -> 1 sigmoid"),
    "symbolic network": lambda: cn.read("m -> k ? -> 1 h"),
    "named network": lambda: cn.Network(3, (cn.Linear(2),), name=NASTY, notes=(NASTY,)),
    "long network": lambda: cn.Network(3, (cn.Linear(2), cn.Activation("relu")) * 500),
    "plan": lambda: plan_of(NASTY),
    "devices": cn.devices,
    "device": lambda: cn.devices()[0],
    "same": lambda: cn.difference("1 -> 2", "1 -> 2"),
    "difference": lambda: cn.difference("1 -> 2 relu", "1 -> 3 tanh"),
    "memory": lambda: cn.memory("784 -> 32 relu -> 1", batch_size=10),
    "no history": lambda: history_of([]),
    "history": lambda: history_of([1.0 / n for n in range(1, 1001)]),
    "fit": lambda: result_of([3.0, 2.0, 1.0], NASTY, (NASTY, "another")),
    "fit of nothing": lambda: result_of([]),
    "diverged fit": lambda: result_of([1.0, float("inf"), float("nan")]),
    "comparison": lambda: cn.compare(
        cn.read("1 -> 1"), (torch.ones(9), torch.ones(9)), {NASTY: {}}, loss="mse", updates=2
    ),
    "race": lambda: cn.race("1 -> 2 relu -> 1", engines=["eager"], threads=[1], seconds=0.01),
    "race row": lambda: VALUES["race"]().rows[0],
    "largest batch": lambda: LargestBatch(4, 10, 20, "cpu", (Try(4, 10, 10),) * 99),
    "table": lambda: Table((NASTY, "b"), ((NASTY, 1),) * 99, NASTY, (NASTY,)),
    "facts": lambda: facts({NASTY: NASTY}),
    "recipe": lambda: cn.Recipe(loss="mse", updates=10**300, lr=1e-300),
    "facts of data": lambda: plan_of(NASTY).data,
    "style": lambda: cn.Style(title=NASTY, layer_titles=("a",)),
    "linear": lambda: cn.Linear(3),
}


@pytest.mark.parametrize("make", VALUES.values(), ids=VALUES)
def test_every_value_is_one_short_line_and_a_page_of_its_own(make):
    value = make()
    assert len(repr(value)) <= 120 and len(repr(value).splitlines()) == 1
    assert repr(value).startswith(f"{type(value).__name__}(")
    page = page_of(value)
    assert len(value._repr_html_()) < 1_000_000
    assert "".join(page.texts).strip()


@settings(max_examples=30, deadline=None)
@given(networks(symbolic=True, settled=False), NAMES)
def test_every_network_shows_picture_formula_and_counts(network, name):
    page = page_of(cn.Network(network.input_shape, network.steps, name))
    assert {"img", "math", "p"} <= {tag for tag, _ in page.tags}
    assert "multiply-add" in "".join(page.texts)
    assert len(repr(network)) <= 120


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(), max_size=40), NAMES, st.lists(NAMES, max_size=3))
def test_every_fit_shows_its_end_and_its_notes_as_text(losses, name, notes):
    result = result_of(losses, name, tuple(notes))
    page = page_of(result) if not _has_control(name + "".join(notes)) else Page(result._repr_html_())
    assert "finished: the whole budget was used" in page.texts
    assert len(repr(result)) <= 120


def _has_control(text):
    return any(
        ord(sign) < 32 or 0xD800 <= ord(sign) < 0xE000 or ord(sign) in (0xFFFE, 0xFFFF) for sign in text
    )


def test_a_value_without_a_text_of_its_own_shows_the_call_that_makes_it_and_is_cut_at_the_end():
    assert repr(cn.Linear(3)) == str(cn.Linear(3)) == "Linear(out_features=3, bias=True)"
    style = cn.Style(title="t" * 200, layer_titles=("a",))
    assert repr(style).endswith("…)") and "layer_titles=('a',)" in str(style)
    assert "Linear(out_features=3, bias=True)" in page_of(cn.Linear(3)).texts


def test_a_network_reads_as_its_shorthand_and_prints_as_its_formula():
    network = cn.read("784 -> 32 relu -> 1 sigmoid")
    assert repr(network) == "Network(784 -> 32 relu -> 1 sigmoid)"
    assert cn.read(str(network)) == network


def test_a_long_network_shows_both_ends_and_says_what_is_left_out():
    network = cn.Network(3, (cn.Linear(2), cn.Activation("relu")) * 500)
    assert "500 layers" in "".join(page_of(network).texts)
    assert "steps 7 to 994 of 1,000 are not shown" in "".join(page_of(network).texts)
    assert repr(network).endswith("…)")


def test_a_long_history_shows_its_first_and_last_rows():
    texts = page_of(history_of([0.5] * 1000)).texts
    assert {"1", "5", "996", "1,000"} <= set(texts) and "6" not in texts
    assert "1,000 rows, of which the first 5 and the last 5 are shown" in texts


def test_a_curve_needs_two_points_and_is_drawn_without_matplotlib():
    assert "polyline" not in result_of([1.0])._repr_html_()
    assert "polyline" not in result_of([1.0, float("nan")])._repr_html_()
    assert "polyline" in result_of([1.0, 1.0])._repr_html_()
    assert "logarithmic" in result_of([100.0, 1.0])._repr_html_()
    long = result_of([1.0 + n for n in range(100_000)])._repr_html_()
    assert len(long) < 20_000 and "100,000" in long


def test_what_the_user_wrote_is_text_and_never_a_tag():
    result = result_of([2.0, 1.0], notes=(NASTY,))
    assert NASTY in page_of(result).texts
    assert "<script" not in result._repr_html_()


def test_a_class_of_the_users_shows_as_the_one_it_is_derived_from():
    class Mine(cn.Network):
        pass

    mine = Mine(1, (cn.Linear(2),))
    assert line_of(mine) == "Mine(1 -> 2)"
    assert "<math" in html_of(mine)


def test_showing_a_network_loads_no_heavy_package():
    code = (
        "import sys, chalknet as cn; n = cn.read('1 -> 2 relu'); repr(n), str(n), n._repr_html_(); "
        "assert not {'torch', 'numpy', 'matplotlib', 'rich'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
