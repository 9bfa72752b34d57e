"""The translation assignment beyond what all assignments have in common."""

import math
from functools import cache
from pathlib import Path

import pytest
import torch

from autograder.assignment.trial import load
from autograder.assignment.validation import read_source
from autograder.checks.measuring import measure
from autograder.checks.model_file import read_model
from autograder.tools.accounting import counts
from autograder.tools.multi30k import GENERATED, packaged_words
from autograder.tools.saving import save_model

ROOT = Path(__file__).parents[2]
LAB = load(read_source(ROOT / "solutions/seq2seq/seq2seq.py"))
CPU = torch.device("cpu")
SIZES = {
    "seq2seq": {
        "emb_size": 8,
        "encoder_hidden_size": 12,
        "decoder_hidden_size": 10,
        "dropout": 0.0,
        "model_type": "LSTM",
        "attention": True,
    },
    "Transformer": {"hidden_dim": 16, "dim_feedforward": 16, "dim_k": 8, "dim_v": 8, "dim_q": 8},
}
each_kind = pytest.mark.parametrize("kind", SIZES)


@cache
def data():
    return LAB.prepared(GENERATED)


def small(kind, seed=0):
    torch.manual_seed(seed)
    return LAB.build(kind, len(data().german), len(data().english), CPU, **SIZES[kind]).eval()


def few(count=40):
    return LAB.Pairs(*(side[:count] for side in data().validation))


# --- data


def test_pairs_are_padded_and_begin_and_end_as_the_text_says():
    source, target = data().training
    assert (len(source), source.shape[1], target.shape[1]) == (6788, 20, 19)
    assert (source[:, 0] == LAB.SOS).all() and not (target == LAB.SOS).any()
    for rows in (source, target):
        assert ((rows == LAB.EOS).sum(1) == 1).all()
        after = (rows == LAB.EOS).cumsum(1) - (rows == LAB.EOS).int()
        assert torch.equal(after > 0, rows == LAB.PAD)


def test_both_sides_of_a_pair_mean_the_same():
    source, target = (side[0] for side in data().training)
    assert LAB.sentence(source, data().german).startswith("ein vater springt in einem park ,")
    assert LAB.sentence(target, data().english).startswith("a father jumps in a park")


def test_held_out_sentences_follow_from_the_seed_and_are_numbered_as_all_others():
    drawn = [LAB.held_out(seed) for seed in (5, 5, 6)]
    assert torch.equal(drawn[0].source, drawn[1].source)
    assert not torch.equal(drawn[0].source, drawn[2].source)
    assert drawn[0].source.shape == (LAB.TESTED, 20) and drawn[0].target.shape == (LAB.TESTED, 19)
    line = LAB.sentence(drawn[0].source[0], packaged_words("de"))
    known = {" ".join(LAB.simple_tokens(text)) for text in GENERATED.lines("held_out", "de")}
    assert line in known or "<unk>" in line
    assert packaged_words("de") == data().german and packaged_words("en") == data().english


# --- measures


def test_a_model_that_knows_nothing_has_the_perplexity_of_the_vocabulary():
    model = small("Transformer")
    for parameter in model.final_layer.parameters():
        torch.nn.init.zeros_(parameter)
    assert LAB.measured(model, few()) == pytest.approx(len(data().english), rel=1e-4)


def test_padding_does_not_count():
    losses, target = torch.tensor([[1.0, 2.0, 50.0]]), torch.tensor([[7, LAB.EOS, LAB.PAD]])
    assert LAB.perplexity(losses, target) == pytest.approx(math.exp(1.5))


def test_the_baseline_is_the_perplexity_of_frequencies():
    """To know the position is worth something."""
    everywhere, by_position = (LAB.without_reading(data(), known) for known in (False, True))
    assert (round(everywhere, 1), round(by_position, 1)) == (85.9, 52.6)


def test_with_right_words_and_with_its_own_words_agree_where_it_says_the_right_ones():
    model = small("seq2seq")
    said = LAB.greedy(model, few().source)
    own = LAB.measured(model, LAB.Pairs(few().source, said))
    assert own == pytest.approx(LAB.measured(model, LAB.Pairs(few().source, said), True), rel=1e-4)


def test_a_wider_beam_never_finds_less():
    model = small("seq2seq")
    torch.nn.init.normal_(model.decoder.linear.weight)
    for row in few(6).source:
        (greedy, one), (_, two) = (LAB.with_beam(model, row, width) for width in (1, 2))
        assert two >= one - 1e-6
        said = LAB.greedy(model, row[None])[0].tolist()
        assert greedy.tolist() == said[: len(greedy)]


def test_bleu_of_the_right_translation_is_100():
    right = [LAB.sentence(row, data().english) for row in few().target]
    assert LAB.bleu(right, right) == pytest.approx(100)
    assert LAB.bleu([text.replace("a", "an") for text in right], right) < 90


# --- training and model files


@each_kind
def test_training_lowers_the_perplexity(kind):
    model = small(kind)
    some = data()._replace(training=few(96), validation=few())
    settings = {"learning_rate": 1e-2, "batch_size": 16, "warm_up": 0.1, "word_dropout": 0.1}
    forced = {"teacher_forcing": kind == "seq2seq", "weight_decay": 0.1}
    history = LAB.train(model, some, epochs=4, **settings, **forced)
    assert history["epoch"] == [1, 2, 3, 4]
    assert history["validation"][-1] < 0.6 * len(data().english)


def test_the_rate_rises_falls_and_ends_at_zero():
    rates = [LAB.rate(done / 100, 0.2) for done in range(101)]
    assert max(rates) == rates[20] == 1.0 and rates[0] == 0.0
    assert rates[-1] == pytest.approx(0, abs=1e-9)
    assert rates[:21] == sorted(rates[:21]) and rates[20:] == sorted(rates[20:], reverse=True)
    assert LAB.rate(0.9, None) == 1.0


def test_special_words_are_never_dropped():
    torch.manual_seed(0)
    source = few().source
    dropped = LAB.with_unknown_words(source, 0.5)
    words = source > LAB.EOS
    assert torch.equal(dropped[~words], source[~words])
    share = (dropped[words] == LAB.UNK).float().mean().item()
    assert abs(share - 0.5) < 6 * 0.5 / math.sqrt(int(words.sum()))  # once in 10⁸ times


def test_attention_is_recorded_and_put_back():
    before, model = LAB.compute_attention, small("seq2seq")
    weights = LAB.attention_of_seq2seq(model, few(1).source, 7)
    assert weights.shape == (7, 20) and torch.allclose(weights.sum(1), torch.ones(7))
    assert LAB.compute_attention is before


def test_files_are_graded(tmp_path):
    torch.manual_seed(0)
    sizes = {"hidden_dim": 16, "dim_feedforward": 16, "dim_k": 8, "dim_v": 8}
    model = LAB.build_model(sizes)
    save_model(model, sizes, student_id="1", name="Ada", folder=tmp_path)
    found = measure(LAB.MODEL, read_model((tmp_path / "1_Ada_model.pth").read_bytes()), seed=1)
    assert found["perplexity"] == pytest.approx(LAB.measured(model, LAB.held_out(1)), rel=1e-5)


# --- taken apart, and counted


def test_what_is_taken_away_learns_nothing_and_changes_nothing(monkeypatch):
    monkeypatch.setattr(LAB, "train", lambda model, *arguments, **settings: {})
    models = {part: LAB.taken_apart(part, data(), CPU)[0].eval() for part in LAB.PARTS}
    learned = {
        part: sum(p.numel() for p in m.parameters() if p.requires_grad)
        for part, m in models.items()
    }
    assert learned["nothing"] - learned["positions"] == 43 * LAB.SMALL["hidden_dim"]
    source = few(2).source
    whole, moved = (
        model(source.flip(1)).flip(1) for model in (models["nothing"], models["positions"])
    )
    assert not torch.allclose(whole, models["nothing"](source), atol=1e-3)
    assert torch.allclose(moved, models["positions"](source), atol=1e-4)
    changed = source.clone()
    changed[:, 3] = 17
    differs = (models["attention"](changed) - models["attention"](source)).abs().amax((0, 2)) > 1e-6
    assert differs.nonzero().flatten().tolist() == [3]


@pytest.mark.parametrize("sizes", [(31, 23, 3, 5, 7, 6, 4), (9, 8, 2, 4, 4, 1, 1)])
def test_a_profiler_counts_what_the_formula_says(sizes):
    V, O, e, E, D, T, t = sizes
    model = LAB.Seq2Seq(LAB.Encoder(V, e, E, D), LAB.Decoder(e, E, D, O), CPU)
    mine = LAB.seq2seq_costs(*sizes)
    found = counts(model, torch.full((1, T), LAB.SOS), t)
    parameters, flops, numbers = (sum(column) for column in zip(*mine.values(), strict=True))
    assert (found.parameters, found.flops) == (parameters, flops)
    assert found.saved_bytes > 4 * (numbers - mine["embeddings"][2])
