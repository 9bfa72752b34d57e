"""Which layers of confinement this machine allows."""

from collections.abc import Iterator
from dataclasses import dataclass

from autograder.grading.sandbox import landlock
from autograder.grading.sandbox.confinement import Confinement
from autograder.grading.sandbox.fork import fork_confined


@dataclass(frozen=True)
class Layer:
    """One layer, what it keeps student code from, and what is wrong with it here, if anything."""

    name: str
    keeps_from: str
    problem: str = ""


def layers(confinement: Confinement) -> Iterator[Layer]:
    """Try each layer in a process of its own."""
    answer = fork_confined(confinement, lambda: None)
    known = landlock.version()
    yield Layer(
        "namespaces, limits, no privileges",
        "the network, other processes, the course's files, using up the machine",
        answer.get("error", ""),
    )
    yield Layer(
        f"Landlock (version {known})",
        "writing to installed packages, files outside the allow-list",
        "" if known else "the kernel has no Landlock (Linux 5.13 and later have it)",
    )
