"""One command: compare what a class wrote, and write the pairs that somebody should look at."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.course.collecting.enrolled import students_of
from autograder.course.collecting.outcome import plain
from autograder.course.gradebook import Nbgrader
from autograder.course.groups import together_in
from autograder.course.similarity.comparison import Comparison
from autograder.course.similarity.page import pairs_page
from autograder.course.similarity.pairs import Pair, pairs_above
from autograder.course.similarity.reading import Progress, Reading, earlier, given, read_all
from autograder.files import write_rows, write_whole
from autograder.settings import Course, SettingsError

HEADING = ("student_a", "student_b", "share", "exercises")


@dataclass(frozen=True)
class Similar:
    """What was compared, the pairs that are alike, and what could not be read."""

    comparison: Comparison
    pairs: list[Pair]
    problems: dict[str, str]
    page: Path
    table: Path


def similar(
    course: Course,
    assignment: str,
    *,
    above: float,
    others: Sequence[Path] = (),
    submitted: Path | None = None,
    workers: int | None = None,
    progress: Progress,
) -> Similar:
    """Compare all works of an assignment, with those in `others` of earlier years.

    Writes a page and a table, and changes no grade. Raises SettingsError.
    """
    released, nbgrader = _released(course, assignment), Nbgrader(course, submitted)
    own = [Reading(*each, released) for each in nbgrader.submitted(assignment).items()]
    if not own:
        raise SettingsError(f"nobody handed in {assignment!r}: run `collect` first")
    past = [reading for folder in others for reading in earlier(folder, assignment, released)]
    works, problems = read_all([*own, *past], workers, progress)
    enrolled = students_of(nbgrader)
    comparison = Comparison(works, given(released).pieces)
    pairs = pairs_above(comparison, above, together_in(course, assignment, enrolled))
    folder = course.build / "class" / assignment
    found = Similar(comparison, pairs, problems, folder / "similar.html", folder / "similar.csv")
    names = {each.id: each.name for each in enrolled}
    write_whole(found.page, pairs_page(assignment, comparison, pairs, above, names))
    write_rows(found.table, [HEADING, *(_row(comparison, pair) for pair in pairs)])
    return found


def _released(course: Course, assignment: str) -> Path:
    course.source_path(assignment)
    path = course.released(assignment)
    if not path.is_file():
        raise SettingsError(f"{assignment!r} is not built: run `autograder build {assignment}`")
    return path


def _row(comparison: Comparison, pair: Pair) -> tuple[str, str, str, str]:
    a, b = (plain(comparison.works[each].student) for each in (pair.a, pair.b))
    shares = "; ".join(f"{name} {share:.2f}" for name, share in pair.exercises.items())
    return a, b, f"{pair.share:.3f}", shares
