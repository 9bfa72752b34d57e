"""Texts in several languages: what a source must be, and what stands beside it."""

import pytest

from autograder.assignment.hints import HintsError, read_hints
from autograder.assignment.languages import in_language
from autograder.assignment.mistakes import read_mistakes
from autograder.assignment.sections import sections
from autograder.assignment.source import SourceError
from autograder.assignment.translated import TranslationError, read_words
from autograder.assignment.validation import read_source

TEXT = "# %% [markdown]\n# ## 1 Both\n#\n# {points}\n\n"
CODE = """\
# %% solution="f"
def f(x):
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION


"""
CHECK = '# %% check="f" points=2\ncheck("f", f)\n\n'
ANSWER = '# %% [markdown] answer="why" points=1\n# Because.\n'
IN_CHINESE = '# %% [markdown] lang="zh"\n'
TRANSLATED = f"{TEXT}{IN_CHINESE}# ## 1 两者\n#\n# {{points}}\n\n"
WHOLE = (
    f"{TRANSLATED}{CODE}{CHECK}{ANSWER}\n{IN_CHINESE}# 因为。\n\n# %% [markdown]\n# {{ai_tools}}\n"
)
CHECKS = '''\
"""How it is judged."""

from autograder.checks.spec import Rng, call, probe


@probe("f")
def numbers(rng: Rng):
    return call(rng.normal(3))


@numbers.law
def doubles(answer, inputs):
    return None if answer.sum() else f"only {answer.sum():.1f} of it"
'''
MISTAKE = '[f]\nthrice.says = "Three times."\nthrice."2 * x" = "3 * x"\n'
HINTS = '[f]\nquestion = "{}"\npointer = "Twice."\nalmost = "2 …"\n'


@pytest.fixture
def source(tmp_path):
    def read(text=WHOLE, **beside):
        (tmp_path / "both.py").write_text(text, encoding="utf-8")
        (tmp_path / "checks.py").write_text(CHECKS)
        for name, content in beside.items():
            (tmp_path / f"{name.replace('_', '.')}.toml").write_text(content, encoding="utf-8")
        return read_source(tmp_path / "both.py")

    return read


def test_each_language_has_its_own_texts_and_the_same_rest(source):
    own = source()
    assert own.languages == ["zh"] and not any(cell.language for cell in own.cells)
    chinese = in_language(own, "zh")
    assert chinese.cells[0].source.startswith("## 1 两者")
    assert chinese.answers["why"].source == "因为。" and chinese.answers["why"].points == 1
    assert sections(chinese) == sections(own) == {"f": "1", "why": "1"}
    assert chinese.solutions == own.solutions and chinese.exercises == own.exercises


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        (f"{IN_CHINESE}# 两者\n\n{WHOLE}", 1, "translates nothing"),
        (WHOLE.replace(CHECK, f"{CHECK}{IN_CHINESE}# 多余\n\n"), 21, "translates nothing"),
        (WHOLE.replace(TRANSLATED, f"{TRANSLATED}{IN_CHINESE}# 又\n\n"), 11, "line 6 translates"),
        (
            WHOLE.replace('lang="zh"', 'lang="xx"', 1),
            6,
            "unknown language 'xx': checks speak en, zh",
        ),
        (WHOLE.replace(IN_CHINESE, "# %% [markdown] lang=zh\n", 1), 6, "cannot read"),
        (WHOLE.replace(IN_CHINESE, '# %% [markdown] lagn="zh"\n', 1), 6, "did you mean 'lang'"),
        (f'{WHOLE}\n# %% lang="zh"\nx = 1\n', 30, "lang belongs on a Markdown cell"),
        (f'{WHOLE}\n# %% [markdown] lang="zh" points=2\n# x\n', 30, "'points' beside lang"),
        (WHOLE.replace("## 1 两者", "## 2 两者"), 6, "headings with the numbers 2, and the cell"),
        (WHOLE.replace("两者\n#\n# {points}", "两者"), 6, "places for the build none"),
        (TRANSLATED.replace("{points}", "[[a.b:.1f]]", 1), 6, "figures none, .* has a.b:.1f"),
        (f"{TRANSLATED}{CODE}{CHECK}{ANSWER}", 21, "has no translation to 'zh', as other cells"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_line(source, text, line, problem):
    with pytest.raises(SourceError, match=rf"both\.py:{line}: .*{problem}"):
        source(text)


def test_hints_and_mistakes_fall_back_to_the_original(source):
    own = source(hints=HINTS.format("How often?"), mistakes=MISTAKE)
    chinese = in_language(own, "zh")
    assert read_hints(chinese)["f"].question == "How often?"
    assert read_mistakes(chinese)[0].says == "Three times."
    source(hints_zh=HINTS.format("几次？"), mistakes_zh='[f]\nthrice = "三倍了。"\n')
    assert read_hints(chinese)["f"].question == "几次？"
    assert read_mistakes(chinese)[0].says == "三倍了。"
    assert read_hints(own)["f"].question == "How often?"
    assert read_mistakes(own)[0].says == "Three times."


@pytest.mark.parametrize(
    ("file", "text", "problem"),
    [
        ("mistakes_zh", '[f]\ntwice = "两次"\n', r"mistakes.zh.toml: f.twice is no mistake"),
        ("mistakes_zh", "[f]\nthrice = 3\n", r"f.thrice: write thrice = "),
        ("mistakes_zh", "f = 3\n", "is no mistake"),
        ("mistakes_zh", "[f", "mistakes.zh.toml: "),
        ("hints_zh", HINTS.format("?").replace("pointer", "hint"), "hints.zh.toml: f: wants"),
        ("hints_zh", HINTS.format("?").replace("[f]", "[g]"), "no check of that name"),
    ],
)
def test_a_translation_of_nothing_is_refused(source, file, text, problem):
    own = source(hints=HINTS.format("How often?"), mistakes=MISTAKE, **{file: text})
    with pytest.raises((TranslationError, HintsError), match=problem):
        read_hints(in_language(own, "zh"))
        read_mistakes(in_language(own, "zh"))


def test_words_of_checks_may_have_placeholders(source):
    chinese = in_language(source(checks_zh='"only {sum} of it" = "只有 {sum}"\n'), "zh")
    assert read_words(chinese) == {"only {sum} of it": "只有 {sum}"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('"only {sum} of it" = "只有 {total}"', "other placeholders"),
        ('"all of {it}" = "全部 {it}"', "no check says anything like"),
        ("[only]", "write "),
    ],
)
def test_words_that_do_not_fit_are_refused(source, text, problem):
    with pytest.raises(TranslationError, match=problem):
        read_words(in_language(source(checks_zh=text), "zh"))
