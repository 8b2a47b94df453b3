"""Every marked text has its Korean, with the same values; what is compiled is what people edit."""

import re

import pytest
from tools import words

from chalknet.lang.catalogue import read_catalogue

PLACES = words.catalogues()


@pytest.fixture(scope="module")
def marked():
    return words.marked()


@pytest.fixture(scope="module")
def written():
    return words.written()


@pytest.fixture(scope="module", params=PLACES)
def catalogue(request):
    return words.read_po(PLACES[request.param])


def test_each_language_has_a_catalogue():
    from chalknet.lang import LANGUAGES

    assert {"en", *PLACES} == set(LANGUAGES)


def test_no_marked_text_is_missing(catalogue, marked):
    assert sorted(text for text in marked if not catalogue.get(text)) == [], "run `make words`"


def test_no_translation_is_of_a_text_that_is_gone(catalogue, marked, written):
    assert sorted(text for text in catalogue if text not in marked and text not in written) == []


def test_no_translation_has_lost_a_value(catalogue):
    assert [text for text, said in catalogue.items() if not words.in_step(text, said)] == []


def test_texts_that_the_code_fills_have_no_mark_that_only_templates_know(catalogue):
    """`_(text).format(...)` would not understand `{name!t}`."""
    plain = {text for tree in words._trees().values() for text in words._marked(tree, ("_",))}
    assert [text for text in plain if "!t}" in catalogue[text]] == []


def test_what_is_compiled_is_what_is_written():
    for path in PLACES.values():
        assert dict(read_catalogue(path.with_suffix(".mo").read_bytes())) == words.read_po(path), "make words"


def test_gettext_reads_what_is_compiled():
    from gettext import GNUTranslations

    for path in PLACES.values():
        with path.with_suffix(".mo").open("rb") as file:
            assert GNUTranslations(file).gettext("Usage:") == words.read_po(path)["Usage:"]


def test_korean_is_korean(catalogue):
    """A translation is in Hangul, unless its text is values, names and numbers alone."""
    letters = {text: re.sub(r"\{\w+\}|[\w-]+[_\d(=][\w()=]*|\W", " ", text).split() for text in catalogue}
    plain = [
        text for text, said in catalogue.items() if len(letters[text]) > 3 and not re.search("[가-힣]", said)
    ]
    assert [text for text in plain if "," not in text] == []


@pytest.mark.parametrize(
    ("source", "template"),
    [
        ("f'got {len(rows)} of {self.wanted_rows}'", "got {rows} of {wanted_rows}"),
        ("f'{n} thread{\"s\" * (n != 1)}'", "{n} thread{s}"),
        ("f'{a.name} {b.name} {a.name}'", "{name} {name2} {name}"),
        ("f'fill={{{name!r}: 0}}'", "fill={{{name}: 0}}"),
        ("'as it stands {x}'", "as it stands {x}"),
    ],
)
def test_an_f_string_is_a_template(source, template):
    import ast

    assert words.template_of(ast.parse(source, mode="eval").body) == template


def test_a_catalogue_is_written_and_read_back(tmp_path):
    entries = {'a "quoted" \\ line\nand more {x}': "가\t{x}", "b": ""}
    path = tmp_path / "chalknet.po"
    path.write_text(words.po_text("ko", entries, {"b": "errors.py:3"}))
    assert words.read_po(path) == entries
    assert dict(read_catalogue(words.compiled("ko", entries))) == {
        key: said for key, said in entries.items() if said
    }
