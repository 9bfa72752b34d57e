"""Readings that exercises of several assignments need."""

from fractions import Fraction

import numpy as np
import pytest
import torch

from autograder.checks.spec import entry

READ = entry("flops")


@pytest.mark.parametrize(
    "number", [7, 7.0, np.int32(7), torch.tensor(7), Fraction(7)], ids=lambda n: type(n).__name__
)
def test_one_number_of_each_answer_whatever_its_type(number):
    found = READ([{"flops": number, "kept": 1}, {"flops": 2**40 + 1}], None)
    assert found["flops"].tolist() == [7.0, 2.0**40 + 1]


@pytest.mark.parametrize(("other", "read"), [((7, 8), (7, 8)), ({"FLOPs": 7}, {}), (7, 7)], ids=str)
def test_another_form_is_read_as_it_is(other, read):
    assert READ([{"flops": 7}, None, other], None) == read


def test_an_answer_that_is_none_is_no_number():
    with pytest.raises(TypeError):
        READ([{"flops": 7}, None], None)
