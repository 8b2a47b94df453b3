"""LaTeX as a text of brackets and commas: where a group ends, and what stands between the commas."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from unicodedata import normalize

from chalknet.notation.drawings.sketch import Sketch

_COMMENT = re.compile(r"\\.|%[^\n]*+", re.S)
_CLOSING = {
    "{": re.compile(r"\\.|[{}]", re.S),
    "[": re.compile(r"\\.|[{}\]]", re.S),
    "(": re.compile(r"\\.|[{}()]", re.S),
}
_SPLIT = re.compile(r"\\.|[{}()\[\],/&;]", re.S)
_SPACE = re.compile(r"\s*+")
COMMAND = re.compile(r"\\([a-zA-Z@]++)[ \t]*+\n?[ \t]*+|\\.", re.S)


_ACCENTS = {
    "'": 0x301,
    "`": 0x300,
    "^": 0x302,
    '"': 0x308,
    "~": 0x303,
    "=": 0x304,
    ".": 0x307,
    "u": 0x306,
    "v": 0x30C,
    "H": 0x30B,
    "c": 0x327,
    "k": 0x328,
    "r": 0x30A,
}
_ACCENT = re.compile(
    r"\\(?:(['`^\"~=.])\s*(?:\{\s*\\?([A-Za-z])(?![A-Za-z])\s*\}|\\?([A-Za-z])(?![A-Za-z]*\{))|([uvHckr])\s*\{\s*([A-Za-z])\s*\})"
)
_LETTERS = {
    "ss": "ß",
    "o": "ø",
    "O": "Ø",
    "l": "ł",
    "L": "Ł",
    "ae": "æ",
    "AE": "Æ",
    "oe": "œ",
    "aa": "å",
    "AA": "Å",
    "i": "ı",
}
_LETTER = re.compile(rf"\\({'|'.join(_LETTERS)})(?:\{{\}}|(?![A-Za-z])\s?)")


def with_accents(text: str) -> str:
    r"""Return words with their accents as characters: `\'el\`eve, Stra\ss e`; formulas between dollars stay."""
    if "\\" not in text:
        return text
    parts = text.split("$")
    for i in range(0, len(parts), 2):
        parts[i] = _LETTER.sub(lambda found: _LETTERS[found[1]], _ACCENT.sub(_accented, parts[i]))
    return "$".join(parts)


def _accented(found: re.Match[str]) -> str:
    sign, letter = found[1] or found[4], found[2] or found[3] or found[5]
    return normalize("NFC", letter + chr(_ACCENTS[sign]))


class Unread(Exception):
    """Something that is not understood; the statement around it is refused with its place.

    Args:
        got: what stands there.
        wanted: what would be understood.
    """

    def __init__(self, got: str, wanted: str = "a picture in TikZ") -> None:
        super().__init__(got)
        self.got, self.wanted = got, wanted


def without_comments(text: str) -> str:
    """Return a text whose comments are blanks, every other character in its place."""
    return _COMMENT.sub(lambda m: m.group() if m.group()[0] == "\\" else " " * len(m.group()), text)


def end_of_group(text: str, at: int) -> int:
    """Return where the group that opens at a place ends, behind its bracket.

    Raises:
        Unread: where it is not closed.
    """
    opening = text[at]
    braces = depth = 0
    for match in _CLOSING[opening].finditer(text, at + 1):
        sign = match.group()
        if sign == "{":
            braces += 1
        elif sign == "}" and (opening != "{" or braces):
            braces -= 1
        elif sign == "(" and not braces:
            depth += 1
        elif sign == ")" and not braces and depth:
            depth -= 1
        elif sign[0] != "\\" and not braces:
            return match.end()
        if braces < 0:
            break
    raise Unread(f"a {opening} that is not closed", "its other half")


def split(text: str, sign: str = ",") -> list[str]:
    """Return what stands between the signs that stand in no brackets, without the blanks around it."""
    parts, start, depth = [], 0, 0
    for match in _SPLIT.finditer(text):
        found = match.group()
        if found in ("{", "(", "["):
            depth += 1
        elif found in ("}", ")", "]"):
            depth = max(depth - 1, 0)
        elif found == sign and not depth:
            parts.append(text[start : match.start()].strip())
            start = match.end()
    return [*parts, text[start:].strip()]


def bare(text: str) -> str:
    """Return a text without the braces around the whole of it."""
    text = text.strip()
    while text.startswith("{") and text.endswith("}"):
        try:
            if end_of_group(text, 0) != len(text):
                return text
        except Unread:
            return text
        text = text[1:-1].strip()
    return text


@dataclass
class Cursor:
    """A place in a text that is read from left to right.

    Args:
        text: what is read.
        spend: counts the characters that are looked at.
        at: where it stands.
    """

    text: str
    spend: Callable[[int], None] = lambda steps: None
    at: int = 0

    def skip(self) -> int:
        """Go past blanks, and return the place."""
        match = _SPACE.match(self.text, self.at)
        self.at = match.end() if match else self.at
        return self.at

    def is_at(self, sign: str) -> bool:
        """Return whether a sign stands here, behind any blanks."""
        return self.text.startswith(sign, self.skip())

    def met(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Return what a pattern finds here, and go past it."""
        match = pattern.match(self.text, self.skip())
        if match:
            self.at = match.end()
        return match

    def group(self, opening: str = "{") -> str:
        """Return what stands in the brackets here, and go past them.

        Raises:
            Unread: where no such bracket stands, or it is not closed.
        """
        if not self.is_at(opening):
            got = repr(self.text[self.at : self.at + 12]) if self.at < len(self.text) else "the end"
            raise Unread(got, f"a {opening}")
        start, self.at = self.at, end_of_group(self.text, self.at)
        self.spend(self.at - start)
        return self.text[start + 1 : self.at - 1]

    def option(self) -> str:
        """Return the text in square brackets that may stand here, and go past it."""
        return self.group("[") if self.is_at("[") else ""

    def argument(self) -> str:
        """Return a group, or the one command or character that stands for it."""
        if self.is_at("{"):
            return self.group()
        match = COMMAND.match(self.text, self.at)
        end = match.end() if match else self.at + 1
        start, self.at = self.at, end
        return self.text[start:end].strip()


def spender(sketch: Sketch) -> Callable[[int], None]:
    """Return what counts characters as the steps of reading a drawing, some for one."""
    return lambda characters: sketch.spend(5 + characters // 12)
