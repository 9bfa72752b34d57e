"""Grades and feedback on their way to other systems."""

import argparse
from argparse import Namespace
from pathlib import Path

from autograder.checks.evidence import printable
from autograder.commands.shared import Commands
from autograder.settings import Course


def add(commands: Commands) -> None:
    """Grades and feedback on their way to other systems."""
    grades = commands.add_parser(
        "export-grades",
        help="put the grades of an assignment into the gradebook that an LMS exported",
        description="Changes the cells of one column, of students whom the ids in their line name, "
        "and nothing else of the file. Late penalties are subtracted.",
    )
    grades.set_defaults(run=run_export_grades)
    feedback = commands.add_parser(
        "export-feedback", help="zip the feedback of an assignment for Moodle or Canvas"
    )
    feedback.set_defaults(run=run_export_feedback)
    gradescope = commands.add_parser(
        "gradescope", help="write the zip of an autograder that Gradescope runs"
    )
    gradescope.set_defaults(run=run_gradescope)
    systems = ("canvas", "moodle", "blackboard", "brightspace", "generic")
    for command, of in ((grades, systems), (feedback, systems[:2])):
        command.add_argument("assignment")
        command.add_argument("--for", dest="system", required=True, choices=of)
    gradescope.add_argument("assignment")
    _add_choices(grades)
    feedback.add_argument(
        "--worksheet",
        type=Path,
        metavar="FILE",
        help="Moodle's grading worksheet, for teams, and for what Moodle's zip did not bring",
    )
    gradescope.add_argument(
        "--wheel", type=Path, metavar="FILE", help="default: the newest in build/, of `make wheel`"
    )
    for command in (grades, feedback, gradescope):
        command.add_argument(
            "--output", type=Path, metavar="FILE", help="default: one in build/exports/"
        )


def _add_choices(grades: argparse.ArgumentParser) -> None:
    grades.add_argument(
        "--gradebook",
        type=Path,
        metavar="FILE",
        help="what the system exported; without it, for generic, a new table is written",
    )
    grades.add_argument(
        "--column", metavar="TITLE", help="the assignment's there; default: the one of its name"
    )
    grades.add_argument(
        "--zero", action="store_true", help="0 for those who handed in nothing; else nothing"
    )
    grades.add_argument(
        "--partial", action="store_true", help="grades to which written answers may still add"
    )
    grades.add_argument(
        "--scale", action="store_true", help="points in proportion to what it is worth there"
    )


def run_export_grades(course: Course, options: Namespace) -> int:
    """Put grades into the file that another system exported."""
    from autograder.course.exporting.export import Choices, export_grades

    names = ("gradebook", "column", "zero", "partial", "scale", "output")
    choices = Choices(**{name: getattr(options, name) for name in names})
    path, filled = export_grades(course, options.assignment, options.system, choices)
    for line in (*filled.told, *filled.lost):
        print(printable(line))
    left = f"{filled.absent} handed in nothing{'' if options.zero else ', left empty'}"
    print(f"{filled.written} grades, {left}: {path}")
    return 1 if filled.lost else 0


def run_export_feedback(course: Course, options: Namespace) -> int:
    """Write a zip of feedback for another system."""
    from autograder.course.exporting.feedback import export_feedback

    path, count, told = export_feedback(
        course, options.assignment, options.system, options.worksheet, options.output
    )
    for line in told:
        print(printable(line))
    print(f"feedback of {count}: {path}")
    return 0 if count else 1


def run_gradescope(course: Course, options: Namespace) -> int:
    """Write an autograder for Gradescope."""
    from autograder.course.exporting.gradescope import write_autograder

    print(write_autograder(course, options.assignment, options.wheel, options.output))
    return 0
