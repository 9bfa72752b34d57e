"""The command line: arguments only; `python -m autograder --help`."""

import argparse
import sys
from pathlib import Path
from typing import Any, TypeAlias

from autograder.checks.evidence import printable
from autograder.errors import ToldError, told
from autograder.grading.forks.zygote_client import zygote
from autograder.settings import SettingsError, find_course

LAYOUT = """\
Paths say what a file answers, and what it is known to be:

  FOLDER/attention/max_pool/right/topk.py    a solution cell, with the helpers that it needs
  FOLDER/attention/wrong_max_pool_mean.py    labels: right, correct, good; wrong, incorrect, bad
  FOLDER/lstm_3.py                           no label: what it earns is reported
  FOLDER/last_year/4711_Lee_attention.ipynb  every solution cell of a notebook, without a label

0: as it should be; 1: a right answer is rejected, or a wrong one accepted; 2: nothing to judge.
"""

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    main = argparse.ArgumentParser(prog="autograder", description=__doc__.split(";")[0])
    commands = main.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for add in (_add_writing, _add_handing, _add_grading, _add_exporting, _add_looking):
        add(commands)
    return main


def _add_writing(commands: Commands) -> None:
    """For authors."""
    build = commands.add_parser("build", help="write notebooks/ from solutions/")
    build.add_argument("assignments", nargs="*", metavar="ASSIGNMENT", help="default: all")
    build.add_argument("--check", action="store_true", help="write nothing; fail if not current")

    site = commands.add_parser(
        "site", help="write the folder for students: notebooks, wheel, data, a page; no solutions"
    )
    site.add_argument("folder", nargs="?", type=Path, metavar="DIR", help="default: build/site")

    mutate = commands.add_parser("mutate", help="break every reference; list what the cases miss")
    mutate.add_argument("assignments", nargs="*", metavar="ASSIGNMENT", help="default: all")
    mutate.add_argument(
        "--secrets", type=_number, default=1, metavar="N", help="the course's own, and others"
    )

    judge = commands.add_parser(
        "judge",
        help="how fair and how tough are the checks, on a folder of right and wrong answers?",
        epilog=LAYOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    judge.add_argument("folder", type=Path, metavar="FOLDER")
    judge.add_argument(
        "--secrets", type=_number, default=3, metavar="N", help="none the course's own; default: 3"
    )
    judge.add_argument("--csv", type=Path, metavar="FILE", help="write all about each answer")
    judge.add_argument("--workers", type=int, metavar="N", help="default: one for each core")
    _add_sandbox_switch(judge)


def _number(text: str) -> int:
    """A whole number above 0."""
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def _add_handing(commands: Commands) -> None:
    """Handing out, and collecting what is handed in."""
    release = commands.add_parser(
        "release", help="build, and enter the assignment in the gradebook"
    )
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


def _add_grading(commands: Commands) -> None:
    score = commands.add_parser("score", help="grade one notebook, without a gradebook")
    score.add_argument("assignment")
    score.add_argument("notebook", type=Path)
    score.add_argument("--format", choices=("json", "text", "gradescope"), default="json")

    training = _training()
    grade = commands.add_parser(
        "grade", parents=[training], help="grade a class into the gradebook; scores and feedback"
    )
    grade.add_argument("assignment")
    grade.add_argument("--submitted", type=Path, metavar="DIR", help="default: build/submitted")
    grade.add_argument("--workers", type=int, metavar="N", help="default: one for each core")
    grade.add_argument("--scheduler", metavar="ADDRESS", help="execute on a Dask cluster")
    grade.add_argument("--force", action="store_true", help="execute again what was kept")
    grade.add_argument("--no-feedback", action="store_true", help="write none, as before marking")
    grade.add_argument("--audit", type=int, metavar="K", help="then audit so many students")

    audit = commands.add_parser(
        "audit",
        parents=[training],
        help="train a few students' models again; are their results plausible?",
    )
    audit.add_argument("assignment")
    audit.add_argument("students", nargs="?", type=int, default=3, metavar="K", help="default: 3")
    audit.add_argument("--submitted", type=Path, metavar="DIR", help="default: build/submitted")
    audit.add_argument("--workers", type=int, metavar="N", help="default: one for each core")

    for command in (score, grade, audit):
        _add_sandbox_switch(command)


def _add_sandbox_switch(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--no-sandbox", action="store_true", help="run student code unconfined, as yourself"
    )


def _add_exporting(commands: Commands) -> None:
    """Grades and feedback on their way to other systems."""
    grades = commands.add_parser(
        "export-grades",
        help="put the grades of an assignment into the gradebook that an LMS exported",
        description="Changes the cells of one column, of students whom the ids in their line name, "
        "and nothing else of the file. Late penalties are subtracted.",
    )
    feedback = commands.add_parser(
        "export-feedback", help="zip the feedback of an assignment for Moodle or Canvas"
    )
    gradescope = commands.add_parser(
        "gradescope", help="write the zip of an autograder that Gradescope runs"
    )
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


def _add_looking(commands: Commands) -> None:
    """At the machine, at what was graded, and at samples of it."""
    commands.add_parser("doctor", help="say which layers of the sandbox this machine allows")

    report = commands.add_parser(
        "report", help="print the class table, write build/scores.csv and one of the assignment"
    )
    report.add_argument("assignment")

    bench = commands.add_parser("bench", help="time grading beside nbgrader; write BENCHMARK.md")
    bench.add_argument("assignment")
    bench.add_argument("--students", type=int, default=60, metavar="N", help="default: 60")
    bench.add_argument(
        "--stock-students",
        type=int,
        metavar="N",
        help="so many with nbgrader, scaled; default: all",
    )

    sample = commands.add_parser("sample", help="make a class of sample submissions")
    sample.add_argument("assignment")


def main(arguments: list[str] | None = None) -> int:
    """Run a command; 0 on success, 1 where a check fails, 2 for wrong usage."""
    options = parser().parse_args(arguments)
    unloaded: dict[str, Any] = {"rfc3987_syntax": None}  # checks IRIs, slow to import
    sys.modules.update(unloaded)
    here = options.command == "grade" and not options.scheduler
    if here or options.command in ("score", "audit", "judge"):
        zygote()  # it imports what kernels need, while the grader imports its own
    from autograder import commands

    try:
        return commands.run(find_course(), options)
    except ToldError as error:
        print(f"autograder: {printable(str(error))}", file=sys.stderr)
        return 2 if isinstance(error, SettingsError) else 1
    except OSError as error:
        print(f"autograder: {told(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("autograder: stopped; what was finished is kept", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
