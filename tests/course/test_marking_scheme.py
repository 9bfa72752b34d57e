"""Marking schemes in parts: what earns points, and that nothing of a scheme is lost."""

import pytest
from handing import ROOT

from autograder.assignment.source import parse, read_text
from autograder.course.marking.scheme import Item, read_scheme

SOURCES = [file for file in sorted(ROOT.glob("solutions/*/*.py")) if file.stem == file.parent.name]
ALTERNATIVE_PAPERS = {"paper_question_1", "paper_question_2"}  # one of two is answered


def parts(scheme):
    return list(read_scheme(f"Model answer: because.\n\nMarking: {scheme}").parts)


def item(points, text, step=None):
    return Item(points, points if step is None else step, text)


def test_items_are_told_from_remarks():
    assert parts('1 point for the law; 2 for\nits proof. "It works" alone: 1 point.') == [
        item(1, "the law"),
        item(2, "its proof"),
        '"It works" alone: 1 point.',
    ]


NAMED = ["paper 1:", item(1, "a"), "Paper 2:", item(1, "b")]
SCHEMES = {
    "by commas": ("1 point for a, 1 for b.", [item(1, "a"), item(1, "b")]),
    "joined": ("2 for strengths and 2 for limits.", [item(2, "strengths"), item(2, "limits")]),
    "halves": ("½ for a; 0.5 points for b.", [item(0.5, "a"), item(0.5, "b")]),
    "several at a time": ("1 point each for a, b (3 in all).", [item(3, "a, b (3 in all)", 1)]),
    "in brackets": ("4 for all (2 for one, 2 for two).", [item(4, "all (2 for one, 2 for two)")]),
    "in formulas": ("1 point for $x, 1 for y$ alone.", [item(1, "$x, 1 for y$ alone")]),
    "in quotations": ('1 for "a. 2 for b".', [item(1, '"a. 2 for b"')]),
    "decimals": ("1 for 0.745 and why.", [item(1, "0.745 and why")]),
    "named before": ("paper 1: 1 for a. Paper 2: 1 for b.", NAMED),
    "no points at all": ("As you see fit.", ["As you see fit."]),
}


@pytest.mark.parametrize("scheme, expected", SCHEMES.values(), ids=SCHEMES)
def test_what_begins_an_item(scheme, expected):
    assert parts(scheme) == expected


def test_the_model_answer_stands_before_it():
    assert read_scheme("Model answer: it is.\n\nMarking: 1 for it.").model == "It is."
    assert read_scheme("What a review says.").parts == ()


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_items_of_real_schemes_make_up_the_points(path):
    for name, cell in parse(read_text(path), path).answers.items():
        total = sum(item.points for item in read_scheme(cell.source).items)
        assert total == cell.points * (1 + (name in ALTERNATIVE_PAPERS)), name
