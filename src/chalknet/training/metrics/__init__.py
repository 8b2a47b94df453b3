"""How good a fit's answers are: the metrics by name, those of other libraries, and functions of the user's."""
