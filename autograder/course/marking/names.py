"""What would tell graders whose answer they read, where students wrote it themselves."""

import re
from collections.abc import Iterable

from autograder.course.collecting.people import Student

HIDDEN = "NAME"  # in a picture's address, too
SHORTEST = 5  # characters; what is shorter may be a word of the answer


def without_names(texts: Iterable[str], student: Student) -> list[str]:
    """Texts without their student's whole name, address, id, logins and numbers."""
    pattern = "|".join(map(re.escape, _telling(student)))
    if not pattern:
        return [*texts]
    whole = re.compile(rf"(?<!\w)(?:{pattern})(?!\w)", re.I)
    return [whole.sub(HIDDEN, text) for text in texts]


def _telling(student: Student) -> list[str]:
    """The longest first, as an address may begin with a login."""
    first, last = student.first_name, student.last_name
    names = [f"{first} {last}", f"{last} {first}", f"{last}, {first}"] if first and last else []
    ids = (student.id, student.email, *student.logins, *student.numbers)
    found = {*names, *(text for text in ids if len(text) >= SHORTEST)}
    return sorted(found, key=lambda text: (-len(text), text))
