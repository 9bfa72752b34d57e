"""The report on what student code did besides answering; honest code has none."""

import pytest
from small_jobs import run

from autograder.grading.execute import LINE, LINES
from autograder.grading.forks.messages import Noticed, encode

pytestmark = pytest.mark.spread
HONEST = """import math, warnings
import matplotlib.pyplot as plt, numpy as np, torch
plt.plot([1, 2]); plt.savefig('figure.png'); plt.close()
def f(x):
    return torch.softmax(x, -1)
open('notes.txt', 'w').write('mine')"""

ODDITIES = {
    "replaced softmax": ("torch.softmax = lambda *a: 1", "replaced torch.softmax"),
    "a method": ("torch.Tensor.sum = lambda *a: 0", "replaced Tensor.sum"),
    "numpy": ("import numpy\nnumpy.abs = 0", "replaced numpy.abs"),
    "comparison": (
        "import autograder.checks.comparison as c\nc.compare = print",
        "replaced autograder.checks.comparison.compare",
    ),
    "file": (
        "try:\n    open('/etc/shadow')\nexcept OSError: pass",
        "tried to open /etc/shadow",
    ),
    "network": (
        "import socket\ntry: socket.create_connection(('127.0.0.1', 22), 1)\nexcept OSError: pass",
        "tried to connect to ('127.0.0.1', 22)",
    ),
    "process": ("import subprocess\nsubprocess.run(['true'])", "started true"),
    "transformers": (
        "get_ipython().input_transformers_post.append(lambda lines: lines)",
        "added input transformers",
    ),
    "tracebacks": (
        "get_ipython().showtraceback = lambda *a, **k: None",
        "replaced get_ipython().showtraceback",
    ),
}


def noticed(*sources):
    return run(*sources).noticed


OF_TORCH = {
    "an optimiser": "p = torch.nn.Parameter(torch.ones(2)); torch.optim.Adam([p]).step()",
    "a default": "torch.set_default_dtype(torch.float64); torch.set_default_dtype(torch.float32)",
    "workers": (
        "from torch.utils.data import DataLoader, TensorDataset\n"
        "[*DataLoader(TensorDataset(torch.ones(4, 2)), batch_size=2, num_workers=2)]"
    ),
}


def test_honest_code_is_not_reported():
    assert noticed(HONEST) == ()


@pytest.mark.parametrize("source", OF_TORCH.values(), ids=OF_TORCH)
def test_what_torch_does_for_honest_code_is_not_reported(source):
    result = run(f"import torch\n{source}", "def f(x):\n    return x")
    assert result.noticed == () and not result.failures


def test_a_process_that_is_nobodys_worker_is_named():
    assert noticed("import os\nif not os.fork(): os._exit(0)", "def f(x): ...") == ("forked",)


def test_what_torch_replaces_itself_is_not_reported():
    assert noticed("import torch._dynamo", "def f(x):\n    return x") == ()


@pytest.mark.parametrize(("source", "line"), ODDITIES.values(), ids=ODDITIES)
def test_an_oddity_is_named(source, line):
    assert line in noticed(f"import torch\n{source}", "def f(x):\n    return x")


def test_a_forged_report_is_only_a_report():
    many = Noticed(tuple(f"{number} " + "x" * 500 for number in range(500)))
    forged = f"import os\nos.write(3, {encode(many)!r})"
    lines = noticed(forged, "def f(x):\n    return x")
    assert len(lines) <= LINES and all(len(line) <= LINE for line in lines)


def test_a_name_that_no_file_can_hold_is_no_error():
    odd = "try:\n    open('/\\udcff' * 9)\nexcept OSError: pass"
    (line,) = noticed(odd, "def f(x):\n    return x")
    assert line.startswith("tried to open /") and line.encode()


def test_a_method_that_a_library_adds_is_nothing_to_report():
    """As transformers does when its first model is built."""
    added = "import torch, matplotlib.pyplot as plt\ntorch.nn.Module.extra = {}"
    honest = "def f(x):\n    return x"
    assert noticed(added.format("plt.plot"), honest) == ()
    assert noticed(added.format("lambda self: 0"), honest) == ("replaced Module.extra",)
