"""What is seen in a call, and what is believed of it."""

import pytest
import torch
from own_code import SCORES, code, looked

from autograder.checks.evidence import Evidence, normalise
from autograder.questions.looking import _sight
from autograder.questions.sights import MisreadError, answers_in

Q, K, V = torch.randn(2, 3, 7), torch.randn(2, 5, 7), torch.randn(2, 5, 7)


def of_text(found, text):
    instrumented, answer = found
    source = code().source
    numbers = [n for n, node in enumerate(instrumented.looked_at) if source(node) == text]
    return answer.looks[numbers[0]][0]


def test_expressions_on_the_way_are_seen():
    found = looked(code(), Q, K, V)
    assert of_text(found, "q @ k.transpose(1, 2)").shape == (2, 3, 5)
    assert of_text(found, "scores.softmax(dim=-1)").sums == (2,)
    assert of_text(found, "math.sqrt(q.shape[-1])").kind == "float"


def test_looking_changes_nothing():
    _, answer = looked(code(), Q, K, V)
    namespace = {}
    exec(SCORES, namespace)
    assert torch.equal(answer.output, namespace["attend"](Q, K, V))


def evidence(**looks):
    return Evidence([{"output": None, "looks": normalise(looks), "learned": []}])


def test_what_comes_back_is_read():
    (answer,) = answers_in(evidence(**{"3": [_sight(torch.eye(2))]}), 1)
    assert answer.looks[3][0].shape == (2, 2)
    assert answer.looks[3][0].text == "[[1, 0], [0, 1]]"


@pytest.mark.parametrize(
    "forged",
    [
        Evidence([]),
        Evidence([{"output": None}]),
        Evidence([{"error": "<b>" * 50}]),
        Evidence([3]),
        evidence(x=[_sight(torch.eye(2))]),
        evidence(**{"1": [{"kind": "tensor", "shape": ["a"]}]}),
        evidence(**{"1": [{"kind": 3.0}]}),
        Evidence([{"output": None, "looks": {}, "learned": ["<script>"]}]),
    ],
)
def test_what_student_code_sends_instead_is_refused(forged):
    with pytest.raises(MisreadError):
        answers_in(forged, 1)


def test_a_crash_is_an_error_in_every_answer():
    assert [each.error for each in answers_in(Evidence(error="died"), 2)] == ["died", "died"]
