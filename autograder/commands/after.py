"""After grading: the class in tables and as a page, code that is alike, questions about code."""

import argparse
from argparse import Namespace
from pathlib import Path

from autograder.commands.shared import Commands, add_sandbox_switch, add_workers, number, progress
from autograder.course.similarity import ABOVE
from autograder.grading.sandbox.switch import obey_switch
from autograder.settings import Course


def add(commands: Commands) -> None:
    """What looks at what students wrote, and at what they earned."""
    _add_report(commands)
    _add_similar(commands)
    _add_questions(commands)


def _add_report(commands: Commands) -> None:
    report = commands.add_parser(
        "report",
        help="print the class table, write build/scores.csv; or write the class as a page",
        description="Prints the class table, writes build/scores.csv and one of the assignment; "
        "with an option below it writes into build/class/ASSIGNMENT/ instead.",
    )
    report.set_defaults(run=run_report)
    report.add_argument("assignment")
    for form, written in (
        ("html", "the class page: scores, exercises, mistakes, lateness, what is left to grade"),
        ("csv", "its numbers: a table each of exercises, marks, mistakes and students"),
        ("parquet", "the same tables as Parquet files"),
    ):
        report.add_argument(
            f"--{form}", dest="forms", action="append_const", const=form, help=written
        )


def _add_similar(commands: Commands) -> None:
    similar = commands.add_parser(
        "similar",
        help="whose code is alike? Writes similar.html and similar.csv; no grade changes",
        description="Compares the code that students wrote; nothing of it runs. Given code, "
        "names, comments, layout and the order of cells make no difference.",
    )
    similar.set_defaults(run=run_similar)
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
    add_workers(similar)


def _share(text: str) -> float:
    """A number above 0, and 1 at most."""
    if not 0 < (share := float(text)) <= 1:
        raise argparse.ArgumentTypeError("above 0, and 1 at most")
    return share


def _add_questions(commands: Commands) -> None:
    questions = commands.add_parser(
        "questions",
        help="ask students about their own code: pages, a key, quizzes for Moodle and Canvas",
        description="Questions with four answers about the lines that each student wrote, whose "
        "keys were found by running them. What was made before is kept.",
    )
    questions.set_defaults(run=run_questions)
    questions.add_argument("assignment")
    questions.add_argument(
        "--count", type=number, default=3, metavar="N", help="for each student; default: 3"
    )
    questions.add_argument(
        "--exercise",
        action="append",
        default=[],
        metavar="NAME",
        help="of these only; default: all",
    )
    questions.add_argument(
        "--student", action="append", default=[], metavar="ID", help="make these only; default: all"
    )
    questions.add_argument(
        "--seed", default="1", metavar="TEXT", help="another one asks other questions; default: 1"
    )
    add_workers(questions)
    add_sandbox_switch(questions)


def run_report(course: Course, options: Namespace) -> int:
    """Print the class tables and write the scores, or write the class page and its numbers."""
    from rich.console import Console

    from autograder.course.class_page.writing import write_class_page
    from autograder.course.tables import show_tables

    forms, of = options.forms, (course, options.assignment)
    paths = write_class_page(*of, forms) if forms else [show_tables(*of, Console())]
    print(*(path.relative_to(course.root) for path in paths), sep="\n")
    return 0


def run_similar(course: Course, options: Namespace) -> int:
    """Write the pairs that somebody should look at, and print the first of them."""
    from rich.console import Console

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


def run_questions(course: Course, options: Namespace) -> int:
    """Write questions to students about their own code."""
    from autograder.questions.command import ask

    obey_switch(course, off=options.no_sandbox)
    return ask(course, options, progress)
