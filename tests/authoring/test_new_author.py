"""Who follows docs/new_assignment.md has an assignment that builds and grades."""

import re
from pathlib import Path

from handing import submission_of

from autograder.assignment.alternatives import read_alternatives
from autograder.assignment.mistakes import read_mistakes
from autograder.assignment.trial import load_with, trial
from autograder.authoring.build import build
from autograder.authoring.mutation_report import report_mutants
from autograder.course.sample import filled_in, references
from autograder.grading.submission import Grader

PAGE = Path(__file__).parents[2] / "docs" / "new_assignment.md"
FILE = re.compile(r"\*\*`solutions/rope/(\S+)`\*\*\n\n```\w+\n(.*?)```", re.S)


def written():
    return dict(FILE.findall(PAGE.read_text(encoding="utf-8")))


def test_it_is_short():
    files = written()
    assert sorted(files) == [
        *("alternatives.py", "checks.py", "mistakes.toml", "rope.py", "survivors.toml")
    ]
    assert sum(text.count("\n") for text in files.values()) < 120


def test_it_builds_and_grades(make_course):
    course = make_course({"rope": written()})
    build(course, "rope")
    grader = Grader(course, "rope")
    source = grader.verifier.source

    def earned(solutions):
        nb = filled_in(grader.released, solutions)
        return [verdict.score for verdict in submission_of(grader, nb).verdicts]

    assert earned(references(source)) == [2, 4]
    assert earned({}) == [0, 0]


def test_its_mutants_die_or_are_explained(make_course, capsys):
    course = make_course({"rope": written()})
    build(course, "rope")
    assert report_mutants(course, "rope") == 0, capsys.readouterr().out


def test_its_mistakes_are_told(make_course):
    course = make_course({"rope": written()})
    build(course, "rope")
    verifier = Grader(course, "rope").verifier
    source, told = verifier.source, 0
    for mistake in read_mistakes(source):
        module = load_with(source, mistake.solution)
        tried, seeds = trial(source, module, mistake.exercise), verifier.seeds[mistake.exercise]
        key = verifier.key.exercises[mistake.exercise]
        told += mistake.says in tried.judge(key, tried.observe(seeds), seeds).diagnosis
    assert told == 4 and len(read_alternatives(source)) == 1
