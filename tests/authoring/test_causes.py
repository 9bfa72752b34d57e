"""Making libraries of wrong answers: which there are, what is said of them, and when it is kept."""

import contextlib
import random
import re
from collections import Counter
from dataclasses import replace

import pytest
from handing import ROOT

from autograder.assignment.keys import visible_key
from autograder.assignment.released import key_of, text_in_file
from autograder.assignment.trial import load, redefined, trial
from autograder.assignment.validation import read_source
from autograder.authoring.causes import making
from autograder.authoring.causes.candidates import Candidate, Rank, candidates
from autograder.authoring.causes.making import made_from, reasons_of, with_libraries
from autograder.authoring.causes.sentences import SAYS, sentence
from autograder.checks.causes.library import are_close
from autograder.checks.key import VISIBLE_SEEDS

SUBMISSION = "def softmax(x):\n    {}\n"
TOLD = {  # of the golden exercise, by what a student may have written
    "return x.softmax(0)": "The rows must sum to 1, not the columns.",
    "return (x - x.max(-1, keepdim=True).values).exp()": "`/` is left out, in what is returned",
    "return -x.softmax(-1)": "has the opposite sign",
    "return x.softmax(-1).T.T.detach() * 2": "is doubled",
    "return (x / 5).exp() / (x / 5).exp().sum(-1, keepdim=True)": "scores 0.2 = 1/5 times as large",
    "return x.softmax(0).double()": "The numbers, besides: The rows must sum to 1",
    "return x.softmax(-1)": "",
    "return x.cos()": "",
}


@pytest.fixture(scope="module")
def demo(module_demo_course):
    return read_source(module_demo_course.source_path("demo"))


@pytest.fixture(scope="module")
def key(demo):
    return with_libraries(visible_key(demo), demo, None)


@pytest.mark.parametrize(("answer", "says"), TOLD.items())
def test_what_a_student_may_have_written_is_told(demo, key, answer, says):
    module = load(demo)
    with redefined(module, SUBMISSION.format(answer), demo.path):
        tested = trial(demo, module, "softmax", hidden=False)
        verdict = tested.judge(
            key.exercises["softmax"], tested.observe(VISIBLE_SEEDS), VISIBLE_SEEDS
        )
    assert says in verdict.diagnosis and bool(says) == bool(verdict.diagnosis)


def test_a_module_is_as_before_behind_another_solution(demo):
    module = load(demo)
    before = dict(vars(module))
    with pytest.raises(ZeroDivisionError), redefined(module, "def softmax(): ...", demo.path):
        assert module.softmax is not before["softmax"]
        1 / 0  # noqa: B018
    assert vars(module) == before


@pytest.fixture
def changed(demo, key, monkeypatch):
    """The library of a key that was made again when something was changed."""
    monkeypatch.setattr(making, "_MADE", {})

    def library(source):
        return with_libraries(visible_key(demo), source, key).exercises["softmax"].library

    return library


def test_a_library_is_kept_while_nothing_changes(demo, key, changed, monkeypatch):
    monkeypatch.setattr(making, "library", lambda *_: pytest.fail("made again"))
    assert changed(demo) is key.exercises["softmax"].library


def test_a_library_is_made_again_where_the_checks_change(demo, key, changed):
    other = changed(replace(demo, checks_text=demo.checks_text + "\n"))
    known = key.exercises["softmax"].library
    assert other.made_from != known.made_from and other.sentences == known.sentences


def test_code_of_the_checks_is_a_part_of_what_it_is_made_from(demo, monkeypatch):
    before = made_from(demo)
    monkeypatch.setattr(making, "own_code", lambda: b"other")
    assert made_from(demo) != before


def test_candidates_are_all_there_the_surest_first(demo):
    ranks = [candidate.rank for candidate in candidates(demo, "softmax")]
    assert ranks == sorted(ranks) and Counter(ranks)[Rank.LISTED] == 2
    assert Counter(ranks)[Rank.PAIR] == 1 and Counter(ranks)[Rank.MUTANT] > 50


A, B = ("A.",), ("B.",)


@pytest.mark.parametrize(
    ("found", "is_telling", "said"),
    [
        ([(A, Rank.LISTED), (B, Rank.LISTED)], False, (A, B)),
        ([(A, Rank.LISTED), (B, Rank.MUTANT)], True, (A,)),
        ([(A, Rank.MUTANT), (B, Rank.MUTANT)], True, (A,)),
        ([(A, Rank.MUTANT), (B, Rank.MUTANT)], False, ()),
        ([(A, Rank.MUTANT), (A, Rank.MUTANT)], False, (A,)),
        ([(A, Rank.CONSTANT), (B, Rank.PAIR)], False, ()),
    ],
)
def test_of_causes_that_contradict_one_another_none_is_told(found, is_telling, said):
    assert reasons_of([Candidate("", *each) for each in found], is_telling) == said


F = "def f(x, mask):\n    scores = {}\n    return scores\n"
SENTENCES = {
    ("x.softmax(-1)", "x.softmax(0)"): "`softmax` works along other axes than it should: 0",
    ("x.softmax(-1)", "x"): "`softmax` is left out",
    (
        "x.sum(-1, keepdim=True)",
        "x.sum()",
    ): "`sum` works along other axes than it should, all of them",
    ("x.mean(dim=1)", "x.mean()"): "`mean` works along other axes than it should, all of them",
    ("x.mean(1, keepdim=True)", "x.mean(1)"): "`mean` is called without `keepdim`",
    ("x.mean(1)", "x.sum(1)"): "`sum` stands where another function belongs",
    ("x - mask", "x + mask"): "`+` stands where another operator belongs",
    ("x - mask", "mask - x"): "the two sides of `-` are exchanged",
    ("x - mask", "x"): "`-` is left out, with `mask`",
    ("x @ mask.T", "x @ mask"): "`T` is left out",
    (
        "torch.where(mask, x, 0)",
        "torch.where(mask, 0, x)",
    ): "two arguments of `where` are exchanged",
    ("x * 7", "x * 2"): "2 stands where another number belongs",
    ("x", "x.detach()"): "`x` is detached, so that no gradient passes",
    ("x", "int(x)"): "`x` is cut to a whole number",
    ("x", "-x"): "`x` has the opposite sign",
    ("x[1:]", "x[2:]"): "`x` is indexed otherwise, by `2:`",
    (
        "x.mean(1) + mask.mean(1)",
        "x.mean(0) + mask.mean(0)",
    ): "`mean` works along other axes than it should: 0",
    ("x", "mask"): "`mask` stands where something else belongs",
}


@pytest.mark.parametrize(("change", "says"), SENTENCES.items())
def test_a_change_is_put_into_words(change, says):
    right, wrong = map(F.format, change)
    start = "These are the numbers of a right answer in which "
    assert sentence(right, wrong) == f"{start}{says}, where `scores` is computed."


def test_a_line_that_is_left_out_is_named_where_students_know_the_name():
    wrong = F.format("x").replace("scores = x", "pass")
    assert "the line that assigns `scores` is left out." in sentence(F.format("x"), wrong)
    hidden = STUB.format("scores = 2 * x")
    assert sentence(hidden, STUB.format("pass")).endswith("in which a line is left out.")


STUB = "def f(x):\n    ### BEGIN SOLUTION\n    {}\n    return scores\n    ### END SOLUTION\n"
UNTOLD = {
    "2 * x @ x.T": "a right answer in which something has the opposite sign.",
    "own.T": "a right answer in which something has the opposite sign.",
    "x": "a right answer in which `x` has the opposite sign.",
    "torch.sqrt(x) / 7": "a right answer in which something has the opposite sign.",
}


@pytest.mark.parametrize("answer", UNTOLD)
def test_no_sentence_holds_what_only_the_solution_shows(answer):
    right, wrong = (STUB.format(f"scores = {text}") for text in (answer, f"-({answer})"))
    assert sentence(right, wrong).endswith(UNTOLD[answer])


def test_what_could_only_be_said_by_telling_is_not_said():
    right, wrong = (STUB.format(f"scores = {text}") for text in ("x", "own + x @ x.T"))
    assert sentence(right, wrong) == ""


def test_nothing_is_said_of_what_no_short_sentence_says():
    assert sentence(F.format("x * mask"), F.format("x & mask")) == ""
    assert sentence(F.format("x"), "def f(:") == ""
    assert sentence(F.format("x"), F.format("[" + 50 * "x, " + "]").replace("f(", "g(")) == ""


each_assignment = pytest.mark.parametrize(
    "assignment", sorted(path.parent.name for path in (ROOT / "solutions").glob("*/checks.py"))
)
NO_CODE = re.compile(r"[\w.:,-]+|[^\w\s()\[\]]+|is not|not in")


def released_libraries(assignment):
    key = key_of(text_in_file(ROOT / f"notebooks/{assignment}/{assignment}.ipynb"))
    return {name: each.library for name, each in key.exercises.items() if each.is_code}


@each_assignment
def test_what_students_can_read_in_a_library_holds_no_code(assignment):
    libraries = released_libraries(assignment)
    assert any(library.sentences for library in libraries.values())
    for library in libraries.values():
        generated = [said for said in library.sentences if said.startswith(SAYS[:26])]
        pieces = [piece for said in generated for piece in re.findall("`([^`]*)`", said)]
        assert [piece for piece in pieces if not NO_CODE.fullmatch(piece)] == []


@each_assignment
def test_a_few_entries_of_each_released_library_are_true(assignment):
    """Drawn with a fixed seed; that libraries are current is another test's."""
    source = read_source(ROOT / f"solutions/{assignment}/{assignment}.py")
    exercise = random.Random(assignment).choice(sorted(source.checks))
    known = released_libraries(assignment)[exercise]
    assert known.made_from == made_from(source), "run `make notebooks`"
    module, bench = load(source), making.Bench()
    right = bench.try_out(trial(source, module, exercise, hidden=False))
    drawn = random.Random(1).sample([*candidates(source, exercise)], 4)
    for candidate in drawn:
        found = _tried_out(source, module, exercise, candidate, bench, right)
        if found and found.is_explained(right) and found.tells(right):
            assert all(_is_among(bench.rows[row], known.rows) for row in found.answer)


def _is_among(row, rows):
    return (are_close(rows["numbers"], row["numbers"]) & (rows["form"] == row["form"])).any()


def _tried_out(source, module, exercise, candidate, bench, right):
    with contextlib.suppress(Exception), redefined(module, candidate.solution, source.path):
        return bench.try_out(trial(source, module, exercise, hidden=False), right)
