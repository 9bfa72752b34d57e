"""Specifications: what the words of a `checks.py` write, and where to."""

import pytest

from autograder.checks.always import ALWAYS, Always
from autograder.checks.calls import Tried, call
from autograder.checks.probes import Probe
from autograder.checks.rules import by_hand, no_loops
from autograder.checks.spec import (
    Spec,
    collecting,
    free,
    gradients,
    probe,
    rules,
    size,
    specs,
    stand_ins,
    untried,
)


def rows(rng):
    return call(rng.normal(3))


def test_a_probe_belongs_to_its_exercise_with_all_that_is_said_of_it():
    with collecting() as found:
        first = probe("f", gradients, size, weight=2)(rows)
        hidden = probe("g", hidden=True)(rows)
    assert found["f"].probes == {"rows": first} and found["g"].probes == {"rows": hidden}
    assert isinstance(first, Probe) and (first.name, first.weight, first.hidden) == ("rows", 2, 0)
    assert first._tried == {Tried.GRADIENTS, Tried.SIZE} and hidden._tried == set()
    assert found["f"].visible == [first] and found["g"].visible == []


def test_all_other_words_write_to_their_exercise():
    with collecting() as found:
        stand_ins("f", part=abs)
        rules("f", no_loops)
        free("g", beta=(20, 1000))
    assert found["f"] == Spec("f", {}, (no_loops,), {"part": abs}, {})
    assert found["g"] == Spec("g", free={"beta": (20, 1000)})


def test_an_exercise_that_nobody_mentioned_is_empty():
    with collecting() as found:
        assert specs() is found and found["f"] == Spec("f")


def test_what_is_collected_does_not_reach_the_notebook_or_another_collection():
    before = dict(specs())
    with collecting() as outer:
        with collecting() as inner:
            probe("f")(rows)
        probe("g")(rows)
    assert list(inner) == ["f"] and list(outer) == ["g"]
    assert specs() == before


def test_an_error_ends_the_collection():
    before = specs()
    with pytest.raises(ZeroDivisionError), collecting():
        raise ZeroDivisionError
    assert specs() is before


def test_two_probes_of_one_name_in_one_exercise_are_refused():
    with collecting():
        probe("f")(rows)
        probe("g")(rows)
        with pytest.raises(ValueError, match="two probes of 'f' are called 'rows'"):
            probe("f", hidden=True)(rows)


def test_in_a_notebook_a_cell_may_run_again(monkeypatch):
    with collecting() as found:
        monkeypatch.setattr("autograder.checks.spec._open", [found])
        probe("f")(rows)
        again = probe("f")(rows)
        assert found["f"].probes == {"rows": again}
        monkeypatch.undo()


def test_what_is_not_to_be_tried_is_said_with_a_reason():
    with collecting() as found:
        untried("f", large="overflows in every answer", state="draws at random")
        untried("f", training="has dropout")
    left_out = {Always.LARGE, Always.STATE, Always.TRAINING}
    assert found["f"].tried == ALWAYS - left_out and found["g"].tried == ALWAYS


@pytest.mark.parametrize("reasons", [{"larger": "x"}, {"large": " "}])
def test_other_words_and_empty_reasons_are_refused(reasons):
    with collecting(), pytest.raises(ValueError, match="untried takes reasons for: sizes, state"):
        untried("f", **reasons)


def test_where_a_derivation_is_asked_for_nothing_is_differentiated():
    with collecting() as found:
        rules("f", by_hand)
    assert found["f"].tried == ALWAYS - {Always.GRADIENTS}
