"""Each task of the handouts has its place, and students read what is right, not who was wrong."""

import re
from functools import cache
from pathlib import Path

import pytest

from autograder.assignment.cells import Role
from autograder.assignment.source import parse, read_text
from autograder.settings import find_course

REPOSITORY = find_course(Path(__file__).parent)
PAGE = (REPOSITORY.root / "docs" / "handouts.md").read_text(encoding="utf-8")
SECTION = re.compile(r"(?<![\d.])\d\.\d(?![\d.])")
ASIDE = re.compile(
    r"\b(published|public|worked|printed) (solutions?|answers?|tests?|code|listings?|versions?)\b"
    r"|\b(handout|lab|original)('s (solution|listing|template|table)| counts\b)"
)
JUDGED = {"scaling_laws": "A published answer reads"}  # 5.2 asks students to judge it


@cache
def source(assignment):
    path = REPOSITORY.source_path(assignment)
    return parse(read_text(path), path)


def texts(assignment):
    return [c.source for c in source(assignment).cells if c.kind == "markdown" and not c.role]


@cache
def sections(assignment):
    return set(re.findall(r"^### (\d\.\d)\b", "\n".join(texts(assignment)), re.MULTILINE))


def places():
    """Assignment and section, of each row of the page; a row may name other assignments."""
    here = ""
    for line in PAGE.splitlines():
        if line.startswith("### "):
            here = re.findall(r"`(\w+)`", line)[-1]
        elif line.startswith("| ") and here:
            yield from named(line.split(" | ")[1], here)


def named(cell, here):
    for word in re.findall(r"`\w+`|" + SECTION.pattern, cell):
        if word.strip("`") in REPOSITORY.assignments():
            here = word.strip("`")
        elif SECTION.fullmatch(word):
            yield here, word


def test_every_place_that_the_page_names_is_a_section():
    wrong = [place for place in places() if place[1] not in sections(place[0])]
    assert not wrong
    assert {assignment for assignment, _ in places()} == set(REPOSITORY.assignments())


@pytest.mark.parametrize("assignment", REPOSITORY.assignments())
def test_students_read_no_asides_about_published_errors(assignment):
    text = " ".join("\n".join(texts(assignment)).split())
    assert [m.group() for m in ASIDE.finditer(text.replace(JUDGED.get(assignment, "–"), ""))] == []


def points(assignment, *, only=(), role=None):
    cells = [c for c in source(assignment).cells if c.role is not Role.SOLUTION]
    return sum(c.points for c in cells if c.name in only or c.role is role)


def test_totals_that_a_handout_states_are_kept():
    assert points("addsub_transformer", role=Role.ANSWER) == 30
    code = points("addsub_transformer", role=Role.CHECK)
    assert code + points("addsub_transformer", role=Role.ARTEFACT) == 70
    copying, averages = ("copying", "copy_query"), ("average_query",)
    assert points("attention", only=copying) == points("attention", only=averages) == 2
    one_head = ("average_query_random", "why_means_suffice", "single_head_variance")
    two_heads = ("two_queries", "two_heads_variance")
    assert points("attention", only=one_head) == points("attention", only=two_heads) == 3
