"""Pages, Moodle XML and QTI of questions, whatever a student's code holds."""

import io
import zipfile
from xml.etree import ElementTree

import pytest

from autograder.questions.asking import distinct
from autograder.questions.canvas import QTI, as_canvas
from autograder.questions.moodle import as_moodle
from autograder.questions.page import key_page, student_page
from autograder.questions.question import Option, Question, from_json

EVIL = "x = '</pre><script>alert(1)</script>]]>&'"
NS = {"q": QTI, "c": "http://canvas.instructure.com/xsd/cccv1p0"}


def a_question(kind="shape", right="(2, 3)", asked="What is `x`?", exercise="max_pool"):
    texts = [right, "(3, 2)", EVIL, "(6,)"]
    options = tuple(Option(t, t == right, "" if t == right else f"not `{t}`") for t in texts)
    code = ((1, "def f(x):"), (3, f"    {EVIL}"), (12, "    return x"))
    return Question(kind, exercise, code, (3,), asked, "f(x)\n\nx: shape (2,)", options, "Because.")


@pytest.fixture
def asked():
    return {"ada": [a_question(), a_question("axis")], "bo/b": [a_question(asked="Und `ü`\x0b?")]}


def test_a_question_is_kept_as_it_is():
    question = a_question()
    assert from_json(question.as_json()) == question
    with pytest.raises((TypeError, LookupError)):
        from_json({"kind": "shape"})


def test_a_students_page_tells_no_answer_and_runs_nothing():
    page = student_page("attention", "Ada <b>", [a_question()])
    assert "<script" not in page and "Ada &lt;b&gt;" in page
    assert "default-src 'none'" in page
    assert "Because" not in page and 'class="right"' not in page and "not <code>" not in page
    assert page.count("<li") == 4 and "One question about your code" in page
    assert '<tr class="marked"><td class="number">3' in page


def test_the_key_tells_what_is_right_and_why(asked):
    page = key_page("attention", asked)
    assert page.count('class="right"') == 3 and page.count("✓ Because.") == 3
    assert page.count("✗ not <code>") == 9 and "<script" not in page


def test_moodle_gets_a_category_for_each_student(asked):
    quiz = ElementTree.fromstring(as_moodle("attention", asked))
    questions = quiz.findall("question")
    categories = [q.findtext("category/text") for q in questions if q.get("type") == "category"]
    top = "$course$/top/Questions attention"
    assert categories == [f"{top}/ada", f"{top}/bo//b"], "a slash in a name stands twice"
    first, second = [q for q in questions if q.get("type") == "multichoice"][:2]
    assert [a.get("fraction") for a in first.findall("answer")] == ["100", "0", "0", "0"]
    assert first.findtext("single") == "true" and first.findtext("penalty") == "1.0"
    assert first.findtext("shuffleanswers") == "true"
    assert second.findtext("shuffleanswers") == "false", "axes have an order of their own"
    ids = [q.findtext("idnumber") for q in questions if q.get("type") == "multichoice"]
    assert len({*ids}) == 3
    text = first.findtext("questiontext/text")
    assert first.find("questiontext").get("format") == "html"
    assert "<script" not in text and "► " in text and "&lt;script&gt;" in text


def test_canvas_gets_a_quiz_for_each_student(asked):
    archive = zipfile.ZipFile(io.BytesIO(as_canvas("attention", asked)))
    manifest = ElementTree.fromstring(archive.read("imsmanifest.xml"))
    files = {each.get("href") for each in manifest.iter() if each.tag.endswith("}file")}
    assert files | {"imsmanifest.xml", "non_cc_assessments/"} == {*archive.namelist()}
    quizzes = [name for name in sorted(files) if not name.endswith("meta.xml")]
    assert len(quizzes) == 2
    for name in quizzes:
        quiz = ElementTree.fromstring(archive.read(name)).find("q:assessment", NS)
        meta = ElementTree.fromstring(
            archive.read(name.rpartition("/")[0] + "/assessment_meta.xml")
        )
        assert meta.get("identifier") == quiz.get("ident") == name.partition("/")[0]
        assert meta.findtext("c:title", namespaces=NS) == quiz.get("title")
        assert meta.findtext("c:show_correct_answers", namespaces=NS) == "false"
        for item in quiz.iter(f"{{{QTI}}}item"):
            labels = [each.get("ident") for each in item.iter(f"{{{QTI}}}response_label")]
            scored = item.find(".//q:respcondition[@continue='No']", NS)
            assert scored.findtext("q:conditionvar/q:varequal", namespaces=NS) == labels[0]
            assert scored.findtext("q:setvar", namespaces=NS) == "100"
            shown = {e.get("linkrefid") for e in item.iter(f"{{{QTI}}}displayfeedback")}
            assert shown == {e.get("ident") for e in item.iter(f"{{{QTI}}}itemfeedback")}


def test_the_same_questions_make_the_same_zip(asked):
    assert as_canvas("attention", asked) == as_canvas("attention", asked)


def test_nobody_has_a_classmates_questions():
    pool = [a_question(asked=f"What is `x{n}`?") for n in range(4)]
    chosen = distinct({"ada": pool, "bob": pool, "eve": pool[:3]}, 3)
    assert chosen["ada"] == pool[:3] and chosen["bob"] == [pool[0], pool[1], pool[3]]
    assert chosen["eve"] == [], "there are no others"


def test_the_order_of_options_makes_no_other_question():
    question = a_question()
    turned = Question(**{**vars(question), "options": question.options[::-1]})
    assert turned.signature == question.signature
