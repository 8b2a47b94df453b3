"""How numbers and gaps are written in texts: one way of writing is found for a whole column, or none."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from itertools import accumulate, product

from chalknet.errors import DataError

# Gaps in a column of words, as they are spelled, where they are not quoted.
WORD_GAPS = (
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A",
    "NA", "NULL", "NaN", "\\N", "n/a", "nan", "null",
)  # fmt: skip
# Gaps only in a column that is otherwise numbers; in small letters, as all gaps are compared there.
_DOUBTFUL_GAPS = (
    "?", "??", "-", "--", "---", "\u2013", "\u2014", ".", "..", "...", "*", "_", "none", "nil", "missing",
    "n.a.", "n.a", "nat", "(null)", "undefined", "#div/0!", "#name?", "#null!", "#num!", "#ref!", "#value!",
)  # fmt: skip
NUMBER_GAPS = (*{word.lower(): None for word in WORD_GAPS}, *_DOUBTFUL_GAPS)
SPACES = "\u0020\u00a0\u2009\u202f"
APOSTROPHES = "'\u2019"
MINUS = "\u2212"
_THOUSANDS = {"": "", ",": ",", ".": r"\.", " ": f"[{SPACES}]", "'": f"[{APOSTROPHES}]", "_": "_"}
_SIGN = f"[-+{MINUS}]?"
_AFFIX = r"[$€£¥₩₹%‰]"
_AFFIXED = re.compile(rf"({_SIGN})({_AFFIX}?)[{SPACES}]?({_SIGN})([^$€£¥₩₹%‰]*?)[{SPACES}]?({_AFFIX}?)")
_DATE = re.compile(
    r"(?:[0Z]0?([./-])00?\1(?:0000|00)|[0Z]000([./-])00?\2(?:00|0))(?:[ T].*)?|[0Z]0?:00(?::00(?:\.0+)?)?"
)
_READINGS = {".": "decimal='.'", ",": "decimal=','"}
Place = tuple[int, int]  # where a block begins, and the row in it


@dataclass(frozen=True)
class NumberStyle:
    """How the numbers of a column are written.

    Args:
        decimal: what stands before the fraction.
        thousands: what stands between groups of digits; " " for every narrow or wide space.
        affix: the sign that every value carries, such as "%" or "€".
    """

    decimal: str = "."
    thousands: str = ""
    affix: str = ""


@dataclass
class Seen:
    """Values of one shape: how many, and the first of them."""

    count: int
    text: str
    place: Place


@dataclass
class Tally:
    """All texts of a column by their shape: digits are 0, but Z for a zero that leads.

    Args:
        shapes: those that stand for no gap in a column of numbers.
        gaps: the texts that do, as they are spelled.
        unquoted: those of them that are gaps in a column of words, too.
    """

    shapes: dict[str, Seen] = field(default_factory=dict)
    gaps: Counter[str] = field(default_factory=Counter)
    unquoted: Counter[str] = field(default_factory=Counter)

    @property
    def rows(self) -> int:
        """Return how many values are no gaps."""
        return sum(seen.count for seen in self.shapes.values())


@dataclass(frozen=True)
class ColumnReading:
    """What a column of texts is, judged by all its values.

    Args:
        kind: number, boolean, text, date, or empty where all are gaps.
        style: how its numbers are written.
        gaps: how often each spelling of a gap occurs.
        notes: what was assumed, a sentence each.
        word_gaps, word_notes: the same where the column is read as words.
        problem: why it cannot be read as numbers; None where it can.
    """

    kind: str
    style: NumberStyle = NumberStyle()
    gaps: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    word_gaps: Mapping[str, int] = field(default_factory=dict)
    word_notes: tuple[str, ...] = ()
    problem: DataError | None = None


@dataclass(frozen=True)
class Evidence:
    """What speaks for one way of writing in a column that allows two.

    Args:
        table: what messages call the table.
        place_of: says in words where a value stands.
        decimal: what was asked; None to find out.
        delimiter: what stands between two fields; "" where that is no text.
        others: the decimal signs of columns that allow only one.
    """

    table: str
    place_of: Callable[[Place], str]
    decimal: str | None = None
    delimiter: str = ""
    others: frozenset[str] = frozenset()


@lru_cache(100_000)
def styles_of(shape: str) -> frozenset[NumberStyle]:
    """Return the styles in which a shape is a number."""
    found = _AFFIXED.fullmatch(shape)
    if found is None or (found[1] and found[3]) or (found[2] and found[5]):
        return frozenset()
    affix = found[2] or found[5]
    return frozenset(
        NumberStyle(decimal, thousands, affix)
        for decimal, thousands in product(".,", _THOUSANDS)
        if decimal != thousands and _body(decimal, thousands).fullmatch(found[4])
    )


@cache
def _body(decimal: str, thousands: str) -> re.Pattern[str]:
    point, between = re.escape(decimal), _THOUSANDS[thousands]
    grouped = rf"|0{{1,3}}(?:{between}000)+" if thousands else ""
    grouped += "|00?(?:,00)+,000" if thousands == "," else ""  # as in India
    return re.compile(rf"(?:(?:[0Z]0*{grouped})(?:{point}0*)?|{point}[0Z]0*)(?:[eE][-+]?0+)?")


def decimals_of(tally: Tally) -> frozenset[str]:
    """Return the decimal signs that a column's numbers allow, where they have separators; else none."""
    styles = _common(tally.shapes)
    separated = any(re.search("[.,]", shape) for shape in tally.shapes)
    return frozenset(style.decimal for style in styles) if separated else frozenset()


class DecimalSigns:
    """The decimal signs of the columns of a table that allow only one each."""

    def __init__(self, tallies: Mapping[int, Tally]) -> None:
        self._own = {i: signs for i, tally in tallies.items() if len(signs := decimals_of(tally)) == 1}
        self._counts = Counter(sign for signs in self._own.values() for sign in signs)

    def without(self, column: int) -> frozenset[str]:
        """Return those of all columns but one."""
        own = self._own.get(column, frozenset())
        return frozenset(sign for sign, count in self._counts.items() if count > (sign in own))


def has_leading_zeros(tally: Tally) -> bool:
    """Return whether whole numbers begin with a zero, as codes do."""
    return any(map(_LEADING_ZERO.fullmatch, tally.shapes))


_LEADING_ZERO = re.compile("[-+]?Z0+")


def judged(name: str, tally: Tally, evidence: Evidence) -> ColumnReading:
    """Return what a column is.

    Args:
        name: of the column.
        tally: all its texts.
        evidence: what speaks for one way of writing where two are possible.
    """
    shapes, rows = tally.shapes, tally.rows
    gaps, words = dict(tally.gaps), dict(tally.unquoted)
    reading = ColumnReading("number", gaps=gaps, word_gaps=words, word_notes=_word_notes(name, tally))
    if not rows:
        return replace(reading, kind="empty")
    if all(shape.lower() in ("true", "false") for shape in shapes):
        return replace(reading, kind="boolean")
    where = f"column {name!r} of {evidence.table}"
    strange = {shape: seen for shape, seen in shapes.items() if not styles_of(shape)}
    if strange:
        dates = sum(seen.count for shape, seen in strange.items() if _DATE.fullmatch(shape))
        mostly = 2 * sum(seen.count for seen in strange.values()) < rows
        kind = "number" if mostly else "date" if 2 * dates > rows else "text"
        first = min(strange.values(), key=_by_place)
        return replace(reading, kind=kind, problem=_strange(where, name, first, evidence, kind))
    styles = _common(shapes)
    if not styles:
        return replace(reading, problem=_contradiction(where, name, shapes, evidence))
    return _read(reading, name, tally, evidence, styles)


def _read(
    reading: ColumnReading, name: str, tally: Tally, evidence: Evidence, styles: frozenset[NumberStyle]
) -> ColumnReading:
    """Return the reading of a column of numbers in the style that the evidence speaks for."""
    where = f"column {name!r} of {evidence.table}"
    first = _telling(tally.shapes)
    decimals = {style.decimal for style in styles}
    decimal, why = _decimal(decimals, first, evidence)
    if not decimal:
        return replace(reading, problem=_two_readings(where, name, first, evidence, styles))
    style = min((style for style in styles if style.decimal == decimal), key=lambda style: style.thousands)
    notes = []
    if style != NumberStyle() or why:
        shown = number_shown(first.text, style)
        notes.append(f"column {name}: {first.text} is read as {shown}{f' ({why})' if why else ''}")
    zeros = [seen for shape, seen in tally.shapes.items() if _LEADING_ZERO.fullmatch(shape)]
    if zeros:
        seen = min(zeros, key=_by_place)
        notes.append(
            f"column {name}: {seen.text} is read as {_whole(seen.text)}; one_hot=[{name!r}] makes categories "
            f"of codes, drop=[{name!r}] leaves them out"
        )
    return replace(reading, style=style, notes=tuple(notes))


def _whole(text: str) -> str:
    """Return a whole number without the zeros that lead, however many digits it has."""
    digits = text.lstrip("+-0") or "0"
    return f"-{digits}" if text.startswith("-") and digits != "0" else digits


def _decimal(decimals: set[str], first: Seen, evidence: Evidence) -> tuple[str, str]:
    """Return the decimal sign that the evidence speaks for, and why where there were two; "" for none."""
    separated = re.search("[.,]", first.text) is not None
    if evidence.decimal is not None:
        return (evidence.decimal if evidence.decimal in decimals else "" if separated else "."), ""
    if len(decimals) == 1 or not separated:
        return ("." if "." in decimals else ","), ""
    if len(evidence.others) == 1:
        (sign,) = evidence.others
        written = "comma" if sign == "," else "point"
        plain = sign == "." and "," not in first.text
        return sign, "" if plain else f"other columns have a decimal {written}"
    if "," not in first.text:
        return ".", "" if evidence.delimiter in ",\t" else "decimal=',' if it separates thousands"
    if evidence.delimiter == ",":
        return ".", "the file is delimited by commas"
    return "", ""


def number_shown(text: str, style: NumberStyle) -> str:
    """Return a number as it is read, in plain writing."""
    plain = text.strip().replace(MINUS, "-")
    for sign in (style.affix, *SPACES, *(APOSTROPHES if style.thousands == "'" else style.thousands)):
        plain = plain.replace(sign, "") if sign else plain
    return plain.replace(style.decimal, ".")


def _telling(shapes: Mapping[str, Seen]) -> Seen:
    """Return the first value whose writing is anything but digits, else the first."""
    kinds = (",", "[.]", f"[^-+0-9{MINUS}]", "")
    return next(
        min(found, key=_by_place)
        for kind in kinds
        if (found := [seen for seen in shapes.values() if re.search(kind, seen.text)])
    )


def _common(shapes: Iterable[str]) -> frozenset[NumberStyle]:
    """Return the styles in which every shape is a number."""
    each = [styles_of(shape) for shape in shapes]
    return frozenset.intersection(*each) if each else frozenset()


def _by_place(seen: Seen) -> Place:
    return seen.place


def leave_out(name: str) -> str:
    """Return the remedy that leaves a column out, as a part of a sentence."""
    return f"leave the column out, drop=[{name!r}] (--drop {name})"


def _strange(where: str, name: str, seen: Seen, evidence: Evidence, kind: str) -> DataError:
    """Return the error for the first text that is no number in a column that is to be numbers."""
    word = seen.text[:40]
    gap = f"Correct it; or say that it stands for a gap, missing={word!r} (--missing {word}), " * (
        kind == "number"
    )
    categories = f"one_hot=[{name!r}] (--one-hot-columns {name})"
    return DataError(
        where=f"{where}, {evidence.place_of(seen.place)}",
        got=f"{word!r}, text" if kind != "date" else f"values of the kind date, such as {word!r}",
        wanted="numbers",
        remedy=f"{gap or 'Say '}that these are categories, {categories}, or {leave_out(name)}.",
    )


def _contradiction(where: str, name: str, shapes: Mapping[str, Seen], evidence: Evidence) -> DataError:
    """Return the error for numbers that no one style has, with two of them that exclude each other."""
    ordered = sorted(shapes, key=lambda shape: shapes[shape].place)
    each = map(styles_of, ordered)
    common = accumulate(each, lambda one, other: one & other)
    last = next(i for i, styles in enumerate(common) if not styles)
    against = (other for other in ordered[:last] if not _common((other, ordered[last])))
    first, second = shapes[next(against, ordered[last - 1])], shapes[ordered[last]]
    return DataError(
        where=where,
        got=f"{first.text!r} in {evidence.place_of(first.place)} and {second.text!r} in "
        f"{evidence.place_of(second.place)}",
        wanted="numbers that are written alike",
        remedy=f"Write them in one way in the file, or {leave_out(name)}.",
    )


def _two_readings(
    where: str, name: str, seen: Seen, evidence: Evidence, styles: frozenset[NumberStyle]
) -> DataError:
    """Return the error for numbers that can be read in two ways, or not in the way that was asked for."""
    if evidence.decimal is not None:
        (other,) = {style.decimal for style in styles}
        return DataError(
            where=f"{where}, {evidence.place_of(seen.place)}",
            got=f"{seen.text!r} where decimal={evidence.decimal!r} was said",
            wanted=f"numbers with {evidence.decimal!r} before the fraction",
            remedy=f"Say {_READINGS[other]} (--decimal {other!r}), or {leave_out(name)}.",
        )
    ways = {style.decimal: number_shown(seen.text, style) for style in sorted(styles, key=str)}
    return DataError(
        where=f"{where}, {evidence.place_of(seen.place)}",
        got=f"{seen.text!r}, which may be {ways['.']} or {ways[',']}",
        wanted="numbers that can be read in one way",
        remedy=f"Say {_READINGS['.']} for {ways['.']}, {_READINGS[',']} for {ways[',']} (--decimal).",
    )


def _word_notes(name: str, tally: Tally) -> tuple[str, ...]:
    """Return what is doubtful about the gaps of a column of words."""
    notes = []
    words = {seen.text for seen in tally.shapes.values() if seen.text.isalpha()}
    told = {text: count for text, count in tally.unquoted.items() if text.strip()}
    if told and words and max(map(len, words)) <= 2:
        shown = ", ".join(f"{count:,} {text}" for text, count in sorted(told.items()))
        notes.append(
            f"column {name}: {shown} taken as missing, though its words are as short; quote what is a word"
        )
    kept = tally.gaps - tally.unquoted
    doubtful = sorted(text for text in kept if text.lower() in _DOUBTFUL_GAPS)
    for text in doubtful:
        notes.append(
            f"column {name}: {kept[text]:,} {text} kept as a word; missing={text!r} makes gaps of it"
        )
    return tuple(notes)
