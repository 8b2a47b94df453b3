"""The command in Korean: the help of each verb, errors, answers; JSON, files and codes stay as they are."""

import json
import os
import re
import subprocess
import unicodedata

import pytest
from tests.cli.conftest import CHALKNET

from chalknet.cli.app import app_for
from chalknet.cli.help import texts_of
from chalknet.lang import speaking, translated

APP = app_for()
VERBS = [command.name for command in APP.registered_commands]
_ENGLISH = re.compile(r"(?:\b[a-z]{2,} ){3,}[a-z]{2,}\b")  # four words in a row


@pytest.fixture
def korean(monkeypatch):
    monkeypatch.setenv("CHALKNET_LANG", "ko")
    monkeypatch.setenv("COLUMNS", "100")


def test_a_process_speaks_korean():
    environment = {**os.environ, "LC_ALL": "ko_KR.UTF-8", "PYTHONUTF8": "1"}
    environment.pop("CHALKNET_LANG", None)
    ended = subprocess.run([*CHALKNET, "--help"], env=environment, capture_output=True, text=True, check=True)
    assert "사용법: chalknet" in ended.stdout and "칠판에서 GPU까지" in ended.stdout


@pytest.mark.parametrize("verb", ["", *VERBS])
def test_the_help_is_korean_throughout(type_, korean, verb):
    code, page, _ = type_(*filter(None, [verb]), "--help")
    assert code == 0 and "사용법: chalknet" in page
    lines = [line for line in page.splitlines() if "chalknet" not in line]
    text = re.sub(r"[\s│]+", " ", " ".join(lines))
    assert not _ENGLISH.findall(re.sub(r"'[^']*'", "", text))


def test_every_text_of_the_help_has_its_korean():
    with speaking("ko"):
        same = [text for text in texts_of(APP) if len(text.split()) > 3 and translated(text) == text]
    assert same == []


@pytest.mark.parametrize(
    ("typed", "code", "said"),
    [
        ("count '784 -> 32 rleu -> 1'", 2, "알 수 없는 활성화 함수 'rleu'"),
        ("count '784 -> 32 렐류 -> 1'", 2, "혹시 렐루 또는 피렐루입니까?"),
        ("count nosuch.net", 1, "오류: nosuch.net: 받은 것: 파일이나 폴더가 없음"),
        ("count ''", 1, "빈 글"),
        ("count '784'", 1, "필요한 것: "),
        ("count '3 -> 2' --convention book", 2, "알 수 없는 층을 세는 방식 'book'"),
        ("read '3 -> 2' --to tikzz", 2, "알 수 없는 형식 'tikzz'"),
        ("draw '3 -> 2' --dialect D99", 2, "알 수 없는 그림 방식 'D99'"),
        ("draw '3 -> 2' -o net.xyz", 2, "필요한 것: 다음 중 하나"),
        ("fit '3 -> 2' --data nosuch.csv --loss mse --updates 1", 1, "그런 파일이나 폴더가 없음"),
        ("fit '3 -> 2' --data TABLE --y nosuch --loss mse --updates 1", 2, "알 수 없는 열 'nosuch'"),
        ("fit '9 -> 1' --data TABLE --y price --loss mse --updates 1", 1, "신경망이 받는"),
        ("fit '2 -> 1' --data TABLE --y price --loss msee --updates 1", 2, "알 수 없는 손실 함수 'msee'"),
        ("fit '2 -> 1' --data TABLE --y price --loss mse", 2, "예산이 없음"),
        (
            "fit '2 -> 1' --data TABLE --y price --loss mse --updates x",
            2,
            "'--updates'의 값이 잘못되었습니다",
        ),
        ("fit '2 -> 1' --data TABLE --y price --loss mse --updates 0", 2, "1 이상의 정수"),
        ("fit '2 -> 1' --data TABLE --y price --loss mse --updates 1 --batch-size 0", 2, "경사하강법"),
        (
            "fit '2 -> 1' --data TABLE --y price --loss mse --updates 1 --optimizer adm",
            2,
            "알 수 없는 최적화 방법",
        ),
        (
            "fit '2 -> 1' --data TABLE --y price --loss mse --updates 1 --engine fast",
            2,
            "알 수 없는 엔진 'fast'",
        ),
        ("fit '2 -> 1' --data TABLE --y price --loss mse --updates 1 --patience 3", 2, "검증 데이터 없이"),
        ("fit", 2, "신경망도 데이터도 없음"),
        ("fit --learning-rate 1", 2, "--learning-rate 옵션은 없습니다. 혹시 --lr입니까?"),
        ("count", 2, "인수 'MODEL'이(가) 없습니다."),
        ("predict nosuch --data TABLE", 1, "오류: "),
        ("fitt", 2, "'fitt' 명령은 없습니다"),
    ],
)
def test_an_error_is_korean_throughout(type_, korean, tmp_path, monkeypatch, typed, code, said):
    monkeypatch.chdir(tmp_path)
    table = tmp_path / "houses.csv"
    table.write_text("area,rooms,price\n50,2,100\n60,3,120\n70,3,150\n80,4,155\n")
    words = [word.strip("'") for word in re.findall(r"'[^']*'|\S+", typed.replace("TABLE", str(table)))]
    ended, out, err = type_(*words)
    assert (ended, out) == (code, "")
    assert said in err and err.startswith("오류: ")
    shown = re.sub(r"'[^']*'|\(\S+\)|(?m:^ {4}.*$)", "", err)
    assert not _ENGLISH.findall(shown), err


def test_answers_are_korean_and_json_is_not(type_, korean, monkeypatch):
    asked = ("count", "784 -> 32 렐루 -> 1 시그모이드")
    _, korean_text, _ = type_(*asked)
    _, korean_json, _ = type_(*asked, "--json")
    monkeypatch.setenv("CHALKNET_LANG", "en")
    _, english_json, _ = type_(*asked, "--json")
    assert "은닉층" in korean_text and "매개변수" in korean_text
    assert korean_json == english_json and json.loads(english_json)["hidden_layers"] == 1


@pytest.mark.parametrize(
    "typed",
    [
        ["read", "784 -> 32 렐루 -> 1 시그모이드", "--to", "torch"],
        ["read", "784 -> 32 렐루 -> 1 시그모이드", "--to", "json"],
        ["diff", "2 -> 3 relu -> 1", "2 -> 4 relu -> 1", "nosuch.net", "--json"],
        ["data", "mnist01", "--json"],
        ["memory", "2 -> 1", "--loss", "mse", "--batch-size", "3", "--json"],
        ["draw", "2 -> 3 relu -> 1"],
    ],
)
def test_what_programs_read_is_the_same_in_both_languages(type_, monkeypatch, typed):
    said = []
    for code in ("en", "ko"):
        monkeypatch.setenv("CHALKNET_LANG", code)
        said.append(re.sub(r'"free_bytes": \d+', "", type_(*typed)[1]))
    assert said[0] == said[1] and said[0]


def test_columns_of_wide_letters_are_aligned(type_, korean):
    _, text, _ = type_("count", "784 -> 32 relu -> 1 sigmoid")
    starts = {
        sum(2 if unicodedata.east_asian_width(sign) == "W" else 1 for sign in re.match(r"\S+\s+", line)[0])
        for line in text.splitlines()
        if not line.startswith("곱셈")
    }
    assert len(starts) == 1


def test_a_console_without_korean_letters_gets_english(on_console, korean):
    _, out, _ = on_console("cp1252", "count", "2 -> 1")
    assert b"layers" in out and b"\\u" not in out


def test_a_language_that_is_not_here_is_said(type_, monkeypatch):
    monkeypatch.setenv("CHALKNET_LANG", "kr")
    code, out, err = type_("count", "2 -> 1")
    assert code == 0 and "layers" in out
    assert "CHALKNET_LANG: got 'kr'; wanted one of en, ko" in err
