"""No function or class that students install, or are given, answers an exercise."""

import inspect
import pkgutil
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest
import torch._dynamo  # noqa: F401  # optimisers import it late; a time limit would leave it half done

from autograder import checks, tools
from autograder.assignment.definitions import definitions
from autograder.assignment.trial import Trial, load, specs_of, trial
from autograder.assignment.validation import read_source
from autograder.checks.always import Always
from autograder.checks.key import Case, Exercise
from autograder.checks.spec import collecting
from autograder.checks.verdict import Verdict
from autograder.settings import find_course

COURSE = find_course(Path(__file__).parent)
SOURCES = {name: read_source(COURSE.source_path(name)) for name in COURSE.assignments()}
SEEDS = (2026,)
SECONDS = 0.5  # for one case
MERELY: frozenset[Always] = frozenset()  # called: what is tried besides would only refuse more
each_assignment = pytest.mark.parametrize("assignment", SOURCES)


def installed() -> Iterator[object]:
    """Every function and class of what students install."""
    for package in (checks, tools):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            yield from own(import_module(module.name))


def own(module) -> Iterator[object]:
    for value in vars(module).values():
        if getattr(value, "__module__", "") == module.__name__ and is_definition(value):
            yield value


def is_definition(value: object) -> bool:
    return inspect.isfunction(value) or inspect.isclass(value)


def given(source) -> Iterator[object]:
    """What a notebook defines besides solutions, and the stand-ins of its checks."""
    yield from own(definitions(source.given_text, source.path, f"given_{source.assignment}"))
    for spec in specs_of(source).values():
        yield from filter(is_definition, spec.stand_ins.values())


def is_plausible(candidate: object, reference: object) -> bool:
    """Whether something can be called, or built, with as many arguments as the reference."""
    if inspect.isclass(candidate) != inspect.isclass(reference):
        return False
    try:
        asked, taken = inspect.signature(reference), inspect.signature(candidate)
    except ValueError:  # of some built-in classes
        return False
    by_position = [p for p in asked.parameters.values() if p.kind is not p.KEYWORD_ONLY]
    needed = sum(p.default is p.empty for p in by_position)
    return any(binds(taken, n) for n in range(needed, len(by_position) + 1))


def binds(signature: inspect.Signature, arguments: int) -> bool:
    by_name = [p.name for p in signature.parameters.values() if p.kind is p.KEYWORD_ONLY]
    try:
        signature.bind(*[None] * arguments, **dict.fromkeys(by_name))
    except TypeError:
        return False
    return True


def exercise_of(reference: Trial, name: str) -> Exercise:
    """An exercise's hidden cases for the seeds of this test, without any mistakes."""
    evidence = dict(reference.one_by_one(SEEDS, tried=MERELY))
    cases = tuple(Case(probe, i, 1.0, found) for (probe, i), found in evidence.items())
    return Exercise(name, 1.0, reference.name, cases)


def verdicts(source, module, candidates: list[object]) -> Iterator[tuple[str, Verdict]]:
    """What each candidate earns in each exercise that it could be an answer to."""
    for name in source.checks:
        reference = trial(source, module, name)
        exercise = exercise_of(reference, name)
        for candidate in candidates:
            if is_plausible(candidate, reference.subject):
                said = f"{candidate.__name__} answers {name}"
                yield said, verdict(replace(reference, subject=candidate), exercise)


def verdict(tried: Trial, exercise: Exercise) -> Verdict:
    with collecting():  # words of specifications are tried, too
        evidence = dict(tried.one_by_one(SEEDS, SECONDS, MERELY))
    return tried.judge(exercise, evidence, SEEDS)


@each_assignment
def test_nothing_that_students_install_earns_a_point(assignment, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # some of it writes files
    source = SOURCES[assignment]
    found = verdicts(source, load(source), list(installed()))
    assert [said for said, verdict in found if verdict.score > 0] == []


@each_assignment
def test_nothing_that_a_notebook_gives_passes(assignment):
    source = SOURCES[assignment]
    found = verdicts(source, load(source), list(given(source)))
    assert [said for said, verdict in found if verdict.passed] == []


@each_assignment
def test_every_answer_would_be_found(assignment):
    source = SOURCES[assignment]
    module = load(source)
    subjects = {name: source.subjects[name] for name in source.checks}
    found = dict(verdicts(source, module, [getattr(module, each) for each in subjects.values()]))
    assert all(found[f"{subject} answers {name}"].passed for name, subject in subjects.items())
