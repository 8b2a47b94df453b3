"""A lesson: draws the network of an exercise, checks an answer, and gives a hint for a wrong one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from chalknet.differences import difference
from chalknet.drawing import DialectName, Drawing, Style, draw
from chalknet.errors import ChalknetError, invalid, look_up
from chalknet.forms import read
from chalknet.lang import speaking, translated
from chalknet.lessons.exercises import EXERCISES, Exercise
from chalknet.tables import Shown
from chalknet.units import is_number


@dataclass(frozen=True, repr=False)
class CheckedAnswer(Shown):
    """The result of checking an answer; truthy if it is right.

    Args:
        right: whether the answer is right.
        text: the message, with a hint if the answer is wrong.
    """

    right: bool
    text: str

    def __bool__(self) -> bool:
        return self.right

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Lesson:
    """The exercises of one lesson.

    Args:
        letter: "A" (write and draw), "B" (CPU and GPU) or "C" (stochastic gradient descent).
        language: of its messages, "en" or "ko".

    Raises:
        UnknownName: for another lesson or language.

    Example:
        >>> from chalknet.lessons import Lesson
        >>> print(Lesson("A").check(1, "3 -> 1 sigmoid"))
        ✓ A1: right.
    """

    letter: Literal["A", "B", "C"]
    language: Literal["en", "ko"] = "en"

    def __post_init__(self) -> None:
        look_up(EXERCISES, self.letter, "Lesson", "lesson")
        look_up(_WORDS, self.language, "Lesson", "language")

    def check(self, number: int, answer: object) -> CheckedAnswer:
        """Check an answer; for a wrong one, the result explains it and gives a hint, but never the answer.

        Args:
            number: of the exercise, from 1.
            answer: a network in any form, one or more numbers, or a word, depending on the exercise.

        Raises:
            InvalidValue: if there is no exercise of this number.
        """
        exercise = self._exercise(number)
        name, words, hint = f"{self.letter}{number}", _WORDS[self.language], exercise.hint(self.language)
        if answer is None or answer is ... or (isinstance(answer, str) and not answer.strip()):
            return CheckedAnswer(False, f"✗ {name}: {words['empty']} {hint}")
        with speaking(self.language):
            problem = _CHECKS[exercise.asks](exercise, answer, words)
        return CheckedAnswer(
            not problem, f"✗ {name}: {problem} {hint}" if problem else f"✓ {name}: {words['right']}"
        )

    def draw(self, number: int, dialect: DialectName = "nodes") -> Drawing:
        """Return a drawing of the network that an exercise asks for, without its written form.

        Args:
            number: of the exercise, from 1.
            dialect: as in `cn.draw`.

        Raises:
            InvalidValue: if there is no exercise of this number, or it does not ask for a network.
        """
        exercise = self._exercise(number)
        if exercise.asks != "network":
            raise invalid("number", number, "an exercise that asks for a network")
        return draw(read(str(exercise.key)), dialect, style=Style(language=self.language))

    def _exercise(self, number: int) -> Exercise:
        exercises = EXERCISES[self.letter]
        if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= len(exercises):
            raise invalid("number", number, f"the number of an exercise, from 1 to {len(exercises)}")
        return exercises[number - 1]


def _network_problem(exercise: Exercise, answer: Any, words: Mapping[str, str]) -> str:
    """Return where a network differs from the key, and what the answer has there."""
    try:
        found = difference(answer, str(exercise.key))
    except ChalknetError as problem:
        if str(exercise.key) in problem.remedy:  # the example in the error would give away the answer
            problem.remedy = ""
        return words["unread"].format(problem=problem)
    if not found:
        return ""
    part = found.parts[0]
    return words["parts"].format(where=translated(part.where), mine=translated(part.a))


def _numbers_problem(exercise: Exercise, answer: Any, words: Mapping[str, str]) -> str:
    """Return what is wrong with a number, or with several in their order."""
    given = list(answer) if isinstance(answer, list | tuple) else [answer]
    wanted = exercise.numbers
    if len(given) != len(wanted) or not all(map(is_number, given)):
        return words["amount"].format(count=len(wanted))
    pairs = zip(map(float, given), wanted, strict=True)
    wrong = [mine for mine, right in pairs if not abs(mine - right) <= exercise.tolerance]
    return words["number"].format(mine=", ".join(f"{each:g}" for each in wrong)) if wrong else ""


def _word_problem(exercise: Exercise, answer: Any, words: Mapping[str, str]) -> str:
    said = str(answer).strip().lower()
    return "" if said == exercise.key else words["word"].format(mine=repr(said[:40]))


_CHECKS: Mapping[str, Callable[[Exercise, Any, Mapping[str, str]], str]] = {
    "network": _network_problem,
    "numbers": _numbers_problem,
    "word": _word_problem,
}
_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "right": "right.",
        "empty": "no answer yet. Hint:",
        "unread": "this could not be read.\n{problem}\nHint:",
        "parts": "another network. It parts at {where}, where you have: {mine}. Hint:",
        "amount": "wanted: {count} number(s), such as 3 or (3, 2). Hint:",
        "number": "not {mine}. Hint:",
        "word": "not {mine}. Hint:",
    },
    "ko": {
        "right": "정답입니다.",
        "empty": "아직 답이 없습니다. 힌트:",
        "unread": "답을 읽을 수 없습니다.\n{problem}\n힌트:",
        "parts": "다른 신경망입니다. 처음 달라지는 곳: {where}. 그곳에 쓴 것: {mine}. 힌트:",
        "amount": "수 {count}개로 답해야 합니다. 예: 3 또는 (3, 2). 힌트:",
        "number": "{mine}: 틀렸습니다. 힌트:",
        "word": "{mine}: 틀렸습니다. 힌트:",
    },
}
