"""The author's side: one text file becomes the notebook, the reference, the key and the mutants."""
