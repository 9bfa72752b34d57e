"""Any table with a column of ids."""

from autograder.course.collecting.roster import EMAIL, LOGIN, heading
from autograder.course.exporting.layout import Layout


class Generic(Layout):
    """Any column but those of ids may be the assignment's."""

    name = "students"

    def heads(self, cells: list[str]) -> bool:
        """The first row with the name of an id that rosters have."""
        return bool({*LOGIN, *EMAIL} & {*map(heading, cells)})

    def titles(self, headings: list[str]) -> dict[int, str]:
        """All that name nobody."""
        ids = {*LOGIN, *EMAIL}
        return {at: each for at, each in enumerate(headings) if each and heading(each) not in ids}
