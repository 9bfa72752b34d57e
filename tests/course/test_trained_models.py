"""Model files of a class: the same grades every way, no work done twice, leaderboard and audit."""

import csv
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from handing import autograde, folder_of, hand_in, right_answers, submission_of
from rich.console import Console

from autograder.__main__ import main
from autograder.authoring.build import build
from autograder.course import executors
from autograder.course.audit import Finding, audit
from autograder.course.class_page.writing import write_class_page
from autograder.course.classrun import grade_class
from autograder.course.gradebook import Nbgrader
from autograder.course.leaderboard import leaderboards, ranked
from autograder.course.reports import reports
from autograder.course.tables import show_tables
from autograder.grading import execute as execution
from autograder.grading import submission
from autograder.grading.repair.reading import read_notebook
from autograder.grading.submission import Grader
from autograder.settings import SettingsError

EXPECTED = {  # points for the network and for the trained model
    "ada": (2.0, 4.0),
    "eve": (2.0, 0.0),  # an untrained model
    "liu": (0.0, 4.0),  # a wrong network, and yet the reference's weights
    "mal": (2.0, 0.0),  # a link to somebody else's file
    "nil": (2.0, 0.0),  # no file
    "zip": (2.0, 0.0),  # a damaged file
}
WRONG = "class Network(torch.nn.Module):\n    pass"


@pytest.fixture(scope="module")
def course(module_parity_course, parity_weights):
    course = module_parity_course
    build(course, "parity")
    Nbgrader(course).release("parity")
    right = right_answers(course, "parity")
    for student in EXPECTED:
        hand_in(course, student, {"network": WRONG} if student == "liu" else right, "parity")
    untrained = {name: 0 * tensor for name, tensor in parity_weights.items()}
    put(course, "ada", parity_weights)
    put(course, "eve", untrained)
    put(course, "liu", parity_weights)
    model_of(course, "mal").symlink_to(model_of(course, "ada"))
    model_of(course, "zip").write_bytes(b"PK\x03\x04 cut off")
    return course


def model_of(course, student):
    return folder_of(course, student, "parity") / f"1_{student}_model.pth"


def put(course, student, weights):
    file = {"configuration": {"hidden": 16}, "state_dict": weights}
    torch.save(file, model_of(course, student))


@pytest.fixture(scope="module")
def graded(course):
    grade_class(course, "parity")
    return course


def grades(course):
    names = ("check-network", "check-trained_model")
    return {r.student: tuple(r.cells[n] for n in names) for r in Nbgrader(course).rows("parity")}


def test_everyone_gets_their_points(graded):
    assert grades(graded) == EXPECTED


def files_of(course, step):
    return {path.suffix for path in (course.build / step).glob("*/parity/*")}


def test_grading_and_feedback_copy_no_model_files(graded):
    assert files_of(graded, "autograded") == {".ipynb"}
    assert files_of(graded, "feedback") == {".html"}


def nbgrader(course, *words):
    command = [Path(sys.executable).with_name("nbgrader"), *words]
    environment = {**os.environ, "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, cwd=course.root, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_plain_nbgrader_formgraders_button_and_score_give_the_same(graded, capsys, monkeypatch):
    nbgrader(graded, "autograde", "parity", "--force")
    assert grades(graded) == EXPECTED
    nbgrader(graded, "generate_feedback", "parity", "--force")
    assert files_of(graded, "feedback") == {".html"}
    autograde(Nbgrader(graded), "parity", "ada")  # what the button calls
    assert grades(graded) == EXPECTED
    monkeypatch.chdir(graded.root)
    assert main(["score", "parity", "build/submitted/liu/parity/parity.ipynb"]) == 0
    assert '"score": 4.0' in capsys.readouterr().out


def test_feedback_shows_measures_tier_and_pseudonym_and_nothing_hidden(graded):
    html = (graded.build / "feedback/ada/parity/parity.html").read_text(encoding="utf-8")
    assert "<p>accuracy 1.00, loss " in html
    assert "reaches 0.98, 4 of 4 points" in html
    assert f"On the leaderboard: {graded.pseudonym('ada')}" in html
    assert str(graded.hidden_seeds("parity", "trained_model")[0]) not in html
    html = (graded.build / "feedback/zip/parity/parity.html").read_text(encoding="utf-8")
    assert "<p>the model file is damaged" in html
    assert "leaderboard" not in html


@pytest.fixture
def executed(monkeypatch):
    """Submissions that are executed, by the number of cells that ran."""
    jobs = []
    plain = executors.execute

    def counting(job):
        jobs.append(job)
        return plain(job)

    monkeypatch.setattr(executors, "execute", counting)
    monkeypatch.setattr(submission, "execute", counting)
    return jobs


def test_a_second_run_repeats_nothing(graded, executed):
    grade_class(graded, "parity", feedback=False)
    assert executed == []


def test_a_changed_model_file_is_graded_again_and_no_other(graded, executed, parity_weights):
    put(graded, "nil", parity_weights)
    grade_class(graded, "parity", feedback=False)
    assert len(executed) == 1
    assert grades(graded) == {**EXPECTED, "nil": (2.0, 4.0)}
    model_of(graded, "nil").unlink()
    grade_class(graded, "parity", feedback=False)
    assert len(executed) == 1  # evidence of having no file is kept as well
    assert grades(graded) == EXPECTED


def test_changed_tiers_are_applied_without_executing_anything(graded, executed):
    path = graded.source_path("parity")
    before = path.read_text(encoding="utf-8")
    harder = before.replace("(0.98, 4)", "(0.98, 3.5), (1.10, 4)").replace("(0.90, 3)", "(0.90, 2)")
    path.write_text(harder, encoding="utf-8")
    try:
        build(graded, "parity")
        grade_class(graded, "parity", feedback=False)
        assert executed == []
        assert grades(graded)["ada"] == (2.0, 3.5)
    finally:
        path.write_text(before, encoding="utf-8")
        build(graded, "parity")
        grade_class(graded, "parity", feedback=False)
    assert grades(graded) == EXPECTED


def test_ties_share_a_rank_and_the_next_one_is_left_out():
    values = {"a": 0.5, "b": 0.75, "c": 0.5, "d": 0.50001, "e": 0.25}
    found = ranked({name: {"accuracy": value} for name, value in values.items()})
    assert [(each.rank, each.name) for each in found] == [
        (1, "b"),
        (2, "a"),
        (2, "c"),
        (2, "d"),
        (5, "e"),
    ]


def test_the_leaderboard_has_pseudonyms_and_everyone_whose_model_was_measured(graded):
    show_tables(graded, "parity", Console(quiet=True))
    with (graded.build / "leaderboard-parity-trained_model.csv").open() as file:
        rows = list(csv.DictReader(file))
    first = sorted(map(graded.pseudonym, ("ada", "liu")))
    assert [(row["rank"], row["student"]) for row in rows] == [
        ("1", first[0]),
        ("1", first[1]),
        ("3", graded.pseudonym("eve")),
    ]
    assert rows[0]["accuracy"] == "1.0000" and list(rows[0]) == [
        "rank",
        "student",
        "accuracy",
        "loss",
    ]


def test_names_only_where_the_course_says_so(graded, monkeypatch):
    monkeypatch.setattr(graded, "leaderboard_names", True)
    (board,) = leaderboards(graded, "parity")
    assert [each.name for each in board.standings] == ["ada", "liu", "eve"]


def test_the_class_page_names_whom_the_published_board_does_not(graded):
    write_class_page(graded, "parity", ["html"])
    text = (graded.build / "class/parity/report.html").read_text()
    text = " ".join(re.sub("<[^>]+>", " ", text).split())
    assert f" 1 ada {graded.pseudonym('ada')} 1.0000 " in text


def test_an_audit_trains_again_and_tells_who_cannot_be_reproduced(graded, executed):
    findings = {f.student: f for f in audit(graded, "parity", 3, draw="x", seconds=60)}
    assert findings["ada"].reproduced == 1.0 and findings["ada"].is_plausible(0.0)
    assert findings["eve"].claimed < 0.75 < findings["eve"].reproduced  # better than claimed
    assert not findings["liu"].is_plausible(1.0)
    assert findings["liu"].problem.startswith("no model file was written; a cell ended with ")
    assert len(executed) == 3
    audit(graded, "parity", 3, draw="y", seconds=60)
    assert len(executed) == 3  # kept


def test_an_audit_has_a_time_limit(graded, monkeypatch):
    monkeypatch.setattr(execution, "MOMENT", 0.001)  # the training takes a tenth of a second
    findings = {f.student: f for f in audit(graded, "parity", 3, draw="x", seconds=0.01)}
    assert findings["ada"].reproduced is None
    assert re.search("TimeoutError|NameError|took more than", findings["ada"].problem)


def test_the_same_draw_draws_the_same_students(graded):
    students = [f"student_{number}" for number in range(20)]
    assert graded.drawn(students, "a") == graded.drawn(reversed(students), "a")
    assert graded.drawn(students, "a") != graded.drawn(students, "b")
    assert sorted(graded.drawn(students, "a")) == sorted(students)


def test_a_claim_is_plausible_down_to_the_tolerance():
    assert Finding("a", "m", 0.80, 0.76).is_plausible(0.05)
    assert not Finding("a", "m", 0.80, 0.74).is_plausible(0.05)
    assert Finding("a", "m", 0.80, 0.99).is_plausible(0.05)


def test_where_lower_is_better_a_claim_is_plausible_up_to_the_tolerance():
    plausible = [Finding("a", "m", 5.0, it, "", True).is_plausible(0.1) for it in (4.0, 5.09, 5.2)]
    assert plausible == [True, True, False]
    standings = ranked({"a": {"perplexity": 5.0}, "b": {"perplexity": 4.0}}, falling=True)
    assert [(each.rank, each.name) for each in standings] == [(1, "b"), (2, "a")]


@pytest.mark.parametrize("command", [["audit", "parity", "3"], ["grade", "parity", "--audit", "3"]])
def test_the_command_prints_the_findings_and_fails_where_one_is_not_plausible(
    graded, capsys, monkeypatch, command
):
    monkeypatch.chdir(graded.root)
    monkeypatch.setenv("COLUMNS", "200")
    assert main([*command, "--draw", "x", "--minutes", "1"]) == 1
    out = capsys.readouterr().out
    assert "✓ plausible" in out and "✗ no model file was written" in out, out
    assert "plausible up to 0.05 worse than the claim" in out
    with (graded.build / "audit-parity.csv").open() as file:
        assert {row["student"] for row in csv.DictReader(file)} == {"ada", "eve", "liu"}


def test_without_graded_models_there_is_nothing_to_audit(graded, tmp_path):
    shutil.rmtree(graded.build / "reports")
    with pytest.raises(SettingsError, match="no graded models for 'parity'"):
        audit(graded, "parity", 3, draw="x", seconds=60)
    assert reports(graded, "parity") == {}


def test_without_the_folder_a_notebook_earns_its_code_only(course):
    nb = read_notebook(folder_of(course, "ada", "parity") / "parity.ipynb")
    assert submission_of(Grader(course, "parity"), nb).graded.score == 2.0
