"""Whose a file is and what it is: every shape of name that students and systems make of it."""

import unicodedata
from datetime import datetime

import pytest

from autograder.course.collecting.lms import export_at
from autograder.course.collecting.names import COLLECTED, IGNORED, MISNAMED, UNKNOWN, Names
from autograder.course.collecting.people import People, Student

STUDENTS = {
    "20260001": "张三",
    "20260002": "李四",
    "20260003": "Zoé Müller-Lüd",
    "PB21000004": "Anna Maria da Silva",
    "1234": "Short Id",
}
WORDS = {"lab3": "attention", "attention": "attention"}
people = People([Student(student, "", name) for student, name in STUDENTS.items()])
names, anyone = Names(WORDS, people), Names(WORDS, People([]))

AS_PRESCRIBED = {
    "20260001_张三_lab3.ipynb": ("20260001", "attention.ipynb"),
    "20260003_Zoé Müller-Lüd_lab3.ipynb": ("20260003", "attention.ipynb"),
    "PB21000004_Anna Maria da Silva_lab3.ipynb": ("PB21000004", "attention.ipynb"),
    "20260001_张三_model.pth": ("20260001", "20260001_model.pth"),
    "20260001_张三_predictions.txt": ("20260001", "20260001_predictions.txt"),
    "20260001_张三_predictions (1).txt": ("20260001", "20260001_predictions.txt"),
    "20260001_张三_model.safetensors": ("20260001", "20260001_model.safetensors"),
    "20260001_张三_lab3_answer.jpg": ("20260001", "20260001_answer.jpg"),
    "20260001_张三_lab3_answer_2.jpg": ("20260001", "20260001_answer_2.jpg"),
    "20260001_张三_attention.ipynb": ("20260001", "attention.ipynb"),
    # resubmissions
    "20260001_张三_lab3-1.ipynb": ("20260001", "attention.ipynb"),
    "20260001_张三_lab3 (1).ipynb": ("20260001", "attention.ipynb"),
    "20260001_张三_lab3_2.ipynb": ("20260001", "attention.ipynb"),
    "20260001_张三_lab3-Copy1.ipynb": ("20260001", "attention.ipynb"),
    "20260001_张三_model(3).pth": ("20260001", "20260001_model.pth"),
    # systems' own prefixes
    "zhangsan_1234_9876_20260001_张三_lab3.ipynb": ("20260001", "attention.ipynb"),
    "zhangsan_LATE_1234_9876_20260001_张三_lab3-1.ipynb": ("20260001", "attention.ipynb"),
    "LATE_anon_a1B2c_9876_20260001_张三_lab3.ipynb": ("20260001", "attention.ipynb"),
    "Lab 3_20260001_attempt_2026-10-01-23-59-58_20260001_张三_lab3.ipynb": (
        "20260001",
        "attention.ipynb",
    ),
    "张三_4711_assignsubmission_file_/20260001_张三_lab3.ipynb": ("20260001", "attention.ipynb"),
    "张三_4711_assignsubmission_file_20260001_张三_lab3.ipynb": ("20260001", "attention.ipynb"),
    "class/20260001_张三_lab3.zip/20260001_张三_lab3.ipynb": ("20260001", "attention.ipynb"),
}
RECOGNISED = {
    "20260001_张三_Lab3.ipynb": "20260001_张三_lab3.ipynb",
    "20260001_张三_LAB 3.ipynb": "20260001_张三_lab3.ipynb",
    "20260001-张三-lab_3.ipynb": "20260001_张三_lab3.ipynb",
    "20260001 张三 lab3.ipynb": "20260001_张三_lab3.ipynb",
    "２０２６０００１＿张三＿ｌａｂ３.ipynb": None,  # full-width characters are the same
    "20260001张三lab3.ipynb": "20260001_张三_lab3.ipynb",
    "张三_20260001_lab3.ipynb": "20260001_张三_lab3.ipynb",
    "20260001_张三.ipynb": "20260001_张三_lab3.ipynb",
    "20260001_lab3.ipynb": "20260001_张三_lab3.ipynb",
    "20260001_张三_lab3.ipynb.json": "20260001_张三_lab3.ipynb",
    "20260001_张三_lab3.ipynb.txt": "20260001_张三_lab3.ipynb",
    "20260001_张三_lab3.IPYNB": "20260001_张三_lab3.ipynb",
    "pb21000004_Anna Maria da Silva_lab3.ipynb": "PB21000004_Anna Maria da Silva_lab3.ipynb",
    "20260001_张三_lab3.zip/attention.ipynb": "20260001_张三_attention.ipynb",
    "20260001_张三.zip/lab3.ipynb": "20260001_张三_lab3.ipynb",
    "submissions.zip/20260003 Zoé Müller-Lüd/lab3.ipynb": "20260003_Zoé Müller-Lüd_lab3.ipynb",
    "Lab 3_20260001_attempt_2026-10-01-23-59-58_lab3.ipynb": None,  # the system says whose
    "20260001_张三_model.pt": "20260001_张三_model.pth",
    "20260001_张三_model_final.pth": "20260001_张三_model.pth",
    "20260001_张三_lab03.ipynb": "20260001_张三_lab3.ipynb",
    "20260001_张三_lab3_final (2).ipynb": "20260001_张三_lab3.ipynb",
    "lab3_20260001_张三.ipynb": "20260001_张三_lab3.ipynb",
    "Kopie von 20260001_张三_lab3.ipynb": "20260001_张三_lab3.ipynb",
    "“20260001_张三_lab3.ipynb”的副本": "20260001_张三_lab3.ipynb",
    "20260001/lab3.ipynb": "20260001_张三_lab3.ipynb",
}
NOBODYS = {
    "29990001_王五_lab3.ipynb": (UNKNOWN, "29990001 is no student in the roster"),
    "lab3.ipynb": (MISNAMED, "rename it to <student id>_<name>_lab3.ipynb"),
    "张三_lab3.ipynb": (MISNAMED, "rename it to 20260001_张三_lab3.ipynb"),
    "zhangsan_1234_9876_lab3.ipynb": (MISNAMED, "has no student id"),
    "20260001_20260002_lab3.ipynb": (MISNAMED, "the ids of two students"),
    "20260001_李四_lab3.ipynb": (MISNAMED, "the id of 20260001, but the name of 20260002"),
    "20260001_submissions.zip/lab3.ipynb": (MISNAMED, "has no student id"),
    "20260001_张三_lab2.ipynb": (MISNAMED, "may be another piece of work"),
    "20260001_张三_lab31.ipynb": (MISNAMED, "may be another piece of work"),
    "20260001_张三_lab3.zip/20260002_李四_lab3.ipynb": (MISNAMED, "the ids of two students"),
    "20260001_张三.docx": (MISNAMED, "neither a notebook nor a model nor a photo"),
    "20260001_张三_notes.txt": (MISNAMED, "neither a notebook nor a model nor a photo"),
    "120260001_张三_lab3.ipynb": (UNKNOWN, "120260001 is no student"),
    "__MACOSX/._20260001_张三_lab3.ipynb": (IGNORED, ""),
    ".ipynb_checkpoints/20260001_张三_lab3.ipynb": (IGNORED, ""),
    "Lab 3_20260001_attempt_2026-10-01-23-59-58.txt": (IGNORED, ""),
    "张三_4711_assignsubmission_onlinetext_/onlinetext.html": (IGNORED, ""),
}


def read(path, by=names):
    (reading,) = by.readings(tuple(path.split("/")))
    return reading


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("path", AS_PRESCRIBED)
def test_prescribed_names_in_any_script_and_normal_form(path, form):
    reading = read(unicodedata.normalize(form, path))
    assert (reading.student, reading.file) == AS_PRESCRIBED[path]
    assert (reading.state, reading.says) == (COLLECTED, "")


@pytest.mark.parametrize("path", RECOGNISED)
def test_safe_deviations_are_recognised_and_said(path):
    reading, proper = read(path), RECOGNISED[path]
    assert reading.state == COLLECTED
    assert reading.says == (f"was taken for {proper}" if proper else "")


@pytest.mark.parametrize("path", NOBODYS)
def test_unsafe_ones_are_left_with_what_to_do(path):
    reading = read(path)
    state, says = NOBODYS[path]
    assert (reading.state, reading.student) == (state, "")
    assert says in reading.says


@pytest.mark.parametrize("path", AS_PRESCRIBED)
def test_without_a_roster_the_first_word_is_the_id(path):
    reading = read(path, anyone)
    assert (reading.student, reading.file) == AS_PRESCRIBED[path]


def test_without_a_roster_what_browsers_put_before_a_name_is_no_id():
    assert read("Copy of 20260001_Ada_lab3.ipynb", anyone).student == "20260001"


@pytest.mark.parametrize("path", ["submissions/lab3.ipynb", "IMG_2034.jpg", "Untitled1.ipynb"])
def test_without_a_roster_nothing_is_guessed(path):
    assert read(path, anyone).state == MISNAMED


@pytest.mark.parametrize("student", ["..", ".", "a/b", "-rf", ".hidden", "*"])
def test_no_id_leaves_the_folder_of_submissions(student):
    reading = anyone.readings((f"{student}_x_lab3.ipynb",))[0]
    assert reading.student in ("", "b", "rf", "x") and (reading.student or not reading.file)


def test_several_notebooks_of_an_ordinary_assignment_are_told_apart():
    several = Names({"problem1": "problem1", "problem2": "problem2"}, people)
    assert read("20260001_张三_Problem 2.ipynb", several).file == "problem2.ipynb"
    assert read("20260001_张三.ipynb", several).state == MISNAMED


def test_what_systems_say_of_time_and_lateness():
    blackboard = export_at(("Lab 3_u1_attempt_2026-10-01-23-59-58_a_b.ipynb",), 0)
    assert blackboard.people[0].users == ("u1",)
    assert blackboard.time == datetime(2026, 10, 1, 23, 59, 58)
    assert blackboard.file == ("a_b.ipynb",)
    canvas = export_at(("zhangsan_LATE_12_34_a_b-1.ipynb",), 0)
    assert (canvas.late, canvas.serial, canvas.file) == (True, 34, ("a_b-1.ipynb",))
    assert not export_at(("zhangsan_12_34_a.ipynb",), 0).late
    assert export_at(("20260001_张三_lab3.ipynb",), 0) is None
