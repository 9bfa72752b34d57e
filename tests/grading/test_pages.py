"""The students' pages and the formgrader's of hostile notebooks, as made and in a real browser."""

import copy
import shutil

import pytest
from handing import ROOT
from nbconvert.exporters import HTMLExporter
from nbformat import v4
from nbgrader.server_extensions.formgrader import handlers
from traitlets.config import Config

from autograder.assignment.cells import CellName, Kind
from autograder.course.feedback import FeedbackExporter
from autograder.grading.limits import at_most
from autograder.grading.pages import filters
from autograder.grading.pages.grades import Grades, Mark
from autograder.grading.pages.student_page import student_page
from autograder.grading.pages.tasks import tasks_of
from autograder.grading.record import Record, Said
from autograder.settings import find_course

CHROMIUM = shutil.which("chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
HOST = "http://grader.test"
PIXEL = "R0lGODlhAQABAAAAACw="
RUN = "console.log(7)"  # heard wherever the page has gone meanwhile
IMAGE_DATA = f"data:image/gif;base64,{PIXEL}"
TEXTS = {
    "script": f"<script>{RUN}</script>",
    "script in capitals": f"<SCRIPT\n>{RUN}</SCRIPT >",
    "script from elsewhere": "<script src=https://evil.test/x.js></script>",
    "script beside": "<script src=x.js></script>",
    "MathJax's configuration": f'<script type="text/x-mathjax-config">{RUN}</script>',
    "handler": f"<img src=x onerror={RUN}><details open ontoggle={RUN}>x</details>",
    "handler in SVG": f"<svg onload={RUN}><animate onbegin={RUN} attributeName=x></svg>",
    "mutation": f'<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 '
    f'onerror={RUN}&gt;">',
    "comment": f"<!--><img src=x onerror={RUN}>-->",
    "markdown link": f"[x](javascript:{RUN})",
    "link in disguise": f"[x](java&#x73;cript:{RUN}) [y]( JaVaScRiPt:{RUN} )",
    "html link": f'<a href="&#1;java\tscript:{RUN}">x</a><a href=data:text/html,x>y</a>',
    "link to the server": "[x](/formgrader/?path=build) [y](http://grader.test/api/kernels)",
    "link without scheme": "[x](//evil.test/x) [y](/\\evil.test) <a href='\\\\evil.test'>z</a>",
    "picture from elsewhere": "![x](https://evil.test/x.png) <img src=//evil.test/y.png>",
    "picture of the server": "![x](/formgrader/?path=build) ![y](x.png)",
    "picture in a set": "<img srcset='https://evil.test/x.png 1x'><picture><source srcset=/x>",
    "reference": "![x][r]\n\n[r]: https://evil.test/x.png",
    "style": "<style>@import 'https://evil.test/x.css'</style>",
    "style of a tag": "<b style='background:url(https://evil.test/x)'>x</b>",
    "style of a table": "<table><tr><td style='text-align:left;background:url(//evil.test)'>x",
    "link of a page": "<link rel=stylesheet href=https://evil.test/x.css><base href=//evil.test>",
    "refresh": "<meta http-equiv=refresh content='0;url=https://evil.test'>",
    "frame": f"<iframe srcdoc='<script>parent.{RUN}</script>'></iframe><iframe src=//evil.test>",
    "object": "<object data=//evil.test/x></object><embed src=//evil.test/x>",
    "video": "<video src=//evil.test/x autoplay><audio src=//evil.test/y autoplay>",
    "form": "<form action=//evil.test><input autofocus onfocus=console.log(7)>",
    "formgrader's buttons": '<div class="full-credit score" id="submission_id">x</div>',
    "mermaid": f"```mermaid\n</pre><img src=x onerror={RUN}>\n```",
    "language of a fence": f'```"><img src=x onerror={RUN}>\nx\n```',
    "heading": f"# <img src=x onerror={RUN}>",
    "attachment": "![x](attachment:x)",
    "attachment that is missing": "![x](attachment:missing)",
    "formula": f"$\\text{{<img src=x onerror={RUN}>}} \\href{{javascript:{RUN}}}{{x}}$",
    "formula as a text": f'![$\\text{{" onerror={RUN} x="}}$](x)',
}
OUTPUTS = {
    "attributes": (
        {"image/png": PIXEL},
        {"image/png": {"width": f"1 onload={RUN}", "height": "1"}},
    ),
    "attributes of a JPEG": ({"image/jpeg": "x"}, {"image/jpeg": {"height": f"1 onerror={RUN}"}}),
    "alternative text": ({"image/png": "x"}, {"image/png": {"alt": f'" onerror="{RUN}'}}),
    "file name": ({"image/png": "x"}, {"filenames": {"image/png": "https://evil.test/x.png"}}),
    "data of a picture": ({"image/png": f'x" onerror="{RUN}'}, {}),
    "isolated": ({"text/html": f"<script>{RUN}</script>"}, {"text/html": {"isolated": True}}),
    "javascript": ({"application/javascript": RUN}, {}),
    "widget": ({"application/vnd.jupyter.widget-view+json": {"model_id": "</script>"}}, {}),
    "SVG": ({"image/svg+xml": f"<svg onload='{RUN}'><image href='//evil.test/x'/></svg>"}, {}),
    "LaTeX": ({"text/latex": f"<img src=x onerror={RUN}>"}, {}),
    "mermaid": ({"text/vnd.mermaid": f"</pre><img src=x onerror={RUN}>"}, {}),
    "plain": ({"text/plain": f"<img src=x onerror={RUN}>"}, {}),
}


def hostile():
    """A notebook with everything above, in all kinds of cells."""
    cells = []
    for text in TEXTS.values():
        attachment = {"x": {"text/html": f'x" onerror="{RUN}', "image/svg+xml": '"><b>'}}
        cells.append(v4.new_markdown_cell(text, attachments=attachment))
        cells.append(v4.new_raw_cell(text, metadata={"raw_mimetype": "text/html"}))
        shown = [
            v4.new_output("display_data", {kind: text}) for kind in ("text/html", "text/markdown")
        ]
        shown.append(v4.new_output("stream", text=f"\x1b[31m{text}"))
        shown.append(v4.new_output("error", ename=text, evalue=text, traceback=[text]))
        cells.append(v4.new_code_cell(f"%%html\n{text}", outputs=shown))
    outputs = [v4.new_output("display_data", data, metadata=of) for data, of in OUTPUTS.values()]
    cells.append(
        v4.new_code_cell("x", outputs=outputs, metadata={"tags": [f'" onclick={RUN} x="']})
    )
    state = {"state": {"x": f"</script><script>{RUN}</script>"}}
    widgets = {"application/vnd.jupyter.widget-state+json": state}
    return v4.new_notebook(cells=cells, metadata={"title": "</title>", "widgets": widgets})


def formgraders(nb):
    """The page that the formgrader makes."""
    config = copy.deepcopy(find_course(ROOT).config)
    config.HTMLExporter.template_name = "formgrade"  # as its server extension does
    config.HTMLExporter.extra_template_basedirs = [handlers.template_path]
    names = "assignment_id", "notebook_id", "submission_id", "student", "notebook_path", "base_url"
    resources = {**dict.fromkeys(names, ""), "index": 0, "total": 1}
    return HTMLExporter(config=config).from_notebook_node(nb, resources=resources)[0]


def feedback(nb):
    """The page that students get of an ordinary nbgrader assignment."""
    config = copy.deepcopy(find_course(ROOT).config)
    config.merge(Config({"HTMLExporter": {"template_name": "feedback"}}))
    config.HTMLExporter.extra_template_basedirs = [handlers.template_path]
    css = f"{handlers.static_path}/node_modules/bootstrap/dist/css"
    config.HTMLExporter.extra_template_paths = [css]
    resources = {"nbgrader": {"notebook": "x", "score": 0, "max_score": 0, "late_penalty": 0}}
    return FeedbackExporter(config=config).from_notebook_node(nb, resources=resources)[0]


def students(nb):
    """The kit's own page: every text is an answer, code, a comment, a verdict, and a task."""
    given, marks, comments, said = [], {}, {}, {}
    for at, cell in enumerate(nb.cells):
        kind = Kind.SOLUTION if cell.cell_type == "code" else Kind.ANSWER
        name, check = CellName(kind, f"x{at}"), CellName(Kind.CHECK, f"x{at}")
        task = v4.new_markdown_cell(f"## {cell.source}\n\n{cell.source}", id=f"task-{at}")
        task["attachments"] = cell.get("attachments", {})
        given += [task, cell]
        cell.metadata = {"nbgrader": name.metadata}
        if kind is Kind.SOLUTION:
            given.append(v4.new_code_cell("", metadata={"nbgrader": check.metadata}))
            said[name.name] = Said(False, cell.source, cell.source, cell.source)
        else:
            cell.cell_type = "markdown"
        marks[(check if kind is Kind.SOLUTION else name).grade_id] = Mark(0.0, 1.0)
        comments[name.grade_id] = cell.source
    made = v4.new_notebook(cells=given)
    Record(said, tuple(comments.values())).keep(made)
    grades = Grades(f"<script>{RUN}</script>", f"<script>{RUN}</script>", marks, comments)
    return student_page(made, tasks_of(made), grades)


PAGES = {"formgrader": formgraders, "feedback": feedback, "student": students}


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        pytest.skip("needs Chromium, which is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


def opened(browser, html):
    """The page in a browser, what it asked for, and what is said of it in the console."""
    page = browser.new_page()
    asked, said = [], []
    static = f"{HOST}/formgrader/static/"

    def answer(route):
        address = route.request.url
        asked.append(address)
        if address == f"{HOST}/page/":
            route.fulfill(body=html, content_type="text/html")
        elif address.startswith(static):
            route.fulfill(path=f"{handlers.static_path}/{address.removeprefix(static)}")
        elif address.startswith(f"{HOST}/formgrader/api/"):
            route.fulfill(body="[]", content_type="application/json")
        elif address.startswith(MATHJAX):
            route.fulfill(body=NO_MATHJAX, content_type="text/javascript")
        else:
            route.abort()

    page.route("**/*", answer)
    page.on("console", lambda message: said.append(message.text))
    page.goto(f"{HOST}/page/")
    page.wait_for_load_state("networkidle")
    return page, asked, said


NO_MATHJAX = "MathJax = {Hub: {Config() {}, Queue() {}, Startup: {signal: {Interest() {}}}}}"
OWN = (f"{HOST}/page/", f"{HOST}/formgrader/static/", f"{HOST}/formgrader/api/")
MATHJAX = "https://cdnjs.cloudflare.com/ajax/libs/mathjax/2.7.7/MathJax.js"


@pytest.mark.parametrize("kind", PAGES)
def test_nothing_runs_or_phones_out(browser, kind):
    page, asked, said = opened(browser, PAGES[kind](hostile()))
    for link in page.query_selector_all("#notebook a, main a"):
        link.evaluate("link => { const e = new MouseEvent('click'); link.dispatchEvent(e) }")
    assert "7" not in said
    assert [url for url in asked if not url.startswith((*OWN, MATHJAX))] == []
    # nothing was left for the policy to stop, and nothing of nbgrader's was stopped
    assert not [text for text in said if "Policy" in text]
    page.close()


@pytest.mark.parametrize("kind", PAGES)
def test_the_policy_alone_keeps_scripts_and_pictures_away(browser, kind):
    html = PAGES[kind](v4.new_notebook())
    every = "".join(
        TEXTS[name] for name in ("script", "handler", "picture from elsewhere", "frame")
    )
    every += f"<script src={HOST}/formgrader/static/js/utils.js?x></script>"  # the server's own
    every += TEXTS["script from elsewhere"] + "<img src=https://evil.test/x.png>"
    page, asked, said = opened(browser, html.replace("</body>", f"{every}</body>", 1))
    assert "7" not in said and [text for text in said if "Policy" in text]
    assert not [url for url in asked if "evil" in url or "?x" in url]
    page.close()


WIDE = (
    f"`{'x' * 200}`\n\n{'y' * 200}\n\n$${'z + ' * 60}z$$\n\n| {'a | ' * 40}\n|{'-|' * 40}\n"
    f"| {'wide | ' * 40}\n\n```\n{'v' * 200}\n```"
)


def test_a_students_page_is_no_wider_than_a_telephone(browser):
    cells = v4.new_markdown_cell(WIDE), v4.new_code_cell(f"x = {'1 + ' * 100}1")
    page, _, _ = opened(browser, students(v4.new_notebook(cells=[*cells])))
    page.set_viewport_size({"width": 360, "height": 640})
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    page.close()


def test_the_formgraders_own_scripts_run(browser):
    cell = v4.new_markdown_cell(
        "An answer.",
        metadata={
            "nbgrader": {
                "grade_id": "why",
                "points": 2.0,
                "grade": True,
                "solution": True,
                "locked": False,
                "task": False,
                "schema_version": 3,
                "cell_type": "markdown",
            }
        },
    )
    page, _, _ = opened(browser, formgraders(v4.new_notebook(cells=[cell])))
    assert page.evaluate("formgrader.loaded")
    page.evaluate("document.querySelector('.glyphicon.name-hidden').onclick()")
    assert (
        page.evaluate("getComputedStyle(document.querySelector('.name-hidden')).display") == "none"
    )
    page.close()


def test_what_honest_students_write_is_shown():
    text = (
        "# Why\n\n**Because** $a<b$ and `x < y`, see [this](https://arxiv.org/abs/1706.03762).\n\n"
    )
    text += f"| a | b |\n|:-:|--:|\n| 1 | 2 |\n\n![plot]({IMAGE_DATA})\n\n```python\nreturn 1\n```"
    figure = v4.new_output(
        "display_data", {"image/png": PIXEL}, metadata={"image/png": {"width": 40}}
    )
    cells = v4.new_markdown_cell(text), v4.new_code_cell("x", outputs=[figure])
    for make in (formgraders, feedback):
        html = make(v4.new_notebook(cells=[*cells]))
        for wanted in (
            *("<h1>Why</h1>", "<strong>Because</strong>", "$a&lt;b$", "<code>x &lt; y</code>"),
            *('href="https://arxiv.org/abs/1706.03762"', "text-align:center;", 'class="k"'),
            *(f'src="{IMAGE_DATA}"', 'width="40"'),
        ):
            assert wanted in html


SLOW = {
    "environments": "\\begin{a}" * 10_000,
    "nested tags": "<div>" * 10_000,
}


@pytest.mark.parametrize("text", SLOW.values(), ids=SLOW)
def test_a_text_that_takes_too_long_is_shown_as_it_was_written(text, monkeypatch):
    monkeypatch.setattr(filters, "TEXT_SECONDS", 0.1)
    nb = v4.new_notebook(cells=[v4.new_markdown_cell(text), v4.new_markdown_cell("**bold**")])
    html = feedback(nb)
    assert filters.AS_WRITTEN in html
    assert "<strong>bold</strong>" in html


def test_no_filter_of_nbconverts_own_takes_long():
    with at_most(5.0):  # one that looks for prefixes needs 20 s
        feedback(v4.new_notebook(cells=[v4.new_markdown_cell("[" * 60_000)]))


def test_many_slow_texts_cost_a_page_no_more_than_its_time(monkeypatch):
    monkeypatch.setattr(filters, "PAGE_SECONDS", 0.3)
    cells = [v4.new_markdown_cell(f"{n}{SLOW['environments']}") for n in range(20)]
    coloured = v4.new_output("stream", text="\x1b[31mx\x1b[0m" * 20_000)
    html = feedback(v4.new_notebook(cells=[*cells, v4.new_code_cell("x", outputs=[coloured])]))
    assert html.count(filters.AS_WRITTEN) == 21
