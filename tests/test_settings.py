import hashlib
import hmac
import stat

import pytest

from autograder.settings import SettingsError, find_course


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
    assert len(seeds) == 3 and seeds == find_course(course.root).hidden_seeds("a", "f")
    assert all(0 <= seed < 2**32 for seed in seeds)


def test_hidden_seeds_are_the_hmac_of_the_secret_over_their_name(course):
    (course.root / "build/keys").mkdir(parents=True)
    (course.root / "build/keys/secret").write_text("known\n")
    digest = hmac.digest(b"known", b"a/f/1", hashlib.sha256)
    assert course.hidden_seeds("a", "f")[1] == int.from_bytes(digest[:4], "big")


def test_hidden_seeds_differ_by_assignment_exercise_index_and_secret(course):
    def all_seeds():
        return [s for a in "ab" for e in ("f", "g") for s in course.hidden_seeds(a, e)]

    before = all_seeds()
    (course.root / "build/keys/secret").write_text("another")
    assert len({*before, *all_seeds()}) == 2 * len(before) == 24
