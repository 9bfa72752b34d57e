"""Warm confined processes: the zygote that forks them, what they do, and the grader's end of it."""
