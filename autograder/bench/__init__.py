"""How fast grading is: against stock nbgrader on an equivalent notebook, and against a floor."""
