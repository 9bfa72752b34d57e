"""The addsub_transformer assignment beyond what all assignments have in common."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from autograder.assignment.definitions import definitions
from autograder.course.sample import references, submission
from autograder.grading.submission import Grader, read_notebook
from autograder.settings import find_course
from autograder.tools import blocks

ROOT = Path(__file__).parents[1]
COURSE = find_course(ROOT)
NAME = "addsub_transformer"
SOURCE = COURSE.source_path(NAME)
LAB = definitions(SOURCE.read_text(encoding="utf-8"), SOURCE)
SIZES = {
    "num_heads": 3,
    "emb_dim": 12,
    "dim_feedforward": 7,
    "dropout": 0.1,
    "num_enc_layers": 2,
    "num_dec_layers": 3,
    "pos_enc": "sinusoid",
}


# --- data


def value(words):
    """The number that sign and digits say."""
    sign, digits = words
    return {"POSITIVE": 1, "NEGATIVE": -1}[sign] * int(digits)


def test_every_pair_is_there_once_and_right():
    pairs = list(LAB.all_pairs())
    assert len(set(pairs)) == len(pairs) == 99 * 2 * 99
    for question, answer in pairs:
        begin, *a, operation, sign, digits, end = question.split()
        assert (begin, end, len(digits)) == ("BOS", "EOS", 2)
        b = value((sign, digits))
        result = value(a) + b if operation == "add" else value(a) - b
        assert answer == f"BOS {LAB.in_words(result)} EOS"


def test_zero_is_positive_and_the_handouts_example_is_there():
    pairs = dict(LAB.all_pairs())
    assert pairs["BOS NEGATIVE 30 subtract NEGATIVE 34 EOS"] == "BOS POSITIVE 04 EOS"
    assert pairs["BOS POSITIVE 00 subtract POSITIVE 00 EOS"] == "BOS POSITIVE 00 EOS"
    assert not any("NEGATIVE 00" in text for pair in pairs.items() for text in pair)


def test_tokens_are_the_texts_digit_by_digit():
    tokens = LAB.tokens_of("BOS NEGATIVE 30 subtract POSITIVE 04 EOS")
    assert tokens == [14, 11, 3, 0, 13, 10, 0, 4, 15]
    assert LAB.text_of(torch.tensor(tokens)) == "BOS NEGATIVE 3 0 subtract POSITIVE 0 4 EOS"


def test_the_parts_are_disjoint_and_cover_everything():
    parts = {name: set(map(tuple, pairs.questions.tolist())) for name, pairs in LAB.split().items()}
    assert {name: len(part) for name, part in parts.items()} == {
        "training": 9000,
        "validation": 1000,
        "held out": 9602,
    }
    assert len(set.union(*parts.values())) == 19602


def test_the_parts_do_not_depend_on_the_machine():
    """Students and graders must cut alike, now and later."""
    first = LAB.split()["held out"].questions[0]
    assert LAB.text_of(first) == "BOS NEGATIVE 4 2 add POSITIVE 4 8 EOS"


def test_held_out_pairs_follow_from_the_seed():
    once, again, other = LAB.held_out(5), LAB.held_out(5), LAB.held_out(6)
    assert torch.equal(once.questions, again.questions) and torch.equal(once.answers, again.answers)
    assert len(set(map(tuple, once.questions.tolist()))) == 2000
    assert not torch.equal(once.questions, other.questions)


def test_the_data_as_files(tmp_path):
    subprocess.run([sys.executable, ROOT / "data/addsub.py", tmp_path], check=True, cwd=ROOT)
    expected = dict(LAB.all_pairs())
    for name, size in LAB.PARTS.items():
        found = json.loads((tmp_path / f"{name}.json").read_text())
        pairs = dict(zip(found["inp_expression"], found["out_expression"], strict=True))
        assert len(pairs) == size
        assert all(expected[question] == answer for question, answer in pairs.items())


# --- the model


def test_models_of_own_and_of_given_parts_are_the_same():
    own, given = LAB.Transformer(**SIZES, parts=LAB.my_parts()), LAB.Transformer(**SIZES)
    given.load_state_dict(own.state_dict())
    assert own.state_dict().keys() == given.state_dict().keys()
    pairs = LAB.held_out(1).first(50)
    difference = own.eval()(*pairs) - given.eval()(*pairs)
    assert difference.abs().max() < 1e-5


def test_given_heads_keep_their_weights():
    given = LAB.Transformer(**SIZES).eval()
    given(*LAB.held_out(1).first(5))
    head = given.decoder[1].attention_cross.heads[2]
    assert head.weights_softmax.shape == (5, 4, 9)
    assert torch.allclose(head.weights_softmax.sum(-1), torch.ones(5, 4))


def test_the_decoder_sees_no_future():
    model, pairs = LAB.Transformer(**SIZES).eval(), LAB.held_out(1).first(20)
    changed = pairs.answers.clone()
    changed[:, 3] = (changed[:, 3] + 1) % 10
    before, after = model(*pairs), model(pairs.questions, changed)
    assert torch.allclose(before[:, :3], after[:, :3], atol=1e-5)
    assert not torch.allclose(before[:, 3], after[:, 3], atol=1e-3)


def test_the_accuracies_of_baselines():
    pairs = LAB.split()["training"]
    eos, majority = (LAB.accuracies(model, pairs) for model in LAB.baselines().values())
    assert eos == {"token accuracy": 0.25, "exact-sequence accuracy": 0.0}
    right = [pairs.answers[:, i].bincount().max().item() for i in range(1, 5)]
    assert majority["token accuracy"] == pytest.approx(sum(right) / pairs.answers[:, 1:].numel())


def test_training_lowers_the_loss():
    torch.manual_seed(0)
    losses = []
    few, model = LAB.split()["training"].first(4), LAB.Transformer(**SIZES | {"dropout": 0.0})
    LAB.train(model, few, learning_rate=1e-2, batch_size=4, epochs=60, after_epoch=losses.append)
    assert losses[-1] < 0.5 * losses[0] and not model.training


# --- rules


@pytest.fixture(scope="module")
def grader():
    return Grader(COURSE, NAME)


LOOPING = '''\
def scaled_dot_product_no_loop_batch(query, key, value, mask=None):
    """Right, but one sequence after the other."""
    outputs, weights = [], []
    for n in range(len(query)):
        scores = query[n] @ key[n].T / query.shape[-1] ** 0.5
        if mask is not None:
            scores = scores.masked_fill(mask[n], -1e9)
        weights.append(scores.softmax(-1))
        outputs.append(weights[-1] @ value[n])
    return torch.stack(outputs), torch.stack(weights)
'''
BORROWED = "LayerNormalization = blocks.LayerNormalization"
FINISHED = """\
class LayerNormalization(nn.Module):
    def __init__(self, emb_dim, epsilon=1e-10):
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(emb_dim))
        self.beta = nn.Parameter(torch.zeros(emb_dim))

    def forward(self, x):
        return F.layer_norm(x, self.gamma.shape, self.gamma, self.beta)
"""


def graded(grader, **solutions):
    nb = submission(
        read_notebook(COURSE.released(NAME)), references(grader.verifier.source) | solutions
    )
    return {verdict.exercise: verdict for verdict in grader.grade(nb).verdicts}


def test_loops_and_finished_functions_cost_their_exercise_and_no_other(grader):
    found = graded(grader, scaled_dot_product_no_loop_batch=LOOPING, layer_normalization=FINISHED)
    failed = {name: verdict.feedback for name, verdict in found.items() if not verdict.passed}
    assert failed.pop("trained_model").startswith("no model file")
    assert failed == {
        "scaled_dot_product_no_loop_batch": "loops with `for` in line 5",
        "layer_normalization": "uses `layer_norm` in line 9; write it yourself",
    }


@pytest.mark.parametrize("name", ["MultiHeadAttention", "LayerNormalization", "EncoderBlock"])
def test_given_blocks_are_no_answer(grader, name):
    exercise = {
        "MultiHeadAttention": "multi_head_attention",
        "LayerNormalization": "layer_normalization",
        "EncoderBlock": "encoder_block",
    }[name]
    found = graded(grader, **{exercise: f"class {name}(blocks.{name}):\n    pass"})
    assert found[exercise].feedback == "uses `blocks` in line 2; write it yourself"
    assert getattr(blocks, name)
