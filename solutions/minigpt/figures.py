"""The numbers that the text states of trained models: `autograder reproduce minigpt`."""

from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

from torch import nn

from autograder.figures import Figure, run
from autograder.tools.birth_places import data_file
from autograder.tools.device import device

ANSWERS = Path(__file__).with_name("test_places.txt")
LONDON = 0.05  # always London, on dev and on test
RATES = {"dev_1e4": 1e-4, "dev_2e4": 2e-4, "dev_6e4": 6e-4, "dev_12e4": 1.2e-3}
History = Mapping[str, list[float]]


def asked(dev: str = "", test: str = "") -> dict[str, Figure]:
    """What is measured of every model that was fine-tuned; dev and test in the original."""
    return {
        "train": Figure("questions of train", form=".2f"),
        "dev": Figure("questions of dev", form=".2f", baseline=LONDON, original=dev),
        "test": Figure("questions of test", form=".2f", baseline=LONDON, original=test),
    }


def answers(lab: ModuleType, model: nn.Module, history: History) -> dict[str, float]:
    """The accuracies at the end of fine-tuning."""
    parts = {part: history[f"accuracy, {part}"][-1] for part in ("train", "dev")}
    return parts | {"test": on_test(lab, model)}


def on_test(lab: ModuleType, model: nn.Module) -> float:
    questions = data_file("test", None).read_text(encoding="utf-8").splitlines()
    places = ANSWERS.read_text(encoding="utf-8").splitlines()
    pairs = "\n".join(f"{q}\t{place}" for q, place in zip(questions, places, strict=True))
    return lab.known(model, lab.NameDataset(pairs, lab.reading()))["accuracy"]


def read_and_asked(lab: ModuleType, kind: str, seed: int) -> tuple[Path, dict[str, float]]:
    """The file of what a model has read, and what it knows then and after fine-tuning."""
    path, history = lab.read_texts(kind, seed, device())
    recall = {"recall": history["accuracy, in the words of a text"][-1]}
    return path, recall | answers(lab, *lab.ask(kind, path, seed, device()))


@run(**asked("0.006 to 0.026 in public runs"))
def from_scratch(lab: ModuleType, seed: int) -> dict[str, float]:
    """Fine-tuned without pre-training."""
    return answers(lab, *lab.ask("plain", None, seed, device(), lab.SCRATCH_RATE))


MODELS = {
    part: f"without {part}" for part in ("residual", "attention", "mlp", "norms", "positions")
}
MODELS |= {"nothing": "the whole model", "SwiGLU": "with SwiGLU"}


@run(
    frequencies=Figure("loss by frequencies of characters", form=".2f"),
    **{change: Figure(f"loss, {model}", form=".2f") for change, model in MODELS.items()},
)
def short(lab: ModuleType, seed: int) -> dict[str, float]:
    """The ablation of 7.6: eight epochs of reading without a part, or with SwiGLU."""
    losses = {part: lab.short_reading(part, seed, device()) for part in lab.CHANGES}
    ends = {part: sum(each[-20:]) / 20 for part, each in losses.items()}
    return ends | {"frequencies": lab.loss_by_frequencies(lab.reading())}


@run(
    nothing=Figure("positions differ by, the whole model", form=".0%"),
    residual=Figure("positions differ by, without residual", form=".0%"),
)
def untrained(lab: ModuleType, seed: int) -> dict[str, float]:
    """How far positions differ in the models of 7.6 before they read."""
    return {part: lab.differing(part, seed) for part in ("nothing", "residual")}


RECALL = Figure("places of dev in the words of a text", form=".2f")


@run(
    recall=RECALL,
    **asked("0.12 to 0.37 in public runs"),
    **{name: Figure(f"dev, fine-tuned with {rate:g}", ".2f") for name, rate in RATES.items()},
)
def pretrained(lab: ModuleType, seed: int) -> dict[str, float]:
    """Pre-trained, learned positions; then fine-tuned gently, and with the other rates of part 8."""
    path, found = read_and_asked(lab, "plain", seed)
    others = {name: lab.ask("plain", path, seed, device(), rate) for name, rate in RATES.items()}
    return found | {name: history["accuracy, dev"][-1] for name, (_, history) in others.items()}


@run(recall=RECALL, **asked("0.21 to 0.38 in public runs"))
def rotary(lab: ModuleType, seed: int) -> dict[str, float]:
    """Pre-trained, rotary positions, as part 9 begins."""
    return read_and_asked(lab, "rotary", seed)[1]


@run(recall=RECALL, **asked("0.04 to 0.10 in public runs"))
def perceiver(lab: ModuleType, seed: int) -> dict[str, float]:
    """A Perceiver of four layers and 32 positions, pre-trained."""
    return read_and_asked(lab, "Perceiver", seed)[1]
