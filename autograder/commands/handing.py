"""Handing out, and collecting what is handed in."""

from argparse import Namespace
from pathlib import Path

from autograder.commands.shared import Commands
from autograder.settings import Course


def add(commands: Commands) -> None:
    """Handing out, and collecting what is handed in."""
    release = commands.add_parser(
        "release", help="build, and enter the assignment in the gradebook"
    )
    release.set_defaults(run=run_release)
    release.add_argument("assignment")
    release.add_argument(
        "--due",
        metavar="TIME",
        help="as '2027-03-01 23:59', by the course's clock, or with a zone, '… Europe/Berlin'",
    )
    release.add_argument(
        "--discard-marks",
        action="store_true",
        help="give up marks given by hand that have no place in what is released",
    )

    collect = commands.add_parser(
        "collect", help="from what an LMS exported into build/submitted, with nbgrader zip_collect"
    )
    collect.set_defaults(run=run_collect)
    collect.add_argument("assignment")
    collect.add_argument(
        "downloaded",
        type=Path,
        metavar="ZIP_OR_FOLDER",
        help="the system says whose a file is, or its name does, <student id>_<name>_lab3.ipynb; "
        "the last version of each counts",
    )
    collect.add_argument(
        "--roster",
        type=Path,
        metavar="FILE",
        help="CSV with ids, names, logins and groups, as the LMS exports it; others are then not "
        "collected",
    )


def run_release(course: Course, options: Namespace) -> int:
    """Build an assignment and enter it in the gradebook."""
    from autograder.course.clock import read_due, shown, zone_of
    from autograder.course.lock import alone
    from autograder.course.release import release

    zone = zone_of(course.config)
    due = read_due(options.due, zone) if options.due else None
    with alone(course, f"release {options.assignment}"):
        release(course, options.assignment, due, discard_marks=options.discard_marks)
    print(f"released {course.released(options.assignment).relative_to(course.root)}")
    if due:
        print(f"due      {shown(due, zone)}")
    return 0


def run_collect(course: Course, options: Namespace) -> int:
    """Bring what an LMS exported to where it is graded."""
    from rich.console import Console

    from autograder.course.collecting.collect import collect
    from autograder.course.lock import alone

    with alone(course, f"collect {options.assignment}"):
        report = collect(course, options.assignment, options.downloaded, options.roster)
    report.show(Console())
    return 0
