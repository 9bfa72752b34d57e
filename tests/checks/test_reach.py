"""What a definition reaches in the texts of a notebook's cells, and what it does not."""

import ast
import time

import pytest

from autograder.checks.rules import broken, by_hand, no_loops
from autograder.checks.text.cells import bound_in_text, parsed
from autograder.checks.text.reach import reach

F = "def f(x):\n    return {}\n"
MARK = "BREAKS"  # a string that a text reaches or not
HELPER = f"def helper(x):\n    return x, '{MARK}'\n"


def reaches(*cells, subject="f", stop=(), failed=()):
    """Whether the mark is among the nodes that the subject reaches."""
    found = reach(cells, subject, stop, failed)
    assert not found.problem, found.problem
    return any(isinstance(one.node, ast.Constant) and one.node.value == MARK for one in found.found)


REACHED = {
    "its body": [F.format(f"'{MARK}'")],
    "a default": [f"def f(x, y='{MARK}'):\n    pass"],
    "a keyword's default": [f"def f(x, *, y='{MARK}'):\n    pass"],
    "a decorator": [HELPER, "@helper\ndef f(x):\n    pass"],
    "a decorator's argument": [f"@wraps('{MARK}')\ndef f(x):\n    pass"],
    "a base class": [f"class Base:\n    x = '{MARK}'", "class f(Base):\n    pass"],
    "a metaclass": [f"class Meta(type):\n    x = '{MARK}'", "class f(metaclass=Meta):\n    pass"],
    "a class in a module of its own": [HELPER, "class f:\n    step = staticmethod(helper)"],
    "an async function": [f"async def f(x):\n    return '{MARK}'"],
    "a helper in the same cell": [HELPER + F.format("helper(x)")],
    "a helper in another cell": [HELPER, F.format("helper(x)")],
    "a helper in a later cell": [F.format("helper(x)"), HELPER],
    "a helper's helper": [HELPER, "def g(x):\n    return helper(x)", F.format("g(x)")],
    "helpers in a circle": [HELPER, "def g(x):\n    return f(x), helper(x)", F.format("g(x)")],
    "a helper in a method": [HELPER, "class f:\n    def go(self, x):\n        return helper(x)"],
    "a helper in an inner function": [HELPER, "def f(x):\n    return lambda: helper(x)"],
    "a helper in a comprehension": [HELPER, F.format("[helper(y) for y in x]")],
    "a helper in a comprehension's source": [HELPER, F.format("[y for y in helper(x)]")],
    "a helper as an argument": [HELPER, F.format("vmap(helper)(x)")],
    "an alias of a helper": [HELPER, "g = helper", F.format("g(x)")],
    "an alias": [f"def g(x):\n    return '{MARK}'", "f = g"],
    "an alias in a pair": [HELPER, "f, y = helper, 3"],
    "a helper that changes after it is named": [
        "def helper(x):\n    return x",
        F.format("helper(x)"),
        HELPER,
    ],
    "a helper called like a name of the class": [
        HELPER,
        "class f:\n    helper = 3\n    def go(self):\n        return helper(3)",
    ],
    "a global beside a variable of an outer function": [
        HELPER,
        "def f(x):\n    helper = x\n    def g():\n        global helper\n        helper(x)",
    ],
    "a part of a pair": [HELPER, "(f, y), z = (helper, 2), 3"],
    "a part of what is not a pair": [HELPER, "f, y = helper"],
    "a part of a part": [HELPER, "y, (z, [f]) = helper"],
    "the rest": [HELPER, "y, *f = helper"],
    "the rest of what is written out": [HELPER, "*f, y = 1, 2, helper"],
    "what cannot be shared": [HELPER, "f, y = 1, 2, helper"],
    "what is added": [F.format(f"'{MARK}'"), "f += 1"],
    "with": ["with g('" + MARK + "') as f:\n    pass"],
    "with a part": ["with g('" + MARK + "') as (y, f):\n    pass"],
    "an alias with a type": [HELPER, "f: object = helper"],
    "a walrus": [HELPER, "print(f := helper)"],
    "a walrus in a comprehension": [HELPER, "[f := helper for _ in (1,)]"],
    "a lambda": [f"f = lambda x: '{MARK}'"],
    "partial": [HELPER, "import functools\nf = functools.partial(helper, y=3)"],
    "a wrapped name": [F.format(f"'{MARK}'"), "f = compile_it(f)"],
    "a wrapped name, later redefined": [F.format(f"'{MARK}'"), "g = f", F.format("g(x)")],
    "a table of functions": [HELPER, "table = {'a': helper}", F.format("table['a'](x)")],
    "a table filled later": [HELPER, "t = {}", "t['a'] = helper", F.format("t['a'](x)")],
    "an object's method": [
        f"class Tools:\n    def go(self):\n        return '{MARK}'",
        "tools = Tools()",
        F.format("tools.go()"),
    ],
    "below if": [f"if True:\n    def f(x):\n        return '{MARK}'"],
    "below if of who knows": [F.format("x"), f"if flag:\n    def f(x):\n        return '{MARK}'"],
    "not below if of who knows": [F.format(f"'{MARK}'"), f"if flag:\n    {F.format('x')}"],
    "not below if False": [F.format(f"'{MARK}'"), "if False:\n    def f(x):\n        pass"],
    "below else": [f"if 0:\n    f = 1\nelse:\n    def f(x):\n        return '{MARK}'"],
    "below elif": [f"if a:\n    f = 1\nelif b:\n    def f(x):\n        return '{MARK}'"],
    "below try": [f"try:\n    def f(x):\n        return '{MARK}'\nfinally:\n    pass"],
    "below except": [f"try:\n    f = g\nexcept NameError:\n    def f(x):\n        return '{MARK}'"],
    "below except*": [f"try:\n    pass\nexcept* E:\n    def f(x):\n        return '{MARK}'"],
    "below with": [HELPER, "with a as b:\n    f = helper"],
    "below for": [HELPER, "for f in [helper]:\n    pass"],
    "below while": [HELPER, "while True:\n    f = helper\n    break"],
    "below match": [HELPER, "match a:\n    case 1:\n        f = helper"],
    "what a try may not have redefined": [
        F.format(f"'{MARK}'"),
        "try:\n    1 / 0\n    def f(x):\n        return x\nexcept Exception:\n    pass",
    ],
    "another forward": [HELPER, "class f:\n    pass", "f.forward = helper"],
    "another forward, with a type": [HELPER, "class f:\n    pass", "f.forward: object = helper"],
    "another forward by setattr": [HELPER, "class f:\n    pass", "setattr(f, 'forward', helper)"],
    "another forward by type": [HELPER, "class f:\n    pass", "type.__setattr__(f, 'y', helper)"],
    "another forward by vars": [HELPER, "class f:\n    pass", "f.__dict__['y'] = helper"],
    "another forward by an alias": [HELPER, "class f:\n    pass", "g = f", "g.forward = helper"],
    "another forward by a function": [
        HELPER,
        "class f:\n    pass",
        "def change():\n    f.forward = helper\n\n\nchange()",
    ],
    "another forward of a helper": [
        HELPER,
        "class Part:\n    pass\n\n\nPart.forward = helper",
        F.format("Part()(x)"),
    ],
    "another code": [HELPER, F.format("x"), "f.__code__ = helper.__code__"],
    "a global set by a function": [
        HELPER,
        F.format("x"),
        "def change():\n    global f\n    f = helper\n\n\nchange()",
    ],
    "globals": [HELPER, F.format("x"), "globals()['f'] = helper"],
    "a helper by globals": [HELPER, F.format("globals()['helper'](x)")],
    "a helper by global": [HELPER, "def f(x):\n    global helper\n    return helper(x)"],
    "a magic above": ["%%time\n" + F.format(f"'{MARK}'")],
    "a magic that runs code": [HELPER, "%time f = helper"],
    "a magic among the lines": [f"%matplotlib inline\nx = !ls\n{F.format(repr(MARK))}\nf?\n!ls"],
    "a magic that goes on": [f"!pip install a \\\n   b\n{F.format(repr(MARK))}"],
    "a magic's look-alike in a string": [
        f"%pylab\ns = '''\n% '''; f = lambda: '{MARK}'; t = '''\n'''"
    ],
    "await": ["await g()\n" + F.format(f"'{MARK}'")],
    "what a cell that failed may not have redefined": [F.format(f"'{MARK}'"), F.format("x")],
}
NOT_REACHED = {
    "a test below": [F.format("x") + f"print(f('{MARK}'))\nassert f(1) != '{MARK}'"],
    "a test in another cell": [F.format("x"), f"for y in '{MARK}':\n    f(y)"],
    "a function that uses it": [F.format("x"), f"def test():\n    return f('{MARK}')"],
    "an unused helper": [HELPER, F.format("x")],
    "an earlier attempt": [F.format(f"'{MARK}'"), F.format("x")],
    "an earlier attempt in the same cell": [F.format(f"'{MARK}'") + F.format("x")],
    "an earlier helper": [HELPER, "def helper(x):\n    return x", F.format("helper(x)")],
    "an earlier attempt, where it is redefined below if True": [
        F.format(f"'{MARK}'"),
        "if True:\n    def f(x):\n        return x",
    ],
    "what does not run": [f"if False:\n    def f(x):\n        return '{MARK}'\n", F.format("x")],
    "a parameter of a helper's name": [HELPER, "def f(helper):\n    return helper"],
    "a variable of a helper's name": [HELPER, "def f(x):\n    helper = x\n    return helper"],
    "a variable of an outer function": [
        HELPER,
        "def f(x):\n    helper = x\n    def g():\n        return helper\n    return g",
    ],
    "a loop's variable of a helper's name": [HELPER, F.format("[helper for helper in x]")],
    "another part of a pair": [HELPER, "f, y = g, helper"],
    "a part of a dictionary's comprehension": [HELPER, F.format("{helper: 1 for helper in x}")],
    "what a with binds": [HELPER, "def f(x):\n    with x as helper:\n        return helper"],
    "what parts a with binds": [HELPER, "def f(x):\n    with x as (y, helper):\n        helper"],
    "what a match binds": [
        HELPER,
        "def f(x):\n    match x:\n        case [helper]:\n            return helper",
    ],
    "the rest that a match binds": [
        HELPER,
        "def f(x):\n    match x:\n        case [1, *helper]:\n            return helper",
    ],
    "the items that a match binds": [
        HELPER,
        "def f(x):\n    match x:\n        case {1: 2, **helper}:\n            return helper",
    ],
    "an exception of a helper's name": [
        HELPER,
        "def f(x):\n    try:\n        x()\n    except E as helper:\n        return helper",
    ],
    "an import of a helper's name": [HELPER, "def f(x):\n    import helper\n    return helper"],
    "a method of a helper's name": [
        HELPER,
        "class f:\n    def helper(self):\n        pass\n    def go(self):\n        self.helper()",
    ],
    "an annotation": [HELPER, "def f(x: helper, y: helper = 3) -> helper:\n    z: helper = x"],
    "an attribute of an object": [F.format("x"), "y = f(3)", f"y.text = '{MARK}'"],
    "an attribute of a parameter": [
        "class f:\n    pass",
        f"def change(f):\n    f.forward = '{MARK}'",
    ],
    "a class's name inside its methods": [HELPER, "class f:\n    helper = 3\n    y = helper"],
    "text that is no code": [F.format("x"), f"%%writefile f.py\ndef f(x):\n    return '{MARK}'"],
    "timed apart": [F.format("x"), f"%%timeit\ndef f(x):\n    return '{MARK}'"],
    "words of another language": [F.format("x"), "%%bash\nfor i in 1 2; do echo $i; done"],
    "a cell that is not Python": [F.format("x"), f"for {MARK} the win"],
    "a broken cell with another definition": [F.format("x"), "def helper(x)\n    return"],
    "a broken cell with the same helper": [
        "def helper(x):\n    return x",
        "def helper(x)\n    return",
        F.format("helper(x)"),
    ],
}


@pytest.mark.parametrize("cells", REACHED.values(), ids=REACHED)
def test_it_is_reached(cells):
    failed = {1} if cells is REACHED["what a cell that failed may not have redefined"] else ()
    assert reaches(*cells, failed=failed)


@pytest.mark.parametrize("cells", NOT_REACHED.values(), ids=NOT_REACHED)
def test_it_is_not_reached(cells):
    assert not reaches(*cells)


def test_what_something_stands_in_for_is_not_looked_into():
    cells = [HELPER, "def other(x):\n    return helper(x)", F.format("other(x)")]
    assert reaches(*cells)
    assert not reaches(*cells, stop={"other"})
    assert reaches(*cells, subject="other", stop={"other", "f"})


def test_what_it_uses_may_be_reached_by_itself():
    cells = [HELPER, "def other(x):\n    return helper(x)", F.format("other(helper(x))")]
    assert reaches(*cells, stop={"other"})


PROBLEMS = {
    "no cell": ([], "is defined in no cell"),
    "no definition": (["x = 3"], "is defined in no cell"),
    "a broken cell": (["def f(x)\n    pass"], "holds more than Python"),
    "a broken cell comes last": ([F.format("x"), "def f(x)\n    pass"], "holds more than Python"),
    "it is assigned to in a broken cell": ([F.format("x"), "f = g h"], "holds more than Python"),
    "a magic inside an expression": (["f = (3\n%time it\n)"], "holds more than Python"),
    "a helper's cell": (
        ["def helper(x)\n    pass", F.format("helper(x)")],
        "uses `helper`, whose cell holds more than Python",
    ),
    "too long": (["def f():\n    pass\n" + "#" * 200_001], "holds more than Python"),
    "too much": (
        ["def f():\n    pass\n", *(["#" * 100_000] * 3)],
        "holds more than Python",
    ),
    "null": (["def f():\n    pass\0"], "holds more than Python"),
}


@pytest.mark.parametrize(("cells", "said"), PROBLEMS.values(), ids=PROBLEMS)
def test_why_it_cannot_be_known(cells, said):
    assert reach(cells, "f").problem.startswith(said)


def test_a_repaired_cell_is_believed():
    assert not reach(["def f(x)\n    pass", F.format("x")], "f").problem


def uses(*cells):
    return {use.path for use in reach(cells, "f").uses}


PATHS = {
    "an attribute": ("import torch\n" + F.format("torch.nn.LSTM"), "torch.nn.LSTM"),
    "an alias of a module": ("import torch.nn as k\n" + F.format("k.LSTM()"), "torch.nn.LSTM"),
    "an alias of a class": ("from torch.nn import LSTM as k\n" + F.format("k()"), "torch.nn.LSTM"),
    "a chain of aliases": (
        "import torch as t\nn = t.nn\nk = n.LSTM\n" + F.format("k(3)"),
        "torch.nn.LSTM",
    ),
    "a local alias": ("import torch\n" + F.format("(t := torch.nn).LSTM"), "torch.nn.LSTM"),
    "a local import": (
        "def f(x):\n    from torch import nn\n    return nn.LSTM",
        "torch.nn.LSTM",
    ),
    "a default": ("import torch as t\ndef f(x, lib=t):\n    return lib.LSTM", "torch.LSTM"),
    "either": ("import torch as t\n" + F.format("(t if x else t.nn).LSTM"), "torch.nn.LSTM"),
    "or": ("import torch as t\n" + F.format("(x or t.nn).LSTM"), "torch.nn.LSTM"),
    "getattr": ("import torch as t\n" + F.format("getattr(t, 'LSTM', 3)(x)"), "torch.LSTM"),
    "getattr in two pieces": (
        "import torch as t\n" + F.format("getattr(t, 'LS' + 'TM')"),
        "torch.LSTM",
    ),
    "getattr of getattr": (
        "import torch as t\n" + F.format("getattr(getattr(t, 'nn'), 'LSTM').x"),
        "torch.nn.LSTM.x",
    ),
    "__getattribute__": ("import torch as t\n" + F.format("t.__getattribute__('a')"), "torch.a"),
    "vars": ("import torch as t\n" + F.format("vars(t)['LSTM']"), "torch.LSTM"),
    "__dict__": ("import torch as t\n" + F.format("t.nn.__dict__['LSTM']"), "torch.nn.LSTM"),
    "modules": ("import sys\n" + F.format("sys.modules['torch'].LSTM"), "sys.modules.torch.LSTM"),
    "import_module": (
        "import importlib\n" + F.format("importlib.import_module('torch.nn').LSTM"),
        "importlib.import_module.torch.nn.LSTM",
    ),
    "a name that nothing binds": ("from torch.nn import *\n" + F.format("LSTM(3)"), "LSTM"),
    "an unknown object": (F.format("x.LSTM.y"), ".LSTM.y"),
    "the subject itself": ("from torch.nn import LSTM as f", "torch.nn.LSTM"),
    "the subject's alias": ("import torch\nf = torch.nn.LSTM", "torch.nn.LSTM"),
}


@pytest.mark.parametrize(("cell", "path"), PATHS.values(), ids=PATHS)
def test_dotted_names(cell, path):
    assert path in uses(cell)


def test_each_access_is_one_use():
    cell = "import torch as t\nn = t.nn\nk = n.LSTM\n" + F.format("k(3), t.nn.GRU, t if x else n")
    assert [use.path for use in reach([cell], "f").uses] == [
        *("torch.nn.LSTM", "torch.nn.GRU", "torch", "torch.nn"),
        *("torch.nn.LSTM", "torch.nn"),  # where k and n are bound
    ]
    assert {"torch.a", "torch.nn.a"} <= uses("import torch as t\n" + F.format("(t or t.nn).a"))
    assert {"torch.a", "torch.nn.a"} <= uses(
        "import torch as t\n" + F.format("(t if t else t.nn).a")
    )


def test_own_names_are_no_librarys():
    cell = "def g(x):\n    return x\n\n\nclass A:\n    def go(self):\n        pass\n"
    assert uses(cell + F.format("g(A().go(), x)")) == set()


def test_lines_and_cells():
    cells = [HELPER, "# one\n" + F.format("(helper(x),\n        'here')")]
    found = reach(cells, "f")
    said = {n.node.value: found.where(n) for n in found.found if isinstance(n.node, ast.Constant)}
    assert said == {"here": "in line 4", MARK: "in line 2 of the cell with `helper`"}


def test_the_text_of_a_broken_cell():
    text = (
        "def f(x)\nasync def g():\nclass H:\n    def no(self):\na = 1\nb: int = 2\nc == 3\n  d = 4"
    )
    assert list(bound_in_text(text)) == ["f", "g", "H", "a", "b"]


def test_lines_keep_their_numbers():
    tree = parsed("!pip install a \\\n b\n%time x = 3\nfiles = !ls\n\n?help\ny = 5")
    assert [node.lineno for node in tree.body] == [1, 3, 4, 6, 7]
    assert ast.unparse(tree).split("\n") == [
        "get_ipython()",
        "x = 3",
        "files = get_ipython()",
        "get_ipython()",
        "y = 5",
    ]


HOSTILE = {
    "brackets": "f = " + "[" * 90 + "]" * 90,
    "too many brackets": "f = 3\ng = " + "[" * 50_000,
    "a long sum": "f = " + "1+" * 60_000 + "1",
    "a long chain": "f = " + "a.b" + ".c" * 900,
    "many long chains": "f = [" + ("a" + ".b" * 500 + ",") * 40 + "]",
    "calls of calls": "f = g" + "(1)" * 900,
    "lambdas": "f = " + "lambda: " * 900 + "1",
    "elif": "if a:\n    f = 1\n" + "elif a:\n    f = 2\n" * 900,
    "nots": "f = " + "not " * 900 + "x",
    "one name, bound again and again": "f = 1\n" + "f = f\n" * 3_000,
    "one name below if": "f = 1\n" + "if f:\n  f=f\n" * 1_000,
    "a local name": "def f():\n" + " a=a\n" * 5_000,
    "definitions": "".join(f"def f{i}(): f{i + 1}()\n" for i in range(1_500)) + "f = f0",
    "aliases": "".join(f"a{i + 1}=a{i}\n" for i in range(2_000)) + "f = a2000",
    "a web of aliases": "def f():\n" + "".join(f" a{i}=a{i // 2}=a{i // 3}\n" for i in range(1000)),
    "patches": "class f: pass\n" + "f.a = f\n" * 2_000,
    "methods": "class f:\n" + "".join(f" def m{i}(self): self.m{i + 1}()\n" for i in range(1_000)),
    "one method of many classes": "".join(f"class f{i}: m = f{i - 1}\n" for i in range(1_000))
    + "class f(f999):\n"
    + "".join(f" def m{i}(self): self.m()\n" for i in range(1_000)),
    "classes in a circle": "class f(g):\n def a(self): self.b()\nclass g(f): pass",
    "calls of one list": "t = [" + "t," * 5_000 + "]\ndef f():\n" + " t()\n" * 2_000,
    "magics": "%a\n" * 40_000 + "f = 1",
    "spaces": "f = 1\n" + " " * 150_000 + "%",
    "equals": "f = 1\n" + "a," * 20_000 + "! %",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_texts_take_bounded_time(text):
    start = time.process_time()
    broken([by_hand, no_loops], [text], "f")
    assert time.process_time() - start < 1.5


def test_many_cells_take_bounded_time():
    start = time.process_time()
    assert said_of_many(50_000).startswith("is defined in no cell")
    assert time.process_time() - start < 1.5


def said_of_many(count):
    return broken([no_loops], ["def f(x):\n    pass", *(["a = 1"] * count)], "g")
