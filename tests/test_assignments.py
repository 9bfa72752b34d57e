"""Every assignment: right answers earn everything, a mistake costs its exercise and no other."""

import ast
import math
import re
import shutil
from functools import cache
from itertools import zip_longest
from pathlib import Path

import pytest

from autograder.assignment.definitions import defines
from autograder.assignment.mistakes import read_alternatives, read_mistakes
from autograder.assignment.trial import load_with, trial
from autograder.assignment.validation import read_source
from autograder.authoring.build import is_current
from autograder.authoring.mutation_report import report_mutants
from autograder.course.sample import MARKERS, references, submission
from autograder.grading.submission import read_notebook, shared_grader
from autograder.settings import CONFIG_FILE, find_course

REPOSITORY = find_course(Path(__file__).parent)
KERNELS = 6  # notebooks of mistakes that are executed for each assignment
WORD = re.compile(r"\w+")
ASSIGNMENTS = REPOSITORY.assignments()
SOURCES = {name: read_source(REPOSITORY.source_path(name)) for name in ASSIGNMENTS}
each_assignment = pytest.mark.parametrize("assignment", ASSIGNMENTS)


def each(read):
    """(assignment, entry) for everything that `read` finds beside the sources."""
    pairs = [(name, entry) for name, source in SOURCES.items() for entry in read(source)]
    ids = [f"{n}-{e.exercise}-{getattr(e, 'name', None) or e.title}" for n, e in pairs]
    return pytest.mark.parametrize(("assignment", "entry"), pairs, ids=ids)


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """The repository's assignments with a secret that is always the same: no test by luck."""
    root = tmp_path_factory.mktemp("course")
    for name in ("solutions", "notebooks"):
        shutil.copytree(REPOSITORY.root / name, root / name)
    shutil.copy(REPOSITORY.root / CONFIG_FILE, root)
    (root / "build" / "keys").mkdir(parents=True)
    (root / "build" / "keys" / "secret").write_text("the same for every test run")
    return find_course(root)


@pytest.fixture
def grader(course, assignment):
    return shared_grader(course, assignment)


@cache
def verdicts(grader, entry):
    """In-process verdicts on a source whose one solution is the entry's: its own and, of the other
    exercises, those that come to use anything it defines."""
    source = grader.verifier.source
    module = load_with(source, entry.exercise, entry.solution)
    changed = by_name(entry.solution).keys()
    found = {}
    for name, cell in source.checks.items():
        if name != entry.exercise and not changed & used(source.text, cell.source):
            continue
        exercise = grader.verifier.key.exercises[name]
        tested = trial(source, module, name)
        evidence = tested.observe(grader.verifier.seeds[name])
        answer = entry.solution if name == entry.exercise else source.solutions[name].source
        found[name] = tested.judge(exercise, evidence, answer)
    return found


@cache
def used(text, check):
    """Every word of a check, and of what a source's text defines under these names."""
    defined, words, new = by_name(text), set(), {check}
    while new:
        found = set(WORD.findall("\n".join(new))) - words
        words |= found
        new = {defined[word] for word in found & defined.keys()}
    return words


@cache
def by_name(text):
    """What a text defines, each definition under every name that it binds."""
    nodes = [node for node in text.body if defines(node)]
    return {name: ast.unparse(node) for node in nodes for name in bound(node)}


def bound(node):
    match node:
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            return [(alias.asname or alias.name).split(".")[0] for alias in names]
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return [name]


def test_a_check_uses_what_its_words_are_defined_by():
    text = """
import scales.minor as minor
LOW = minor.LOW
HIGH: int = 2 * LOW
def inner(x): return HIGH * x
class Outer:
    def forward(self, x): return inner(x)
def untouched(x): return OTHER * x
OTHER = 3
"""
    words = used(text, "def probe(Outer, rng): return Outer()\ncheck('outer', Outer, probe)")
    assert {"Outer", "inner", "HIGH", "LOW", "minor"} <= words
    assert not {"untouched", "OTHER"} & words


@each(read_alternatives)
def test_every_alternative_earns_full_marks(grader, entry):
    assert [v.message for v in verdicts(grader, entry).values() if not v.passed] == []


@each(read_mistakes)
def test_every_mistake_costs_its_exercise_and_no_other(grader, entry):
    found = verdicts(grader, entry)
    own = found[entry.exercise]
    assert own.score < own.max_score
    assert [name for name, verdict in found.items() if not verdict.passed] == [entry.exercise]


@each(read_mistakes)
def test_every_mistake_is_told_by_its_own_sentence(grader, entry):
    """Unless it only raises, in which case there are no numbers to recognise."""
    verdict = verdicts(grader, entry)[entry.exercise]
    assert entry.says in verdict.diagnosis or verdict.feedback.startswith("raised")


@each_assignment
def test_its_notebook_is_what_a_build_writes(course, assignment):
    assert is_current(course, assignment), "run `make notebooks`"


@each_assignment
def test_generated_mutants_die_or_are_explained(course, assignment, capsys):
    assert report_mutants(course, assignment) == 0, capsys.readouterr().out


@each_assignment
def test_there_are_enough_mistakes_and_alternatives(assignment):
    source = SOURCES[assignment]
    known, others = read_mistakes(source), read_alternatives(source)
    for exercise in source.checks:
        assert sum(mistake.exercise == exercise for mistake in known) >= 6, exercise
        assert any(other.exercise == exercise for other in others), exercise


def scores(grader, solutions):
    """By exercise that is code, through repair, kernel and verification."""
    nb = submission(read_notebook(grader.course.released(grader.assignment)), solutions)
    code = grader.verifier.source.checks
    return {v.exercise: v for v in grader.grade(nb).verdicts if v.exercise in code}


@each_assignment
def test_the_reference_earns_everything_in_a_kernel(grader):
    found = scores(grader, references(grader.verifier.source))
    assert [v.message for v in found.values() if not v.passed] == []


@each_assignment
def test_a_blank_notebook_earns_nothing(grader):
    found = scores(grader, {})
    assert {v.score for v in found.values()} == {0.0}
    assert {v.feedback for v in found.values()} == {"not written yet"}


@each_assignment
def test_all_mistakes_in_kernels(grader):
    """The k-th mistake of every exercise together in the k-th notebook; some such notebooks."""
    source = grader.verifier.source
    mistakes = read_mistakes(source)
    columns = [[m for m in mistakes if m.exercise == name] for name in source.checks]
    rows = list(zip_longest(*columns))
    for row in rows[:: math.ceil(len(rows) / KERNELS)]:
        wrong = {m.exercise: MARKERS.sub("", m.solution) for m in row if m}
        found = scores(grader, {**references(source), **wrong})
        assert {name for name, v in found.items() if not v.passed} == set(wrong)
