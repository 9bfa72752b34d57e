"""The tunings behind the numbers of the text; small BERTs are pretrained once for all of them."""

import time
from collections.abc import Callable
from types import ModuleType
from typing import Any

from filelock import FileLock

from autograder.figures import Figure, run
from autograder.tools.device import device
from autograder.tools.pretrained import minilm, quiet_transformers
from autograder.tools.verbal_arithmetic import LABELS, few, part, statements

POSITIVE = {"validation": 143 / 192, "test": 111 / 160}  # whoever says so to everything
COUNTS = (28, 56, 112, 224, 448)
STARTS = ("arithmetic", "random weights")  # of the runs without warm-up


def no_minilm() -> str:
    """What the runs of MiniLM lack."""
    return "" if minilm() else "MiniLM"


ACCURACIES = {
    name: Figure(f"{name} accuracy", form=".3f", baseline=share) for name, share in POSITIVE.items()
}
MINILM: dict[str, Any] = {
    "lacks": no_minilm,
    **ACCURACIES,
    "missed": Figure("negative statements called positive, of 43", form=".0f", baseline=43),
    "epoch": Figure("seconds of processor time of an epoch", form=".1f"),
}


def tuned_minilm(
    lab: ModuleType, seed: int, settings: dict[str, Any], prepare: Callable[[Any], None]
) -> dict[str, float]:
    """Prepare a model, so that it says what learns, and tune it on 448 statements."""
    quiet_transformers()
    model, tokenizer = lab.started(minilm(), seed=seed)
    prepare(model)
    start = time.process_time()
    tuned = lab.tune(model.to(device()), tokenizer, part("training"), **settings)
    epoch = (time.process_time() - start) / settings["epochs"]
    negative = [one for one in part("validation") if LABELS[one.label] == "negative"]
    said = lab.probabilities(tuned, negative).argmax(-1).tolist()
    missed = said.count(LABELS.index("positive"))
    return {**accuracies(lab, tuned), "missed": missed, "epoch": epoch}


def accuracies(lab: ModuleType, tuned: Any) -> dict[str, float]:
    """Of validation and of test statements."""
    return {"validation": tuned.accuracies[-1], "test": lab.share_right(tuned, part("test"))}


@run(**MINILM)
def frozen(lab: ModuleType, seed: int) -> dict[str, float]:
    """MiniLM frozen."""
    return tuned_minilm(lab, seed, lab.FROZEN, lambda model: lab.freeze(model, train_pooler=False))


@run(**MINILM)
def pooler_learns(lab: ModuleType, seed: int) -> dict[str, float]:
    """MiniLM frozen, but for its pooler."""
    return tuned_minilm(lab, seed, lab.FROZEN, lambda model: lab.freeze(model, train_pooler=True))


@run(**MINILM)
def tuned(lab: ModuleType, seed: int) -> dict[str, float]:
    """MiniLM tuned."""
    return tuned_minilm(lab, seed, lab.TUNING, lambda model: None)


@run(**MINILM)
def lora(lab: ModuleType, seed: int) -> dict[str, float]:
    """MiniLM with LoRA, rank 8."""
    return tuned_minilm(lab, seed, lab.LORA_TUNING, lambda model: lab.add_lora(model, **lab.LORA))


@run(**MINILM)
def rank_one(lab: ModuleType, seed: int) -> dict[str, float]:
    """MiniLM with LoRA, rank 1."""
    change = lab.LORA | {"rank": 1, "alpha": lab.LORA["alpha"] / lab.LORA["rank"]}
    return tuned_minilm(lab, seed, lab.LORA_TUNING, lambda model: lab.add_lora(model, **change))


SMALL: dict[str, Any] = {
    **ACCURACIES,
    "after_5": Figure("validation accuracy after 5 epochs", ".3f", POSITIVE["validation"]),
    "less": Figure('accuracy with "less" for "minus"', ".3f", baseline=0.475),
    "take_away": Figure('the same with "take away"', ".3f", baseline=0.475),
}


def small_berts(lab: ModuleType) -> dict[str, Any]:
    """Pretrain both where nobody did, and tell the notebook's functions of them."""
    quiet_transformers()
    lab.where = device()
    with FileLock("pretraining.lock"):  # runs go side by side
        folders = {text: lab.pretrained(text) for text in ("arithmetic", "everyday")}
    lab.starts = {text: (folder, True) for text, folder in folders.items()}
    lab.starts["random weights"] = folders["everyday"], False
    return folders


def tuned_small(lab: ModuleType, seed: int, name: str) -> dict[str, float]:
    """Tune everything on 448 statements, and ask for other words."""
    small_berts(lab)
    run = lab.tuned(name, part("training"), seed=seed)
    less, take_away = (
        lab.share_right(run, statements(minus=word)[400:]) for word in ("less", "take away")
    )
    after_5 = run.accuracies[4]
    return accuracies(lab, run) | {"after_5": after_5, "less": less, "take_away": take_away}


@run(**SMALL)
def arithmetic(lab: ModuleType, seed: int) -> dict[str, float]:
    """A small BERT that read arithmetic, tuned."""
    return tuned_small(lab, seed, "arithmetic")


@run(**SMALL)
def everyday(lab: ModuleType, seed: int) -> dict[str, float]:
    """A small BERT that read everyday text, tuned."""
    return tuned_small(lab, seed, "everyday")


@run(**SMALL)
def random_weights(lab: ModuleType, seed: int) -> dict[str, float]:
    """A small BERT that read nothing, tuned."""
    return tuned_small(lab, seed, "random weights")


FEW = {
    f"of_{count}": Figure(f"validation accuracy, {count} statements", ".2f", POSITIVE["validation"])
    for count in COUNTS
}


def tuned_on_few(lab: ModuleType, seed: int, name: str) -> dict[str, float]:
    """Validation accuracy for each number of statements, after as many steps."""
    small_berts(lab)
    found = {}
    for count in COUNTS:
        chosen, epochs = few(count, part("training")), lab.epochs_for(count)
        found[f"of_{count}"] = lab.tuned(name, chosen, seed=seed, epochs=epochs).accuracies[-1]
    return found


@run(**FEW)
def few_arithmetic(lab: ModuleType, seed: int) -> dict[str, float]:
    """A small BERT that read arithmetic, 70 steps."""
    return tuned_on_few(lab, seed, "arithmetic")


@run(**FEW)
def few_everyday(lab: ModuleType, seed: int) -> dict[str, float]:
    """A small BERT that read everyday text, 70 steps."""
    return tuned_on_few(lab, seed, "everyday")


@run(**FEW)
def few_random_weights(lab: ModuleType, seed: int) -> dict[str, float]:
    """A small BERT that read nothing, 70 steps."""
    return tuned_on_few(lab, seed, "random weights")


@run(
    seeds=(0,),
    smaller=Figure('probability of "smaller" in "three is [MASK] than eight"', ".2f"),
    thirteen=Figure('that of "thirteen" in "[MASK] comes after twelve"', ".2f"),
)
def gaps(lab: ModuleType, seed: int) -> dict[str, float]:
    """What the small BERT knows that read arithmetic."""
    folder, wanted = small_berts(lab)["arithmetic"], (lab.GAPS[2], lab.GAPS[3])
    guesses = [lab.guesses(folder, gap).split() for gap in wanted]
    first = dict(zip(("smaller", "thirteen"), guesses, strict=True))
    assert all(words[0] == name for name, words in first.items())
    return {name: float(words[1].strip(",")) for name, words in first.items()}


@run(
    arithmetic=Figure(
        "validation accuracy, read arithmetic", ".3f", "[[arithmetic.validation:.3f]]"
    ),
    random_weights=Figure(
        "validation accuracy, read nothing", ".3f", "[[random_weights.validation:.3f]]"
    ),
)
def without_warmup(lab: ModuleType, seed: int) -> dict[str, float]:
    """Small BERTs tuned at the full rate from the first step on."""
    small_berts(lab)
    factor = lab.warmup_linear
    lab.warmup_linear = lambda step, warmup, total: factor(step, 0, total)
    runs = {name: lab.tuned(name, part("training"), seed=seed) for name in STARTS}
    return {name.replace(" ", "_"): run.accuracies[-1] for name, run in runs.items()}
