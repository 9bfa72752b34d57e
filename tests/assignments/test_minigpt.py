"""The MiniGPT assignment beyond what all assignments have in common."""

import copy
import random
from collections import Counter
from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

from autograder.assignment.artefacts import right_answers
from autograder.assignment.trial import load
from autograder.assignment.validation import read_source
from autograder.checks.measuring import measure
from autograder.checks.model_file import read_model
from autograder.tools.accounting import counts
from autograder.tools.birth_places import data_file
from autograder.tools.saving import save_model

ROOT = Path(__file__).parents[2]
SOURCE = read_source(ROOT / "solutions/minigpt/minigpt.py")
LAB = load(SOURCE)
TEXTS = LAB.of_the_kit()
SIZES = {"n_layer": 3, "n_head": 2, "n_embd": 16}
FEW = LAB.SMALL._replace(pretrain_epochs=2, epochs_from_scratch=60, epochs_after_pretraining=5)


def small_model(seed=0, **more):
    torch.manual_seed(seed)
    return LAB.GPT(LAB.GPTConfig(TEXTS.vocab_size, TEXTS.block_size, **SIZES, **more))


def perceiver(m=6):
    torch.manual_seed(0)
    return LAB.initialize_perceiver_model(small_model().config, m)


# --- the model


def test_scores_do_not_depend_on_later_characters():
    idx = torch.randint(2, TEXTS.vocab_size, (1, 20))
    changed = idx.clone()
    changed[0, 12] = (idx[0, 12] + 1) % TEXTS.vocab_size
    for model in (small_model(), small_model(rope=True), perceiver()):
        moved = (model(idx)[0] - model(changed)[0]).abs().amax(-1)[0]
        assert moved[:12].max() < 1e-6 < moved[12]


def test_behind_the_bottleneck_only_the_first_characters_are_heard():
    seen = LAB.who_sees_whom(perceiver(6), 15)
    expected = torch.ones(15, 15).triu().bool()
    expected[6:] = torch.eye(15).bool()[6:]
    assert torch.equal(seen, expected)


def test_pads_cost_nothing():
    model, idx = small_model(), torch.randint(2, TEXTS.vocab_size, (2, 9))
    targets = idx.roll(-1, 1)
    targets[:, 5:] = LAB.PAD
    scores, loss = model(idx, targets)
    expected = F.cross_entropy(scores[:, :5].flatten(0, 1), targets[:, :5].flatten())
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)


def test_attention_weights_are_those_that_the_model_uses():
    model, idx = small_model(rope=True), torch.randint(2, TEXTS.vocab_size, (11,))
    weights = LAB.attention_weights(model, idx)
    assert weights.shape == (3, 2, 11, 11)
    assert torch.allclose(weights.sum(-1), torch.ones(3, 2, 11), atol=1e-5)
    assert not weights.triu(1).any()
    attention, x = model.blocks[0].attn, model.blocks[0].ln1(model.tok_emb(idx[None]))
    mixed = weights[0] @ LAB.heads_of(attention.value(x), 2)[0]
    expected = attention(x)[0]
    assert torch.allclose(attention.proj(mixed.transpose(0, 1).flatten(1)), expected, atol=1e-5)


# --- what it costs, and what a part is good for


def test_a_block_costs_what_the_profiler_counts():
    config = small_model().config._replace(bottleneck_dim=6)
    y, x = torch.randn(1, 6, 16), torch.randn(1, 11, 16)
    up = counts(LAB.UpProjectBlock(config), y, x)
    assert (up.parameters, up.flops) == LAB.block_costs(11, 6, 16, 2)[:2]
    down = counts(LAB.DownProjectBlock(config), x)
    parameters, flops, _ = LAB.block_costs(6, 11, 16, 2)
    assert (down.parameters, down.flops) == (parameters + 6 * 16, flops)


@pytest.mark.parametrize("change", LAB.CHANGES)
def test_an_ablated_model_lacks_one_part(change):
    """Only without attention does a score not depend on what stood before, for one."""
    torch.manual_seed(0)
    model = LAB.ablated(change, small_model().config)
    idx = torch.randint(2, TEXTS.vocab_size, (1, 9))
    changed = idx.clone()
    changed[0, 3] = (idx[0, 3] + 1) % TEXTS.vocab_size
    with torch.no_grad():
        moved = (model(idx)[0] - model(changed)[0]).abs().amax(-1)[0]
    assert moved[3] > 0 == moved[:3].max()
    assert (moved[4:].max() == 0) == (change == "attention")
    kinds = {type(module) for block in model.blocks for module in block.children()}
    assert (torch.nn.LayerNorm in kinds) == (change != "norms")
    assert (LAB.SwiGLU in kinds) == (change == "SwiGLU")
    assert (LAB.Nothing in kinds) == (change in ("attention", "mlp"))
    assert (type(model.blocks[0]) is LAB.NoResidual) == (change == "residual")
    assert (model.pos_emb is None) == (change == "positions")


def test_a_gated_layer_is_as_large_as_the_one_that_it_replaces():
    gated, plain = (sum(p.numel() for p in m.parameters()) for m in (LAB.SwiGLU(60), LAB.mlp(60)))
    assert gated == pytest.approx(plain, rel=0.01)


def test_who_knows_frequencies_has_their_entropy_as_the_loss():
    texts = shortened(TEXTS)
    texts.data = ["abab"] * 50
    random.seed(0)
    targets = torch.cat([texts[i][1] for i in range(50)])
    shares = torch.bincount(targets)[1:].double() / (targets != LAB.PAD).sum()
    entropy = -sum(share * share.log() for share in shares if share)
    assert LAB.loss_by_frequencies(texts) == pytest.approx(entropy.item(), rel=0.02)


# --- data


def test_a_question_has_its_place_as_its_only_target():
    pairs = LAB.questions("train", TEXTS)
    question, place = pairs.data[0]
    x, y = pairs[0]
    assert len(x) == len(y) == TEXTS.block_size - 1
    written = "".join(TEXTS.itos[i] for i in y.tolist() if i != LAB.PAD)
    assert written == f"{TEXTS.MASK_CHAR}{place}{TEXTS.MASK_CHAR}"
    assert "".join(TEXTS.itos[i] for i in x.tolist()).startswith(f"{question}{TEXTS.MASK_CHAR}")


def test_recall_asks_in_the_words_of_a_text():
    recall = LAB.Recall("dev", TEXTS)
    x, y = recall[0]
    text = "".join(TEXTS.itos[i] for i in x.tolist()).rstrip(TEXTS.PAD_CHAR)
    place = recall.pairs[0][1]
    assert text.startswith(recall.pairs[0][0].split()[2]) and f"was born in {place}" in text
    assert "".join(TEXTS.itos[i] for i in y.tolist() if i != LAB.PAD) == f"{place}."


# --- training and measuring


def test_the_learning_rate_rises_falls_and_stays():
    config = LAB.TrainerConfig(1, 1, 1.0, lr_decay=True, warmup_tokens=100, final_tokens=1100)
    rates = [LAB.Trainer(None, [], config).learning_rate(n) for n in (50, 100, 600, 1100, 5000)]
    assert rates == pytest.approx([0.5, 1.0, 0.5, 0.1, 0.1])
    assert LAB.Trainer(None, [], config._replace(lr_decay=False)).learning_rate(5) == 1.0


@pytest.fixture(scope="module")
def learned():
    """A model that answers some of ten questions."""
    torch.manual_seed(0)
    model = small_model()
    text = "".join(data_file("train", None).read_text(encoding="utf-8").splitlines(True)[:10])
    pairs = LAB.NameDataset(text, TEXTS)
    config = LAB.TrainerConfig(30, 10, 1e-2)
    trainer = LAB.Trainer(model, pairs, config)
    trainer.train()
    assert trainer.losses[-1] < trainer.losses[0]
    return model, pairs


def test_what_is_known_is_what_is_answered(learned):
    """Which is why accuracies are measured without writing."""
    model, pairs = learned
    answers = [LAB.answer(model, TEXTS, question) for question, _ in pairs.data]
    right = sum(said == place for said, (_, place) in zip(answers, pairs.data, strict=True))
    found = LAB.known(model, pairs)
    assert found["accuracy"] == pytest.approx(right / 10)
    assert 0 < found["probability"] < 1
    assert LAB.sure(model, TEXTS, pairs.data[0][0])[0] == answers[0]


def test_a_run_from_reading_to_answers(tmp_path, monkeypatch):
    monkeypatch.setattr(
        LAB, "SETTINGS", FEW._replace(n_embd=8, n_head=2, epochs_after_pretraining=1)
    )
    monkeypatch.setattr(LAB, "PARAMETERS", tmp_path)
    for kind in ("plain", "Perceiver"):
        monkeypatch.setattr(LAB, "reading", lambda: shortened(TEXTS))
        path, history = LAB.read_texts(kind, 0, torch.device("cpu"))
        assert len(history["probability, by a question"]) == 2 and path.is_file()
        model, history = LAB.ask(kind, path, 0, torch.device("cpu"))
        assert len(history["accuracy, dev"]) == 1 and not model.training


def shortened(texts):
    """The same characters, and fewer texts."""
    few = copy.copy(texts)
    few.data = texts.data[:64]
    return few


@pytest.mark.parametrize("rope", [True, False])
def test_model_files_are_measured_on_dev(tmp_path, rope):
    model = small_model(rope=rope)
    configuration = SIZES | {"rope": rope}
    save_model(model, configuration, student_id="1", name="Ada", folder=tmp_path)
    found = measure(LAB.MODEL, read_model((tmp_path / "1_Ada_model.pth").read_bytes()), seed=1)
    assert found == pytest.approx(LAB.known(model, LAB.questions("dev", TEXTS)))


def test_one_place_for_all_does_not_reach_the_first_tiers():
    places = right_answers(SOURCE, LAB.PREDICTIONS)
    ((_, count), *_) = Counter(places).most_common()
    assert len(places) == LAB.PREDICTIONS.count == 100
    _, share = LAB.baseline(
        LAB.pairs_in(data_file("train", None)), LAB.pairs_in(data_file("dev", None))
    )
    assert max(count / 100, share) < min(LAB.PREDICTIONS.tiers[0][0], LAB.MODEL.tiers[0][0])


def test_the_places_of_the_test_stand_in_the_texts():
    """So that a model can know them, although it is not told which."""
    text = data_file("wiki", None).read_text(encoding="utf-8")
    for question, place in zip(
        data_file("test", None).read_text(encoding="utf-8").splitlines(),
        right_answers(SOURCE, LAB.PREDICTIONS),
        strict=True,
    ):
        name = question.removeprefix("Where was ").removesuffix(" born?")
        assert f"{name} was born in {place}." in text


def test_corruption_draws_another_text_each_time():
    random.seed(0)
    drawn = {tuple(TEXTS[3][0].tolist()) for _ in range(20)}
    assert len(drawn) > 15
