"""The command `similar`: its arguments, and what it does."""

import argparse
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from rich.console import Console

from autograder.course.similarity import ABOVE
from autograder.settings import Course


def add_similar(commands: "argparse._SubParsersAction[ArgumentParser]") -> None:
    """Add the command and its options."""
    similar = commands.add_parser(
        "similar",
        help="whose code is alike? Writes similar.html and similar.csv; no grade changes",
        description="Compares the code that students wrote; nothing of it runs. Given code, "
        "names, comments, layout and the order of cells make no difference.",
    )
    similar.add_argument("assignment")
    similar.add_argument(
        "--with",
        dest="others",
        type=Path,
        action="append",
        default=[],
        metavar="FOLDER",
        help="notebooks of earlier years to compare these with; may be given several times",
    )
    similar.add_argument(
        "--above", type=_share, default=ABOVE, metavar="SHARE", help=f"0 to 1; default: {ABOVE}"
    )
    similar.add_argument("--submitted", type=Path, metavar="DIR", help="default: build/submitted")
    similar.add_argument("--workers", type=_number, metavar="N", help="default: one for each core")


def _share(text: str) -> float:
    """A number above 0, and 1 at most."""
    if not 0 < (share := float(text)) <= 1:
        raise argparse.ArgumentTypeError("above 0, and 1 at most")
    return share


def _number(text: str) -> int:
    """A whole number above 0."""
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def run_similar(
    course: Course,
    options: Namespace,
    progress: Callable[[str, Iterable[Any], int], Iterable[Any]],
) -> int:
    """Write the pairs that somebody should look at, and print the first of them."""
    from autograder.course.similarity.show import show
    from autograder.course.similarity.similar import similar

    found = similar(
        course,
        options.assignment,
        above=options.above,
        others=options.others,
        submitted=options.submitted,
        workers=options.workers,
        progress=progress,
    )
    show(found, course, options.above, Console())
    for path in (found.page, found.table):
        print(path.relative_to(course.root))
    return 0
