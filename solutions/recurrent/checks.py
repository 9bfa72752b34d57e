"""How each exercise is judged: derivations by numbers; modules, whose layout is free, by laws."""

from itertools import combinations

import torch
from recurrent import inputs_of, paths, random_network, random_run
from torch import Tensor

from autograder.checks.rules import FINISHED_RECURRENT, by_hand, without
from autograder.checks.spec import (
    Rng,
    alone,
    built,
    call,
    input_gradients,
    probe,
    rules,
    size,
    weighted_sum,
)


def chain(rng: Rng, signs: str) -> Tensor:
    """Weights of these signs; the first is below 1, as its sign matters and not its size."""
    first, *later = [int(f"{sign}1") for sign in signs]
    sizes = rng.uniform(len(signs), low=0.4, high=1.7, dtype=torch.float64)
    return sizes * torch.tensor([first / 2, *later])


def chains(rng: Rng, *kinds: tuple[str, float]):
    return {f"weights {signs}, x = {x}": call(chain(rng, signs), x) for signs, x in kinds}


def numbers(answers, _):
    """A tensor with one number is as good as the number."""
    return {name: float(answer) for name, answer in answers.items()}


rules("relu_chain_gradient", by_hand)


@probe("relu_chain_gradient", weight=2, read=numbers)
def chains_that_conduct(rng: Rng):
    return chains(rng, ("+++++", 0.7), ("-++++", -1.3))


@probe("relu_chain_gradient", read=numbers)
def chains_that_may_not(rng: Rng):
    inactive = ("+++++", -0.7), ("+++++", 0.0), ("++-++", 0.8), ("+-+-+", 0.8), ("++++-", 0.8)
    return chains(rng, *inactive, ("+++", 1.1), ("+", 1.1))


rules("input_of_largest_gradient", by_hand)


@probe("input_of_largest_gradient")
def chains_of_all_kinds(rng: Rng):
    kinds = "+++++", "-++++", "+-+++", "++--+", "-+++-", "+----", "+++-+", "-"
    return {f"weights {signs}": call(chain(rng, signs)) for signs in kinds}


@chains_of_all_kinds.read
def slopes_there(inputs, calls):
    """Any x is right at which the derivative is as large as the reference's."""
    return {
        name: None if x is None else slope(*calls[name].arguments, x) for name, x in inputs.items()
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
    W, x = rng.normal(4, 4), rng.normal(4)  # saturated, it would be a matter of the last digits
    return {f"{steps} steps": call(W, x, steps=steps) for steps in (2, 5)}


rules("jacobian_bound", by_hand)


@probe("jacobian_bound", read=numbers)
def two_distances(rng: Rng):
    W = 2 * rng.normal(4, 4)
    return {f"i = {i}, n = {n}": call(W, i=i, n=n) for i, n in ((2, 3), (3, 8))}


@probe("computation_graph")
def ways_from_L2(rng: Rng):
    return "U", "W", "b", "V", "c", "h0", "x1", "x2"


@ways_from_L2.run
def counted(computation_graph, ends):
    inputs = inputs_of(computation_graph())
    return {f"paths to {end}": paths(inputs, "L2", end) for end in ends}


def sizes(graph, _):
    nodes = inputs_of(graph).values()
    return {"entries": len(nodes), "nodes in all entries": sum(map(len, nodes))}


@probe("computation_graph", weight=0, read=sizes)  # shows what is lost below
def nothing_more(rng: Rng):
    return call()


def edges(graph, _):
    return {node: " ".join(nodes) for node, nodes in sorted(inputs_of(graph).items())}


@probe("computation_graph", weight=2, hidden=True, read=edges)
def every_edge(rng: Rng):
    return call()


rules("bias_gradient", by_hand)


@probe("bias_gradient")
def two_networks(rng: Rng):
    networks = {f"H = {H}": random_network(rng, I=2, H=H, O=4) for H in (6, 3)}
    return {H: call(weights, *random_run(rng, weights, T=4)[1:]) for H, weights in networks.items()}


rules("all_gradients", by_hand)


@probe("all_gradients", read=lambda found, _: dict(zip("Vc", found[3:], strict=True)))
def output_layer(rng: Rng):
    weights = random_network(rng, I=2, H=5, O=3)
    return call(weights, *random_run(rng, weights, T=7))


def of_the_recurrent_layer(answers, _):
    return {T: dict(zip("UWb", found[:3], strict=True)) for T, found in answers.items()}


@probe("all_gradients", weight=2, read=of_the_recurrent_layer)
def recurrent_layer(rng: Rng):
    weights = random_network(rng, I=5, H=3, O=2)
    return {f"T = {T}": call(weights, *random_run(rng, weights, T)) for T in (1, 6)}


TWO_ANSWERS = "two equal calls have different results: it draws random numbers, or keeps a state"

# Laws of layers. Each activation has a name, its function, and the inverse of that.
TANH = "tanh", torch.tanh, torch.atanh
SIGMOID = "σ", torch.sigmoid, torch.logit
LOG_SOFTMAX = "log softmax", lambda x: x.log_softmax(1), lambda x: x - x.mean(1, keepdim=True)


def layer_problem(outputs: Tensor, name: str, activation, of: str, *inputs: Tensor) -> str | None:
    """What speaks against outputs (B, H) = f(W x + b), for inputs (B, …) side by side as x."""
    f, squash, unsquash = activation
    scores, x = unsquash(outputs), torch.cat([*inputs, torch.ones(len(outputs), 1)], dim=1)
    if not scores.isfinite().all():
        return f"{name} reaches an end of the range of {f}, or leaves it"
    W = torch.linalg.lstsq(x.double(), scores.double()).solution.float()  # from many points
    if not torch.allclose(squash(x @ W), outputs, atol=1e-4):
        return f"{name} is not {f} of a linear map of {of}"
    *seen, bias = (W.abs().amax(dim=1) >= 1e-3).tolist()
    if not all(seen):
        return f"{name} does not depend on all of {of}"
    return None if bias else f"{name} has no bias"


def repeated_problem(first, again) -> str | None:
    same = all(torch.allclose(*pair, atol=1e-6) for pair in zip(first, again, strict=True))
    return None if same else TWO_ANSWERS


def batch_problem(answer) -> str | None:
    for one, among_others in zip(answer["a batch of one"], answer["output"], strict=True):
        if not torch.allclose(one, among_others[:1], atol=1e-4):
            return "a second call, with the first sequence alone, gives it other numbers"
    return None


def parameters_problem(answer, *sizes: int) -> str | None:
    """Two sizes are right, as there may be one bias or two in a sum."""
    if answer["size"] not in sizes:
        kind = "fewer" if answer["size"] < min(sizes) else "more"
        return f"it learns {kind} numbers than the equations have"
    reached = answer["gradients"]["every parameter"]
    return None if reached else "no gradient reaches some of the parameters"


rules("vanilla_rnn", without(*FINISHED_RECURRENT))


@probe("vanilla_rnn", alone, weight=3)
def one_step_from_many_points(rng: Rng):
    step = built(5, 3, 4)(0.5 * rng.normal(30, 5), 0.5 * rng.normal(30, 3))
    return {"first": step, "once more": step}


@one_step_from_many_points.law
def is_an_elman_network(answer, step):
    first = answer["first"]
    logs, new = first["output"]
    return (
        repeated_problem(first["output"], answer["once more"]["output"])
        or layer_problem(new, "the new state", TANH, "x and h", *step["first"].arguments)
        or layer_problem(logs, "the output", LOG_SOFTMAX, "the new state", new)
        or batch_problem(first)
    )


@probe("vanilla_rnn", size, input_gradients)
def gradients_of_one_step(rng: Rng):
    step = built(7, 3, 3)(rng.normal(4, 7), rng.normal(4, 3))
    return {"log-probabilities": step.through(0), "new state": step.through(1), "both": step}


@gradients_of_one_step.law
def flow_everywhere(answer, steps):
    for name, step in answer.items():
        x, h, _ = step["gradients"].values()
        for end, gradient in (("input", x), ("old state", h)):
            if not gradient.any():
                return f"no gradient flows from the {name} back to the {end}"
    return parameters_problem(answer["both"], 45, 48)


rules("lstm", without(*FINISHED_RECURRENT))

GATES = {"input gate": SIGMOID, "forget gate": SIGMOID, "candidate": TANH, "output gate": SIGMOID}


@probe("lstm", weight=3)
def gates_of_one_step(rng: Rng):
    return 0.5 * rng.normal(30, 5), 0.5 * rng.normal(30, 3)


@gates_of_one_step.run
def with_other_parameters_too(LSTM, step, rng: Rng):
    (x, h), lstm = step, rng.fill(LSTM(5, 3))
    found = {name: lstm.gates(x, h) for name in ("output", "once more")}
    found["a batch of one"] = lstm.gates(x[:1], h[:1])
    for parameter in lstm.parameters():
        parameter.data /= 2
    return {**found, "with halved parameters": lstm.gates(x, h)}


@gates_of_one_step.law
def are_gates(answer, step):
    if problem := repeated_problem(answer["output"], answer["once more"]):
        return problem
    gates = zip(GATES.items(), answer["output"], answer["with halved parameters"], strict=True)
    scores = {}
    for (name, activation), found, halved in gates:
        if problem := (
            layer_problem(found, f"the {name}", activation, "x and h", *step)
            or parameters_of_gate_problem(name, activation, found, halved)
        ):
            return problem
        scores[name] = activation[2](found)
    for one, other in combinations(scores, 2):
        if torch.dist(scores[one], scores[other]) < 0.01:
            return f"the {one} and the {other} share their weights"
    return batch_problem(answer)


def parameters_of_gate_problem(name: str, activation, found: Tensor, halved: Tensor) -> str | None:
    """What speaks against scores that are halved when all parameters are."""
    f, squash, unsquash = activation
    if torch.allclose(squash(unsquash(found) / 2), halved, atol=1e-4):
        return None
    if torch.allclose(found, halved, atol=1e-4):
        return f"the {name} stays the same when all parameters change: its weights are none"
    added = 2 * unsquash(halved) - unsquash(found)  # (B, H): a constant, where there is one
    if (added - added.mean(0)).abs().max() < 1e-2:
        same = added.std() < 1e-2
        what = f"{added.mean().item():.3g}, which" if same else "a constant that"
        return f"inside its {f}, the {name} adds {what} is no parameter"
    return f"the {name} is not linear in its parameters, as in the equations"


@probe("lstm", weight=4)
def sequences_of_growing_length(rng: Rng):
    return rng.normal(2, 6, 7)


@sequences_of_growing_length.run
def beside_their_gates(LSTM, x, rng: Rng):
    lstm, h, steps = rng.fill(LSTM(7, 3)), torch.zeros(2, 3), []
    for t in range(6):
        gates = lstm.gates(x[:, t], h)
        h, c = lstm(x[:, : t + 1])
        steps.append(dict(zip("ifgohc", (*gates, h, c), strict=True)))
    return {"steps": steps, "once more": lstm(x)}


@sequences_of_growing_length.law
def follow_from_their_gates(answer, x):
    c, steps = torch.zeros(2, 3), answer["steps"]
    if problem := repeated_problem((steps[-1]["h"], steps[-1]["c"]), answer["once more"]):
        return problem
    for t, step in enumerate(steps, start=1):
        i, f, g, o, h, new = step.values()
        said = f"with what your gates(x_{t}, h_{t - 1}) says (h_0 and c_0 are zero)"
        if not torch.allclose(new, f * c + i * g, atol=1e-5):
            return f"c_{t} is not f ⊙ c_{t - 1} + i ⊙ g, {said}"
        if not torch.allclose(h, o * torch.tanh(new), atol=1e-5):
            return f"h_{t} is not o ⊙ tanh(c_{t}), {said}"
        for name, (one, other) in step.items():
            if (one - other).abs().max() < 1e-4:
                return f"{name}_{t} is the same for two sequences that differ"
        c = new
    return None


@probe("lstm", alone, size, input_gradients)
def gradients_of_sequences(rng: Rng):
    x, lstm = rng.normal(3, 4, 2), built(2, 5)
    moves = 0.02 * x * torch.eye(4)[:, None, :, None]  # (4, 3, 4, 2), each of one step in time
    ends = {
        "after": [lstm(x + move) for move in moves],
        "before": [lstm(x - move) for move in moves],
    }
    return {"here": lstm(x), "once more": lstm(x), **ends}


@gradients_of_sequences.law
def are_slopes_and_flow_everywhere(answer, calls):
    here, again, *ends = answer.values()
    if problem := repeated_problem(here["output"], again["output"]) or batch_problem(here):
        return problem
    after, before = (torch.stack([weighted_sum(one["output"]) for one in end]) for end in ends)
    changes = (after - before) / 2
    slopes = 0.02 * (here["gradients"]["argument 1"] * calls["here"].arguments[0]).sum((0, 2))
    if not torch.allclose(slopes, changes, rtol=0, atol=0.01 * changes.abs().max().item()):
        return "the gradient is not the derivative, as where something detaches a part of a step"
    return parameters_problem(here, 160, 180)
