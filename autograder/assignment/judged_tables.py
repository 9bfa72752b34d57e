"""Tables of answers whose worth is known: what became of them, and what it should be."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from autograder.assignment.judged import Judged, Label, causes, counted, oddities

# of wrong answers; of generated mutants, some of which are nearly right, a little less
REJECTED, KILLED, TOLD, PROMISED = 1.0, 0.99, 0.85, 0.01


def show_judged(judged: Sequence[Judged], console: Console) -> None:
    """Print the tables, the shares beside their goals, and a line for each oddity."""
    console.print(counts_table(judged, "assignment"))
    console.print(causes_table(judged))
    console.print(goals_table(judged, REJECTED))
    for one in judged:
        for line in lines_on(one):
            console.print(escape(line), soft_wrap=True, highlight=False)


def lines_on(one: Judged) -> Iterator[str]:
    """What was odd about an answer, and what was said of it."""
    if odd := list(oddities(one)):
        yield f"{one.name}  ({one.assignment}/{one.exercise}): {'; '.join(odd)}"
        scores = "/".join(f"{verdict.score:g}" for verdict in one.verdicts)
        said = one.verdict.message.replace("\n", "\n    ")
        yield f"    {scores} of {one.verdict.max_score:g}  {said}"


def counts_table(judged: Sequence[Judged], by: str) -> Table:
    """What became of right, wrong and other answers, by their assignment or their exercise."""
    table = Table(by, title="Under every secret, under some, under none", title_justify="left")
    columns = [column for label in _labels(judged) for column in COLUMNS[label]]
    for heading, _ in columns:
        table.add_column(heading, justify="right")
    for name, group in itertools.groupby(judged, attrgetter(by)):
        table.add_row(name, *_row(list(group), columns))
    table.add_section()
    table.add_row("all", *_row(judged, columns))
    return table


Column = tuple[str, Callable[[Sequence[Judged]], int]]


def _column(heading: str, label: Label, fact: str) -> Column:
    return heading, lambda judged: int(getattr(counted(judged, label), fact))


COLUMNS: dict[Label, list[Column]] = {
    Label.RIGHT: [
        _column("right", Label.RIGHT, "total"),
        _column("accepted", Label.RIGHT, "accepted"),
        _column("by some", Label.RIGHT, "by_some"),
        _column("rejected", Label.RIGHT, "rejected"),
    ],
    Label.WRONG: [
        _column("wrong", Label.WRONG, "total"),
        _column("rejected", Label.WRONG, "rejected"),
        _column("by some", Label.WRONG, "by_some"),
        _column("accepted", Label.WRONG, "accepted"),
        _column("told", Label.WRONG, "told"),
        _column("✓ seen", Label.WRONG, "promised"),
    ],
    Label.UNKNOWN: [
        _column("unknown", Label.UNKNOWN, "total"),
        _column("accepted", Label.UNKNOWN, "accepted"),
    ],
}


def _labels(judged: Sequence[Judged]) -> list[Label]:
    present = {one.label for one in judged}
    return [label for label in Label if label in present]


def _row(judged: Sequence[Judged], columns: Sequence[Column]) -> list[str]:
    return [str(count(judged)) for _, count in columns]


def causes_table(judged: Sequence[Judged]) -> Table:
    """By what rejected wrong answers are told why."""
    table = Table("wrong answers are told by")
    table.add_column("answers", justify="right")
    for cause, count in causes(judged).most_common():
        table.add_row(f"{cause}{'' if cause.tells else ' (not told)'}", str(count))
    return table


def goals_table(judged: Sequence[Judged], rejected: float) -> Table:
    """Shares beside what they should be; `rejected` is that of wrong answers."""
    right, wrong = counted(judged, Label.RIGHT), counted(judged, Label.WRONG)
    luck = sum(one.by_luck for one in judged)
    table = Table("of all answers")
    for heading in ("answers", "share", "goal"):
        table.add_column(heading, justify="right")
    if right.total:
        _add_share(table, "right: accepted under every secret", right.accepted, right.total, "≥", 1)
    _add_share(
        table, "wrong: rejected under every secret", wrong.rejected, wrong.total, "≥", rejected
    )
    _add_share(table, "rejected: told their cause", wrong.told, wrong.not_accepted, "≥", TOLD)
    _add_share(
        table, "rejected: ✓ in the notebook", wrong.promised, wrong.not_accepted, "≤", PROMISED
    )
    _add_share(table, "what is earned depends on the secret", luck, len(judged), "≤", 0)
    return table


def _add_share(table: Table, what: str, count: int, total: int, sign: str, goal: float) -> None:
    share = f"{count / total:.1%}" if total else "–"
    table.add_row(what, f"{count} of {total}", share, f"{sign} {goal:.0%}")
