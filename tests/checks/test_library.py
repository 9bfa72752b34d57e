"""The library of wrong answers: an answer is known by the few numbers that are kept of it."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from autograder.checks.causes.library import (
    BESIDES,
    ROW,
    Library,
    from_tree,
    to_tree,
    tried_row,
    value_row,
)
from autograder.checks.evidence import Evidence, normalise

RNG = np.random.RandomState(3)
X, Y = (torch.from_numpy(RNG.standard_normal((3, 4))).float() for _ in range(2))
NOT_TWICE, NOT_TURNED, NO_STATE = "Not twice.", "Not turned.", "Nothing is kept."
PROBES = "p", "q"


def of(value, *, state="as before", **parts):
    return Evidence(normalise(value), tried={"called again": state}, **parts)


RIGHT = {"p": of(X), "q": of(Y)}
TWICE = {"p": of(2 * X), "q": of(2 * Y)}
TURNED = {"p": of(X), "q": of(Y.flip(1))}
KEEPS = {"p": of(X, state="keeps something"), "q": of(Y)}
LAWS = dict.fromkeys(PROBES)


def library_of(*answers):
    """A library of these, the right one first; answers that are wrong have nothing tried."""
    rows, numbers = [], []
    for answer in answers:
        numbers.append([])
        for probe in PROBES:
            is_right = answer[probe].value is RIGHT[probe].value
            tried = answer[probe] if is_right else RIGHT[probe]
            for row in (value_row(answer[probe], None), tried_row(tried, None)):
                numbers[-1].append(len(rows))
                rows.append(row)
    array = np.array(rows, ROW)
    _, first, places = np.unique(array, return_index=True, return_inverse=True)
    sentences = NOT_TWICE, NOT_TURNED, NO_STATE
    reasons = ((), *(((number,),) for number in range(len(answers) - 1)))
    return Library("hash", PROBES, array[first], places[np.array(numbers)], sentences, reasons)


@pytest.fixture
def library():
    keeps = KEEPS | {"p": replace(KEEPS["p"], value=RIGHT["p"].value)}
    turned = TURNED | {"p": RIGHT["p"]}
    return library_of(RIGHT, TWICE, turned, keeps | {"q": RIGHT["q"]})


def told(library, answer, failed=PROBES, laws=LAWS):
    return library.explanation(answer, laws, set(failed))


def test_a_wrong_answer_is_known(library):
    assert told(library, TWICE) == NOT_TWICE
    assert told(library, TURNED, failed="q") == NOT_TURNED


def test_rounding_errors_are_no_matter_and_other_numbers_are(library):
    nearly = {"p": of(2 * X * (1 + 2e-6)), "q": of(2 * Y)}
    assert told(library, nearly) == NOT_TWICE
    assert told(library, {"p": of(2.001 * X), "q": of(2 * Y)}) == ""


def test_a_case_that_passes_contradicts(library):
    assert told(library, TWICE, failed="p") == ""


def test_a_case_that_fails_otherwise_contradicts(library):
    assert told(library, TURNED | {"p": of(X.exp())}) == ""
    assert told(library, TURNED, failed=PROBES) == NOT_TURNED  # p fails for another seed only


def test_another_form_of_the_same_numbers_is_said_to_be_one(library):
    flat = {"p": of(2 * X[None].double()), "q": of(2 * Y[None])}
    assert told(library, flat) == BESIDES + NOT_TWICE
    assert told(library, {"p": of(X[None]), "q": of(Y[None])}) == ""  # of the right answer


def test_what_is_tried_besides_tells_where_the_values_are_right(library):
    assert told(library, KEEPS, failed="p") == NO_STATE
    assert told(library, RIGHT, failed="p") == ""
    untried = {name: replace(each, tried={}) for name, each in RIGHT.items()}
    assert told(library, untried, failed="p") == ""


def test_where_nothing_else_was_tried_values_tell_alone(library):
    untried = {name: replace(each, tried={}) for name, each in TWICE.items()}
    assert told(library, untried) == NOT_TWICE


def test_errors_and_missing_probes_are_no_wrong_numbers(library):
    raised = Evidence(error="ValueError")
    assert told(library, {"p": raised, "q": raised}) == ""
    assert told(library, {"p": TWICE["p"]}) == ""


def test_a_law_that_is_content_makes_all_numbers_the_same():
    numbers, form = value_row(of(X), "")
    assert not numbers.any() and form == value_row(of(Y), "")[1]
    assert value_row(of(X), "not random")[1] != value_row(of(X), "too random")[1]


def test_sentences_may_hold_together_or_one_of_them(library):
    both = replace(library, reasons=((), ((0, 1),), ((0,), (1,)), ()))
    assert told(both, TWICE) == f"{NOT_TWICE} {NOT_TURNED}"
    assert told(both, TURNED, failed="q") == f"{NOT_TWICE} Or: {NOT_TURNED}"
    assert told(both, KEEPS, failed="p") == ""


def test_a_library_is_the_same_from_its_text(library):
    again = from_tree(json.loads(json.dumps(to_tree(library))))
    assert (again.made_from, told(again, TWICE)) == ("hash", NOT_TWICE)
    assert np.array_equal(again.rows, library.rows)


@pytest.mark.parametrize("changed", [{"answers": [[0, 1, 2, 99]]}, {"reasons": []}, {"rows": "A"}])
def test_a_damaged_library_is_none(library, changed):
    with pytest.raises((LookupError, TypeError, ValueError)):
        from_tree(to_tree(library) | changed)
