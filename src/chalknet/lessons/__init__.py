"""The exercises of the lessons in docs/lessons: check answers and give hints, in English and Korean."""

from chalknet.lessons.lesson import CheckedAnswer, Lesson

__all__ = ["CheckedAnswer", "Lesson"]
