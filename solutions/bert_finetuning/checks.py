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
    """A classifier of tokens, which answers something else while its dropout is on."""

    def __init__(self, table: Tensor) -> None:
        super().__init__()
        self.table, self.dropout, self.graphs = nn.Parameter(table), nn.Dropout(0.6), 0

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, labels: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        self.graphs += torch.is_grad_enabled()
        scores = self.dropout(self.table)[input_ids] * attention_mask[..., None]
        return scores.sum(1), scores


def some_batches(rng: Rng, sizes: tuple[int, ...], labels: int = 3) -> Inputs:
    """Statements of which a reader is right about some, less so in later batches."""
    table, batches = rng.normal(17, labels), []
    for at, size in enumerate(sizes):
        ids, mask = rng.integers(size, 5, high=17), rng.integers(size, 5, high=2)
        mask = mask | (torch.arange(5) == 0)  # a word at least: no two labels are equally likely
        said = (table[ids] * mask[..., None]).sum(1).argmax(-1)
        wrong = (rng.uniform(size) < 0.1 + 0.2 * at).long() * rng.integers(size, low=1, high=labels)
        batches.append(Batch(ids, mask, (said + wrong) % labels))
    return Inputs(table=table, batches=batches)


@probe("accuracy", weight=2)
def batches_of_several_sizes(rng: Rng):
    return some_batches(rng, (13, 13, 5))


@probe("accuracy", hidden=True)
def many_labels(rng: Rng):
    return some_batches(rng, (29, 7, 3, 1), labels=7)


@batches_of_several_sizes.run
def measured(accuracy, inputs):
    return float(accuracy(Reader(inputs.table).train(), iter(inputs.batches)))


@many_labels.run
def _(accuracy, inputs):
    return measured(accuracy, inputs)


@probe("accuracy")
def no_gradients(rng: Rng):
    return some_batches(rng, (7, 5))


@no_gradients.run
def _(accuracy, inputs):
    """The accuracy, how many batches built a graph, and whether gradients are on afterwards."""
    reader = Reader(inputs.table)
    found = float(accuracy(reader, inputs.batches))
    return [found, reader.graphs, torch.is_grad_enabled()]


def tiny(labels: int = 4, layers: int = 2, dropout: float = 0.1) -> BertConfig:
    return BertConfig(
        vocab_size=19,
        hidden_size=6,
        num_hidden_layers=layers,
        num_attention_heads=3,
        intermediate_size=7,
        max_position_embeddings=23,
        num_labels=labels,
        hidden_dropout_prob=dropout,
        attention_probs_dropout_prob=dropout,
    )


def some_tokens(rng: Rng, N: int, T: int) -> dict[str, Tensor]:
    """Tokens whose last ones are padding in some rows."""
    mask = torch.arange(T) < rng.integers(N, 1, low=2, high=T + 1)
    return {"input_ids": rng.integers(N, T, high=19), "attention_mask": mask.long()}


@probe("bert_for_sentence_classification", weight=2)
def logits_alone(rng: Rng):
    return built(tiny())(**some_tokens(rng, 3, 7))


@probe("bert_for_sentence_classification", parameters, gradients, weight=2)
def logits_and_loss(rng: Rng):
    labels = rng.integers(5, high=4)
    return built(tiny())(labels=labels, **some_tokens(rng, 5, 4)).through(1)


@probe("bert_for_sentence_classification", hidden=True)
def another_configuration(rng: Rng):
    model, labels = built(tiny(labels=2, layers=1, dropout=0.0)), rng.integers(1, high=2)
    return {
        "one statement": model(labels=labels, **some_tokens(rng, 1, 17)),
        "no mask": model(input_ids=rng.integers(2, 2, high=19)),
    }


def numbers(answer, _):
    """Whole numbers, fractions and tensors with one number are all the same."""
    return [float(each) for each in answer]


@probe("warmup_linear", weight=2, read=numbers)
def every_step(rng: Rng):
    warmup = rng.integer(3, 7)
    total = warmup + rng.integer(5, 11)
    return [call(step, warmup, total) for step in range(total + 1)]


@probe("warmup_linear", read=numbers)
def no_warm_up_and_after_the_end(rng: Rng):
    total = rng.integer(5, 9)
    return [call(step, 0, total) for step in (0, 1, total - 1, total, total + 3)]


@probe("warmup_linear", hidden=True, read=numbers)
def many_steps(rng: Rng):
    warmup, total = rng.integer(40, 60), rng.integer(500, 900)
    return [call(step, warmup, total) for step in range(1, total + 50, 17)]


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
    return Inputs(rate=0.04, decay=0.3, noise=1.0, frozen=["embeddings", "pooler"])


@what_decays.run
@steps_with_gradients.run
@some_do_not_learn.run
def stepped(make_optimiser, inputs, rng):
    """The parameters after two steps, and which of them the optimiser has."""
    model = rng.fill(Parts())
    for part in inputs.frozen:
        getattr(model, part).requires_grad_(False)
    optimiser = make_optimiser(model, inputs.rate, inputs.decay)
    for _ in range(2):
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.grad = inputs.noise * rng.normal(*parameter.shape)
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
    return Inputs(
        learns=["embeddings.word_embeddings", "encoder.layer.last.LayerNorm"], before=False
    )


@frozen_encoder.run
@everything_learns.run
@some_numbers_of_a_part_learn.run
def _(training_mode, inputs):
    """The mode of every module, and what learns."""
    model = Parts().train(inputs.before).requires_grad_(False)
    for name in inputs.learns:
        model.get_submodule(name).requires_grad_(True)
    training_mode(model)
    found = {name: module.training for name, module in model.named_modules() if name}
    return {"modes": found, "learns": learners(model)}


@probe("lora_linear", parameters, gradients, weight=2)
def forward_pass(rng: Rng):
    return built(nn.Linear(5, 7), 3, 4.5)(rng.normal(2, 4, 5))


@probe("lora_linear", parameters, gradients, hidden=True)
def rank_one_without_bias(rng: Rng):
    return built(nn.Linear(11, 2, bias=False), 1, 0.3)(rng.normal(1, 11))


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


@probe("add_lora", hidden=True)
def three_layers(rng: Rng):
    return Inputs(rank=3, alpha=2.5, layers=3, frozen=True, **some_tokens(rng, 2, 11))


@two_layers.run
def adapted(add_lora, inputs, rng):
    """What learns, and the pooled output; what was added has numbers of its own."""
    model = rng.fill(Classifier(tiny(layers=inputs.layers))).requires_grad_(not inputs.frozen)
    add_lora(model, inputs.rank, inputs.alpha)
    shapes = {name: list(parameter.shape) for name, parameter in model.named_parameters()}
    for module in model.modules():
        if isinstance(module, LowRank):
            module.A.data, module.B.data = rng.normal(*module.A.shape), rng.normal(*module.B.shape)
    pooled = model.eval()(inputs.input_ids, inputs.attention_mask).pooler_output
    return {"learns": learners(model), "parameters": shapes, "pooled": pooled}


@three_layers.run
def _(add_lora, inputs, rng):
    return adapted(add_lora, inputs, rng)
