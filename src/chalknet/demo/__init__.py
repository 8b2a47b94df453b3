"""The main job on real data, in one command."""

from chalknet.demo.demo import FORMULA, LECTURE, compare_methods, run_demo

__all__ = ["FORMULA", "LECTURE", "compare_methods", "run_demo"]
