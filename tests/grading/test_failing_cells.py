"""Cells that fail cost what failed in them, and people read which line it was."""

import sys

import pytest
from handing import right_answers, submission_of, written
from small_jobs import error, evidence, run

from autograder.authoring.build import build
from autograder.grading.causes import missing, told
from autograder.grading.forks.requests import Step
from autograder.grading.parts import MOST, lost, parts
from autograder.grading.submission import Grader

pytestmark = pytest.mark.spread
F = "def f(x):\n    return x + 1"
NOT_PYTHON = {  # what stands above a definition in its cell
    "a newer Python's": "def g[[T](x): ...",
    "tabs": "def g():\n\tx = 1\n        return x",
    "a no-break space": "from\u00a0math import pi",
    "Python 2's": "print 'x'",
    "a stray character": "x = $",
    "an open bracket": "x = (1,",
}
GIVEN = "import math\nfrom torch import nn\nSIZE = 3\n\n\ndef helper(x):\n    return x"
LOST = {  # a student's version -> what of the given one still has to run
    GIVEN.replace("3", "4"): "",
    GIVEN.replace("return x", "return 2 * x"): "",
    f"import colab\n{GIVEN}": "",
    GIVEN.replace("import math", "import colab, math"): "import math",
    GIVEN.replace("import math", "import math as = m"): "import math",
    GIVEN.split("\n\n")[0]: "def helper(x):\n    return x",
    "import colab": GIVEN.replace("\n\n", ""),
}
FAILING = {
    "a missing package": "from google.colab import drive",
    "a package and another": "import colab_of_google; import math",
    "an error": "1 / 0",
    "an error in a loop": "for i in range(3):\n    if i:\n        [][i]",
    "an exit": "raise SystemExit",
    "a function's error": "def g():\n    raise ValueError\n\ng()",
    "a decorator's": "@undefined\ndef g(): ...",
}


@pytest.mark.parametrize("line", NOT_PYTHON.values(), ids=NOT_PYTHON)
def test_what_is_no_python_costs_itself(line):
    found = parts(f"a = 1\n{line}\n\n{F}\nb = 2")
    assert found[0] == "a = 1" and found[-1].endswith("b = 2")
    assert any(part.strip("#\n") == F for part in found) or line == NOT_PYTHON["an open bracket"]


def test_parts_keep_their_line_numbers():
    lines = ["a = 1", "b = = 2", "", "c = 3"]
    found = parts("\n".join(lines))
    assert [part.split("\n")[at] for part, at in zip(found, (0, 1, 3), strict=True)] == [
        lines[at] for at in (0, 1, 3)
    ]


def test_text_in_quotes_may_stand_at_the_margin():
    definition = 'def f(x):\n    """\nA text.\nAnd more.\n"""\n    return x'
    assert definition in parts(f"{definition}\nb = = 2")


@pytest.mark.parametrize(("written", "first"), LOST.items())
def test_what_was_given_and_is_lost_runs_first(written, first):
    assert lost(GIVEN, parts(written)) == ([first] if first else [])


def test_a_given_cell_may_be_nested_deeply():
    written = parts(f"{GIVEN}\nx = {'-' * 2000}1")
    assert lost(GIVEN, written) == []


def test_reading_parts_ends():
    text = "x = = (\n" * (MOST // 100)
    assert "".join(parts(text)).count("= =") == text.count("= =")


@pytest.mark.parametrize("line", FAILING.values(), ids=FAILING)
def test_after_a_statement_that_fails_the_next_ones_run(line):
    result = run(f"y = 0\n{line}\n{F}")
    assert sorted(evidence(result)) == [("twice", 0), ("twice", 1)]
    assert result.failures[0].startswith("line ")


def test_what_is_on_the_line_of_a_failing_statement_runs_too():
    assert evidence(run(f"é = 'ß'; 1 / 0; y = 1\n{F.replace('1', 'y')}"))


def test_a_cell_that_is_interrupted_does_not_go_on():
    result = run(f"while True: pass\n{F}", seconds=0.5)
    assert error(result) == "NameError: name 'f' is not defined"


def test_a_cell_full_of_errors_ends():
    assert evidence(run("\n".join(["1 / 0"] * 1000), F))


def test_a_student_reads_the_line_and_nothing_that_the_fork_said():
    text = "import math\nimport nothing_of_the_kind"
    said = told(text, "line 2: ModuleNotFoundError: the hidden inputs are 1 2 3")
    assert said == "line 2, `import nothing_of_the_kind`: ModuleNotFoundError"
    assert told(text, "line 7: Hidden123: 4 5 6") == "an error of its own"
    assert told(text, "") == "an error of its own"
    assert told(text, f"line {'9' * 5000}: ValueError: forged") == "an error of its own"


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="this Python reads it")
@pytest.mark.parametrize("line", ["type X = int", "def f[T](x): ...", """f"{d["a"]}" """])
def test_newer_syntax_is_called_that(line):
    assert "(Python 3.12 syntax; this grades on 3.11)" in told(line, "line 1: SyntaxError: no")


def test_a_missing_name_is_traced_to_the_cell_that_should_have_defined_it():
    cells = [Step(0, "import x as y\nz = 1"), Step(1, "def f(:")]
    failures = {0: "line 1: ModuleNotFoundError: no", 1: "line 1: SyntaxError: no"}
    assert "`import x as y`" in missing("NameError: name 'y' is not defined", cells, failures)
    assert "`def f(:`" in missing("NameError: name 'f' is not defined", cells, failures)
    assert missing("NameError: name 'w' is not defined", cells, failures) == ""
    assert missing("ValueError", cells, failures) == ""


@pytest.fixture(scope="module")
def grader(module_demo_course):
    build(module_demo_course, "demo")
    return Grader(module_demo_course, "demo")


def imports_of(nb):
    return next(c for c in nb.cells if c.cell_type == "code" and "import torch" in c.source)


@pytest.mark.parametrize("change", ["{line}\n{source}", "{line}"], ids=["added", "instead"])
@pytest.mark.parametrize("line", ["import google.colab", "x = = 1", "import torch as not torch"])
def test_given_imports_run_whatever_a_student_makes_of_them(grader, change, line):
    nb = written(grader.course, right_answers(grader.course))
    cell = imports_of(nb)
    cell.source = change.format(line=line, source=cell.source)
    graded = submission_of(grader, nb).graded
    assert graded.score == graded.max_score
    assert [said for said in graded.repairs if f"a cell failed: line 1, `{line}`" in said]
