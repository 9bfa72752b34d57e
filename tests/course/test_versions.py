"""Which of several versions counts, and since when."""

import io
from datetime import timedelta

import pytest
from zips import ON_TIME

from autograder.course.collecting.archives import HandedIn
from autograder.course.collecting.names import COLLECTED, Reading
from autograder.course.collecting.versions import Version, latest

HOUR = timedelta(hours=1)


def made(text, hours, named=True, rank=(0, 0)):
    time = ON_TIME + hours * HOUR
    handed_in = HandedIn((f"{text}.ipynb",), time, (hash(text), len(text)), io.BytesIO)
    return Version(handed_in, Reading(COLLECTED, is_named=named, rank=rank), time)


def test_the_last_one_counts():
    assert latest([made("b", 2), made("a", 1)]) == made("b", 2)


@pytest.mark.parametrize("lower, higher", [((7, 3), (8, 0)), ((0, 1), (0, 2))])
def test_at_one_time_the_upload_and_the_copy_number_decide(lower, higher):
    last = made("b", 1, rank=higher)
    assert latest([last, made("a", 1, rank=lower)]) == last


def test_the_same_file_again_keeps_its_first_time():
    assert latest([made("a", 1), made("a", 9), made("a", 5)]).time == made("a", 1).time


def test_a_return_to_an_earlier_version_is_a_version():
    assert latest([made("a", 1), made("b", 2), made("a", 3)]).time == made("a", 3).time


def test_one_without_its_word_never_outranks_one_that_has_it():
    assert latest([made("a", 1), made("b", 2, named=False)]) == made("a", 1)
