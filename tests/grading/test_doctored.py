"""Doctored submissions to the attention assignment, graded as one class: each gets what it earned.

Most take a reference solution and doctor `copy_query` (2 points) or the notebook around it.
"""

import copy
import shutil
from pathlib import Path

import nbformat
import psutil
import pytest

from autograder.assignment.validation import read_source
from autograder.authoring.build import build
from autograder.course.classrun import grade_class
from autograder.course.gradebook import Nbgrader
from autograder.course.sample import references, submission
from autograder.grading.submission import read_notebook
from autograder.settings import find_course

ROOT = Path(__file__).parents[2]
FULL, WITHOUT_FIRST = 33.0, 31.0
MARKER = "7391.5"  # seconds that a background process would sleep

RIGHT = "def copy_query(keys, j):\n    return 200.0 * keys[j]"
WRONG = "def copy_query(keys, j):\n    return keys[j]"


def before(*lines, wrong=True):
    """A solution cell that does something first and then answers, by default wrongly."""
    return "\n".join([*lines, WRONG if wrong else RIGHT])


def inside(*lines, wrong=True):
    """A solution that does something whenever it is called."""
    answer = "keys[j]" if wrong else "200.0 * keys[j]"
    return "\n    ".join(["def copy_query(keys, j):", *lines, f"return {answer}"])


# name -> the solution cell of copy_query and the score
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
        "def copy_query(keys, j):\n    return Same()",
        WITHOUT_FIRST,
    ),
    "s23_quits": (inside("import sys", "sys.exit()"), WITHOUT_FIRST),
    "s24_drops_lines": (
        before(
            "drop = lambda lines: [l for l in lines if 'assert' not in l and 'check' not in l]",
            "get_ipython().input_transformers_post.append(drop)",
        ),
        None,  # it drops the kit's own call too, and so loses every later check: never more
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
        before("import torch", "torch.Tensor.softmax = torch.softmax = lambda *a, **k: 1"),
        None,
    ),
    "patches_comparison": (
        before(
            "import autograder.checks.comparison as c, autograder.checks.verdict as v, numpy",
            "c.compare = v.compare = lambda *a: c.Outcome()",
            "numpy.abs = lambda x: 0 * x",
        ),
        None,
    ),
    "silences_the_recorder": (before("import autograder", "autograder.check.run = print"), 0.0),
    "replays_the_visible_key": (
        before(
            "from autograder import check",
            "from autograder.checks import probes, recorder",
            "seen = []",
            "def replay(probe, subject, seed):",
            "    return probes.observe(probe, lambda keys, j: 200.0 * keys[j], 1)",
            "recorder.observe = replay",
        ),
        None,
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
    return [
        c for c in nb.cells if c.metadata.get("nbgrader", {}).get("grade_id", "")[:5] == "check"
    ]


def first_check(nb):
    return check_cells(nb)[0]


def first_solution(nb):
    (cell,) = [
        c
        for c in nb.cells
        if c.metadata.get("nbgrader", {}).get("grade_id") == "solution-copy_query"
    ]
    return cell


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
}


SHOW_SCRIPTS = ("shows_scripts", "script_in_answer", "script_in_output")


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """A course of its own with all of these, graded."""
    root = tmp_path_factory.mktemp("doctored")
    (root / "nbgrader_config.py").write_text(
        (ROOT / "nbgrader_config.py").read_text() + "\nc.Course.cell_seconds = 2\n"
    )
    shutil.copytree(ROOT / "solutions/attention", root / "solutions/attention")
    course = find_course(root)
    build(course, "attention")
    write_submissions(course)
    Nbgrader(course).release("attention")
    run = grade_class(course, "attention", feedback=False)
    for student in SHOW_SCRIPTS:
        Nbgrader(course).feedback("attention", student)
    return course, run


def write_submissions(course):
    released = read_notebook(course.released("attention"))
    right = references(read_source(course.source_path("attention")))
    honest = submission(released, right)
    hand_in(course, "s00_reference", honest)
    for name, (solution, _) in CELLS.items():
        hand_in(course, name, submission(released, {**right, "copy_query": solution}))
    for change in NOTEBOOKS:
        nb = copy.deepcopy(honest)
        change(nb)
        hand_in(course, change.__name__, nb)


def hand_in(course, student, nb):
    folder = course.build / "submitted" / student / "attention"
    folder.mkdir(parents=True)
    (folder / "attention.ipynb").write_text(nbformat.v4.nbjson.writes(nb))


@pytest.fixture(scope="module")
def scores(graded):
    return {row.student: row.score for row in Nbgrader(graded[0]).rows("attention")}


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
        submissions = gradebook.assignment_submissions("attention")
        manual = [g.manual_score for s in submissions for n in s.notebooks for g in n.grades]
    assert set(manual) == {None}


@pytest.mark.parametrize("student", SHOW_SCRIPTS)
def test_pages_execute_nothing_of_the_students(graded, student):
    page = graded[0].build / "feedback" / student / "attention/attention.html"
    html = page.read_text(encoding="utf-8")
    assert "<script>alert" not in html
    assert "<img src=x" not in html
    autograded = graded[0].build / "autograded" / student / "attention/attention.ipynb"
    for cell in read_notebook(autograded).cells:
        for output in cell.get("outputs", []):
            assert "<script>" not in str(output.get("data", {}))
            assert "application/javascript" not in output.get("data", {})
