import pytest

from autograder.assignment.mistakes import MistakesError, read_mistakes
from autograder.assignment.validation import read_source
from autograder.authoring.build import build

WRONG_AXIS = """\
[[softmax]]
name = "wrong_axis"
find = "e.sum(-1, keepdim=True)"
replace = "e.sum(0, keepdim=True)"
says = "Not the columns."
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


def test_a_mistake_may_take_several_edits(mistakes):
    text = replaced('"e.sum(-1, keepdim=True)"', '["e.sum(-1,", "x.max(-1,"]')
    (found,) = mistakes(text.replace('"e.sum(0, keepdim=True)"', '["e.sum(0,", "x.max(0,"]'))
    assert "e.sum(0, keepdim" in found.solution and "x.max(0, keepdim" in found.solution


def test_one_mistake_may_stand_in_single_brackets(mistakes):
    (found,) = mistakes(replaced("[[softmax]]", "[softmax]"))
    assert found.name == "wrong_axis"


def test_no_file_of_mistakes_is_no_error(make_course, demo_files):
    course = make_course({"demo": {"demo.py": demo_files["demo.py"]}})
    assert read_mistakes(read_source(course.source_path("demo"))) == []


UNKNOWN = "has no solution 'hardmax'"
WANTS = "wants name, find, replace and says"
ERRORS = {
    "not found": (replaced("e.sum(-1", "e.mean(-1"), "softmax.wrong_axis: .* is found 0 times"),
    "found twice": (replaced("e.sum(-1, keepdim=True)", "-1"), "wrong_axis: '-1' is found 2 times"),
    "unknown exercise": (replaced("[softmax]", "[hardmax]"), "hardmax.wrong_axis: .*" + UNKNOWN),
    "no name": (replaced('name = "wrong_axis"\n', ""), r"softmax\.\?: " + WANTS),
    "no find": (replaced("find", "#"), "softmax.wrong_axis: " + WANTS),
    "no replace": (replaced("replace", "#"), "softmax.wrong_axis: " + WANTS),
    "no sentence": (replaced("says", "#"), "softmax.wrong_axis: " + WANTS),
    "unknown field": (replaced("says", "say"), "softmax.wrong_axis: " + WANTS),
    "fewer replacements": (replaced('"e.sum(-1, keepdim=True)"', '["e", "x"]'), "as many"),
    "text for a table": ('softmax = "x"', r"softmax: start each mistake with \[\[softmax\]\]"),
    "not TOML": ("[[softmax", "mistakes.toml: "),
}  # fmt: skip


@pytest.mark.parametrize("text, message", ERRORS.values(), ids=ERRORS)
def test_errors_name_the_file_and_the_entry(mistakes, text, message):
    with pytest.raises(MistakesError, match=message) as raised:
        mistakes(text)
    assert "mistakes.toml: " in str(raised.value)


HARMLESS = """
[[softmax]]
name = "harmless"
find = "return e / "
replace = "return 1.0 * e / "
says = "This is right."
"""
TWIN = """
[[softmax]]
name = "twin"
find = "return e / e.sum(-1, keepdim=True)"
replace = "return e / e.sum(dim=0, keepdim=True)"
says = "In other words."
"""
BROKEN = """
[[softmax]]
name = "broken"
find = "return e / "
replace = "return e / / "
says = "Not Python."
"""


@pytest.mark.parametrize(
    "text, message",
    [
        (HARMLESS, "softmax.harmless: the hidden cases accept this mistake"),
        (
            WRONG_AXIS + TWIN,
            'softmax: nothing tells twin from wrong_axis; .*same_as = "wrong_axis"',
        ),
        (BROKEN, r"softmax\.broken: does not load"),
    ],
)
def test_mistakes_that_the_hidden_cases_cannot_use_stop_the_build(course_with, text, message):
    course = course_with(text)
    with pytest.raises(MistakesError, match=message):
        build(course, "demo")
    assert not course.notebooks.exists() and not (course.build / "source").exists()


def test_twins_are_allowed_where_they_are_declared(course_with):
    course = course_with(WRONG_AXIS + TWIN + 'same_as = "wrong_axis"\n')
    assert build(course, "demo").is_file()


def test_the_earlier_twin_may_declare_it(course_with):
    first = WRONG_AXIS + 'same_as = "twin"\n'
    assert build(course_with(first + TWIN), "demo").is_file()
