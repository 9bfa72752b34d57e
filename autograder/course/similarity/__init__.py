"""How alike submissions are, for people who decide what that means."""

ABOVE = 0.75  # alike from there on, unless somebody says otherwise: docs/similarity.md
