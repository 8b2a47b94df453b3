"""Benchmarks of chalknet: the rivals timed in turn in one process, losing cells shown too."""
