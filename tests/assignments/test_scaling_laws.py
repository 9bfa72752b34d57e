"""The scaling_laws assignment beyond what all assignments have in common."""

import importlib.util
import itertools
from pathlib import Path

import numpy as np
import pytest
import torch

from autograder.assignment.trial import load, load_with, trial
from autograder.assignment.validation import read_source
from autograder.tools.accounting import counts
from autograder.tools.scaling_runs import scaling_runs

FOLDER = Path(__file__).parents[2] / "solutions/scaling_laws"
SOURCE = read_source(FOLDER / "scaling_laws.py")
LAB = load(SOURCE)
RUNS = scaling_runs()


def ladder_script():
    spec = importlib.util.spec_from_file_location("run_ladder", FOLDER / "run_ladder.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


LADDER = ladder_script()
WIDTHS = LADDER.LADDERS["cpu"].widths

# --- the model, and what it costs


@pytest.mark.parametrize("width, layers, vocabulary", [(8, 2, 30), (24, 3, 17)])
def test_the_formula_counts_what_the_model_has(width, layers, vocabulary):
    model = LAB.Decoder(width, layers, vocabulary)
    counted = sum(p.numel() for p in model.parameters())
    assert LAB.parameter_count(width, layers, vocabulary) == counted


@pytest.mark.parametrize("width, length, sequences", [(8, 20, 3), (32, 5, 1), (6, 40, 2)])
def test_the_formula_counts_what_pytorch_counts(width, length, sequences):
    counted = LAB.counted_flops(width, LAB.LAYERS, length, sequences)
    cost = LAB.training_flops(width, LAB.LAYERS, LAB.VOCABULARY, length, sequences)
    assert cost == counted


@pytest.mark.parametrize("width, length, sequences", [(8, 20, 3), (32, 5, 1), (6, 40, 2)])
def test_the_formula_counts_what_the_backward_pass_needs(width, length, sequences):
    later = torch.full((length, length), -torch.inf).triu(1)
    found = counts(LAB.Block(width), torch.randn(sequences, length, width), later)
    assert found.saved_bytes == 4 * sequences * LAB.kept_numbers(width, length)
    assert found.flops == sequences * LAB.layer_flops(width, length)


def test_the_model_sees_no_future():
    model, tokens = LAB.Decoder(12).eval(), torch.arange(18).view(2, 9)
    changed = tokens.clone()
    changed[:, 5] = 25
    before, after = model(tokens), model(changed)
    assert torch.allclose(before[:, :5], after[:, :5], atol=1e-5)
    assert not torch.allclose(before[:, 5], after[:, 5], atol=1e-3)


def test_sequences_are_pairs_and_only_translations_count():
    (batch,) = LAB.grouped(["cat"])  # atcay
    letters = [LAB.LETTERS.index(x) for x in "catatcay"]
    assert batch.tokens.tolist() == [[LAB.SOS, *letters[:3], LAB.EOP, *letters[3:], LAB.EOS]]
    assert batch.prompts.tolist() == [4]
    assert LAB.target_losses(LAB.Decoder(8), batch).shape == (6,)


def test_an_epoch_has_every_word_once():
    groups = LAB.grouped(LAB.words("small", "validation"))
    batches, seen, total = LAB.shuffled(groups, seed=3), [], sum(len(g.tokens) for g in groups)
    while sum(map(len, seen)) < total:
        seen.append(next(batches).tokens.tolist())
    rows = sorted(tuple(row) for batch in seen for row in batch)
    assert rows == sorted(tuple(row) for group in groups for row in group.tokens.tolist())


def test_training_lowers_the_loss_and_stops_at_the_budget():
    first, last = LAB.train(8, 0, [1e8, 1.5e9])
    assert last.loss < first.loss < 3.5
    assert 1.5e9 <= last.flops < 1.52e9 and last.parameters == LAB.parameter_count(8, 2, 30)


@pytest.mark.parametrize("falls_over, moved", [(3, [True, True, False]), (np.inf, [True] * 3)])
def test_a_rate_that_falls_is_0_at_its_end(falls_over, moved):
    model = LAB.Decoder(8)
    batches = iter(LAB.grouped(["cat", "dog"]) * 3)
    weights = [model.embedding.weight.detach().clone()]
    for _ in LAB.steps_of(model, LAB.copy.deepcopy(model), batches, 0.01, falls_over):
        weights.append(model.embedding.weight.detach().clone())
    assert [not torch.equal(*pair) for pair in itertools.pairwise(weights)] == moved


def test_a_loss_of_the_last_weights_is_another():
    ((mean,), (last,)) = (list(LAB.train(8, 0, [2e8], averaged=a)) for a in (True, False))
    assert mean.flops == last.flops and mean.loss != last.loss


def test_sizes_without_ends_are_those_of_the_blocks_and_the_last_norm():
    sizes = LAB.without_ends(RUNS)["parameters"]
    assert (sizes == LAB.parameter_count(RUNS["width"], 2, 0)).all()


# --- counting by machine is no answer

COUNT = """
def parameter_count(width, layers, vocabulary):
    return sum(p.numel() for p in Decoder(width, layers, vocabulary).parameters())
"""
COUNTER = """
def layer_flops(width, length):
    with FlopCounterMode(display=False) as counter:
        Block(width)(torch.zeros(1, length, width), torch.zeros(length, length))
    return counter.get_total_flops()
"""


def test_a_model_that_is_built_and_counted_is_no_formula():
    tried = trial(SOURCE, load_with(SOURCE, COUNT), "parameter_count")
    assert {found.detail for found in tried.observe([1]).values()} == {
        "work out a formula, without building a model"
    }


def test_a_profiler_is_no_formula():
    profiled = """
def kept_numbers(width, length):
    later = torch.zeros(length, length)
    return counts(Block(width), torch.zeros(1, length, width), later).saved_bytes // 4
"""
    tried = trial(SOURCE, load_with(SOURCE, profiled), "kept_numbers")
    assert {found.detail for found in tried.observe([1]).values()} == {
        "work out a formula, without building a model"
    }


def test_pytorchs_counter_is_no_formula():
    tried = trial(SOURCE, load_with(SOURCE, COUNTER), "layer_flops")
    cells = [cell.source for cell in SOURCE.cells if cell.kind == "code"]
    assert "flop_counter" in tried.broken([*cells, COUNTER])


# --- the table


def test_the_table_has_every_run():
    found = {(int(row["width"]), int(row["seed"])) for row in RUNS}
    assert found == {(width, seed) for width in WIDTHS for seed in range(3)}
    assert np.isfinite(RUNS["loss"]).all() and (RUNS["loss"] > 0).all()


def test_the_table_says_what_the_models_have_and_cost():
    """A token costs between that of a short and that of a long sequence."""
    for width in WIDTHS:
        rows = RUNS[RUNS["width"] == width]
        assert set(rows["parameters"]) == {LAB.parameter_count(width, 2, 30)}
        low, high = (LAB.training_flops(width, 2, 30, length, 1) / length for length in (16, 24))
        costs = rows["flops"] / rows["tokens"]
        assert low < costs.min() <= costs.max() < high


def test_rows_stand_at_the_budgets():
    budgets = LADDER.LADDERS["cpu"].budgets
    assert np.allclose(LAB.BUDGETS, budgets)
    for width in WIDTHS:
        for seed in range(3):
            flops = RUNS["flops"][(RUNS["width"] == width) & (RUNS["seed"] == seed)]
            reached = np.array(budgets[: len(flops)])
            assert (flops >= reached).all() and (flops < 1.2 * reached).all()


# --- the script


def test_the_script_goes_on_where_it_was(tmp_path, monkeypatch):
    ladder = LADDER.Ladder(widths=(4, 6), budgets=(1e7, 2e7), most_tokens=1e9)
    monkeypatch.setitem(LADDER.LADDERS, "cpu", ladder)
    monkeypatch.setattr(LADDER, "ROOT", tmp_path)
    monkeypatch.setattr(LADDER, "PACKAGED", tmp_path / "runs.csv")
    monkeypatch.setattr("sys.argv", ["run_ladder.py", "--seeds", "0"])
    LADDER.main()
    kept = tmp_path / "build/scaling_laws/cpu/4_0.csv"
    kept.write_text(kept.read_text().replace("\n4,0,", "\n4,9,"))
    LADDER.main()
    rows = np.genfromtxt(tmp_path / "runs.csv", delimiter=",", names=True)
    assert rows.dtype.names == RUNS.dtype.names
    assert rows["width"].tolist() == [4, 4, 6, 6] and rows["seed"].tolist() == [9, 9, 0, 0]
