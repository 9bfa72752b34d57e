"""Grading by machine: one notebook, a class, models trained again."""

import argparse
import gc
import sys
from argparse import Namespace
from datetime import date
from pathlib import Path

from autograder.checks.evidence import printable
from autograder.commands.shared import Commands, add_sandbox_switch, add_workers, progress
from autograder.grading.sandbox.switch import obey_switch
from autograder.lasting import lasting
from autograder.settings import Course


def add(commands: Commands) -> None:
    """What grades."""
    score = commands.add_parser("score", help="grade one notebook, without a gradebook")
    score.set_defaults(run=run_score)
    score.add_argument("assignment")
    score.add_argument("notebook", type=Path)
    score.add_argument("--format", choices=("json", "text", "gradescope"), default="json")

    training = _training()
    grade = commands.add_parser(
        "grade", parents=[training], help="grade a class into the gradebook; scores and feedback"
    )
    grade.set_defaults(run=run_grade)
    grade.add_argument("assignment")
    grade.add_argument("--submitted", type=Path, metavar="DIR", help="default: build/submitted")
    add_workers(grade)
    grade.add_argument("--scheduler", metavar="ADDRESS", help="execute on a Dask cluster")
    grade.add_argument("--force", action="store_true", help="execute again what was kept")
    grade.add_argument("--no-feedback", action="store_true", help="write none, as before marking")
    grade.add_argument("--audit", type=int, metavar="K", help="then audit so many students")

    audit = commands.add_parser(
        "audit",
        parents=[training],
        help="train a few students' models again; are their results plausible?",
    )
    audit.set_defaults(run=run_audit)
    audit.add_argument("assignment")
    audit.add_argument("students", nargs="?", type=int, default=3, metavar="K", help="default: 3")
    audit.add_argument("--submitted", type=Path, metavar="DIR", help="default: build/submitted")
    add_workers(audit)

    for command in (score, grade, audit):
        add_sandbox_switch(command)


def _training() -> argparse.ArgumentParser:
    """Options of whatever trains models again."""
    training = argparse.ArgumentParser(add_help=False)
    training.add_argument(
        "--draw", metavar="NAME", help="the same name audits the same students; default: the date"
    )
    training.add_argument(
        "--minutes", type=float, default=30, metavar="M", help="for each audit; default: 30"
    )
    training.add_argument(
        "--tolerance",
        type=float,
        default=0.05,
        metavar="T",
        help="how far below a claim an audit may end; default: 0.05",
    )
    return training


def run_score(course: Course, options: Namespace) -> int:
    """Grade one notebook and print the result."""
    from autograder.grading.formats import FORMATS
    from autograder.grading.submission import Grader

    obey_switch(course, off=options.no_sandbox)
    grader = Grader(course, options.assignment)
    print(FORMATS[options.format](grader.submission(options.notebook).graded))
    return 0


def run_grade(course: Course, options: Namespace) -> int:
    """Grade a class, print its tables, write scores and feedback."""
    from rich.console import Console

    with lasting():
        from autograder.course.classrun import grade_class
        from autograder.course.gradebook import Nbgrader
        from autograder.course.imports import say_what_is_lacking
        from autograder.course.lock import alone
        from autograder.course.tables import show_tables

        gc.freeze()  # what grading imports stays too
    obey_switch(course, off=options.no_sandbox)
    say_what_is_lacking(Nbgrader(course, options.submitted).submitted(options.assignment).values())
    with alone(course, f"grade {options.assignment}"):
        outcome = grade_class(
            course,
            options.assignment,
            submitted=options.submitted,
            workers=options.workers,
            scheduler=options.scheduler,
            force=options.force,
            feedback=not options.no_feedback,
            progress=progress,
        )
    graded = Nbgrader(course).auto_scores(options.assignment)
    path = show_tables(course, options.assignment, Console()) if graded else None
    for student, problem in sorted(outcome.problems.items()):
        print(printable(f"{student}: {problem}"))
    if outcome.remark:
        print(outcome.remark)
    print(f"\n{len(outcome.graded)} submissions graded")
    if outcome.ungraded:
        print(f"{len(outcome.ungraded)} not graded: {', '.join(outcome.ungraded)}")
    if path:
        print(f"scores    {path.relative_to(course.root)}")
    if not options.no_feedback:
        print("feedback  build/feedback/<student>/" + options.assignment)
    print(f"by hand   autograder mark {options.assignment}, or `make lab` and the formgrader")
    status = 1 if outcome.ungraded else 0
    if options.audit:
        audited = run_audit(course, Namespace(**{**vars(options), "students": options.audit}))
        return max(status, audited)
    return status


def run_audit(course: Course, options: Namespace) -> int:
    """Train a few students' models again and compare."""
    from rich.console import Console

    from autograder.course.audit import as_table, audit, write_findings

    obey_switch(course, off=options.no_sandbox)
    draw = options.draw or str(date.today())
    print(f"draw {draw!r}: at most {options.minutes:g} minutes for each student", file=sys.stderr)
    findings = audit(
        course,
        options.assignment,
        options.students,
        draw=draw,
        seconds=60 * options.minutes,
        submitted=options.submitted,
        workers=options.workers,
        progress=progress,
    )
    Console().print(as_table(findings, options.tolerance))
    path = course.build / f"audit-{options.assignment}.csv"
    write_findings(findings, options.tolerance, path)
    print(path.relative_to(course.root))
    return 0 if all(finding.is_plausible(options.tolerance) for finding in findings) else 1
