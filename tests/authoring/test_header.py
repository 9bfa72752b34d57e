import pytest

from autograder.assignment.cells import Role
from autograder.assignment.source import Cell, Source
from autograder.authoring.header import points_table


@pytest.mark.parametrize("points, total", [(2.0, "2.5"), (1.5, "2")])
def test_the_points_table_sums_code_and_written_answers(tmp_path, points, total):
    check = Cell("code", "", 1, Role.CHECK, "f", points)
    answer = Cell("markdown", "", 5, Role.ANSWER, "why", 0.5)
    assert points_table(Source(tmp_path / "a.py", "", (check, answer))).splitlines() == [
        "| exercise | kind | points |",
        "|---|---|---|",
        f"| `f` | code | {points:g} |",
        "| `why` | written | 0.5 |",
        f"| **total** | | **{total}** |",
    ]
