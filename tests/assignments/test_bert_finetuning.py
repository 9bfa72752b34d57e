"""The BERT assignment beyond what all assignments have in common."""

import contextlib
import io
import math
from pathlib import Path

import pytest
import torch

from autograder.assignment.trial import load, specs_of
from autograder.assignment.validation import read_source
from autograder.checks.running import observe
from autograder.tools.pretrained import quiet_transformers
from autograder.tools.verbal_arithmetic import few, part, statements

ROOT = Path(__file__).parents[2]
SOURCE = read_source(ROOT / "solutions/bert_finetuning/bert_finetuning.py")
LAB = load(SOURCE)
SHAPE = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
SOME = few(56, part("training"))


@pytest.fixture(autouse=True)
def small(monkeypatch, tmp_path):
    """Tiny models in an empty folder, on the CPU."""
    quiet_transformers()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(LAB, "where", torch.device("cpu"), raising=False)
    monkeypatch.setattr(LAB, "SENTENCES", 500)
    monkeypatch.setattr(LAB, "SHAPE", LAB.SHAPE | SHAPE | {"intermediate_size": 16})


@pytest.fixture
def folder():
    with contextlib.redirect_stdout(io.StringIO()):
        return LAB.pretrained("arithmetic", steps=3)


def tuned(model, tokenizer, **settings):
    return LAB.tune(model, tokenizer, SOME, **{"epochs": 2, "learning_rate": 1e-3} | settings)


# --- pretraining


def test_pretraining_leaves_a_folder_that_is_found_again(folder, capsys):
    first = LAB.started(folder)[0].embeddings.word_embeddings.weight
    assert LAB.pretrained("arithmetic", steps=3) == folder
    assert "already there" in capsys.readouterr().out
    assert torch.equal(LAB.started(folder)[0].embeddings.word_embeddings.weight, first)
    fresh = LAB.started(folder, pretrained=False)[0]
    assert not torch.equal(fresh.embeddings.word_embeddings.weight, first)


def test_pretraining_lowers_the_loss_of_masked_words(folder, tmp_path):
    """Of 200 steps of a tiny model: far below ln(112), that of a guess."""
    with contextlib.redirect_stdout(io.StringIO()):
        longer = LAB.pretrained("arithmetic", steps=200, seed=1)
    losses = []
    for kept in (folder, longer):
        tokenizer = LAB.AutoTokenizer.from_pretrained(kept, local_files_only=True)
        model = LAB.BertForMaskedLM.from_pretrained(kept, local_files_only=True).eval()
        texts = LAB.sentences("arithmetic", 200, 9)
        tokens = tokenizer(texts, padding=True, return_tensors="pt")
        torch.manual_seed(0)
        inputs, targets = LAB.masked(tokens.input_ids, len(tokenizer))
        scores = model(input_ids=inputs, attention_mask=tokens.attention_mask).logits
        losses.append(LAB.F.cross_entropy(scores.flatten(0, 1), targets.flatten()).item())
    assert losses[0] == pytest.approx(math.log(112), rel=0.1) and losses[1] < 0.8 * losses[0]


def test_a_fifth_of_the_words_is_masked_and_no_special_token():
    """Of 40 000 words; six standard deviations are 0.012, by chance less than once in 10⁸."""
    size, special = 112, LAB.SPECIAL.index
    torch.manual_seed(0)
    tokens = torch.randint(5, size, (4000, 12))
    tokens[:, 0], tokens[:, -1] = special("[CLS]"), special("[PAD]")
    inputs, targets = LAB.masked(tokens, size)
    chosen = targets != LAB.NOT_MASKED
    assert not chosen[:, [0, -1]].any() and torch.equal(targets[chosen], tokens[chosen])
    assert torch.equal(inputs[~chosen], tokens[~chosen]) and inputs[:, 1:-1].min() >= 4
    words = chosen[:, 1:-1]
    assert words.float().mean().item() == pytest.approx(LAB.MASKED, abs=0.012)
    hidden = (inputs == special("[MASK]"))[chosen].float().mean().item()
    same = (inputs == tokens)[chosen].float().mean().item()
    assert hidden == pytest.approx(0.8, abs=0.03) and same == pytest.approx(0.1, abs=0.02)


# --- tuning


def test_batches_hold_every_statement_once(folder):
    _, tokenizer = LAB.started(folder)
    data = LAB.encoded(tokenizer, SOME, torch.device("cpu"))
    batches = [*LAB.cut(data, 9, torch.randperm(len(SOME)))]
    assert [len(batch.labels) for batch in batches] == [9, 9, 9, 9, 9, 9, 2]
    together = torch.cat([batch.input_ids for batch in batches]).tolist()
    assert sorted(together) == sorted(data.input_ids.tolist())


def test_a_run_learns_what_it_is_told_to(folder):
    run = tuned(*LAB.started(folder))
    assert len(run.losses) == len(run.accuracies) == 2 and run.losses[1] < run.losses[0]
    model, tokenizer = LAB.started(folder)
    LAB.freeze(model, train_pooler=False)
    before = {name: it.clone() for name, it in model.named_parameters()}
    frozen = tuned(model, tokenizer)
    moved = {name for name, it in model.named_parameters() if not torch.equal(it, before[name])}
    assert moved == {"classifier.weight", "classifier.bias"} and frozen.learned == 16 * 3 + 3


def test_lora_starts_as_the_model_learns_little_and_can_be_merged(folder):
    model, tokenizer = LAB.started(folder)
    inputs = LAB.encoded(tokenizer, SOME, torch.device("cpu"))._asdict()
    del inputs["labels"]
    expected = model.eval()(**inputs)[0]
    LAB.add_lora(model, rank=2, alpha=4.0)
    assert torch.allclose(model.eval()(**inputs)[0], expected, atol=1e-6)
    run = tuned(model, tokenizer, learning_rate=1e-2)
    assert run.learned == 2 * 1 * 2 * 2 * 16 + 51
    tuned_logits = model.eval()(**inputs)[0]
    assert not torch.allclose(tuned_logits, expected, atol=1e-3)
    LAB.merge(model)
    assert torch.allclose(model(**inputs)[0], tuned_logits, atol=1e-5)


@pytest.mark.parametrize("rank", [0, 1, 3])
def test_the_formula_says_what_a_step_holds(folder, rank):
    model, tokenizer = LAB.started(folder)
    total, batch = model.num_parameters(), LAB.encoded(tokenizer, SOME[:3], torch.device("cpu"))
    LAB.add_lora(model, rank, 2.0) if rank else LAB.freeze(model, train_pooler=False)
    learned, held, _, _ = LAB.measured_step(model, batch)
    assert (learned, held) == LAB.lora_memory(total, 1, 16, rank, 3)


def test_a_step_that_learns_everything_holds_16_bytes_a_number_and_three_forward_passes(folder):
    model, tokenizer = LAB.started(folder)
    batch = LAB.encoded(tokenizer, SOME[:3], torch.device("cpu"))
    frozen = LAB.started(folder)[0]
    LAB.freeze(frozen, train_pooler=False)
    total = model.num_parameters()
    *same, kept, flops = LAB.measured_step(model, batch)
    *_, less_kept, forward = LAB.measured_step(frozen, batch)
    assert same == [total, 16 * total] and less_kept < kept
    assert flops == pytest.approx(3 * forward, rel=0.01)


def test_everything_with_few_statements_takes_as_many_steps():
    for count in (28, 56, 112, 224, 448):
        steps = LAB.epochs_for(count) * math.ceil(count / 32)
        assert abs(steps - LAB.STEPS) < 0.05 * LAB.STEPS


# --- looking inside


def test_attention_sums_to_one_and_points_lie_in_a_plane(folder):
    run = tuned(*LAB.started(folder))
    texts = [one.text for one in statements()[400:420]]
    weights = LAB.attention_of(run, texts)
    assert weights.shape == (1, 20, 2, 5, 5)
    assert torch.allclose(weights.sum(-1), torch.ones(1, 20, 2, 5), atol=1e-5)
    vectors = LAB.pooled(run.model, run.tokenizer, SOME)
    points = LAB.plane(vectors)
    assert points.shape == (len(SOME), 2) and torch.allclose(
        points.mean(0), torch.zeros(2), atol=1e-5
    )
    assert points[:, 0].var() >= points[:, 1].var()
    shares = LAB.probabilities(run, SOME)
    assert torch.allclose(shares.sum(1), torch.ones(len(SOME)), atol=1e-5)


# --- what the law about a low-rank change at the start says


def problem_at_the_start(change):
    class Changed(LAB.LoRALinear):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            with torch.no_grad():
                change(self)

    probe = specs_of(SOURCE)["lora_linear"].probes["start"]
    return probe.problem(observe(probe, Changed, 1).value, 1)


def test_a_law_says_what_is_wrong_at_the_start():
    assert problem_at_the_start(lambda layer: None) is None
    assert problem_at_the_start(lambda layer: layer.B.fill_(1)) == "at the start B is not 0"
    assert problem_at_the_start(lambda layer: layer.A.mul_(100)) == "at the start A is not small"
    around = problem_at_the_start(lambda layer: layer.A.abs_())
    assert around == "at the start the numbers of A do not lie around 0"
    lost = problem_at_the_start(lambda layer: layer.B.requires_grad_(False))
    assert lost == "at the start no gradient reaches B"
