"""The summary of a notebook: every exercise and answer, its points, and where it stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from autograder.checks.key import Exercise, Key
from autograder.checks.progress import Progress, Result
from autograder.checks.verdict import Verdict

NOT_CHECKED = "not checked yet"
TO_BE_GRADED = "✓ to be graded"


@dataclass(frozen=True)
class Row:
    """An exercise or answer; `earned` of its points pass, where its check is one that counts."""

    name: str
    points: float
    state: str
    earned: float = 0.0
    counts: bool = False


@dataclass(frozen=True)
class Summary:
    """All rows, and remarks on them."""

    rows: Sequence[Row]
    remarks: Sequence[str]

    @property
    def earned(self) -> float:
        """Points whose checks pass, those of parts included."""
        return round(sum(row.earned for row in self.rows), 2)

    @property
    def total(self) -> float:
        """Points for which the notebook has a check that says what they are worth."""
        return sum(row.points for row in self.rows if row.counts)

    @property
    def lines(self) -> list[str]:
        """What stands below the table."""
        earned = f"{self.earned:g} of {self.total:g} points pass their checks"
        return [f"{earned}; grading uses further inputs.", *self.remarks]


def summed_up(
    key: Key,
    progress: Progress,
    verdicts: Mapping[str, Verdict],
    current: Mapping[str, str],
    empty: Sequence[str],
    where: str,
) -> Summary:
    """The summary of a key's exercises and answers.

    `verdicts` are those of the running kernel; `current` are hashes of cells as they stand now;
    `empty` names written answers without text, in the file that `where` names.
    """
    rows = [
        _row(exercise, progress, verdicts.get(name), current.get(name, ""))
        for name, exercise in key.exercises.items()
    ]
    later = [row for row in rows if not row.counts]
    rows += [_written(name, points, name in empty) for name, points in key.written.items()]
    remarks = []
    if later:
        points = sum(row.points for row in later)
        names = ", ".join(row.name for row in later)
        remarks.append(f"{points:g} more are graded later: {names}.")
    if empty:
        remarks.append(f"Still empty: {', '.join(empty)}, in {where}.")
    return Summary(rows, remarks)


def _written(name: str, points: float, is_empty: bool) -> Row:
    return Row(name, points, f"written, {'still empty' if is_empty else 'graded by hand'}")


def _row(exercise: Exercise, progress: Progress, verdict: Verdict | None, current: str) -> Row:
    result = progress.results.get(exercise.name)
    counts = not exercise.is_graded_later
    if result is None:
        return Row(exercise.name, exercise.points, NOT_CHECKED, counts=counts)
    is_changed = bool(result.code and current and result.code != current)
    if is_changed and result.passed:
        state = f"○ passed {result.when}, changed since"
        return Row(exercise.name, exercise.points, state, counts=counts)
    state = _state(exercise, result, verdict)
    earned = 0.0 if is_changed or not counts else min(result.score, exercise.points)
    return Row(exercise.name, exercise.points, state, earned, counts)


def _state(exercise: Exercise, result: Result, verdict: Verdict | None) -> str:
    if exercise.is_graded_later and result.passed:
        return TO_BE_GRADED if verdict else f"{TO_BE_GRADED}, checked {result.when}"
    said, since = ("✓" if result.passed else "✗"), ""
    if verdict is None:
        said += f" {'passed' if result.passed else 'failed'} {result.when}"
        since = ", not run since"
    elif not result.passed:
        said += f" {verdict.feedback}"
    if 0 < result.score < exercise.points:
        comma = "" if said == "✓" else ","
        said += f"{comma} {result.score:g} of {exercise.points:g} points"
    return said + since


def as_text(summary: Summary) -> str:
    """The summary as it is printed."""
    width = max(map(len, [*(row.name for row in summary.rows), "exercise"]))
    table = [f"{row.name:{width}}  {row.points:6g}  {row.state}" for row in summary.rows]
    return "\n".join([f"{'exercise':{width}}  points  state", *table, "", *summary.lines])
