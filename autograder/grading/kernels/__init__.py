"""Warm confined kernels: the zygote that forks them, and the grader's end of it."""
