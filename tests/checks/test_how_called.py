"""How a check called an answer that could not be called so."""

import linecache

import numpy as np
import pytest
import torch
from torch import nn

from autograder.checks.calls import built, call
from autograder.checks.how_called import how_called
from autograder.checks.probes import Probe
from autograder.checks.running import observe
from autograder.checks.spec import gradients

CHECKS = {__file__}


class NeedsTwo(nn.Module):
    def forward(self, x, y):
        return x


def said(asked, subject, *tried):
    """Of an answer whose every frame is left out."""
    probe = Probe(lambda rng: asked, frozenset(tried))
    error = observe(probe, subject, 1).exception
    assert isinstance(error, TypeError), error
    return how_called(error, ())


def test_a_function_is_called_with_arguments_and_keywords():
    asked = call(torch.ones(2, 3), np.ones(2), 7, [1, 2], steps=2, name="x", f=torch.relu)
    assert said(asked, lambda: 1) == (
        "your function is called with a tensor (2, 3), an array (2,), 7, a list of 2, steps=2 and "
        "2 more"
    )
    assert said(call(True, None), lambda: 1) == "your function is called with True and None"
    assert said(call(torch.nn.Linear), lambda: 1).endswith("with the class Linear")
    assert said(call(), lambda x: 1) == "your function is called with no arguments"


@pytest.mark.parametrize("tried", [(), (gradients,)])
def test_a_module_is_called_and_a_class_is_built(tried):
    asked = built()(torch.ones(4, 3))
    assert said(asked, NeedsTwo, *tried) == "what your class builds is called with a tensor (4, 3)"
    asked = built(7, bias=True)(torch.ones(4, 3))
    assert said(asked, NeedsTwo, *tried) == "your class is built with 7 and bias=True"


def test_none_that_is_used_and_results_that_are_missing():
    zeros = torch.zeros(2)
    asked = call(zeros).through(1)
    assert said(asked, lambda x: None, gradients) == (
        "your function is called with a tensor (2,); of what it returns, result 1 is used; "
        "None came of it: is a `return` missing?"
    )


def test_what_is_no_module_is_called_that():
    class Plain:
        pass

    error = observe(Probe(lambda rng: built()(1)), Plain, 1).exception
    assert str(error) == "a Plain is built, which is no torch.nn.Module"


RUN = "def run(subject, inputs):\n    return subject(inputs).missing\n"


def test_of_a_run_its_line_is_told():
    linecache.cache["<run>"] = (len(RUN), None, RUN.splitlines(keepends=True), "<run>")
    namespace = {}
    exec(compile(RUN, "<run>", "exec"), namespace)
    probe = Probe(lambda rng: 1)
    probe.run(namespace["run"])
    error = observe(probe, lambda x: x, 1).exception
    assert how_called(error, {"<run>"}) == (
        "the check ran this line: `return subject(inputs).missing`"
    )
