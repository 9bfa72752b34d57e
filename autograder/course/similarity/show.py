"""What a comparison found, in the terminal."""

from collections.abc import Callable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from autograder.course.collecting.outcome import plain
from autograder.course.similarity.pairs import Pair, clusters
from autograder.course.similarity.similar import Similar
from autograder.settings import Course

TOP = 20  # pairs
SMALL = 10  # works, of fewer than which nobody knows what is rare
FEW = "with so few works nobody can say what is rare: short exercises make honest students alike"


def show(found: Similar, course: Course, above: float, console: Console) -> None:
    """Print the most alike pairs, groups, and what could not be read."""
    works, pairs = found.comparison.works, found.pairs

    def who(at: int) -> str:
        work = works[at]
        hidden = course.pseudonyms and not work.is_earlier
        return plain(course.pseudonym(work.student) if hidden else work.student)

    if pairs:
        console.print(_table(pairs[:TOP], who))
    for group in clusters(pairs):
        console.print(Text(f"together: {', '.join(map(who, group))}"))
    for student, problem in sorted(found.problems.items()):
        console.print(Text(plain(f"{student}: {problem}")))
    listed = f", the first {TOP} of them above" if len(pairs) > TOP else ""
    count = f"{len(pairs)} pair{'' if len(pairs) == 1 else 's'}"
    console.print(Text(f"{len(works)} works, {count} from {above:.0%} on{listed}"))
    if len(works) < SMALL:
        console.print(Text(FEW))
    console.print(Text("alike is no proof, and changes no grade: look at both"))


def _table(pairs: Sequence[Pair], who: Callable[[int], str]) -> Table:
    table = Table(title="Similar code", title_justify="left")
    table.add_column("alike", justify="right")
    for heading in ("one", "another", "exercises the same"):
        table.add_column(heading, overflow="fold")
    for pair in pairs:
        said = (
            f"{pair.share:.0%}",
            who(pair.a),
            who(pair.b),
            f"{len(pair.same)} of {len(pair.exercises)}",
        )
        table.add_row(*map(Text, said))
    return table
