"""Keys: the reference's numbers, and those of every known mistake."""

import pytest

from autograder.assignment.keys import hidden_key, visible_key
from autograder.assignment.mistakes import read_mistakes
from autograder.assignment.source import SourceError
from autograder.assignment.trial import load_with, trial
from autograder.assignment.validation import read_source
from autograder.checks.key import VISIBLE_SEEDS

SEEDS = {"softmax": [101, 102, 103]}


@pytest.fixture
def source_of(make_course, demo_files):
    def read(*edits, mistakes=True):
        files = dict(demo_files) if mistakes else {**demo_files, "mistakes.toml": ""}
        for name, old, new in edits:
            assert old in files[name]
            files[name] = files[name].replace(old, new)
        return read_source(make_course({"demo": files}).source_path("demo"))

    return read


@pytest.fixture
def demo(source_of):
    return source_of()


def cases(key):
    return [(case.probe, case.index) for case in key.exercises["softmax"].cases]


def test_the_visible_key_has_public_seeds_and_visible_probes(demo):
    key = visible_key(demo)
    assert cases(key) == [("rows", i) for i in range(len(VISIBLE_SEEDS))]
    assert (key.assignment, key.written) == ("demo", {"why_shift": 2})
    assert key.exercises["softmax"].points == 3


def test_the_hidden_key_has_every_probe_and_seed(demo):
    key = hidden_key(demo, SEEDS)
    assert cases(key) == [(probe, i) for probe in ("rows", "large") for i in range(3)]


def expected(key, case):
    (found,) = [c for c in key.exercises["softmax"].cases if (c.probe, c.index) == case]
    return found.expected.value.values.tolist()


def test_expected_numbers_depend_on_the_seed_only(demo):
    first, second = (hidden_key(demo, {"softmax": seeds}) for seeds in ([7, 8], [8, 7]))
    assert expected(first, ("rows", 0)) == expected(second, ("rows", 1))
    assert expected(first, ("rows", 0)) != expected(first, ("rows", 1))


def test_weights_of_a_probe_are_shared_by_its_seeds(source_of):
    weighted = source_of(("checks.py", '@probe("softmax")', '@probe("softmax", weight=3)'))
    found = hidden_key(weighted, SEEDS).exercises["softmax"].cases
    assert [case.weight for case in found] == [1, 1, 1] + [pytest.approx(1 / 3)] * 3


def test_mistakes_have_names_in_the_hidden_key_only(demo):
    hidden, visible = hidden_key(demo, SEEDS), visible_key(demo)
    assert [m.name for m in hidden.exercises["softmax"].mistakes] == ["wrong_axis", "overflow"]
    assert [m.name for m in visible.exercises["softmax"].mistakes] == [""]
    assert all(len(m.outcomes) == 6 for m in hidden.exercises["softmax"].mistakes)


def test_mistakes_that_visible_cases_accept_are_left_out_of_the_visible_key(demo):
    (kept,) = visible_key(demo).exercises["softmax"].mistakes
    assert kept.says == "The rows must sum to 1, not the columns."


BEFORE = "    return e /"
RAISES = ("demo.py", BEFORE, "    raise KeyError('x')\n" + BEFORE)
IN_PLACE = ("demo.py", BEFORE, "    x.data += 1\n" + BEFORE)
WRONG = {
    "it raises": (RAISES, "the reference fails its own check: KeyError: 'x'"),
    "it changes its input": (IN_PLACE, "the reference fails its own check: changes its input"),
}


@pytest.mark.parametrize("edit, problem", WRONG.values(), ids=WRONG)
def test_a_reference_that_fails_is_refused_with_its_line(source_of, edit, problem):
    source = source_of(edit, mistakes=False)
    for make in (lambda: hidden_key(source, SEEDS), lambda: visible_key(source)):
        with pytest.raises(SourceError, match=rf"demo\.py:15: {problem}"):
            make()


RIGHT = "def softmax(x):\n    return x.softmax(-1)"


def score(source, key, solution, seeds):
    tried = trial(source, load_with(source, "softmax", solution), "softmax")
    return tried.judge(key.exercises["softmax"], tried.observe(seeds), seeds).score


def test_what_golden_answers_earn_depends_on_no_secret(demo):
    """Or tests that grade them would fail by luck; of 100 secrets none makes a difference."""
    answers = {mistake.name: mistake.solution for mistake in read_mistakes(demo)}
    for first in range(100):
        seeds = [3 * first + index for index in range(3)]
        key = hidden_key(demo, {"softmax": seeds})
        earned = {name: score(demo, key, text, seeds) for name, text in answers.items()}
        assert earned == {"wrong_axis": 0.0, "overflow": 1.5}, seeds
        assert score(demo, key, RIGHT, seeds) == 3.0, seeds
