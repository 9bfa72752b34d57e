"""Who hands in until when, and with whom."""

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.commands.shared import Commands
from autograder.settings import Course, SettingsError

if TYPE_CHECKING:  # to import it takes a second
    from autograder.course.extensions import Grant


def add(commands: Commands) -> None:
    """Extensions and groups."""
    extend = commands.add_parser(
        "extend",
        usage="autograder extend [-h] ASSIGNMENT [STUDENT ...] [--all] [--from CSV]\n"
        "                         [--until TIME | --by LENGTH | --revoke]",
        help="grant extensions, take them back, or list them",
        description="Before work is handed in or after it was graded: penalties follow at once, "
        "and `grade` then writes the pages that change. Without students, lists who has one.",
    )
    extend.set_defaults(run=run_extend)
    extend.add_argument("assignment")
    extend.add_argument("students", nargs="*", metavar="STUDENT", help="by id, login or address")
    extend.add_argument(
        "--all", action="store_true", help="everybody; of one's own, the later counts"
    )
    extend.add_argument(
        "--from", dest="file", type=Path, metavar="CSV", help="ids, and a column `until` or `by`"
    )
    how = extend.add_mutually_exclusive_group()
    how.add_argument("--until", metavar="TIME", help="as '2027-03-08 23:59', as in `release --due`")
    how.add_argument("--by", metavar="LENGTH", help="after the due date: '2 days', 36h, '1 week'")
    how.add_argument("--revoke", action="store_true", help="none any longer")

    groups = commands.add_parser(
        "groups",
        help="say who hands in together, from a CSV, or list them",
        description="One submission, a grade for each: of every file the last version counts, "
        "whichever member handed it in. Without a file, lists the groups.",
    )
    groups.set_defaults(run=run_groups)
    groups.add_argument("assignment")
    groups.add_argument(
        "file", nargs="?", type=Path, metavar="CSV", help="a column of ids, and one named `group`"
    )
    groups.add_argument("--none", action="store_true", help="each for themselves again")


def run_extend(course: Course, options: Namespace) -> int:
    """Grant, revoke or list extensions."""
    from autograder.course.granting import Granting
    from autograder.course.lock import alone

    grant = _grant(course, options)
    with alone(course, f"extend {options.assignment}"):
        granting = Granting(course, options.assignment)
        if options.file:
            lines = granting.grant(granting.in_file(options.file))
        elif grant is not None:
            lines = granting.grant(
                granting.whom(options.students, everybody=options.all, grant=grant)
            )
        else:
            lines = granting.listed() or ["nobody has an extension"]
    print("\n".join(lines))
    return 0


def _grant(course: Course, options: Namespace) -> "Grant | None":
    """What is to be granted; None for what a file says, and for a list. Raises SettingsError."""
    from autograder.course.clock import zone_of
    from autograder.course.extensions import Grant, read_grant

    is_said = bool(options.until or options.by or options.revoke)
    is_whom = bool(options.students or options.all)
    if options.file and (is_said or is_whom):
        raise SettingsError("--from says whom, and until when: nothing else beside it")
    if options.students and options.all:
        raise SettingsError("--all is everybody: name no students beside it")
    if is_said != is_whom:
        raise SettingsError(
            "say until when: --until TIME, --by LENGTH or --revoke"
            if is_whom
            else "say whose: students, or --all"
        )
    if options.revoke or not is_said:
        return Grant() if options.revoke else None
    return read_grant(options.until or "", options.by or "", zone_of(course.config))


def run_groups(course: Course, options: Namespace) -> int:
    """Enter or list groups."""
    from autograder.course.grouping import Grouping
    from autograder.course.lock import alone

    if options.file and options.none:
        raise SettingsError("--none takes no file")
    with alone(course, f"groups {options.assignment}"):
        grouping = Grouping(course, options.assignment)
        if options.file or options.none:
            grouping.enter(options.file)
        lines = grouping.listed()
    print("\n".join(lines))
    return 0
