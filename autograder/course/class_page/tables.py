"""The numbers of a class page as tables, for spreadsheets and data frames."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from autograder.course.class_page.items import Item
from autograder.course.class_page.survey import Survey
from autograder.settings import Course

Cells = tuple[str | float | int | bool | None, ...]
EXERCISES: dict[str, type] = {
    "exercise": str,
    "title": str,
    "by_hand": bool,
    "max_score": float,
    "submissions": int,
    "all_points": int,
    "some_points": int,
    "no_points": int,
    "left_blank": int,
    "to_grade": int,
    "mean_share": float,
    "discrimination": float,
    "discrimination_low": float,  # ends of the 95 % confidence interval
    "discrimination_high": float,
}
MARKS: dict[str, type] = {
    "student": str,
    "exercise": str,
    "score": float,
    "max_score": float,
    "to_grade": bool,
    "left_blank": bool,
    "mistake": str,
}
MISTAKES: dict[str, type] = {"exercise": str, "name": str, "mistake": str, "students": int}
STUDENTS: dict[str, type] = {
    "student": str,
    "name": str,
    "handed_in": bool,
    "score": float,
    "max_score": float,
    "raw_score": float,
    "late_penalty": float,
    "seconds_late": float,
    "to_grade": int,
}


@dataclass(frozen=True)
class Table:
    """Rows under typed headings; None is a cell without a value."""

    name: str
    columns: dict[str, type]
    rows: list[Cells]


def tables_of(survey: Survey, course: Course) -> list[Table]:
    """Everything that the page counts; students under pseudonyms where the course wants that."""
    shown = course.pseudonym if course.pseudonyms else str
    names = {} if course.pseudonyms else survey.names
    mistakes: list[Cells] = [
        (m.exercise, m.name or None, m.says, len(m.students)) for m in survey.mistakes
    ]
    return [
        Table("exercises", EXERCISES, [_exercise(item) for item in survey.items]),
        Table("marks", MARKS, [*_marks(survey, shown)]),
        Table("mistakes", MISTAKES, mistakes),
        Table("students", STUDENTS, [*_students(survey, shown, names)]),
    ]


def _exercise(item: Item) -> Cells:
    r, results = item.discrimination, item.by_result
    return (
        *(item.name, item.heading or None, item.is_written, item.of, len(item.marks)),
        *(len(results[key]) for key in ("all", "some", "none")),
        *(len(item.blank), len(item.waiting), item.mean_share),
        *((r.value, r.low, r.high) if r else (None,) * 3),
    )


def _marks(survey: Survey, shown: Callable[[str], str]) -> Iterator[Cells]:
    causes = {
        (student, mistake.exercise): mistake.says
        for mistake in survey.mistakes
        for student in mistake.students
    }
    for item in survey.items:
        for student, mark in item.marks.items():
            yield (
                *(shown(student), item.name, item.points.get(student), mark.of, mark.is_to_mark),
                *(student in item.blank, causes.get((student, item.name))),
            )


def _students(
    survey: Survey, shown: Callable[[str], str], names: Mapping[str, str]
) -> Iterator[Cells]:
    for student in sorted({*survey.rows, *survey.absent, *survey.ungraded}, key=shown):
        row, who = survey.rows.get(student), (shown(student), names.get(student))
        if row is None:
            yield (*who, student in survey.ungraded, None, survey.max_score, *[None] * 4)
        else:
            yield (
                *(*who, True, row.score, row.max_score, row.raw_score, row.late_penalty),
                *(row.seconds_late, row.to_grade_by_hand),
            )
