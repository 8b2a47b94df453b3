"""Letters and digits as strokes of a pen, on a grid 4 wide and 6 high (0 above, 6 at the line)."""

from __future__ import annotations

import unicodedata

# A letter is strokes apart by "|"; a stroke is points, two digits each: how far right, how far down.
_STROKES = {
    "0": "20 01 05 26 45 41 20", "1": "11 20 26", "2": "01 10 30 41 06 46", "3": "00 40 22 43 45 26 05",
    "4": "30 04 44|30 36", "5": "40 00 02 32 44 35 16 05", "6": "30 03 05 16 36 44 33 04", "7": "00 40 16",
    "8": "23 02 10 30 42 23 05 16 36 45 23", "9": "42 31 11 03 14 42|42 36",
    "_": "06 46", "+": "21 25|03 43", "-": "03 43", "=": "02 42|04 44", ".": "26 26", ",": "25 17", "(": "30 12 14 36",
    ")": "10 32 34 16", "Σ": "40 00 23 06 46", "σ": "42 12 04 16 36 44 32", "^": "02 20 42", ":": "22 22|25 25",
    "a": "43 22 04 16 36 42|42 46", "b": "00 06|03 22 43 45 26 05", "c": "43 22 04 16 45", "d": "40 46|43 22 04 16 45",
    "e": "04 44 32 12 04 16 45", "f": "30 11 16|03 33", "g": "43 22 04 15 44|42 47 27", "h": "00 06|03 22 43 46",
    "i": "22 26|20 20", "k": "00 06|42 04 46", "l": "20 26", "m": "02 06|03 12 23 26|23 32 43 46", "n": "02 06|03 22 43 46",
    "o": "22 04 16 36 44 22", "p": "02 08|03 22 43 45 26 05", "q": "42 48|43 22 04 16 45", "r": "02 06|03 22 42",
    "s": "42 12 03 45 36 06", "t": "20 25 36|02 42", "u": "02 05 16 36 45|42 46", "v": "02 26 42", "w": "02 16 23 36 42",
    "x": "02 46|42 06", "y": "02 25|42 17", "z": "02 42 06 46", "j": "32 37 17|30 30",
    "I": "10 30|20 26|16 36", "H": "00 06|03 43|40 46", "O": "20 01 05 26 45 41 20", "L": "00 06 46", "R": "06 00 30 42 33 03|23 46",
    "U": "00 05 16 36 45 40", "S": "41 20 01 03 43 45 26 05", "T": "00 40|20 26", "D": "00 06 26 44 42 20 00",
    "N": "06 00 46 40", "P": "06 00 30 42 33 03", "F": "06 00 40|03 33", "M": "06 00 23 40 46", "E": "40 00 06 46|03 33",
    "C": "41 20 01 05 26 45", "A": "06 20 46|14 34", "B": "00 06 36 45 43 03|33 41 30 00", "V": "00 26 40", "?": "01 10 30 41 24|26 26",
}  # fmt: skip


def strokes(text: str) -> tuple[list[list[tuple[float, float]]], float]:
    """Return the strokes of a line of words, and how wide they are, both in heights of a letter.

    A letter that is not known leaves a gap; `spelled` says beforehand whether there is one.
    """
    found, x = [], 0.0
    for letter in text:
        for stroke in _STROKES.get(letter, "").split("|"):
            points = [(x + int(pair[0]) / 6, int(pair[1]) / 6) for pair in stroke.split()]
            if points:
                found.append(points)
        x += 0.62 if letter in " .,:il1()" else 0.95
    return found, max(x - 0.28, 0.4)


def spelled(text: str) -> str:
    """Return words as a hurried hand writes them: without accents; nothing where a letter is not known."""
    bare = "".join(
        letter for letter in unicodedata.normalize("NFD", text) if not unicodedata.combining(letter)
    )
    bare = bare.replace("×", "x").replace("'", "").replace("•", "-")
    return bare if all(letter in _STROKES or letter.isspace() for letter in bare) else ""
