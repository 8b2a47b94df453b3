"""How good a fit's answers are: metrics by name, those of other libraries, functions of the user's."""
