"""The statements of verbal arithmetic, and their parts."""

from collections import Counter

import pytest

from autograder.tools.verbal_arithmetic import LABELS, NUMBERS, SIZES, few, part, statements

PARTS = tuple(SIZES)


def test_the_grid_is_that_of_the_original():
    """Row 400 · [difference] + 20 a + b, with 190 negative, 21 zero and 589 positive statements."""
    everything = statements()
    assert Counter(one.label for one in everything) == {0: 190, 1: 21, 2: 589}
    for sign, word in enumerate(("plus", "minus")):
        for a, first in enumerate(NUMBERS):
            for b, second in enumerate(NUMBERS):
                text, label = everything[400 * sign + 20 * a + b]
                assert text == f"{first} {word} {second}"
                result = a - b if sign else a + b
                assert (
                    LABELS[label]
                    == ("negative", "zero", "positive")[(result > 0) - (result < 0) + 1]
                )


def test_every_statement_is_in_one_part():
    together = [one for name in PARTS for one in part(name)]
    assert len(together) == 800 and set(together) == set(statements())


@pytest.mark.parametrize("name", PARTS)
def test_parts_have_the_labels_of_the_original(name):
    counts = Counter(one.label for one in part(name))
    assert tuple(counts[label] for label in range(3)) == SIZES[name]


def test_validation_is_stratified():
    """Each label's share is that of training, but for less than a statement."""
    for label in range(3):
        training, validation = (SIZES[name][label] for name in ("training", "validation"))
        assert abs(validation - 0.3 * (training + validation)) < 1


def test_a_part_is_the_same_each_time_and_mixed():
    assert part("training") == part("training")
    numbers = [NUMBERS.index(one.text.split()[0]) for one in part("validation") if one.label == 2]
    assert numbers != sorted(numbers)
    with pytest.raises(ValueError):
        part("everything")


@pytest.mark.parametrize("count", [28, 56, 112, 224, 448])
def test_a_few_statements_have_the_shares_of_all_and_one_of_each_label(count):
    training = part("training")
    chosen = few(count, training)
    counts = Counter(one.label for one in chosen)
    assert abs(len(chosen) - count) <= 1 and set(chosen) <= set(training)
    assert all(abs(counts[i] - count * SIZES["training"][i] / 448) < 1 for i in range(3))
    assert len(few(3, training)) == 4  # one of each, and another one that is positive


def test_other_words_change_the_texts_alone():
    other = statements(minus="take away")
    assert other[400].text == "zero take away zero"
    assert [one.label for one in other] == [one.label for one in statements()]
