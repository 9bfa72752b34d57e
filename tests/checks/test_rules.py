"""Rules about texts: what counts as a loop, what may not be used, and who looks at which text."""

import re
import sys

import pytest
import torch
import torch.nn.attention.flex_attention
from IPython.core.interactiveshell import InteractiveShell
from torch import nn
from traitlets.config import Config

from autograder.checks.rules import (
    DIFFERENTIATION,
    FINISHED_ATTENTION,
    FINISHED_NORMS,
    FINISHED_RECURRENT,
    broken,
    by_hand,
    no_loops,
    without,
)
from autograder.checks.text.history import cells_so_far

F = "def f(x):\n    return {}\n"
NORM = "from torch import nn\nfrom torch.nn import functional as F\nimport torch\n"


def said(rule, *cells, subject="f", stop=()):
    return broken([rule], cells, subject, stop)


LOOPS = {
    "for": "def f(x):\n    for i in x: pass",
    "while": "def f(x):\n    while True: break",
    "async for": "async def f(x):\n    async for y in x: pass",
    "a list": F.format("[y for y in x]"),
    "a generator": F.format("sum(y for y in x)"),
    "a set": F.format("{y for y in x}"),
    "a dictionary": F.format("{y: 1 for y in x}"),
    "inside a lambda": "f = lambda x: [y for y in x]",
    "inside a method": "class f:\n    def go(self):\n        while self: pass",
    "below if": "if True:\n    def f(x):\n        while x: pass",
    "map": F.format("torch.stack(list(map(g, x)))"),
    "map under another name": "m = map\n" + F.format("list(m(g, x))"),
    "builtins": "import builtins\n" + F.format("builtins.map(g, x)"),
    "filter": F.format("list(filter(g, x))"),
    "reduce": "from functools import *\n" + F.format("reduce(g, x)"),
    "functools": "import functools\n" + F.format("functools.reduce(g, x)"),
    "functools as": "from functools import reduce as r\n" + F.format("r(g, x)"),
    "functools by getattr": "import functools\n" + F.format("getattr(functools, 'reduce')(g, x)"),
    "itertools": "import itertools as it\n" + F.format("it.starmap(g, x)"),
    "starmap": "from itertools import starmap\n" + F.format("starmap(g, x)"),
    "accumulate": "from itertools import accumulate\n" + F.format("accumulate(x, g)"),
    "groupby": "import itertools\n" + F.format("itertools.groupby(x, g)"),
    "a pool": F.format("pool.map(g, x)"),
    "numpy": "import numpy as np\n" + F.format("np.vectorize(g)(x)"),
    "a tensor's map_": F.format("x.map_(y, g)"),
    "a tensor's apply_": F.format("x.apply_(g)"),
    "torch's own": "import torch\n" + F.format("torch._higher_order_ops.while_loop(g, h, x)"),
    "tree_map": "from torch.utils import _pytree as p\n" + F.format("p.tree_map(g, x)"),
    "scan": "import torch\n" + F.format("torch._higher_order_ops.scan(g, x)"),
    "sorted": F.format("sorted(x, key=g)"),
    "sort": F.format("x.sort(key=g)"),
    "min": F.format("min(x, key=g)"),
    "max": F.format("max(x, default=0, key=g)"),
    "an endless iterator": F.format("list(iter(lambda: g(x), None))"),
    "a sequence of one's own": "class f:\n    def __getitem__(self, i):\n        return 3",
    "an iterator of one's own": "class f:\n    def __next__(self):\n        return 3",
    "numpy's others": "import numpy as np\n" + F.format("np.frompyfunc(g, 1, 1)(x)"),
    "numpy's rows": "import numpy as np\n" + F.format("np.apply_along_axis(g, 0, x)"),
    "a tensor's map2_": F.format("x.map2_(y, z, g)"),
    "a pool's iterator": F.format("pool.imap(g, x)"),
    "takewhile": "from itertools import *\n" + F.format("itertools.takewhile(g, x)"),
    "dropwhile": "import itertools\n" + F.format("itertools.dropwhile(g, x)"),
    "filterfalse": "import itertools\n" + F.format("itertools.filterfalse(g, x)"),
    "accumulate after a star": "from itertools import *\n" + F.format("accumulate(x, g)"),
    "recursion": F.format("f(x[1:]) if len(x) else x"),
    "recursion of a lambda": "f = lambda x: f(x[1:]) if len(x) else x",
    "recursion of a wrapped lambda": "f = cache(lambda x: f(x[1:]) if len(x) else x)",
    "recursion of a wrapped function": "@cache\n" + F.format("f(x[1:])"),
    "recursion by partial": F.format("partial(f, x[1:])()"),
    "recursion by an alias": F.format("g(x[1:])") + "g = f",
    "recursion by a local alias": "def f(x):\n    g = f\n    return g(x[1:])",
    "recursion inside": "def f(x):\n    def g(y):\n        return g(y[1:])\n    return g(x)",
    "recursion of a local lambda": "def f(x):\n    g = lambda y: g(y[1:])\n    return g(x)",
    "recursion through a function inside": "def f(x):\n    def g(): return f(x)\n    return g()",
    "recursion by __call__": F.format("f.__call__(x[1:])"),
    "recursion past a decorator": "@cache\n" + F.format("f.__wrapped__(x[1:])"),
    "recursion by globals": F.format("globals()['f'](x[1:])"),
    "mutual recursion": F.format("g(x)") + "def g(x):\n    return f(x[1:])",
    "mutual recursion of three": F.format("g(x)") + "g = lambda x: h(x)\nh = lambda x: f(x[1:])",
    "a table that holds itself": "t = {'a': lambda x: t['a'](x[1:])}\n" + F.format("t['a'](x)"),
    "a table filled later": "t = {}\nt['a'] = lambda x: t['a'](x)\n" + F.format("t['a'](x)"),
    "a function of itself": F.format("(lambda s, y: s(s, y))(lambda s, y: s(s, y[1:]), x)"),
    "a method that calls itself": "class f:\n    def go(self):\n        return self.go()",
    "a method by getattr": "class f:\n    def go(self):\n        return getattr(self, 'go')()",
    "a method by its class": "class f:\n    def go(self):\n        return f.go(self)",
    "methods that call each other": """
class f:
    def a(self):
        return self.b()
    def b(self):
        return self.a()
""",
    "a method of a base": """
class A:
    def a(self):
        return self.b()
class f(A):
    def b(self):
        return self.a()
""",
    "a method of a base by its name": """
class A:
    def a(self):
        return f.b(self)
class f(A):
    def b(self):
        return A.a(self)
""",
    "a module whose base is called": """
class A:
    def forward(self, x):
        return f()(x[1:])
class f(A):
    pass
""",
    "a module that calls itself": """
class f(nn.Module):
    def forward(self, x):
        return self(x[1:])
""",
    "a module of the same kind": """
class f(nn.Module):
    def forward(self, x):
        return f()(x[1:])
""",
    "a module inside its own kind": """
class f(nn.Module):
    def __init__(self, n):
        self.next = n and f(n - 1)
    def forward(self, x):
        return self.next(x)
""",
    "a module made before": """
class f(nn.Module):
    def forward(self, x):
        return made(x[1:])
made = f()
""",
    "a method of its type": """
class f:
    def go(self):
        return type(self).go(self)
""",
    "a method of its class": """
class f:
    def go(self):
        return self.__class__.go(self)
""",
    "a method under another name": """
class f:
    def __init__(self):
        self.again = self.go
    def go(self):
        return self.again()
""",
    "a function that makes it": """
def make():
    return lambda x: f(x[1:])
f = make()
""",
    "a function that is stored": """
class f:
    def __init__(self):
        self.go = lambda x: self.go(x[1:])
""",
    "another forward": """
class f:
    def forward(self, x):
        return x
def g(self, x):
    return self.forward(x[1:])
f.forward = g
""",
    "another forward that calls the class's": """
class f:
    def forward(self, x):
        return x
def g(self, x):
    return f.forward(self, x[1:])
setattr(f, "forward", g)
""",
}
NO_LOOPS = {
    "vmap": "import torch\n" + F.format("torch.vmap(g)(x)"),
    "vmap that reads what it binds": "def f(x):\n    x = vmap(lambda r: r @ x.T)(x)\n    return x",
    "a method of what it binds": "def f(x):\n    x = vmap(lambda r: r / x.norm())(x)\n    return x",
    "einsum": F.format("torch.einsum('nkm,nsm->nks', q, k)"),
    "words": F.format("'for and while'  # for x in y"),
    "a docstring": 'def f(x):\n    """For x in y: no loops."""',
    "ufuncs": "import numpy as np\n" + F.format("np.maximum.accumulate(x) + np.add.reduce(x)"),
    "sorting": F.format("sorted(x) + x.max(dim=1) + max(x) + iter(x)"),
    "repetition": F.format("x.repeat(3, 1); [0] * 3"),
    "another function": F.format("g(x)"),
    "a library's function of the same name": """
from torch.nn import functional as F
def f(x):
    return F.f(x) + x.f()
""",
    "a method called map": """
class f:
    def map(self, x):
        return x
    def go(self, x):
        return self.map(x)
""",
    "a function called map": "def map(x):\n    return x\n" + F.format("map(x)"),
    "a parameter called map": "def f(x, map):\n    return map(x)",
    "the same helper twice": "def g(x):\n    return x\n" + F.format("g(g(x)) + h(g)"),
    "helpers of a helper": "def h(x):\n    return x\ng = lambda x: h(x)\n" + F.format("g(h(x))"),
    "an older self": F.format("x") + "old = f\n" + F.format("old(x)"),
    "its own name": F.format("f'{f.__name__}: {x}'"),
    "super": """
class f(nn.Module):
    def __init__(self):
        super(f, self).__init__()
    def forward(self, x):
        return super().forward(x)
""",
    "super in other words": """
class A:
    pass
class f(A):
    def __init__(self):
        A.__init__(self)
""",
    "another one of the kind": """
class f(NamedTuple):
    x: int
    def twice(self):
        return f(2 * self.x)
""",
    "the forward of a part": """
class f(nn.Module):
    def forward(self, x):
        return self.part.forward(x)
""",
    "the same method of another object": """
class f:
    def go(self, other):
        return other.go(3)
""",
    "an attribute called like a method elsewhere": """
class A:
    def __init__(self, part):
        self.part = part
    def forward(self, x):
        return self.part(x)
class f:
    def forward(self, x):
        return A(self.inner)(x)
    def inner(self, x):
        return x
""",
    "a variable called like the function": "def f(x):\n    f = x.sum()\n    return f",
    "a loop in a test below": F.format("x") + "for i in range(3):\n    print(f(i))",
    "a loop in a function below": F.format("x") + "def test(x):\n    return [f(y) for y in x]",
    "an older attempt": F.format("[y for y in x]") + F.format("x"),
    "a constant made before": "[print(i) for i in (1, 2)]\nM = 3\n" + F.format("x * M"),
}


@pytest.mark.parametrize("text", LOOPS.values(), ids=LOOPS)
def test_it_is_a_loop(text):
    problem = said(no_loops, text)
    assert problem.startswith("loops ") or "calls itself" in problem or "with itself" in problem


@pytest.mark.parametrize("text", NO_LOOPS.values(), ids=NO_LOOPS)
def test_it_is_no_loop(text):
    assert said(no_loops, text) == ""


def test_what_is_said_of_loops():
    assert said(no_loops, LOOPS["for"]) == "loops with `for` in line 2"
    assert said(no_loops, LOOPS["a list"]) == "loops in a comprehension in line 2"
    assert said(no_loops, LOOPS["a tensor's map_"]) == "loops with `map_` in line 2"
    assert said(no_loops, LOOPS["recursion"]) == "`f` calls itself in line 1"
    mutual = said(no_loops, LOOPS["mutual recursion"])
    assert mutual == "`f` calls itself through `g` in line 1"
    helper = "# a helper\ndef g(x):\n    return [y for y in x]"
    assert said(no_loops, helper, F.format("g(x)")) == (
        "loops in a comprehension in line 3 of the cell with `g`"
    )


def test_a_loop_costs_nothing_where_something_stands_in_for_it():
    cells = "def g(x):\n    return [y for y in x]", F.format("g(x)")
    assert said(no_loops, *cells) and not said(no_loops, *cells, stop={"g"})


FORBIDDEN = {
    "a name": "from torch.nn.functional import *\n" + F.format("layer_norm(x)"),
    "an attribute": NORM + F.format("F.layer_norm(x)"),
    "a dotted name": NORM + F.format("torch.nn.functional.layer_norm"),
    "an alias": NORM + "g = F.layer_norm\n" + F.format("g(x)"),
    "a local alias": NORM + "def f(x):\n    g = F.layer_norm\n    return g(x)",
    "an import": "from torch import layer_norm as g\n" + F.format("g(x)"),
    "a local import": "def f(x):\n    from torch import layer_norm as g\n    return g(x)",
    "below a name": "from torch.layer_norm import g\n" + F.format("g(x)"),
    "a module": "import layer_norm as g\n" + F.format("g(x)"),
    "getattr": NORM + F.format("getattr(F, 'layer_norm')(x)"),
    "vars": NORM + F.format("vars(F)['layer_norm'](x)"),
    "an import by globals": (
        "from torch.nn.functional import *\n" + F.format("globals()['layer_norm'](x)")
    ),
    "get of globals": NORM + F.format("globals().get('F').layer_norm(x)"),
    "a global by vars": NORM + "g = vars()['F'].layer_norm\n" + F.format("g(x)"),
    "a global by locals": NORM + "g = locals().__getitem__('F').layer_norm\n" + F.format("g(x)"),
    "an alias by globals": NORM + "g = globals()['F'].layer_norm\n" + F.format("g(x)"),
    "partial": NORM + "g = functools.partial(F.layer_norm, y=3)\n" + F.format("g(x)"),
    "methodcaller": "import operator\n" + F.format("operator.methodcaller('layer_norm')(x)"),
    "__import__": F.format("__import__('layer_norm')(x)"),
    "attrgetter": NORM + "import operator\n" + F.format("operator.attrgetter('layer_norm')(F)(x)"),
    "a table": NORM + "t = {'a': F.layer_norm}\n" + F.format("t['a'](x)"),
    "a method of the library": NORM + "class f(nn.Module):\n    forward = F.layer_norm",
    "a library that is stored": NORM + "class f:\n    def go(self):\n        self.lib.layer_norm",
    "a default": NORM + "def f(x, g=F.layer_norm):\n    return g(x)",
    "a default library": NORM + "def f(x, lib=F):\n    return lib.layer_norm(x)",
    "a variable of the function around": (
        NORM + "def f(x):\n    lib = F\n    def go():\n        nonlocal lib\n"
        "        lib.layer_norm\n        lib = 3\n    return go()"
    ),
    "a part of a library": NORM + "lib, y = torch.nn, 3\n" + F.format("lib.layer_norm(x)"),
    "a decorator": NORM + "@F.layer_norm\ndef f(x):\n    return x",
    "a base": NORM + "class f(nn.layer_norm):\n    pass",
    "a helper": NORM + "class A:\n    go = F.layer_norm\n" + F.format("A().go(x)"),
    "under its own name": NORM + "layer_norm = F.layer_norm\n" + F.format("layer_norm(x)"),
    "a function of the same name": (
        NORM + "def layer_norm(x):\n    return F.layer_norm(x)\n" + F.format("layer_norm(x)")
    ),
    "the library's beside an own attribute": (
        NORM + "class f:\n    def __init__(self):\n        self.layer_norm = F.layer_norm"
    ),
    "the library's own": "from torch.nn.functional import layer_norm as f",
}
ALLOWED = {
    "other names": "class f:\n    '''not layer_norm'''\n    layer_norms = 'layer_norm'",
    "an unused import": "from torch import layer_norm\n" + F.format("x"),
    "a test against it": NORM + F.format("x") + "assert f(x) == F.layer_norm(x)",
    "an own function": "def layer_norm(x):\n    return x\n" + F.format("layer_norm(x)"),
    "an own class": "class layer_norm:\n    pass\n" + F.format("layer_norm()(x)"),
    "an own class instead of an import": (
        "from torch import layer_norm\nclass layer_norm:\n    pass\n" + F.format("layer_norm()(x)")
    ),
    "an own function as a default": (
        "def layer_norm(x):\n    return x\ndef f(x, layer_norm=layer_norm):\n    layer_norm(x)"
    ),
    "a variable": "def f(x):\n    layer_norm = x.mean()\n    return layer_norm + 1",
    "a variable of a library's name": (
        NORM + "def f(x):\n    F = Parts()\n    F.layer_norm = x\n    return F.layer_norm"
    ),
    "a parameter": "def f(layer_norm):\n    return layer_norm",
    "an attribute": """
class f:
    def __init__(self):
        self.layer_norm = Norm()
    def forward(self, x):
        return self.layer_norm(x) + self.layer_norm.weight
""",
    "an attribute of a given class": """
class Block:
    def __init__(self):
        self.layer_norm = 1
def f(x):
    return x.layer_norm(3)
""",
    "a method": """
class f:
    def layer_norm(self, x):
        return x
    def go(self, x):
        return self.layer_norm(x)
""",
    "an attribute that is set by name": """
class f:
    def __init__(self):
        setattr(self, "layer_norm", 3)
    def forward(self, x):
        return self.layer_norm(x)
""",
    "a field of a namespace": "W = SimpleNamespace(layer_norm=1)\n" + F.format("W.layer_norm"),
    "fields in a list": "W = namedtuple('W', ['a', 'layer_norm'])\n" + F.format("x.layer_norm"),
    "a field": "W = namedtuple('W', 'a, layer_norm')\n" + F.format("W(*x).layer_norm"),
    "an annotation": NORM + "def f(x: F.layer_norm) -> F.layer_norm:\n    return x",
    "a keyword": F.format("g(layer_norm=x)"),
    "the subject's own name": "class layer_norm:\n    pass\nf = layer_norm",
}


@pytest.mark.parametrize("text", FORBIDDEN.values(), ids=FORBIDDEN)
def test_a_name_is_used(text):
    assert said(without("layer_norm"), text).startswith("uses `layer_norm` in line ")


@pytest.mark.parametrize("text", ALLOWED.values(), ids=ALLOWED)
def test_a_name_of_ones_own_may_be_used(text):
    assert said(without("layer_norm"), text) == ""


def test_what_is_said_of_a_name():
    problem = said(without("other", "layer_norm"), FORBIDDEN["an attribute"])
    assert problem == "uses `layer_norm` in line 5; write it yourself"


FINISHED = {
    "nn.LayerNorm(7)": FINISHED_NORMS,
    "F.batch_norm(x)": FINISHED_NORMS,
    "nn.LSTM(3, 4)": FINISHED_RECURRENT,
    "nn.LSTMCell(3, 4)": FINISHED_RECURRENT,
    "torch._VF.lstm(x)": FINISHED_RECURRENT,
    "torch.nn.modules.rnn.GRU(3)": FINISHED_RECURRENT,
    "torch.lstm(x)": FINISHED_RECURRENT,
    "nn.MultiheadAttention(8, 2)": FINISHED_ATTENTION,
    "F.scaled_dot_product_attention(x, x, x)": FINISHED_ATTENTION,
    "nn.TransformerEncoderLayer(8, 2)": FINISHED_ATTENTION,
    "F.multi_head_attention_forward(x)": FINISHED_ATTENTION,
}


@pytest.mark.parametrize(("text", "names"), FINISHED.items(), ids=FINISHED)
def test_finished_layers(text, names):
    assert said(without(*names), NORM, F.format(text)).startswith("uses ")


@pytest.mark.parametrize("names", [FINISHED_NORMS, FINISHED_RECURRENT, FINISHED_ATTENTION])
def test_finished_layers_are_torchs(names):
    homes = [torch, nn, nn.functional, nn.modules.rnn, torch.nn.attention.flex_attention]
    assert [name for name in names if not any(hasattr(home, name) for home in homes)] == []


def public(pattern, *homes):
    names = {name for home in homes for name in dir(home)}
    backends = ("_", "quantized", "miopen", "cudnn")
    return {n for n in names if re.search(pattern, n) and not n.startswith(backends)}


def test_no_finished_layer_is_forgotten():
    norms = public(r"Norm(\dd)?$|(layer|group|instance|batch|rms|response)_norm$", nn, torch)
    assert norms | public(r"_norm$", nn.functional) <= {*FINISHED_NORMS}
    assert public(r"(?i)rnn|lstm|gru", nn, torch) <= {*FINISHED_RECURRENT}
    attention = public(r"(?i)attention|transformer", nn, nn.functional, torch)
    assert attention - {"attention"} <= {*FINISHED_ATTENTION}


OWN_LSTM = """
class LSTM(nn.Module):
    def __init__(self, i, h):
        super().__init__()
        self.gates = nn.Linear(i + h, 4 * h)

    def forward(self, x):
        return torch.sigmoid(self.gates(x))
"""


def test_an_own_class_of_a_librarys_name_may_be_written():
    rule = without(*FINISHED_RECURRENT)
    assert said(rule, NORM, OWN_LSTM, subject="LSTM") == ""
    below = OWN_LSTM.replace("nn.Module", "nn.LSTM")
    assert "uses `LSTM` in line 2" in said(rule, NORM, below, subject="LSTM")


AUTOMATIC = {
    "jacrev": "from torch.func import jacrev\n" + F.format("jacrev(g)(x)"),
    "jacrev under another name": "from torch.func import jacrev as j\n" + F.format("j(g)(x)"),
    "jacfwd": "import torch\n" + F.format("torch.func.jacfwd(g)(x)"),
    "func": "from torch import func\n" + F.format("func.vjp(g, x)[1](x)"),
    "func by an alias": "import torch\nlib = torch.func\n" + F.format("lib.jvp(g, x, x)"),
    "functorch": "import functorch\n" + F.format("functorch.hessian(g)"),
    "autograd": "import torch\n" + F.format("torch.autograd.functional.jacobian(g, x)"),
    "a function of one's own": "import torch\n" + F.format("torch.autograd.Function()"),
    "functorch's others": "import functorch\n" + F.format("functorch.make_functional(g)"),
    "grad after a star": "from torch.autograd import *\n" + F.format("grad(x.sum(), x)"),
    "retain_grad": F.format("x.retain_grad()"),
    "the engine": F.format("engine.run_backward(x)"),
    "the mode": "import torch\n" + F.format("torch._C._set_grad_enabled(True)"),
    "a dual number": "import torch\n" + F.format("torch._VF._make_dual(x, x, level=0)"),
    "the graph": F.format("x.next_functions"),
    "grad": "from torch.autograd import grad\n" + F.format("grad(x.sum(), x)"),
    "an alias of grad": "import torch\ng = torch.autograd.grad\n" + F.format("g(x.sum(), x)"),
    "backward": "def f(x):\n    x.sum().backward()",
    "backward by getattr": F.format("getattr(x.sum(), 'backward')()"),
    "requires_grad_": F.format("x.clone().requires_grad_()"),
    "enable_grad": "import torch\ndef f(x):\n    with torch.enable_grad():\n        pass",
    "enable_grad above": "import torch\n@torch.enable_grad()\n" + F.format("x"),
    "set_grad_enabled": "import torch\ndef f(x):\n    torch.set_grad_enabled(True)",
    "forward_ad": "import torch.autograd.forward_ad as a\n" + F.format("a.make_dual(x, x)"),
    "nodes of the graph": F.format("x.sum().grad_fn(1)"),
    "symbols": "import sympy as s\n" + F.format("s.diff(x)"),
    "another library": "import jax\n" + F.format("jax.grad(g)(x)"),
    "a star": "from torch.func import *\n" + F.format("vjp(g, x)"),
    "the notebook's own witness": (
        "def witness(x):\n    return torch.autograd.grad(x.sum(), x)\n" + F.format("witness(x)")
    ),
    "operators": "import torch\n" + F.format("torch.ops.aten._backward(x, [x])"),
    "TorchScript": "import torch\n@torch.jit.script\n" + F.format("torch.autograd.grad([x], [x])"),
}
DERIVED = {
    "a variable": "def f(x):\n    grad = x * 2\n    backward, vjp = grad, 3\n    return backward",
    "a function": "def backward(x):\n    return x\n" + F.format("backward(x)"),
    "a method": (
        "class Layer:\n    def backward(self, x):\n        return x\n"
        + F.format("Layer().backward(x)")
    ),
    "a field": "class W(NamedTuple):\n    grad: int = 0\n\n\n" + F.format("W(x).grad"),
    "no_grad": "import torch\n@torch.no_grad()\n" + F.format("x.detach()"),
    "vmap": "import torch\n" + F.format("torch.func.vmap(g)(x)"),
    "a comparison below": (
        F.format("x") + "with torch.enable_grad():\n    print(torch.func.jacrev(f)(x))"
    ),
    "a witness that uses it": F.format("x") + "def witness(x):\n    f(x).backward()",
    "an import": "from torch.func import jacrev\n" + F.format("x"),
}


@pytest.mark.parametrize("text", AUTOMATIC.values(), ids=AUTOMATIC)
def test_automatic_differentiation_is_refused(text):
    assert said(by_hand, text).startswith("derive it: automatic differentiation is not an answer")


def test_no_way_to_differentiate_is_forgotten():
    others = {"vmap", "functional_call", "stack_module_state", "functionalize", "rearrange"}
    others |= {"replace_all_batch_norm_modules_", "debug_unwrap"}
    assert {*torch.func.__all__} - others <= DIFFERENTIATION
    assert {*torch.autograd.functional.__all__} <= DIFFERENTIATION
    harmless = {"UnpackedDualTensor", "exit_dual_level", "unpack_dual"}
    assert {*torch.autograd.forward_ad.__all__} - harmless <= DIFFERENTIATION


@pytest.mark.parametrize("text", DERIVED.values(), ids=DERIVED)
def test_a_derivation_is_accepted(text):
    assert said(by_hand, text) == ""


def test_what_is_said_of_differentiation():
    sentence = "derive it: automatic differentiation is not an answer here "
    assert said(by_hand, AUTOMATIC["func"]) == sentence + "(`vjp` in line 3)"
    helper = "def witness(x):\n    x.backward()"
    assert said(by_hand, helper, F.format("witness(x)")) == (
        sentence + "(`backward` in line 2 of the cell with `witness`)"
    )


@pytest.mark.parametrize(
    "text", ["exec(x)", "eval('x')", "compile(x, '', 'exec')", "get_ipython().run_cell(x)"]
)
def test_code_in_strings_is_refused_by_every_rule(text):
    assert said(without("x"), F.format(text)).startswith("runs code out of a string (`")
    assert broken([], [F.format(text)], "f") == ""


@pytest.mark.parametrize("line", ["!python g.py", "y = !python g.py", "%run g.py"])
def test_so_are_lines_of_ipython_that_an_answer_reaches(line):
    text = f"def f(x):\n    {line}\n    return x"
    assert said(no_loops, text) == (
        "runs code out of a string (`get_ipython` in line 2), so that its rules cannot be checked"
    )
    assert said(no_loops, f"{line}\n{F.format('x')}") == ""


PROCESSES = {
    "a program": ("import subprocess", "subprocess.run(['python', 'g.py'])"),
    "a child that waits": ("import multiprocessing as mp\npipe, _ = mp.Pipe()", "pipe.recv()"),
    "torch's children": ("import torch.multiprocessing as mp", "mp.Pool(1).apply(g, x)"),
    "a fork": ("import os", "os.fork()"),
    "a shell": ("from os import popen", "popen('python g.py').read()"),
}


@pytest.mark.parametrize(("above", "call"), PROCESSES.values(), ids=PROCESSES)
def test_code_in_other_processes_is_refused_by_every_rule(above, call):
    problem = said(by_hand, f"{above}\n{F.format(call)}")
    assert problem.startswith("runs code in another process (`")
    assert said(by_hand, f"{above}\n{F.format('x')}") == ""


def test_derivatives_that_torch_wrote_for_autograd_are_no_derivation():
    text = "import torch\n" + F.format("torch.ops.aten.tanh_backward(x, x)")
    assert "(`tanh_backward` in line 3)" in said(by_hand, text)
    own = "def step_backward(x):\n    return 2 * x"
    assert said(by_hand, own, F.format("step_backward(x)")) == ""


@pytest.mark.parametrize("text", ["re.compile(x)", "torch.compile(g)(x)", "model.eval()"])
def test_other_functions_of_these_names_are_none_of_it(text):
    assert said(no_loops, "import re, torch\n" + F.format(text)) == ""


def test_the_first_rule_that_is_broken_is_told():
    text = NORM + F.format("[F.layer_norm(y) for y in x]")
    named = without("layer_norm")
    assert broken([without("LSTM"), named, no_loops], [text], "f").startswith("uses")
    assert broken([no_loops, named], [text], "f").startswith("loops")


def test_no_rules_are_never_broken_and_what_cannot_be_read_breaks_any():
    assert broken([], ["def f(x)"], "f") == ""
    assert broken([no_loops], ["def f(x)"], "f").startswith("holds more than Python")
    assert broken([no_loops], [], "f").startswith("is defined in no cell")


@pytest.fixture
def shell():
    InteractiveShell.clear_instance()
    yield InteractiveShell.instance(config=Config(HistoryManager={"enabled": False}))
    InteractiveShell.clear_instance()


def test_cells_count_where_they_ran_last(shell):
    for text in ("a = 1", "b = 2", "a = 1"):
        shell.run_cell(text, store_history=True)
    assert cells_so_far() == ["", "b = 2", "a = 1"]


def test_outside_a_notebook_no_cells_are_known(monkeypatch):
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    assert cells_so_far() == []
