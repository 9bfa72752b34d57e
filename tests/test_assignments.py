"""Every assignment: right answers earn everything, a mistake costs its exercise and no other."""

import ast
from itertools import zip_longest
from pathlib import Path

import pytest

from autograder.authoring.mistakes import read_alternatives, read_mistakes
from autograder.authoring.mutation_report import report_mutants
from autograder.authoring.observation import load_with, trial
from autograder.authoring.source import read_source
from autograder.course.sample import MARKERS, references, submission
from autograder.grading.submission import Grader, read_notebook
from autograder.settings import find_course

COURSE = find_course(Path(__file__).parent)
ASSIGNMENTS = COURSE.assignments()
SOURCES = {name: read_source(COURSE.source_path(name)) for name in ASSIGNMENTS}


def each(read):
    """(assignment, entry) for everything that `read` finds beside the sources."""
    pairs = [(name, entry) for name, source in SOURCES.items() for entry in read(source)]
    ids = [f"{n}-{e.exercise}-{getattr(e, 'name', None) or e.title}" for n, e in pairs]
    return pytest.mark.parametrize(("assignment", "entry"), pairs, ids=ids)


@pytest.fixture(scope="module", params=ASSIGNMENTS)
def grader(request):
    return Grader(COURSE, request.param)


@pytest.fixture(scope="module")
def graders():
    return {name: Grader(COURSE, name) for name in ASSIGNMENTS}


def verdicts(grader, entry):
    """In-process verdicts on a source whose one solution is the entry's."""
    source = grader.verifier.source
    module = load_with(source, entry.exercise, entry.solution)
    found = {}
    for name in source.checks:
        exercise = grader.verifier.key.exercises[name]
        tested = trial(source, module, name)
        evidence = tested.observe(grader.verifier.seeds[name])
        cell = entry.solution if name == entry.exercise else source.solutions[name].source
        found[name] = tested.judge(exercise, evidence, ast.parse(cell))
    return found


@each(read_alternatives)
def test_every_alternative_earns_full_marks(graders, assignment, entry):
    failed = [v.message for v in verdicts(graders[assignment], entry).values() if not v.passed]
    assert failed == []


@each(read_mistakes)
def test_every_mistake_costs_its_exercise_and_no_other(graders, assignment, entry):
    found = verdicts(graders[assignment], entry)
    own = found.pop(entry.exercise)
    assert own.score < own.max_score
    assert all(verdict.passed for verdict in found.values())


@each(read_mistakes)
def test_every_mistake_is_told_by_its_own_sentence(graders, assignment, entry):
    """Unless it only raises, in which case there are no numbers to recognise."""
    verdict = verdicts(graders[assignment], entry)[entry.exercise]
    assert entry.says in verdict.diagnosis or verdict.feedback.startswith("raised")


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_generated_mutants_die_or_are_explained(assignment, capsys):
    assert report_mutants(COURSE, assignment) == 0, capsys.readouterr().out


def test_there_are_enough_mistakes_and_alternatives():
    for name, source in SOURCES.items():
        for exercise in source.checks:
            known = [m for m in read_mistakes(source) if m.exercise == exercise]
            others = [a for a in read_alternatives(source) if a.exercise == exercise]
            assert len(known) >= 6, (name, exercise)
            assert others, (name, exercise)


def scores(grader, solutions):
    """By exercise that is code, through repair, kernel and verification."""
    nb = submission(read_notebook(COURSE.released(grader.assignment)), solutions)
    code = grader.verifier.source.checks
    return {v.exercise: v for v in grader.grade(nb).verdicts if v.exercise in code}


def test_the_reference_earns_everything_in_a_kernel(grader):
    found = scores(grader, references(grader.verifier.source))
    assert [v.message for v in found.values() if not v.passed] == []


def test_a_blank_notebook_earns_nothing(grader):
    found = scores(grader, {})
    assert {v.score for v in found.values()} == {0.0}
    assert {v.feedback for v in found.values()} == {"not written yet"}


def test_all_mistakes_in_kernels(grader):
    """The k-th mistake of every exercise together in the k-th notebook."""
    source = grader.verifier.source
    mistakes = read_mistakes(source)
    columns = [[m for m in mistakes if m.exercise == name] for name in source.checks]
    for row in list(zip_longest(*columns))[:: max(1, len(columns) // 3)]:
        wrong = {m.exercise: MARKERS.sub("", m.solution) for m in row if m}
        found = scores(grader, {**references(source), **wrong})
        assert {name for name, v in found.items() if not v.passed} == set(wrong)
