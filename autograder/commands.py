"""What each command of the command line does."""

import gc
import sys
from argparse import Namespace
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

import torch
from rich.console import Console
from tqdm import tqdm
from traitlets.config import Config

from autograder.authoring.build import build, is_current
from autograder.authoring.site import publish
from autograder.checks.evidence import printable
from autograder.settings import Course

UNSAFE = "grading refuses to start; with --no-sandbox student code runs as you do, with your files"
UNCONFINED = (
    "autograder: no sandbox: student code can read and change everything that you can, use the "
    "network, and outlive its grading"
)


def run(course: Course, options: Namespace) -> int:
    """Run the command that was asked for; its exit status."""
    torch.set_num_threads(1)  # probes are small: threads would only get in each other's way
    gc.freeze()  # libraries stay: looking through them again and again is a fifth of a build
    commands: dict[str, Callable[[Course, Namespace], int]] = {
        "build": run_build,
        "site": lambda course, options: publish(course, options.folder),
        "mutate": run_mutate,
        "judge": run_judge,
        "release": run_release,
        "collect": run_collect,
        "score": run_score,
        "grade": run_grade,
        "audit": run_audit,
        "report": run_report,
        "export-grades": run_export_grades,
        "export-feedback": run_export_feedback,
        "gradescope": run_gradescope,
        "sample": run_sample,
        "bench": run_bench,
        "doctor": run_doctor,
    }
    return commands[options.command](course, options)


def run_build(course: Course, options: Namespace) -> int:
    """Write notebooks, or say which are not current."""
    assignments = options.assignments or course.assignments()
    if not options.check:
        for assignment in assignments:
            print(f"built {build(course, assignment).relative_to(course.root)}")
        return 0
    stale = [assignment for assignment in assignments if not is_current(course, assignment)]
    for assignment in stale:
        print(f"notebooks/{assignment} is not what solutions/ says: run `make notebooks`")
    return 1 if stale else 0


def run_mutate(course: Course, options: Namespace) -> int:
    """Print kill rates and survivors."""
    from autograder.authoring.mutation_report import report_mutants

    assignments = options.assignments or course.assignments()
    return report_mutants(course, *assignments, secrets=options.secrets)


def run_judge(course: Course, options: Namespace) -> int:
    """Judge answers whose worth is known, and print what became of them."""
    from autograder.assignment.judged import Label, counted
    from autograder.assignment.judged_tables import show_judged
    from autograder.course.judge import judge_folder, write_judged

    _obey_sandbox_switch(course, options)
    outcome = judge_folder(course, options.folder, options.secrets, options.workers, _progress)
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
    from autograder.course.collecting.collect import collect
    from autograder.course.lock import alone

    with alone(course, f"collect {options.assignment}"):
        report = collect(course, options.assignment, options.downloaded, options.roster)
    report.show(Console())
    return 0


def run_doctor(course: Course, options: Namespace) -> int:
    """Say which layers of the sandbox there are."""
    from autograder.grading.execute import confinement
    from autograder.grading.sandbox.doctor import layers

    found = list(layers(confinement((str(course.root),))))
    for layer in found:
        mark = "✗" if layer.problem else "✓"
        print(f"{mark} {layer.name}: keeps student code from {layer.keeps_from}")
        if layer.problem:
            print(f"  {layer.problem}\n  without it: {layer.without}\n  to do: {layer.remedy}")
    if any(layer.problem for layer in found):
        print(UNSAFE)
        return 1
    return 0


def _obey_sandbox_switch(course: Course, options: Namespace) -> None:
    if options.no_sandbox:
        course.update_config(Config({"Course": {"sandbox": False}}))  # nbgrader's steps see it too
        print(UNCONFINED, file=sys.stderr)


def run_score(course: Course, options: Namespace) -> int:
    """Grade one notebook and print the result."""
    from autograder.grading.formats import FORMATS
    from autograder.grading.submission import Grader

    _obey_sandbox_switch(course, options)
    grader = Grader(course, options.assignment)
    print(FORMATS[options.format](grader.submission(options.notebook).graded))
    return 0


def run_grade(course: Course, options: Namespace) -> int:
    """Grade a class, print its tables, write scores and feedback."""
    from autograder.course.classrun import grade_class
    from autograder.course.gradebook import Nbgrader
    from autograder.course.lock import alone
    from autograder.course.tables import show_tables

    _obey_sandbox_switch(course, options)
    _say_what_is_lacking(course, options)
    gc.freeze()  # what grading imports stays too
    with alone(course, f"grade {options.assignment}"):
        outcome = grade_class(
            course,
            options.assignment,
            submitted=options.submitted,
            workers=options.workers,
            scheduler=options.scheduler,
            force=options.force,
            feedback=not options.no_feedback,
            progress=_progress,
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
    print("by hand   `make lab`, then the formgrader")
    status = 1 if outcome.ungraded else 0
    if options.audit:
        audited = run_audit(course, Namespace(**{**vars(options), "students": options.audit}))
        return max(status, audited)
    return status


def _say_what_is_lacking(course: Course, options: Namespace) -> None:
    """Name modules that submissions import and this machine does not have, once for all."""
    from autograder.course.gradebook import Nbgrader
    from autograder.course.imports import lacking

    notebooks = Nbgrader(course, options.submitted).submitted(options.assignment)
    for name, count in lacking(notebooks.values()).items():
        print(f"autograder: not installed here, imported by {count}: {name}", file=sys.stderr)


def run_audit(course: Course, options: Namespace) -> int:
    """Train a few students' models again and compare."""
    from autograder.course.audit import as_table, audit, write_findings

    _obey_sandbox_switch(course, options)
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
        progress=_progress,
    )
    Console().print(as_table(findings, options.tolerance))
    path = course.build / f"audit-{options.assignment}.csv"
    write_findings(findings, options.tolerance, path)
    print(path.relative_to(course.root))
    return 0 if all(finding.is_plausible(options.tolerance) for finding in findings) else 1


def run_report(course: Course, options: Namespace) -> int:
    """Print the class tables and write the scores."""
    from autograder.course.tables import show_tables

    print(show_tables(course, options.assignment, Console()).relative_to(course.root))
    return 0


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


def run_sample(course: Course, options: Namespace) -> int:
    """Write a class of sample submissions."""
    from autograder.course.lock import alone
    from autograder.course.release import release
    from autograder.course.sample import DUE, write_class

    with alone(course, f"sample {options.assignment}"):
        release(course, options.assignment, DUE.replace(tzinfo=None))
        count = write_class(course, options.assignment)
    print(f"{count} sample submissions in build/submitted")
    return 0


def run_bench(course: Course, options: Namespace) -> int:
    """Measure, and write BENCHMARK.md."""
    from autograder.bench.bench import bench

    measured = options.stock_students or options.students
    table = bench(course, options.assignment, options.students, measured)
    (course.root / "BENCHMARK.md").write_text(table, encoding="utf-8")
    print(table)
    return 0


def _progress(what: str, items: Iterable[Any], total: int) -> Iterable[Any]:
    return tqdm(items, desc=what, total=total, file=sys.stderr, disable=total == 0)
