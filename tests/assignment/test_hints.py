import pytest

from autograder.assignment.hints import Hints, HintsError, read_hints
from autograder.assignment.validation import read_source
from autograder.authoring.notebook import instructor_notebook, student_notebook

HINTS = """\
[softmax]
question = "What do the numbers of a row sum to?"
pointer = "Divide by the sum of the row."
almost = "`e / e.sum(…)`"
"""


@pytest.fixture
def course_with(make_course, demo_files):
    return lambda text: make_course({"demo": {**demo_files, "hints.toml": text}})


@pytest.fixture
def hints(course_with):
    return lambda text: read_hints(read_source(course_with(text).source_path("demo")))


def test_each_exercise_has_three(hints):
    expected = Hints(
        "What do the numbers of a row sum to?", "Divide by the sum of the row.", "`e / e.sum(…)`"
    )
    assert hints(HINTS) == {"softmax": expected}


def test_they_are_folded_below_the_check(course_with):
    course = course_with(HINTS)
    source = read_source(course.source_path("demo"))
    student = student_notebook(instructor_notebook(source, "key", course), course, "demo")
    texts = [cell.source for cell in student.cells]
    below = texts[next(i for i, text in enumerate(texts) if text.startswith('check("')) + 1]
    assert below.count("<details>") == below.count("</details>") == 3
    assert below.index("sum to?") < below.index("Divide") < below.index("`e / e.sum(…)`")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "no hints for 'softmax'"),
        (HINTS.replace("pointer", "hint"), "softmax: wants question, pointer, almost"),
        (HINTS + 'more = "than three"\n', "softmax: wants question, pointer, almost"),
        (HINTS.replace("`e / e.sum(…)`", " "), "softmax: wants"),
        (HINTS + HINTS.replace("softmax", "other"), "other: demo.py has no check of that name"),
        ("softmax = 1\n", "softmax: wants"),
        ("[softmax", "hints.toml: "),
        (
            HINTS.replace("`e / e.sum(…)`", "return e / e.sum(-1, keepdim=True)"),
            "tells a whole line of the solution: return e / e.sum",
        ),
    ],
)
def test_what_does_not_fit_is_refused_with_its_exercise(hints, text, problem):
    with pytest.raises(HintsError, match=problem):
        hints(text)
