"""Reports: what was said of each submission when it was graded last, in `build/reports/`."""

import contextlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

from autograder.settings import Course

Report = dict[str, Any]


def report_path(course: Course, assignment: str, student: str) -> Path:
    """Where a student's report is kept."""
    return _folder(course, assignment) / f"{student}.json"


def read_report(path: Path) -> Report:
    """A report; empty where there is none that can be read."""
    with contextlib.suppress(FileNotFoundError, ValueError, TypeError):
        return dict(json.loads(path.read_text(encoding="utf-8")))
    return {}


def reports(course: Course, assignment: str) -> dict[str, Report]:
    """The reports of an assignment that can be read, by student."""
    files = sorted(_folder(course, assignment).glob("*.json"))
    found = {file.stem: read_report(file) for file in files}
    return {student: report for student, report in found.items() if report}


def mistake_counts(course: Course, assignment: str) -> dict[tuple[str, str], int]:
    """How many students made each known mistake, by exercise and name, most frequent first."""
    found = Counter(
        (exercise["name"], exercise["mistake"])
        for report in reports(course, assignment).values()
        for exercise in report["exercises"]
        if exercise["mistake"]
    )
    return dict(found.most_common())


def _folder(course: Course, assignment: str) -> Path:
    return course.build / "reports" / assignment
