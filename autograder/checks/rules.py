"""Rules about the text of an answer: what it may not contain, whatever its numbers are.

They judge the definition that is checked and the helpers that it reaches (see `text.reach`).
Honest code is what they are for: who hides a loop from every reader may hide it from them.
"""

import ast
from collections.abc import Callable, Collection, Sequence

from autograder.checks.language import N_, _
from autograder.checks.text.names import last
from autograder.checks.text.reach import Reach, Use, reach
from autograder.checks.text.recursion import recursion
from autograder.checks.text.scopes import Comprehension

Rule = Callable[[Reach], str]  # what breaks it, in words; empty where nothing does

DERIVE = N_("derive it: automatic differentiation is not an answer here")
DIFFERENTIATION = frozenset(
    (
        *("autograd", "functorch", "enable_grad", "set_grad_enabled", "_set_grad_enabled"),
        *("backward", "_backward", "run_backward", "requires_grad_", "retain_grad"),
        *("grad", "grad_and_value", "vjp", "jvp", "hvp", "vhp", "linearize"),
        *("jacrev", "jacfwd", "jacobian", "hessian", "grad_fn", "next_functions"),
        *("dual_level", "enter_dual_level", "make_dual", "_make_dual"),
        *("sympy", "jax"),
    )
)

STATEMENTS = {ast.For: "for", ast.AsyncFor: "async for", ast.While: "while"}
PROTOCOL = ("__next__", "__getitem__")  # methods that others call until these say stop
KEYED = ("sorted", "sort", "min", "max")
# functions that run another one for each element; torch.vmap does not, it makes one batch of them
LOOPING = frozenset(
    (
        *("map", "filter", "reduce", "accumulate", "functools.reduce", "itertools.accumulate"),
        *(f"itertools.{name}" for name in ("takewhile", "dropwhile", "filterfalse", "groupby")),
    )
)
# of numpy, of tensors, of pools of threads, of torch's control flow, and of itertools
LOOPING_METHODS = frozenset(
    (
        *("vectorize", "frompyfunc", "apply_along_axis", "map_", "map2_", "apply_"),
        *("map", "imap", "starmap", "tree_map", "while_loop", "scan"),
    )
)
HIDING = frozenset(("exec", "eval", "compile", "get_ipython"))  # they run code out of strings
PROCESSES = frozenset(  # in which nobody watches
    (
        *("subprocess", "multiprocessing", "ProcessPoolExecutor", "create_subprocess_exec"),
        *("create_subprocess_shell", "os.system", "os.popen", "os.fork", "os.forkpty"),
        *("pty.fork", "pty.spawn", "os.posix_spawn", "os.posix_spawnp"),
    )
)

# torch's finished layers, for `without`, where a layer is to be written from its parameters
FINISHED_NORMS = (
    *("layer_norm", "LayerNorm", "native_layer_norm", "rms_norm", "RMSNorm"),
    *("group_norm", "GroupNorm", "native_group_norm", "instance_norm", "batch_norm"),
    *("native_batch_norm", "SyncBatchNorm", "LocalResponseNorm", "local_response_norm"),
    *(f"{kind}Norm{d}d" for kind in ("Batch", "Instance") for d in (1, 2, 3)),
    *(f"Lazy{kind}Norm{d}d" for kind in ("Batch", "Instance") for d in (1, 2, 3)),
)
FINISHED_RECURRENT = (
    *("RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell", "RNNBase", "RNNCellBase"),
    *("rnn_tanh", "rnn_relu", "lstm", "gru", "lstm_cell", "gru_cell", "mkldnn_rnn_layer"),
    *("rnn_tanh_cell", "rnn_relu_cell"),
)
FINISHED_ATTENTION = (
    *("MultiheadAttention", "multi_head_attention_forward", "_native_multi_head_attention"),
    *("scaled_dot_product_attention", "_scaled_dot_product_attention_math"),
    *("_scaled_dot_product_flash_attention_for_cpu", "flex_attention"),
    *("Transformer", "TransformerEncoder", "TransformerDecoder"),
    *("TransformerEncoderLayer", "TransformerDecoderLayer", "_transformer_encoder_layer_fwd"),
)


def broken(
    rules: Sequence[Rule],
    cells: Sequence[str],
    subject: str,
    stop: Collection[str] = frozenset(),
    failed: Collection[int] = frozenset(),
) -> str:
    """The first problem of a definition with its rules, in words; empty where there is none.

    `cells` are the texts of the code cells that ran before the check, in that order, and `subject`
    the name of what is checked. `stop` are names under which it gets stand-ins, so that what the
    cells define there does not matter, and `failed` the indices of cells that ended with an error.
    """
    if not rules:
        return ""
    reached = reach(cells, subject, stop, failed)
    return next(filter(None, (judge(reached) for judge in (_readable, *rules))), "")


def no_loops(reached: Reach) -> str:
    """No `for`, `while` or comprehension, no function that loops for you, no recursion."""
    for found in reached.found:
        if loop := _loop(found.node):
            return loop.format(where=reached.where(found))
    return _first(reached, _looping, _("loops with `{name}` {where}")) or recursion(reached)


def without(*names: str) -> Rule:
    """No use of these names of a library, however imported.

    What the notebook itself defines under such a name may be used, be it a variable or attribute.
    """
    said = N_("uses `{name}` {where}; write it yourself")
    return lambda reached: _first(reached, _one_of(names), _(said))


def by_hand(reached: Reach) -> str:
    """No automatic differentiation, nor a helper of the notebook that compares with it."""
    return _first(reached, _differentiating, f"{_(DERIVE)} (`{{name}}` {{where}})")


def _readable(reached: Reach) -> str:
    hidden = _("runs code out of a string (`{name}` {where}), so that its rules cannot be checked")
    away = _("runs code in another process (`{name}` {where}), so that its rules cannot be checked")
    return reached.problem or _first(reached, _hiding, hidden) or _first(reached, _starting, away)


def _first(reached: Reach, forbidden: Callable[[Use], str], sentence: str) -> str:
    """The first use of a forbidden name, in a sentence with the name and its place."""
    for use in reached.uses:
        if name := forbidden(use):
            return sentence.format(name=name, where=reached.where(use.found))
    return ""


def _one_of(names: Collection[str]) -> Callable[[Use], str]:
    wanted = frozenset(names)
    return lambda use: next((part for part in use.parts if part in wanted), "")


def _differentiating(use: Use) -> str:
    """Names of autograd's, and of the derivatives that torch wrote for it: `tanh_backward`."""
    known = _one_of(DIFFERENTIATION)(use)
    return known or next((part for part in use.parts if "_backward" in part), "")


def _starting(use: Use) -> str:
    return use.path if use.path in PROCESSES else _one_of(PROCESSES)(use)


def _hiding(use: Use) -> str:
    name = use.path.removeprefix("builtins.")
    return name if name in HIDING else ""


def _looping(use: Use) -> str:
    name = use.parts[-1]
    return name if use.path in LOOPING or name in LOOPING_METHODS else ""


def _loop(node: ast.AST) -> str:
    """What is said of a node that loops, of which only the place is missing; empty for others."""
    if isinstance(node, Comprehension):
        return _("loops in a comprehension {where}")
    name = _looping_with(node)
    return _("loops with `{name}` {where}").format(name=name, where="{where}") if name else ""


def _looping_with(node: ast.AST) -> str:
    match node:
        case _ if type(node) in STATEMENTS:
            return STATEMENTS[type(node)]
        case ast.FunctionDef(name=name) if name in PROTOCOL:
            return name
        case ast.Call(func=ast.Name(id="iter"), args=[_, _]):
            return "iter"
        case ast.Call(func=called, keywords=keywords) if last(called) in KEYED:
            return last(called) if any(keyword.arg == "key" for keyword in keywords) else ""
    return ""
