"""The pig Latin assignment beyond what all assignments have in common."""

import math
from pathlib import Path

import pytest
import torch

from autograder.assignment.trial import load
from autograder.assignment.validation import read_source
from autograder.checks.measuring import measure
from autograder.checks.model_file import read_model
from autograder.tools.accounting import counts
from autograder.tools.pig_latin import held_out_words, translate, words
from autograder.tools.saving import save_model

ROOT = Path(__file__).parents[2]
LAB = load(read_source(ROOT / "solutions/nmt/nmt.py"))
FEW = ["cat", "street", "school", "queen", "apple", "my", "yes", "under", "owl", "eat"]
ARCHITECTURES = ("encoder-decoder", "decoder-only")
each_architecture = pytest.mark.parametrize("architecture", ARCHITECTURES)


def small_model(architecture):
    torch.manual_seed(0)
    sizes = {"architecture": architecture, "hidden_size": 12, "num_layers": 2}
    return LAB.build_model(sizes), sizes


@pytest.fixture(scope="module", params=ARCHITECTURES)
def half_trained(request):
    """A model that is right about some letters and some words."""
    model, _ = small_model(request.param)
    batches = LAB.grouped(FEW)
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(90):
        optimiser.zero_grad()
        sum(LAB.loss_of(model, batch) for batch in batches).backward()
        optimiser.step()
    return model


# --- data


def test_groups_hold_every_word_once_with_its_translation():
    pairs = {
        LAB.text_of(source): LAB.text_of(target)
        for batch in LAB.grouped(FEW)
        for source, target in zip(*batch, strict=True)
    }
    assert pairs == {word: translate(word) for word in FEW}
    assert all((batch.target_EOS[:, -1] == LAB.EOS).all() for batch in LAB.grouped(FEW))


def test_no_translation_is_longer_than_what_is_decoded():
    everything = [*words("large", "training"), *words("large", "validation"), *held_out_words()]
    longest = max(batch.target_EOS.shape[1] for batch in LAB.grouped(everything))
    assert longest == LAB.LONGEST


def test_an_epoch_has_every_word_once_in_another_order():
    batches = LAB.grouped(words("small", "training"))
    epochs = [[LAB.text_of(s) for b in LAB.cut(batches, 64) for s in b.source] for _ in range(2)]
    assert sorted(epochs[0]) == sorted(epochs[1]) == sorted(words("small", "training"))
    assert epochs[0] != epochs[1]
    assert max(len(batch.source) for batch in LAB.cut(batches, 64)) == 64


def test_held_out_words_follow_from_the_seed():
    def drawn(seed):
        return {LAB.text_of(s) for batch in LAB.held_out(seed) for s in batch.source}

    assert drawn(5) == drawn(5) != drawn(6)
    assert len(drawn(5)) == LAB.TESTED and drawn(5) < set(held_out_words())


# --- measures


def test_teacher_forcing_and_decoding_find_the_same_words_right(half_trained):
    """Which is why a model file is measured without decoding."""
    batches = LAB.grouped(words("small", "validation")[:150] + FEW)
    shown = [LAB.target_scores(half_trained, b).argmax(-1) == b.target_EOS for b in batches]
    said = [
        LAB.translations(half_trained, b.source)[:, : b.target_EOS.shape[1]] == b.target_EOS
        for b in batches
    ]
    right = torch.cat([rows.all(1) for rows in shown])
    assert 0 < right.sum() < len(right)
    assert torch.equal(right, torch.cat([rows.all(1) for rows in said]))
    letters = [sum(int(rows.sum()) for rows in each) for each in (shown, said)]
    assert letters[0] > letters[1]


def test_the_loss_is_that_of_the_translation_alone(half_trained):
    batch = LAB.grouped(["street", "school"])[0]
    assert LAB.target_scores(half_trained, batch).shape == (*batch.target_EOS.shape, 30)
    probabilities = LAB.target_scores(half_trained, batch).softmax(-1)
    right = probabilities.gather(2, batch.target_EOS[..., None])
    expected = -right.log().mean().item()
    assert LAB.evaluated(half_trained, [batch])["loss"] == pytest.approx(expected, rel=1e-5)


@each_architecture
def test_a_model_that_knows_nothing_has_the_perplexity_of_the_vocabulary(architecture):
    model, _ = small_model(architecture)
    out = model.out if architecture == "decoder-only" else model.decoder.out
    torch.nn.init.zeros_(out.weight)
    torch.nn.init.zeros_(out.bias)
    loss = LAB.evaluated(model, LAB.grouped(FEW))["loss"]
    assert math.exp(loss) == pytest.approx(len(LAB.VOCABULARY), rel=1e-4)


def test_keeping_keys_and_values_changes_no_letter():
    model, _ = small_model("decoder-only")
    prompt = torch.randint(26, (5, 7))
    plain = LAB.greedy_decode(lambda tokens: model(tokens)[0], prompt, 15)
    assert torch.equal(plain, LAB.greedy_decode(LAB.with_cache(model, 5), prompt, 15))


# --- training and model files


@each_architecture
def test_training_lowers_the_loss_and_counts_its_steps(architecture):
    model, _ = small_model(architecture)
    history = LAB.train(model, "small", steps=60, learning_rate=5e-3, measurements=3)
    assert history["step"] == [20, 40, 60]
    assert history["loss"][-1] < 0.9 * math.log(30)


@each_architecture
def test_files_of_both_architectures_are_graded(tmp_path, architecture):
    model, sizes = small_model(architecture)
    save_model(model, sizes, student_id="1", name="Ada", folder=tmp_path)
    found = measure(LAB.MODEL, read_model((tmp_path / "1_Ada_model.pth").read_bytes()), seed=1)
    assert found == pytest.approx(LAB.evaluated(model, LAB.held_out(1)))


def test_the_runs_differ_in_one_thing_at_a_time():
    assert len(LAB.RUNS) == len(LAB.HANDOUT) == 5
    small, *_ = LAB.RUNS.values()
    differences = {
        name: sum(a != b for a, b in zip(small, settings, strict=True))
        for name, settings in LAB.RUNS.items()
    }
    assert list(differences.values()) == [0, 1, 1, 2, 2]


# --- without positions, and what a step costs


def fallen_silent(name, monkeypatch):
    """An ablated model, untrained, and the names of its parts whose encodings are zeros."""
    monkeypatch.setattr(LAB, "train", lambda *arguments, **settings: {})
    model, _ = LAB.ablated(name)
    parts = [(n, m) for n, m in model.named_modules() if hasattr(m, "positional_encodings")]
    return model, {n for n, m in parts if not m.positional_encodings.any()}, len(parts)


def test_an_ablation_silences_one_part(monkeypatch):
    found = [fallen_silent(name, monkeypatch)[1:] for name in LAB.ABLATIONS]
    assert found == [({"encoder"}, 2), ({"decoder"}, 2), ({""}, 1)]


def test_without_its_encodings_an_encoder_reads_a_bag_of_letters(monkeypatch):
    """Which is what the answer to 5.7 says of it, and of no decoder."""
    letters = torch.tensor([[1, 2, 3, 4], [4, 2, 1, 3]])
    same = []
    for name in LAB.ABLATIONS:
        model, *_ = fallen_silent(name, monkeypatch)
        scores = LAB.target_scores(model, LAB.Batch(letters, torch.ones(2, 3, dtype=torch.int64)))
        same.append(torch.allclose(*scores, atol=1e-4))
    assert same == [True, False, False]


@pytest.mark.parametrize("S", [1, 9])
def test_a_profiler_counts_what_the_formula_says(S):
    model, tokens = LAB.DecoderOnly(16, 2), torch.zeros(1, S, dtype=torch.int64)
    costs = LAB.decoding_costs(h=16, L=2, V=len(LAB.VOCABULARY), S=S)
    again, newest = counts(model, tokens), LAB.NewestToken(model, tokens[:, :-1])
    assert (again.parameters, again.flops) == (costs["parameters"], costs["flops_again"])
    assert counts(newest, tokens[:, -1:]).flops == costs["flops_kept"]
    _, cache = LAB.forward_with_cache(model, tokens, LAB.empty_cache(model, 1))
    assert sum(part.numel() for pair in cache for part in pair) == costs["numbers_kept"]
