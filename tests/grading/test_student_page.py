"""The student's page as it is made: what it says of each exercise, what it keeps to itself."""

import re
from html.parser import HTMLParser
from itertools import pairwise
from xml.etree.ElementTree import Element

import pytest
from latex2mathml import converter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.assignment.cells import CellName, Kind
from autograder.checks.text.cell_texts import UNANSWERED
from autograder.grading.pages import filters
from autograder.grading.pages.grades import Counts, Grades, Lateness, Mark
from autograder.grading.pages.items import IN_WORDS
from autograder.grading.pages.markdown import as_html
from autograder.grading.pages.mathml import as_mathml
from autograder.grading.pages.student_page import student_page
from autograder.grading.pages.tasks import tasks_of
from autograder.grading.pages.templates import FOLDER
from autograder.grading.record import Record, Said

SECTION = """Of the section before.

### 1.1 Normalise `x`

Rows sum to one, $\\sum_j a_j = 1$.

```
# no heading
```"""
STUB = "# exercise: softmax\ndef softmax(x):\n    raise NotImplementedError"
WRITTEN = "# exercise: softmax\ndef softmax(x):\n    return shifted(x)  # mine"
HELPER = "def shifted(x):\n    return x - x.max()"


def cell(make, text, kind, name, **more):
    return make(text, metadata={"nbgrader": CellName(kind, name).metadata}, **more)


def notebook(code=WRITTEN, answer="Shifts *cancel*.", *, said=None, noticed=(), added=(), **more):
    """A graded notebook; hidden things stand where they stand in graders' copies."""
    nb = new_notebook(
        cells=[
            new_markdown_cell("# Softmax\n\nText.", id="title"),
            new_markdown_cell(SECTION, id="section"),
            *(new_code_cell(text, id=f"added-{index}") for index, text in enumerate(added)),
            cell(new_code_cell, code, Kind.SOLUTION, "softmax", id="a"),
            cell(new_code_cell, "def probe_of_rows(): ...", Kind.CASES, "softmax", id="b"),
            cell(new_code_cell, 'check("softmax", softmax)', Kind.CHECK, "softmax", id="c"),
            new_markdown_cell("A hint after it.\n\n## 2 Why\n\nWhy does it work?", id="question"),
            cell(
                new_markdown_cell,
                f"**why** (2 points)\n\n{answer}",
                Kind.ANSWER,
                "why",
                id="d",
                **more,
            ),
            new_markdown_cell("> Model answer: it is invariant.", id="scheme-why"),
        ]
    )
    Record({"softmax": said or Said(True, "error 1e-08 < 1e-05")}, tuple(noticed)).keep(nb)
    return nb


RELEASED = notebook(STUB, UNANSWERED)
RELEASED.cells.pop()  # the scheme


def page(nb=None, exercise=3.0, answer=None, comments=None, **more):
    """The page of a notebook with these marks out of 3 and of 2."""
    marks = {
        "check-softmax": exercise if isinstance(exercise, Mark) else Mark(exercise, 3.0),
        "answer-why": answer or Mark(0.0, 2.0, is_waiting=True),
    }
    grades = Grades("deep learning", "ada", marks, comments or {}, **more)
    return student_page(nb or notebook(), tasks_of(RELEASED), grades)


def rows(html):
    """The table as text, a list of cells for each row."""
    (table,) = re.findall(r"<table class=\"overview\".*?</table>", html, re.S)
    return [
        [text_of(each) for each in re.findall(r"<t[hd][ >].*?</t[hd]>", row, re.S)]
        for row in table.split("</tr>")[1:-1]
    ]


def text_of(html):
    class Texts(HTMLParser):
        def handle_data(self, data):
            found.append(data)

    found = []
    Texts().feed(html)
    return " ".join("".join(found).split())


def attributes_in(html):
    class Attributes(HTMLParser):
        def handle_starttag(self, tag, attributes):
            found.extend(attributes)

    found = []
    Attributes().feed(html)
    return found


def part(html, grade_id):
    """What the page says of one graded cell."""
    (found,) = [each for each in html.split("<article>")[1:] if f'id="{grade_id}"' in each]
    return found.partition("</article>")[0]


RESULTS = {  # of 3 points, passed, and how the table says it
    "right": (3.0, True, "✓all points"),
    "partly right": (1.5, False, "◐some of the points"),
    "wrong": (0.0, False, "✗no points"),
}


@pytest.mark.parametrize("points, passed, shown", RESULTS.values(), ids=RESULTS)
def test_the_table_says_what_an_exercise_earned_and_why(points, passed, shown):
    said = Said(passed, "error 0.5 ≥ 1e-05 at rows", "The `rows` must sum to 1.")
    html = page(notebook(said=said), points)
    assert rows(html)[0] == ["1.1 Normalise x", shown, f"{points:g} / 3", "The rows must sum to 1."]
    assert text_of(part(html, "check-softmax")).startswith(
        f"1.1 Normalise x {shown}: {points:g} / 3"
    )
    assert "<p>error 0.5 ≥ 1e-05 at rows</p>" in part(html, "check-softmax")
    assert "The <code>rows</code> must sum to 1." in part(html, "check-softmax")


def test_what_to_read_again_is_the_whole_section_and_only_where_something_is_wrong():
    wrong = part(page(notebook(said=Said(False, "other numbers")), 0.0), "check-softmax")
    assert "Read again: 1.1 Normalise <code>x</code></summary>" in wrong
    assert "# no heading" in wrong and "A hint after it." in wrong and "<munder" not in wrong
    assert '<math display="inline">' in wrong and "∑" in wrong
    assert "Of the section before" not in wrong and "Why does it work" not in wrong
    assert "Read again" not in page()


def test_code_is_the_students_own_with_what_they_added_for_it():
    html = page(notebook(added=[HELPER]))
    (code,) = re.findall(r"<pre class=\"code\".*?</pre>", part(html, "check-softmax"), re.S)
    assert text_of(code).startswith("def shifted(x): return x - x.max() def softmax(x)")
    assert '<span class="k">def</span>' in code and "# exercise" not in code


def test_hidden_things_stay_hidden():
    html = page(notebook(said=Said(False, "other numbers")), 0.0)
    assert "probe_of_rows" not in html  # the text of a case
    assert "Model answer" not in html
    assert "check(" not in html


def test_an_answer_that_waits_is_not_graded_yet_and_counts_nothing():
    html = page()
    assert rows(html)[1] == ["2 Why", "…not graded yet", "– / 2", "not graded yet"]
    assert "3</strong> of 5 points so far" in html
    assert "1 written answer, for\n2 points, is\nnot graded yet." in html
    assert "<em>cancel</em>" in part(html, "answer-why") and "(2 points)" not in html


GRADED = {  # points, the comment, and how the table says it
    "right": (2.0, "", ["✓all points", "2 / 2", ""]),
    "some": (1.0, "No $x$!", ["◐some of the points", "1 / 2", "see the comment"]),
    "none": (0.0, "Not an answer.\n\nSee **1.1**", ["✗no points", "0 / 2", "Not an answer."]),
}


@pytest.mark.parametrize("points, comment, shown", GRADED.values(), ids=GRADED)
def test_an_answer_that_was_graded_has_points_and_comment(points, comment, shown):
    html = page(answer=Mark(points, 2.0, is_given=True), comments={"answer-why": comment})
    assert rows(html)[1][1:] == shown
    assert "so far" not in html and "not graded yet" not in html
    assert ("A grader’s comment" in html) == bool(comment)
    assert ("See <strong>1.1</strong>" in html) == ("**" in comment)


def test_a_changed_answer_keeps_its_points_until_it_is_looked_at_again():
    html = page(answer=Mark(1.0, 2.0, is_waiting=True, is_given=True))
    assert rows(html)[1][2] == "1 / 2"
    assert "given by a grader, to be looked at again" in part(html, "answer-why")


@pytest.mark.parametrize("answer", ["", UNANSWERED])
def test_a_blank_answer_is_called_that_and_needs_no_grader(answer):
    html = page(
        notebook(answer=answer), answer=Mark(0.0, 2.0), comments={"answer-why": "No response."}
    )
    assert rows(html)[1] == ["2 Why", "✗no points", "0 / 2", "nothing written"]
    assert "You wrote nothing." in html and "No response." not in html


def test_points_that_a_grader_gave_an_exercise_stand():
    said = Said(False, "other numbers")
    html = page(notebook(said=said), Mark(3.0, 3.0, is_given=True))
    assert rows(html)[0][1:] == ["✓all points", "3 / 3", "points given by a grader"]
    html = page(comments={"solution-softmax": "Well *done*"})
    assert "Well <em>done</em>" in part(html, "check-softmax")


def test_how_a_late_penalty_came_about():
    html = page(
        handed_in="2026-10-02 18:00 UTC",
        due="2026-10-01 12:00 UTC",
        extension="1 day",
        seconds_late=1.0,
        lateness=Lateness(2, 0.5, 1.0),
    )
    assert [row[0] for row in rows(html)[2:]] == ["Points", "Late penalty", "Score"]
    assert [row[2] for row in rows(html)[2:]] == ["3 / 5", "−1", "2 / 5"]
    said = " ".join(html.split())
    assert "Due 2026-10-01 12:00 UTC, with an extension of 1 day; handed in 2026-10-02" in said
    assert "2 days late, at 0.5 points a day. 1 point off: 3 − 1 = 2." in said
    assert "<title>Softmax: 2 of 5 points</title>" in html


def test_a_penalty_may_be_limited_or_of_another_policy():
    late = {"seconds_late": 1.0, "due": "x", "handed_in": "y"}
    limited = text_of(page(lateness=Lateness(9, 10.0, 25.0), **late))
    assert "at 10 points a day, which is limited to 25. 25 points off" in limited
    other = text_of(page(lateness=Lateness(penalty=2.0), **late))
    assert "handed in y. 2 points off: 3 − 2 = 1." in other and "a day" not in other
    assert "That costs nothing." in text_of(page(lateness=Lateness(), **late))
    assert "in time: due x" in page(handed_in="y", due="x")


def test_what_was_noticed_is_told_as_text():
    html = page(notebook(noticed=["softmax: metadata lost", "tried to open /<b>`x`"]))
    assert "<li>softmax: metadata lost</li>" in html
    assert "<li>tried to open /&lt;b&gt;<code>x</code></li>" in html
    assert "Noticed" not in page()


def test_names_are_text_too():
    html = page(notebook(said=Said(True, "x", leaderboard="<i>a</i>")), handed_in="<i>b</i>")
    assert "&lt;i&gt;a" in html and "&lt;i&gt;b" in html and "<i>" not in html


def test_a_notebook_that_was_graded_before_records_were_kept_still_has_its_points():
    nb = notebook()
    del nb.metadata["grading"]
    assert rows(page(nb, 1.0))[0][1:] == ["◐some of the points", "1 / 3", ""]


def test_headings_go_down_one_by_one_and_ids_are_unique():
    html = page(notebook(answer="# Loud\n\n#### deep", said=Said(False, "x")), 0.0)
    levels = [int(level) for level in re.findall(r"<h(\d)", html)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(b <= a + 1 for a, b in pairwise(levels))
    ids = re.findall(r' id="(.*?)"', html)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#(.*?)"', html)) <= set(ids)


def luminance(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts]
    return sum(w * v for w, v in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_text_stands_out_from_its_ground_by_day_and_night():
    """At least 4.5, of "Web Content Accessibility Guidelines 2.2", W3C."""
    css = (FOLDER / "student_page.css").read_text()
    schemes = [dict(re.findall(r"--(\w+): (#\w{6})", part)) for part in css.split("@media")[:2]]
    for colours in schemes:
        for ground in ("ground", "raised"):
            for ink in ("ink", "quiet", "accent"):
                pair = sorted(luminance(colours[name]) + 0.05 for name in (ground, ink))
                assert pair[1] / pair[0] >= 4.5, (ground, ink)


def test_symbols_are_said_in_words():
    assert set(IN_WORDS) == {"✓", "◐", "✗", "…"}


FORMULAS = {
    r"\mathbb R": "<mi>ℝ</mi>",
    r"\mathbf{x}": "<mi>𝐱</mi>",
    r"\boldsymbol\theta": "<mi>𝜽</mi>",
    r"\mathcal N": "<mi>𝒩</mi>",
    r"\mathfrak g": "<mi>𝔤</mi>",
    r"\mathrm{softmax}": "<mi>softmax</mi>",
    r"\mathrm d": '<mi mathvariant="normal">d</mi>',
    r"x \sim y": "<mo>∼</mo>",
    r"x\!y": '<mspace width="-0.1667em">',
    r"a < b": "<mo>&lt;</mo>",
}


@pytest.mark.parametrize("latex, wanted", FORMULAS.items(), ids=FORMULAS)
def test_formulas_are_what_browsers_can_set(latex, wanted):
    assert wanted in as_mathml(latex, display=False)


HOSTILE = {
    "element in text": r"\text{<script>console.log(7)</script>}",
    "entities in text": r"\text{&lt;script>console.log(7)&lt;/script>}",
    "picture in text": r"\text{<img src=x onerror=console.log(7)>}",
    "link": r"\href{javascript:console.log(7)}{x}",
    "style": r"\style{background:url(//evil.test)}{x}",
    "class": r"\class{score}{x}",
    "colour": r"\color{red;background:url(//evil.test)}{x}",
    "name of a command": r"\<img/src=x/onerror=console.log(7)>",
}


@pytest.mark.parametrize("latex", HOSTILE.values(), ids=HOSTILE)
def test_formulas_hold_nothing_but_formulas(latex):
    for display in (True, False):
        html = as_mathml(latex, display=display)
        tags = set(re.findall(r"<(/?\w+)((?: \w+=\"[\w.%-]*\")*)>", html))
        assert len(re.findall(r"[<>]", re.sub(r"</?m\w+(?: \w+=\"[\w.%-]*\")*>", "", html))) == 0
        assert not [name for name, more in tags if "href" in more or "style=" in more]


IN_TEXT = {
    "formula as alternative text": '![$\\text{" onerror=console.log(7) x="}$](x)',
    "formula in a link": "[$x$](javascript:console.log(7))",
    "formula in an attribute": '<img alt="$x$" onerror="$y$">',
    "mark of ours": "<span>\ue0000\ue000</span> $x$",
    "mark as an entity": "<span>&#xe000;0&#xe000;</span> $x$",
}


@pytest.mark.parametrize("text", IN_TEXT.values(), ids=IN_TEXT)
def test_formulas_stand_in_text_only_once_and_nowhere_else(text):
    html = as_html(text, {})
    assert html.count("<math") <= 1 and "\ue000" not in html
    for name, value in attributes_in(html):
        assert name in ("alt", "display", "class") and "javascript" not in value


def test_a_formula_stands_where_it_was_written():
    html = as_html("<span>\ue0000\ue000</span> then $x$", {})
    assert html.index("then") < html.index("<math")


def test_an_element_that_no_formula_has_is_refused(monkeypatch):
    monkeypatch.setattr(converter, "convert_to_element", lambda *_, **__: Element("a"))
    with pytest.raises(ValueError, match="no element of formulas: a"):
        as_mathml("refused", display=False)


def test_what_is_no_formula_is_shown_as_it_was_written():
    assert "<code>\\frac{</code>" in as_html("so $\\frac{$ is", {})
    assert "<math" not in as_html(f"${'x' * 3000}$", {})
    assert "<math" in as_html("\\begin{align}a&=b\\end{align}", {})


def test_many_slow_texts_cost_a_page_no_more_than_its_time(monkeypatch):
    monkeypatch.setattr(filters, "TEXT_SECONDS", 0.05)
    slow = "\\begin{a}" * 10_000
    html = page(notebook(answer=slow))
    assert filters.AS_WRITTEN in html and "<em>cancel" not in html


def test_pictures_of_an_answer_are_shown():
    picture = {"plot.png": {"image/png": "R0lGODlhAQABAAAAACw="}}
    html = page(notebook(answer="![a plot](attachment:plot.png)", attachments=picture))
    assert 'src="data:image/png;base64,R0lGODlhAQABAAAAACw="' in html and 'alt="a plot"' in html


def test_hours_grace_and_a_cutoff_are_told():
    late = {"seconds_late": 1.0, "due": "x", "handed_in": "y"}
    hourly = text_of(page(lateness=Lateness(1, 0.5, 0.5, "hour", grace_minutes=15.0), **late))
    assert "The first 15 minutes are not counted. Every hour begun counts: 1 hour late" in hourly
    assert "at 0.5 points an hour. 0.5 points off" in hourly
    html = page(lateness=Lateness(2, 1.0, 5.0, is_cut_off=True), **late)
    assert "after the last moment at which work is taken, so that the score is 0." in text_of(html)
    assert [row[2] for row in rows(html)[2:]] == ["3 / 5", "−3", "0 / 5"]


COUNTS = {  # of an answer that earned 1 of 2, how the table shows it, and what is below it
    Counts.AS_EARNED: (["◐some of the points", "1 / 2", ""], ["Score", "", "4 / 5", ""]),
    Counts.DROPPED: (
        ["◐some of the points", "–", "Does not count, for anybody."],
        ["Score", "", "3 / 3", ""],
    ),
    Counts.IN_FULL: (
        ["◐some of the points", "2 / 2", "Counts in full for everybody."],
        ["Score", "", "5 / 5", ""],
    ),
    Counts.AS_BONUS: (["◐some of the points", "+1 / 2", "A bonus."], ["Points", "", "3 / 3", ""]),
}


@pytest.mark.parametrize("counts", COUNTS)
def test_how_an_exercise_counts_is_told(counts):
    html = page(answer=Mark(1.0, 2.0, counts=counts))
    assert [rows(html)[1][1:], rows(html)[2]] == [*COUNTS[counts]]
    rule = "You earned 1 of 2 points." if counts is Counts.IN_FULL else ""
    assert (rule or COUNTS[counts][0][2]) in text_of(part(html, "answer-why"))


def test_a_bonus_is_added_up_to_its_limit():
    marks = {"exercise": 2.0, "answer": Mark(2.0, 2.0, counts=Counts.AS_BONUS)}
    assert rows(page(**marks))[3] == ["Bonus", "", "+2", ""]
    assert rows(page(**marks))[4][2] == "4 / 3"
    limited = rows(page(bonus_limit=0.5, **marks))
    assert limited[3][2:] == [
        "+1.5",
        "2 earned; with a bonus, points may be 0.5 more than all there are.",
    ]
    none = rows(page(bonus_limit=0.0, **marks))
    assert none[3][3] == "2 earned; with a bonus, points may be all there are, and not more."
    assert none[4][2] == "3 / 3"


def test_what_does_not_count_waits_for_no_grader():
    html = page(answer=Mark(0.0, 2.0, is_waiting=True, counts=Counts.DROPPED))
    assert "not graded yet" not in text_of(html.partition("</header>")[0])
    assert "so far" not in html


def test_whose_work_a_group_handed_in_is_told_and_escaped():
    said = text_of(page(group="<b>Blue", handed_in_by="you, bo", differs_from_own=True))
    assert "Handed in for your group, <b>Blue, by you, bo. You handed in another version" in said
    assert "group, Red. " in text_of(page(group="Red")) + " "
