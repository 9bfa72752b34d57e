import pytest

from autograder.assignment.cells import Role
from autograder.assignment.sections import with_anchors
from autograder.assignment.source import Cell, Source
from autograder.authoring.header import handing_in, how_it_works, points_table
from autograder.checks.key import Key


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


def test_with_numbered_headings_it_leads_to_them_in_their_order(tmp_path):
    heading = Cell("markdown", "## 1 Parts\n\n### 1.2 `f` · 任务 (two)\n\ntext", 1)
    check = Cell("code", "", 9, Role.CHECK, "f", 2.0)
    answer = Cell("markdown", "", 5, Role.ANSWER, "why", 0.5)
    first = Cell("code", "", 0, Role.CHECK, "above", 1.0)
    source = Source(tmp_path / "a.py", "", (first, heading, answer, check))
    link = "[1.2](#section-1-2)"
    assert points_table(source).splitlines() == [
        "| | exercise | kind | points |",
        "|---|---|---|---|",
        "| | `above` | code | 1 |",
        f"| {link} | `why` | written | 0.5 |",
        f"| {link} | `f` | code | 2 |",
        "| | **total** | | **3.5** |",
    ]


def test_headings_above_exercises_are_found_by_links(tmp_path):
    text = "## 1 Parts\n\n### 1.2 `f` · 任务\n\ntext\n\n### 1.3 Aside"
    heading = Cell("markdown", "## 1 Parts\n\n### 1.2 `f` · 任务\n\ntext", 1)
    source = Source(tmp_path / "a.py", "", (heading, Cell("code", "", 9, Role.CHECK, "f", 2.0)))
    assert with_anchors(text, source) == (
        '## 1 Parts\n\n<a id="section-1-2"></a>\n\n### 1.2 `f` · 任务\n\ntext\n\n### 1.3 Aside'
    )


def test_how_the_work_goes_says_what_there_is(tmp_path):
    code = Cell("code", "", 1, Role.CHECK, "f", 2.0)
    answer = Cell("markdown", "", 5, Role.ANSWER, "why", 0.5)
    model = Cell("code", "", 9, Role.ARTEFACT, "trained", 1.0)
    small = how_it_works(Source(tmp_path / "a.py", "", (code,)))
    assert "`TODO`" in small and "Hidden inputs" in small
    assert "Written answers" not in small and "train" not in small
    whole = how_it_works(Source(tmp_path / "a.py", "", (code, answer, model)))
    assert "`YOUR ANSWER HERE`" in whole and "What you train" in whole


def test_what_is_handed_in_is_named_as_the_collector_reads_it():
    text = handing_in(Key("nmt", word="lab3", models=("model",), predictions=("predictions",)))
    for name in ("lab3.ipynb", "model.pth", "predictions.txt", "lab3.zip"):
        assert f"`<student id>_<name>_{name}`" in text
    assert "`<student id>_<name>_nmt.ipynb`" in handing_in(Key("nmt"))
