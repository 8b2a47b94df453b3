import base64
import json
import zlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalknet.studio.link import fragment_of, restore, state_of
from chalknet.studio.session import TabSession

WORKERS = ThreadPoolExecutor(1)


def packed(value):
    return base64.urlsafe_b64encode(zlib.compress(json.dumps(value).encode())).decode().rstrip("=")


@given(st.text(max_size=300), st.sampled_from(["en", "ko"]))
def test_a_link_restores_text_language_and_settings(text, language):
    session, other = TabSession(WORKERS, text), TabSession(WORKERS)
    session.language = language
    session.settings["see"] = {"dialect": "D11", "orientation": "down"}
    assert restore(other, fragment_of(session))
    assert (other.text, other.language, other.settings) == (text, language, session.settings)


@pytest.mark.parametrize(
    "fragment",
    ["", "fit", "====", "a" * 1001, packed([1]), packed({"chalknet": 2, "text": "1 -> 1"}),
     packed({"chalknet": 1, "text": 5}), packed("1 -> 1"), "ü"],
)  # fmt: skip
def test_what_is_no_link_of_ours_changes_nothing(fragment):
    session = TabSession(WORKERS, "2 -> 1")
    assert state_of(fragment) == {} and not restore(session, fragment) and session.text == "2 -> 1"


def test_a_fragment_that_unpacks_to_too_much_is_refused_early():
    bomb = packed({"chalknet": 1, "text": "1" * 50_000_000})
    assert len(bomb) < 100_000 and state_of(bomb) == {}


def test_a_deep_fragment_is_refused():
    deep = {}
    for _ in range(30):
        deep = {"x": deep}
    assert state_of(packed({"chalknet": 1, "text": "1 -> 1", "fit": deep})) == {}


def test_settings_that_are_no_objects_are_left_out():
    session = TabSession(WORKERS)
    assert restore(session, packed({"chalknet": 1, "text": "1 -> 1", "see": 7, "language": "xx"}))
    assert session.settings == {} and session.language == "en"
