"""Questions about students' own code, whose answers were found by running it."""
