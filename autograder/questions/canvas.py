"""Questions as a zip for Canvas: QTI 1.2 with Canvas's own words, a quiz for each student.

A quiz is unpublished, is shown to nobody but those it is assigned to, and tells no answers.
Source: "IMS Question & Test Interoperability", version 1.2; the layout of zips that Canvas exports.
"""

import hashlib
import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from xml.etree.ElementTree import Element

from autograder.grading.pages.templates import prose
from autograder.questions.question import Question
from autograder.questions.text import feedback, option, stem
from autograder.questions.xml import add, to_bytes

QTI = "http://www.imsglobal.org/xsd/ims_qtiasiv1p2"
CANVAS = "http://canvas.instructure.com/xsd/cccv1p0"
PACKAGE = "http://www.imsglobal.org/xsd/imsccv1p1/imscp_v1p1"
OF_CANVAS = "associatedcontent/imscc_xmlv1p1/learning-application-resource"
WHEN = (1980, 1, 1, 0, 0, 0)  # the same questions make the same file
META = {
    "shuffle_answers": "false",
    "scoring_policy": "keep_highest",
    "hide_results": "always",
    "quiz_type": "assignment",
    "show_correct_answers": "false",
    "allowed_attempts": "1",
    "one_question_at_a_time": "false",
    "cant_go_back": "false",
    "available": "false",
    "only_visible_to_overrides": "true",
}


def as_canvas(assignment: str, questions: Mapping[str, Sequence[Question]]) -> bytes:
    """The zip for *Settings, Import Course Content, QTI .zip file*."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in _files(assignment, questions):
            archive.writestr(zipfile.ZipInfo(name, WHEN), data, zipfile.ZIP_DEFLATED)
    return content.getvalue()


def _files(
    assignment: str, questions: Mapping[str, Sequence[Question]]
) -> Iterator[tuple[str, bytes]]:
    names = {student: _id("quiz", assignment, student) for student in questions}
    yield "imsmanifest.xml", to_bytes(_manifest([*names.values()], assignment))
    yield "non_cc_assessments/", b""
    for student, own in questions.items():
        name, title = names[student], f"Questions {assignment}: {student}"
        yield f"{name}/{name}.xml", to_bytes(_assessment(name, title, own))
        yield f"{name}/assessment_meta.xml", to_bytes(_meta(name, title, len(own)))


def _id(*parts: str) -> str:
    """An identifier as Canvas writes them: a letter and hexadecimal digits."""
    return f"g{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:32]}"


def _manifest(names: Sequence[str], assignment: str) -> Element:
    manifest = Element("manifest", {"identifier": _id("manifest", assignment), "xmlns": PACKAGE})
    metadata = add(manifest, "metadata")
    add(metadata, "schema", "IMS Content")
    add(metadata, "schemaversion", "1.1.3")
    add(manifest, "organizations")
    resources = add(manifest, "resources")
    for name in names:
        of_canvas = _id("meta", name)
        quiz = add(resources, "resource", identifier=name, type="imsqti_xmlv1p2")
        add(quiz, "file", href=f"{name}/{name}.xml")
        add(quiz, "dependency", identifierref=of_canvas)
        file = f"{name}/assessment_meta.xml"
        meta = add(resources, "resource", identifier=of_canvas, type=OF_CANVAS, href=file)
        add(meta, "file", href=file)
    return manifest


def _meta(name: str, title: str, points: int) -> Element:
    quiz = Element("quiz", {"identifier": name, "xmlns": CANVAS})
    add(quiz, "title", title)
    add(quiz, "description", "<p>Questions about your own code. Comments are left out of it.</p>")
    for tag, text in META.items():
        add(quiz, tag, text)
    add(quiz, "points_possible", f"{points:.1f}")
    return quiz


def _assessment(name: str, title: str, questions: Sequence[Question]) -> Element:
    root = Element("questestinterop", {"xmlns": QTI})
    assessment = add(root, "assessment", ident=name, title=title)
    _add_fields(add(assessment, "qtimetadata"), cc_maxattempts="1")
    section = add(assessment, "section", ident="root_section")
    for number, question in enumerate(questions, 1):
        _add_item(section, _id(name, str(number)), f"Question {number}", question)
    return root


def _add_item(section: Element, name: str, title: str, question: Question) -> None:
    item = add(section, "item", ident=name, title=title)
    answers = [str(1000 + at) for at in range(len(question.options))]
    _add_fields(
        add(add(item, "itemmetadata"), "qtimetadata"),
        question_type="multiple_choice_question",
        points_possible="1.0",
        original_answer_ids=",".join(answers),
        assessment_question_identifierref=_id(name, "question"),
    )
    presentation = add(item, "presentation")
    _add_html(presentation, stem(question))
    response = add(presentation, "response_lid", ident="response1", rcardinality="Single")
    choices = add(response, "render_choice")
    for ident, each in zip(answers, question.options, strict=True):
        _add_html(add(choices, "response_label", ident=ident), option(each.text))
    _add_scoring(item, question, answers)
    _add_feedback(item, "general_fb", feedback(question))
    for ident, each in zip(answers, question.options, strict=True):
        if each.why:
            _add_feedback(item, f"{ident}_fb", str(prose(each.why)))


def _add_fields(parent: Element, **fields: str) -> None:
    for label, entry in fields.items():
        field = add(parent, "qtimetadatafield")
        add(field, "fieldlabel", label)
        add(field, "fieldentry", entry)


def _add_html(parent: Element, html: str) -> None:
    add(add(parent, "material"), "mattext", html, texttype="text/html")


def _add_scoring(item: Element, question: Question, answers: Sequence[str]) -> None:
    scoring = add(item, "resprocessing")
    outcomes = add(scoring, "outcomes")
    add(outcomes, "decvar", maxvalue="100", minvalue="0", varname="SCORE", vartype="Decimal")
    _add_shown(scoring, None, "general_fb")
    for ident, each in zip(answers, question.options, strict=True):
        if each.why:
            _add_shown(scoring, ident, f"{ident}_fb")
    right = next(i for i, each in zip(answers, question.options, strict=True) if each.is_right)
    condition = add(scoring, "respcondition", **{"continue": "No"})
    add(add(condition, "conditionvar"), "varequal", right, respident="response1")
    add(condition, "setvar", "100", action="Set", varname="SCORE")


def _add_shown(scoring: Element, answer: str | None, shown: str) -> None:
    """A feedback, for one answer or for all."""
    condition = add(scoring, "respcondition", **{"continue": "Yes"})
    given = add(condition, "conditionvar")
    if answer is None:
        add(given, "other")
    else:
        add(given, "varequal", answer, respident="response1")
    add(condition, "displayfeedback", feedbacktype="Response", linkrefid=shown)


def _add_feedback(item: Element, name: str, html: str) -> None:
    _add_html(add(add(item, "itemfeedback", ident=name), "flow_mat"), html)
