import errno
import hashlib
import hmac
import os
import stat

import pytest

from autograder.__main__ import main
from autograder.settings import SettingsError, find_course

KNOWN = "a secret that has as many characters as it must have"


@pytest.fixture
def course(make_course):
    """Without a secret: it is made on first use."""
    solutions = {"b": {"b.py": ""}, "a": {"a.py": "", "other.py": ""}, "c": {"d.py": ""}}
    return make_course(solutions, secret="")


def test_the_course_is_found_from_below(course):
    assert find_course(course.solutions / "a").root == course.root


def test_outside_a_course_the_error_says_what_to_do(tmp_path):
    with pytest.raises(SettingsError, match="run this inside the course folder"):
        find_course(tmp_path)


def test_assignments_are_folders_with_a_source_of_their_name(course):
    assert course.assignments() == ["a", "b"]
    assert course.source_path("a") == course.root / "solutions/a/a.py"


def test_an_unknown_assignment_is_told_with_those_there_are(course):
    with pytest.raises(SettingsError, match=r"no assignment 'c'.*\(there: a, b\)"):
        course.source_path("c")


def test_settings_come_from_the_configuration(course):
    config = course.root / "nbgrader_config.py"
    config.write_text(config.read_text() + "\nc.Course.hidden_cases = 7\n")
    assert len(find_course(course.root).hidden_seeds("a", "f")) == 7


def test_the_secret_is_made_once_for_its_owner_only(course):
    path = course.root / "build/keys/secret"
    assert not path.exists()
    secret = course.secret()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(secret) == 64 and course.secret() == find_course(course.root).secret() == secret


def test_hidden_seeds_stay_the_same(course):
    seeds = course.hidden_seeds("a", "f")
    assert len(seeds) == 2 and seeds == find_course(course.root).hidden_seeds("a", "f")
    assert all(0 <= seed < 2**32 for seed in seeds)


def test_hidden_seeds_are_the_hmac_of_the_secret_over_their_name(course):
    (course.root / "build/keys").mkdir(parents=True)
    (course.root / "build/keys/secret").write_text(f"{KNOWN}\n")
    digest = hmac.digest(KNOWN.encode(), b"a/f/1", hashlib.sha256)
    assert course.hidden_seeds("a", "f")[1] == int.from_bytes(digest[:4], "big")


def test_hidden_seeds_differ_by_assignment_exercise_index_and_secret(course):
    def all_seeds():
        return [s for a in "ab" for e in ("f", "g") for s in course.hidden_seeds(a, e)]

    before = all_seeds()
    (course.root / "build/keys/secret").write_text(KNOWN)
    assert len({*before, *all_seeds()}) == 2 * len(before) == 16


def secret_of(course):
    path = course.root / "build/keys/secret"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


@pytest.mark.parametrize("left", [b"", b"\n", b"0123abcd\n", b"\0" * 64, b" " * 64])
def test_a_secret_that_is_too_short_is_refused(course, left):
    """Such as what a full disk or a crash leaves: two courses would have the same keys."""
    secret_of(course).write_bytes(left)
    with pytest.raises(SettingsError, match=r"at least 32: put a copy of it back"):
        course.hidden_seeds("a", "f")
    assert secret_of(course).read_bytes() == left


def full_disk(*_):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("step", ["fsync", "link", "chmod"])
def test_a_secret_is_written_whole_or_not_at_all(course, monkeypatch, step):
    with monkeypatch.context() as patched:
        patched.setattr(os, step, full_disk)
        with pytest.raises(OSError, match="No space left"):
            course.secret()
    assert os.listdir(secret_of(course).parent) == []
    assert len(course.secret()) == 64


def test_of_two_that_make_a_secret_at_once_both_have_the_first(course, monkeypatch):
    link = os.link

    def slower(new, path):
        secret_of(course).write_text(KNOWN)
        link(new, path)

    monkeypatch.setattr(os, "link", slower)
    assert course.secret() == KNOWN.encode()
    assert os.listdir(secret_of(course).parent) == ["secret"]


@pytest.mark.parametrize("graded", ["reports/a/ada.json", "autograded/ada/a/a.ipynb"])
def test_a_lost_secret_is_not_replaced_where_grades_rest_on_it(course, graded):
    (course.build / graded).parent.mkdir(parents=True)
    (course.build / graded).touch()
    with pytest.raises(SettingsError, match="missing, and grades rest on it: put a copy"):
        course.secret()
    assert not secret_of(course).exists()


def test_grades_of_ordinary_assignments_rest_on_no_secret(course):
    (course.build / "autograded/ada/other").mkdir(parents=True)
    (course.build / "autograded/ada/other/other.ipynb").touch()
    assert course.secret()


def test_what_the_machine_forbids_is_one_line(course, monkeypatch, capsys):
    def denied(*_):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), "build/x")

    monkeypatch.chdir(course.root)
    for step, said in ((full_disk, "the disk is full: make room"), (denied, "build/x: Permission")):
        monkeypatch.setattr("autograder.commands.run", step)
        assert main(["build"]) == 1
        error = capsys.readouterr().err
        assert error.startswith(f"autograder: {said}") and error.count("\n") == 1
