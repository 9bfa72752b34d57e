"""Of which exercise a file in a folder is, and what it is known to be."""

import pytest

from autograder.assignment.judged import Label
from autograder.course.labelled import NowhereError, answer, answers_in, in_words

KNOWN = {
    "attention": {"max_pool": "max_pool", "scaled": "scaled", "scaled_dot": "scaled_dot"},
    "nmt": {"encoder": "encoder", "decoder_only": "decoder_only", "decoderonly": "decoder_only"},
    "seq2seq": {"encoder": "encoder", "seq2seq": "seq2seq"},
}


@pytest.mark.parametrize(
    "path, found",
    [
        ("attention/max_pool/right/topk.py", ("attention", "max_pool", Label.RIGHT)),
        ("max_pool_right.py", ("attention", "max_pool", Label.RIGHT)),
        ("wrong/Max Pool 2.py", ("attention", "max_pool", Label.WRONG)),
        ("attention_max_pool.py", ("attention", "max_pool", Label.UNKNOWN)),
        ("incorrect_scaled_dot_3.py", ("attention", "scaled_dot", Label.WRONG)),
        ("scaled_wrong_3.py", ("attention", "scaled", Label.WRONG)),
        ("max_pool/scaled.py", ("attention", "max_pool", Label.UNKNOWN)),
        ("nmt/encoder-correct.py", ("nmt", "encoder", Label.RIGHT)),
        ("encoder/seq2seq/bad.py", ("seq2seq", "encoder", Label.WRONG)),
        ("DecoderOnly good.py", ("nmt", "decoder_only", Label.RIGHT)),
        ("max_pool/wrong/bottom_right.py", ("attention", "max_pool", Label.WRONG)),
        ("max_pool_brightness.py", ("attention", "max_pool", Label.UNKNOWN)),
        ("seq2seq/seq2seq/wrong/loop.py", ("seq2seq", "seq2seq", Label.WRONG)),
        ("seq2seq/seq2seq_2.py", ("seq2seq", "seq2seq", Label.UNKNOWN)),
        ("right_seq2seq.py", ("seq2seq", "seq2seq", Label.RIGHT)),
        ("last year/4711_Lee_attention.ipynb", ("attention", None, Label.UNKNOWN)),
        ("nmt/right/4711.ipynb", ("nmt", None, Label.UNKNOWN)),
    ],
)
def test_a_path_says_what_a_file_answers(tmp_path, path, found):
    answered = answer(tmp_path / path, tmp_path, KNOWN)
    assert (answered.assignment, answered.exercise, answered.label) == found


@pytest.mark.parametrize(
    "path, problem",
    [
        ("encoder_wrong.py", "its path must name one of nmt, seq2seq"),
        ("notes.py", "its path names no exercise"),
        ("nmt/max_pool.py", "its path names no exercise of nmt"),
        ("seq2seq/wrong/loop.py", "its path names no exercise of seq2seq"),
        ("pool_max_pool.py", "its path names no exercise"),
        ("4711_Lee.ipynb", "its path must name an assignment"),
        ("nmt/seq2seq.ipynb", "its path must name one of nmt, seq2seq"),
    ],
)
def test_what_a_path_leaves_open_is_told(tmp_path, path, problem):
    with pytest.raises(NowhereError, match=f"^{problem}$"):
        answer(tmp_path / path, tmp_path, KNOWN)


def test_copies_that_programs_make_are_no_answers(tmp_path):
    for name in (
        "max_pool.py",
        ".ipynb_checkpoints/max_pool.py",
        "__pycache__/max_pool.py",
        "a.txt",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found, lines = answers_in(tmp_path, KNOWN)
    assert [one.name for one in found] == ["max_pool.py"] and lines == []


def test_words_are_those_of_any_spelling():
    assert in_words("Max-Pool  (2)") == "max_pool_2"
