"""Whose each line of a system's table is: ids say it, and names never do."""

from collections import defaultdict

from autograder.course.collecting.people import People, Student, folded
from autograder.course.collecting.roster import heading, student_in, unguarded
from autograder.course.exporting.sheet import Sheet

Line = dict[str, str]  # by heading
SHOWN = 3  # cells of a line, to say which one it is


def lines_of(sheet: Sheet, top: int) -> dict[int, Line]:
    """By number of the row, what stands below the headings, without systems' guards around it.

    Rows of another length than that of the headings are left out.
    """
    headings = [*map(heading, sheet.rows[top].cells)]
    return {
        at: dict(zip(headings, map(unguarded, row.cells), strict=True))
        for at, row in enumerate(sheet.rows)
        if at > top and len(row.written) == len(headings)
    }


def whose(lines: dict[int, Line], people: People) -> tuple[dict[str, int], list[str]]:
    """By student, the number of the line that is theirs alone; and what is to be told of others."""
    found, told = defaultdict(list), []
    for at, line in lines.items():
        holder = student_in(line)  # none in a line of points, say
        who = _named(holder, people) if holder else set()
        if len(who) == 1:
            found[who.pop()].append(at)
        elif holder:
            said = f"ids of {', '.join(sorted(who))}" if who else "nobody in the roster"
            told.append(f"{_shown(at, line)}: {said}")
    for student, several in found.items():
        if several[1:]:
            named = " and ".join(_shown(at, lines[at]) for at in several)
            told.append(f"{student}: named by {named}")
    return {student: ats[0] for student, ats in found.items() if len(ats) == 1}, told


def _named(student: Student, people: People) -> set[str]:
    """Those of whom all is true that the known ids of a line say; of nobody, all they name."""
    users = (people.users.get(folded(each)) for each in (student.id, *student.logins))
    numbers = (people.numbers.get(folded(each)) for each in student.numbers)
    said = [*filter(None, (*users, *numbers, people.emails.get(folded(student.email))))]
    return (set.intersection(*said) or set.union(*said)) if said else set()


def _shown(at: int, line: Line) -> str:
    return f"row {at + 1} ({', '.join(filter(None, [*line.values()][:SHOWN]))})"
