"""Marking written answers by hand."""

import argparse
from argparse import Namespace

from autograder.commands.shared import Commands, progress
from autograder.settings import Course


def add(commands: Commands) -> None:
    """Written answers."""
    mark = commands.add_parser(
        "mark", help="mark written answers, one question of all students at a time, in a browser"
    )
    mark.set_defaults(run=run_mark)
    mark.add_argument("assignment")
    mark.add_argument("--as", dest="grader", metavar="NAME", help="default: your login")
    mark.add_argument(
        "--part",
        default="1/1",
        metavar="K/N",
        help="the K-th of N parts of all answers, for N graders",
    )
    mark.add_argument(
        "--port", type=_port, metavar="N", help="default: 8890, or the next that is free"
    )
    mark.add_argument("--no-browser", action="store_true", help="only print the address")


def _port(text: str) -> int:
    """A port: systems take numbers beyond for others."""
    if not 0 <= (number := int(text)) < 2**16:
        raise argparse.ArgumentTypeError("a number below 65536; 0 for any that is free")
    return number


def run_mark(course: Course, options: Namespace) -> int:
    """Serve the pages for grading by question, until Ctrl+C."""
    from autograder.course.marking.run import Sitting, mark

    sitting = Sitting(options.grader, options.part, options.port, not options.no_browser)
    mark(course, options.assignment, sitting, progress)
    return 0
