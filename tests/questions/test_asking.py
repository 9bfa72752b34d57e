"""Asking a class: keys that hold, everybody's own questions, and nothing that one student stops."""

import json
import re

import pytest
from handing import folder_of, hand_in, right_answers

from autograder.__main__ import main
from autograder.authoring.build import make
from autograder.course.gradebook import without_noise
from autograder.files import PRIVATE, write_whole
from autograder.questions import asking
from autograder.questions.asking import Choices, ask_class
from autograder.questions.asking import folder_of as kept_in
from autograder.questions.question import from_json

FORGED = """\
import autograder.questions.looking as looking
looking._answer = lambda *_: {"output": 1.0, "looks": {"x": 3}, "learned": ["<b>"]}
"""
ALONE = Choices(workers=1)


@pytest.fixture(scope="module")
def course(module_demo_course):
    import nbformat

    course = module_demo_course
    path = course.released("demo")
    path.parent.mkdir(parents=True)
    nbformat.write(make(course, "demo")[0], path)
    right = right_answers(course)["softmax"]
    hand_in(course, "ada", {"softmax": right})
    hand_in(course, "bob", {"softmax": right})
    hand_in(course, "eve", {})
    hand_in(course, "mallory", {"softmax": f"{FORGED}\n{right}"})
    (folder_of(course, "zoe") / "demo.ipynb").parent.mkdir(parents=True)
    (folder_of(course, "zoe") / "demo.ipynb").write_text("{")
    return course


@pytest.fixture(scope="module")
def asked(course):
    with without_noise():
        return ask_class(course, "demo", ALONE)


def test_all_who_wrote_something_have_questions(asked):
    assert {name for name, own in asked.questions.items() if len(own) == 3} == {"ada", "bob"}
    assert asked.told == {"eve": "no exercise is written"}
    assert asked.refuted == 0


def test_what_one_hands_in_costs_oneself(asked):
    assert asked.problems.keys() == {"mallory", "zoe"}
    assert "not a Jupyter notebook" in asked.problems["zoe"]


def test_equal_code_is_asked_about_differently(asked):
    ada, bob = ({q.signature for q in asked.questions[name]} for name in ("ada", "bob"))
    assert ada != bob


def test_one_option_is_right_and_all_are_different(asked):
    for question in (q for own in asked.questions.values() for q in own):
        assert [option.is_right for option in question.options].count(True) == 1
        assert len({option.text for option in question.options}) == 4
        assert question.why and all(o.why for o in question.options if not o.is_right)
        assert not any("#" in line for _, line in question.code)


def test_shapes_are_what_arrays_of_these_sizes_have(course, asked):
    """Worked out here in another way: softmax keeps shapes, its maxima have a last axis of 1."""
    files = (kept_in(course, "demo") / "kept").glob("*.json")
    pool = [from_json(each) for file in files for each in json.loads(file.read_text())["questions"]]
    shapes = [question for question in pool if question.kind == "shape"]
    assert shapes
    for question in shapes:
        rows, columns = map(int, re.search(r"shape \((\d+), (\d+)\)", question.given).groups())
        right = next(option.text for option in question.options if option.is_right)
        assert right in (f"({rows}, 1)", f"({rows}, {columns})")


def test_what_was_made_is_kept(course, asked, monkeypatch):
    def never(task):
        assert task.student in asked.problems, "made again"
        return task.student, "still"

    monkeypatch.setattr(asking, "make_one", never)
    again = ask_class(course, "demo", ALONE)
    assert again.questions == asked.questions
    assert set(again.problems.values()) == {"still"}


def test_another_seed_or_a_damaged_file_is_made_again(course, asked, monkeypatch):
    made = []
    monkeypatch.setattr(asking, "make_one", lambda task: made.append(task.student) or ("", ""))
    ask_class(course, "demo", Choices(seed="2", workers=1, students=("ada", "bob")))
    assert made == ["ada", "bob"]
    kept = kept_in(course, "demo") / "kept/ada.json"
    before = kept.read_text()
    write_whole(kept, before[:100])
    ask_class(course, "demo", Choices(workers=1, students=("ada",)))
    assert made == ["ada", "bob", "ada"]
    write_whole(kept, before, PRIVATE)


def test_the_command_writes_files_and_says_who_is_missing(course, asked, monkeypatch, capsys):
    monkeypatch.chdir(course.root)
    stale = kept_in(course, "demo") / "pages/gone.html"
    write_whole(stale, "of somebody who handed in nothing any more")
    monkeypatch.setattr(
        asking, "make_one", lambda task: (task.student, asked.problems[task.student])
    )
    assert main(["questions", "demo", "--workers", "1"]) == 1
    said = capsys.readouterr().out
    assert "eve: no exercise is written" in said and "zoe: " in said
    assert "2 students with 3 questions, 0 with fewer" in said
    folder = kept_in(course, "demo")
    assert {each.name for each in (folder / "pages").iterdir()} == {"ada.html", "bob.html"}
    for name in ("key.html", "moodle.xml", "canvas.zip", "kept/ada.json", "pages/ada.html"):
        assert (folder / name).stat().st_mode & 0o077 == 0, name
    key = json.loads((folder / "kept/ada.json").read_text())["questions"][0]["why"]
    assert key not in (folder / "pages/ada.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["demo", "--exercise", "nowhere"], "no exercise 'nowhere' (there: softmax)"),
        (["demo", "--student", "nobody"], "no submission of 'demo' by nobody"),
        (["nothing"], "no assignment 'nothing'"),
    ],
)
def test_wrong_wishes_get_one_line(course, arguments, said, monkeypatch, capsys):
    monkeypatch.chdir(course.root)
    assert main(["questions", *arguments]) == 2
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1
