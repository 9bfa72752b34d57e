"""Reading a source: every cell's role, and one line for whatever is wrong with it."""

import pytest

from autograder.assignment.source import SourceError
from autograder.assignment.validation import read_source
from autograder.authoring.build import build

SOLUTION, CHECK, TRAIN = '# %% solution="softmax"', '# %% check="softmax" points=3', "# %% train"
ANSWER = '# %% [markdown] answer="why_shift" points=2'
BEGIN, END = "    ### BEGIN SOLUTION\n", "    ### END SOLUTION\n"
CALL = 'check("softmax", softmax)'


@pytest.fixture
def demo(demo_files):
    return demo_files["demo.py"]


@pytest.fixture
def parsed(tmp_path, demo_files):
    (tmp_path / "checks.py").write_text(demo_files["checks.py"], encoding="utf-8")

    def parse(text):
        path = tmp_path / "demo.py"
        path.write_text(text, encoding="utf-8")
        return read_source(path)

    return parse


def test_cells_have_role_name_points_and_line(parsed, demo):
    found = [(c.kind, c.role, c.name, c.points, c.line) for c in parsed(demo).cells]
    assert found == [
        ("markdown", None, "", 0.0, 1),
        ("code", None, "", 0.0, 9),
        ("code", "solution", "softmax", 0.0, 15),
        ("code", "check", "softmax", 3.0, 24),
        ("code", "train", "", 0.0, 27),
        ("code", "look", "", 0.0, 30),
        ("markdown", "answer", "why_shift", 2.0, 34),
        ("markdown", None, "", 0.0, 39),
        ("code", None, "", 0.0, 42),
    ]


def test_cells_are_found_by_name(parsed, demo):
    source = parsed(demo)
    assert source.assignment == "demo"
    assert source.solutions["softmax"].source.startswith("def softmax(x: torch.Tensor)")
    assert list(source.checks) == list(source.solutions) == ["softmax"]
    assert source.answers["why_shift"].source.startswith("Model answer: softmax(x)")
    assert source.subjects == {"softmax": "softmax"}


def test_the_checks_beside_it_come_along(parsed, demo, demo_files):
    source = parsed(demo)
    assert source.checks_text == demo_files["checks.py"]
    assert source.checks_path == source.path.with_name("checks.py")


def test_what_is_given_holds_no_solution_no_comment_and_nothing_that_runs(parsed, demo):
    given = parsed(
        demo.replace("import torch\n", "import torch\n\nLIMIT = 3  # of these\n")
    ).given_text
    assert given == "import torch\nLIMIT = 3\nfrom autograder import check, summary"


def test_words_of_an_answer_may_be_limited_or_not(parsed, demo):
    assert parsed(demo).answers["why_shift"].words == 40
    assert parsed(demo.replace(" words=40", "")).answers["why_shift"].words is None


def test_fractions_of_points_are_allowed(parsed, demo):
    assert parsed(demo.replace("points=3", "points=0.5")).checks["softmax"].points == 0.5


def test_a_cell_line_inside_a_string_is_no_cell(parsed, demo):
    text = demo.replace("print(softmax", 'print("""\n# %% not a cell\n""", softmax')
    assert len(parsed(text).cells) == 9


@pytest.mark.parametrize("layout", ["", "\n\n", "# a comment\n\n"])
def test_replacing_a_solution_by_itself_changes_nothing(parsed, demo, layout):
    source = parsed(demo.replace(SOLUTION + "\n", SOLUTION + "\n" + layout))
    assert source.with_solution("softmax", source.solutions["softmax"].source).text == source.text


def test_replacing_a_solution_changes_it_and_nothing_else(parsed, demo):
    source = parsed(demo)
    old = source.solutions["softmax"].source
    changed = source.with_solution("softmax", "def softmax(x):\n    return x")
    assert changed.text == demo.replace(old, "def softmax(x):\n    return x")
    assert source.text == demo


def without(text, cell_line):
    """The text without the cell that starts with this line."""
    start = text.index(cell_line)
    return text[:start] + text[text.index("# %%", start + 1) :]


def replaced(*pairs):
    def damage(text):
        for old, new in pairs:
            assert old in text
            text = text.replace(old, new)
        return text

    return damage


def moved_before(text, cell_line, other):
    """The text with one cell in front of another."""
    start = text.index(cell_line)
    end = text.index("# %%", start + 1)
    cell = text[start:end]
    return (text[:start] + text[end:]).replace(other, cell + other, 1)


ONE_LINE = 'the cell must be one line, check("softmax", …), with the name of what is checked'
MARKERS = "### BEGIN SOLUTION or ### END SOLUTION"
SOLUTION_LINE, CHECK_LINE, TRAIN_LINE, ANSWER_LINE = 15, 24, 27, 34
ERRORS = {
    "role misspelt": (
        replaced((SOLUTION, '# %% solutoin="softmax"')),
        SOLUTION_LINE,
        "unknown word 'solutoin' on the cell line; did you mean 'solution'?",
    ),
    "points misspelt": (
        replaced(("points=3", "point=3")),
        CHECK_LINE,
        "unknown word 'point' on the cell line; did you mean 'points'?",
    ),
    "train misspelt": (
        replaced((TRAIN, "# %% trian")),
        TRAIN_LINE,
        "unknown word 'trian' on the cell line; did you mean 'train'?",
    ),
    "word like no other": (
        replaced((TRAIN, "# %% xyzzy")),
        TRAIN_LINE,
        "unknown word 'xyzzy' on the cell line",
    ),
    "role without a name": (
        replaced((SOLUTION, "# %% solution")),
        SOLUTION_LINE,
        "unknown word 'solution' on the cell line",
    ),
    "points on training": (
        replaced((TRAIN, TRAIN + " points=3")),
        TRAIN_LINE,
        "unknown word 'points' on the cell line",
    ),
    "name that is no name": (
        replaced(('"softmax"', '"soft-max"')),
        SOLUTION_LINE,
        "'soft-max' is no name: letters, digits and _ only",
    ),
    "two roles": (
        replaced((SOLUTION, SOLUTION + ' check="softmax"')),
        SOLUTION_LINE,
        "a cell has one role, not solution and check",
    ),
    "points as text": (
        replaced(("points=3", 'points="three"')),
        CHECK_LINE,
        "points must be a number, not 'three'",
    ),
    "points missing": (
        replaced((" points=3", "")),
        CHECK_LINE,
        "points must be a number, not None",
    ),
    "points of an answer missing": (
        replaced((" points=2", "")),
        ANSWER_LINE,
        "points must be a number, not None",
    ),
    "points negative": (
        replaced(("points=3", "points=-1")),
        CHECK_LINE,
        "points must be a number, not -1",
    ),
    "points true": (
        replaced(("points=3", "points=true")),
        CHECK_LINE,
        "points must be a number, not True",
    ),
    "points NaN": (
        replaced(("points=3", "points=nan")),
        CHECK_LINE,
        """cannot read 'check="softmax" points=nan': write name="text" or points=number""",
    ),
    "words as text": (
        replaced(("words=40", 'words="many"')),
        ANSWER_LINE,
        "words must be a whole number above 0, not 'many'",
    ),
    "words zero": (
        replaced(("words=40", "words=0")),
        ANSWER_LINE,
        "words must be a whole number above 0, not 0",
    ),
    "words negative": (
        replaced(("words=40", "words=-40")),
        ANSWER_LINE,
        "words must be a whole number above 0, not -40",
    ),
    "words with a fraction": (
        replaced(("words=40", "words=0.5")),
        ANSWER_LINE,
        "words must be a whole number above 0, not 0.5",
    ),
    "words true": (
        replaced(("words=40", "words=true")),
        ANSWER_LINE,
        "words must be a whole number above 0, not True",
    ),
    "words misspelt": (
        replaced(("words=40", "word=40")),
        ANSWER_LINE,
        "unknown word 'word' on the cell line; did you mean 'words'?",
    ),
    "words on a check": (
        replaced(("points=3", "points=3 words=40")),
        CHECK_LINE,
        "unknown word 'words' on the cell line",
    ),
    "check on markdown": (
        replaced((CHECK, '# %% [markdown] check="softmax" points=3')),
        CHECK_LINE,
        "check belongs on a code cell, not on markdown",
    ),
    "solution on markdown": (
        replaced((SOLUTION, '# %% [markdown] solution="softmax"')),
        SOLUTION_LINE,
        "solution belongs on a code cell, not on markdown",
    ),
    "answer on code": (
        replaced(("# %% [markdown] answer", "# %% answer")),
        ANSWER_LINE,
        "answer belongs on a markdown cell, not on code",
    ),
    "alternative": (
        replaced((TRAIN, '# %% alternative="softmax"')),
        TRAIN_LINE,
        "alternatives belong in alternatives.py",
    ),
    "no BEGIN": (
        replaced((BEGIN, "")),
        SOLUTION_LINE,
        "### BEGIN SOLUTION and ### END SOLUTION do not match",
    ),
    "no END": (
        replaced((END, "")),
        SOLUTION_LINE,
        "### BEGIN SOLUTION and ### END SOLUTION do not match",
    ),
    "END before BEGIN": (
        replaced((BEGIN, "?"), (END, BEGIN), ("?", END)),
        SOLUTION_LINE,
        "### BEGIN SOLUTION and ### END SOLUTION do not match",
    ),
    "no region": (
        replaced((BEGIN, ""), (END, "")),
        SOLUTION_LINE,
        "no ### BEGIN SOLUTION and ### END SOLUTION in this solution cell",
    ),
    "hidden tests, as they once were": (
        replaced((CALL, CALL + "\n### BEGIN HIDDEN TESTS\n### END HIDDEN TESTS")),
        CHECK_LINE,
        f"unknown marker '### BEGIN HIDDEN TESTS': write {MARKERS}",
    ),
    "solution in a check": (
        replaced((CHECK + "\n", CHECK + "\n### BEGIN SOLUTION\n### END SOLUTION\n")),
        CHECK_LINE,
        "### BEGIN SOLUTION does not belong in this cell",
    ),
    "no call of check": (replaced((CALL, 'print("softmax", softmax)')), CHECK_LINE, ONE_LINE),
    "call of another check": (
        replaced((CALL, 'check("hardmax", softmax)')),
        CHECK_LINE,
        ONE_LINE,
    ),
    "check of what has no name": (
        replaced((CALL, 'check("softmax", lambda x: x)')),
        CHECK_LINE,
        ONE_LINE,
    ),
    "check of more": (replaced((CALL, 'check("softmax", softmax, 3)')), CHECK_LINE, ONE_LINE),
    "more than one line": (replaced((CALL, CALL + "\nsummary()")), CHECK_LINE, ONE_LINE),
    "an import beside the check": (
        replaced((CALL, "from autograder import check\n" + CALL)),
        CHECK_LINE,
        ONE_LINE,
    ),
    "check before its solution": (
        lambda text: moved_before(text, CHECK, SOLUTION),
        SOLUTION_LINE,
        "check 'softmax' stands before its solution in line 18",
    ),
    "solution twice": (
        lambda text: text + f"\n\n{SOLUTION}\n### BEGIN SOLUTION\n### END SOLUTION\n",
        46,
        "solution 'softmax' stands at line 15 already",
    ),
    "check twice": (
        lambda text: text + f'\n\n{CHECK}\ncheck("softmax", softmax)\n',
        46,
        "check 'softmax' stands at line 24 already",
    ),
    "answer named like a check": (
        replaced(("why_shift", "softmax")),
        ANSWER_LINE,
        "'softmax' names a check and an answer",
    ),
    "check without solution": (
        lambda text: without(text, SOLUTION),
        SOLUTION_LINE,
        "check 'softmax' has no solution cell",
    ),
    "solution without check": (
        lambda text: without(text, CHECK),
        SOLUTION_LINE,
        "solution 'softmax' has no check cell",
    ),
    "syntax error": (
        replaced(("return e / e.sum(-1, keepdim=True)", "return e /")),
        20,
        "not Python: invalid syntax",
    ),
    "code before the first cell": (
        lambda text: "x = 1\n" + text,
        1,
        "the first line must start a cell: '# %%' or '# %% [markdown]'",
    ),
    "comment before the first cell": (
        lambda text: "# comment\n" + text,
        1,
        "the first line must start a cell: '# %%' or '# %% [markdown]'",
    ),
    "empty file": (
        lambda text: "",
        1,
        "the first line must start a cell: '# %%' or '# %% [markdown]'",
    ),
    "cell line without a space": (
        replaced((TRAIN, "#%% train")),
        1,
        "8 cell lines, but jupytext reads 9 cells",
    ),
}


@pytest.mark.parametrize("damage, line, problem", ERRORS.values(), ids=ERRORS)
def test_errors_name_file_line_and_problem_and_nothing_is_written(
    make_course, demo_files, demo, damage, line, problem
):
    course = make_course({"demo": {**demo_files, "demo.py": damage(demo)}})
    with pytest.raises(SourceError) as raised:
        build(course, "demo")
    assert str(raised.value) == f"{course.source_path('demo')}:{line}: {problem}"
    assert not course.notebooks.exists() and not (course.build / "source").exists()


@pytest.mark.parametrize(
    "right, wrong, line",
    [
        ("### BEGIN SOLUTION", "###BEGIN SOLUTION", SOLUTION_LINE),
        ("### END SOLUTION", "# END SOLUTION", SOLUTION_LINE),
        ("### BEGIN SOLUTION", "### BEGIN SOLUTION (stable)", SOLUTION_LINE),
        ("### BEGIN SOLUTION", "### BEGIN SOLUTON", SOLUTION_LINE),
        ("zeros(4)))", "zeros(4)))  ### BEGIN SOLUTION", TRAIN_LINE),
        ("# Marking:", "# ## BEGIN SOLUTION", ANSWER_LINE),
    ],
)
def test_a_misspelt_marker_is_an_error_for_it_would_hide_nothing(parsed, demo, right, wrong, line):
    with pytest.raises(SourceError, match=rf"demo\.py:{line}: unknown marker '.*#+ ?(BEGIN|END) "):
        parsed(demo.replace(right, wrong))


def test_both_markers_misspelt_are_an_error(parsed, demo):
    with pytest.raises(SourceError, match="unknown marker '### BEGIN SOLUTOIN'"):
        parsed(demo.replace("SOLUTION", "SOLUTOIN"))


def test_without_its_checks_a_source_is_refused(make_course, demo):
    course = make_course({"demo": {"demo.py": demo}})
    with pytest.raises(SourceError) as raised:
        read_source(course.source_path("demo"))
    path = course.source_path("demo").with_name("checks.py")
    assert str(raised.value) == f"{path}:1: is missing: it says how each exercise is judged"


def test_a_source_that_checks_nothing_needs_no_checks(make_course):
    course = make_course({"demo": {"demo.py": "# %% [markdown]\n# Only text.\n"}})
    assert read_source(course.source_path("demo")).checks_text == ""
