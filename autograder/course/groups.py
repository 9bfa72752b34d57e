"""Who hands in together, as an instructor said, and what a group's members got from each other."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from traitlets.config import Config

from autograder.course.collecting.people import Student, teams
from autograder.course.kept import read_kept_rows
from autograder.files import write_rows, write_whole
from autograder.grading.steps.by_kind import folder_of
from autograder.settings import Course, SettingsError

COLUMNS = ("assignment", "group", "student")

Groups = dict[str, list[str]]  # members by the group's name


def groups_of(course: Course, assignment: str) -> Groups:
    """The groups of an assignment. Raises SettingsError for a file that cannot be read."""
    return read_groups(course).get(assignment, {})


def together_in(
    course: Course, assignment: str, students: Iterable[Student]
) -> list[frozenset[str]]:
    """The ids of those who work together: an assignment's groups, and the roster's small ones."""
    return [*teams(students), *map(frozenset, groups_of(course, assignment).values())]


def read_groups(course: Course) -> dict[str, Groups]:
    """The groups of all assignments. Raises SettingsError."""
    found: dict[str, Groups] = defaultdict(lambda: defaultdict(list))
    for assignment, group, student in read_kept_rows(course.root / course.groups_file, COLUMNS):
        found[assignment][group].append(student)
    return {assignment: dict(groups) for assignment, groups in found.items()}


def write_groups(course: Course, groups: Mapping[str, Groups]) -> None:
    """Write the groups of all assignments."""
    rows = [
        (assignment, name, student)
        for assignment, of in sorted(groups.items())
        for name, students in sorted(of.items())
        for student in students
    ]
    write_rows(course.root / course.groups_file, [COLUMNS, *rows])


@dataclass(frozen=True)
class Shared:
    """What is known of a member whose group handed in."""

    group: str
    by: str  # whose work it is, as the member is told; empty where all is the member's own
    digest: str = ""  # of the folder as it was made; empty where it is the member's own
    differs: bool = False  # from what the member handed in, which is kept


def own_folder(config: Config) -> Path:
    """Where members' own work is kept while another's stands in its place."""
    anyones = {"nbgrader": {"student": "+", "assignment": "+"}}
    submitted = folder_of("submitted", config, anyones).parent.parent
    return submitted.with_name(f"{submitted.name}-own")


def read_shared(config: Config, assignment: str) -> dict[str, Shared]:
    """By student, what became of groups' work; empty where there is none. Raises SettingsError."""
    path = _path(config, assignment)
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return {student: Shared(**of) for student, of in kept.items()}
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, AttributeError):
        raise SettingsError(f"{path}: damaged; delete it, and collect again") from None


def write_shared(config: Config, assignment: str, shared: Mapping[str, Shared]) -> None:
    """Keep what became of groups' work."""
    kept = {student: asdict(of) for student, of in sorted(shared.items())}
    if kept or _path(config, assignment).exists():
        text = json.dumps(kept, indent=1, ensure_ascii=False)
        write_whole(_path(config, assignment), text)


def _path(config: Config, assignment: str) -> Path:
    return own_folder(config) / f"{assignment}.json"
