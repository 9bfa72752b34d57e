"""What lateness costs by an assignment's rules: plain arithmetic."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from autograder.course.rules import amount_of, finite_of
from autograder.grading.pages.grades import Lateness
from autograder.settings import SettingsError

HOUR, DAY = 3600, 86400
BY_DAY = ("points_per_day", "percent_per_day")
BY_HOUR = ("points_per_hour", "percent_per_hour")
FINITE = (*BY_DAY, *BY_HOUR, "grace_minutes")


@dataclass(frozen=True)
class LateRules:
    """Costs of each day or hour begun, what is not counted, and where it ends."""

    points_per_day: float = 0.0
    percent_per_day: float = 0.0
    points_per_hour: float = 0.0
    percent_per_hour: float = 0.0
    grace_minutes: float = 0.0
    maximum: float = math.inf
    maximum_percent: float = math.inf
    cutoff_hours: float = math.inf

    @classmethod
    def of(cls, where: str, course: Mapping[str, Any], own: Mapping[str, Any]) -> Self:
        """The course's rules, with an assignment's own in their place. Raises SettingsError.

        What an hour costs takes the place of what a day costs, and the other way round.
        """
        for given, others in ((BY_HOUR, BY_DAY), (BY_DAY, BY_HOUR)):
            if any(own.get(name) for name in given):
                course = {**course, **dict.fromkeys(others, 0.0)}
        read = {
            name: (finite_of if name in FINITE else amount_of)(f"{where}, {name}", value)
            for name, value in {**course, **own}.items()
        }
        rules = cls(**read)
        if rules._costs(BY_HOUR) and rules._costs(BY_DAY):
            raise SettingsError(f"{where}: days cost points, and hours do too: one must be 0")
        return rules

    def lateness(self, seconds_late: float, points: float) -> Lateness:
        """What so many seconds after the due date cost; `points` is what there are in all."""
        unit = ("hour", HOUR, BY_HOUR) if self._costs(BY_HOUR) else ("day", DAY, BY_DAY)
        name, length, (in_points, in_percent) = unit
        counted = seconds_late - 60 * self.grace_minutes
        count = max(0, math.ceil(counted / length))
        each = getattr(self, in_points) + self._share(in_percent, points)
        if seconds_late > 0 and seconds_late > HOUR * self.cutoff_hours:
            return Lateness(count, each, points, name, True, self.grace_minutes)
        most = min(self.maximum, self._share("maximum_percent", points))
        penalty = float(min(count * each, most))
        return Lateness(count, each, penalty, name, False, self.grace_minutes)

    def _costs(self, names: tuple[str, ...]) -> bool:
        return any(getattr(self, name) for name in names)

    def _share(self, name: str, points: float) -> float:
        """Points, of a rule in per cent; a limit that is none stays none, of no points too."""
        percent = getattr(self, name)
        return percent if math.isinf(percent) else percent / 100 * points


RULES = tuple(field.name for field in fields(LateRules))
