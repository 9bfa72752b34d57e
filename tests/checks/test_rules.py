"""Static rules: what counts as a loop, what may not be used, and who looks at which text."""

import ast
import textwrap

import pytest

from autograder.checks.key import Exercise, Key, encode
from autograder.checks.rules import broken, no_loops, without
from autograder.course.sample import references, submission
from autograder.grading.submission import Grader, read_notebook

LOOPS = {
    "for": "for i in range(3): pass",
    "while": "while True: break",
    "async for": "async def f():\n    async for x in y: pass",
    "a list": "[x for x in y]",
    "a generator": "sum(x for x in y)",
    "a set": "{x for x in y}",
    "a dictionary": "{x: 1 for x in y}",
    "inside a lambda": "f = lambda y: [x for x in y]",
    "inside a method": "class A:\n    def f(self):\n        while self: pass",
    "map": "torch.stack(list(map(f, x)))",
    "reduce": "reduce(f, x)",
    "functools": "functools.reduce(f, x)",
    "starmap": "itertools.starmap(f, x)",
    "starmap by itself": "starmap(f, x)",
    "a pool": "pool.map(f, x)",
    "accumulate": "accumulate(x, f)",
    "numpy": "np.vectorize(f)(x)",
    "a tensor's map_": "x.map_(y, f)",
    "recursion": "def f(x):\n    return f(x[1:]) if len(x) else x",
    "a method that calls itself": "class A:\n    def f(self):\n        return self.f()",
}
NO_LOOPS = {
    "vmap": "torch.vmap(f)(x)",
    "einsum": "torch.einsum('nkm,nsm->nks', q, k)",
    "words": "'for and while'  # for x in y",
    "numpy's ufuncs": "np.maximum.accumulate(x) + np.add.reduce(x)",
    "repetition": "x.repeat(3, 1); [0] * 3",
    "another function": "def f(x):\n    return g(x)",
    "a function of a library with the same name": "def softmax(x):\n    return F.softmax(x, -1)",
}


@pytest.mark.parametrize("text", LOOPS.values(), ids=LOOPS)
def test_it_is_a_loop(text):
    assert "loop" in no_loops(ast.parse(text)) or "calls itself" in no_loops(ast.parse(text))


@pytest.mark.parametrize("text", NO_LOOPS.values(), ids=NO_LOOPS)
def test_it_is_no_loop(text):
    assert no_loops(ast.parse(text)) is None


USES = ("layer_norm(x)", "F.layer_norm(x)", "torch.nn.functional.layer_norm", "f = F.layer_norm")
IMPORTS = (
    "from torch import layer_norm as f",
    "from torch.layer_norm import x",
    "import layer_norm",
)


@pytest.mark.parametrize("text", [*USES, *IMPORTS])
def test_a_name_is_used(text):
    assert (
        without("layer_norm")(ast.parse(text)) == "uses `layer_norm` in line 1; write it yourself"
    )


def test_other_names_and_texts_may_be_used():
    text = "class LayerNormalization:\n    '''not layer_norm'''\n    layer_norms = 'layer_norm'"
    assert without("layer_norm")(ast.parse(text)) is None


OWN = (
    "layer_norm = x.mean()\nlayer_norm + 1",
    "class A:\n    def layer_norm(self, x):\n        return x\n    def f(self, x):\n"
    "        return self.layer_norm(x)",
)


@pytest.mark.parametrize("text", OWN)
def test_a_name_of_the_cells_own_may_be_used(text):
    assert without("layer_norm")(ast.parse(text)) is None


def test_an_own_name_hides_nothing_of_a_library():
    text = "def layer_norm(x):\n    return F.layer_norm(x)"
    assert "uses `layer_norm` in line 2" in without("layer_norm")(ast.parse(text))


def test_a_cell_that_is_not_python_breaks_any_rule_and_no_rules_are_never_broken():
    assert "more than Python" in broken([no_loops], None)
    assert broken([], None) == ""


SOURCE = textwrap.dedent('''\
    # %% [markdown]
    # # Sum
    #
    # {points}

    # %%
    import torch

    from autograder import Rng, check, no_loops, summary


    # %% solution="total"
    def total(x: torch.Tensor) -> torch.Tensor:
        """The sum of all elements."""
        ### BEGIN SOLUTION
        return x.sum()
        ### END SOLUTION


    # %% check="total" points=3
    def some(total, rng: Rng):
        return total(rng.normal(5))


    check("total", total, some, rules=[no_loops])
    ### BEGIN HIDDEN TESTS


    def more(total, rng: Rng):
        return total(rng.normal(7))


    check("total", total, more)
    ### END HIDDEN TESTS

    # %%
    summary()
''')
LOOPING = """def total(x):
    result = torch.zeros(())
    for number in x:
        result = result + number
    return result
"""


@pytest.fixture
def grader(make_course):
    course = make_course({"sum": {"sum.py": SOURCE}})
    from autograder.authoring.build import build

    build(course, "sum")
    return Grader(course, "sum")


def graded(grader, *cells):
    """The verdict on a solution cell, and cells after it."""
    released = read_notebook(grader.course.released("sum"))
    nb = submission(released, {"total": cells[0]})
    at = next(i for i, cell in enumerate(nb.cells) if "check(" in cell.source)
    for text in reversed(cells[1:]):
        extra = nb.cells[at].copy()
        nb.cells.insert(at, type(extra)(cell_type="code", id="extra", metadata={}, source=text))
        nb.cells[at].update(outputs=[], execution_count=None)
    (verdict,) = grader.grade(nb).verdicts
    return verdict


def test_a_loop_earns_nothing_whatever_its_numbers(grader):
    verdict = graded(grader, LOOPING)
    assert (verdict.score, verdict.passed) == (0, False)
    assert verdict.line == "✗ total  loops with `for` in line 4"  # the exercise's name is line 1


def test_the_reference_and_magics_do_not_loop(grader):
    assert graded(grader, references(grader.verifier.source)["total"]).passed
    assert graded(
        grader, "%matplotlib inline\n" + references(grader.verifier.source)["total"]
    ).passed


def test_wrong_numbers_are_told_first(grader):
    verdict = graded(grader, LOOPING.replace("return result", "return 2 * result"))
    assert "error" in verdict.feedback


def test_a_definition_in_another_cell_is_looked_at_too(grader):
    verdict = graded(grader, references(grader.verifier.source)["total"], LOOPING)
    assert (verdict.score, verdict.feedback) == (0, "loops with `for` in line 3")


def test_a_cell_that_hides_from_the_rules_earns_nothing(grader):
    hidden = LOOPING + "\nlisting = !ls"
    assert graded(grader, hidden).feedback.startswith("holds more than Python")


def test_a_reference_must_obey_its_own_rules(make_course):
    from autograder.assignment.source import SourceError
    from autograder.authoring.build import build

    looping = SOURCE.replace("return x.sum()", "return torch.stack([y for y in x]).sum()")
    with pytest.raises(SourceError, match="loops in a comprehension"):
        build(make_course({"sum": {"sum.py": looping}}), "sum")


def test_students_see_it_at_once(capsys):
    """In a notebook, where cells have names of their own for their texts."""
    from IPython.core.interactiveshell import InteractiveShell

    from autograder.checks.checker import Checker

    shell = InteractiveShell()
    shell.user_ns["check"] = Checker()
    shell.user_ns["key"] = encode(Key("sum", {"total": Exercise("total", 3.0)}))
    shell.run_cell("import torch; from autograder import no_loops; check.load(key)")
    assert shell.run_cell(LOOPING).success
    assert shell.run_cell("from autograder.checks.rules import own_cell").success
    assert no_loops(shell.run_cell("own_cell(total)").result) == "loops with `for` in line 3"
    shell.run_cell("import asyncio\nawait asyncio.sleep(0)\ndef awaited(x):\n    return x")
    assert no_loops(shell.run_cell("own_cell(awaited)").result) is None
    shell.run_cell(
        "class Total:\n    size = 3\n    def forward(self, x):\n        return [y for y in x]"
    )
    found = no_loops(shell.run_cell("own_cell(Total)").result)
    assert found == "loops in a comprehension in line 4"
