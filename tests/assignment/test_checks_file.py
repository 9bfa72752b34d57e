"""Reading a `checks.py`: specifications, and which of its text belongs to which exercise."""

import ast

import pytest

from autograder.assignment.alternatives import read_alternatives
from autograder.assignment.checks_file import read_specs
from autograder.assignment.checks_text import ChecksText
from autograder.assignment.definitions import definitions
from autograder.assignment.mistakes import read_mistakes
from autograder.assignment.source import SourceError
from autograder.assignment.specs import load_specs
from autograder.assignment.validation import read_source
from autograder.checks.rng import Rng

SOURCE = '''\
# %%
import torch

WIDTH = 5
UNUSED = 6


def doubled(x):
    """Given to students."""
    return 2 * x


def other(x):
    return x


# %% solution="f"
def f(x):
    ### BEGIN SOLUTION
    return x
    ### END SOLUTION


# %% check="f" points=1
check("f", f)


# %% solution="g"
def g(x):
    ### BEGIN SOLUTION
    return f(x)
    ### END SOLUTION


# %% check="g" points=1
check("g", g)
'''
CHECKS = '''\
"""How a is judged."""

import math, os
import torch.nn.functional as F
from a import WIDTH, doubled
from autograder.checks.rules import no_loops, without
from autograder.checks.spec import call, probe, rules, size, stand_ins

SIZES = (3, WIDTH)
LEAST = 0.25


def scaled(rng):
    """A helper of both."""
    return math.sqrt(2) * rng.normal(*SIZES)


def far_out(x):  # a helper of what is hidden
    return doubled(x) + 1000


def part(x):
    return F.relu(x) - LEAST


@probe("f")
def rows(rng):
    # a comment that students may read
    return call(scaled(rng))


@rows.read
def _(value, inputs):
    return value.abs()


@probe("f", size, weight=2, hidden=True)
def secret(rng):
    return call(far_out(scaled(rng)))


@secret.law
def _(value, inputs):
    return "the law of what is hidden" if value.sum() == 0 else None


@probe("g", hidden=False)
def rows(rng):
    return call(rng.normal(7))


@rows.run
def _(g, inputs):
    return g(*inputs.arguments)


stand_ins("g", f=part)
rules("g", no_loops, without("relu"))
'''


@pytest.fixture
def source_of(make_course):
    def read(checks=CHECKS):
        course = make_course({"a": {"a.py": SOURCE, "checks.py": checks}})
        return read_source(course.source_path("a"))

    return read


@pytest.fixture
def texts(source_of):
    return ChecksText(source_of())


def names(text):
    """What a text binds, in order; `_` for runs, readings and laws."""
    return [node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]


def imports(text):
    found = [n for n in ast.parse(text).body if isinstance(n, ast.Import | ast.ImportFrom)]
    return [ast.unparse(node) for node in found]


def test_specifications_hold_what_was_said_of_each_exercise(source_of):
    found = read_specs(source_of())
    assert list(found) == ["f", "g"]
    assert list(found["f"].probes) == ["rows", "secret"] and list(found["g"].probes) == ["rows"]
    assert [probe.name for probe in found["f"].visible] == ["rows"]
    assert found["f"].probes["rows"].has_reading and not found["g"].probes["rows"].has_reading
    assert found["f"].probes["secret"].has_law and found["f"].probes["secret"].weight == 2
    assert list(found["g"].stand_ins) == ["f"] and len(found["g"].rules) == 2


def test_checks_see_what_is_given_and_no_solution(source_of):
    with pytest.raises(SourceError, match=r"checks\.py:5: ImportError: cannot import name 'f'"):
        read_specs(source_of(CHECKS.replace("import WIDTH, doubled", "import WIDTH, doubled, f")))


def test_students_read_the_visible_cases_with_their_helpers(texts):
    text = texts.visible("f")
    assert text.startswith("# @title How `f` is checked: the cases that you see\n")
    assert names(text) == ["scaled", "rows", "_"]
    assert "SIZES = (3, WIDTH)" in text and "LEAST" not in text
    assert "# a comment that students may read" in text and '"""A helper of both."""' in text


HIDDEN = ["secret", "far_out", "1000", "hidden", "law", "size", "os", "no_loops"]


@pytest.mark.parametrize("word", HIDDEN)
def test_nothing_hidden_is_in_what_students_read(texts, word):
    assert word in CHECKS and word not in texts.visible("f")


def test_the_hidden_text_adds_to_the_visible_one_and_repeats_nothing(texts):
    text = texts.hidden("f")
    assert names(text) == ["far_out", "secret", "_"]
    assert text.startswith("def far_out(x):  # a helper of what is hidden\n")
    assert "SIZES" not in text and texts.hidden("g") == ""


def test_the_complete_text_has_everything_of_its_exercise_and_nothing_of_others(texts):
    assert names(texts.complete("f")) == ["scaled", "far_out", "rows", "_", "secret", "_"]
    assert names(texts.complete("g")) == ["part", "rows", "_"]
    assert "stand_ins('g'" not in texts.complete(
        "f"
    ) and 'stand_ins("g", f=part)' in texts.complete("g")


def test_only_imports_that_are_used_come_along_and_none_from_the_assignment(texts):
    spec = "from autograder.checks.spec import "
    assert imports(texts.visible("f")) == ["import math", spec + "call, probe"]
    assert imports(texts.complete("f")) == ["import math", spec + "call, probe, size"]
    assert imports(texts.complete("g")) == [
        "import torch.nn.functional as F",
        "from autograder.checks.rules import no_loops, without",
        spec + "call, probe, rules, stand_ins",
    ]


def test_an_import_of_everything_comes_along(source_of):
    words = "from autograder.checks.spec import "
    source = source_of(CHECKS.replace(f"{words}call, probe, rules, size, stand_ins", f"{words}*"))
    assert f"{words}*" in ChecksText(source).visible("f")


def test_probes_of_one_name_stay_with_their_exercises(texts):
    assert "rng.normal(7)" in texts.visible("g") and "rng.normal(7)" not in texts.visible("f")
    assert "value.abs()" in texts.visible("f") and "value.abs()" not in texts.visible("g")


def test_a_probe_may_have_other_decorators_around_it(source_of):
    source = source_of(CHECKS.replace('@probe("f")', '@(lambda made: made)\n@probe("f")'))
    assert "@(lambda made: made)\n@probe" in ChecksText(source).visible("f")
    assert list(read_specs(source)["f"].probes) == ["rows", "secret"]


def test_what_is_given_is_named_as_far_as_it_is_used(texts):
    assert texts.given("f") == "WIDTH = 5\n" + (
        "def doubled(x):\n    '''Given to students.'''\n    return 2 * x".replace("'''", '"""')
    )
    assert texts.given("g") == ""


@pytest.mark.parametrize("exercise", ["f", "g"])
def test_a_text_alone_makes_the_same_specification(source_of, exercise):
    """As it is run in kernels, beside what is given."""
    source = source_of()
    whole = read_specs(source)[exercise]
    namespace = definitions_of(source)
    alone = load_specs(ChecksText(source).complete(exercise), namespace, source.checks_path)
    assert list(alone) == [exercise]
    assert list(alone[exercise].probes) == list(whole.probes)
    assert list(alone[exercise].stand_ins) == list(whole.stand_ins)
    for name, probe in alone[exercise].probes.items():
        found, expected = (p.inputs(5).arguments[0] for p in (probe, whole.probes[name]))
        assert found.tolist() == expected.tolist()
        assert probe.has_law == whole.probes[name].has_law


def definitions_of(source):

    return definitions(source.given_text, source.path, "given_a")


def test_the_visible_text_runs_in_a_notebook_where_given_things_stand(source_of):
    source = source_of()
    given, text = definitions_of(source), ChecksText(source).visible("f")
    found = load_specs(text, given, source.checks_path)
    rows = found["f"].probes["rows"].inputs(1).arguments[0]
    assert rows.shape == (3, 5)
    assert rows.tolist() == (2**0.5 * Rng(1, "rows").normal(3, 5)).tolist()


LAST = len(CHECKS.splitlines())
LOST = "would be lost: write probes and words with the exercise's name as text, functions, "
ERRORS = {
    "an exercise that there is not": (
        CHECKS + '\n\n@probe("h")\ndef more(rng):\n    return call()\n',
        "checks.py",
        LAST + 3,
        "a.py has no check 'h'",
    ),
    "rules of an exercise that there is not": (
        CHECKS + 'rules("gg", no_loops)\n',
        "checks.py",
        LAST + 1,
        "a.py has no check 'gg'",
    ),
    "an exercise without probes": (
        CHECKS[: CHECKS.index('@probe("g", hidden=False)')],
        "a.py",
        35,
        "no visible probe of 'g' in ",
    ),
    "hidden probes only": (
        CHECKS.replace('"g", hidden=False', '"g", hidden=True'),
        "a.py",
        35,
        "no visible probe of 'g' in ",
    ),
    "two probes of one name": (
        CHECKS.replace("def secret", "def rows").replace("@secret", "@rows"),
        "checks.py",
        37,
        "ValueError: two probes of 'f' are called 'rows'",
    ),
    "an unknown name": (
        CHECKS.replace('stand_ins("g", f=part)', 'stand_ins("g", f=prat)'),
        "checks.py",
        LAST - 1,
        "NameError: name 'prat' is not defined",
    ),
    "an unknown word": (
        CHECKS.replace('@probe("f", size,', '@probe("f", thrice,'),
        "checks.py",
        37,
        "NameError: name 'thrice' is not defined",
    ),
    "cases made in a loop": (
        CHECKS + '\nfor n in (2, 3):\n    probe("g")(type(f"of_{n}", (), {}))\n',
        "checks.py",
        LAST + 2,
        LOST,
    ),
    "an exercise named by a variable": (
        CHECKS.replace('@probe("g", hidden=False)', '@probe(str("g"))'),
        "checks.py",
        48,
        LOST,
    ),
    "a rule that holds on a condition": (
        CHECKS.replace('rules("g"', 'if True:\n    rules("g"'),
        "checks.py",
        LAST,
        LOST,
    ),
    "a helper that is no CONSTANT": (
        CHECKS.replace("LEAST", "least"),
        "checks.py",
        10,
        LOST,
    ),
    "a probe without its exercise": (
        CHECKS.replace('@probe("g", hidden=False)', "@probe"),
        "checks.py",
        47,
        "TypeError: a probe is one of an exercise: @probe(exercise)",
    ),
    "a weight below zero": (
        CHECKS.replace("hidden=False", "weight=-1"),
        "checks.py",
        47,
        "ValueError: a probe's weight is 0 or more",
    ),
    "no weight at all": (
        CHECKS.replace("hidden=False", "weight=0"),
        "checks.py",
        47,
        "all weights of 'g' are 0",
    ),
    "a rule that is none": (
        CHECKS.replace('"g", no_loops', '"g", "no_loops"'),
        "checks.py",
        LAST,
        "TypeError: rules are no_loops, by_hand and without(names)",
    ),
    "a rule without its names": (
        CHECKS.replace('without("relu")', "without"),
        "checks.py",
        LAST,
        "TypeError: rules are no_loops, by_hand and without(names)",
    ),
    "a free constant without a range": (
        CHECKS + 'from autograder.checks.spec import free\n\nfree("g", beta=3)\n',
        "checks.py",
        LAST + 3,
        "TypeError: a range has two ends, the lower one first: beta=(50, 1000)",
    ),
    "a stand-in for nothing": (
        CHECKS.replace("f=part)", "ff=part)"),
        "checks.py",
        47,
        "stands in for 'ff', which a.py does not define",
    ),
    "a run that two exercises share": (
        CHECKS + '\n\n@probe("g")\ndef third(rng):\n    return call(1)\n\n\n'
        "@secret.run\n@third.run\ndef _(f, inputs):\n    return f(*inputs.arguments)\n",
        "checks.py",
        LAST + 10,
        "'f' and 'g' share it: let each call the same helper",
    ),
    "two helpers of one name": (
        CHECKS + "\n\ndef part(x):\n    return x\n",
        "checks.py",
        LAST + 3,
        "defines 'part' a second time",
    ),
    "it ends the build": (
        CHECKS + "\nraise SystemExit(3)\n",
        "checks.py",
        LAST + 2,
        "SystemExit: 3",
    ),
    "not Python": (
        CHECKS.replace('rules("g"', 'rules "g"'),
        "checks.py",
        LAST,
        "not Python: unmatched ')'",
    ),
}


@pytest.mark.parametrize("checks, name, line, problem", ERRORS.values(), ids=ERRORS)
def test_errors_name_file_line_and_problem(source_of, checks, name, line, problem):
    source = source_of(checks)
    with pytest.raises(SourceError) as raised:
        read_specs(source)
    said = str(raised.value)
    assert said.startswith(f"{source.path.with_name(name)}:{line}: {problem}") and "\n" not in said


@pytest.mark.parametrize("name", ["a.py", "checks.py", "mistakes.toml", "alternatives.py"])
def test_files_that_are_not_utf_8_are_refused_with_their_line(source_of, name):
    source = source_of()
    path = source.path.with_name(name)
    path.write_bytes("# eins\n# größer\n".encode("latin-1"))
    with pytest.raises(SourceError, match=rf"{name}:2: not UTF-8"):
        _ = read_mistakes(source), read_alternatives(source), read_source(source.path)
