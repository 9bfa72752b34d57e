"""The class page: item analysis, mistakes, lists behind every bar, and its numbers as tables."""

import csv
import re
from collections import Counter
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest

from autograder.course.class_page import writing
from autograder.course.class_page.groups import by_lateness, by_score
from autograder.course.class_page.items import correlated, items_of
from autograder.course.class_page.mistakes import LONGEST, Mistake, blanks_of, mistakes_of
from autograder.course.class_page.page import class_page
from autograder.course.class_page.similar import Pair, similar_pairs
from autograder.course.class_page.survey import Survey
from autograder.course.class_page.tables import tables_of
from autograder.course.class_page.writing import _write_csv, _write_parquet, write_class_page
from autograder.course.leaderboard import Leaderboard, Standing
from autograder.course.rows import Row
from autograder.grading.pages.grades import Grades, Mark
from autograder.grading.pages.tasks import Section, Tasks
from autograder.settings import SettingsError

NOW = datetime(2026, 10, 5, 8, tzinfo=UTC)
WAITS = Mark(0.0, 2.0, is_waiting=True)
TASKS = Tasks(
    "Softmax",
    {
        "check-softmax": Section("1 Rows of `softmax`", 2),
        "check-loss": Section("2 The loss", 2),
        "answer-why": Section("3 Why", 2),
    },
    frozenset(),
)
POINTS = {  # of 4, of 3; half of the class is graded by hand
    "ada": (4.0, 3.0, Mark(2.0, 2.0, is_given=True)),
    "bob": (4.0, 1.5, WAITS),
    "eve": (2.0, 3.0, Mark(0.0, 2.0)),  # left blank
    "liu": (0.0, 0.0, WAITS),
    "zoe": (0.0, 1.5, Mark(1.0, 2.0, is_waiting=True, is_given=True)),
}
NAMES = {"ada": "Ada Byron", "bob": "Bob Lee", "eve": "Bob Lee", "max": "Max Absent"}


def grades(points=POINTS):
    return {
        student: Grades(
            "",
            student,
            {
                "check-softmax": Mark(softmax, 4.0),
                "check-loss": Mark(loss, 3.0),
                "answer-why": why,
            },
            {},
        )
        for student, (softmax, loss, why) in points.items()
    }


def said(name, message, mistake=None, **more):
    return {"name": name, "passed": False, "message": message, "mistake": mistake, **more}


REPORTS = {
    "ada": {"exercises": [{**said("softmax", "error 1e-8 < 1e-05"), "passed": True}]},
    "bob": {"exercises": [said("loss", "error 0.5 ≥ 1e-05 at [3]: expected 1", diagnosis="")]},
    "eve": {"exercises": [said("loss", "raised KeyError: 'x'", diagnosis="")]},
    "liu": {
        "exercises": [
            said("softmax", "wrong shape\n  Rows, not columns.", "columns"),  # an older report
            said("loss", "not written yet", diagnosis=""),
        ]
    },
    "zoe": {
        "exercises": [
            said("softmax", "error 9 ≥ 1e-05", "columns", diagnosis="Rows, not columns."),
            said("loss", "error inf ≥ 1e-05 at [0]", diagnosis=""),
        ]
    },
}


def row(student, score, late=0.0, penalty=0.0, of=9.0, waits=()):
    return Row(student, score + penalty, penalty, of, late, {}, frozenset(waits))


def survey(points=POINTS, reports=REPORTS, names=NAMES, **more):
    found = grades(points)
    rows = {
        student: row(student, sum(mark.points for mark in of.marks.values()))
        for student, of in found.items()
    }
    parts = {
        "assignment": "demo",
        "title": TASKS.title,
        "course": "deep learning",
        "rows": rows,
        "names": dict(names),
        "absent": sorted(names.keys() - rows.keys()),
        "ungraded": [],
        "outdated": [],
        "unreported": [student for student in rows if student not in reports],
        "items": items_of(found, TASKS, blanks_of(reports, rows)),
        "mistakes": mistakes_of(reports, rows),
        "boards": [],
        "similar": [],
        "pages": {},
        "code": lambda student: {},
    }
    return Survey(**{**parts, **more})


@pytest.fixture
def course(make_course):
    return make_course({})


@pytest.fixture
def page(course):
    return lambda of=None, **more: class_page(of or survey(**more), course, NOW)


def texts(html):
    """What a browser shows as text, and every attribute."""

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attributes):
            found.extend((tag, *each) for each in attributes)
            tags.add(tag)

        def handle_data(self, data):
            words.append(data)

    found, words, tags = [], [], set()
    Reader().feed(html)
    return " ".join(" ".join(words).split()), found, tags


def listed(html, group):
    """The students in the list that a bar leads to."""
    (found,) = re.findall(rf'<section class="who" id="{group}">(.*?)</section>', html, re.S)
    return [texts(each.partition("</ul>")[0])[0] for each in found.split("<li>")[1:]]


def test_items_stand_in_the_notebooks_order_with_the_share_that_was_earned():
    items = survey().items
    assert [item.name for item in items] == ["softmax", "loss", "why"]
    assert [item.mean_share for item in items] == [0.5, 0.6, 0.5]  # of three that are known
    assert items[0].by_result == {
        **{"all": ["ada", "bob"], "some": ["eve"]},
        **{"none": ["liu", "zoe"], "waiting": []},
    }
    assert items[2].by_result["waiting"] == ["bob", "liu"]
    assert items[2].waiting == ["bob", "liu", "zoe"]  # a mark may have to be looked at again
    assert (items[1].blank, items[2].blank) == ({"liu"}, {"eve"})


def test_discrimination_is_the_correlation_with_all_others_that_are_graded_for_everybody():
    softmax, loss, why = survey().items
    # of (4, 3), (4, 1.5), (2, 3), (0, 0), (0, 1.5): 6 / √(16 · 6.3); `why` waits, so is left out
    assert softmax.discrimination.value == pytest.approx(6 / (16 * 6.3) ** 0.5)
    assert loss.discrimination.value == pytest.approx(softmax.discrimination.value)
    assert why.discrimination is None  # three are too few


def test_an_item_that_all_others_contradict_has_a_negative_one():
    points = {f"s{at}": (4.0 * (at % 2), 3.0 * (at % 2 == 0), Mark(0, 2)) for at in range(6)}
    assert survey(points).items[0].discrimination.value == pytest.approx(-1)


def test_the_interval_is_fishers():
    xs = [(x, x + noise) for x in range(14) for noise in (-6.5, 6.5)]
    found = correlated(xs)
    assert found.value == pytest.approx((16.25 / (16.25 + 42.25)) ** 0.5)
    assert (found.low, found.high) == pytest.approx((0.1916, 0.7522), abs=1e-4)


@pytest.mark.parametrize(
    "pairs", [[(0, 0), (1, 1), (2, 2)], [(1, 1), (1, 2), (1, 3), (1, 4)]], ids=["few", "equal"]
)
def test_nothing_is_said_of_too_few_or_equal_ones(pairs):
    assert correlated(pairs) is None


def test_sums_that_differ_by_rounding_alone_are_equal():
    parts = ((0.1, 0.2), (0.2, 0.1), (0.3, 0.0), (0.0, 0.3))
    points = {
        f"s{at}": (float(at), first, Mark(second, 2.0, is_given=True))
        for at, (first, second) in enumerate(parts)
    }
    assert survey(points).items[0].discrimination is None


def test_mistakes_are_counted_by_what_they_tell_and_blanks_are_none():
    found = [(each.exercise, each.says, each.students) for each in survey().mistakes]
    assert found == [
        ("loss", "other numbers, for no known reason", ("bob", "zoe")),
        ("softmax", "Rows, not columns.", ("liu", "zoe")),
        ("loss", "raised KeyError", ("eve",)),
    ]
    assert survey().mistakes[1].name == "columns"


def test_an_example_is_the_shortest_answer_and_not_endless():
    codes = {"bob": "def loss():\n    return 0", "zoe": "loss = 0", "liu": ""}
    mistake = Mistake("loss", "", "wrong", ("bob", "zoe", "liu"))
    assert mistake.example(lambda student: {"loss": codes[student]}) == "loss = 0"
    assert mistake.example(lambda student: {}) == ""
    long = mistake.example(lambda student: {"loss": "x" * 10**6})
    assert len(long) == LONGEST + 2 and long.endswith("\n…")


def test_every_bar_leads_to_its_students(page):
    html = page()
    assert listed(html, "score-9") == ["Ada Byron 9"]
    assert listed(html, "item-0-none") == ["liu", "zoe"]
    assert listed(html, "item-1-none") == ["liu left blank"]
    assert listed(html, "mistake-1") == ["liu", "zoe"]
    assert listed(html, "open-2") == ["Bob Lee (bob)", "liu", "zoe"]  # eve is a Bob Lee, too


def test_links_within_the_page_lead_somewhere_and_ids_are_unique(page):
    _, attributes, _ = texts(page(rows={"ada": row("ada", 3, late=3 * 86400)}))
    ids = Counter(value for _, name, value in attributes if name == "id")
    asked = {value[1:] for _, name, value in attributes if name == "href" and value[0] == "#"}
    assert asked <= ids.keys() and {"late-2", "score-3"} <= asked
    assert [each for each, count in ids.items() if count > 1] == []


def test_students_pages_are_one_click_away_at_the_exercise(page, course):
    files = {name: course.build / f"feedback/{name} x/demo/demo.html" for name in ("liu", "ada")}
    html = page(pages=files)
    link = "../../feedback/liu%20x/demo/demo.html"
    assert f'<a href="{link}#check-softmax">liu</a>' in html
    assert f'<a href="{link}">liu</a>' in html
    assert "ada%20x/demo/demo.html#check" not in html  # which says no more of what is right


def test_the_page_says_what_is_missing(page):
    text, _, _ = texts(page(ungraded=["new"], outdated=["bob"], reports={}))
    assert "Max Absent" in text and "1 handed in nothing" in text
    assert "Handed in, and not graded new" in text
    assert "Handed in again since they were graded Bob Lee (bob)" in text
    assert "3 answers left to grade" in text
    assert "Of 5 students nothing is known here" in text
    assert "there is no roster" in texts(page(names={}))[0]


def test_numbers_are_in_the_table_of_exercises(page):
    text, _, _ = texts(page())
    assert "1 Rows of softmax softmax · 4 points" in text
    assert "mean 50 %" in text and "mean 60 %" in text
    assert "discrimination 0.60 (−0.60 to 0.97)" in text
    assert "(of 3)" in text


def test_what_is_worth_nothing_has_no_mean():
    (item,) = items_of({"ada": Grades("", "ada", {"x": Mark(1.0, 0.0)}, {})}, TASKS, {})
    assert item.mean_share is None


def test_one_student_and_one_without_points_make_a_page(page):
    text, _, _ = texts(page(points={"ada": POINTS["ada"]}, reports={}, names={}))
    assert "Mean 9, median 9, of 9 points" in text and "discrimination –" in text
    nothing = {"ada": row("ada", 0.0, of=0.0)}
    assert "of 0 points" in texts(page(rows=nothing, items=[], mistakes=[]))[0]


EVIL = "<script>alert(1)</script>\" onload='x'\x1b"
HALF = "\ud800"  # of a character, which no file takes


def test_what_students_wrote_is_text(page, course):
    html = page(
        points={EVIL: (0.0, 0.0, WAITS)},
        reports={EVIL: {"exercises": [said("softmax", "x", "m", diagnosis=EVIL + HALF)]}},
        names={EVIL: EVIL + HALF, "also absent": EVIL},
        pages={EVIL: course.build / f"{EVIL}\udcff" / "demo.html"},
        code=lambda student: {"softmax": f"# {EVIL}{HALF}"},
        boards=[Leaderboard(EVIL, [Standing(1, EVIL, {EVIL: 0.5})])],
        similar=[Pair(EVIL, "</style>", 0.5)],
        outdated=[EVIL],
    )
    _, attributes, tags = texts(html)
    assert "script" not in tags and not {name for _, name, _ in attributes} & {"onload", "src"}
    html.encode()
    links = [value for _, name, value in attributes if name == "href" and value[0] != "#"]
    assert links and all(link.startswith("../") for link in links)
    assert "alert" in html


def test_nothing_runs_in_it_and_nothing_is_loaded(page):
    html = page()
    assert "default-src 'none'" in html and "http" not in html.partition("<style>")[2]


def test_pseudonyms_leave_no_way_back_to_a_student(page, course):
    course.pseudonyms = True
    of = survey(pages={"liu": course.build / "feedback/liu/demo/demo.html"})
    shown = page(of) + repr([table.rows for table in tables_of(of, course)])
    assert course.pseudonym("liu") in shown
    assert [each for each in ("liu", "zoe", "Byron", "feedback/") if each in shown] == []


def test_the_leaderboard_names_those_whom_the_published_one_does_not(page, course):
    name = course.pseudonym("ada")
    text, _, _ = texts(page(boards=[Leaderboard("m", [Standing(1, name, {"accuracy": 0.5})])]))
    assert f"rank student accuracy 1 Ada Byron {name} 0.5000" in text


ROUNDED = row("x", 0.3 - 0.1, of=1.0)  # 0.19999999999999998


def test_scores_are_counted_in_tenths_and_extra_credit_in_the_last():
    shares = (0.0, 0.1, 0.3, 0.7, 0.9, 1.0, 1.2)
    rows = {f"s{share}": row(f"s{share}", 9 * share) for share in shares}
    groups = by_score(survey(rows=rows))
    assert [len(group) for group in groups] == [1, 1, 0, 1, 0, 0, 0, 1, 0, 3]
    (tenth,) = (at for at, of in enumerate(by_score(survey(rows={"x": ROUNDED}))) if of.students)
    assert tenth == 2
    assert (groups[0].label, groups[9].label) == ("0 to 10 %", "90 % or more")


def test_the_late_stand_by_days_begun_with_what_it_cost():
    late = {"ada": 3600.0, "bob": 86400.0, "eve": 86401.0, "liu": 9 * 86400.0, "zoe": 0.0}
    groups = by_lateness({name: row(name, 5, s, 10.0) for name, s in late.items()})
    assert [(group.label, group.students) for group in groups] == [
        ("up to 1 day", ("bob", "ada")),
        ("1 to 2 days", ("eve",)),
        ("more than 7 days", ("liu",)),
    ]
    assert groups[0].notes["ada"] == "1.0 h, −10 points"


def test_similar_pairs_are_shown_where_a_file_tells_them(page, tmp_path):
    assert similar_pairs(tmp_path) == [] and "Similar code" not in page()
    (tmp_path / "similar.csv").write_text(
        "student_a,student_b,share,cells\nada,bob,0.25,2\nliu,gone,0.9,7\n"
    )
    pairs = similar_pairs(tmp_path)
    assert pairs == [Pair("liu", "gone", 0.9), Pair("ada", "bob", 0.25)]
    assert "liu, gone 90 % Ada Byron, Bob Lee (bob) 25 %" in texts(page(similar=pairs))[0]


HEADING = b"student_a,student_b,share\n"


@pytest.mark.parametrize(
    "content",
    [b"", b"junk", HEADING + b"x,y", HEADING + b"x,y,much", HEADING + b"x,y,nan", b"\xff"],
)
def test_another_file_in_its_place_is_refused(tmp_path, content):
    (tmp_path / "similar.csv").write_bytes(content)
    with pytest.raises(SettingsError, match=r"similar\.csv: no table with student_a"):
        similar_pairs(tmp_path)


def test_tables_have_every_number_and_no_formula(course, tmp_path):
    of = survey(names={**NAMES, "ada": "=1+1"})
    tables = {table.name: table for table in tables_of(of, course)}
    for table in tables.values():
        _write_csv(table, tmp_path / f"{table.name}.csv")
        assert {len(line) for line in table.rows} == {len(table.columns)}
    found = {
        name: [*csv.DictReader((tmp_path / f"{name}.csv").read_text().splitlines())]
        for name in tables
    }
    assert found["students"][0] | {"name": "'=1+1", "score": "9.0"} == found["students"][0]
    absent = found["students"][4]
    assert (absent["student"], absent["handed_in"], absent["score"]) == ("max", "False", "")
    assert [each["to_grade"] for each in found["exercises"]] == ["0", "0", "3"]
    assert found["exercises"][0]["discrimination"].startswith("0.597")
    marks = {(each["student"], each["exercise"]): each for each in found["marks"]}
    assert marks["liu", "softmax"]["mistake"] == "Rows, not columns."
    assert marks["liu", "why"]["score"] == "" and marks["liu", "loss"]["left_blank"] == "True"
    assert found["mistakes"][1]["name"] == "columns" and found["mistakes"][1]["students"] == "2"


def test_parquet_keeps_types_and_what_is_unknown(course, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    for table in tables_of(survey(), course):
        _write_parquet(table, tmp_path / "t.parquet")
        read = parquet.read_table(tmp_path / "t.parquet")
        assert [tuple(each.values()) for each in read.to_pylist()] == table.rows
        kinds = {"string": str, "double": float, "int64": int, "bool": bool}
        assert {n: kinds[str(read.schema.field(n).type)] for n in table.columns} == table.columns


def test_without_pyarrow_one_line_says_what_to_install(course, monkeypatch):
    def missing(name):
        raise ImportError

    monkeypatch.setattr(writing, "import_module", missing)
    with pytest.raises(SettingsError, match=r"pip install 'coursework-kit\[parquet\]'"):
        write_class_page(course, "demo", ["html", "parquet"])
    assert not (course.build / "class").exists()


def test_the_page_of_a_class_of_500_is_no_larger_than_two_megabytes(page, course):
    tasks = [f"check-exercise_{at}" for at in range(17)]
    everyone = [f"2026{at:04d}" for at in range(500)]
    marks = {
        student: dict.fromkeys(tasks, Mark(at % 3, 2.0)) for at, student in enumerate(everyone)
    }
    found = {student: Grades("", student, of, {}) for student, of in marks.items()}
    rows = {student: row(student, at % 34, 3600, 10, 34) for at, student in enumerate(everyone)}
    html = page(
        rows=rows,
        items=items_of(found, Tasks("Large", {}, frozenset()), {}),
        mistakes=[Mistake("exercise_1", "", "wrong", tuple(everyone[:100]))] * 20,
        names={student: f"Firstname Familyname{student}" for student in everyone},
        pages={s: course.build / f"feedback/{s}/attention/attention.html" for s in everyone},
    )
    assert all(html.count(f"{student}/attention") >= 20 for student in everyone[::100])
    assert len(html.encode()) < 2_000_000
