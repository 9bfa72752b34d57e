"""How each exercise of the BERT assignment is judged."""

from collections import OrderedDict

import torch
from bert_finetuning import Batch
from torch import Tensor, nn
from transformers import BertConfig, BertModel

from autograder.checks.spec import (
    Inputs,
    Rng,
    built,
    call,
    gradients,
    parameters,
    probe,
    stand_ins,
)


class Reader(nn.Module):
    """A classifier of tokens, which answers the next label while its dropout is on."""

    def __init__(self, table: Tensor) -> None:
        super().__init__()
        self.table, self.dropout, self.graphs = nn.Parameter(table), nn.Dropout(), 0

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, labels: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        self.graphs += torch.is_grad_enabled()
        scores = self.table[input_ids] * attention_mask[..., None]
        return scores.sum(1).roll(int(self.dropout.training), -1), scores


SHIFTS = ((0, 0, 1, 0, 2, 0), (1, 0, 0, 1), (0, 2, 1), (0,))  # 0 where the reader will be right


def some_batches(rng: Rng, sizes: tuple[int, ...], labels: int) -> Inputs:
    """Statements of two words, which say what the reader answers, and three that are padding.

    With the padding it would answer the next label but one.
    """
    table = rng.normal(5 * labels, labels) + 20 * torch.eye(labels).repeat(5, 1)
    batches = []
    for size, shifts in zip(sizes, SHIFTS, strict=False):
        said = (torch.arange(size) + rng.integer(0, labels)) % labels
        words = (said[:, None] + torch.tensor([0, 0, 2, 2, 2])) % labels
        ids = words + labels * rng.integers(size, 5, high=5)
        mask = (torch.arange(5) < 2).long().expand(size, 5).clone()
        shift = torch.tensor([shifts[k % len(shifts)] for k in range(size)])
        batches.append(Batch(ids, mask, (said + shift) % labels))
    return Inputs(table=table, batches=batches)


@probe("accuracy", weight=3)
def batches_of_several_sizes(rng: Rng):
    return some_batches(rng, (13, 13, 5, 1), labels=3)


@batches_of_several_sizes.run
def _(accuracy, inputs):
    return float(accuracy(Reader(inputs.table).train(), iter(inputs.batches)))


@probe("accuracy")
def no_gradients(rng: Rng):
    return some_batches(rng, (29, 7), labels=7)


@no_gradients.run
def _(accuracy, inputs):
    """The accuracy, and whether gradients are off meanwhile, and only meanwhile."""
    reader = Reader(inputs.table)
    found = float(accuracy(reader, inputs.batches))
    return {
        "accuracy": found,
        "batches with a graph": reader.graphs,
        "gradients are on afterwards": torch.is_grad_enabled(),
        "the model learns afterwards": reader.table.requires_grad,
    }


def tiny(labels: int = 4, layers: int = 1, hidden_size: int = 6) -> BertConfig:
    return BertConfig(
        vocab_size=19,
        hidden_size=hidden_size,
        num_hidden_layers=layers,
        num_attention_heads=3,
        intermediate_size=7,
        max_position_embeddings=23,
        num_labels=labels,
        hidden_dropout_prob=0.5,
        attention_probs_dropout_prob=0.0,
    )


def without_its_dropout(model: nn.Module, rng: Rng) -> None:
    """Numbers for the parameters, and no dropout in BERT itself: what is left is of your own."""
    rng.fill(model)
    for module in (*model.embeddings.modules(), *model.encoder.modules()):
        if isinstance(module, nn.Dropout):
            module.p = 0.0


def some_tokens(rng: Rng, N: int, T: int) -> dict[str, Tensor]:
    """Tokens, of which each row has two less than the one before; behind them is padding."""
    mask = torch.arange(T) < (T - 2 * torch.arange(N)[:, None]).clamp(min=1)
    return {"input_ids": rng.integers(N, T, high=19), "attention_mask": mask.long()}


@probe("bert_for_sentence_classification", weight=2)
def logits_alone(rng: Rng):
    return built(tiny(layers=2), filled=without_its_dropout)(**some_tokens(rng, 3, 7))


@probe("bert_for_sentence_classification", parameters, gradients, weight=2)
def logits_and_loss(rng: Rng, N=3):
    labels, model = rng.integers(N, high=4), built(tiny(), filled=without_its_dropout)
    return model(labels=labels, **some_tokens(rng, N, 5)).through(1)


@probe("bert_for_sentence_classification")
def another_configuration(rng: Rng):
    model = built(tiny(labels=2, hidden_size=9), filled=without_its_dropout)
    return {
        "label 0": model(labels=torch.tensor([0]), **some_tokens(rng, 1, 17)),
        "no mask": model(input_ids=rng.integers(2, 2, high=19)),
    }


def numbers(answer, _):
    """Whole numbers, fractions and tensors with one number are all the same."""
    return [float(each) for each in answer]


@probe("warmup_linear", weight=3, read=numbers)
def every_step(rng: Rng):
    w = rng.integer(3, 7)
    n = w + rng.integer(5, 11)
    few = [call(step, w, n) for step in range(n + 1)]
    return few + [call(step, 9 * w, 50 * n) for step in range(1, 50 * n, 23)]


@probe("warmup_linear", read=numbers)
def no_warm_up_and_after_the_end(rng: Rng):
    n = rng.integer(5, 9)
    without = [call(step, 0, n) for step in (0, 1, n - 1, n, n + 1, n + 30)]
    return without + [call(step, n - 1, n) for step in (n - 2, n - 1, n, n + 1)]


def named(**parts: nn.Module) -> nn.Sequential:
    return nn.Sequential(OrderedDict(parts))


def block() -> nn.Module:
    return named(dense=nn.Linear(5, 5), LayerNorm=nn.LayerNorm(5), dropout=nn.Dropout())


class Parts(nn.Module):
    """Parts that are named like those of a classifier on a BERT, and smaller."""

    def __init__(self) -> None:
        super().__init__()
        words = nn.Embedding(7, 5)
        self.embeddings = named(word_embeddings=words, LayerNorm=nn.LayerNorm(5), drop=nn.Dropout())
        self.encoder = named(layer=named(first=block(), last=block()))
        self.pooler = named(dense=nn.Linear(5, 5), dropout=nn.Dropout())
        self.classifier = nn.Linear(5, 3)


@probe("make_optimiser", weight=2)
def what_decays(rng: Rng):
    return Inputs(rate=rng.uniform(1, low=0.02, high=0.05).item(), decay=0.6, noise=0.0, frozen=[])


@probe("make_optimiser")
def steps_with_gradients(rng: Rng):
    return Inputs(rate=0.01, decay=rng.uniform(1, low=0.2, high=2).item(), noise=1.0, frozen=[])


@probe("make_optimiser")
def some_do_not_learn(rng: Rng):
    """The first parameter that learns is a LayerNorm's, and the last one a weight."""
    frozen = ["embeddings.word_embeddings", "pooler", "classifier.bias"]
    return Inputs(rate=0.04, decay=0.3, noise=1.0, frozen=frozen)


@what_decays.run
@steps_with_gradients.run
@some_do_not_learn.run
def stepped(make_optimiser, inputs, rng):
    """The parameters after two steps, and which of them the optimiser has."""
    model = rng.fill(Parts())
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(not name.startswith(tuple(inputs.frozen)))
    optimiser = make_optimiser(model, inputs.rate, inputs.decay)
    for _ in range(2):
        for parameter in model.parameters():
            if parameter.requires_grad:
                drawn = rng.normal(*parameter.shape)
                parameter.grad = inputs.noise * (drawn + drawn.sign())  # none is near 0
        optimiser.step()
    held = {id(each) for group in optimiser.param_groups for each in group["params"]}
    named = dict(model.named_parameters())
    return {"held": [name for name in named if id(named[name]) in held], "parameters": named}


def learners(model: nn.Module) -> list[str]:
    return [name for name, parameter in model.named_parameters() if parameter.requires_grad]


@probe("freeze", weight=2)
def classifier_alone(rng: Rng):
    return Inputs(choices=[False])


@probe("freeze", weight=2)
def one_after_the_other(rng: Rng):
    return Inputs(choices=[True, False])


@classifier_alone.run
@one_after_the_other.run
def _(freeze, inputs):
    """What learns after each call; at first the classifier does not."""
    model, found = Parts(), []
    model.classifier.requires_grad_(False)
    for train_pooler in inputs.choices:
        freeze(model, train_pooler)
        found.append(learners(model))
    return found


@probe("training_mode", weight=2)
def frozen_encoder(rng: Rng):
    return Inputs(learns=["classifier"], before=True)


@probe("training_mode")
def everything_learns(rng: Rng):
    return Inputs(learns=["embeddings", "encoder", "pooler", "classifier"], before=False)


@probe("training_mode")
def some_numbers_of_a_part_learn(rng: Rng):
    """The first one of a part, and the last one."""
    return Inputs(
        learns=["embeddings.word_embeddings", "encoder.layer.last.LayerNorm.bias"], before=False
    )


@frozen_encoder.run
@everything_learns.run
@some_numbers_of_a_part_learn.run
def _(training_mode, inputs):
    """The mode of every module, and what learns."""
    model = Parts().train(inputs.before)
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name.startswith(tuple(inputs.learns)))
    training_mode(model)
    found = {name: module.training for name, module in model.named_modules() if name}
    return {"modes": found, "learns": learners(model)}


@probe("lora_linear", parameters, gradients, weight=2)
def forward_pass(rng: Rng, N=2, T=4, inputs=5, outputs=7, rank=3):
    return built(nn.Linear(inputs, outputs), rank, 4.5)(rng.normal(N, T, inputs))


@probe("lora_linear", parameters, gradients)
def one_vector_without_bias(rng: Rng):
    return built(nn.Linear(11, 2, bias=False), 6, 0.3)(rng.normal(11))


@probe("lora_linear")
def start(rng: Rng):
    return Inputs(x=rng.normal(9, 67))


@start.run
def _(LoRALinear, inputs, rng):
    linear = rng.fill(nn.Linear(67, 3))
    model = LoRALinear(linear, 16, 8.0)
    output = model(inputs.x)
    output.square().sum().backward()
    change = (output - linear(inputs.x)).abs().max()
    slope = torch.zeros(1) if model.B.grad is None else model.B.grad
    return {"change": change, "A": model.A, "B": model.B, "slope of B": slope.abs().max()}


@start.law
def _(found, _):
    A = found["A"]
    # of 1072 numbers: 0.2 are more than six standard deviations; by chance, once in 10⁸ times
    broken = {
        "at the start B is not 0": found["B"].any(),
        "at the start, although B is 0, the output is not that of the linear layer": (
            found["change"] > 1e-6
        ),
        "at the start the numbers of A are all the same, or nearly; they are to be random": (
            A.std() < 1e-4
        ),
        "at the start no gradient reaches B": found["slope of B"] < 1e-6,
        "at the start A is not small": A.std() > 0.3,
        "at the start rows of A depend on each other; each number is drawn by itself": (
            torch.linalg.matrix_rank(A) < len(A)
        ),
        "at the start the numbers of A do not lie around 0": A.mean().abs() > 0.2 * A.std(),
    }
    return next((problem for problem, is_so in broken.items() if is_so), None)


@probe("lora_linear", weight=2)
def merged_is_the_same(rng: Rng):
    return Inputs(x=rng.normal(4, 5))


@merged_is_the_same.run
def _(LoRALinear, inputs, rng):
    """Merged layers with a bias and without, and what the wrappers say after they were merged."""
    wrappers = [rng.fill(LoRALinear(nn.Linear(5, 7, bias=bias), 2, 3.0)) for bias in (True, False)]
    merged = [wrapper.merged() for wrapper in wrappers]
    numbers = [[layer.weight, layer.bias, type(layer) is nn.Linear] for layer in merged]
    return {"merged": numbers, "wrappers": [wrapper(inputs.x) for wrapper in wrappers]}


class LowRank(nn.Module):
    """Stands in for 6.1: other numbers, the same parameters."""

    def __init__(self, linear: nn.Linear, rank: int, alpha: float) -> None:
        super().__init__()
        self.linear, self.alpha = linear.requires_grad_(False), alpha
        self.A = nn.Parameter(torch.zeros(rank, linear.in_features))
        self.B = nn.Parameter(torch.zeros(linear.out_features, rank))

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x) - self.alpha * (x @ self.A.T).sum(-1, keepdim=True) * self.B.sum(1)


class Classifier(BertModel):
    """A BERT with a classifier, whoever wrote 2.1."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__(config)
        self.classifier = nn.Linear(config.hidden_size, config.num_labels)


stand_ins("add_lora", LoRALinear=LowRank)


@probe("add_lora", weight=2)
def two_layers(rng: Rng):
    return Inputs(rank=2, alpha=0.7, layers=2, frozen=False, **some_tokens(rng, 3, 5))


@probe("add_lora")
def three_layers(rng: Rng):
    return Inputs(rank=3, alpha=2.5, layers=3, frozen=True, **some_tokens(rng, 2, 11))


@two_layers.run
@three_layers.run
def adapted(add_lora, inputs, rng):
    """What learns, the parameters by their shapes and sums, and the pooled output.

    For that, what was added has numbers of its own.
    """
    model = rng.fill(Classifier(tiny(layers=inputs.layers))).requires_grad_(not inputs.frozen)
    add_lora(model, inputs.rank, inputs.alpha)
    found = {name: [str([*p.shape]), p.sum()] for name, p in model.named_parameters()}
    for module in model.modules():
        if isinstance(module, LowRank):
            for each in (module.A, module.B):
                each.data = 0.3 * rng.normal(*each.shape)
    pooled = model.eval()(inputs.input_ids, inputs.attention_mask).pooler_output
    return {"learns": learners(model), "parameters": found, "pooled": pooled}


def two_numbers(answers, _):
    """Whole numbers in a tuple, a list, an array or a tensor are all the same."""
    return {
        name: answer if isinstance(answer, int | float | dict) else [float(0 + x) for x in answer]
        for name, answer in answers.items()
    }


@probe("lora_memory", read=two_numbers)
def some_ranks(rng: Rng):
    def sizes(rank: int):
        layers, hidden, classes = rng.integer(2, 7), rng.integer(5, 20), rng.integer(3, 9)
        return rng.integer(400, 900), layers, hidden, rank, classes

    ranks = {"rank 0": 0, "rank 1": 1, "a larger one": rng.integer(3, 8)}
    return {name: call(*sizes(rank)) for name, rank in ranks.items()}
