"""The addsub_transformer assignment beyond what all assignments have in common."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from autograder.assignment.trial import load, load_with, trial
from autograder.assignment.validation import read_source
from autograder.checks.key import Case, Exercise
from autograder.checks.measuring import measure
from autograder.checks.model_file import ModelError, read_model
from autograder.tools.accounting import Counts, counts
from autograder.tools.saving import save_model

ROOT = Path(__file__).parents[2]
SOURCE = read_source(ROOT / "solutions/addsub_transformer/addsub_transformer.py")
LAB = load(SOURCE)
SIZES = {
    "num_heads": 3,
    "emb_dim": 12,
    "dim_feedforward": 9,
    "dropout": 0.1,
    "num_enc_layers": 2,
    "num_dec_layers": 3,
    "pos_enc": "sinusoid",
}
both_kinds = pytest.mark.parametrize("parts", ["mine", "torch"])


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


def copy_attention(own, finished):
    for of in ("weight", "bias"):
        layers = [getattr(head, name) for name in "qkv" for head in own.heads]
        getattr(finished, f"in_proj_{of}").copy_(torch.cat([getattr(each, of) for each in layers]))
    finished.out_proj.load_state_dict(own.linear.state_dict())


def copy_norm(own, finished):
    finished.load_state_dict({"weight": own.gamma, "bias": own.beta})


@torch.no_grad()
def in_finished_parts(own):
    """A model of PyTorch's parts with the weights of one of the reference's."""
    finished = LAB.Transformer(**SIZES, parts="torch")
    for name in ("embedding", "out"):
        getattr(finished, name).load_state_dict(getattr(own, name).state_dict())
    for a, b in zip(own.encoder, finished.encoder, strict=True):
        copy_attention(a.attention, b.self_attn)
        for layer, other in ((a.feed_forward[0], b.linear1), (a.feed_forward[2], b.linear2)):
            other.load_state_dict(layer.state_dict())
        for name in ("norm1", "norm2"):
            copy_norm(getattr(a, name), getattr(b, name))
    for a, b in zip(own.decoder, finished.decoder, strict=True):
        b.feed_forward.load_state_dict(a.feed_forward.state_dict())
        for name in ("attention_self", "attention_cross"):
            copy_attention(getattr(a, name), getattr(b, name))
        for name in ("norm1", "norm2", "norm3"):
            copy_norm(getattr(a, name), getattr(b, name))
    return finished


def test_both_kinds_of_parts_compute_the_same():
    torch.manual_seed(0)
    own = LAB.Transformer(**SIZES, parts="mine")
    finished, pairs = in_finished_parts(own).eval(), LAB.held_out(1).first(50)
    assert (own.eval()(*pairs) - finished(*pairs)).abs().max() < 5e-5
    attentions = (model.decoder[1].attention_self for model in (own, finished))
    mine, others = map(LAB.weights_of, attentions)
    assert mine.shape == (3, 4, 4) and torch.allclose(mine, others, atol=1e-5)


@both_kinds
def test_heads_keep_their_weights(parts):
    model = LAB.Transformer(**SIZES, parts=parts).eval()
    model(*LAB.held_out(1).first(5))
    weights = LAB.weights_of(model.decoder[1].attention_cross)
    assert weights.shape == (3, 4, 9)
    assert torch.allclose(weights.sum(-1), torch.ones(3, 4))


@both_kinds
def test_the_decoder_sees_no_future(parts):
    model, pairs = LAB.Transformer(**SIZES, parts=parts).eval(), LAB.held_out(1).first(20)
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


@both_kinds
def test_training_lowers_the_loss(parts):
    torch.manual_seed(0)
    losses, few = [], LAB.split()["training"].first(4)
    model = LAB.Transformer(**SIZES | {"dropout": 0.0}, parts=parts)
    LAB.train(model, few, learning_rate=1e-2, batch_size=4, epochs=60, after_epoch=losses.append)
    assert losses[-1] < 0.5 * losses[0] and not model.training


def test_a_block_without_residuals_is_its_sublayers_alone():
    torch.manual_seed(0)
    model, x = LAB.Reverser(1, residuals=False), torch.randn(2, LAB.ROW, 32)
    block = model.blocks[0]
    attention, network = block.attention.sublayer, block.feed_forward.sublayer
    alone = block.norm2(network(block.norm1(attention(x, x, x))))
    assert torch.allclose(block(x), alone, atol=1e-5)


def test_a_block_costs_what_the_model_answer_says():
    torch.manual_seed(0)
    block = LAB.EncoderBlock(num_heads=4, emb_dim=32, feedforward_dim=32, dropout=0.0)
    assert counts(block, torch.randn(64, 9, 32)) == Counts(6464, 7_741_440, 898_560)


# --- model files


def measured(student, folder, parts):
    """What grading measures of a model that was made of a student's parts."""
    torch.manual_seed(0)
    configuration = SIZES | {"parts": parts}
    model = student.Transformer(**configuration)
    save_model(model, configuration, student_id="1", name="Ada", folder=folder)
    return measure(LAB.MODEL, read_model((folder / "1_Ada_model.pth").read_bytes()), seed=1)


STUB = """
class MultiHeadAttention(nn.Module):
    def __init__(self, num_heads, dim_in, dim_out):
        raise NotImplementedError
"""


@both_kinds
def test_files_of_both_kinds_are_graded(tmp_path, parts):
    assert measured(LAB, tmp_path, parts)["token accuracy"] > 0


def test_finished_parts_need_no_own_ones(tmp_path):
    student = load_with(SOURCE, STUB)
    with pytest.raises(NotImplementedError):
        measured(student, tmp_path, "mine")
    assert measured(student, tmp_path, "torch") == measured(LAB, tmp_path, "torch")


def test_own_parts_are_graded_as_right_ones_or_refused(tmp_path):
    """What decides is the reference's part, and whether the file holds what it needs."""
    right = SOURCE.solutions["multi_head_attention"].source
    reversed_heads = right.replace("torch.cat(found", "torch.cat(found[::-1]")
    student = load_with(SOURCE, reversed_heads)
    assert measured(student, tmp_path, "mine") == measured(LAB, tmp_path, "mine")
    no_bias = right.replace(
        "num_heads * dim_out, dim_in", "num_heads * dim_out, dim_in, bias=False"
    )
    with pytest.raises(ModelError, match=r"linear\.bias' .*missing"):
        measured(load_with(SOURCE, no_bias), tmp_path, "mine")


# --- rules, and parts that are given


def score(exercise, solution):
    """What a solution earns of one point in hidden cases, and the rule that it breaks."""
    reference = trial(SOURCE, LAB, exercise)
    cases = [Case(*place, 1.0, evidence) for place, evidence in reference.observe([1]).items()]
    tried = trial(SOURCE, load_with(SOURCE, solution), exercise)
    subject = Exercise(exercise, 1.0, reference.name, tuple(cases))
    return tried.judge(subject, tried.observe([1]), [1]).score, tried.broken([solution])


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
FINISHED = """\
class LayerNormalization(nn.Module):
    def __init__(self, emb_dim, epsilon=1e-10):
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(emb_dim))
        self.beta = nn.Parameter(torch.zeros(emb_dim))

    def forward(self, x):
        return F.layer_norm(x, self.gamma.shape, self.gamma, self.beta)
"""


def test_a_loop_is_right_and_refused():
    found = score("scaled_dot_product_no_loop_batch", LOOPING)
    assert found == (1.0, "loops with `for` in line 4")


def test_a_finished_function_is_refused():
    _, problem = score("layer_normalization", FINISHED)
    assert problem == "uses `layer_norm` in line 8; write it yourself"


BORROWED = {
    "self_attention": "class SelfAttention(FinishedAttention): pass",
    "multi_head_attention": "class MultiHeadAttention(FinishedAttention): pass",
    "layer_normalization": "class LayerNormalization(nn.LayerNorm): pass",
    "encoder_block": "def EncoderBlock(*a, **b): return finished_encoder_block(*a, **b)",
}


@pytest.mark.parametrize(("exercise", "solution"), BORROWED.items(), ids=BORROWED)
def test_parts_that_are_given_are_no_answers(exercise, solution):
    earned, problem = score(exercise, solution)
    assert earned == 0.0 or problem.endswith("write it yourself")
    assert earned < 0.5
