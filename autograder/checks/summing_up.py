"""The summary of a notebook: every exercise and answer, its points, and where it stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from autograder.checks.key import Exercise, Key
from autograder.checks.language import N_, _
from autograder.checks.progress import Progress, Result
from autograder.checks.verdict import Verdict

NOT_CHECKED = N_("not checked yet")
TO_BE_GRADED = N_("✓ to be graded")


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
        said = _("{earned:g} of {total:g} points pass their checks; grading uses further inputs.")
        return [said.format(earned=self.earned, total=self.total), *self.remarks]


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
        said = _("{points:g} more are graded later: {names}.")
        remarks.append(said.format(points=points, names=names))
    if empty:
        said = _("Still empty: {names}, in {where}.")
        remarks.append(said.format(names=", ".join(empty), where=where))
    return Summary(rows, remarks)


def _written(name: str, points: float, is_empty: bool) -> Row:
    state = _("written, still empty") if is_empty else _("written, graded by hand")
    return Row(name, points, state)


def _row(exercise: Exercise, progress: Progress, verdict: Verdict | None, current: str) -> Row:
    result = progress.results.get(exercise.name)
    counts = not exercise.is_graded_later
    if result is None:
        return Row(exercise.name, exercise.points, _(NOT_CHECKED), counts=counts)
    is_changed = bool(result.code and current and result.code != current)
    if is_changed and result.passed:
        state = _("○ passed {when}, changed since").format(when=result.when)
        return Row(exercise.name, exercise.points, state, counts=counts)
    state = _state(exercise, result, verdict)
    earned = 0.0 if is_changed or not counts else min(result.score, exercise.points)
    return Row(exercise.name, exercise.points, state, earned, counts)


def _state(exercise: Exercise, result: Result, verdict: Verdict | None) -> str:
    if exercise.is_graded_later and result.passed:
        later = "" if verdict else _(", checked {when}").format(when=result.when)
        return _(TO_BE_GRADED) + later
    said, since = ("✓" if result.passed else "✗"), ""
    if verdict is None:
        said = _("✓ passed {when}") if result.passed else _("✗ failed {when}")
        said, since = said.format(when=result.when), _(", not run since")
    elif not result.passed:
        said += f" {verdict.feedback}"
    if 0 < result.score < exercise.points:
        comma = "" if said == "✓" else ","
        earned = _("{score:g} of {points:g} points")
        said += f"{comma} {earned.format(score=result.score, points=exercise.points)}"
    return said + since


def as_text(summary: Summary) -> str:
    """The summary as it is printed."""
    first, second, third = _("exercise"), _("points"), _("state")
    width = max(map(len, [*(row.name for row in summary.rows), first]))
    table = [f"{row.name:{width}}  {row.points:6g}  {row.state}" for row in summary.rows]
    return "\n".join([f"{first:{width}}  {second:6}  {third}", *table, "", *summary.lines])
