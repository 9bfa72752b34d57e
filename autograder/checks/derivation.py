"""Refusing automatic differentiation while a derivation runs, whichever way it is asked for.

All of torch's ways meet in two places: what goes backwards in the engine, what goes forwards in
making a dual number. Names that were bound before lead there, too. Code that is set on it can put
them back, and TorchScript differentiates by itself: the rule `by_hand` stands beside this one.
"""

import contextlib
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any, NoReturn

import torch
from torch.autograd.variable import Variable

from autograder.checks.rules import DERIVE

DUALS: list[tuple[Any, str]] = [(torch._VF, "_make_dual")]
with contextlib.suppress(ImportError):  # newer torch has its own name for it there
    DUALS.append((import_module("torch._functorch.predispatch"), "_make_dual_impl"))


class Differentiated(Exception):
    """An answer that should be derived used automatic differentiation."""


@contextlib.contextmanager
def no_differentiation() -> Iterator[None]:
    """Refuse to differentiate inside, in every thread.

    Raises Differentiated at the attempt, and again at the end, should the code inside catch it.
    """
    attempts: list[Differentiated] = []

    def refuse(*_: object, **__: object) -> NoReturn:
        attempts.append(Differentiated(DERIVE))
        raise attempts[-1]

    try:
        with contextlib.ExitStack() as stack:
            for holder, name, value in _meeting_places(refuse):
                stack.enter_context(_replaced(holder, name, value))
            yield
    except Exception as error:
        if not attempts or isinstance(error, Differentiated):
            raise
        raise attempts[0] from error
    if attempts:
        raise attempts[0]


def _meeting_places(refuse: Callable[..., NoReturn]) -> Iterator[tuple[Any, str, Any]]:
    """What to replace: the object, the name of its attribute, and the new value."""
    engine = Variable._execution_engine
    yield Variable, "_execution_engine", _Engine(engine, refuse)
    yield from ((holder, name, refuse) for holder, name in DUALS)


class _Engine:
    """The engine, but for what it is for."""

    def __init__(self, engine: Any, refuse: Callable[..., NoReturn]) -> None:
        self._engine, self.run_backward = engine, refuse

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)


@contextlib.contextmanager
def _replaced(holder: Any, name: str, value: Any) -> Iterator[None]:
    is_own, before = name in vars(holder), getattr(holder, name)
    setattr(holder, name, value)
    try:
        yield
    finally:
        if is_own:
            setattr(holder, name, before)
        else:
            delattr(holder, name)
