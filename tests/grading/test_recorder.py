import io

import numpy as np
import pytest
import torch
from autograder.grading.kernels.recorder import HEADER, MAX_NAME, Plan, Recorder, frame

from autograder.checks.evidence import from_bytes
from autograder.checks.rng import Rng

GIVEN = "from autograder import Rng\n\ndef helper(x):\n    return 2 * x\n"
CHECK = """
def doubled(f, rng):
    return helper(f(rng.normal(3)))

check("f", f, doubled)
"""


@pytest.fixture
def recorder():
    return Recorder(Plan({"f": [11, 12]}, GIVEN, {"f": CHECK}), io.BytesIO())


def recorded(recorder):
    """The evidence that was sent, by name, as the reader of the frames sees it."""
    stream, found = io.BytesIO(recorder.stream.getvalue()), {}
    while header := stream.read(HEADER.size):
        name_size, size = HEADER.unpack(header)
        name = stream.read(name_size).decode()
        found[name] = from_bytes(stream.read(size))
    return found


def call(f, rng):
    return f()


def test_every_hidden_case_is_sent(recorder):
    recorder.run("f", {"f": lambda x: x + 1})
    found = recorded(recorder)
    assert list(found) == ["f.doubled.0", "f.doubled.1"]
    for evidence, seed in zip(found.values(), (11, 12), strict=True):
        expected = 2 * (Rng(seed, "doubled").normal(3) + 1)
        assert evidence.value.values.tolist() == expected.tolist()


def test_a_crash_keeps_what_was_sent_before(recorder):
    def interrupted(x):
        if recorder.stream.getvalue():
            raise KeyboardInterrupt
        return x

    with pytest.raises(KeyboardInterrupt):
        recorder.run("f", {"f": interrupted})
    assert list(recorded(recorder)) == ["f.doubled.0"]


def test_names_that_the_student_redefines_change_nothing(recorder):
    recorder.run("f", {"f": abs, "helper": lambda x: 0 * x, "Rng": None, "check": None})
    found = recorded(recorder)["f.doubled.0"].value.values
    np.testing.assert_array_equal(found, 2 * Rng(11, "doubled").normal(3).abs())


def test_exceptions_are_evidence_and_nothing_is_printed(recorder, capsys):
    recorder.run("f", {"f": lambda x: 1 / 0})
    assert recorded(recorder)["f.doubled.1"].error == "ZeroDivisionError"
    assert capsys.readouterr() == ("", "")


def test_evidence_that_cannot_be_kept_is_an_error(recorder):
    recorder("f", lambda: torch.zeros(5_000_000), call)
    assert recorded(recorder)["f.call.0"].error == "EvidenceError"


def test_an_exercise_without_seeds_sends_nothing(recorder):
    recorder("unknown", lambda: 1, call)
    assert recorded(recorder) == {}


def test_the_visible_key_is_of_no_use(recorder):
    assert recorder.load("anything") is None


def test_a_frame_holds_the_longest_name_and_bytes():
    name = "é" * (MAX_NAME // 2)
    data = frame(name, b"data")
    assert HEADER.unpack(data[: HEADER.size]) == (MAX_NAME, 4)
    assert data[HEADER.size :] == name.encode() + b"data"
