"""The exercises of the lessons in docs/lessons: answers checked, hints given, in English and Korean."""

from chalknet.lessons.lesson import Lesson, Verdict

__all__ = ["Lesson", "Verdict"]
