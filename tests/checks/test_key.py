import base64
import json
import zlib

import numpy as np
import pytest
import torch

from autograder.checks.evidence import Evidence, normalise
from autograder.checks.key import ARCHITECTURE, Case, Exercise, Key, Mistake, decode, encode

RIGHT, WRONG = (Evidence(normalise(torch.full((2,), n))) for n in (1.0, 2.0))
RAISED = Evidence(error="ValueError", detail="no")
KEY = Key(
    "demo",
    {
        "f": Exercise(
            "f",
            2.5,
            "F",
            (Case("rows", 0, 0.5, RIGHT), Case("rows", 1, 0.0, WRONG)),
            (Mistake("twice", "Not twice.", (WRONG, RAISED)),),
        ),
        "g": Exercise("g", 1.0, "G"),
    },
    {"why": 2.0},
)


def packed(tree):
    return base64.b64encode(zlib.compress(json.dumps(tree).encode())).decode()


def test_a_key_survives_as_text():
    found = decode(encode(KEY))
    f = found.exercises["f"]
    assert (found.assignment, found.written, list(found.exercises)) == (
        "demo",
        KEY.written,
        ["f", "g"],
    )
    assert (f.points, f.subject, found.exercises["g"]) == (2.5, "F", KEY.exercises["g"])
    assert [(c.probe, c.index, c.weight) for c in f.cases] == [("rows", 0, 0.5), ("rows", 1, 0.0)]
    assert [c.expected.value.values.tolist() for c in f.cases] == [[1, 1], [2, 2]]
    assert (f.mistakes[0].name, f.mistakes[0].says) == ("twice", "Not twice.")
    wrong, raised = f.mistakes[0].outcomes
    np.testing.assert_array_equal(wrong.value.values, [2, 2])
    assert (raised.error, raised.detail) == ("ValueError", "no")


def test_the_text_is_one_line_of_ascii_and_always_the_same():
    assert encode(KEY).isascii() and "\n" not in encode(KEY)
    assert encode(KEY) == encode(KEY) == encode(decode(encode(KEY)))


def test_the_sentence_of_a_mistake_cannot_be_read_in_the_text():
    assert "twice" not in encode(KEY)


def test_the_greatest_score_leaves_written_answers_out():
    assert KEY.max_score == 3.5


def test_a_trained_model_is_no_code():
    architecture = Case(ARCHITECTURE, 0, 1.0, RIGHT)
    assert KEY.exercises["f"].is_code
    assert not Exercise("model", 4.0, "MODEL", (architecture,)).is_code


TEXT = encode(KEY)
DAMAGED = {
    "empty": "",
    "not base64": "abc",
    "not ASCII": "é" + TEXT,
    "cut": TEXT[: len(TEXT) // 2],
    "last block lost": TEXT[:-4],
    "not compressed": base64.b64encode(b"{}").decode(),
    "not JSON": base64.b64encode(zlib.compress(b"{")).decode(),
    "list": packed([]),
    "empty tree": packed({}),
    "number for an exercise": packed({"assignment": "a", "written": {}, "exercises": [1]}),
    "no evidence": packed(
        {
            "assignment": "a",
            "written": {},
            "exercises": [
                {
                    **{"name": "f", "points": 1, "subject": "f", "mistakes": []},
                    "cases": [["p", 0, 1, ["AAAA"]]],
                }
            ],
        }
    ),
}


@pytest.mark.parametrize("text", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_key_is_a_value_error_that_says_what_to_do(text):
    with pytest.raises(ValueError, match="damaged: take this cell from the released notebook"):
        decode(text)
