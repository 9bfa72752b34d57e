"""Questions as Moodle XML, a category for each student.

Source: "Moodle XML format", docs.moodle.org, and `question/format/xml/format.php` of Moodle.
"""

import hashlib
from collections.abc import Mapping, Sequence
from xml.etree.ElementTree import Element

from autograder.grading.pages.templates import prose
from autograder.questions.question import Question
from autograder.questions.text import feedback, option, stem
from autograder.questions.xml import add, to_bytes

TOP = "$course$/top"
IN_ORDER = ("axis", "dtype", "times")  # whose options have an order of their own


def as_moodle(assignment: str, questions: Mapping[str, Sequence[Question]]) -> bytes:
    """The file for *Question bank, Import, Moodle XML format*."""
    quiz = Element("quiz")
    for student, own in questions.items():
        category = add(quiz, "question", type="category")
        path = "/".join([TOP, _part(f"Questions {assignment}"), _part(student)])
        add(add(category, "category"), "text", path)
        for number, question in enumerate(own, 1):
            _add_question(quiz, f"{assignment} {student} {number}", question)
    return to_bytes(quiz)


def _part(name: str) -> str:
    """A category's name in a path, in which a slash stands twice."""
    return name.replace("/", "//")


def _add_question(quiz: Element, name: str, question: Question) -> None:
    element = add(quiz, "question", type="multichoice")
    _add_text(element, "name", name)
    _add_text(element, "questiontext", stem(question), "html")
    _add_text(element, "generalfeedback", feedback(question), "html")
    add(element, "defaultgrade", "1.0")
    add(element, "penalty", "1.0")  # no second try: three options are left then
    add(element, "hidden", "0")
    add(element, "idnumber", hashlib.sha256(name.encode()).hexdigest()[:20])
    add(element, "single", "true")
    add(element, "shuffleanswers", "false" if question.kind in IN_ORDER else "true")
    add(element, "answernumbering", "ABCD")
    for each in question.options:
        answer = add(element, "answer", fraction="100" if each.is_right else "0", format="html")
        add(answer, "text", option(each.text))
        _add_text(answer, "feedback", str(prose(each.why)), "html")


def _add_text(parent: Element, tag: str, text: str, kind: str = "") -> None:
    add(add(parent, tag, **({"format": kind} if kind else {})), "text", text)
