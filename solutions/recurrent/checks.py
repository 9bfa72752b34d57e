"""How each exercise is judged: derivations by their numbers, modules by laws.

How a module names and arranges its parameters is free; so the laws find out what it computes.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from recurrent import Weights, inputs_of, paths, random_network, random_run
from torch import Tensor, nn

from autograder.checks.rules import by_hand, without
from autograder.checks.spec import Inputs, Rng, alone, built, call, probe, rules, training, twice

rules("relu_chain_gradient", by_hand)


def chain(rng: Rng, *signs: int) -> Tensor:
    """Weights of these signs; the first is below 1, as its sign matters and not its size."""
    sizes = rng.uniform(len(signs), low=0.4, high=1.7, dtype=torch.float64)
    return torch.cat([0.5 * sizes[:1], sizes[1:]]) * torch.tensor(signs)


@probe("relu_chain_gradient", weight=2)
def chains_that_conduct(rng: Rng):
    return {
        "x > 0": call(chain(rng, 1, 1, 1, 1, 1), 0.7),
        "x < 0 and w_1 < 0": call(chain(rng, -1, 1, 1, 1, 1), -1.3),
    }


@probe("relu_chain_gradient")
def chains_that_may_not(rng: Rng):
    return {
        "x < 0": call(chain(rng, 1, 1, 1, 1, 1), -0.7),
        "x = 0": call(chain(rng, 1, 1, 1, 1, 1), 0.0),
        "a negative weight in the middle": call(chain(rng, 1, 1, -1, 1, 1), 0.8),
        "two negative weights": call(chain(rng, 1, -1, 1, -1, 1), 0.8),
        "the last weight is negative": call(chain(rng, 1, 1, 1, 1, -1), 0.8),
        "it conducts after all": call(chain(rng, 1, 1, 1), 1.1),
        "a single weight": call(chain(rng, 1), 1.1),
    }


@chains_that_conduct.read
@chains_that_may_not.read
def numbers_or_tensors(derivatives, chains):
    return {name: float(derivative) for name, derivative in derivatives.items()}


rules("input_of_largest_gradient", by_hand)


@probe("input_of_largest_gradient")
def chains_of_all_kinds(rng: Rng):
    return {
        "all weights positive": call(chain(rng, 1, 1, 1, 1, 1)),
        "the first negative": call(chain(rng, -1, 1, 1, 1, 1)),
        "the second negative": call(chain(rng, 1, -1, 1, 1, 1)),
        "two negative in the middle": call(chain(rng, 1, 1, -1, -1, 1)),
        "the first and the last negative": call(chain(rng, -1, 1, 1, 1, -1)),
        "all but the first negative": call(chain(rng, 1, -1, -1, -1, -1)),
        "the fourth negative": call(chain(rng, 1, 1, 1, -1, 1)),
        "a single weight, negative": call(chain(rng, -1)),
    }


@chains_of_all_kinds.read
def slopes_there(inputs, chains):
    """Any x is right at which the derivative is as large as the reference's."""
    return {
        name: None if x is None else slope(*chains[name].arguments, x) for name, x in inputs.items()
    }


def slope(weights: Tensor, x: float) -> float:
    """|∂f/∂x|, by autograd."""
    z = x = torch.tensor(float(x), dtype=torch.float64, requires_grad=True)
    for w in weights:
        z = (w * z).relu()
    z.backward()
    return abs(x.grad.item())


rules("sigmoid_jacobian", by_hand)


@probe("sigmoid_jacobian")
def one_step(rng: Rng):
    return call(2 * rng.normal(5, 5), rng.normal(5), steps=1)


@probe("sigmoid_jacobian", weight=3)
def several_steps(rng: Rng):
    W, x = 2 * rng.normal(4, 4), rng.normal(4)
    return {f"{steps} steps": call(W, x, steps=steps) for steps in (2, 5)}


rules("jacobian_bound", by_hand)


@probe("jacobian_bound")
def two_distances(rng: Rng):
    W = 2 * rng.normal(4, 4)
    return {"i = 2, n = 3": call(W, i=2, n=3), "i = 3, n = 8": call(W, i=3, n=8)}


@two_distances.read
def numbers_or_tensors_too(bounds, calls):
    return {name: float(bound) for name, bound in bounds.items()}


@probe("computation_graph")
def paths_from_L2(rng: Rng):
    return Inputs(leaves=("U", "W", "b", "V", "c", "h0", "x1", "x2"))


@paths_from_L2.run
def counted(computation_graph, to):
    inputs = inputs_of(computation_graph())
    return {f"paths to {leaf}": paths(inputs, "L2", leaf) for leaf in to.leaves}


@probe("computation_graph", weight=0)  # so that students see what the hidden probe will cost
def size(rng: Rng):
    return call()


@size.read
def counts(graph, _):
    inputs = inputs_of(graph)
    return {"entries": len(inputs), "nodes in all entries": sum(map(len, inputs.values()))}


@probe("computation_graph", weight=2, hidden=True)
def every_edge(rng: Rng):
    return call()


@every_edge.read
def edges(graph, _):
    inputs = inputs_of(graph)
    return {node: " ".join(inputs[node]) for node in sorted(inputs)}


rules("bias_gradient", by_hand)


@probe("bias_gradient")
def four_steps(rng: Rng):
    networks = {f"H = {H}": random_network(rng, I=2, H=H, O=4) for H in (6, 3)}
    return {H: call(weights, *random_run(rng, weights, T=4)[1:]) for H, weights in networks.items()}


rules("all_gradients", by_hand)


@probe("all_gradients")
def output_layer(rng: Rng):
    weights = random_network(rng, I=2, H=5, O=3)
    return call(weights, *random_run(rng, weights, T=7))


@output_layer.read
def V_and_c(answer, _):
    return {"V": Weights(*answer).V, "c": Weights(*answer).c}


@probe("all_gradients", weight=2)
def recurrent_layer(rng: Rng):
    weights = random_network(rng, I=5, H=3, O=2)
    return {f"T = {T}": call(weights, *random_run(rng, weights, T)) for T in (1, 6)}


@recurrent_layer.read
def U_W_and_b(answers, _):
    return {T: dict(zip("UWb", Weights(*answer)[:3], strict=True)) for T, answer in answers.items()}


FINISHED = without("RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell")

rules("vanilla_rnn", FINISHED)
rules("lstm", FINISHED)


class Activation(NamedTuple):
    """A function that follows a linear map, and its inverse."""

    name: str
    squash: Callable[[Tensor], Tensor]
    unsquash: Callable[[Tensor], Tensor]


TANH = Activation("tanh", torch.tanh, torch.atanh)
SIGMOID = Activation("σ", torch.sigmoid, torch.logit)
LOG_SOFTMAX = Activation(
    "log softmax", lambda x: x.log_softmax(1), lambda x: x - x.mean(1)[:, None]
)


def layer_problem(
    name: str, outputs: Tensor, f: Activation, of: str, *inputs: Tensor
) -> str | None:
    """What speaks against outputs (B, H) = f(W x + b), for the inputs (B, …) side by side as x."""
    scores, x = f.unsquash(outputs), torch.cat([*inputs, torch.ones(len(outputs), 1)], dim=1)
    if not scores.isfinite().all():
        return f"{name} leaves the range of {f.name}"
    found = torch.linalg.lstsq(x.double(), scores.double()).solution  # more points than unknowns
    if not torch.allclose(f.squash(x.double() @ found).float(), outputs, atol=1e-4):
        return f"{name} is not {f.name} of a linear map of {of}"
    if (found.abs().amax(dim=1) < 1e-3).any():
        return f"{name} lacks its bias, or does not see all of {of}"
    return None


def batch_problem(answer: dict[str, Any]) -> str | None:
    """Whether the first sequence gets other numbers among others than it gets alone."""
    for alone, among_others in zip(answer["a batch of one"], answer["output"], strict=True):
        if not torch.allclose(alone, among_others[:1], atol=1e-4):
            return "a second call, with the first sequence alone, gives it other numbers"
    return None


def learned(module: nn.Module, outputs: tuple[Tensor, Tensor]) -> dict[str, int]:
    """How many numbers a module learns, and how many of its parameters get no gradient."""
    total = sum(output[:, 0].sum() for output in outputs)
    if total.requires_grad:
        total.backward()
    unused = [p for p in module.parameters() if p.grad is None or not p.grad.any()]
    size = sum(parameter.numel() for parameter in module.parameters())
    return {"size of the parameters": size, "without gradient": len(unused)}


def learning_problem(answer: dict[str, Any], *sizes: int) -> str | None:
    """What speaks against the numbers of `learned`, where one bias or two are right."""
    if answer["size of the parameters"] not in sizes:
        return "a parameter is missing, or there are more than the equations need"
    return "no gradient reaches some of the parameters" if answer["without gradient"] else None


@probe("vanilla_rnn", training, twice, alone, weight=3)
def one_step_from_many_points(rng: Rng):
    return built(5, 3, 4)(0.5 * rng.normal(30, 5), 0.5 * rng.normal(30, 3))


@one_step_from_many_points.law
def is_an_elman_network(answer, step):
    logs, new = answer["output"]
    return (
        layer_problem("the new state", new, TANH, "x and h", *step.arguments)
        or layer_problem("the output", logs, LOG_SOFTMAX, "the new state", new)
        or batch_problem(answer)
    )


@probe("vanilla_rnn")
def gradients_of_one_step(rng: Rng):
    return Inputs(x=rng.normal(4, 7), h=rng.normal(4, 3))


@gradients_of_one_step.run
def of_a_unit(VanillaRNN, step, rng: Rng):
    unit = rng.fill(VanillaRNN(7, 3, 2))
    flows = torch.autograd.functional.jacobian(unit, (step.x, step.h))
    return {"derivatives by x and h": flows, **learned(unit, unit(step.x, step.h))}


@gradients_of_one_step.law
def reach_everything(answer, step):
    if not all(part.any() for output in answer["derivatives by x and h"] for part in output):
        return "no gradient flows from an output back to the input and to the old state"
    return learning_problem(answer, 41, 44)


GATES = {
    **{"the input gate": SIGMOID, "the forget gate": SIGMOID},
    **{"the candidate": TANH, "the output gate": SIGMOID},
}


@probe("lstm", weight=3)
def gates_of_one_step(rng: Rng):
    return Inputs(x=0.5 * rng.normal(30, 5), h=0.5 * rng.normal(30, 3))


@gates_of_one_step.run
def twice_with_other_parameters(LSTM, step, rng: Rng):
    lstm = rng.fill(LSTM(5, 3))
    gates = lstm.gates(step.x, step.h)
    with torch.no_grad():
        for parameter in lstm.parameters():
            parameter /= 2
    return {"i, f, g, o": gates, "with halved parameters": lstm.gates(step.x, step.h)}


@gates_of_one_step.law
def are_gates(answer, step):
    gates, scores = answer["i, f, g, o"], []
    for (name, f), gate, halved in zip(
        GATES.items(), gates, answer["with halved parameters"], strict=True
    ):
        if problem := layer_problem(name, gate, f, "x and h", step.x, step.h):
            return problem
        scores.append(f.unsquash(gate).flatten())
        if not torch.allclose(f.squash(f.unsquash(gate) / 2), halved, atol=1e-4):
            return f"{name} is not linear in its parameters: they are multiplied with each other"
    return (
        "two gates share their weights" if torch.pdist(torch.stack(scores)).min() < 0.01 else None
    )


@probe("lstm", weight=4)
def sequences_of_growing_length(rng: Rng):
    return Inputs(x=rng.normal(2, 6, 7))


@sequences_of_growing_length.run
def beside_their_gates(LSTM, sequences, rng: Rng):
    lstm, h, steps = rng.fill(LSTM(7, 3)), torch.zeros(2, 3), []
    for t in range(6):
        gates = lstm.gates(sequences.x[:, t], h)
        h, c = lstm(sequences.x[:, : t + 1])
        steps.append({"i, f, g, o": gates, "h": h, "c": c})
    return steps


@sequences_of_growing_length.law
def follow_from_their_gates(answer, sequences):
    c = torch.zeros(2, 3)
    for t, step in enumerate(answer, start=1):
        (i, f, g, o), h, before, c = step["i, f, g, o"], step["h"], c, step["c"]
        said = f"with what your gates(x_{t}, h_{t - 1}) says (h_0 and c_0 are zero)"
        if not torch.allclose(c, f * before + i * g, atol=1e-5):
            return f"c_{t} is not f ⊙ c_{t - 1} + i ⊙ g, {said}"
        if not torch.allclose(h, o * torch.tanh(c), atol=1e-5):
            return f"h_{t} is not o ⊙ tanh(c_{t}), {said}"
        if any((part[0] - part[1]).abs().max() < 1e-4 for part in (i, f, g, o, h, c)):
            return f"in step {t} something is the same for sequences that differ"
    return None


@probe("lstm")
def gradients_of_sequences(rng: Rng):
    x = rng.normal(3, 4, 2)
    return Inputs(x=x, move=0.02 * x * rng.normal(1, 4, 1))


@gradients_of_sequences.run
def beside_measured_slopes(LSTM, sequences, rng: Rng):
    lstm, x, move = rng.fill(LSTM(2, 5)).train(), sequences.x, sequences.move
    ends = zip(lstm(x + move), lstm(x - move), strict=True)
    return {
        **learned(lstm, lstm(x)),
        "measured slopes": [(after - before) / 2 for after, before in ends],
        "slopes": torch.autograd.functional.jvp(lstm, x, move)[1],
        "output": [*lstm(x), *lstm.gates(x[:, 0], torch.zeros(3, 5))],
        "a batch of one": [*lstm(x[:1]), *lstm.gates(x[:1, 0], torch.zeros(1, 5))],
    }


@gradients_of_sequences.law
def are_right_and_reach_everything(answer, sequences):
    for slope, measured in zip(answer["slopes"], answer["measured slopes"], strict=True):
        if not torch.allclose(slope, measured, rtol=0.02, atol=0.01 * measured.abs().max().item()):
            return "the gradient is not the derivative: something detaches a part of a step"
    return learning_problem(answer, 160, 180) or batch_problem(answer)
