"""A fit from its arguments to its result: begun or gone on with, the loop, signals."""
