"""The pages that a grader sees. Their own script runs, and nothing that a student wrote."""

from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from autograder.course.marking.desk import Desk, Question
from autograder.course.marking.groups import Group
from autograder.grading.pages import templates
from autograder.grading.pages.markdown import Attachments, as_html
from autograder.tools.words import count_words

FOLDER = Path(__file__).with_name("web")
KEYS = (  # as the help shows them; `marking.js` obeys them
    ("1 … 9", "give an item of the scheme, or take it back"),
    ("Shift + 1 … 9", "give half of an item"),
    ("f", "full points"),
    ("0", "no points"),
    ("x", "points that the scheme does not foresee"),
    ("e", "extra credit"),
    ("c", "write a comment"),
    ("r, then 1 … 9", "use a comment again"),
    ("Enter", "save, and go to the next answer that waits"),
    ("Ctrl + Enter", "the same, while writing"),
    ("Esc", "leave a field"),
    ("u", "take a saved mark back"),
    ("j, k", "next and previous answer, or line of a list"),
    ("q", "show the question, or fold it away"),
    ("m", "show the model answer, or fold it away"),
    ("l", "all answers to this question"),
    ("o", "all questions"),
    ("?", "these keys"),
)


def overview_page(desk: Desk) -> str:
    """All questions, and how far each is."""
    return _render("overview.html.j2", desk, progress=desk.progress(), going_on=desk.going_on())


def list_page(desk: Desk, question: Question) -> str:
    """All answers to a question, a line for each group."""
    groups = desk.groups(question.name)
    return _render("list.html.j2", desk, question=question, groups=groups)


def answer_page(desk: Desk, question: Question, groups: list[Group], place: int) -> str:
    """One group's answer, and the form for its mark."""
    group, count = groups[place], len(groups)
    return _render(
        "answer.html.j2",
        desk,
        question=question,
        group=group,
        place=place,
        groups=groups,
        before=groups[place - 1].key if place else "",
        after=groups[place + 1].key if place + 1 < count else "",
        left=sum(bool(each.waiting) for each in groups),
        items=_given(group, question),
        comments=desk.comments(question.name),
        words=count_words(group.written.text),
    )


def sentence_page(sentence: str) -> str:
    """A page that says one thing."""
    return _environment().get_template("sentence.html.j2").render(sentence=sentence, keys=KEYS)


@cache
def style() -> str:
    """The style of the students' pages, and what these pages have besides."""
    base = templates.FOLDER / "student_page.css"
    return "\n".join(path.read_text("utf-8") for path in (base, FOLDER / "marking.css"))


@cache
def script() -> str:
    """What the keys do."""
    return (FOLDER / "marking.js").read_text("utf-8")


def _given(group: Group, question: Question) -> list[float]:
    """Points of each item that the page begins with."""
    record = group.agreed.record if group.agreed else None
    if record is None or record.scheme != question.scheme_hash or not record.items:
        return [0.0] * len(question.scheme.items)
    return [float(points) for points in record.items.split(",")]


def _render(template: str, desk: Desk, **more: Any) -> str:
    budget: dict[str, Any] = {}  # of processor time, for the texts of this page

    def text(source: str, attachments: Attachments | None = None) -> Markup:
        return Markup(as_html(source, budget, attachments))

    def line(source: str) -> Markup:
        html = text(source).strip()
        is_one = html.startswith("<p>") and html.endswith("</p>") and html.count("<p>") == 1
        return Markup(html[3:-4]) if is_one else html

    page = _environment().get_template(template)
    return page.render(desk=desk, text=text, line=line, keys=KEYS, **more)


@lru_cache(1)
def _environment() -> Environment:
    found = templates.environment(FOLDER)
    found.globals["plural"] = _plural
    return found


def _plural(count: int, one: str, many: str = "") -> str:
    """As "1 answer" or "2 answers"."""
    return f"{count} {one if count == 1 else many or one + 's'}"
