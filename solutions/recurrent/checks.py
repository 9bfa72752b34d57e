"""How each exercise is judged: derivations by numbers; modules, whose layout is free, by laws."""

from itertools import combinations

import torch
from recurrent import Weights, inputs_of, paths, raise_forget_gate, random_network, random_run, run
from torch import Tensor, nn

from autograder.checks.rules import FINISHED_RECURRENT, by_hand, without
from autograder.checks.spec import (
    Rng,
    alone,
    built,
    call,
    entry,
    input_gradients,
    probe,
    rules,
    size,
    stand_ins,
    untried,
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
def chains_that_conduct(rng: Rng, n=5):
    return chains(rng, ("+" * n, 0.7), ("-" + "+" * (n - 1), -1.3))


@probe("relu_chain_gradient", read=numbers)
def chains_that_may_not(rng: Rng):
    inactive = ("+++++", -0.7), ("+++++", 0.0), ("++-++", 0.8), ("+-+-+", 0.8), ("++++-", 0.8)
    return chains(rng, *inactive, ("+++", 1.1), ("+", 1.1))


rules("input_of_largest_gradient", by_hand)


@probe("input_of_largest_gradient")
def chains_of_all_kinds(rng: Rng):
    kinds = "+++++", "-++++", "+-+++", "++--+", "-+++-", "+----", "+++-+", "-", "-" + 11 * "+"
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
untried("sigmoid_jacobian", large="of saturated neurons only rounding errors are left")


@probe("sigmoid_jacobian")
def one_step(rng: Rng, d=5):
    return call(rng.normal(d, d), rng.normal(d), steps=1)


@probe("sigmoid_jacobian", weight=3)
def several_steps(rng: Rng, d=4, steps=3):
    return call(rng.normal(d, d), rng.normal(d), steps=steps)


rules("jacobian_bound", by_hand)


@probe("jacobian_bound", read=numbers)
def two_distances(rng: Rng, d=4):
    W = 2 * rng.normal(d, d)
    return {f"i = {i}, n = {n}": call(W, i=i, n=n) for i, n in ((2, 3), (3, 8))}


@probe("computation_graph")
def ways(rng: Rng):
    return ["h0", *"UWbVc", *(f"{node}{t}" for t in range(1, 5) for node in "xahoyL")]


@ways.run
def counted(computation_graph, ends):
    inputs = inputs_of(computation_graph())
    return {
        f"from {start}": {f"paths to {end}": paths(inputs, start, end) for end in ends}
        for start in ("L2", "a2", "a1")
    }


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


RUNS = "labels are one-hot, and states lie between −1 and 1"
rules("bias_gradient", by_hand)
untried("bias_gradient", small=RUNS, large=RUNS)


@probe("bias_gradient")
def four_steps(rng: Rng, I=2, H=6, others=3):
    weights = random_network(rng, I, H, O=others + 1)
    return call(weights, *random_run(rng, weights, T=4)[1:])


rules("all_gradients", by_hand)
untried("all_gradients", small=RUNS, large=RUNS)


def of_layer(names: str):
    """The gradients of some parameters, and how many gradients there are."""
    return lambda answers, _: {
        T: {"gradients": len(found)} | {name: found["UWbVc".index(name)] for name in names}
        for T, found in answers.items()
    }


def some_runs(rng: Rng, I: int, H: int, O: int, *lengths: int):
    weights = random_network(rng, I, H, O)
    weights = weights._replace(V=weights.V / 8)  # so that gradients are small, unlike below
    return {f"T = {T}": call(weights, *random_run(rng, weights, T)) for T in lengths}


@probe("all_gradients", read=of_layer("Vc"))
def output_layer(rng: Rng, I=2, H=5, others=2):
    return some_runs(rng, I, H, others + 1, 7)


@probe("all_gradients", weight=2, read=of_layer("UWb"))
def recurrent_layer(rng: Rng, I=5, H=3, others=1):
    return some_runs(rng, I, H, others + 1, 1, 6)


def long_run(rng: Rng):
    """Small inputs and an orthogonal W, so that nothing vanishes; labels that nobody expects."""
    (U, _, b, V, c), O = random_network(rng, I=3, H=5, O=4), torch.arange(4)
    weights = Weights(0.1 * U, rng.orthonormal(5, 5).float(), 0 * b, 4 * V, c - 3 * (O == 0))
    x = rng.normal(31, 3)
    h, p = run(weights, x, 0.1 * rng.normal(5))
    return {"T = 31": call(weights, x, h, p, (O == 0).float().expand(31, 4))}


@probe("all_gradients", weight=0.5, read=of_layer("Vc"))
def output_layer_of_a_long_run(rng: Rng):
    return long_run(rng)


@probe("all_gradients", read=of_layer("UWb"))
def recurrent_layer_of_a_long_run(rng: Rng):
    return long_run(rng)


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
    *seen, bias = (W.abs().amax(dim=1) >= 1e-4).tolist()
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


def points(rng: Rng, I: int, H: int) -> list[Tensor]:
    """Inputs and states, enough of them to find a linear map."""
    return [0.5 * rng.normal(30, I), 0.5 * rng.normal(30, H)]


@probe("vanilla_rnn", alone, weight=3)
def one_step_from_many_points(rng: Rng):
    step, other = built(5, 3, 4)(*points(rng, 5, 3)), built(1, 4, 2)(*points(rng, 1, 4))
    return {"I = 5": step, "I = 1": other, "once more": step}


@one_step_from_many_points.law
def are_elman_networks(answer, steps):
    again = repeated_problem(answer["I = 5"]["output"], answer["once more"]["output"])
    return again or next(filter(None, (step_problem(answer[I], steps[I]) for I in steps)), None)


def step_problem(answer, step) -> str | None:
    logs, new = answer["output"]
    return (
        layer_problem(new, "the new state", TANH, "x and h", *step.arguments)
        or layer_problem(logs, "the output", LOG_SOFTMAX, "the new state", new)
        or batch_problem(answer)
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
    return {"I = 5": points(rng, 5, 3), "I = 1": points(rng, 1, 4)}


@gates_of_one_step.run
def with_other_parameters_too(LSTM, steps, rng: Rng):
    return {
        I: gates_of(rng.fill(LSTM(x.shape[1], h.shape[1])), x, h) for I, (x, h) in steps.items()
    }


def gates_of(lstm: nn.Module, x: Tensor, h: Tensor):
    found = {name: lstm.gates(x, h) for name in ("output", "once more")}
    found["a batch of one"] = lstm.gates(x[:1], h[:1])
    for parameter in lstm.parameters():
        parameter.data /= 2
    return {**found, "with halved parameters": lstm.gates(x, h)}


@gates_of_one_step.law
def are_gates(answer, steps):
    return next(filter(None, (gates_problem(answer[I], steps[I]) for I in steps)), None)


def gates_problem(answer, step) -> str | None:
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
    steady = 2 * rng.normal(2, 1, 4) + 0.5 * rng.normal(2, 24, 4)
    return {"as it is": rng.normal(2, 6, 7), "with forget gates raised by 6": steady}


@sequences_of_growing_length.run
def beside_their_gates(LSTM, sequences, rng: Rng):
    return {name: steps_of(LSTM, x, name[-1] == "6", rng) for name, x in sequences.items()}


def steps_of(LSTM, x: Tensor, raised: bool, rng: Rng):
    """Gates of each step, with the states that follow from them, and some last states."""
    lstm, h, c, steps = rng.fill(LSTM(x.shape[2], 5)), torch.zeros(2, 5), torch.zeros(2, 5), []
    if raised:
        raise_forget_gate(lstm, 6)
    for t in range(x.shape[1]):
        gates = lstm.gates(x[:, t], h)
        i, f, g, o = gates
        c = f * c + i * g
        h = o * torch.tanh(c)
        last = lstm(x[:, : t + 1]) if t < 6 or t == 23 else ()
        steps.append([torch.stack(list(gates)), *last])
    return {"steps": steps, "once more": lstm(x)}


@sequences_of_growing_length.law
def follow_from_their_gates(answer, _):
    return next(filter(None, (problem_of_steps(*each) for each in answer.items())), None)


def problem_of_steps(name: str, answer) -> str | None:
    c, steps = torch.zeros(2, 5), answer["steps"]
    if problem := repeated_problem(steps[-1][1:], answer["once more"]):
        return problem
    for t, (gates, *last) in enumerate(steps, start=1):
        i, f, g, o = gates
        c = f * c + i * g
        said = f"with what your gates(x_{t}, h_{t - 1}) says, {name} (h_0 and c_0 are zero)"
        if last and not torch.allclose(last[1], c, atol=1e-5):
            return f"c_{t} is not f ⊙ c_{t - 1} + i ⊙ g, {said}"
        if last and not torch.allclose(last[0], o * torch.tanh(c), atol=1e-5):
            return f"h_{t} is not o ⊙ tanh(c_{t}), {said}"
    every = torch.stack([gates for gates, *_ in steps])  # (T, 4, B, H)
    if (every[:, :, 0] - every[:, :, 1]).abs().amax((0, 2)).min() < 1e-4:
        return "a gate is the same for two sequences that differ"
    return None


def with_open_gates(lstm: nn.Module, rng: Rng) -> None:
    raise_forget_gate(rng.fill(lstm), 5)


TIMES = [0, 7]


@probe("lstm", alone, size, input_gradients)
def gradients_of_sequences(rng: Rng):
    x, lstm = 0.5 * rng.normal(3, 14, 2), built(2, 5, filled=with_open_gates)
    moves = 0.01 * x * torch.eye(14)[TIMES, None, :, None]  # (2, 3, 14, 2), each of one step
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
    x, gradient = calls["here"].arguments[0], here["gradients"]["argument 1"]
    slopes = 0.01 * (gradient * x).sum((0, 2))[TIMES]
    if not torch.allclose(slopes, changes, rtol=0, atol=0.03 * changes.abs().max().item()):
        return "the gradient is not the derivative, as where something detaches a part of a step"
    return parameters_problem(here, 160, 180)


def not_built(*arguments):
    """Stands in for the layer, whose costs are to be worked out, not counted."""
    raise TypeError("work out a formula, without a layer")


stand_ins("lstm_costs", LSTM=not_built)
rules("lstm_costs", without("counts", "FlopCounterMode", "flop_counter"))


def calls_of_several_sizes(rng: Rng):
    """Sizes that all differ, so that one in the place of another shows; B or T or both may be 1.

    They are small, as one FLOP more must not be a rounding error.
    """
    sizes = [(rng.permutation(7)[:4] + 2).tolist() for _ in range(5)]
    sizes[1][2] = sizes[2][3] = sizes[3][2] = sizes[3][3] = 1  # B, and T
    return [call(*four) for four in sizes]


@probe("lstm_costs", weight=0.5, read=entry("parameters"))
def what_it_learns(rng: Rng):
    return calls_of_several_sizes(rng)


@probe("lstm_costs", weight=0.75, read=entry("flops"))
def what_it_computes(rng: Rng):
    return calls_of_several_sizes(rng)


@probe("lstm_costs", weight=0.75, read=entry("kept"))
def what_it_keeps(rng: Rng):
    return calls_of_several_sizes(rng)
