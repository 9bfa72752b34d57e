"""What the text of a notebook's cells says, without running it."""
