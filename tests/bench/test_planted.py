"""Planted copies compute what their victims do, and are found as docs/similarity.md says."""

import random

import pytest
import torch
from handing import ROOT

from autograder.bench.disguises import all_at_once, rewritten, split
from autograder.bench.planted import DISGUISES, HALF, MERGED
from autograder.bench.similarity import kit, measure
from autograder.bench.styles import Style, remarked, renamed, styled
from autograder.course.similarity import ABOVE
from autograder.settings import find_course

CODE = """
def mixed(x, y):
    shift = x.max(-1, keepdim=True).values
    weights = torch.softmax((x - shift) @ y.mT / len(y) ** 0.5, dim=-1)
    rows = [2 * row for row in weights if row.sum() > 0]
    total = 0
    for k in range(3):
        total = total + k * weights[:, None]
    return torch.stack(rows).view(-1) + total.sum() if rows else weights
"""
CHANGES = {
    **{change.__name__: change for change in (split, rewritten, renamed, remarked, all_at_once)},
    "styled": lambda text, rng: styled(text, Style(rng)),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_disguise_changes_the_text_and_no_number(change):
    x, y = torch.randn(4, 3), torch.randn(5, 3)
    for seed in range(4):
        text = change(CODE, random.Random(seed))
        of = []
        for code in (CODE, text):
            namespace = {"torch": torch, "math": __import__("math")}
            exec(code, namespace)
            of.append(namespace["mixed"](x, y))
        assert text != CODE
        torch.testing.assert_close(of[0], of[1])


@pytest.mark.slow
@pytest.mark.parametrize("assignment", ["attention", "seq2seq"])
def test_whole_copies_are_found_and_few_others(assignment):
    """Bounds far from what was measured; classes are always the same ones."""
    (found,) = measure(find_course(ROOT), assignment, 2, {"kit": kit}).values()
    recalls = {kind: found.recall(kind, ABOVE) for kind in found.copies}
    assert all(recalls[kind] >= 0.6 for kind in DISGUISES)
    assert recalls["identical"] == recalls["variables renamed"] == 1
    assert max(recalls[HALF], recalls[MERGED]) < 0.5  # if ever they are found, say so in the docs
    assert found.alarms(ABOVE) <= 10  # of 7,422 pairs
