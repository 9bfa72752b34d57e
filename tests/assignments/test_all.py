"""Every assignment: right answers earn everything, a mistake costs its exercise and no other.

That alternatives pass and mistakes fail is proved whenever a key is made, here by the course.
"""

import ast
import math
import shutil
from dataclasses import replace
from functools import cache, partial
from itertools import zip_longest
from pathlib import Path

import pytest
from handing import put_secret, submission_of, written

from autograder.assignment.alternatives import read_alternatives
from autograder.assignment.definitions import binds, reached, words_of
from autograder.assignment.keys import hidden_key
from autograder.assignment.mistakes import read_mistakes
from autograder.assignment.regions import without_markers
from autograder.assignment.trial import load_with, trial
from autograder.assignment.validation import read_source
from autograder.authoring.build import is_current
from autograder.authoring.mutation_report import report_mutants
from autograder.course.sample import references
from autograder.grading.submission import shared_grader
from autograder.settings import CONFIG_FILE, find_course

REPOSITORY = find_course(Path(__file__).parent)
KERNELS = 2  # notebooks of mistakes that are executed for each assignment
SECRETS = 20
ALWAYS = "the same secret for every run of the tests"
ASSIGNMENTS = REPOSITORY.assignments()
SOURCES = {name: read_source(REPOSITORY.source_path(name)) for name in ASSIGNMENTS}
each_assignment = pytest.mark.parametrize("assignment", ASSIGNMENTS)
pytestmark = pytest.mark.long


def each_mistake():
    pairs = [(name, entry) for name, source in SOURCES.items() for entry in read_mistakes(source)]
    ids = [f"{name}-{entry.exercise}-{entry.name}" for name, entry in pairs]
    return pytest.mark.parametrize(("assignment", "entry"), pairs, ids=ids)


@pytest.fixture(scope="session")
def course(tmp_path_factory):
    """The repository's assignments with a secret that is always the same.

    For all tests of a worker, as keys take long to make.
    """
    root = tmp_path_factory.mktemp("course")
    for name in ("solutions", "notebooks"):
        shutil.copytree(REPOSITORY.root / name, root / name)
    config = (REPOSITORY.root / CONFIG_FILE).read_text(encoding="utf-8")
    (root / CONFIG_FILE).write_text(f"{config}\nc.Course.hidden_cases = 1\n", encoding="utf-8")
    put_secret(root, ALWAYS)
    return find_course(root)


@pytest.fixture
def grader(course, assignment):
    return shared_grader(course, assignment)


@each_assignment
def test_its_notebook_is_what_a_build_writes(course, assignment):
    assert is_current(course, assignment), "run `make notebooks`"


@each_assignment
def test_every_exercise_has_an_alternative(assignment):
    others = {alternative.exercise for alternative in read_alternatives(SOURCES[assignment])}
    assert others == SOURCES[assignment].checks.keys()


@each_mistake()
def test_a_mistake_is_told_by_its_own_sentence(grader, entry):
    """Unless it only raises, in which case there are no numbers to recognise."""
    verifier = grader.verifier
    exercise = verifier.key.exercises[entry.exercise]
    known = next(mistake for mistake in exercise.mistakes if mistake.name == entry.name)
    places = [(case.probe, case.index) for case in exercise.cases]
    evidence = dict(zip(places, known.outcomes, strict=True))
    verdict = verifier.trials[entry.exercise].judge(
        exercise, evidence, verifier.seeds[entry.exercise], [entry.solution]
    )
    assert verdict.score < verdict.max_score
    broken = verifier.trials[entry.exercise].broken([entry.solution])
    assert entry.says in verdict.diagnosis or verdict.feedback.startswith("raised") or broken


@each_mistake()
def test_a_mistake_costs_no_other_exercise(grader, entry):
    verifier = grader.verifier
    source = verifier.source
    module = load_with(source, entry.solution)
    for name in exercises_that_reach(source, entry):
        tried, seeds = trial(source, module, name), verifier.seeds[name]
        cells = [source.solutions[name].source]
        verdict = tried.judge(verifier.key.exercises[name], tried.observe(seeds), seeds, cells)
        assert verdict.passed, f"{name}: {verdict.message}"


def exercises_that_reach(source, entry):
    """Those whose solution comes to use a name that the mistaken cell defines."""
    changed = {name for node in statements(entry.solution) for name in binds(node)}
    nodes = statements(source.text)
    for name, cell in source.solutions.items():
        own = statements(cell.source)
        words = words_of(*own, *reached(words_of(*own), nodes))
        if name != entry.exercise and name in source.checks and changed & words:
            yield name


@cache
def statements(text):
    return ast.parse(text).body


def test_an_exercise_reaches_another_through_helpers():
    source = SOURCES["addsub_transformer"]
    entry = next(m for m in read_mistakes(source) if m.exercise == "self_attention")
    found = set(exercises_that_reach(source, entry))
    assert {"multi_head_attention", "encoder_block"} <= found
    assert "layer_normalization" not in found


def scores(grader, solutions):
    """By exercise that is code, through repair, kernel and verification."""
    nb = written(grader.course, solutions, grader.assignment)
    code = grader.verifier.source.checks
    return {v.exercise: v for v in submission_of(grader, nb).verdicts if v.exercise in code}


@each_assignment
def test_the_reference_earns_everything_in_a_kernel(grader):
    found = scores(grader, references(grader.verifier.source))
    assert [v.message for v in found.values() if not v.passed] == []


@each_assignment
def test_a_blank_notebook_earns_nothing(grader):
    found = scores(grader, {})
    assert {v.score for v in found.values()} == {0.0}
    assert {v.feedback for v in found.values()} == {"not written yet"}


def rows_of_mistakes(source):
    """The k-th mistake of every exercise together in the k-th row."""
    mistakes = read_mistakes(source)
    columns = [[m for m in mistakes if m.exercise == name] for name in source.checks]
    return [[m for m in row if m] for row in zip_longest(*columns)]


def fails_alone(grader, row):
    wrong = {m.exercise: without_markers(m.solution) for m in row}
    found = scores(grader, {**references(grader.verifier.source), **wrong})
    assert {name for name, v in found.items() if not v.passed} == set(wrong)


@each_assignment
def test_some_mistakes_in_kernels(grader):
    rows = rows_of_mistakes(grader.verifier.source)
    for row in rows[:: math.ceil(len(rows) / KERNELS)]:
        fails_alone(grader, row)


@each_assignment
def test_a_stand_in_that_is_handed_in_earns_nothing(grader):
    verifier = grader.verifier
    exercises = {subject: name for name, subject in verifier.source.subjects.items()}
    parts = [part for tried in verifier.trials.values() for part in tried.spec.stand_ins.items()]
    for subject, stand_in in parts:
        if subject not in exercises:  # it stands in for what the notebook gives
            continue
        name = exercises[subject]
        tried, seeds = replace(verifier.trials[name], subject=stand_in), verifier.seeds[name]
        assert tried.judge(verifier.key.exercises[name], tried.observe(seeds), seeds).score == 0


@pytest.mark.slow
@each_assignment
def test_all_mistakes_in_kernels(grader):
    for row in rows_of_mistakes(grader.verifier.source):
        fails_alone(grader, row)


@pytest.mark.slow
@each_assignment
def test_generated_mutants_die_or_are_explained(course, assignment, capsys):
    assert report_mutants(course, assignment) == 0, capsys.readouterr().out


@pytest.mark.slow
@each_assignment
def test_keys_can_be_made_under_every_secret(course, assignment):
    """The reference, all alternatives and all mistakes, under twenty more secrets."""
    source = read_source(course.source_path(assignment))
    for number in range(SECRETS):
        put_secret(course.root, f"{ALWAYS}, but for the number {number}")
        hidden_key(source, partial(course.hidden_seeds, assignment))
    put_secret(course.root, ALWAYS)
