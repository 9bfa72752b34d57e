"""The class in tables, printed, and its scores in files."""

from pathlib import Path

from rich.console import Console
from rich.table import Table

from autograder.course.collecting.enrolled import students_of
from autograder.course.counting import Ways, counting_of
from autograder.course.gradebook import Nbgrader
from autograder.course.leaderboard import as_table, leaderboards, write_leaderboard
from autograder.course.reports import mistake_counts
from autograder.course.rows import Row
from autograder.course.scores import write_scores
from autograder.settings import Course, SettingsError

FEW = 5  # names in a cell of a table


def show_tables(course: Course, assignment: str, console: Console) -> Path:
    """Print the class, exercise by exercise and student by student; write its scores.

    They go into a file of the assignment's own, and with those of all others into
    build/scores.csv; where that is, is returned.

    Where models were handed in, a leaderboard follows, and is written beside it. Raises
    SettingsError where nothing was graded.
    """
    nbgrader = Nbgrader(course)
    nbgrader.settle_late_penalties(assignment)
    rows = nbgrader.rows(assignment)
    if not rows:
        raise SettingsError(f"nothing graded for {assignment!r}: run `grade {assignment}` first")
    console.print(_students(rows, course))
    console.print(_exercises(rows, course, counting_of(course.config).ways(assignment)))
    mistakes = mistake_counts(course, assignment)
    if mistakes:
        console.print(_mistakes(mistakes))
    for board in leaderboards(course, assignment):
        console.print(as_table(board))
        write_leaderboard(board, course.build / f"leaderboard-{assignment}-{board.exercise}.csv")
    path = course.build / "scores.csv"
    others = {name: nbgrader.rows(name) for name in nbgrader.graded() if name != assignment}
    enrolled = students_of(nbgrader)
    write_scores({assignment: rows}, course.build / f"scores-{assignment}.csv", enrolled)
    write_scores(dict(sorted({**others, assignment: rows}.items())), path, enrolled)
    return path


def _students(rows: list[Row], course: Course) -> Table:
    table = Table("student", title="Class", title_justify="left")
    for heading in ("points", "late", "penalty", "score", "of", "by hand"):
        table.add_column(heading, justify="right")
    for row in rows:
        name = _shown(row, course)
        by_hand = f"{row.to_grade_by_hand} to do" if row.to_grade_by_hand else "–"
        penalty = f"−{row.late_penalty:g}" if row.late_penalty else "–"
        late, scores = lateness(row.seconds_late), (row.raw_score, row.score, row.max_score)
        points, score, of = (f"{number:g}" for number in scores)
        table.add_row(name, points, late, penalty, score, of, by_hand)
    return table


def _exercises(rows: list[Row], course: Course, ways: Ways) -> Table:
    table = Table("exercise", title="Exercises", title_justify="left")
    for heading in ("mean points", "to grade by hand"):
        table.add_column(heading, justify="right")
    for name in rows[0].cells:
        known = [points for row in rows if (points := row.cells.get(name)) is not None]
        mean = f"{sum(known) / len(known):.2f}" if known else "–"
        table.add_row(f"{name}{ways.remark(name)}", mean, _whose(name, rows, course))
    return table


def _whose(cell: str, rows: list[Row], course: Course) -> str:
    """How many answers wait for a grader; of a few, whose."""
    waiting = [_shown(row, course) for row in rows if cell in row.to_mark]
    names = f" ({', '.join(waiting)})" if 0 < len(waiting) <= FEW else ""
    return f"{len(waiting)}{names}"


def _shown(row: Row, course: Course) -> str:
    return course.pseudonym(row.student) if course.pseudonyms else row.student


def _mistakes(counts: dict[tuple[str, str], int]) -> Table:
    table = Table("exercise", "known mistake", title="What went wrong", title_justify="left")
    table.add_column("students", justify="right")
    for (exercise, mistake), count in counts.items():
        table.add_row(exercise, mistake, str(count))
    return table


def lateness(seconds: float) -> str:
    """How late, in the largest unit that fits."""
    if seconds <= 0:
        return "–"
    if seconds < 86400:
        return f"{seconds / 3600:.1f} h"
    return f"{seconds / 86400:.1f} days"
