"""Confinement of a forked process before student code runs in it: layers of the Linux kernel."""
