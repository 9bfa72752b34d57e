"""Running a check: evidence whatever the student's code does, and no trace of it afterwards."""

import random
import sys
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from torch import nn

from autograder.checks.calls import call
from autograder.checks.comparison import same
from autograder.checks.evidence import NOTHING, UNUSABLE, Evidence, normalise
from autograder.checks.probes import Probe
from autograder.checks.rng import Rng
from autograder.checks.running import observe, read, run_check, standing_in


def three(rng):
    return call(rng.normal(3))


def probe_of(draw=three, run=None, read=None):
    probe = Probe(draw)
    if run is not None:
        probe.run(run)
    if read is not None:
        probe.read(read)
    return probe


def observed(f, run=None, seed=1):
    return observe(probe_of(run=run), f, seed)


def numbers(evidence):
    return evidence.value.values.tolist()


def test_the_value_is_the_evidence():
    evidence = observed(lambda x: 2 * x)
    expected = 2 * Rng(1, "three").normal(3)
    assert numbers(evidence) == expected.tolist()
    assert (evidence.error, evidence.inputs_changed) == (None, False)


def test_inputs_depend_on_the_seed_and_the_probes_name():
    def other(rng):
        return call(rng.normal(3))

    pairs = [(three, 1), (three, 2), (other, 1)]
    found = [observe(probe_of(draw), lambda x: x, seed) for draw, seed in pairs]
    assert len({tuple(numbers(evidence)) for evidence in found}) == 3


def test_no_accelerator_is_asked_to_remember_a_seed(monkeypatch):
    """It would note where it was asked to, which takes longer than most probes."""
    noted = []
    monkeypatch.setattr(torch.cuda.random, "_lazy_call", lambda *args, **kwargs: noted.append(args))
    torch.manual_seed(1)
    assert noted, "torch does it in another way now"
    noted.clear()
    observed(lambda x: x)
    assert noted == []


def draw_from_everything(x):
    torch.rand(1), np.random.rand(1), random.random()
    torch.manual_seed(5), np.random.seed(5), random.seed(5)
    torch.set_grad_enabled(False)
    return x


def draw_and_raise(x):
    draw_from_everything(x)
    raise ValueError


def global_state():
    generators = torch.get_rng_state().tolist(), np.random.get_state()[1].tolist()
    return *generators, random.getstate(), torch.is_grad_enabled()


@pytest.mark.parametrize("f", [draw_from_everything, draw_and_raise])
@pytest.mark.parametrize("grad", [True, False])
def test_generators_and_grad_mode_stay(f, grad):
    with torch.set_grad_enabled(grad):
        before = global_state()
        observed(f)
        assert global_state() == before


def test_reading_leaves_no_trace_either():
    before = global_state()
    read(probe_of(read=lambda x, given: draw_from_everything(x)), observed(lambda x: x), 1)
    assert global_state() == before


def test_gradients_are_on_inside_a_probe():
    with torch.no_grad():
        evidence = observed(lambda x: x, lambda f, given: torch.is_grad_enabled())
    assert evidence.value.values.item() is True


def test_a_module_keeps_mode_parameters_and_gradients():
    def train(module, given, rng):
        rng.fill(module)
        module(rng.normal(2, 3)).sum().backward()
        return module.weight

    module = nn.Linear(3, 2).train()
    before = module.weight.detach().clone()
    evidence = observed(module, train)
    assert evidence.error is None and not np.allclose(numbers(evidence), before)
    assert module.training and torch.equal(module.weight, before) and module.weight.grad is None


def noisy(x):
    print("to stdout")
    print("to stderr", file=sys.stderr)
    return x


def test_stderr_goes_to_stdout(capsys):
    observed(noisy)
    out, err = capsys.readouterr()
    assert err == "" and all(text in out for text in ("to stdout", "to stderr"))


class Odd(BaseException):
    pass


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(3), NotImplementedError(), Odd()])
def test_every_exception_becomes_evidence(error):
    def fail(x):
        raise error

    evidence = observed(fail)
    assert (evidence.error, evidence.detail) == (type(error).__name__, str(error))
    assert evidence.exception is error and evidence.value is None


def test_the_interrupt_button_still_works():
    def interrupted(x):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        observed(interrupted)


def test_a_subject_of_the_wrong_type_is_evidence():
    assert observed(None).error == "TypeError"


def test_an_answer_that_cannot_be_stored_is_evidence():
    endless = []
    endless.append(endless)
    assert observed(lambda x: endless).error == "RecursionError"


def in_place(x):
    x[0] = 0
    return torch.zeros(3)


def to_double(x):
    x.data = x.data.double()
    return torch.zeros(3)


@pytest.mark.parametrize("f, changed", [(in_place, True), (to_double, True), (abs, False)])
def test_a_change_of_the_input_is_reported(f, changed):
    assert observed(f).inputs_changed is changed


def plus_first_input(answer, given):
    return {"sum": answer + given.arguments[0]}


def test_a_reading_sees_the_answer_and_the_same_inputs():
    found = read(probe_of(read=plus_first_input), observed(lambda x: x), 1)
    doubled = 2 * Rng(1, "three").normal(3)
    assert found.value["sum"].values.tolist() == doubled.tolist()


def test_a_reading_keeps_that_the_input_was_changed():
    assert read(probe_of(read=plus_first_input), observed(in_place), 1).inputs_changed


def test_without_a_reading_the_evidence_stays():
    evidence = observed(lambda x: x)
    assert read(probe_of(), evidence, 1) is evidence


def test_an_exception_is_not_read():
    evidence = Evidence(error="ValueError")
    assert read(probe_of(read=plus_first_input), evidence, 1) is evidence


@pytest.mark.parametrize("answer", [torch.ones(4), "text", object()])
def test_an_answer_that_cannot_be_read_does_not_fit(answer):
    found = read(probe_of(read=plus_first_input), Evidence(normalise(answer)), 1)
    assert found.error == UNUSABLE and found.detail.startswith(("RuntimeError: ", "TypeError: "))


@pytest.mark.parametrize("answer", [None, [None, None]])
def test_none_that_cannot_be_read_is_a_forgotten_return(answer):
    probe = probe_of(read=lambda answer, given: answer["x"])
    assert read(probe, Evidence(normalise(answer)), 1).error == NOTHING


@pytest.mark.parametrize(
    "value", [torch.ones(2), np.ones(2), 3.5, True, "x", None, [1.0, {"a": 2}]]
)
def test_readings_take_what_the_student_returned(value):
    seen = []
    read(probe_of(read=lambda answer, given: seen.append(answer)), Evidence(normalise(value)), 1)
    assert str(seen[0]) == str(value).replace("2}", "2.0}") and type(seen[0]) is type(value)


def test_random_numbers_of_the_students_are_those_of_the_case():
    """So that two builds agree, and two gradings."""

    def random_numbers(f, given):
        return [torch.rand(3), np.random.rand(), random.random()]

    first, again, other = (observed(None, random_numbers, seed) for seed in (1, 1, 2))
    assert same(first, again)
    assert not same(first, other)


def test_a_check_yields_every_case_in_order_and_runs_it_inside_its_surroundings():
    def four(rng):
        return call(rng.normal(4))

    inside = []

    @contextmanager
    def around():
        inside.append(True)
        yield
        inside.pop()

    def subject(x):
        return x if inside == [True] else 1 / 0

    found = dict(run_check([probe_of(), probe_of(four)], subject, [7, 8], around=around))
    assert list(found) == [("three", 0), ("three", 1), ("four", 0), ("four", 1)]
    for (name, index), evidence in found.items():
        expected = Rng([7, 8][index], name).normal(3 if name == "three" else 4)
        assert numbers(evidence) == expected.tolist()
    assert inside == []


def test_a_case_is_run_when_it_is_asked_for_and_no_earlier():
    calls = []
    cases = run_check([probe_of()], calls.append, [1, 2], tried=frozenset())
    assert calls == []
    next(cases)
    assert len(calls) == 1


NAMESPACE = {"part": "the student's", "other": 1}


def test_stand_ins_take_the_place_of_names_and_give_it_back():
    namespace = dict(NAMESPACE)
    with standing_in(namespace, {"part": "stand-in", "missing": "stand-in"}):
        assert namespace == {"part": "stand-in", "missing": "stand-in", "other": 1}
    assert namespace == NAMESPACE


def test_what_a_student_does_to_stand_ins_is_undone_too():
    namespace = dict(NAMESPACE)
    with pytest.raises(ZeroDivisionError), standing_in(namespace, {"part": "stand-in"}):
        del namespace["part"]
        raise ZeroDivisionError
    assert namespace == NAMESPACE


@pytest.fixture
def elsewhere():
    """As in a notebook that says where all tensors are made."""
    torch.set_default_device("meta")
    yield
    torch.set_default_device(None)


def test_checks_run_on_the_cpu_whatever_the_notebook_says(elsewhere):
    found = observed(lambda x: torch.ones(3) + torch.arange(3.0) + 0 * x)
    assert numbers(found) == [1, 2, 3]
    assert torch.get_default_device().type == "meta"
