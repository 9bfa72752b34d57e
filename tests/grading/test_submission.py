"""A submission on its way from file to verdicts: every step once, whoever asks for it."""

import os

import pytest
from handing import GOLDEN, course_of, folder_of, hand_in, right_answers, submission_of, written

from autograder.authoring.build import build
from autograder.grading import submission as module
from autograder.grading.repair.reading import SubmissionError
from autograder.grading.submission import Grader, handed_in, shared_grader

STEPS = {  # what is counted -> where it is looked up
    "read": "read_bytes",
    "parsed": "notebook_of",
    "repaired": "repair",
    "executed": "execute",
}
BOTH = {
    "square": "def square(x):\n    return x * x",
    "cube": "def cube(x):\n    return x**3",
}


@pytest.fixture
def course(tmp_path):
    course = course_of(tmp_path, GOLDEN / "powers")
    build(course, "powers")
    hand_in(course, "ada", BOTH, "powers")
    return course


@pytest.fixture
def path(course):
    return folder_of(course, "ada", "powers") / "powers.ipynb"


@pytest.fixture
def counted(monkeypatch):
    """How often each step was taken, and the jobs that were executed."""
    counts, jobs = dict.fromkeys(STEPS, 0), []

    def counting(what, real):
        def step(*arguments):
            counts[what] += 1
            if what == "executed":
                jobs.append(arguments[0])
            return real(*arguments)

        return step

    for what, name in STEPS.items():
        monkeypatch.setattr(module, name, counting(what, getattr(module, name)))
    counts["jobs"] = jobs
    return counts


def scores(submission):
    return [verdict.score for verdict in submission.verdicts]


def test_every_step_is_taken_once_however_often_one_asks(course, path, counted):
    submission = Grader(course, "powers").submission(path)
    for _ in range(2):
        assert scores(submission) == [2, 2]
        assert submission.graded.score == 4 and submission.fingerprint and submission.job.digest
    assert [counted[what] for what in STEPS] == [1, 1, 1, 1]


def test_one_path_is_one_submission_while_its_folder_stays_as_it_is(course, path, counted):
    first = handed_in(shared_grader(course, "powers"), path)
    assert handed_in(shared_grader(course, "powers"), path) is first
    assert counted["read"] == 1


def changed_notebook(course, path):
    hand_in(course, "ada", {**BOTH, "square": "def square(x):\n    return x"}, "powers")


def new_file(course, path):
    path.with_name("1_ada_model.pth").write_bytes(b"")


def same_size_and_another_time(course, path):
    os.utime(path, ns=(1, 1))


@pytest.mark.parametrize("change", [changed_notebook, new_file, same_size_and_another_time])
def test_a_changed_folder_is_another_submission(course, path, change):
    grader = shared_grader(course, "powers")
    first = handed_in(grader, path)
    change(course, path)
    assert handed_in(grader, path) is not first


def test_reading_nothing_else_it_is_not_kept_for_ever(course, path, monkeypatch):
    monkeypatch.setattr(module, "RECENT", 1)
    grader = Grader(course, "powers")
    first = grader.submission(path)
    other = hand_in(course, "bob", BOTH, "powers")
    grader.submission(other)
    assert grader.submission(path) is not first


def test_evidence_is_kept_for_another_run(course, path, counted):
    for _ in range(2):
        assert scores(Grader(course, "powers").submission(path)) == [2, 2]
    assert counted["executed"] == 1


def test_a_changed_solution_is_executed_again_whole(course, path, counted):
    scores(Grader(course, "powers").submission(path))
    changed_notebook(course, path)
    assert scores(Grader(course, "powers").submission(path)) == [0, 2]
    assert [job.exercises.keys() for job in counted["jobs"]] == 2 * [{"square", "cube"}]


def edited(course, name, old, new):
    file = course.source_path("powers").with_name(name)
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
    build(course, "powers")


EDITS = {  # an edit of the author's -> what it makes old of evidence that was kept
    "inputs of one": ("checks.py", "rng.normal(3)", "rng.normal(4)", {"square"}),
    "a helper of one": ("checks.py", "rng.uniform(4)", "rng.uniform(5)", {"cube"}),
    "an import": ("checks.py", "import Rng, call, probe", "import Rng, call, probe, size", set()),
    "a comment in a probe": (
        "checks.py",
        "    return call(rng",
        "    #\n    return call(rng",
        {"square"},
    ),
    "a comment between them": ("checks.py", "\n\n\ndef far", "\n\n# of one\ndef far", set()),
    "points": ("powers.py", "points=2", "points=3", set()),
}


@pytest.mark.parametrize("file, old, new, wanted", EDITS.values(), ids=EDITS)
def test_an_edit_executes_again_what_rests_on_it_and_nothing_else(
    course, path, counted, file, old, new, wanted
):
    scores(Grader(course, "powers").submission(path))
    edited(course, file, old, new)
    submission = Grader(course, "powers").submission(path)
    assert submission.graded.score == submission.graded.max_score
    again = [name for job in counted["jobs"][1:] for name in job.exercises]
    assert set(again) == wanted and len(again) == len(wanted)


def test_another_secret_makes_all_evidence_old(course, path, counted):
    scores(Grader(course, "powers").submission(path))
    (course.root / course.secret_file).write_text("another secret, as long as it must be")
    assert scores(Grader(course, "powers").submission(path)) == [2, 2]
    assert counted["jobs"][1].exercises.keys() == {"square", "cube"}


def test_another_version_of_the_checks_package_makes_all_evidence_old(
    course, path, counted, monkeypatch
):
    scores(Grader(course, "powers").submission(path))
    monkeypatch.setattr("autograder.grading.verify.own_code", lambda: b"of another version")
    assert scores(Grader(course, "powers").submission(path)) == [2, 2]
    assert counted["jobs"][1].exercises.keys() == {"square", "cube"}


def test_one_grader_is_shared_until_something_of_the_author_changes(course):
    grader = shared_grader(course, "powers")
    assert shared_grader(course, "powers") is grader
    edited(course, "checks.py", "rng.normal(3)", "rng.normal(4)")
    assert shared_grader(course, "powers") is not grader


def test_fingerprints_tell_submissions_and_graders_apart(course, path):
    first = Grader(course, "powers").submission(path).fingerprint
    assert Grader(course, "powers").submission(path).fingerprint == first
    changed_notebook(course, path)
    other = Grader(course, "powers").submission(path).fingerprint
    edited(course, "checks.py", "rng.normal(3)", "rng.normal(4)")
    assert len({first, other, Grader(course, "powers").submission(path).fingerprint}) == 3


def test_a_notebook_without_a_file_is_graded_too(course):
    grader = Grader(course, "powers")
    submission = submission_of(grader, written(course, right_answers(course, "powers"), "powers"))
    assert scores(submission) == [2, 2]


@pytest.mark.parametrize("name", ["nowhere.ipynb", "no/such/folder/nowhere.ipynb"])
def test_a_file_that_is_not_there_is_said(course, tmp_path, name):
    with pytest.raises(SubmissionError, match="no such file"):
        Grader(course, "powers").submission(tmp_path / name)


def test_the_zygote_is_told_what_a_check_needs_and_no_more(course):
    checks = shared_grader(course, "powers").verifier.planned()
    assert set(checks) == {"square", "cube"}
    assert "far" in checks["cube"].text and "far" not in checks["square"].text
    assert list(checks["cube"].seeds) == course.hidden_seeds("powers", "cube")
    assert not [text for text in map(str, checks.values()) if "x**3" in text or "x**2" in text]
