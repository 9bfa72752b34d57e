"""Train the notebook's models with the reference's parts and print the tables of its text.

python solutions/seq2seq/train_reference.py [defaults|tuned|best|baselines] [--seeds 0 1 2]

The corpus is Multi30k where $MULTI30K names its folder, and where it can be downloaded; else, and
with --generated, the generated one. `tuned` are good settings of both models, `best` those of a
model file that earns all points; neither is shipped to students.
"""

import argparse
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import torch

from autograder.assignment.definitions import definitions
from autograder.tools.multi30k import GENERATED, find_corpus

SOURCE = Path(__file__).with_name("seq2seq.py")
TUNED = {
    "Transformer": {
        "model": {
            "hidden_dim": 128,
            "dim_feedforward": 2048,
            "dim_k": 96,
            "dim_v": 96,
            "dim_q": 96,
        },
        "training": {
            "epochs": 12,
            "learning_rate": 2e-3,
            "batch_size": 64,
            "warm_up": 0.05,
            "word_dropout": 0.2,
            "weight_decay": 0.1,
            "clip": 1.0,
        },
    },
}
BEST = {"configuration": {}, "training": {}}


def row(lab: ModuleType, data, kind: str, name: str, settings: dict, seed: int) -> str:
    """Times, and the perplexities of the validation sentences.

    The third perplexity counts the <sos>, as the handout does; the last number is BLEU of the test.
    """
    lab.where = torch.device("cpu")
    processor = time.process_time()
    one = lab.run(kind, settings, data, seed)
    processor = time.process_time() - processor
    target = data.validation.target
    words, sentences = int((target != lab.PAD).sum()), len(target)
    with_sos = one.own_words ** (words / (words + sentences))
    translated = lab.greedy(one.model, data.test.source)
    score = lab.bleu(
        *([lab.sentence(r, data.english) for r in rows] for rows in (translated, data.test.target))
    )
    numbers = f"{one.own_words:.2f} | {one.right_words:.2f} | {with_sos:.2f} | {score:.1f}"
    times = f"{one.seconds:.0f} s | {processor:.0f} s"
    return f"| {name} {kind} | {seed} | {times} | {one.history['training'][-1]:.2f} | {numbers} |"


def rows(lab: ModuleType, options: argparse.Namespace) -> Iterator[str]:
    """The table that is asked for."""
    data = lab.prepared(GENERATED if options.generated else find_corpus())
    if options.which == "baselines":
        for by_position in (False, True):
            yield f"{by_position=} {lab.without_reading(data, by_position):.1f}"
        return
    settings = lab.DEFAULTS if options.which == "defaults" else TUNED
    for kind in options.kinds or settings:
        for seed in options.seeds:
            yield row(lab, data, kind, options.which, settings[kind], seed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "which", nargs="?", choices=("defaults", "tuned", "best", "baselines"), default="tuned"
    )
    parser.add_argument("--seeds", type=int, nargs="*", default=[0, 1, 2])
    parser.add_argument("--kinds", nargs="*")
    parser.add_argument("--generated", action="store_true")
    options = parser.parse_args()
    lab = definitions(SOURCE.read_text(encoding="utf-8"), SOURCE)
    for line in rows(lab, options):
        print(line, flush=True)


if __name__ == "__main__":
    main()
