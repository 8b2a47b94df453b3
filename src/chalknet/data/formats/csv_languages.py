"""Which encodings the bytes of a text can be in, the likeliest first, by the letters that they then hold."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from itertools import islice, pairwise
from math import log

_WORDS_LOOKED_AT = 400
_LETTERS = 40  # of a word
_AS_LIKELY = log(100)  # less than this between two encodings, and the text leaves open which it is
_WORD = re.compile(r"[^ \t\r\n,;|\"]+")
_RARE = log(1e-5)
_WIDE_SYMBOLS = "℃㎡％（）：·、。～"
_SYMBOLS = "\xa0°€£µ²³½¼±§®©«»–—’‘“”…·×¿¡ºª"
_CYRILLIC = "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъёіїєґ"
_ASCII = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Letters:
    """What the texts of some languages are written with.

    Args:
        language: as a note names it.
        frequent: the letters that are most of a text.
        ordinary: whether another letter is one that such texts hold; None where `frequent` is all of them.
        ordinary_count: how many letters `ordinary` holds for.
    """

    language: str
    frequent: str
    ordinary: Callable[[str], bool] | None = None
    ordinary_count: int = 1


def _leads(encoding: str, first: int, last: int) -> Callable[[str], bool]:
    """Return whether a letter's first byte lies in a range: where a standard has its common characters."""

    @cache
    def lies(letter: str) -> bool:
        written = letter.encode(encoding, "ignore")
        return len(written) == 2 and first <= written[0] <= last

    return lies


_KOREAN = Letters(
    "Korean",
    "이다는의에을가고를한은지도하로사기자리시어나대인과해부원정일수서면적방격번호름성별날짜역구동총계합평균"
    "온습강량속풍매출판년월분초점명종류코드값전국세율건학교생산금액용주소화" + _WIDE_SYMBOLS,
    _leads("euc_kr", 0xB0, 0xC8),
    2350,
)
_JAPANESE = Letters(
    "Japanese",
    "".join(map(chr, (*range(0x3041, 0x3094), *range(0x30A1, 0x30F7)))) + "ー"
    "日一国人年大本中長出時行月間上金学高円名数面積価格都市前齢性別付量合計番号温度湿部屋種類地域売商品単位県区"
    + _WIDE_SYMBOLS,
    _leads("shift_jis", 0x88, 0x97),
    2965,
)
_CHINESE = Letters(
    "simplified Chinese",
    "的一是不了在人有我他这个上们来到时大地为子中你说生国年着就那和要出也得里后自以会家可下而过天去能对小多"
    "然于心学面积价格城市名称龄性别日期数量总计编号温度湿房间类型区月销售产品单位元姓省县高低重长宽速率比北京海"
    + _WIDE_SYMBOLS,
    _leads("gb2312", 0xB0, 0xD7),
    3755,
)
_TRADITIONAL = Letters(
    "traditional Chinese",
    "的一是不了在人有我他這個上們來到時大地為子中你說生國年面積價格城市名稱齡性別日期數量總計編號溫度濕房間類"
    "型區月銷售產品單位元臺北縣高低重長" + _WIDE_SYMBOLS,
    _leads("big5", 0xA4, 0xC6),
    5401,
)
_LATIN = tuple(
    Letters("a Western European language", frequent)
    for frequent in (
        "äöüß",
        "éèêàâçîïôùûëœ",
        "áéíóúñü",
        "ãõáéíóúâêôç",
        "åäöæøé",
        "áðéíóúýþæö",
        "éèêëàâäáãåæçíìîïñóòôöõøúùûüßœÿðþý",
    )
)
_CENTRAL = tuple(
    Letters("a Central European language", frequent)
    for frequent in ("ąćęłńóśźż", "áčďéěíňóřšťúůýžäôľ", "áéíóöőúüű", "ăâîşţ", "čćđšž")
)
_RUSSIAN = (Letters("a language in Cyrillic", _CYRILLIC),)

# Encoding -> what is written in it, and how much rarer it is than the first, as a natural logarithm.
ENCODINGS: dict[str, tuple[tuple[Letters, ...], float]] = {
    "cp1252": (_LATIN, 0),
    "cp949": ((_KOREAN,), 0),
    "cp932": ((_JAPANESE,), 0),
    "gb18030": ((_CHINESE,), 0),
    "cp1251": (_RUSSIAN, 0),
    "cp1250": (_CENTRAL, -1),
    "big5": ((_TRADITIONAL,), -1),
    "cp1253": ((Letters("Greek", "αιοετσνηυρπκμλςωδγχθφβξζψάέήίόύώ"),), -1),
    "cp1254": ((Letters("Turkish", "çğıöşüâîİ"),), 0),
    "euc_jp": ((_JAPANESE,), -2),
    "koi8_r": (_RUSSIAN, -2),
    "iso8859_15": (_LATIN, -2),
    "iso8859_2": (_CENTRAL, -2),
    "mac_roman": (_LATIN, -3),
    "cp850": (_LATIN, -3),
    "cp866": (_RUSSIAN, -3),
}


@dataclass(frozen=True)
class Guess:
    """An encoding that a text can be in.

    Args:
        encoding: as Python calls it.
        language: what it would then be written in.
        words: those of its words that are not plain ASCII.
        likelihood: a natural logarithm, to be compared.
    """

    encoding: str
    language: str
    words: tuple[str, ...]
    likelihood: float


def guesses(text: bytes, *, whole: bool) -> tuple[Guess, ...]:
    """Return the encodings that a text's bytes allow, the likeliest first.

    Args:
        text: the first bytes of a text that is not UTF-8.
        whole: whether these are all its bytes, not cut off inside a letter.
    """
    found = []
    for encoding, (languages, rarity) in ENCODINGS.items():
        try:
            decoded = codecs.getincrementaldecoder(encoding)().decode(text, whole)
        except UnicodeDecodeError:
            continue
        each = dict.fromkeys(word[:_LETTERS] for word in _WORD.findall(decoded) if not word.isascii())
        words = tuple(islice(each, _WORDS_LOOKED_AT))
        likelihood, language = max((_likelihood(words, letters), letters.language) for letters in languages)
        found.append(Guess(encoding, language, words, rarity + likelihood))
    return tuple(sorted(found, key=lambda guess: -guess.likelihood))


def as_likely(found: Iterable[Guess]) -> tuple[Guess, ...]:
    """Return the guesses that nothing tells apart from the first, one for each other reading of the text."""
    best, *others = found
    likely = [guess for guess in others if best.likelihood - guess.likelihood < _AS_LIKELY]
    readings = {guess.words: guess for guess in reversed(likely) if guess.words != best.words}
    return tuple(guess for guess in likely if readings.get(guess.words) is guess)


def _likelihood(words: Iterable[str], letters: Letters) -> float:
    score = _wide_score if letters.ordinary else _narrow_score
    return sum(
        score(word, at, letters) for word in words for at, letter in enumerate(word) if letter > "\x7f"
    )


def _wide_score(word: str, at: int, letters: Letters) -> float:
    """Return the logarithm of the probability of a letter of a writing with thousands of letters."""
    if word[at] in letters.frequent:
        return log(0.55 / len(letters.frequent))
    assert letters.ordinary
    return log(0.42 / letters.ordinary_count) if letters.ordinary(word[at]) else log(0.03 / 5000)


def _narrow_score(word: str, at: int, letters: Letters) -> float:
    """Return the logarithm of the probability of a letter of an alphabet, where it stands in its word."""
    letter, before, after = word[at], word[at - 1 : at], word[at + 1 : at + 2]
    beside = [each for each in (before, after) if each.isalpha()]
    is_latin = letters.frequent[0] < "\u0370"
    alphabet = letters.frequent + _ASCII * is_latin
    if letter in _SYMBOLS:
        return _RARE if len(beside) == 2 else log(0.1 / len(_SYMBOLS))
    if not all(each.lower() in alphabet for each in beside):
        return _RARE
    if is_latin and len(word) > 2 and not any(each.lower() in _ASCII for each in word):
        return _RARE
    if any(one.islower() and other.isupper() for one, other in pairwise(word)):
        return _RARE
    if letter in letters.frequent:
        return log(0.7 / len(letters.frequent))
    inside = before.isalpha() and any(each.islower() for each in word)
    is_capital = letter.lower() in letters.frequent and not inside
    return log(0.1 / len(letters.frequent)) if is_capital else _RARE
