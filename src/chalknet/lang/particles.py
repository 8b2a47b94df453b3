"""Korean particles, whose form depends on how the word before them ends: `을(를)` becomes `을` or `를`."""

from __future__ import annotations

import re

# As they are written in the catalogue: after a final consonant, after a vowel.
_PARTICLES = {
    "을(를)": ("을", "를"), "이(가)": ("이", "가"), "은(는)": ("은", "는"), "과(와)": ("과", "와"),
    "(으)로": ("으로", "로"), "(이)라": ("이라", "라"), "(이)나": ("이나", "나"),
}  # fmt: skip
_FOUND = re.compile(rf"({'|'.join(map(re.escape, _PARTICLES))})")
_BEHIND_WORDS = "'\"`)]}’” "  # may come between a word and its particle
_RIEUL = 8  # the number of the final consonant ㄹ, after which (으)로 is 로
# How digits are read, by their final consonant: 영 일 이 삼 사 오 육 칠 팔 구.
_OF_DIGITS = dict(zip("0123456789", (21, _RIEUL, 0, 16, 0, 0, 1, _RIEUL, _RIEUL, 0), strict=True))
_OF_LETTERS = {"l": _RIEUL, "m": 16, "n": 4}  # 엘 엠 엔: a letter read by itself; the others end in vowels


def with_particles(text: str) -> str:
    """Return a Korean text with each particle in the form that the word before it needs.

    After a word in other letters, whose pronunciation is not known, both forms are kept.

    Example:
        >>> with_particles("가중치을(를) 3(으)로, relu을(를)")
        '가중치를 3으로, relu을(를)'
    """
    return _FOUND.sub(lambda found: _form(text[: found.start()], found[0]), text) if "(" in text else text


def _form(before: str, particle: str) -> str:
    word = before.rstrip(_BEHIND_WORDS)
    final = _final_consonant(word)
    if final is None:
        return particle
    if particle == "(으)로" and final == _RIEUL:
        return "로"
    return _PARTICLES[particle][0 if final else 1]


def _final_consonant(word: str) -> int | None:
    """Return the number of the consonant that a word ends in, 0 for none; None if not known."""
    if not word:
        return None
    last = word[-1]
    if "가" <= last <= "힣":
        return (ord(last) - ord("가")) % 28
    if last in _OF_DIGITS:
        return _OF_DIGITS[last]
    alone = len(word) == 1 or not word[-2].isalpha()
    return _OF_LETTERS.get(last.lower(), 0) if alone and last.isascii() and last.isalpha() else None
