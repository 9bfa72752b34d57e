"""Doctored submissions, graded as one class: each gets what it earned.

Most take right answers to both exercises and doctor `square` or the notebook around it.
"""

import copy
import shutil

import nbformat
import psutil
import pytest
from handing import GOLDEN, ROOT, course_of, find, hand_in, right_answers
from traitlets.config import Config

from autograder.assignment.cells import Kind, kind_of
from autograder.authoring.build import build
from autograder.course.classrun import grade_class
from autograder.course.gradebook import Nbgrader
from autograder.grading.repair.reading import read_notebook
from autograder.settings import find_course

pytestmark = pytest.mark.long
FULL, WITHOUT_FIRST = 4.0, 2.0
MARKER = "7391.5"  # seconds that a background process would sleep

RIGHT = "def square(x):\n    return x * x"
WRONG = "def square(x):\n    return x + x"


def before(*lines, wrong=True):
    """A solution cell that does something first and then answers, by default wrongly."""
    return "\n".join([*lines, WRONG if wrong else RIGHT])


def inside(*lines, wrong=True):
    """A solution that does something whenever it is called."""
    answer = "x + x" if wrong else "x * x"
    return "\n    ".join(["def square(x):", *lines, f"return {answer}"])


# name -> the solution cell of square and the score
CELLS = {
    "s02_warns": (inside("import warnings", "warnings.warn('noise')", wrong=False), FULL),
    "s03_stderr": (inside("import sys", "print('noise', file=sys.stderr)", wrong=False), FULL),
    "s04_shows_nan": (inside("import sys", "sys.displayhook(float('nan'))"), WITHOUT_FIRST),
    "s05_shows_numpy": (
        inside("import sys, numpy", "sys.displayhook(numpy.float64(2.0))"),
        WITHOUT_FIRST,
    ),
    "s06_shows_negative": (inside("import sys", "sys.displayhook(-1.0)"), WITHOUT_FIRST),
    "s08_shows_points": (inside("import sys", "sys.displayhook(2.0)"), WITHOUT_FIRST),
    "s09_reads_around": (
        inside(
            "import glob",
            "found = [glob.glob(f'/**/*.{end}', recursive=True) for end in ('ipynb', 'db')]",
            "if any(found): raise ValueError(found)",
        ),
        WITHOUT_FIRST,
    ),
    "s10_exits": (inside("import os", "os._exit(1)"), WITHOUT_FIRST),
    "s10_segfaults": (inside("import ctypes", "ctypes.string_at(0)"), WITHOUT_FIRST),
    "s17_never_ends": (inside("while True: pass"), WITHOUT_FIRST),
    "s17_cannot_be_interrupted": (
        inside("while True:", "    try:", "        while True: pass", "    except: pass"),
        WITHOUT_FIRST,
    ),
    "s18_hides_errors": (
        before("get_ipython().showtraceback = lambda *a, **k: None"),
        WITHOUT_FIRST,
    ),
    "s21_equals_everything": (
        "class Same:\n    def __eq__(self, other): return True\n    shape = dtype = ndim = 1\n"
        "def square(x):\n    return Same()",
        WITHOUT_FIRST,
    ),
    "s23_quits": (inside("import sys", "sys.exit()"), WITHOUT_FIRST),
    "s24_drops_lines": (
        before(
            "drop = lambda lines: [l for l in lines if 'assert' not in l and 'check' not in l]",
            "get_ipython().input_transformers_post.append(drop)",
        ),
        WITHOUT_FIRST,
    ),
    "s28_background": (
        before(
            "import subprocess",
            f"subprocess.Popen(['sleep', '{MARKER}'], start_new_session=True)",
            wrong=False,
        ),
        FULL,
    ),
    "s29_gradebook": (
        before(
            "import glob, os, sqlite3",
            "for up in ('..', '../..', '../../..', '/'):",
            "    for db in glob.glob(os.path.join(up, '**', 'gradebook.db'), recursive=True):",
            "        connection = sqlite3.connect(db)",
            "        connection.execute('update grade set manual_score=99')",
            "        connection.commit()",
        ),
        WITHOUT_FIRST,
    ),
    "patches_torch": (
        before("import torch", "torch.Tensor.__pow__ = torch.pow = lambda *a, **k: 1"),
        0.0,
    ),
    "patches_comparison": (
        before(
            "import autograder.checks.comparison as c, autograder.checks.verdict as v, numpy",
            "c.compare = v.compare = lambda *a: c.Outcome()",
            "numpy.abs = lambda x: 0 * x",
        ),
        WITHOUT_FIRST,
    ),
    "silences_the_recorder": (
        before("from autograder.grading.forks import recorder", "recorder.Recorder.run = print"),
        0.0,
    ),
    "silences_the_checks": (
        before("import autograder", "autograder.check.runner = None"),
        WITHOUT_FIRST,
    ),
    "replays_the_visible_key": (
        before(
            "from autograder.checks import running",
            "observe = running.observe",
            "running.observe = lambda probe, subject, seed: observe(probe, lambda x: x * x, 1)",
        ),
        0.0,
    ),
    "walks_the_heap": (
        inside(
            "import gc",
            "keys_found = [o for o in gc.get_objects() if type(o).__name__ in ('Key', 'Exercise')]",
            "if keys_found: raise ValueError(str(keys_found))",
        ),
        WITHOUT_FIRST,
    ),
    "forks": (before("import os", "for _ in range(4):", "    os.fork()", wrong=False), None),
    "shows_scripts": (
        before(
            "from IPython.display import HTML, Javascript, display",
            "display(HTML('<script>alert(1)</script>'), Javascript('alert(2)'))",
            wrong=False,
        ),
        FULL,
    ),
}


def check_cells(nb):
    return [cell for cell in nb.cells if kind_of(cell) is Kind.CHECK]


def first_check(nb):
    return check_cells(nb)[0]


def first_solution(nb):
    return find(nb, "solution-square")


def s07_skipped(nb):
    first_solution(nb).source = WRONG
    for cell in check_cells(nb):
        cell.metadata["tags"] = ["skip-execution"]


def s11_check_deleted(nb):
    nb.cells.remove(first_check(nb))


def s12_solution_twice(nb):
    nb.cells.insert(0, copy.deepcopy(first_solution(nb)))


def s13_check_twice(nb):
    nb.cells.append(copy.deepcopy(first_check(nb)))


def s14_colab(nb):
    nb.nbformat_minor = 0
    nb.metadata["colab"] = {"provenance": []}
    for index, cell in enumerate(nb.cells):
        del cell["id"]
        cell.metadata["id"] = f"colab{index}"


def s15_no_metadata(nb):
    for cell in nb.cells:
        cell.metadata = {}


def s16_check_as_markdown(nb):
    cell = first_check(nb)
    cell.cell_type = "markdown"
    del cell["outputs"], cell["execution_count"]


def s19_not_graded(nb):
    first_check(nb).metadata.nbgrader["grade"] = False


def s22_no_schema(nb):
    del first_check(nb).metadata.nbgrader["schema_version"]


def forged_outputs(nb):
    first_solution(nb).source = WRONG
    first_check(nb).outputs = [
        nbformat.v4.new_output("execute_result", {"text/plain": "2.0"}, execution_count=1)
    ]


def script_in_answer(nb):
    for cell in nb.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id", "").startswith("answer"):
            cell.source += "\n<script>alert(3)</script><img src=x onerror=alert(4)>"


def script_in_output(nb):
    first_solution(nb).outputs = [
        nbformat.v4.new_output("display_data", {"text/html": "<script>alert(5)</script>"}),
        nbformat.v4.new_output("display_data", {"application/javascript": "alert(6)"}),
        nbformat.v4.new_output("stream", text="<script>alert(7)</script>"),
    ]


NOTEBOOKS = {
    s07_skipped: WITHOUT_FIRST,
    s11_check_deleted: FULL,
    s12_solution_twice: FULL,
    s13_check_twice: FULL,
    s14_colab: FULL,
    s15_no_metadata: FULL,
    s16_check_as_markdown: FULL,
    s19_not_graded: FULL,
    s22_no_schema: FULL,
    forged_outputs: WITHOUT_FIRST,
    script_in_answer: FULL,
    script_in_output: FULL,
}
SCORES = {
    "s00_reference": FULL,
    **{name: score for name, (_, score) in CELLS.items()},
    **{change.__name__: score for change, score in NOTEBOOKS.items()},
    "another_assignment": 0,
}


FILES = {"page.html": False, "picture.svg": False, "notes.txt": True, "plot.png": True}  # kept?


def of_another_assignment(course):
    """The notebook of `attention`, which the course then has, too, as it is released."""
    (course.solutions / "attention").mkdir()
    (course.solutions / "attention/attention.py").touch()
    released = course.released("attention")
    released.parent.mkdir(parents=True)
    shutil.copyfile(find_course(ROOT).released("attention"), released)
    return read_notebook(released)


SHOW_SCRIPTS = ("shows_scripts", "script_in_answer", "script_in_output")


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """A course of its own with all of these, graded."""
    course = course_of(tmp_path_factory.mktemp("doctored"), GOLDEN / "powers")
    course.update_config(Config({"Course": {"cell_seconds": 2.0}}))
    build(course, "powers")
    right = right_answers(course, "powers")
    hand_in(course, "s00_reference", right, "powers")
    for name, (solution, _) in CELLS.items():
        hand_in(course, name, {**right, "square": solution}, "powers")
    for change in NOTEBOOKS:
        path = hand_in(course, change.__name__, right, "powers", change=change)
        for name in FILES:
            path.with_name(name).write_text("<svg onload=alert(1)>")
    hand_in(course, "another_assignment", of_another_assignment(course), "powers")
    Nbgrader(course).release("powers")
    return course, grade_class(course, "powers")


@pytest.fixture(scope="module")
def scores(graded):
    return {row.student: row.score for row in Nbgrader(graded[0]).rows("powers")}


@pytest.mark.parametrize("student", SCORES)
def test_each_gets_what_it_earned(scores, student):
    if SCORES[student] is None:  # it harms itself; it must only not gain
        assert scores[student] <= (FULL if student == "forks" else WITHOUT_FIRST)
    else:
        assert scores[student] == SCORES[student]


def test_none_stops_the_class(graded):
    assert sorted(graded[1].graded) == sorted(SCORES)


def test_nothing_is_left_running(graded):
    assert not [p for p in psutil.process_iter(["cmdline"]) if MARKER in str(p.info["cmdline"])]


def test_nobody_changed_the_gradebook(graded):
    with Nbgrader(graded[0]).gradebook() as gradebook:
        submissions = gradebook.assignment_submissions("powers")
        manual = [g.manual_score for s in submissions for n in s.notebooks for g in n.grades]
    assert set(manual) == {None}


@pytest.mark.parametrize("student", SHOW_SCRIPTS)
def test_pages_execute_nothing_of_the_students(graded, student):
    page = graded[0].build / "feedback" / student / "powers/powers.html"
    html = page.read_text(encoding="utf-8")
    assert "<script>alert" not in html
    assert "<img src=x" not in html
    autograded = graded[0].build / "autograded" / student / "powers/powers.ipynb"
    for cell in read_notebook(autograded).cells:
        for output in cell.get("outputs", []):
            assert "<script>" not in str(output.get("data", {}))
            assert "application/javascript" not in output.get("data", {})


def test_pages_among_the_files_are_not_kept_beside_the_graders(graded):
    folder = graded[0].build / "autograded/script_in_output/powers"
    assert {name: (folder / name).exists() for name in FILES} == FILES


def test_beside_a_students_page_is_nothing_of_the_students(graded):
    folder = graded[0].build / "feedback/script_in_output/powers"
    assert [path.name for path in folder.iterdir()] == ["powers.html"]


def test_the_notebook_of_another_assignment_is_named_as_what_it_is(graded):
    course, run = graded
    said = "this is the notebook of attention, with 0 of its 22 answers written; "
    said += "nothing of it counts for powers"
    assert run.problems["another_assignment"] == f"notebook: {said}"
    page = course.build / "feedback/another_assignment/powers/powers.html"
    assert said in page.read_text(encoding="utf-8")
