"""The CLIP assignment beyond what all assignments have in common."""

import math
import random
from importlib.resources import files
from pathlib import Path

import pytest
import torch
from safetensors.torch import load

from autograder.assignment.trial import load as load_source
from autograder.assignment.validation import read_source
from autograder.checks.measuring import measure
from autograder.checks.model_file import read_model
from autograder.tools.accounting import counts
from autograder.tools.emoji import emoji, pictures
from autograder.tools.saving import save_model

ROOT = Path(__file__).parents[2]
LAB = load_source(read_source(ROOT / "solutions/clip/clip.py"))
SIZES = {"width": 4, "words": 16, "dim": 16}
SOME = emoji("training")[::20]


def small_model():
    torch.manual_seed(0)
    random.seed(0)
    return LAB.Clip(**SIZES)


# --- texts


def test_words_are_small_letters_without_accents_and_signs():
    assert LAB.words_of("A Piña of the O’Neill: 12:30 \N{FOX FACE}!") == [
        "pina",
        "o",
        "neill",
        "12",
        "30",
    ]
    assert LAB.words_of("\N{FOX FACE} …") == []


def test_a_word_is_made_of_itself_and_its_runs():
    assert len(LAB.pieces("fox", 10**9)) == 1 + 3 + 2
    assert len({*LAB.pieces("blueberry", 10**9)} & {*LAB.pieces("blue", 10**9)}) >= 4
    assert not {*LAB.pieces("fox", 10**9)} & {*LAB.pieces("camel", 10**9)}


def test_a_text_does_not_depend_on_order_and_on_other_texts():
    tower = LAB.TextTower(16, 16).eval()
    one, turned, alone = (
        tower(["red hot Pepper", "pepper red, hot"]),
        tower(["x"]),
        tower(["red hot pepper"]),
    )
    assert torch.allclose(one[0], one[1], atol=1e-6) and torch.allclose(one[:1], alone, atol=1e-6)
    assert not torch.allclose(one[:1], turned, atol=1e-3)
    assert torch.allclose(tower(["a red hot pepper with the"]), alone, atol=1e-6)
    assert tower(["", "\N{FOX FACE}"]).isfinite().all()


def test_each_word_counts_as_much():
    """However many pieces it has."""
    tower = LAB.TextTower(16, 16).eval()
    bags = []
    tower.network.register_forward_pre_hook(lambda _, arguments: bags.append(arguments[0]))
    tower(["ox", "hippopotamus", "ox hippopotamus"])
    assert torch.allclose(bags[0][2], bags[0][:2].mean(0), atol=1e-6)


def test_sampled_texts_are_some_of_the_words():
    random.seed(0)
    for each in SOME:
        drawn = [LAB.some_words(each) for _ in range(20)]
        assert all(LAB.words_of(text) for text in drawn)
        assert {w for text in drawn for w in LAB.words_of(text)} <= {
            *LAB.words_of(LAB.described(each))
        }
        assert len(set(drawn)) > 1


# --- pictures


def test_white_stays_white_and_what_is_moved_stays_a_picture():
    torch.manual_seed(0)
    drawn, may_flip = pictures(SOME), torch.ones(len(SOME), dtype=torch.bool)
    white = torch.ones_like(drawn)
    assert torch.allclose(LAB.moved(white, may_flip), white, atol=1e-6)
    moved = LAB.moved(drawn, may_flip)
    assert moved.shape == drawn.shape and moved.min() > -1e-5 and moved.max() < 1 + 1e-5
    assert (moved - drawn).abs().mean() > 0.02


def test_symbols_are_not_mirrored():
    """A stripe on the left stays on the left, but for what may be mirrored."""
    torch.manual_seed(0)
    stripe = torch.ones(400, 3, 32, 32)
    stripe[..., 4:10] = 0
    for may_flip, low, high in ((False, 0, 0), (True, 0.4, 0.6)):  # five standard deviations
        moved = LAB.moved(stripe, torch.full((400,), may_flip))
        on_the_right = (moved[..., 16:] < 0.5).sum((1, 2, 3)) > (moved[..., :16] < 0.5).sum(
            (1, 2, 3)
        )
        assert low <= on_the_right.float().mean() <= high


def test_colours_change_and_shapes_stay():
    torch.manual_seed(0)
    drawn = pictures(SOME)
    changed = LAB.recoloured(drawn)
    together = torch.stack([drawn.flatten(1), changed.flatten(1)], dim=1)
    assert min(torch.corrcoef(pair)[0, 1] for pair in together) > 0.7
    assert (changed - drawn).abs().mean() > 0.02


# --- learning


def test_a_batch_in_groups_has_their_mean_loss():
    model, texts, drawn = (
        small_model().eval(),
        [each.name for each in SOME[:12]],
        pictures(SOME[:12]),
    )
    one = LAB.loss_of(model, texts, drawn, 12)
    t, p = model.texts(texts), model.images(drawn)
    assert torch.allclose(one, LAB.contrastive_loss(LAB.similarity(t, p), model.log_scale))
    parts = [LAB.loss_of(model, texts[i : i + 4], drawn[i : i + 4], 4) for i in (0, 4, 8)]
    assert torch.allclose(LAB.loss_of(model, texts, drawn, 4), torch.stack(parts).mean())
    assert LAB.loss_of(model, texts, drawn, 1) == 0


def test_training_learns_some_emoji():
    model = small_model()
    history = LAB.train(model, SOME, epochs=25, batch_size=21, learning_rate=5e-3)
    assert len(history["loss"]) == len(history["scale"]) == 25
    assert history["loss"][-1] < 0.8 * math.log(21)
    assert LAB.evaluated(model, SOME)["recall@10"] > 2.5 * 10 / len(SOME)


def test_what_shrinks_and_what_does_not():
    shrinking, others = LAB.parameter_groups(small_model(), 0.3)
    assert shrinking["weight_decay"] == 0.3 and others["weight_decay"] == 0
    assert all(p.dim() > 1 for p in shrinking["params"])
    assert len(shrinking["params"]) + len(others["params"]) == len([*small_model().parameters()])


def test_a_block_of_the_tower_costs_what_the_profiler_counts():
    for channels, out, stride, side in ((4, 8, 1, 16), (8, 16, 2, 9)):
        block = LAB.Residual(channels, out, stride).eval()
        found = counts(block, torch.rand(7, channels, side, side))
        parameters, flops, size = LAB.residual_costs(channels, out, stride, side)
        assert (found.parameters, found.flops) == (parameters, 7 * flops)
        assert found.saved_bytes == pytest.approx(7 * size, rel=0.05)


def test_what_the_loss_keeps_grows_with_the_square():
    kept = [
        counts(LAB.Competition(), torch.rand(n, 3).requires_grad_(), torch.rand(n, 3)).saved_bytes
        for n in (100, 200)
    ]
    assert kept[1] == pytest.approx(4 * kept[0], rel=0.05)


# --- model files


def test_files_are_graded_on_what_nobody_trains_with(tmp_path):
    model = small_model().eval()
    save_model(model, SIZES, student_id="1", name="Ada", folder=tmp_path)
    found = measure(LAB.MODEL, read_model((tmp_path / "1_Ada_model.pth").read_bytes()), seed=1)
    assert found == pytest.approx(LAB.evaluated(model, LAB.held_out(1)))
    assert next(iter(found)) == "recall@10"


def test_held_out_emoji_follow_from_the_seed():
    drawn = [{each.sign for each in LAB.held_out(seed)} for seed in (5, 5, 6)]
    assert drawn[0] == drawn[1] != drawn[2] and len(drawn[0]) == LAB.TESTED
    assert drawn[0] < {each.sign for each in emoji("held_out")}


# --- captions


def test_the_search_has_no_picture_tower_to_hand_in():
    names = {*load((files("autograder.tools") / "emoji_search.safetensors").read_bytes())}
    tower = LAB.TextTower(64, 64, buckets=2048)
    assert names == {*tower.state_dict(), "pictures"}


def test_the_three_pictures_were_not_seen():
    assert {emoji()[number].part for number in LAB.TARGETS} <= {"held_out", "validation"}


@pytest.mark.parametrize(
    ("caption", "said"),
    [
        ("", "no words"),
        ("…!", "no words"),
        ("\N{OCTOPUS}", "no words"),
        (" ".join(["camel"] * 13), "13 words"),
        ("camel" * 50, "250 characters"),
        ("twemoji/camel", "name of a file"),
        ("camel.png", "name of a file"),
        ("emoji_593", "name of a file"),
        ("a red car", "first; your picture comes at place"),
    ],
)
def test_what_is_wrong_with_a_caption_is_told(caption, said):
    assert all(said in LAB.wrong_with(caption, number) for number in LAB.TARGETS)


# --- the original


def test_without_the_original_a_sentence_says_what_to_do(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    model = small_model().eval()
    for missing in (ImportError, OSError):
        monkeypatch.setattr(LAB, "OriginalClip", raising(missing))
        assert isinstance(LAB.original_or_own(model), LAB.OwnClip)
    said = capsys.readouterr().out.splitlines()
    assert "pip install transformers" in said[0] and "DOWNLOAD = True" in said[1]


def raising(error):
    def fails(_):
        raise error

    return fails


def test_without_scikit_image_there_are_emoji(capsys, monkeypatch):
    monkeypatch.setattr(LAB, "photograph", raising(ImportError("pip install scikit-image")))
    assert len(LAB.photographs_or_emoji()) == 8
    assert "pip install scikit-image" in capsys.readouterr().out


def test_the_own_model_takes_photographs():
    model = small_model().eval()
    found = LAB.OwnClip(model).similarities(["a cat", "a horse"], [torch.rand(3, 50, 40)] * 3)
    assert found.shape == (2, 3)


def test_the_original_is_asked_as_transformers_wants_it():
    """With a tiny model of the same kind, and without its tokenizer's files."""
    transformers = pytest.importorskip("transformers")
    tower = {
        "hidden_size": 16,
        "intermediate_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
    }
    configuration = transformers.CLIPConfig(
        text_config=tower | {"vocab_size": 50},
        vision_config=tower | {"patch_size": 32},
        projection_dim=8,
    )
    original = LAB.OriginalClip.__new__(LAB.OriginalClip)
    original.model = transformers.CLIPModel(configuration).eval()
    original.tokenizer = lambda texts, **_: {
        "input_ids": torch.arange(4 * len(texts)).view(-1, 4),
        "attention_mask": torch.ones(len(texts), 4, dtype=torch.int64),
    }
    found = original.similarities(["a", "b", "c"], [torch.rand(3, 90, 70), torch.rand(3, 64, 300)])
    assert found.shape == (3, 2) and found.abs().max() <= 1.0001
