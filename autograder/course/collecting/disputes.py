"""Files whose names say whose they are, against what a system says of those who handed them in.

A system may know its users by nothing that the roster has. Then a file's own name counts, unless
that student handed in under another account, or accounts and students do not go in pairs.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from autograder.course.collecting.archives import HandedIn
from autograder.course.collecting.lms import Person
from autograder.course.collecting.names import COLLECTED, MISNAMED, Reading

Read = tuple[HandedIn, Reading]
Account = tuple[str, tuple[Person, ...]]  # of a system; without people, all that it vouches for


def undisputed(read: Iterable[Read]) -> list[Read]:
    """The same, but what is nobody's for certain is misnamed."""
    read = [*read]
    collected = [reading for _, reading in read if reading.state == COLLECTED]
    students = _by(collected, _account, lambda reading: reading.student)
    of_one = [r for r in collected if not r.is_claimed or len(students[_account(r)]) == 1]
    accounts = _by(of_one, _whose, _account)

    def is_pair(reading: Reading) -> bool:
        return len(students[_account(reading)]) == 1 == len(accounts[_whose(reading)])

    return [
        (handed_in, _disputed(each) if each.is_claimed and not is_pair(each) else each)
        for handed_in, each in read
    ]


def _account(reading: Reading) -> Account:
    return reading.export.system, reading.export.people if reading.is_claimed else ()


def _whose(reading: Reading) -> tuple[str, str]:
    return reading.export.system, reading.student


def _by(
    readings: Iterable[Reading],
    key: Callable[[Reading], Any],
    value: Callable[[Reading], Any],
) -> dict[Any, set[Any]]:
    found: dict[Any, set[Any]] = defaultdict(set)
    for reading in readings:
        found[key(reading)].add(value(reading))
    return found


def _disputed(reading: Reading) -> Reading:
    proper = f"{reading.student}_{reading.file.removeprefix(f'{reading.student}_')}"
    says = (
        f"is named as from {reading.student}, whom another account names too, or its own names "
        f"others: if it is theirs, rename it to {proper} and collect it again"
    )
    return replace(reading, state=MISNAMED, says=says, student="", file="")
