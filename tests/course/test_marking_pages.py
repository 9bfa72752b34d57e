"""The pages for grading by question: who gets in, what they tell, and what comes of a form."""

import asyncio
import json
import re
from dataclasses import replace
from urllib.parse import urlencode

import pytest
from sqlalchemy import create_engine
from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from unmarked import CELL, CLASS, NAME, copy_of, in_gradebook, unmarked_course, write_answer

from autograder.__main__ import main
from autograder.course.gradebook import Nbgrader
from autograder.course.marking import page, server
from autograder.course.marking.desk import Desk, questions_of
from autograder.course.marking.form import FormError, read_form
from autograder.course.marking.groups import Share
from autograder.course.marking.scheme import read_scheme
from autograder.course.marking.server import application

TOKEN = "of-this-run"
COOKIE = {"Cookie": f"autograder-mark={TOKEN}"}
HOSTILE = """<script>alert(1)</script><img src="https://evil.example/a.png" onerror="alert(2)">
[here](javascript:alert(3)) $\\href{javascript:alert(4)}{x}$ <iframe srcdoc="x"></iframe>
<form action="/"><input name="points" value="2"></form> | <style>*{display:none}</style>"""


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patched:
        return unmarked_course(tmp_path_factory.mktemp("unmarked"), patched)


@pytest.fixture
def course(template, tmp_path):
    return copy_of(template, tmp_path)


@pytest.fixture
def desk(course):
    engine = create_engine(Nbgrader(course).database)
    yield Desk(course, "demo", engine, "Bea", Share())
    engine.dispose()


class Visit:
    """Requests to the pages, in a server of their own; `{port}` in a header is its port."""

    def __init__(self, desk):
        self.desk = desk

    def __call__(self, path, form=None, **headers):
        return asyncio.run(self.fetch(path, form, headers))

    async def fetch(self, path, form, headers):
        (socket, port), client = bind_unused_port(), AsyncHTTPClient()
        pages = HTTPServer(application(self.desk, TOKEN))
        pages.add_sockets([socket])
        of_form = {} if form is None else {"Origin": "http://127.0.0.1:{port}"}
        headers = {**COOKIE, **of_form, **headers}
        request = HTTPRequest(
            f"http://127.0.0.1:{port}{path}",
            headers={name: text.format(port=port) for name, text in headers.items()},
            method="GET" if form is None else "POST",
            body=None if form is None else urlencode(form),
            follow_redirects=False,
        )
        try:
            return await client.fetch(request, raise_error=False)
        finally:
            pages.stop()
            await pages.close_all_connections()
            client.close()


@pytest.fixture
def visit(desk):
    return Visit(desk)


def text(response):
    return response.body.decode()


def address(desk, student):
    """The page of the group that a student's answer is in."""
    (found,) = [g for g in desk.groups(NAME) if student in {e.student for e in g.entries}]
    return f"/{NAME}/{found.key}"


def fields(html):
    """What the form of a page holds."""
    found = dict(re.findall(r'<input [^>]*name="(\w+)"[^>]*value="([^"]*)"', html))
    return {**found, "comment": re.search(r"<textarea[^>]*>([^<]*)", html)[1]}


def sent(visit, path, **changed):
    """What comes of a form after some changes."""
    response = visit(path, {**fields(text(visit(path))), **changed})
    return response.code, json.loads(response.body)


STRANGERS = {
    "without the token": {"Cookie": ""},
    "another token": {"Cookie": "autograder-mark=guessed"},
    "by another name": {"Host": "evil.example:{port}"},
    "by a name that begins so": {"Host": "127.0.0.1.evil.example"},
    "by a name that ends so": {"Host": "evil.localhost:{port}"},
}


@pytest.mark.parametrize("headers", STRANGERS.values(), ids=STRANGERS)
def test_strangers_see_nothing(visit, headers):
    for path in ("/", f"/{NAME}/", "/marking.js", "/nowhere"):
        response = visit(path, **headers)
        assert response.code == 403 and NAME not in text(response) and "demo" not in text(response)


def test_another_page_can_save_nothing(visit, desk, course):
    path = address(desk, "s10003")
    form = {**fields(text(visit(path))), "points": "2"}
    for origin in ("https://evil.example", "null", "", "http://localhost:{port}"):
        assert visit(path, form, Origin=origin).code == 403
    assert in_gradebook(course, "s10003")[0] is None
    assert visit(path, form).code == 200


def test_a_tunnel_may_have_another_port(visit, desk):
    path = address(desk, "s10003")
    form = {**fields(text(visit(path))), "points": "2"}
    named = {"Host": "localhost:1234", "Origin": "http://localhost:1234"}
    assert visit(path, form, **named).code == 200


def test_the_token_goes_from_the_address_into_a_cookie(visit):
    response = visit(f"/?{urlencode({'token': TOKEN})}", Cookie="")
    assert (response.code, response.headers["Location"]) == (302, "/")
    cookie = response.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and TOKEN in cookie
    assert visit("/?token=guessed", Cookie="").code == 403


def test_nothing_runs_but_the_pages_own_script(visit):
    for path in (f"/{NAME}/", "/", "/marking.js", "/nowhere"):
        headers = visit(path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'; script-src 'self'; style-src 'self';" in policy
        assert "form-action 'none'" in policy and "frame-ancestors 'none'" in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"


def test_pages_do_not_tell_whose_an_answer_is(visit, desk, course):
    with Nbgrader(course).gradebook() as gradebook:
        submissions = gradebook.assignment_submissions("demo")
        ids = [grade.id for each in submissions for n in each.notebooks for grade in n.grades]
    telling = [*CLASS, *ids, *(name for first, last, _ in CLASS.values() for name in (first, last))]
    paths = ["/", f"/{NAME}/", *(f"/{NAME}/{each.key}" for each in desk.groups(NAME))]
    for path in paths:
        response = visit(path)
        assert response.code == 200
        found = f"{response.headers}{text(response)}"
        assert [each for each in telling if each in found] == []


def test_what_a_student_wrote_is_shown_and_does_nothing(visit, desk, course):
    write_answer(course, "s10003", HOSTILE)
    html = text(visit(address(desk, "s10003")))
    shown = html.partition('<div class="text answer">')[2].partition("<details")[0]
    assert "&lt;script&gt;" in shown and "&lt;iframe" in shown and "&lt;form" in shown
    assert not re.search(r"<(script|iframe|form|input|style)|<[^>]*(\bon\w+=|href=|https:)", shown)
    assert html.count("<script") == 1
    listed = text(visit(f"/{NAME}/"))
    assert "&lt;script&gt;alert" in listed and listed.count("<script") == 1


def test_the_page_has_answer_model_and_scheme(visit, desk):
    html = text(visit(address(desk, "s10001")))
    assert "It is <em>invariant</em>" in html and "<mi>c</mi>" in html
    assert "of 2 students" in html and "2 spellings" in html and "5 of at most 40 words" in html
    assert "no exponent is positive" in html and html.count('class="item"') == 2
    assert "the invariance" in html and "Save for 2 and go on" in html


def test_a_form_marks_a_group_and_leads_to_the_next_that_waits(visit, desk, course):
    code, said = sent(
        visit, address(desk, "s10001"), points="1,5", items="1,0.5", comment="Hm.\r\n<b>"
    )
    assert code == 200 and re.fullmatch(rf"/{NAME}/[0-9a-f]{{24}}", said["next"])
    assert in_gradebook(course, "s10002") == (1.5, None, False, "Hm.\n<b>")
    html = text(visit(address(desk, "s10001")))
    assert "Graded: 1.5 points, by Bea" in html and 'data-given="0.5"' in html
    assert fields(html)["points"] == "1.5" and "Hm.\n&lt;b&gt;</textarea>" in html
    assert "Hm.\n&lt;b&gt;" in text(visit(said["next"])).partition('class="reuse"')[2]
    sent(visit, address(desk, "s10003"), points="0")
    assert sent(visit, address(desk, "s10004"), points="2", extra="0.5")[1] == {"next": "/"}
    assert "Everything is graded" in text(visit("/"))
    assert in_gradebook(course, "s10004") == (2, 0.5, False, None)


def test_a_mark_is_taken_back(visit, desk, course):
    path = address(desk, "s10003")
    sent(visit, path, points="2")
    assert sent(visit, path, back="1") == (200, {"next": path})
    assert in_gradebook(course, "s10003") == (None, None, True, None)


def test_the_second_of_two_is_told_and_may_decide(visit, desk, course):
    path = address(desk, "s10003")
    form = {**fields(text(visit(path))), "points": "1"}
    other = Desk(course, "demo", desk.ledger.engine, "Cal", Share())
    sent(Visit(other), path, points="2")
    response = visit(path, form)
    said = json.loads(response.body)
    assert response.code == 409 and said["message"].startswith("Meanwhile Cal gave 2 points; ")
    assert in_gradebook(course, "s10003")[0] == 2
    assert visit(path, {**form, "version": said["version"]}).code == 200
    assert in_gradebook(course, "s10003")[0] == 1


WRONG = {
    "2.5": "the answer is worth 2",
    "-1": "not a number from 0 on",
    "nan": "not a number from 0 on",
    "inf": "not a number from 0 on",
    "": "is no number",
    "two": "is no number",
}


@pytest.fixture(scope="module")
def question(template):
    return questions_of(template, "demo")[NAME]


@pytest.mark.parametrize("points, said", WRONG.items(), ids=map(repr, WRONG))
def test_points_stay_within_their_bounds(question, points, said):
    with pytest.raises(FormError, match=said):
        read_form(lambda name: {"points": points}.get(name, ""), question)


def test_what_else_a_form_may_not_hold(question):
    for more in ({"extra": "-1"}, {"items": "1"}, {"items": "2,0"}, {"comment": "x" * 20_001}):
        with pytest.raises(FormError):
            read_form(lambda name, more=more: {"points": "1", **more}.get(name, ""), question)


def test_refused_forms_are_told_and_save_nothing(visit, desk, course):
    path = address(desk, "s10003")
    assert sent(visit, path, points="3")[0] == 409
    assert sent(visit, path, points="1", comment="a\x00b")[0] == 200
    assert in_gradebook(course, "s10003")[3] == "a b"  # no database takes the other
    key = "0" * 24
    assert json.loads(visit(f"/{NAME}/{key}", {"points": "1"}).body)["message"].startswith("Nobody")


def test_other_addresses_are_told_apart(visit):
    for path in ("/nowhere/", "/nowhere/next", f"/nowhere/{'0' * 24}", f"/{NAME}/x"):
        assert visit(path).code == 404


def test_what_was_graded_before_is_said(visit, desk, course):
    sent(visit, address(desk, "s10003"), points="1.5", comment="Nearly.")
    write_answer(course, "s10003", "Now it is right.")
    with Nbgrader(course).gradebook() as gradebook:  # as autograding does
        gradebook.find_grade(CELL, "demo", "demo", "s10003").needs_manual_grade = True
        gradebook.db.commit()
    html = text(visit(address(desk, "s10003")))
    assert "Graded before: 1.5 points." in html and fields(html)["comment"] == "Nearly."
    assert "to be looked at again" in text(visit(f"/{NAME}/"))


def test_items_of_another_scheme_are_not_shown_as_given(visit, desk):
    sent(visit, address(desk, "s10003"), points="1", items="1,0")
    desk.questions[NAME] = replace(desk.questions[NAME], scheme_hash="another")
    html = text(visit(address(desk, "s10003")))
    assert 'data-given="1"' not in html and fields(html)["points"] == "1"


def test_what_cannot_be_foreseen_says_where_to_look(visit, desk, monkeypatch, caplog):
    monkeypatch.setattr(desk, "progress", lambda: 1 / 0)
    response = visit("/")
    assert response.code == 500 and "the terminal of" in text(response)
    assert "ZeroDivisionError" in caplog.text


def test_the_token_is_in_no_log(visit, caplog):
    assert visit(f"/?token={TOKEN}", Host="evil.example").code == 403
    assert TOKEN not in caplog.text


def test_every_key_of_the_help_is_obeyed():
    singles = [key for keys, _ in page.KEYS for key in keys.split(", ") if len(key) == 1]
    handled = page.script().partition("const keys = {")[2].partition("};")[0]
    assert [
        key for key in singles if f"{key}: " not in handled and f'"{key}": ' not in handled
    ] == []


def test_a_question_without_a_scheme_has_points_alone(visit, desk):
    desk.questions[NAME] = replace(desk.questions[NAME], scheme=read_scheme("Model answer: none."))
    path = address(desk, "s10003")
    assert "wrote no scheme" in text(visit(path))
    assert sent(visit, path, points="1")[0] == 200


def mark(course, monkeypatch, *arguments):
    monkeypatch.chdir(course.root)
    return main(["mark", "demo", "--no-browser", *arguments])


def test_the_command_says_where_the_pages_are_and_what_is_left(course, monkeypatch, capsys):
    def ended(pages, sockets, say):
        say()
        sockets[0].close()
        return asyncio.sleep(0)

    monkeypatch.setattr(server, "_serve", ended)
    Nbgrader(course).autograded("demo", "s10003").unlink()
    assert mark(course, monkeypatch, "--as", "Bea") == 0
    out = capsys.readouterr().out
    assert re.search(r"http://127\.0\.0\.1:\d+/\?token=[\w-]{43}\n", out)
    assert "answers of 1 cannot be shown" in out and "\n3 answers wait" in out


REFUSED = {
    "part": (["--part", "4/3"], 2, "write 1/3, 2/3 and 3/3"),
    "grader": (["--as", " "], 2, "--as NAME"),
}


@pytest.mark.parametrize("arguments, status, said", REFUSED.values(), ids=REFUSED)
def test_wrong_usage_is_told_in_a_line(course, monkeypatch, capsys, arguments, status, said):
    assert mark(course, monkeypatch, *arguments) == status
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("autograder: ") and said in error


def test_a_port_that_is_taken_or_none_is_told(course, monkeypatch, capsys):
    socket, port = bind_unused_port()
    assert mark(course, monkeypatch, "--port", str(port)) == 2
    socket.close()
    assert f"port {port} is taken" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        mark(course, monkeypatch, "--port", "70000")


def test_a_class_that_is_not_graded_is_told(tmp_path, monkeypatch, capsys):
    course = unmarked_course(tmp_path, monkeypatch, people={})
    assert mark(course, monkeypatch) == 1
    assert "run `autograder grade demo` first" in capsys.readouterr().err
