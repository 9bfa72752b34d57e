"""Train the notebook's models with the reference's parts and print the numbers of its text.

python solutions/minigpt/train_reference.py [KIND ...] [--seeds 0 1 2] [--rates …] [--texts N]
    [--original] [--epochs N] [--bottleneck N] [--reading-rate RATE] [--threads N]

A row for each kind of model (plain, Perceiver, rotary; none for no pre-training), seed and learning
rate of fine-tuning: seconds and processor seconds, accuracy and probability on dev in the words of a
text, then, of questions, on train, dev and test, and on dev after every fifth epoch. `--texts` reads
only so many texts about each person; `--original` has the original's sizes, and no test.
"""

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from types import ModuleType

import torch

from autograder.assignment.definitions import definitions
from autograder.tools.birth_places import data_file

SOURCE = Path(__file__).with_name("minigpt.py")
ANSWERS = Path(__file__).with_name("test_places.txt")


def rows(lab: ModuleType, options: argparse.Namespace) -> Iterator[str]:
    """The rows, one after the other."""
    where = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    for seed in options.seeds:
        for kind in options.kinds:
            start, processor = time.perf_counter(), time.process_time()
            path, recall = None, ""
            if kind != "none":
                path, history = lab.read_texts(kind, seed, where)
                recall = f"{history['accuracy, in the words of a text'][-1]:.2f} | "
                recall += f"{history['probability, in the words of a text'][-1]:.3f}"
            spent = time.perf_counter() - start, time.process_time() - processor
            for rate in options.rates if path else [lab.SCRATCH_RATE]:
                plain = "plain" if kind == "none" else kind
                model, history = lab.ask(plain, path, seed, where, rate)
                yield f"| {kind} | {seed} | {spent[0]:.0f} s | {spent[1]:.0f} s | {recall} | " + (
                    f"{rate:g} | {measured(lab, model, history)} |"
                )


def measured(lab: ModuleType, model: torch.nn.Module, history: dict[str, list]) -> str:
    """Accuracies on train, dev and test, and how the one on dev grew."""
    test = f"{on_test(lab, model):.2f}" if lab.PEOPLE == "small" else "–"
    dev = history["accuracy, dev"]
    curve = " ".join(f"{value:.2f}" for value in dev[4::5])
    return f"{history['accuracy, train'][-1]:.2f} | {dev[-1]:.2f} | {test} | {curve}"


def on_test(lab: ModuleType, model: torch.nn.Module) -> float:
    lines = data_file("test", None).read_text(encoding="utf-8").splitlines()
    places = ANSWERS.read_text(encoding="utf-8").splitlines()
    pairs = "\n".join(f"{q}\t{place}" for q, place in zip(lines, places, strict=True))
    return lab.known(model, lab.NameDataset(pairs, lab.reading()))["accuracy"]


def few_texts(lab: ModuleType, count: int) -> None:
    """Let the notebook read only the first texts about each person, as often in all."""
    whole = lab.reading

    def reading() -> object:
        texts, seen, kept = whole(), Counter(), []
        for text in texts.data:
            name = text.partition(".")[0]
            seen[name] += 1
            kept += [text] * (seen[name] <= count)
        texts.data = kept * (len(texts.data) // len(kept))
        return texts

    lab.reading = reading


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    kinds = ["none", "plain", "Perceiver", "rotary"]
    parser.add_argument("kinds", nargs="*", default=kinds)
    parser.add_argument("--seeds", type=int, nargs="*", default=[0, 1, 2])
    parser.add_argument("--rates", type=float, nargs="*")
    parser.add_argument("--texts", type=int, default=0)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--epochs", type=int, help="of pre-training")
    parser.add_argument("--original", action="store_true")
    parser.add_argument("--bottleneck", type=int, help="positions behind it")
    parser.add_argument("--reading-rate", type=float)
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    lab = definitions(SOURCE.read_text(encoding="utf-8"), SOURCE)
    if options.original:
        lab.SETTINGS, lab.PEOPLE = lab.ORIGINAL, "large"
    if options.epochs:
        epochs = {"pretrain_epochs": options.epochs, "decay_epochs": options.epochs}
        lab.SETTINGS = lab.SETTINGS._replace(**epochs)
    if options.bottleneck:
        lab.SETTINGS = lab.SETTINGS._replace(bottleneck_dim=options.bottleneck)
    lab.READING_RATE = options.reading_rate or lab.READING_RATE
    options.rates = options.rates or [lab.GENTLE_RATE]
    if options.texts:
        few_texts(lab, options.texts)
    random.seed(0)
    lines = rows(lab, options)
    while True:
        with redirect_stdout(sys.stderr):
            row = next(lines, None)
        if row is None:
            return
        print(row, flush=True)


if __name__ == "__main__":
    main()
