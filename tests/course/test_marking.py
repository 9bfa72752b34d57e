"""Groups of the same answer, and marks that several graders give at once."""

from itertools import chain

import pytest
from sqlalchemy import create_engine
from unmarked import (
    CELL,
    CLASS,
    NAME,
    copy_of,
    hand_in_answer,
    in_gradebook,
    unmarked_course,
    write_answer,
)

from autograder.course.collecting.people import Student
from autograder.course.gradebook import Nbgrader
from autograder.course.marking import ledger
from autograder.course.marking.answers import Written
from autograder.course.marking.desk import Desk
from autograder.course.marking.groups import Group, Share, groups_of, read_share
from autograder.course.marking.ledger import ChangedError, Entry, Given
from autograder.course.marking.names import without_names
from autograder.settings import SettingsError


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patched:
        return unmarked_course(tmp_path_factory.mktemp("unmarked"), patched)


@pytest.fixture
def course(template, tmp_path):
    return copy_of(template, tmp_path)


@pytest.fixture
def engine(course):
    engine = create_engine(Nbgrader(course).database)
    yield engine
    engine.dispose()


@pytest.fixture
def desk(course, engine):
    return Desk(course, "demo", engine, "Bea", Share())


def group(desk, student):
    """The group that a student's answer is in."""
    (found,) = [g for g in desk.groups(NAME) if student in {e.student for e in g.entries}]
    return found


def give(desk, student, *given, version=None):
    found = group(desk, student)
    return desk.mark(NAME, found.key, version or found.version, Given(*given))


def students(found):
    return sorted(entry.student for entry in found.entries)


def entry(number, **more):
    of = {"auto": None, "manual": None, "extra": None, "waits": True, "said": ""}
    return Entry(f"s{number}", NAME, f"{number:032}", f"{number:032}", 2.0, **{**of, **more})


def shuffled(count, secret=b"a"):
    entries = [entry(number) for number in range(count)]
    texts = {each.student: Written(each.student) for each in entries}
    return groups_of(entries, texts, secret, NAME)


def test_answers_that_are_the_same_are_one_group(desk):
    same = group(desk, "s10001")
    assert students(same) == ["s10001", "s10002"] and len(same.spellings) == 2
    assert students(group(desk, "s10003")) == ["s10003"]  # another letter in a formula
    assert len(desk.groups(NAME)) == 4


def test_the_order_tells_nothing_of_the_roster():
    order = [each.entries[0].student for each in shuffled(20)]
    assert sorted(order) != order and order == [g.entries[0].student for g in shuffled(20)]
    assert order != [each.entries[0].student for each in shuffled(20, secret=b"b")]


def test_parts_are_even_and_hold_every_group_once():
    groups = shuffled(20)
    found = [Share(number, 3).of(groups) for number in (1, 2, 3)]
    assert [*chain(*found)] == groups and {len(part) for part in found} == {6, 7}


def test_an_answer_that_went_to_another_part_can_still_be_marked(course, desk, engine):
    theirs = desk.groups(NAME)[0]
    other = Desk(course, "demo", engine, "Cal", Share(4, 4))
    assert theirs.key not in {each.key for each in other.groups(NAME)}
    other.mark(NAME, theirs.key, theirs.version, Given(1))
    assert in_gradebook(course, theirs.entries[0].student)[0] == 1


def test_who_hands_in_late_moves_few_from_part_to_part():
    def owners(count):
        groups = shuffled(count)
        return {g.key: n for n in range(1, 5) for g in Share(n, 4).of(groups)}

    before, after = owners(40), owners(41)
    assert sum(after[key] != owner for key, owner in before.items()) <= 3


@pytest.mark.parametrize("text", ["0/3", "4/3", "1", "a/b", "-1/2", "1/0", ""])
def test_a_part_that_is_none_is_refused(text):
    with pytest.raises(SettingsError, match="1/3, 2/3 and 3/3"):
        read_share(text)


def test_students_do_not_tell_who_they_are(desk):
    assert group(desk, "s10004").written.text == "NAME (NAME) says: it overflows."


def test_only_what_tells_somebody_is_hidden():
    student = Student("max", "Max", "Ng", "ng@example.org", ("max_pool",), ("4711",))
    said = "max of max_pool, not Max or 4711; NG MAX, ng@example.org. Maximum."
    hidden = "max of NAME, not Max or 4711; NAME, NAME. Maximum."
    assert without_names([said], student) == [hidden]


def test_pictures_keep_their_place_without_their_authors_name(course, desk):
    picture = {"image/png": "AAAA"}
    text = "![Ada Lovelace](attachment:s10001.png)"
    write_answer(course, "s10001", text, attachments={"s10001.png": picture})
    written = group(desk, "s10001").written
    assert written.text == "![NAME](attachment:NAME.png)"
    assert dict(written.attachments) == {"NAME.png": picture}
    assert students(group(desk, "s10001")) == ["s10001"]


def test_a_mark_stands_in_the_gradebook_for_all_of_a_group(course, desk):
    give(desk, "s10001", 1.5, 0.5, "Which $c$?")
    for student in ("s10001", "s10002"):
        assert in_gradebook(course, student) == (1.5, 0.5, False, "Which $c$?")
    assert in_gradebook(course, "s10003") == (None, None, True, None)
    assert desk.comments(NAME) == ["Which $c$?"]


def test_a_mark_can_be_taken_back(course, desk):
    give(desk, "s10001", 1.5, 0.5, "Which?", "1,0.5")
    give(desk, "s10001", None)
    assert in_gradebook(course, "s10001") == (None, None, True, None)
    give(desk, "s10005", 1)
    give(desk, "s10005", None)
    assert in_gradebook(course, "s10005") == (None, None, False, None)  # the machine's 0 again


def test_of_two_graders_the_second_is_told_and_overwrites_nothing(course, desk, engine):
    other, seen = Desk(course, "demo", engine, "Cal", Share()), group(desk, "s10001").version
    give(other, "s10001", 2, 0, "Right.")
    with pytest.raises(ChangedError, match=r"meanwhile Cal gave 2 points, saying “Right\.”"):
        give(desk, "s10001", 1, version=seen)
    assert in_gradebook(course, "s10001") == (2, None, False, "Right.")
    give(desk, "s10001", 1)  # knowing it
    assert in_gradebook(course, "s10001")[0] == 1


def test_what_comes_between_reading_and_writing_keeps_all_as_it_was(course, desk, monkeypatch):
    """The formgrader gives one of two a mark in this very moment."""
    entries = desk.ledger.entries(NAME)
    with Nbgrader(course).gradebook() as gradebook:
        gradebook.find_grade(CELL, "demo", "demo", "s10002").manual_score = 2
        gradebook.db.commit()
    monkeypatch.setattr(desk.ledger, "entries", lambda *_: entries)
    with pytest.raises(ChangedError):
        give(desk, "s10001", 1)
    assert in_gradebook(course, "s10001") == (None, None, True, None)
    assert in_gradebook(course, "s10002")[0] == 2


def test_another_comment_is_a_change_too(course, desk, monkeypatch):
    entries = desk.ledger.entries(NAME)
    with Nbgrader(course).gradebook() as gradebook:
        gradebook.find_comment(CELL, "demo", "demo", "s10003").manual_comment = "Hm."
        gradebook.db.commit()
    monkeypatch.setattr(desk.ledger, "entries", lambda *_: entries)
    with pytest.raises(ChangedError):
        give(desk, "s10003", 1)
    assert in_gradebook(course, "s10003") == (None, None, True, "Hm.")


def test_the_same_sent_twice_is_no_conflict(desk):
    seen = group(desk, "s10001").version
    for _ in range(2):
        give(desk, "s10001", 1, 0, "So.", "1,0", version=seen)


def test_an_answer_that_was_handed_in_again_takes_no_mark_for_the_old_one(course, desk):
    old = group(desk, "s10003")
    write_answer(course, "s10003", "Quite another reason, longer than before.")
    with pytest.raises(ChangedError, match="nobody has this answer any more"):
        desk.mark(NAME, old.key, old.version, Given(2))
    assert in_gradebook(course, "s10003")[0] is None


def test_who_comes_late_with_a_marked_answer_waits_alone(course, desk):
    give(desk, "s10001", 1.5, 0, "Nearly.")
    with Nbgrader(course).gradebook() as gradebook:
        answer = CLASS["s10001"][2]
        hand_in_answer(course, "s10009", "Di", "Late", answer, gradebook=gradebook)
    late = group(desk, "s10009")
    assert [each.student for each in late.targets] == ["s10009"] and len(late.others) == 2
    assert late.agreed.mark == (1.5, 0, "Nearly.")
    give(desk, "s10009", 2)
    assert [in_gradebook(course, s)[0] for s in ("s10001", "s10009")] == [1.5, 2]
    assert group(desk, "s10009").agreed is None  # their marks differ


def test_a_page_begins_with_what_the_same_text_earned():
    stale, same = entry(1, manual=0.5), entry(2, manual=2.0, waits=False)
    assert Group("", (), (stale, same)).agreed == same
    assert Group("", (), (stale,)).agreed == stale  # for an earlier text
    assert Group("", (), (entry(1),)).agreed is None


def test_items_of_the_scheme_are_kept_while_the_points_are_theirs(course, desk):
    give(desk, "s10001", 1, 0, "", "1,0")
    assert group(desk, "s10001").agreed.record.items == "1,0"
    with Nbgrader(course).gradebook() as gradebook:  # the formgrader
        for student in ("s10001", "s10002"):
            gradebook.find_grade(CELL, "demo", "demo", student).manual_score = 2
        gradebook.db.commit()
    assert group(desk, "s10001").agreed.record is None


def test_a_grader_goes_on_with_the_question_and_the_answer_that_waits(course, desk, engine):
    assert desk.going_on() == NAME and desk.ledger.last() is None
    following = give(desk, "s10001", 1)
    waiting = {each.key for each in desk.groups(NAME) if each.waiting}
    again = Desk(course, "demo", engine, "Bea", Share())
    assert following in waiting and again.ledger.last() == NAME
    assert Desk(course, "demo", engine, "Cal", Share()).ledger.last() is None  # Bea's
    assert (again.progress()[NAME].graded, again.progress()[NAME].waiting) == (3, 2)
    assert give(again, "s10003", 0) and give(again, "s10004", 0) is None
    assert again.going_on() is None


def test_two_graders_may_begin_in_the_same_moment(engine, desk, monkeypatch):
    create = ledger.RECORDS.create
    monkeypatch.setattr(ledger.RECORDS, "create", lambda engine, checkfirst: create(engine))
    assert ledger.Ledger(engine, "demo", "Cal").last() is None  # the table is there by now


def test_a_notebook_that_is_gone_is_counted_and_stops_nobody(course, desk):
    Nbgrader(course).autograded("demo", "s10003").unlink()
    Nbgrader(course).autograded("demo", "s10004").write_text("{ half")
    assert desk.unreadable() == 2 and len(desk.groups(NAME)) == 2
