"""Which exercises count, and how: dropped, in full for everybody, or as a bonus.

Nothing of this is written into the gradebook: points stay there as they were earned, so that every
choice can be made later, and taken back, and no code runs again.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from nbgrader.api import Assignment
from traitlets import Dict
from traitlets.config import Config, Configurable

from autograder.assignment.cells import named
from autograder.course.rules import amount_of, configured, known_of, names_of, table_of
from autograder.grading.pages.grades import Counts, all_points
from autograder.settings import SettingsError

WAYS = {"drop": Counts.DROPPED, "full": Counts.IN_FULL, "bonus": Counts.AS_BONUS}
LIMIT = "bonus_limit"


@dataclass(frozen=True)
class Ways:
    """How the exercises of one assignment count, by name; all others count as earned."""

    assignment: str
    by_name: Mapping[str, Counts] = field(default_factory=dict)
    bonus_limit: float = math.inf

    def of(self, grade_ids: Iterable[str]) -> dict[str, Counts]:
        """By grade id. Raises SettingsError for a rule about an exercise that is not there."""
        names = {each: exercise_of(each) for each in grade_ids}
        for name, way in self.by_name.items():
            known_of(f"c.Counting, {self.assignment}, {_word(way)}", name, {*names.values()})
        return {each: self.by_name.get(name, Counts.AS_EARNED) for each, name in names.items()}

    def remark(self, grade_id: str) -> str:
        """How a cell counts, to stand behind its name; empty where it counts as earned."""
        way = self.by_name.get(exercise_of(grade_id), Counts.AS_EARNED)
        return "" if way is Counts.AS_EARNED else f" ({way})"

    def worth(self, assignment: Assignment) -> float:
        """All points of an assignment that count. Raises SettingsError."""
        if not self.by_name:
            return float(assignment.max_score)
        cells = [cell for notebook in assignment.notebooks for cell in notebook.grade_cells]
        ways = self.of(cell.name for cell in cells)
        return all_points((cell.max_score, ways[cell.name]) for cell in cells)


class Counting(Configurable):
    """How exercises count, as `c.Counting.assignments`."""

    assignments = Dict(
        help="By assignment, lists of exercises: 'drop' counts for nobody, 'full' in full for "
        "everybody who handed in, 'bonus' beyond the points that there are, with 'bonus_limit' how "
        "far: {'attention': {'drop': ['max_pool'], 'bonus': ['why'], 'bonus_limit': 5}}."
    ).tag(config=True)

    def ways(self, assignment: str) -> Ways:
        """How an assignment's exercises count. Raises SettingsError."""
        where = f"c.Counting, {assignment}"
        rules = table_of(where, self.assignments.get(assignment, {}), {*WAYS, LIMIT})
        found: dict[str, Counts] = {}
        for word, way in WAYS.items():
            for name in names_of(f"{where}, {word}", rules.get(word, [])):
                if found.setdefault(name, way) is not way:
                    raise SettingsError(f"{where}: {name} is in {_word(found[name])} and in {word}")
        limit = amount_of(f"{where}, {LIMIT}", rules.get(LIMIT, math.inf))
        return Ways(assignment, found, limit)


def counting_of(config: Config) -> Counting:
    """The course's rules. Raises SettingsError."""
    return configured(Counting, config)


def exercise_of(grade_id: str) -> str:
    """The name that authors gave; of an ordinary assignment's cell, its grade id."""
    name = named(grade_id)
    return name.name if name else grade_id


def _word(way: Counts) -> str:
    return next(word for word, each in WAYS.items() if each is way)
