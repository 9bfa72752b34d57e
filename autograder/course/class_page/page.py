"""The class page: one file that needs nothing else, in which nothing runs.

It names students, because it is for those who grade; `c.Course.pseudonyms` has them under
pseudonyms, without links to their pages. Examples of mistakes stand without a name, so that they
can be shown in a lecture; who made the mistake is one click away.
"""

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from statistics import fmean, median
from typing import Any
from urllib.parse import quote

from jinja2 import Template

from autograder.checks.evidence import encodable
from autograder.course.class_page.groups import (
    by_lateness,
    by_mistake,
    by_result,
    by_score,
    to_grade,
)
from autograder.course.class_page.survey import Survey, folder_of_class
from autograder.course.clock import shown, zone_of
from autograder.course.tables import lateness
from autograder.grading.pages.policy import nothing_runs
from autograder.grading.pages.templates import coloured, environment
from autograder.settings import Course

FOLDER = Path(__file__).parent
MISTAKES, PAIRS = 20, 50  # shown; the tables have all of them
LITTLE = 0.2  # discrimination that says little of a student


@dataclass(frozen=True)
class Person:
    """A student as the page shows one; `page` is the way to the student's own page."""

    id: str
    name: str
    text: str  # a name where only one student has it
    page: str = ""


def class_page(survey: Survey, course: Course, now: datetime | None = None) -> str:
    """The page of a survey; `now`, in UTC, is when it is made."""
    scores = [row.score for row in survey.rows.values()]
    mistakes = survey.mistakes[:MISTAKES]
    budget: dict[str, Any] = {}  # of processor time, for code in colours
    html = _template().render(
        survey=survey,
        person=_persons(survey, course),
        mean=fmean(scores),
        median=median(scores),
        scores=by_score(survey),
        results=[by_result(item, at) for at, item in enumerate(survey.items)],
        late=by_lateness(survey.rows),
        to_grade=to_grade(survey.items),
        mistakes=list(zip(mistakes, by_mistake(mistakes), strict=True)),
        pairs=survey.similar[:PAIRS],
        published={course.pseudonym(student): student for student in survey.rows},
        made=shown(now or datetime.now(UTC), zone_of(course.config)),
        little=LITTLE,
        lateness=lateness,
        code=lambda text: coloured(text, budget),
        policy=nothing_runs(),
    )
    return encodable(html)


def _persons(survey: Survey, course: Course) -> Callable[[str], Person]:
    """A function from an id to how the page shows the student."""
    counts = Counter(survey.names.values())
    folder = folder_of_class(course, survey.assignment)

    @lru_cache(None)
    def person(student: str) -> Person:
        if course.pseudonyms:
            return Person(course.pseudonym(student), "", course.pseudonym(student))
        name, page = survey.names.get(student, ""), survey.pages.get(student)
        text = name if counts[name] == 1 else f"{name} ({student})" if name else student
        return Person(student, name, text, _link(page, folder) if page else "")

    return person


def _link(page: Path, folder: Path) -> str:
    return quote(os.fsencode(os.path.relpath(page, folder)))


@lru_cache(1)
def _template() -> Template:
    found = environment(FOLDER)
    found.filters |= {
        "percent": lambda share: f"{100 * share:.0f}\N{NO-BREAK SPACE}%",
        "correlation": lambda value: f"{value:.2f}".replace("-", "−"),
    }
    return found.get_template("class_page.html.j2")
