"""Train the notebook's models with the reference's parts and print the tables of its text.

python solutions/bert_finetuning/train_reference.py [minilm|domains|few|words] [--seeds 0 1 2] [--one]

`minilm` are the runs of 4.4 and 6.3, `domains` those of 5.2, `few` those of 5.3, `words` 5.4. Small
BERTs are pretrained for each seed, or once with `--one`, and kept in `build/bert_finetuning/`.
"""

import argparse
import contextlib
import io
import os
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from autograder.assignment.definitions import definitions
from autograder.tools.pretrained import minilm, quiet_transformers
from autograder.tools.verbal_arithmetic import few, part, statements

SOURCE = Path(__file__).with_name("bert_finetuning.py")
KEPT = Path("build/bert_finetuning")
COUNTS = (28, 56, 112, 224, 448)


def silently(work: Callable[..., Any], *arguments: Any, **settings: Any) -> tuple[Any, str]:
    """What some work returns, and how long it took, without its progress bars."""
    start, processor = time.perf_counter(), time.process_time()
    with contextlib.redirect_stdout(io.StringIO()):
        found = work(*arguments, **settings)
    return found, f"{time.perf_counter() - start:.0f} s | {time.process_time() - processor:.0f} s"


def minilm_rows(lab: ModuleType, seed: int) -> Iterator[str]:
    """Frozen, with its pooler, tuned, LoRA: times, accuracy of validation and test statements."""
    ways = {
        "frozen": (lab.FROZEN, lambda model: lab.freeze(model, train_pooler=False)),
        "pooler learns": (lab.FROZEN, lambda model: lab.freeze(model, train_pooler=True)),
        "tuned": (lab.TUNING, lambda model: None),
        "LoRA": (lab.LORA_TUNING, lambda model: lab.add_lora(model, **lab.LORA)),
    }
    for name, (settings, prepare) in ways.items():
        model, tokenizer = lab.started(minilm(), seed=seed)
        prepare(model)
        model = model.to(lab.where)
        run, times = silently(lab.tune, model, tokenizer, part("training"), **settings)
        yield f"MiniLM, {name} | {seed} | {times} | {shares(lab, run)}"


def domain_rows(lab: ModuleType, seed: int) -> Iterator[str]:
    """Everything tuned on 448 statements: as above, and the first epochs."""
    for name in lab.starts:
        run, times = silently(lab.tuned, name, part("training"), seed=seed)
        curve = " ".join(f"{share:.3f}" for share in run.accuracies[:5])
        yield f"{name} | {seed} | {times} | {shares(lab, run)} | {curve}"


def few_rows(lab: ModuleType, seed: int) -> Iterator[str]:
    """Validation accuracy for each number of statements."""
    for name in lab.starts:
        found = []
        for count in COUNTS:
            settings = {"seed": seed, "epochs": lab.epochs_for(count)}
            found.append(silently(lab.tuned, name, few(count, part("training")), **settings)[0])
        yield f"{name} | {seed} | " + " | ".join(f"{run.accuracies[-1]:.3f}" for run in found)


def word_rows(lab: ModuleType, seed: int) -> Iterator[str]:
    """Accuracy for each word for "minus"."""
    for name in lab.starts:
        run, _ = silently(lab.tuned, name, part("training"), seed=seed)
        found = [lab.share_right(run, statements(minus=word)[400:]) for word in lab.WORDS]
        yield f"{name} | {seed} | " + " | ".join(f"{share:.3f}" for share in found)


def shares(lab: ModuleType, run: Any) -> str:
    """Accuracy of validation and of test statements."""
    return f"{run.accuracies[-1]:.3f} | {lab.share_right(run, part('test')):.3f}"


def small_berts(lab: ModuleType, seed: int) -> Iterator[str]:
    """Pretrain both, or find them, and tell the notebook's functions of them."""
    lab.starts = {}
    for text in ("arithmetic", "everyday"):
        folder, times = silently(lab.pretrained, text, seed=seed)
        lab.starts |= {text: (folder, True), "random weights": (folder, False)}
        yield f"pretraining, {text} | {seed} | {times}"


ROWS = {"minilm": minilm_rows, "domains": domain_rows, "few": few_rows, "words": word_rows}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("which", nargs="*", default=[*ROWS], help=", ".join(ROWS))
    parser.add_argument("--seeds", type=int, nargs="*", default=[0, 1, 2])
    parser.add_argument("--one", action="store_true", help="tune the same pretrained models")
    options = parser.parse_args()
    quiet_transformers()
    lab = definitions(SOURCE.read_text(encoding="utf-8"), SOURCE)
    lab.where = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    KEPT.mkdir(parents=True, exist_ok=True)
    os.chdir(KEPT)
    for seed in options.seeds:
        if options.which != ["minilm"]:
            say(small_berts(lab, 0 if options.one else seed))
        for which in options.which:
            say(ROWS[which](lab, seed))


def say(rows: Iterable[str]) -> None:
    for row in rows:
        print(f"| {row} |", flush=True)


if __name__ == "__main__":
    main()
