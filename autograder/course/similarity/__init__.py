"""How alike submissions are, for people who decide what that means."""
