"""One source, a notebook for each language, and one grade whichever is handed in."""

import os
import shutil

import nbformat
import pytest
from handing import GOLDEN, course_of, find, submission_of
from traitlets.config import Config

from autograder.__main__ import parser
from autograder.assignment.released import key_of, key_text
from autograder.assignment.validation import read_source
from autograder.authoring.build import Notebooks, build, is_current, write
from autograder.authoring.solutions import write_solutions
from autograder.authoring.translating import left_out
from autograder.checks import spec
from autograder.checks.language import speak
from autograder.checks.visible import VisibleChecks
from autograder.commands import run
from autograder.course.gradebook import Nbgrader
from autograder.course.sample import filled_in, references
from autograder.course.similarity.reading import given
from autograder.course.similarity.work import own_cells
from autograder.grading.repair.reading import read_notebook
from autograder.grading.submission import Grader
from autograder.settings import SettingsError, find_course

IN_CHINESE = '# %% [markdown] lang="zh"\n'
TEXT = f"{IN_CHINESE}# # Softmax 函数\n#\n# 这是一个例子。\n#\n# {{points}}\n\n"
ANSWER = f"{IN_CHINESE}# 参考答案：减去最大值不改变结果。\n\n"
SENTENCES = '[softmax]\nwrong_axis = "应按行归一化，而不是按列。"\n'


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """The golden assignment, in Chinese too, released."""
    course = course_of(tmp_path_factory.mktemp("course"), GOLDEN / "demo")
    path = course.source_path("demo")
    text = path.read_text(encoding="utf-8")
    text = text.replace("# %%\nimport torch", f"{TEXT}# %%\nimport torch", 1)
    text = text.replace("# %% [markdown]\n# {ai", f"{ANSWER}# %% [markdown]\n# {{ai", 1)
    path.write_text(text, encoding="utf-8")
    path.with_name("mistakes.zh.toml").write_text(SENTENCES, encoding="utf-8")
    build(course, "demo")
    Nbgrader(course).release("demo")
    return course


@pytest.fixture(autouse=True)
def english():
    yield
    speak("en")


@pytest.fixture
def chinese(course):
    return read_notebook(course.released("demo", "zh"))


def text_of(nb):
    return "\n".join(cell.source for cell in nb.cells)


def test_cells_are_the_same_but_for_their_language(course, chinese):
    english = read_notebook(course.released("demo"))
    assert [cell.id for cell in chinese.cells] == [cell.id for cell in english.cells]
    pairs = [*zip(chinese.cells, english.cells, strict=True)]
    for own, other in pairs:
        ours, theirs = own.metadata.get("nbgrader", {}), other.metadata.get("nbgrader", {})
        assert {**ours, "checksum": ""} == {**theirs, "checksum": ""}
    unlike = [a for a, b in pairs if a.cell_type == "code" and a.source != b.source]
    assert [cell.metadata.nbgrader.grade_id for cell in unlike] == [
        "course-setup",
        "course-visible_key",
    ]
    assert "这是一个例子" in text_of(chinese) and "whole source format" not in text_of(chinese)
    assert "**why_shift** (2 分，最多 40 词)\n\nYOUR ANSWER HERE" in text_of(chinese)
    assert "参考答案" not in text_of(chinese) and "## AI 工具" in text_of(chinese)
    assert "| `softmax` | 代码 | 3 |" in text_of(chinese)
    assert abs(len(text_of(chinese)) / len(text_of(english)) - 1) < 0.1
    assert is_current(course, "demo")


def test_its_key_says_the_same_in_another_language(course, chinese):
    key, own = (key_of(key_text(nb)) for nb in (read_notebook(course.released("demo")), chinese))
    assert (key.language, own.language) == ("en", "zh")
    here, there = key.exercises["softmax"].library, own.exercises["softmax"].library
    assert (here.answers == there.answers).all() and here.reasons == there.reasons
    said = dict(zip(here.sentences, there.sentences, strict=True))
    assert said["The rows must sum to 1, not the columns."] == "应按行归一化，而不是按列。"
    assert said["exp overflows for large inputs: subtract the maximum first."].startswith("exp")
    made = [there for here, there in said.items() if here.startswith("These are the numbers")]
    assert made and all(each.startswith("把正确答案改动一处") for each in made)


def test_its_checks_speak_it(course, chinese, capsys):
    checks, namespace = VisibleChecks(), {}
    checks.check("softmax", None, namespace)
    checks.load(key_text(chinese))
    cases = find(chinese, "cases-softmax").source
    with spec.collecting():
        exec(cases, namespace)
        checks.check("softmax", lambda x: x.softmax(0), namespace)
        checks.check("softmax", lambda x: x.softmax(-1), namespace)
        checks.check("softmax", lambda x: (x.softmax(-1), 1), namespace)
        checks.summary()
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("✗ softmax  cannot be checked")  # no key has said a language yet
    assert said[1].startswith("✗ softmax  误差 ") and "：应为 " in said[1]
    assert said[2].startswith("  应按行归一化，而不是按列。")
    assert said[3].startswith("✓ softmax  误差 ")
    assert said[4] == "✗ softmax  应为 torch.Tensor，却得到 列表或元组"
    assert "why_shift       2  简答，人工评阅" in said
    assert said[-1] == "3 分中有 0 分通过了检查；评分时还会使用其他输入。"


def test_what_is_not_translated_is_said(course):
    source = read_source(course.source_path("demo"))
    assert [*left_out(source)] == ["demo/mistakes.zh.toml lacks softmax.overflow"]


def test_a_submission_in_another_language_is_graded_the_same(course, chinese):
    answers = references(read_source(course.source_path("demo")))
    grader = Grader(course, "demo")
    graded = {}
    for nb in (chinese, read_notebook(course.released("demo"))):
        whole = filled_in(nb, answers)
        submission = submission_of(grader, whole)
        language = key_of(key_text(whole)).language
        graded[language] = submission.graded
        assert submission.repaired.repairs == []
        assert submission.repaired.notebook.cells[0].source.startswith("# Softmax\n")
    assert graded["zh"] == graded["en"] and graded["zh"].score == 3


def test_an_answer_in_chinese_is_one_and_a_blank_is_none(course, chinese):
    grader = Grader(course, "demo")
    blank = submission_of(grader, chinese).repaired.notebook
    released = find(grader.released, "answer-why_shift").source
    assert find(blank, "answer-why_shift").source == released
    cell = find(chinese, "answer-why_shift")
    cell.source = cell.source.replace("YOUR ANSWER HERE", "因为指数会溢出。")
    for each in chinese.cells:
        each.metadata.pop("nbgrader", None)  # as platforms do
        each["id"] = f"other{each.id[-3:]}"
    repaired = submission_of(grader, chinese).repaired.notebook
    assert find(repaired, "answer-why_shift").source.endswith("\n\n因为指数会溢出。")


def test_what_it_gives_is_nobodys_own(course, chinese):
    for each in chinese.cells:
        each.metadata.pop("nbgrader", None)
        each["id"] = f"other{each.id[-3:]}"
    assert [*own_cells(chinese, given(course.released("demo")))] == []


def test_it_is_collected_and_scored(course, chinese, tmp_path, capsys):
    """Under the course's word or its own name; also beside one that nobody has touched."""
    done = filled_in(chinese, references(read_source(course.source_path("demo"))))
    folder = tmp_path / "download"
    folder.mkdir()
    named = ("1_张三_demo.zh", "2_Ada_lab3", "3_Li_demo")
    for name in named:
        nbformat.write(done, folder / f"{name}.ipynb")
    shutil.copy(course.released("demo", "zh"), folder / "3_Li_demo.zh.ipynb")
    for path in folder.iterdir():
        os.utime(path, (0, 10**9))
    assert run(course, parser().parse_args(["collect", "demo", str(folder)])) == 0
    submitted = Nbgrader(course).submitted("demo")
    assert submitted.keys() == {"1", "2", "3"}
    assert {path.name for path in submitted.values()} == {"demo.ipynb"}
    assert {path.read_bytes() for path in submitted.values()} == {
        (folder / f"{named[0]}.ipynb").read_bytes()
    }
    capsys.readouterr()
    assert run(course, parser().parse_args(["score", "demo", str(submitted["1"])])) == 0
    assert '"score": 3.0' in capsys.readouterr().out


def test_solutions_are_written_in_each(course):
    path = write_solutions(course, "demo", {})
    chinese = text_of(read_notebook(path.with_name("demo-solutions.zh.ipynb")))
    assert "参考答案：减去最大值" in chinese and "应按行归一化" in chinese
    assert "The rows must sum" in text_of(read_notebook(path)) and "常见错误" in chinese


def test_a_language_that_goes_leaves_no_notebook(course, tmp_path):
    root = tmp_path / "copy"
    shutil.copytree(course.root, root, ignore=shutil.ignore_patterns("submitted", "downloaded"))
    copy = find_course(root)
    student = read_notebook(copy.released("demo"))
    assert copy.translations("demo").keys() == {"zh"}
    write(copy, "demo", Notebooks(student, student, {}))
    assert copy.translations("demo") == {} and copy.released("demo").is_file()


def test_a_course_may_be_in_another_language_as_a_whole(course):
    with pytest.raises(SettingsError, match="'xx' is none of en, zh"):
        type(course)(course.root, Config({"Course": {"language": "xx"}}))


def test_a_course_in_chinese_is_graded_in_chinese(tmp_path):
    """A cell that fails, and a solution that misses what it should have defined."""
    root = course_of(tmp_path, GOLDEN / "demo").root
    with (root / "nbgrader_config.py").open("a") as config:
        config.write('c.Course.language = "zh"\n')
    course = find_course(root)
    build(course, "demo")
    grader = Grader(course, "demo")
    nb = filled_in(grader.released, {"softmax": "def softmax(x):\n    return rows(x)"})
    nb.cells.insert(1, nbformat.v4.new_code_cell("rows = 1 / 0"))
    submission = submission_of(grader, nb)
    failed = "第 1 行 `rows = 1 / 0`: ZeroDivisionError"
    assert [*submission.failed_cells.values()] == [failed]
    (verdict,) = submission.graded.verdicts
    assert verdict.feedback == f"抛出了 NameError; 'rows' 应当来自一个运行失败的单元格：{failed}"
