import ast
import re
import time
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.assignment.keys import hidden_key
from autograder.assignment.source import SourceError, parse
from autograder.assignment.validation import read_source
from autograder.authoring import mutation_report
from autograder.authoring.mutants import Mutant, mutants
from autograder.authoring.mutation_report import keys_of, report_mutants, run_mutants, verdict_on
from autograder.settings import SettingsError

TEXT = '''\
# %%
from autograder import Rng, check


# %% solution="f"
def f(x, n=1):
    """Doc − of é, 1 + 1."""
    n = n + 0
    ### BEGIN SOLUTION
    y = x.sum(dim=-1, keepdim=True)
    y = x.softmax(-1).transpose(0, 1) + y
    y += 3
    y = y.addcmul(y, y)
    return y
    ### END SOLUTION


# %% check="f" points=1
def rows(f, rng: Rng):
    return f(rng.normal(3, 3))


check("f", f, rows)
'''


@pytest.fixture(scope="module")
def found():
    return list(mutants(parse(TEXT, Path("demo.py")), "f"))


@pytest.mark.parametrize(
    "line",
    [
        "y = x.softmax(-1).transpose(0, 1) - y",
        "y = x.softmax(-1).transpose(0, 1) * y",
        "y = x.softmax(-2).transpose(0, 1) + y",
        "y = x.softmax(0).transpose(0, 1) + y",
        "y = (2 * y.addcmul(y, y))",
        "y = x.softmax(-1).transpose(0, 2) + y",
        "y = x.sum(dim=-1, keepdim=False)",
        "y = x.sum(dim=-1)",
        "y = x.sum(keepdim=True)",
        "y += 4",
        "pass",
    ],
)
def test_this_mutant_is_made(found, line):
    assert line in {mutant.after for mutant in found}


def test_none_is_the_same_code_as_the_reference(found):
    assert "y = x.softmax(-1).transpose(1, 0) + y" not in {mutant.after for mutant in found}


def changes(free):
    """Which small whole numbers the scale becomes in the mutants of a second source."""
    found = mutants(parse(DEMO, Path("demo.py")), "f", free)
    written = {mutant.after.translate(str.maketrans("", "", "()")) for mutant in found}
    return {n for n in range(1, 8) if f"scale = {n}" in written}


@pytest.mark.parametrize(
    "free, made",
    [
        (None, {1, 2, 4, 6}),
        ({"scale": (2, 4)}, {1, 6}),
        ({"scale": (3, 4)}, {1, 2, 6}),
        ({"other": (2, 4)}, {1, 2, 4, 6}),
    ],
)
def test_a_free_constant_keeps_its_range(free, made):
    assert changes(free) == made


@pytest.mark.parametrize("line", ["y += 3", "return y", "y = x.sum(dim=-1, keepdim=True)"])
def test_statements_are_deleted(found, line):
    assert (line, "pass") in {(mutant.before, mutant.after) for mutant in found}


def outside(text):
    before, rest = text.split("    ### BEGIN SOLUTION\n")
    return before, rest.split("    ### END SOLUTION")[1]


def test_nothing_outside_the_region_is_mutated(found):
    original = parse(TEXT, Path("demo.py")).solutions["f"].source
    assert {outside(mutant.solution) for mutant in found} == {outside(original)}


def test_every_mutant_is_python_and_there_once_and_not_the_original(found):
    original = parse(TEXT, Path("demo.py")).solutions["f"].source
    shapes = [ast.unparse(ast.parse(text)) for text in (original, *(m.solution for m in found))]
    assert len(shapes) == len(set(shapes)) > 20


def test_a_label_tells_exercise_and_change(found):
    assert "f: y += 3 -> pass" in {mutant.label for mutant in found}


DEMO = """\
# %% solution="f"
def f(x):
    ### BEGIN SOLUTION
    scale = 3
    return scale * x
    ### END SOLUTION


# %% check="f" points=1
check("f", f)
"""
CHECKS = """\
from autograder.checks.spec import call, probe


@probe("f")
def rows(rng):
    return call(rng.normal(3))
"""
SCALE = "scale = 3"


def mutant(after, before=SCALE):
    solution = parse(DEMO, Path("demo.py")).solutions["f"].source
    return Mutant("f", before, after, solution.replace(before, after))


EQUAL, OTHER = mutant("scale = 3.0"), mutant("scale = 4")
EXPLAINED = """
[f]
"The same number." = ["= 3 -> = 3.0"]
"""


@pytest.fixture
def course(make_course):
    def make(survivors=""):
        files = {"demo.py": DEMO, "checks.py": CHECKS}
        return make_course({"demo": files | ({"survivors.toml": survivors} if survivors else {})})

    return make


@pytest.fixture
def killed(course):
    def judge(mutant):
        source = read_source(course().source_path("demo"))
        key = hidden_key(source, lambda *_: [1, 2])
        return not verdict_on(source, mutant, key.exercises["f"]).passed

    return judge


@pytest.mark.parametrize(
    "tried, dies",
    [(OTHER, True), (EQUAL, False), (mutant("scale = "), True), (mutant("raise SystemExit"), True)],
)
def test_a_mutant_dies_where_the_hidden_cases_reject_it(killed, tried, dies):
    assert killed(tried) is dies


def test_an_endless_mutant_dies_in_time(killed, monkeypatch):
    monkeypatch.setattr(mutation_report, "SECONDS", 0.1)
    started = time.monotonic()
    assert killed(mutant("while True: pass"))
    assert time.monotonic() - started < 2


@pytest.fixture
def report(monkeypatch, capsys):
    """Exit status and text of the report, when these are the mutants."""

    def run(course, *tried):
        monkeypatch.setattr(mutation_report, "mutants", lambda source, exercise, free: tried)
        return report_mutants(course, "demo"), capsys.readouterr().out

    return run


def test_all_killed_is_a_success(report, course):
    status, text = report(course(), OTHER)
    assert status == 0
    assert text.endswith("demo: 1 of 1 mutants killed, 100.0%\n") and "│ f " in text


def test_an_unexplained_survivor_is_a_failure(report, course):
    status, text = report(course(), EQUAL, *[OTHER] * 30)
    assert status == 1
    assert "survives, unexplained  f: scale = 3 -> scale = 3.0\n" in text


def test_an_explained_survivor_is_a_success(report, course):
    status, text = report(course(EXPLAINED), EQUAL, *[OTHER] * 30)
    assert status == 0 and "unexplained" not in text


def test_an_empty_reason_explains_nothing(report, course):
    empty = EXPLAINED.replace("The same number.", " ")
    assert report(course(empty), EQUAL, *[OTHER] * 30)[0] == 1


def test_a_reason_may_explain_several(report, course):
    both = EXPLAINED.replace('3.0"', '3.0", "scale * x -> x * scale"')
    tried = EQUAL, mutant("x * scale", before="scale * x")
    assert report(course(both), *tried, *[OTHER] * 60)[0] == 0


@pytest.mark.parametrize(
    "wrong, problem",
    [
        (("= 3 ->", "= 5 ->"), "3: f: '= 5' is found 0 times"),
        ((" -> ", " => "), "3: f: write .* ->"),
        (("[f]", "[g]"), "3: g: write"),
        (("[f]", "[[f]]"), "1: f: write"),
        (('["', '"'), "1: .*line 3"),
    ],
)
def test_what_explains_no_mutant_of_the_reference_is_refused(report, course, wrong, problem):
    with pytest.raises(SourceError, match=rf"survivors\.toml:{problem}"):
        report(course(EXPLAINED.replace(*wrong)), OTHER)


def test_a_stale_explanation_is_a_failure(report, course):
    status, text = report(course(EXPLAINED), OTHER)
    assert status == 1
    assert "explained, but no survivor  f: = 3 -> = 3.0\n" in text


def test_too_many_survivors_are_a_failure_explained_or_not(report, course):
    status, text = report(course(EXPLAINED), EQUAL, OTHER)
    assert status == 1 and "demo: 1 of 2 mutants killed, 50.0%" in text


def test_several_assignments_are_summed_up(make_course, monkeypatch, capsys):
    text = DEMO.replace('"f"', '"g"').replace("def f", "def g").replace(", f)", ", g)")
    files = {"other.py": text, "checks.py": CHECKS.replace('"f"', '"g"')}
    course = make_course({"demo": {"demo.py": DEMO, "checks.py": CHECKS}, "other": files})
    other = [replace(OTHER, exercise="g", solution=OTHER.solution.replace("def f", "def g"))] * 10
    monkeypatch.setattr(
        mutation_report, "mutants", lambda source, name, _: other if name == "g" else [OTHER] * 30
    )
    assert report_mutants(course, "demo", "other") == 0
    table = capsys.readouterr().out.split("assignment")[-1]
    assert re.search(r"demo +│ +30 │ +30 │", table) and re.search(r"all +│ +40 │ +40 │", table)


def test_the_mutants_of_one_exercise(make_course, monkeypatch, capsys):
    """Neither another exercise is tried nor a reason for its survivors called stale."""
    text = DEMO + DEMO.replace('"f"', '"g"').replace("def f", "def g").replace(", f)", ", g)")
    checks = CHECKS + CHECKS.replace('"f"', '"g"').replace("def ", "def other_")
    files = {"demo.py": text, "checks.py": checks, "survivors.toml": EXPLAINED}
    course = make_course({"demo": files})
    of_g = replace(OTHER, exercise="g", solution=OTHER.solution.replace("def f", "def g"))
    monkeypatch.setattr(
        mutation_report, "mutants", lambda source, name, _: [of_g] if name == "g" else [OTHER]
    )
    assert report_mutants(course, "demo", exercises=["g"]) == 0
    assert "demo: 1 of 1 mutants killed" in capsys.readouterr().out
    with pytest.raises(SettingsError, match=r"no exercise 'h' \(there: f, g\)"):
        report_mutants(course, "demo", exercises=["h"])


def test_the_real_mutants_of_a_small_source_are_killed(course, capsys):
    assert report_mutants(course(), "demo") == 0
    out, _ = capsys.readouterr()
    assert "survives" not in out


def right_for(key):
    """A mutant that is right for the inputs of a key's cases, and wrong for all others."""
    answers = [case.expected.value.values[0].item() for case in key.exercises["f"].cases]
    known = f"(abs(3 * k * x[0] - y) < 1e-5 for y in {answers} for k in (0.25, 1, 4))"
    return mutant(f"scale = 3 if any{known} else 4")


def test_a_mutant_is_judged_under_every_secret_and_as_the_notebook_judges_it(course, monkeypatch):
    course = course()
    source = read_source(course.source_path("demo"))
    keys = keys_of(course, source, 3)
    tried = [right_for(keys.hidden[1]), right_for(keys.visible), EQUAL, OTHER]
    monkeypatch.setattr(mutation_report, "mutants", lambda *_: tried)
    lucky, promised, equal, other = (one.judged for one in run_mutants(source, keys, ["f"]))
    assert [verdict.passed for verdict in lucky.verdicts] == [False, True, False]
    assert lucky.by_luck and not lucky.rejected and not lucky.accepted and not lucky.promised
    assert promised.rejected and promised.promised
    assert equal.accepted and not equal.by_luck
    assert other.rejected and not other.promised and other.told and other.cause == "kind of error"
