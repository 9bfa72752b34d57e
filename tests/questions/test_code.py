"""A student's code as it is shown: numbered as handed in, without what tells the answer."""

import pytest
from own_code import SCORES, code

from autograder.questions.code import UnreadableError, code_of, head


def test_comments_and_docstrings_are_not_shown_and_lines_keep_their_numbers():
    shown = dict(code().shown)
    assert "(B, k" not in "".join(shown.values())
    assert shown[7] == "    weights = scores.softmax(dim=-1)"
    assert 5 not in shown, "a line that is empty without its docstring"


def test_the_line_that_names_the_exercise_does_not_count():
    assert code_of("attend", "attend", f"# exercise: attend\n{SCORES}").shown == code().shown


def test_what_looks_like_a_comment_in_a_text_stays():
    text = "def f(x):\n    return x, '# no comment'  # a comment"
    assert code_of("f", "f", text).shown[1][1] == "    return x, '# no comment'"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("def f(:", "not Python"),
        ("%matplotlib inline\ndef f(): pass", "not Python"),
        ("def g(): pass", "does not define f"),
        ("def f():\n" + "    x = 1\n" * 80, "81 lines"),
        (f"def f():\n    return '{'x' * 200}'", "more than 160"),
        ("def f():\n    return 'a\0b'", "not Python"),
    ],
)
def test_what_cannot_be_shown_is_not_asked_about(text, why):
    with pytest.raises(UnreadableError, match=why):
        code_of("f", "f", text)


def test_a_statement_in_one_line_is_written_as_people_do():
    text = "def f(n):\n    a, b = 1, 1e8\n    for i in range(n):\n        a = i\n    return a, b"
    _, assigned, loop, _, returned = code_of("f", "f", text).statements
    assert head(assigned) == "a, b = 1, 1e8"
    assert head(loop) == "for i in range(n):"
    assert head(returned) == "return a, b"
