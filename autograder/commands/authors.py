"""For authors: building, mutants, answers from elsewhere, solutions."""

import argparse
from argparse import Namespace
from pathlib import Path

from autograder.checks.evidence import printable
from autograder.commands.shared import Commands, add_sandbox_switch, add_workers, number, progress
from autograder.grading.sandbox.switch import obey_switch
from autograder.settings import Course

LAYOUT = """\
Paths say what a file answers, and what it is known to be:

  FOLDER/attention/max_pool/right/topk.py    a solution cell, with the helpers that it needs
  FOLDER/attention/wrong_max_pool_mean.py    labels: right, correct, good; wrong, incorrect, bad
  FOLDER/lstm_3.py                           no label: what it earns is reported
  FOLDER/last_year/4711_Lee_attention.ipynb  every solution cell of a notebook, without a label

0: as it should be; 1: a right answer is rejected, or a wrong one accepted; 2: nothing to judge.
"""


def add(commands: Commands) -> None:
    """For authors."""
    build = commands.add_parser("build", help="write notebooks/ from solutions/")
    build.set_defaults(run=run_build)
    build.add_argument("assignments", nargs="*", metavar="ASSIGNMENT", help="default: all")
    build.add_argument("--check", action="store_true", help="write nothing; fail if not current")

    site = commands.add_parser(
        "site", help="write the folder for students: notebooks, wheel, data, a page; no solutions"
    )
    site.set_defaults(run=run_site)
    site.add_argument("folder", nargs="?", type=Path, metavar="DIR", help="default: build/site")

    mutate = commands.add_parser("mutate", help="break every reference; list what the cases miss")
    mutate.set_defaults(run=run_mutate)
    mutate.add_argument("assignments", nargs="*", metavar="ASSIGNMENT", help="default: all")
    mutate.add_argument(
        "--secrets", type=number, default=1, metavar="N", help="the course's own, and others"
    )
    mutate.add_argument(
        "--exercise",
        dest="exercises",
        nargs="+",
        default=[],
        metavar="EXERCISE",
        help="these exercises only",
    )

    solutions = commands.add_parser(
        "solutions", help="a notebook of right answers and common mistakes, for after the deadline"
    )
    solutions.set_defaults(run=run_solutions)
    solutions.add_argument("assignment")

    reproduce = commands.add_parser(
        "reproduce", help="measure the figures that notebooks state, and write the table of them"
    )
    reproduce.set_defaults(run=run_reproduce)
    reproduce.add_argument("assignments", nargs="*", metavar="ASSIGNMENT", help="default: all")
    reproduce.add_argument(
        "--run", dest="runs", nargs="+", default=[], metavar="RUN", help="these runs only"
    )
    reproduce.add_argument("--again", action="store_true", help="what is there, too")
    reproduce.add_argument("--list", action="store_true", help="say what is missing; do nothing")
    reproduce.add_argument(
        "--workers", type=number, metavar="N", help="runs side by side; default: one a core, or GPU"
    )

    judge = commands.add_parser(
        "judge",
        help="how fair and how tough are the checks, on a folder of right and wrong answers?",
        epilog=LAYOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    judge.set_defaults(run=run_judge)
    judge.add_argument("folder", type=Path, metavar="FOLDER")
    judge.add_argument(
        "--secrets", type=number, default=3, metavar="N", help="none the course's own; default: 3"
    )
    judge.add_argument("--csv", type=Path, metavar="FILE", help="write all about each answer")
    add_workers(judge)
    add_sandbox_switch(judge)


def run_build(course: Course, options: Namespace) -> int:
    """Write notebooks, or say which are not current."""
    from autograder.assignment.validation import read_source
    from autograder.authoring.build import build, is_current
    from autograder.authoring.translating import left_out

    assignments = options.assignments or course.assignments()
    if not options.check:
        for assignment in assignments:
            print(f"built {build(course, assignment).relative_to(course.root)}")
            for line in left_out(read_source(course.source_path(assignment))):
                print(f"  not translated: {line}")
        return 0
    stale = [assignment for assignment in assignments if not is_current(course, assignment)]
    for assignment in stale:
        print(f"notebooks/{assignment} is not what solutions/ says: run `make notebooks`")
    return 1 if stale else 0


def run_site(course: Course, options: Namespace) -> int:
    """Write the folder for students."""
    from autograder.authoring.site import publish

    return publish(course, options.folder)


def run_mutate(course: Course, options: Namespace) -> int:
    """Print kill rates and survivors."""
    from autograder.authoring.mutation_report import report_mutants

    assignments = options.assignments or course.assignments()
    return report_mutants(
        course, *assignments, secrets=options.secrets, exercises=options.exercises
    )


def run_reproduce(course: Course, options: Namespace) -> int:
    """Measure what is missing, or say what is."""
    from autograder.figures.machine import at_once
    from autograder.figures.reproduce import reproduce, show, wanted

    todo = wanted(course, options.assignments, options.runs, again=options.again)
    if options.list:
        show(todo)
        return 1 if todo else 0
    return reproduce(course, todo, options.workers or at_once())


def run_judge(course: Course, options: Namespace) -> int:
    """Judge answers whose worth is known, and print what became of them."""
    from rich.console import Console

    from autograder.assignment.judged import Label, counted
    from autograder.assignment.judged_tables import show_judged
    from autograder.course.judge import judge_folder, write_judged

    obey_switch(course, off=options.no_sandbox)
    outcome = judge_folder(course, options.folder, options.secrets, options.workers, progress)
    for line in outcome.skipped:
        print(f"skipped   {printable(line)}")
    show_judged(outcome.judged, Console())
    if options.csv:
        write_judged(outcome.judged, options.csv)
        print(f"wrote     {options.csv}")
    if not outcome.judged:
        return 2
    right, wrong = (counted(outcome.judged, label) for label in (Label.RIGHT, Label.WRONG))
    return 1 if right.not_accepted or wrong.total > wrong.rejected else 0


def run_solutions(course: Course, options: Namespace) -> int:
    """Write the notebook of solutions, with the mistakes of the class first if it is graded."""
    from autograder.authoring.solutions import write_solutions
    from autograder.course.reports import mistake_counts

    counts = mistake_counts(course, options.assignment)
    path = write_solutions(course, options.assignment, counts)
    print(f"{path.relative_to(course.root)}: hand it out when the last extension is over")
    return 0
