import pytest

from autograder.assignment.mistakes import MistakesError, read_mistakes
from autograder.assignment.source import SourceError
from autograder.assignment.validation import read_source
from autograder.authoring.build import build

WRONG_AXIS = """\
[softmax]
wrong_axis.says = "Not the columns."
wrong_axis."e.sum(-1, keepdim=True)" = "e.sum(0, keepdim=True)"
"""


@pytest.fixture
def course_with(make_course, demo_files):
    return lambda text: make_course({"demo": {**demo_files, "mistakes.toml": text}})


@pytest.fixture
def mistakes(course_with):
    return lambda text: read_mistakes(read_source(course_with(text).source_path("demo")))


def replaced(old, new):
    assert old in WRONG_AXIS
    return WRONG_AXIS.replace(old, new)


def test_a_mistake_is_the_solution_with_one_edit(mistakes):
    (found,) = mistakes(WRONG_AXIS)
    assert (found.exercise, found.name, found.says) == ("softmax", "wrong_axis", "Not the columns.")
    assert found.same_as is None
    assert "return e / e.sum(0, keepdim=True)" in found.solution
    assert found.solution.startswith("def softmax") and "x.max(-1" in found.solution


MORE = """\
wrong_axis."x.max(-1," = "x.max(1,"
wrong_axis."max(1," = "max(0,"
"""


def test_a_mistake_may_take_several_edits_in_order(mistakes):
    (found,) = mistakes(WRONG_AXIS + MORE)
    assert "e.sum(0, keepdim" in found.solution and "x.max(0, keepdim" in found.solution


def test_a_mistake_may_do_the_same_as_another(mistakes):
    (found,) = mistakes(WRONG_AXIS + 'wrong_axis.same_as = "columns"')
    assert found.same_as == "columns" and "e.sum(0" in found.solution


def test_no_file_of_mistakes_is_no_error(make_course, demo_files):
    files = {name: demo_files[name] for name in ("demo.py", "checks.py")}
    course = make_course({"demo": files})
    assert read_mistakes(read_source(course.source_path("demo"))) == []


AN_EDIT = 'wrong_axis."e.sum(-1, keepdim=True)" = "e.sum(0, keepdim=True)"'
TWO = 'wrong_axis."-1" = "0"'
SENTENCE = 'wrong_axis.says = "Not the columns."\n'
TWICE = WRONG_AXIS + WRONG_AXIS.partition("\n")[2].replace("columns", "rows")
WHERE = ":4: softmax.wrong_axis: "
WANTS = WHERE + 'wants says = "…" and edits'
ERRORS = {
    "not found": (replaced("e.sum(-1", "e.mean(-1"), WHERE + ".* is found 0 times, not once"),
    "found twice": (replaced(AN_EDIT, TWO), WHERE + "'-1' is found 2 times, not once"),
    "no change": (replaced("e.sum(0", "e.sum(-1"), WHERE + ".* is replaced by itself"),
    "not Python": (replaced("e.sum(0", "e.sum((0"), WHERE + "not Python: .*: 'return e / "),
    "unknown exercise": (replaced("softmax", "hardmax"), ":4: hardmax.wrong_axis: .*no solution"),
    "the name twice": (TWICE, ":6: softmax.wrong_axis stands at line 4 already$"),
    "no edit": (replaced(AN_EDIT, ""), WHERE + "wants at least one edit"),
    "no sentence": (replaced(SENTENCE, ""), ": softmax.wrong_axis: wants"),
    "an empty sentence": (replaced("Not the columns.", ""), WANTS),
    "a number": (replaced('"e.sum(0, keepdim=True)"', "0"), WANTS),
    "no name": (replaced("wrong_axis.", ""), r": write its_name.says = .* below \[softmax\]"),
    "a list": (replaced("[softmax]", "[[softmax]]"), ": write its_name.says"),
    "not TOML": (replaced("max]", "max"), ": .*at line 3"),
}  # fmt: skip


@pytest.mark.parametrize("text, message", ERRORS.values(), ids=ERRORS)
def test_errors_name_the_file_line_and_entry(mistakes, text, message):
    with pytest.raises(MistakesError, match="mistakes.toml" + message):
        mistakes("# a comment\n\n" + text)


HARMLESS = """
[softmax]
harmless.says = "This is right."
harmless."return e / " = "return 1.0 * e / "
"""
TWIN = """\
twin.says = "In other words."
twin."return e / e.sum(-1, keepdim=True)" = "return e / e.sum(dim=0, keepdim=True)"
"""
UNLOADABLE = """
[softmax]
broken.says = "Its definition raises."
broken."def softmax(x: torch.Tensor)" = "def softmax(x: torch.Tenser)"
"""


@pytest.mark.parametrize(
    "text, message",
    [
        (HARMLESS, r"mistakes\.toml:3: softmax\.harmless: the hidden cases accept this mistake"),
        (
            WRONG_AXIS + TWIN,
            r"mistakes\.toml:4: softmax\.twin: nothing tells it from wrong_axis; .*same_as",
        ),
        (UNLOADABLE, r"mistakes\.toml:3: softmax\.broken: does not load"),
    ],
)
def test_mistakes_that_the_hidden_cases_cannot_use_stop_the_build(course_with, text, message):
    course = course_with(text)
    with pytest.raises(MistakesError, match=message):
        build(course, "demo")
    assert not course.notebooks.exists() and not (course.build / "source").exists()


def test_an_exercise_with_too_few_mistakes_is_refused_with_the_line_of_its_check(course_with):
    course = course_with(WRONG_AXIS)
    course.wanted_mistakes = 2
    with pytest.raises(SourceError, match=r"demo\.py:24: softmax has 1 known mistakes of 2"):
        build(course, "demo")
    course.wanted_mistakes = 1
    assert build(course, "demo").is_file()


def test_twins_are_allowed_where_they_are_declared(course_with):
    course = course_with(WRONG_AXIS + TWIN + 'twin.same_as = "wrong_axis"\n')
    assert build(course, "demo").is_file()


def test_the_earlier_twin_may_declare_it(course_with):
    first = WRONG_AXIS + 'wrong_axis.same_as = "twin"\n'
    assert build(course_with(first + TWIN), "demo").is_file()
