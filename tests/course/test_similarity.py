"""Whose code is alike: what makes no difference, what counts for little, what people get to see."""

import builtins
import csv
import hashlib
import random
import shutil

import pytest
from handing import ROOT, hand_in, make_root, right_answers, written

from autograder.__main__ import main
from autograder.assignment.alternatives import read_alternatives
from autograder.assignment.validation import read_source
from autograder.bench.disguises import all_at_once
from autograder.course.collecting.people import LARGEST_TEAM, Student, teams
from autograder.course.similarity.comparison import Comparison
from autograder.course.similarity.operations import operations, own_names, tree_of
from autograder.course.similarity.pairs import LEAST, Pair, clusters, pairs_above
from autograder.course.similarity.reading import earlier
from autograder.course.similarity.sides import Mark, beside
from autograder.course.similarity.similar import similar
from autograder.course.similarity.work import Piece, Work
from autograder.settings import SettingsError, find_course

ONE = """
def mixed(x, y):
    z = torch.softmax(x @ y, dim=-1)
    rows = [2 * row for row in z if row.sum() > 0]
    return torch.stack(rows) if rows else z
"""
OTHERWISE = {
    "names": ONE.replace("rows", "lines").replace("z", "weights"),
    "the function's name": ONE.replace("mixed", "blended"),
    "comments and layout": ONE.replace("    rows", "\n    # positive ones\n    rows"),
    "a docstring": ONE.replace("    z =", '    """Mixes."""\n    z =', 1),
    "something printed": ONE.replace("    rows", "    print(z.shape)\n    rows"),
    "a method": ONE.replace("torch.softmax(x @ y, dim=-1)", "x.matmul(y).softmax(-1)"),
    "a name for a part": ONE.replace(
        "z = torch.softmax(x @ y", "s = x @ y\n    z = torch.softmax(s"
    ),
    "names for other parts": ONE.replace(
        "z = torch.softmax(x @ y, dim=-1)",
        "last = -1\n    s = x @ y\n    print(s)\n    z = torch.softmax(s, dim=last)",
    ),
    "a loop": ONE.replace(
        "rows = [2 * row for row in z if row.sum() > 0]",
        "rows = []\n    for row in z:\n        if row.sum() > 0:\n            rows.append(2 * row)",
    ),
    "a condition": ONE.replace(
        "return torch.stack(rows) if rows else z",
        "if rows:\n        return torch.stack(rows)\n    else:\n        return z",
    ),
    "a line that is no Python": ONE.replace("    rows", "    z = = z\n    rows"),
}
DIFFERENT = {
    "another function": ONE.replace("softmax", "sigmoid"),
    "another number": ONE.replace("2 *", "3 *"),
    "another operation": ONE.replace("2 *", "2 +"),
    "another order": ONE.replace("torch.softmax(x @ y, dim=-1)", "torch.softmax(x, dim=-1) @ y"),
}


def names(text):
    tree = tree_of(text)
    return [operation.name for operation in operations(tree, own_names(tree), dir(builtins))]


@pytest.mark.parametrize("text", OTHERWISE.values(), ids=OTHERWISE)
def test_what_is_only_written_otherwise_is_the_same(text):
    assert text != ONE
    assert names(text) == names(ONE)


def test_a_variable_that_is_called_may_have_any_name():
    code = "layer = nn.LSTM if kind else nn.RNN\npair = layer(x), layer(len(x))"
    assert names(code) == names(code.replace("layer", "recurrent"))
    assert names(code) != names(code.replace("len", "sum"))


@pytest.mark.parametrize("text", DIFFERENT.values(), ids=DIFFERENT)
def test_what_computes_something_else_differs(text):
    assert names(text) != names(ONE)


@pytest.mark.parametrize(
    "text",
    ["(" * 5000, "x = " + "-" * 5000 + "1", "x = 0x" + "f" * 9000, "x = " + "y." * 3000 + "z"],
    ids=["brackets", "signs", "a large number", "attributes"],
)
def test_no_text_is_too_much(text):
    assert len(names(text + "\n")) < 10_000
    assert names(ONE + "\n" + text)[:5] == names(ONE)[:5] or tree_of(ONE + "\n" + text).body == []


def work(student, *runs, is_earlier=False):
    """Works of pieces that each compute one function after another."""
    texts = ["".join(f"x = torch.{name}(x)\n" for name in run) for run in runs]
    pieces = [Piece(f"ex{at}", text, tuple(operations(tree_of(text), ())))
              for at, text in enumerate(texts)]  # fmt: skip
    return Work(student, tuple(pieces), is_earlier)


def run(letter, length=LEAST + 3):
    return [f"{letter}{number}" for number in range(length)]


def test_equal_works_share_all_and_different_ones_nothing():
    shares = Comparison([work("a", run("f")), work("b", run("f")), work("c", run("g"))]).shares()
    assert shares[0, 1] == pytest.approx(1) and shares[0, 2] == 0
    assert (shares == shares.T).all()


def test_what_was_given_counts_for_nothing():
    given = work("", run("f")).pieces
    works = [work("a", run("f") + run("g")), work("b", run("f") + run("h"))]
    assert Comparison(works).shares()[0, 1] > 0.2
    assert Comparison(works, given).shares()[0, 1] == 0


def test_what_all_wrote_counts_for_less_than_what_two_did():
    many = [work(f"m{at}", run("f"), run(f"g{at}")) for at in range(20)]
    two = [work(name, run(f"h{name}"), run("k")) for name in "ab"]
    shares = Comparison([*many, *two]).shares()
    assert shares[20, 21] > 4 * shares[0, 1] > 0


def test_works_without_code_are_like_nobodys():
    shares = Comparison([work("a"), work("b"), work("c", run("f"))]).shares()
    assert shares.sum() == shares[2, 2]


def test_exercises_are_told_where_both_have_answered():
    works = [work("a", run("f"), run("g"), []), work("b", run("f"), run("h"), run("k"))]
    assert Comparison(works).by_exercise(0, 1) == {"ex0": pytest.approx(1), "ex1": 0}


def test_a_few_equal_lines_are_no_pair():
    short, enough = run("f", LEAST + 1), run("f", LEAST + 2)
    assert pairs_above(Comparison([work("a", short), work("b", short)]), 0.5) == []
    assert len(pairs_above(Comparison([work("a", enough), work("b", enough)]), 0.5)) == 1


def test_teams_and_works_of_other_years_are_not_compared():
    works = [work(name, run("f")) for name in "abc"]
    works += [work(f"past/{name}", run("f"), is_earlier=True) for name in "de"]
    found = pairs_above(Comparison(works), 0.5, [frozenset("ab")])
    assert {(pair.a, pair.b) for pair in found} == {
        (0, 2),
        (1, 2),
        *((a, b) for a in (0, 1, 2) for b in (3, 4)),
    }


def test_a_large_group_of_a_roster_is_no_team():
    class_of = [Student(str(at), groups=("1a",)) for at in range(LARGEST_TEAM + 1)]
    two = [Student("x", groups=("T",)), Student("y", groups=("t",))]
    assert teams([*class_of, *two]) == [frozenset("xy")]


def test_clusters_are_what_pairs_connect():
    pairs = [Pair(a, b, 1.0, {}) for a, b in ((0, 1), (2, 3), (1, 4), (4, 5), (6, 7), (7, 8))]
    assert clusters(pairs) == [[0, 1, 4, 5], [6, 7, 8]]


def test_lines_are_marked_by_how_many_have_them():
    many = [work(f"m{at}", run("f")) for at in range(30)]
    two = [work(name, run("f") + run("g") + run(name)) for name in "ab"]
    comparison = Comparison([*many, *two])
    (one,) = beside(comparison, Pair(30, 31, 0.5, {"ex0": 0.5}))
    marks = one.left[0].marks
    assert marks[1] is Mark.COMMON and marks[LEAST + 8] is Mark.RARE and 3 * LEAST + 9 not in marks


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """The attention assignment, honest students, and one who copied, in disguise."""
    root = tmp_path_factory.mktemp("course")
    make_root(root)
    for folder in ("solutions", "notebooks"):
        shutil.copytree(ROOT / folder / "attention", root / folder / "attention")
    course, rng = find_course(root), random.Random(3)
    right = right_answers(course, "attention")
    ways = {name: [text] for name, text in right.items()}
    for each in read_alternatives(read_source(course.source_path("attention"))):
        ways[each.exercise].append(each.solution)
    for at in range(5):
        answers = {name: texts[at % len(texts)] for name, texts in ways.items()}
        hand_in(course, f"honest{at}", written(course, answers, "attention"), "attention")
    victim = {name: texts[3 % len(texts)] for name, texts in ways.items()}
    copied = {name: all_at_once(text, rng) for name, text in victim.items()}
    hostile = "open('ran', 'w').write('</pre><script>alert(1)</script>')  # \u202e"
    copied["shift_matrix"] += f"\n{hostile}\n"
    hand_in(course, "copy<b>", written(course, copied, "attention"), "attention")
    hand_in(course, "broken", "no notebook", "attention")
    return course


def quiet(what, items, total):
    return items


@pytest.fixture(scope="module")
def found(course):
    return similar(course, "attention", above=0.6, progress=quiet)


def test_the_copy_is_found_and_nobody_else(course, found):
    with found.table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["student_a"], row["student_b"]) for row in rows] == [("copy<b>", "honest3")]
    assert 0.8 < float(rows[0]["share"]) < 1 and "two_queries 1.00" in rows[0]["exercises"]
    assert list(found.problems) == ["broken"] and "not a Jupyter" in found.problems["broken"]
    assert found.table == course.build / "class/attention/similar.csv"


def test_nothing_of_a_students_runs_in_the_page_or_for_it(course, found):
    page = found.page.read_text(encoding="utf-8")
    assert "<script" not in page and "copy&lt;b&gt;" in page and "<b>" not in page
    assert "\u202e" not in page and "default-src 'none'" in page
    assert not list(course.root.rglob("ran"))


def test_years_before_are_compared_and_no_grade_changes(course, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(course.root)
    gradebook = course.build / "gradebook.db"
    before = hashlib.sha256(gradebook.read_bytes()).digest() if gradebook.exists() else None
    past = tmp_path / "2024" / "Ève" / "attention"
    past.mkdir(parents=True)
    shutil.copy(course.build / "submitted/honest1/attention/attention.ipynb", past)
    (past / "other.txt").write_text("no notebook")
    assert main(["similar", "attention", "--with", str(tmp_path / "2024"), "--above", "0.9"]) == 0
    said = capsys.readouterr().out
    assert "honest1" in said and "2024/Ève/attention" in said.replace("\n", "")
    assert "changes no grade" in said and "7 works" in said
    assert before == (hashlib.sha256(gradebook.read_bytes()).digest() if before else None)


def test_what_cannot_be_is_said_in_a_line(course, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(course.root)
    assert main(["similar", "nothing"]) == 2 and "no assignment" in capsys.readouterr().err
    assert main(["similar", "attention", "--with", str(tmp_path / "none")]) == 2
    assert "no such folder" in capsys.readouterr().err
    assert main(["similar", "attention", "--submitted", str(tmp_path)]) == 2
    assert "nobody handed in" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["similar", "attention", "--above", "75"])


def test_of_other_years_only_this_assignment_is_read(tmp_path):
    for name in ("a/attention/attention.ipynb", "a/nmt/nmt.ipynb", "b/attention/x.ipynb"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("{}")
    read = [reading.student for reading in earlier(tmp_path, "attention", tmp_path)]
    assert read == [f"{tmp_path.name}/a/attention/attention", f"{tmp_path.name}/b/attention/x"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(SettingsError, match="no notebook"):
        earlier(tmp_path / "empty", "attention", tmp_path)
