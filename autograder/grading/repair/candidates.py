"""Which of the cells that are one released cell counts, and what becomes of the others."""

from dataclasses import dataclass, field

from nbformat import NotebookNode

from autograder.grading.repair.amount import may_be_code
from autograder.grading.repair.matching import (
    Claim,
    Release,
    is_disclosure,
    named_in,
    resembles,
    squeezed,
)
from autograder.grading.repair.syntax import excerpt, outline, same_code

# bounds on parsing again and again, out of reach for people
MAX_HALVES = 10
MAX_CANDIDATES = 100


@dataclass
class Plan:
    """For every submitted cell, by position: which released cell it becomes, or what else.

    Cells that stand nowhere here are students' own.
    """

    chosen: dict[int, int] = field(default_factory=dict)
    text: dict[int, str] = field(default_factory=dict)  # by released cell
    dropped: set[int] = field(default_factory=set)
    extracted: dict[int, list[int]] = field(default_factory=dict)
    report: list[str] = field(default_factory=list)


def plan(cells: list[NotebookNode], claims: list[Claim | None], release: Release) -> Plan:
    """Decide for each released cell, in order."""
    made = Plan()
    found: dict[int, list[int]] = {}
    for index, claim in enumerate(claims):
        if claim:
            found.setdefault(claim.key, []).append(index)
    versions = _Versions(cells, claims, release, made)
    for key in range(len(release.cells)):
        versions.decide(key, found.get(key, []))
    return made


class _Versions:
    """The submitted cells, while it is decided which of them count."""

    def __init__(
        self,
        cells: list[NotebookNode],
        claims: list[Claim | None],
        release: Release,
        made: Plan,
    ) -> None:
        self.cells, self.claims, self.release, self.made = cells, claims, release, made
        self.definers: dict[str, list[int]] = {}
        for index, cell in enumerate(cells):
            if is_disclosure(cell.source) or not may_be_code(cell):
                continue
            for name in outline(cell.source).defined & release.by_definition.keys():
                self.definers.setdefault(name, []).append(index)

    def decide(self, key: int, at: list[int]) -> None:
        if self.release.is_written(key):
            self._decide_written(key, at)
        elif at:
            best = max(at, key=lambda index: self._nearness(key, index))
            self.made.chosen[best] = key
            if self.release.is_locked(key):
                self._drop_copies(key, [index for index in at if index != best])

    def _nearness(self, key: int, index: int) -> tuple[bool, bool, bool, int]:
        source = self.cells[index].source
        same = squeezed(source) == self.release.squeezed[key]
        claim = self.claims[index]
        by_grade_id = claim is not None and claim.evidence == "grade id"
        return same, resembles(source, key, self.release), by_grade_id, -index

    def _drop_copies(self, key: int, others: list[int]) -> None:
        """A copy of a locked cell goes; what a student wrote around a check call stays."""
        copies = {i for i in others if self._is_copy(key, i)}
        self.made.dropped |= copies
        if copies:
            count = len(copies) + 1
            self._say(key, f"found {count} times, the released one counts")

    def _is_copy(self, key: int, index: int) -> bool:
        original, source = self.release.cells[key].source, self.cells[index].source.strip()
        return source in original or resembles(source, key, self.release)

    def _decide_written(self, key: int, at: list[int]) -> None:
        best = max(at, key=lambda index: self._worth(key, index), default=None)
        complete = best is not None and self.release.is_complete(key, self.cells[best].source)
        if (not complete and self._extract(key, at)) or best is None:
            return
        self.made.chosen[best] = key
        self.made.text[key] = self._joined(key, best)
        others = {index for index in at if index != best} - self.made.dropped
        gone = {index for index in others if not self._goes_along(key, index, best)}
        self.made.dropped |= gone
        self._say_which(key, best, gone)

    def _worth(self, key: int, index: int) -> tuple[bool, bool, bool, int]:
        """A complete version is worth more than any other; of two, the later one."""
        cell, stub = self.cells[index], self.release.cells[key]
        complete = self.release.is_complete(key, cell.source)
        named = self.release.is_code(key) or self._is_marked(key, index)
        right_type = cell.cell_type == stub.cell_type
        return complete and named, right_type, not same_code(cell.source, stub.source), index

    def _is_marked(self, key: int, index: int) -> bool:
        return any(name == self.release.names[key] for name in named_in(self.cells[index].source))

    def _goes_along(self, key: int, index: int, best: int) -> bool:
        """Whether another cell is no version to be replaced, but a part to be kept.

        Two halves of a split cell have one name; an earlier version may define helpers.
        """
        source, own = self.cells[index].source, self.release.own.get(key, frozenset())
        if same_code(source, self.release.cells[key].source):
            return False
        names = outline(source).defined
        helps = (
            index < best
            and outline(source).is_python
            and names - outline(self.cells[best].source).defined
        )
        if helps:
            return True
        return not names & own and not self._is_marked(key, index)

    def _joined(self, key: int, best: int) -> str:
        """The text of a cell, and of the halves behind it that cannot stand alone."""
        source = self.cells[best].source
        for index in range(best + 1, min(best + 1 + MAX_HALVES, len(self.cells))):
            joined = self._with_half(key, source, index)
            if joined is None:
                break
            source = joined
            self.made.dropped.add(index)
            self._say(key, "was split in the middle, joined again")
        return source

    def _with_half(self, key: int, source: str, index: int) -> str | None:
        cell, claim = self.cells[index], self.claims[index]
        if claim and (claim.key != key or self._is_marked(key, index)):
            return None
        if not self.release.is_code(key):
            half = claim and cell.cell_type == "markdown" and cell.source.strip()
            return f"{source}\n\n{cell.source}" if half else None
        joined = f"{source}\n{cell.source}"
        half = cell.cell_type == "code" and cell.source[:1] in (" ", "\t")
        alone = not half or outline(cell.source).is_python
        return None if alone or not outline(joined).is_python else joined

    def _extract(self, key: int, at: list[int]) -> bool:
        """Take a solution's definitions out of a cell that is something else as well."""
        own = self.release.own.get(key, frozenset())
        candidates = sorted({i for name in own for i in self.definers.get(name, [])} - set(at))
        for index in candidates[: -MAX_CANDIDATES - 1 : -1]:
            source = excerpt(self.cells[index].source, own)
            if self.release.is_complete(key, source):
                name = self.release.names[key]
                self.made.text[key] = f"# exercise: {name.name if name else ''}\n{source}"
                self.made.extracted.setdefault(index, []).append(key)
                self.made.dropped |= {i for i in at if not self._goes_along(key, i, index)}
                self._say(key, "found inside another cell")
                return True
        return False

    def _say_which(self, key: int, best: int, gone: set[int]) -> None:
        if gone:
            complete = self.release.is_complete(key, self.cells[best].source)
            which = "last complete" if complete else "last"
            self._say(key, f"found {len(gone) + 1} times, its {which} version counts")

    def _say(self, key: int, what: str) -> None:
        line = f"{self.release.name(key)}: {what}"
        if line not in self.made.report:
            self.made.report.append(line)
