"""Numbers that are written as words: `six features`, `zwölf Neuronen`, `五个神经元`."""

from __future__ import annotations

import re
from collections.abc import Mapping

from chalknet.notation.drawings.words import UNITS, pattern

_ROWS: tuple[tuple[int, str], ...] = (
    (1, "one ein eine einen un uno una une um uma één jeden jedna bir один одна 一 하나 한"),
    (2, "two zwei dos deux due dois duas twee dwa dwie dwóch iki два две двух 两 兩 二 두"),
    (3, "three drei tres trois tre três drie trzy trzech üç три трёх трех 三 세"),
    (4, "four vier cuatro quatre quattro quatro cztery dört четыре четырёх четырех 四 네"),
    (5, "five fünf cinco cinq cinque vijf pięć pięciu beş пять пяти 五 다섯"),
    (6, "six sechs seis sei zes sześć altı шесть 六 여섯"),
    (7, "seven sieben siete sept sette sete zeven siedem yedi семь 七 일곱"),
    (8, "eight acht ocho huit otto oito osiem sekiz восемь 八 여덟"),
    (9, "nine neun nueve neuf nove negen dziewięć dokuz девять 九 아홉"),
    (10, "ten zehn diez dix dieci dez tien dziesięć on десять 十 열"),
    (11, "eleven elf once onze undici jedenaście onbir одиннадцать 十一"),
    (12, "twelve zwölf doce douze dodici doze twaalf dwanaście oniki двенадцать 十二"),
    (13, "thirteen dreizehn trece treize tredici treze dertien trzynaście тринадцать 十三"),
    (14, "fourteen vierzehn catorce quatorze quattordici veertien czternaście четырнадцать 十四"),
    (15, "fifteen fünfzehn quince quinze quindici vijftien piętnaście пятнадцать 十五"),
    (16, "sixteen sechzehn dieciséis seize sedici dezesseis zestien szesnaście шестнадцать 十六"),
    (18, "eighteen achtzehn dieciocho dix-huit diciotto dezoito achttien osiemnaście восемнадцать 十八"),
    (20, "twenty zwanzig veinte vingt venti vinte twintig dwadzieścia yirmi двадцать 二十"),
    (24, "vierundzwanzig veinticuatro vingt-quatre ventiquattro 二十四"),
    (25, "fünfundzwanzig veinticinco vingt-cinq venticinque 二十五"),
    (30, "thirty dreißig treinta trente trenta trinta dertig trzydzieści otuz тридцать 三十"),
    (32, "zweiunddreißig trente-deux trentadue 三十二"),
    (40, "forty vierzig cuarenta quarante quaranta quarenta veertig сорок 四十"),
    (50, "fifty fünfzig cincuenta cinquante cinquanta cinquenta vijftig пятьдесят 五十"),
    (60, "sixty sechzig sesenta soixante sessanta sessenta"),
    (64, "vierundsechzig soixante-quatre sessantaquattro 六十四"),
    (70, "seventy siebzig setenta"),
    (80, "eighty achtzig ochenta"),
    (90, "ninety neunzig noventa"),
    (100, "hundred hundert cien cento cent honderd sto yüz сто 百"),
)
NUMBERS: Mapping[str, int] = {word: number for number, words in reversed(_ROWS) for word in words.split()}
_ENDS = (  # of a network, which have no unit behind the number: `vier Eingänge`
    r"eing[aä]nge?n?|ausg[aä]nge?n?|entr[ée]es|sorties?|ingressi|uscit[ae]|sa[ií]das?|вход\w*|выход\w*|wejś\w+|wyjś\w+"
    r"|girdi\w*|çıktı\w*|liczb\w*|zahlen|werte[n]?|valeurs|valores|valori|чис[ел]\w*"
)
_ADJECTIVES = (
    r"hidden|input|output|ver(?:deck|steck|borge)\w+|ocult[ao]s|cachée?s|nascost[ie]|ukryt\w+|скрыты\w"
)
_TENS = "|".join(word for word, number in NUMBERS.items() if number in range(20, 100, 10) and word.isascii())
_ONES = "|".join(word for word, number in NUMBERS.items() if number < 10 and word.isascii())
_LATIN = "|".join(sorted((word for word in NUMBERS if word[0] < "一"), key=len, reverse=True))
_OTHER = "|".join(sorted((word for word in NUMBERS if word[0] >= "一"), key=len, reverse=True))
_WORD = pattern(
    rf"(?<![^\W\d_])(?:(?P<tens>{_TENS})[- ](?P<ones>{_ONES})|(?P<one>{_LATIN}))"
    rf"(?=(?:[ -](?:{_ADJECTIVES}))?[ -](?:{UNITS}|{_ENDS})(?![^\W\d_]))"
    rf"|(?P<other>{_OTHER})(?=\s?(?:个|個|개(?!의 층)|つの))",
    re.I,
)


def in_digits(text: str) -> str:
    """Return a text whose numbers of units that are written as words stand there in digits.

    Args:
        text: plain words.

    Example:
        >>> in_digits("hidden: twenty-five nodes")
        'hidden: 25 nodes'
    """
    return _WORD.sub(_digits, text)


def _digits(match: re.Match[str]) -> str:
    if match["tens"]:
        return str(NUMBERS[match["tens"].lower()] + NUMBERS[match["ones"].lower()])
    return str(NUMBERS[(match["one"] or match["other"]).lower()])
