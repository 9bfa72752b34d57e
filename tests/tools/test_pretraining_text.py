"""The sentences that small models are pretrained on."""

import pytest

from autograder.tools.pretraining_text import MINUS, TEXTS, sentences, vocabulary
from autograder.tools.verbal_arithmetic import NUMBERS, part, statements

MANY = 4000


def value(words):
    """The number that words such as "minus three" stand for."""
    *sign, number = words
    return (-1 if sign else 1) * NUMBERS.index(number)


def calculations():
    """The sentences of the form "nine minus four is five", as pairs of words."""
    for sentence in sentences("arithmetic", MANY):
        first, _, second = sentence.partition(" is ")
        if any(f" {word} " in first for word in ("plus", *MINUS)):
            yield first.split(), second.split()


@pytest.mark.parametrize("text", TEXTS)
def test_sentences_follow_from_the_seed(text):
    assert sentences(text, 50) == sentences(text, 50) != sentences(text, 50, seed=1)


def test_arithmetic_is_right():
    for (a, *operation, b), result in calculations():
        sign = 1 if operation == ["plus"] else -1
        assert value(result) == NUMBERS.index(a) + sign * NUMBERS.index(b)
    for sentence in sentences("arithmetic", MANY):
        if " than " in sentence:
            a, _, relation, _, b = sentence.split()
            assert (relation == "smaller") == (NUMBERS.index(a) < NUMBERS.index(b))


def test_no_statement_of_validation_or_test_is_calculated():
    told = {(a, operation[0] == "plus", b) for (a, *operation, b), _ in calculations()}
    held_back = [one.text.split() for name in ("validation", "test") for one in part(name)]
    assert told and not told & {(a, sign == "plus", b) for a, sign, b in held_back}


def test_both_texts_have_all_numbers_and_all_words_of_the_statements():
    for text in TEXTS:
        words = {word for sentence in sentences(text, MANY) for word in sentence.split()}
        for operation in MINUS:
            needed = {word for one in statements(minus=operation) for word in one.text.split()}
            assert needed <= words


def test_the_vocabulary_has_every_word_once():
    words = vocabulary()
    assert words == sorted(set(words))
    said = {word for text in TEXTS for one in sentences(text, MANY, seed=7) for word in one.split()}
    assert said <= set(words)
