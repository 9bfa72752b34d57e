"""Moodle's two tables: the grading worksheet of one assignment, and the export of the gradebook.

Source: moodle, mod/assign/feedback/offline/importgradeslib.php and grade/import/csv.
"""

import re

from autograder.course.collecting.roster import EMAIL, LOGIN, heading
from autograder.course.exporting.layout import Layout, SheetError
from autograder.course.exporting.sheet import Sheet

# headings of worksheets, in English, German and Chinese
GRADE = ("grade", "bewertung", "成绩", "评分")
MAXIMUM = ("maximum grade", "bestwertung", "最高成绩", "最高分")
LOCKED = ("grade can be changed", "bewertung kann geändert werden")
NO = ("no", "nein")

TITLE = re.compile(r"(?:[^:]+: )?(?P<title>.+?) \((?P<shown>[^()]+)\)")  # of the gradebook
SHARE = ("percentage", "prozentsatz", "letter", "buchstabe")


class Moodle(Layout):
    """A worksheet has one column of grades, whatever the assignment is called."""

    name = "Moodle"
    takes_more = False

    def heads(self, cells: list[str]) -> bool:
        """Anything that tells students apart."""
        return bool({*LOGIN, *EMAIL} & {*map(heading, cells)})

    def is_of_one(self, headings: list[str]) -> bool:
        """A worksheet says of each grade what the best one is."""
        return _first(headings, MAXIMUM) is not None

    def titles(self, headings: list[str]) -> dict[int, str]:
        """That of the worksheet's grades, or those of the gradebook's assignments, as numbers."""
        if self.is_of_one(headings):
            grade = _first(headings, GRADE)
            return {} if grade is None else {grade: headings[grade]}
        found = ((at, TITLE.fullmatch(each)) for at, each in enumerate(headings))
        return {at: it["title"] for at, it in found if it and heading(it["shown"]) not in SHARE}

    def points(self, sheet: Sheet, headings: list[str], column: int) -> str:
        """From a worksheet."""
        at = _first(headings, MAXIMUM)
        cells = [row.cells for row in sheet.rows[1:]]
        return next((row[at] for row in cells if at < len(row)), "") if at is not None else ""

    def refuse(self, sheet: Sheet, headings: list[str], column: int) -> None:
        """Files of which Moodle takes nothing."""
        for number, row in enumerate(sheet.rows, 1):
            if len(row.written) != len(headings) and not row.is_blank:
                raise SheetError(
                    f"row {number} has {len(row.written)} cells, and the first {len(headings)}: "
                    "Moodle takes no such file, export it again"
                )

    def keeps(self, cell: str, line: dict[str, str]) -> bool:
        """Grades that are locked."""
        return any(heading(line.get(name, "")) in NO for name in LOCKED)


def _first(headings: list[str], wanted: tuple[str, ...]) -> int | None:
    found = (at for at, each in enumerate(headings) if heading(each) in wanted)
    return next(found, None)
