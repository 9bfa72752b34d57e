"""The whole way on the golden assignment: release, submit, `nbgrader autograde`, feedback."""

import copy
import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from handing import autograde, hand_in, right_answers

from autograder.authoring.build import build
from autograder.checks.text.cell_texts import AI_HEADING
from autograder.course.gradebook import Nbgrader
from autograder.grading.repair.reading import read_notebook
from autograder.grading.submission import Grader

pytestmark = pytest.mark.long
WRONG_AXIS = """def softmax(x):
    e = (x - x.max(-1, keepdim=True).values).exp()
    return e / e.sum(0, keepdim=True)"""
NAN = "def softmax(x):\n    return x * float('nan')"
NOISY = """import sys, warnings
def softmax(x):
    print('noise', file=sys.stderr)
    warnings.warn('noise')
    return x.softmax(-1)"""
FORGER = """import sys
def softmax(x):
    sys.displayhook(3.0)
    print('3.0')
    return x"""
ALWAYS_EQUAL = """class Same:
    def __eq__(self, other): return True
def softmax(x):
    return Same()"""
PEEK = """import sys
def softmax(x):
    frame, seen = sys._getframe(), ''
    while frame:
        seen += str(sorted(frame.f_locals)) + str(frame.f_locals.get('seed'))
        frame = frame.f_back
    raise ValueError(seen)"""

# submission -> solution cell and the score out of 3 that it deserves
CLASS = {
    "wrong": (WRONG_AXIS, 0.0),
    "nan": (NAN, 0.0),
    "noisy": (NOISY, 3.0),
    "forger": (FORGER, 0.0),
    "equal": (ALWAYS_EQUAL, 0.0),
    "peek": (PEEK, 0.0),
    "syntax": ("def softmax(x) return x", 0.0),
}


@pytest.fixture(scope="module")
def graded_course(module_demo_course):
    """The golden assignment, released and autograded by nbgrader's own command."""
    course = module_demo_course
    build(course, "demo")
    Nbgrader(course).release("demo")
    right = right_answers(course)
    hand_in(course, "blank", {})
    hand_in(course, "reference", right)
    for student, (solution, _) in CLASS.items():
        hand_in(course, student, {"softmax": solution})
    hand_in(course, "skipper", {"softmax": NAN}, change=skip_the_check)
    hand_in(course, "discloser", {}, change=disclose)
    hand_in(course, "linker", right)
    (course.build / "submitted/linker/demo/data.csv").symlink_to(course.root / course.secret_file)
    command(course, "nbgrader", "autograde", "demo")
    command(course, "nbgrader", "generate_feedback", "demo")
    return course


def skip_the_check(nb):
    """A check cell that is tagged to be skipped and shows a forged output."""
    for cell in nb.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "check-softmax":
            cell.metadata["tags"] = ["skip-execution"]
            cell.outputs = [
                nbformat.v4.new_output("execute_result", {"text/plain": "3.0"}, execution_count=1)
            ]


def disclose(nb):
    (cell,) = [cell for cell in nb.cells if cell.source.startswith(AI_HEADING)]
    cell.source += "\n\nA chatbot, for the overflow."


def command(course, *words):
    tool = Path(sys.executable).with_name(words[0])
    environment = {**os.environ, "PATH": "/usr/bin:/bin"}  # nbgrader's own tools must be found
    run = subprocess.run(
        [tool, *words[1:]], cwd=course.root, env=environment, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def rows(course):
    return {row.student: row for row in Nbgrader(course).rows("demo")}


@pytest.mark.parametrize("student", CLASS)
def test_every_submission_gets_the_score_it_deserves(graded_course, student):
    assert rows(graded_course)[student].cells["check-softmax"] == CLASS[student][1]


def test_reference_blank_and_skipped_checks(graded_course):
    found = rows(graded_course)
    assert found["reference"].cells["check-softmax"] == 3.0
    assert found["blank"].score == 0.0
    assert found["skipper"].score == 0.0


def test_written_answers_wait_for_a_grader_unless_blank(graded_course):
    found = rows(graded_course)
    assert found["reference"].to_grade_by_hand == 1
    assert found["blank"].to_grade_by_hand == 0


def test_formgraders_button_and_score_give_the_same_grades(graded_course):
    before = rows(graded_course)["noisy"]
    autograde(Nbgrader(graded_course), "demo", "noisy")
    assert rows(graded_course)["noisy"] == before
    path = graded_course.build / "submitted/noisy/demo/demo.ipynb"
    assert Grader(graded_course, "demo").submission(path).graded.score == before.score


def test_graders_see_the_marking_scheme_and_students_do_not(graded_course):
    autograded = graded_course.build / "autograded/reference/demo/demo.ipynb"
    assert "1 point for the invariance" in autograded.read_text()
    assert "1 point for the invariance" not in feedback(graded_course, "reference")


def test_graders_see_how_many_words_a_limited_answer_has(graded_course):
    """`submission` answers "A sample answer, to be graded by hand."."""
    autograded = graded_course.build / "autograded/reference/demo/demo.ipynb"
    assert "> **8 of at most 40 words**\\n" in autograded.read_text()
    assert "of at most 40 words" not in feedback(graded_course, "reference")


def test_graders_see_what_is_said_of_ai_tools(graded_course):
    autograded = read_notebook(graded_course.build / "autograded/discloser/demo/demo.ipynb")
    (cell,) = [cell for cell in autograded.cells if cell.source.startswith(AI_HEADING)]
    assert cell.source.endswith("A chatbot, for the overflow.")


def test_feedback_shows_verdict_and_diagnosis(graded_course):
    html = feedback(graded_course, "wrong")
    assert "<strong>0 / 3 points</strong>" in html
    assert "The rows must sum to 1, not the columns." in html


def test_feedback_says_nothing_of_hidden_tests_seeds_or_key(graded_course):
    seeds = graded_course.hidden_seeds("demo", "softmax")
    for student in ("reference", "wrong", "peek", "nan"):
        html = feedback(graded_course, student)
        assert "HIDDEN" not in html
        assert "def large" not in html
        assert not [seed for seed in seeds if str(seed) in html]


def feedback(course, student):
    return (course.build / "feedback" / student / "demo/demo.html").read_text(encoding="utf-8")


def test_generate_assignment_releases_the_very_notebook_that_build_writes(graded_course):
    released = graded_course.released("demo")
    before = released.read_bytes()
    command(graded_course, "nbgrader", "generate_assignment", "demo", "--force")
    assert json.loads(released.read_bytes()) == json.loads(before)
    build(graded_course, "demo")
    assert released.read_bytes() == before


def test_the_gradebook_never_holds_hidden_tests_or_solutions(graded_course):
    with Nbgrader(graded_course).gradebook() as gradebook:
        cells = gradebook.find_notebook("demo", "demo").source_cells
        text = "\n".join(copy.copy(cell.source) or "" for cell in cells)
    assert "check(" in text and "def rows" in text
    assert "HIDDEN" not in text
    assert "BEGIN SOLUTION" not in text
    assert "Model answer" not in text


def test_what_a_link_leads_to_is_never_copied(graded_course):
    """Or feedback would hand the course secret to the student."""
    secret = graded_course.secret()
    folders = (graded_course.build / kind / "linker" for kind in ("autograded", "feedback"))
    files = [file for folder in folders for file in folder.rglob("*") if file.is_file()]
    assert len(files) == 2
    assert not [file for file in files if secret in file.read_bytes()]


def test_a_link_is_reported(graded_course):
    path = graded_course.build / "submitted/linker/demo/demo.ipynb"
    repairs = Grader(graded_course, "demo").submission(path).graded.repairs
    assert "data.csv: a link, not followed" in repairs
