"""Which language texts are in, how a text is found in a catalogue, and Korean particles."""

import os
import subprocess
import sys
import threading

import pytest

import chalknet as cn
from chalknet.lang import _, filled, language, language_of_reader, speaking, translated
from chalknet.lang.particles import with_particles
from chalknet.lang.template import Template

VARIABLES = ("CHALKNET_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
USAGE = "사용법:"


@pytest.fixture
def environment(monkeypatch):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("ko", "ko"),
        ("ko_KR.UTF-8", "ko"),
        ("KO-kr", "ko"),
        ("en_US", "en"),
        ("C.UTF-8", "en"),
        ("fr_FR", "en"),
    ],
)
@pytest.mark.parametrize("name", VARIABLES)
def test_the_environment_tells_the_language(environment, name, value, code):
    environment.setenv(name, value)
    assert language() == code


@pytest.mark.parametrize("place", range(len(VARIABLES) - 1))
def test_the_first_variable_that_is_set_decides(environment, place):
    environment.setenv(VARIABLES[place], "ko")
    environment.setenv(VARIABLES[place + 1], "en")
    assert language() == "ko"


@pytest.mark.parametrize(
    ("accepted", "code"),
    [
        ("ko-KR,ko;q=0.9,en-US;q=0.8,en;q=0.7", "ko"),
        ("en-GB,en;q=0.9,ko;q=0.8", "en"),
        ("de-DE,de;q=0.9,ko;q=0.8", "ko"),
        ("fr, KO ;q=0.5", "ko"),
        ("fr-FR,fr", "en"),
        ("*", "en"),
        ("", "en"),
    ],
)
def test_a_page_is_in_the_language_of_its_reader_s_browser(environment, accepted, code):
    assert language_of_reader(accepted) == code
    environment.setenv("LANG", "ko_KR.UTF-8")
    assert language_of_reader("fr-FR,fr") == "ko"
    environment.setenv("CHALKNET_LANG", "en")
    assert language_of_reader(accepted) == "en"


def test_without_a_word_texts_are_english(environment):
    assert language() == "en"
    assert _("Usage:") == "Usage:"


def test_a_block_has_its_language_and_gives_it_back(environment):
    with speaking("ko"):
        assert _("Usage:") == USAGE
        with speaking("en"):
            assert _("Usage:") == "Usage:"
        assert _("Usage:") == USAGE
    assert _("Usage:") == "Usage:"


def test_a_language_without_a_catalogue_is_refused():
    with pytest.raises(ValueError, match="'kr'; wanted one of en, ko"), speaking("kr"):
        pass


def test_two_threads_speak_two_languages_at_once(environment):
    both = threading.Barrier(2, timeout=20)
    heard = {}

    def speak(code):
        with speaking(code):
            for _round in range(20):
                both.wait()
                heard.setdefault(code, set()).add(_("Usage:"))

    threads = [threading.Thread(target=speak, args=(code,)) for code in ("ko", "en")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert heard == {"ko": {USAGE}, "en": {"Usage:"}}


def test_an_error_is_in_the_language_of_whoever_sees_it(environment):
    with pytest.raises(cn.UnknownName) as caught:
        cn.read("784 -> 32 rleu -> 1")
    english = str(caught.value)
    with speaking("ko"):
        korean = str(caught.value)
    assert english == str(caught.value) and english.startswith(
        "arrow text: got the unknown activation 'rleu'"
    )
    assert korean.startswith(
        "화살표 표기: 받은 것: 알 수 없는 활성화 함수 'rleu'. 필요한 것: 다음 중 하나: relu"
    )
    assert "혹시 relu 또는 relu6입니까?\n  1번째 줄:\n    784 -> 32 rleu" in korean
    assert caught.value.got == "the unknown activation 'rleu'", "fields are for programs"


def test_a_plan_is_the_same_value_in_both_languages(environment):
    plan = cn.plan("784 -> 1 sigmoid", "mnist01", loss="bce", updates=3)
    english = (str(plan), plan.table.to_json())
    with speaking("ko"):
        assert "손실 함수" in str(plan) and "경사하강법(예전 이름: 배치 경사하강법)" in str(plan)
        assert plan.table.to_json() == english[1]
    assert str(plan) == english[0]


def test_names_of_users_stay_as_they_are(environment):
    table = cn.predict(
        cn.fit("1 -> 1", ([[0.0], [1.0]], [[0.0], [1.0]]), loss="mse", updates=1), [[0.5]]
    ).table
    with speaking("ko"):
        assert table.headings == table.columns


def test_what_is_not_known_stays_as_it_is():
    with speaking("ko"):
        assert translated("no such text was ever written") == "no such text was ever written"
        assert translated("") == "" and translated("3.5 %") == "3.5 %"


def test_of_several_templates_the_one_that_leaves_fewest_words_is_taken():
    text = "optimizer adam: a rate of its own for each weight, so that one learning rate suits most tables"
    with speaking("ko"):
        assert (
            translated(text)
            == "optimizer adam: 가중치마다 알맞게 조절하므로 학습률 하나로 대부분의 표에 맞음"
        )
        assert translated("note: 3 rows") == "참고: 3행"


def test_values_marked_so_are_translated_too():
    with speaking("ko"):
        text = filled(
            "{where}: got {got}; wanted {wanted}. {remedy}", where="lr", got="nothing", wanted="x", remedy=""
        )
    assert text == "lr: 받은 것: 없음. 필요한 것: x. "


@pytest.mark.parametrize(
    ("template", "text", "values"),
    [
        ("got {n} layers", "got 3 layers", {"n": "3"}),
        ("got {n} layers", "got 3 rows", None),
        ("{a}{b}", "fused, after 2 s", {"a": "fused", "b": ", after 2 s"}),
        ("{model}, {samples} samples", "net, bce, 64 samples", {"model": "net, bce", "samples": "64"}),
        ("say {{x}} to {name}", "say {x} to y", {"name": "y"}),
    ],
)
def test_a_template_finds_its_values(template, text, values):
    assert Template(template).values_of(text) == values


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("가중치을(를)", "가중치를"),
        ("편향을(를)", "편향을"),
        ("3(으)로", "3으로"),
        ("7(으)로", "7로"),
        ("'12'이(가)", "'12'가"),
        ("n이(가)", "n이"),
        ("relu을(를)", "relu을(를)"),
        ("층은(는) 6과(와)", "층은 6과"),
    ],
)
def test_a_particle_has_the_form_of_its_word(text, wanted):
    assert with_particles(text) == wanted


@pytest.mark.slow
def test_english_loads_no_catalogue_and_no_gettext():
    code = "import sys, chalknet as cn, chalknet.lang.catalogue as c; str(cn.count('2 -> 1'));"
    code += "assert c._texts.cache_info().currsize == 0 and 'gettext' not in sys.modules"
    environment = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
