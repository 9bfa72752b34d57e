import pytest

from autograder.assignment.validation import read_source
from autograder.authoring.solutions import solutions_notebook

ALTERNATIVE = """\
# %% alternative="softmax" title="torch's own"
return x.softmax(-1)
"""
MISTAKES = """\
[softmax]
wrong_axis.says = "Not the columns."
wrong_axis."e.sum(-1, keepdim=True)" = "e.sum(0, keepdim=True)"
not_divided.says = "Divide by the sum."
not_divided."return e / e.sum(-1, keepdim=True)" = "return e"
"""


@pytest.fixture
def texts(make_course, demo_files):
    files = {**demo_files, "alternatives.py": ALTERNATIVE, "mistakes.toml": MISTAKES}
    course = make_course({"demo": files})
    source = read_source(course.source_path("demo"))
    nb = solutions_notebook(course, source, {("softmax", "not_divided"): 3})
    assert not any("nbgrader" in cell.metadata for cell in nb.cells)
    return [cell.source for cell in nb.cells]


def test_the_reference_stands_where_students_had_a_hole(texts):
    solution = next(text for text in texts if text.startswith("# exercise: softmax"))
    assert "return e / e.sum(-1, keepdim=True)" in solution
    assert not any("BEGIN" in text or "END SOLUTION" in text for text in texts)


def test_other_right_answers_and_mistakes_follow_the_check(texts):
    check = next(i for i, text in enumerate(texts) if text.startswith('check("softmax"'))
    right, wrong = texts[check + 1 : check + 3]
    assert "torch's own" in right and "return x.softmax(-1)" in right
    assert wrong.index("Divide by the sum. (3 in this class)") < wrong.index("Not the columns.")
