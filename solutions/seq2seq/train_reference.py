"""Train the notebook's models with the reference's parts and print the tables of its text.

python solutions/seq2seq/train_reference.py [defaults|tuned|best|baselines] [--seeds 0 1 2]

The corpus is Multi30k where $MULTI30K names its folder, and where it can be downloaded; else, and
with --generated, the generated one. `tuned` are good settings for Multi30k, and `best` those of a
model file that earns all points; neither is shipped to students. --data keeps the numbered sentences
in a file, for machines without spaCy and torchtext.
"""

import argparse
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import torch

from autograder.assignment.definitions import definitions
from autograder.checks.measuring import PUBLIC_SEED
from autograder.tools.device import device
from autograder.tools.multi30k import GENERATED, find_corpus

SOURCE = Path(__file__).with_name("seq2seq.py")
STEADY = {"clip": 1.0, "weight_decay": 0.2}
TUNED = {
    "Transformer": {
        "model": {
            "hidden_dim": 128,
            "dim_feedforward": 512,
            "dim_k": 128,
            "dim_v": 128,
            "dim_q": 128,
        },
        "training": STEADY
        | {
            "epochs": 10,
            "learning_rate": 4e-3,
            "batch_size": 32,
            "warm_up": 0.2,
            "word_dropout": 0.15,
        },
    },
    "seq2seq": {
        "model": {
            "emb_size": 64,
            "encoder_hidden_size": 128,
            "decoder_hidden_size": 128,
            "dropout": 0.2,
            "model_type": "RNN",
            "attention": True,
        },
        "training": STEADY
        | {"epochs": 12, "learning_rate": 4e-3, "warm_up": 0.1, "word_dropout": 0.1},
    },
}
FORCED = {
    "seq2seq": {
        "model": TUNED["seq2seq"]["model"] | {"model_type": "LSTM", "dropout": 0.3},
        "training": TUNED["seq2seq"]["training"] | {"teacher_forcing": True},
    }
}
BEST = {"hidden_dim": 128, "dim_feedforward": 512, "dim_k": 96, "dim_v": 96}
BEST_TRAINING = {
    "epochs": 12,
    "learning_rate": 3e-3,
    "batch_size": 64,
    "warm_up": 0.05,
    "weight_decay": 1.0,
    "clip": 1.0,
}


def row(lab: ModuleType, data, kind: str, name: str, settings: dict, seed: int) -> str:
    """Times, and the perplexities of the validation sentences.

    The third perplexity counts the <sos>, as the handout does; the last number is BLEU of the test.
    """
    processor = time.process_time()
    one = lab.run(kind, settings, data, seed)
    processor = time.process_time() - processor
    target = data.validation.target
    words, sentences = int((target != lab.PAD).sum()), len(target)
    with_sos = one.own_words ** (words / (words + sentences))
    translated = lab.greedy(one.model, data.test.source.to(lab.where))
    score = lab.bleu(
        *([lab.sentence(r, data.english) for r in rows] for rows in (translated, data.test.target))
    )
    numbers = f"{one.own_words:.2f} | {one.right_words:.2f} | {with_sos:.2f} | {score:.1f}"
    times = f"{one.seconds:.0f} s | {processor:.0f} s"
    return f"| {name} {kind} | {seed} | {times} | {one.history['training'][-1]:.2f} | {numbers} |"


def best_row(lab: ModuleType, data, seed: int) -> str:
    """Processor time, and the perplexities of validation and held-out sentences."""
    torch.manual_seed(seed)
    model, processor = lab.build_model(BEST), time.process_time()
    history = lab.train(model, data, **BEST_TRAINING, label="best")
    processor = time.process_time() - processor
    held_out = lab.measured(model, lab.held_out(PUBLIC_SEED))
    return (
        f"| best | {seed} | {processor:.0f} s | {history['validation'][-1]:.2f} | {held_out:.2f} |"
    )


def rows(lab: ModuleType, options: argparse.Namespace) -> Iterator[str]:
    """The table that is asked for."""
    data = kept(lab, options)
    lab.where = device()
    settings = {"defaults": lab.DEFAULTS, "tuned": TUNED, "forced": FORCED}.get(options.which, {})
    if options.which == "baselines":
        for by_position in (False, True):
            yield f"| {by_position=} | {lab.without_reading(data, by_position):.1f} |"
    if options.which == "best":
        yield from (best_row(lab, data, seed) for seed in options.seeds)
    for kind in options.kinds or settings:
        for seed in options.seeds:
            yield row(lab, data, kind, options.which, settings[kind], seed)


def kept(lab: ModuleType, options: argparse.Namespace):
    """The numbered sentences, from a file where there is one."""
    if options.data and options.data.exists():
        parts = torch.load(options.data, weights_only=True)
        pairs = (lab.Pairs(*(side.long() for side in pair)) for pair in parts[:3])
        return lab.Data(*pairs, *parts[3:])
    data = lab.prepared(
        GENERATED if options.generated or options.which == "best" else find_corpus()
    )
    if options.data:
        short = [tuple(side.short() for side in pair) for pair in data[:3]]
        torch.save([*short, *data[3:]], options.data)
    return data


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    choices = "defaults", "tuned", "forced", "best", "baselines"
    parser.add_argument("which", nargs="?", choices=choices, default="tuned")
    parser.add_argument("--seeds", type=int, nargs="*", default=[0, 1, 2])
    parser.add_argument("--kinds", nargs="*")
    parser.add_argument("--generated", action="store_true")
    parser.add_argument("--data", type=Path)
    options = parser.parse_args()
    lab = definitions(SOURCE.read_text(encoding="utf-8"), SOURCE)
    for line in rows(lab, options):
        print(line, flush=True)


if __name__ == "__main__":
    main()
