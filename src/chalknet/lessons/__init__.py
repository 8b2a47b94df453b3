"""The exercises of the lessons in docs/lessons: answers checked, hints given, in English and Korean."""

from chalknet.lessons.lesson import CheckedAnswer, Lesson

__all__ = ["CheckedAnswer", "Lesson"]
