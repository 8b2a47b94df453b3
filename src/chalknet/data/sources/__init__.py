"""Sources: samples by their row numbers, from arrays, files or a class of the user's."""
