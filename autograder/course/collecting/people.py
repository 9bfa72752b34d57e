"""Which student of the roster a system means: by its own number, a login, an address, a name."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from autograder.course.collecting.lms import Person

SAFE_ID = re.compile(r"[^\W_][\w.@-]{0,63}")
LARGEST_TEAM = 6


class AmbiguousError(Exception):
    """Not one student; the message says why."""


@dataclass(frozen=True)
class Student:
    """One line of a roster; names as nbgrader has them.

    `logins` are other names for the student in a system, `number` is the system's own, `groups` are
    those that hand in together.
    """

    id: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    logins: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The whole name; empty where only an id is known."""
        return " ".join(filter(None, (self.first_name, self.last_name)))


Index = dict[str, set[str]]


class People:
    """The roster, by everything that systems know students by; empty where any id will do."""

    def __init__(self, students: Iterable[Student]) -> None:
        self.students = {student.id: student for student in students}
        ids = sorted(map(re.escape, map(folded, self.students)), key=len, reverse=True)
        self.known = re.compile(rf"(?<![0-9a-z])(?:{'|'.join(ids)})(?![0-9a-z])")
        self.by_id = {folded(student): student for student in self.students}
        self.users, self.numbers, self.emails, self.names, self.groups = (
            _index(self.students.values(), keys)
            for keys in (_users, lambda s: s.numbers, lambda s: [s.email], _names, _groups)
        )

    def name(self, student: str) -> str:
        """A student's whole name, empty where it is not known."""
        return self.students[student].name if student in self.students else ""

    def named(self, name: str) -> set[str]:
        """Students of this name, however it is spaced, accented and ordered."""
        return self.names.get(squeezed(name), set())

    def ids(self, text: str) -> list[str]:
        """Known ids in a text, in order."""
        found = self.known.findall(folded(text)) if self.students else []
        return [self.by_id[key] for key in dict.fromkeys(found)]

    def who(self, person: Person) -> list[str]:
        """The student whom a system means, or the members of a group; none where it is nobody here.

        Raises AmbiguousError where it may be several, or what it says is about different students.
        """
        if not self.students:
            ids = (*person.users, person.email)
            return [each for each in ids if SAFE_ID.fullmatch(each)][:1]
        keys = [found for found in self._keys(person) if found]
        named = self._by_name(person)
        group = set() if named else self._group(person)
        if group and all(found & group for found in keys):
            return sorted(group)
        said = [*keys, *filter(None, (named, group))]
        common = set.intersection(*said) if said else set()
        if said and len(common) != 1:
            raise AmbiguousError(f"may be from any of {', '.join(sorted(set().union(*said)))}")
        return [*common]

    def _keys(self, person: Person) -> list[set[str]]:
        """For each thing besides the name that is said of a person, the students it is true of."""
        users = [self.users.get(folded(user), set()) for user in person.users]
        return [
            self.numbers.get(folded(person.number), set()),
            set().union(*users),
            self.emails.get(folded(person.email), set()),
        ]

    def _group(self, person: Person) -> set[str]:
        return set().union(*(self.groups.get(squeezed(name), set()) for name in person.names))

    def _by_name(self, person: Person) -> set[str]:
        """By ids in the name too: many systems are told to show both."""
        named = [self.named(name) for name in person.names]
        return set().union(*named) or {each for name in person.names for each in self.ids(name)}


def _index(students: Iterable[Student], keys: Callable[[Student], Iterable[str]]) -> Index:
    found: Index = defaultdict(set)
    for student in students:
        for key in map(folded, keys(student)):
            if key:
                found[key].add(student.id)
    return dict(found)


def _users(student: Student) -> list[str]:
    return [student.id, student.email, *student.logins]


def _names(student: Student) -> list[str]:
    """Any word may come first: systems put the surname there, however many words it has."""
    words = student.name.split()
    turned = [words[first:] + words[:first] for first in range(len(words))]
    return [squeezed("".join(each)) for each in (*turned, words[::-1])]


def _groups(student: Student) -> list[str]:
    return [squeezed(group) for group in student.groups]


def folded(text: str) -> str:
    """A text without what differs from one keyboard or file system to the next."""
    return unicodedata.normalize("NFKC", text).casefold()


def squeezed(name: str) -> str:
    """A name without what people and systems write differently: blanks, signs, accents."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    return re.sub(r"[\W_]+", "", "".join(c for c in letters if not unicodedata.combining(c)))


def teams(students: Iterable[Student]) -> list[frozenset[str]]:
    """The ids of those who work together; larger groups of a roster are classes."""
    found = _index(students, lambda student: student.groups)
    return [frozenset(members) for members in found.values() if len(members) <= LARGEST_TEAM]
