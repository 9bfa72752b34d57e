"""Automatic differentiation by every way torch offers is refused while a derivation runs."""

import contextlib
import threading
import timeit

import pytest
import torch
from torch.autograd import forward_ad, functional, grad
from torch.autograd.forward_ad import dual_level, make_dual, unpack_dual
from torch.autograd.variable import Variable
from torch.func import functional_call, hessian, jacfwd, jacrev, jvp, linearize, vjp, vmap
from torch.func import grad as grad_of

from autograder.checks.derivation import DUALS, Differentiated, no_differentiation
from autograder.checks.evidence import Evidence

X = torch.tensor([0.3, -1.2, 2.0])
CUBES = 3 * X**2
bound_before = torch.autograd.grad


def cubes(x):
    return (x**3).sum()


def leaf():
    return X.clone().requires_grad_()


def backward():
    x = leaf()
    cubes(x).backward()
    return x.grad


def engine():
    x = leaf()
    torch.autograd.backward(cubes(x))
    return x.grad


def in_a_thread():
    found = []
    thread = threading.Thread(target=lambda: found.append(backward()))
    thread.start()
    thread.join()
    return found[0]


def caught_and_tried_again():
    try:
        return backward()
    except Exception:
        return jacfwd(cubes)(X)


class Cubes(torch.nn.Module):
    def forward(self, x):
        return cubes(x)


def dual(level=dual_level):
    with level():
        return unpack_dual(cubes(make_dual(X, torch.ones(3)))).tangent


def checkpointed():
    x = leaf()
    torch.utils.checkpoint.checkpoint(cubes, x, use_reentrant=False).backward()
    return x.grad


def optimised():
    x = leaf()
    torch.optim.LBFGS([x]).step(lambda: (loss := cubes(x)).backward() or loss)
    return x.grad


WAYS = {
    "backward": backward,
    "autograd.backward": engine,
    "grad": lambda: grad(cubes(x := leaf()), x)[0],
    "a name bound before": lambda: bound_before(cubes(x := leaf()), x)[0],
    "a vectorised grad": lambda: grad((x := leaf()) ** 3, x, torch.eye(3), is_grads_batched=True)[
        0
    ].sum(dim=0),
    "jacobian": lambda: functional.jacobian(cubes, X),
    "jacobian, vectorised": lambda: functional.jacobian(cubes, X, vectorize=True),
    "jacobian, forwards": lambda: functional.jacobian(
        cubes, X, vectorize=True, strategy="forward-mode"
    ),
    "functional.hessian": lambda: functional.hessian(cubes, X),
    "functional.vjp": lambda: functional.vjp(cubes, X)[1],
    "functional.jvp": lambda: functional.jvp(cubes, X, X)[1],
    "functional.hvp": lambda: functional.hvp(cubes, X, X)[1],
    "jacrev": lambda: jacrev(cubes)(X),
    "jacfwd": lambda: jacfwd(cubes)(X),
    "torch.func.grad": lambda: grad_of(cubes)(X),
    "grad_and_value": lambda: torch.func.grad_and_value(cubes)(X)[0],
    "vjp": lambda: vjp(cubes, X)[1](torch.tensor(1.0))[0],
    "jvp": lambda: jvp(cubes, (X,), (torch.ones(3),))[1],
    "linearize": lambda: linearize(cubes, X)[1](X),
    "hessian": lambda: hessian(cubes)(X),
    "vmap over grad": lambda: vmap(grad_of(lambda x: x**3))(X),
    "functional_call": lambda: grad_of(lambda x: functional_call(Cubes(), {}, x))(X),
    "a dual number": dual,
    "a dual number, its level by another name": lambda: dual(forward_ad.dual_level),
    "checkpoints": checkpointed,
    "an optimiser": optimised,
    "another thread": in_a_thread,
    "caught and tried in another way": caught_and_tried_again,
}
MODES = {
    "enable_grad": torch.enable_grad,
    "set_grad_enabled": lambda: torch.set_grad_enabled(True),
    "inference_mode": lambda: torch.inference_mode(False),
}
REFUSED = "derive it: automatic differentiation is not an answer here"


@pytest.mark.parametrize("mode", MODES.values(), ids=MODES)
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.filterwarnings("ignore")
def test_every_way_is_refused_and_works_afterwards(way, mode):
    expected = way()
    refused = pytest.raises(Differentiated, match=REFUSED)
    with torch.no_grad(), refused, no_differentiation(), mode():
        way()
    assert torch.equal(way(), expected)
    assert torch.equal(backward(), CUBES)


def test_an_attempt_that_is_caught_is_refused_at_the_end():
    with pytest.raises(Differentiated), no_differentiation(), contextlib.suppress(Exception):
        backward()


def test_an_attempt_in_a_thread_that_nobody_asks_is_refused_at_the_end(monkeypatch):
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    with pytest.raises(Differentiated), no_differentiation():
        thread = threading.Thread(target=backward)
        thread.start()
        thread.join()


def test_an_attempt_is_told_rather_than_what_comes_of_it():
    with pytest.raises(Differentiated) as caught, no_differentiation():
        try:
            backward()
        except Exception as error:
            raise ValueError("it did not work") from error
    evidence = Evidence.of_exception(caught.value)
    assert (evidence.error, evidence.detail) == ("Differentiated", REFUSED)


def test_an_interrupt_is_not_held_up():
    with pytest.raises(KeyboardInterrupt), no_differentiation():
        try:
            backward()
        except Differentiated:
            raise KeyboardInterrupt from None


def test_other_errors_stay_what_they_are():
    with pytest.raises(ZeroDivisionError), no_differentiation():
        raise ZeroDivisionError


def test_a_derivation_runs():
    norm = torch.nn.LayerNorm(3)
    with no_differentiation():
        assert torch.equal(3 * X**2, CUBES)
        assert torch.equal(vmap(lambda x: 3 * x**2)(X), CUBES)
        with torch.no_grad(), torch.inference_mode():
            norm(X).detach()
        with torch.enable_grad():
            cubes(leaf())
        assert torch.linalg.matrix_norm(torch.outer(X, X)) > 0
        assert torch.gradient(X)[0].shape == (3,)


def test_an_attempt_has_no_other_cause():
    with pytest.raises(Differentiated) as caught, no_differentiation():
        backward()
    assert caught.value.__cause__ is None


def places():
    found = [Variable._execution_engine, *(getattr(holder, name) for holder, name in DUALS)]
    return found, [name in vars(holder) for holder, name in DUALS]


BEFORE = places()


@pytest.mark.parametrize("error", [None, ValueError, KeyboardInterrupt])
def test_all_is_as_before(error):
    with pytest.raises(error or Differentiated), no_differentiation():
        with no_differentiation():
            assert places() != BEFORE
        if error:
            raise error
        backward()
    assert places() == BEFORE


def test_the_engine_answers_everything_else():
    with no_differentiation():
        assert torch.autograd._is_checkpoint_valid() is True


def test_it_costs_next_to_nothing():
    def enter():
        with no_differentiation():
            pass

    assert min(timeit.repeat(enter, number=20, repeat=5)) / 20 < 3e-4
