"""Tables of answers whose worth is known: what became of them, and what it should be."""

import itertools
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from autograder.assignment.judged import Counts, Judged, Label, causes, counted, oddities

# of answers; what generated mutants are held to is less, as some are nearly right
REJECTED, KILLED, TOLD, PROMISED = 1.0, 0.99, 0.85, 0.01


def show_judged(judged: Sequence[Judged], console: Console) -> None:
    """Print the tables, the shares beside their goals, and a line for each oddity."""
    console.print(_by_assignment(judged))
    console.print(_causes(judged))
    console.print(goals(judged, REJECTED))
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


def _by_assignment(judged: Sequence[Judged]) -> Table:
    """Right and wrong answers by assignment."""
    table = Table("assignment", title="Answers under every secret", title_justify="left")
    for heading in ("right", "accepted", "by some", "rejected"):
        table.add_column(heading, justify="right")
    for heading in ("wrong", "rejected", "by some", "accepted", "told", "✓ seen", "luck"):
        table.add_column(heading, justify="right")
    table.add_column("unknown: accepted", justify="right")
    for name, group in itertools.groupby(judged, lambda one: one.assignment):
        table.add_row(name, *_row(list(group)))
    table.add_section()
    table.add_row("all", *_row(judged))
    return table


def _row(judged: Sequence[Judged]) -> list[str]:
    right, wrong, unknown = (counted(judged, label) for label in Label)
    luck = sum(one.by_luck for one in judged)
    numbers = [
        *(right.total, right.accepted, right.by_some, right.rejected),
        *(wrong.total, wrong.rejected, wrong.by_some, wrong.accepted),
        *(wrong.told, wrong.promised, luck),
    ]
    return [*map(str, numbers), f"{unknown.accepted} of {unknown.total}"]


def _causes(judged: Sequence[Judged]) -> Table:
    table = Table("wrong answers are told by", title_justify="left")
    table.add_column("answers", justify="right")
    for cause, count in causes(judged).most_common():
        table.add_row(f"{cause}{'' if cause.tells else ' (not told)'}", str(count))
    return table


def goals(judged: Sequence[Judged], rejected: float) -> Table:
    """Shares, beside what they should be; `rejected` is that of wrong answers."""
    right, wrong = counted(judged, Label.RIGHT), counted(judged, Label.WRONG)
    luck = sum(one.by_luck for one in judged)
    table = Table("goals", title_justify="left")
    for heading in ("answers", "share", "goal"):
        table.add_column(heading, justify="right")
    if right.total:
        table.add_row("right: accepted under every secret", *_share(right.accepted, right.total, 1))
    table.add_row(
        "wrong: rejected under every secret", *_share(wrong.rejected, wrong.total, rejected)
    )
    table.add_row("of the rejected: told their cause", *_share(*_told(wrong), TOLD))
    table.add_row("of the rejected: ✓ in the notebook", *_share(*_promised(wrong), PROMISED, "≤"))
    table.add_row("the secret decides what is earned", *_share(luck, len(judged), 0, "≤"))
    return table


def _told(wrong: Counts) -> tuple[int, int]:
    return wrong.told, wrong.not_accepted


def _promised(wrong: Counts) -> tuple[int, int]:
    return wrong.promised, wrong.not_accepted


def _share(count: int, total: int, goal: float, sign: str = "≥") -> tuple[str, str, str]:
    share = f"{count / total:.1%}" if total else "–"
    return f"{count} of {total}", share, f"{sign} {goal:.0%}"
