"""Hostile cells: what they can reach, what they leave behind, and what they cost the others."""

import os
import re
import shutil
import tempfile
import time
from pathlib import Path

import psutil
import pytest
from small_jobs import a_check, evidence, job

from autograder.checks.evidence import from_bytes
from autograder.grading.execute import execute
from autograder.grading.forks.messages import HEADER

ROOT = Path(__file__).parents[2]
CHECKS = {"f": a_check("f"), "g": a_check("g", "twice", "rng.normal(2)", (3,))}
HONEST = "def g(x):\n    return 2 * x"
pytestmark = pytest.mark.spread


def run(*hostile, seconds=10.0):
    """Hostile cells, the check of their `f`, then an honest `g` and its check."""
    cells = *hostile, ("check", "f"), HONEST, ("check", "g")
    return execute(job(*cells, checks=CHECKS, seconds=seconds))


def spied(expression, setup=""):
    """What an expression gives inside, as text, or the error it meets."""
    code = f"import os\n{setup}\ndef f(x):\n    try:\n        seen = {expression}\n"
    code += "    except BaseException as error:\n        seen = error\n    return repr(seen)"
    return from_bytes(evidence(run(code))["once", 0]).value


def is_whole(result, exercise="g"):
    """Whether an exercise's evidence is all there and no error."""
    wanted = len(CHECKS[exercise].seeds)  # behind them come visible cases with a public seed
    found = {p: data for p, data in evidence(result, exercise).items() if p[1] < wanted}
    return len(found) == wanted and all(from_bytes(data).error is None for data in found.values())


@pytest.fixture
def before(monkeypatch):
    """A short folder for this test's temporary files, and what is left in it afterwards."""
    folder = tempfile.mkdtemp(prefix="h")
    monkeypatch.setattr(tempfile, "tempdir", folder)
    yield lambda: os.listdir(folder)
    shutil.rmtree(folder)


READS = {
    "course sources": f"open({str(ROOT / 'solutions/attention/attention.py')!r}).read()",
    "course secret": f"open({str(ROOT / 'build/keys/secret')!r}).read()",
    "repository": f"__import__('os').listdir({str(ROOT)!r} + '/tests')",
    "root folder": "__import__('os').listdir('/')",
    "home": f"__import__('os').listdir({str(Path.home())!r})",
    "passwords": "open('/etc/shadow').read()",
    "submissions above": "open('../../../gradebook.db', 'rb').read()",
    "other processes": "open(f'/proc/{__import__(\"os\").getppid()}/environ').read()",
}


@pytest.mark.parametrize("expression", READS.values(), ids=READS)
def test_nothing_of_the_course_can_be_read(expression):
    assert re.match(r"(FileNotFound|Permission|ProcessLookup)Error", spied(expression))


WRITES = {
    "installed packages": "open(__import__('torch').__file__, 'a')",
    "this package": "open(__import__('autograder').__file__, 'w')",
    "system": "open('/usr/lib/x', 'w')",
    "a link out": "(os.path.lexists('out') or os.symlink('/usr/lib', 'out'), open('out/x', 'w'))",
    "sockets": "open('/sockets/x', 'w')",
}


@pytest.mark.parametrize("expression", WRITES.values(), ids=WRITES)
def test_nothing_outside_the_scratch_folder_can_be_written(expression):
    assert re.match(r"(FileNotFound|Permission|OS|Index)Error", spied(expression))


ESCAPES = {
    "network": "__import__('socket').create_connection(('127.0.0.1', 22), 2)",
    "udp": "__import__('socket').socket(2, 2).sendto(b'x', ('127.0.0.1', 9))",
    "signals to the grader": f"__import__('os').kill({os.getpid()}, 0)",
    "mounting": "__import__('subprocess').run(['mount', '-t', 'tmpfs', 'x', '/tmp'], check=True)",
    "new namespaces": "__import__('subprocess').run("
    "['unshare', '-rm', 'mount', '-t', 'tmpfs', 'x', '/usr'], check=True)",
    "becoming somebody": "__import__('os').setuid(1000)",
    "priority": "__import__('os').nice(-5)",
}


@pytest.mark.parametrize("expression", ESCAPES.values(), ids=ESCAPES)
def test_there_is_no_way_out(expression):
    assert re.match(
        r"(OS|Permission|ProcessLookup|CalledProcess|FileNotFound)Error", spied(expression)
    )


def test_only_its_own_processes_are_visible():
    assert spied("[p for p in __import__('os').listdir('/proc') if p.isdigit()]") == "['1']"


def test_ptrace_of_the_grader_is_impossible():
    attach = f"__import__('ctypes').CDLL(None).ptrace(16, {os.getpid()}, 0, 0)"
    assert spied(attach) == "-1"


BOMBS = {
    "fork bomb": "import os\nfor _ in range(10**4):\n    if os.fork() == 0:\n"
    "        import time\n        time.sleep(60)",
    "memory bomb": "hoard = []\nwhile True:\n    hoard.append(bytearray(10**8))",
    "disk fill": "file = open('big', 'wb')\nwhile True:\n    file.write(bytes(10**7))",
    "many files": "for i in range(10**7):\n    open(f'{i}', 'w').close()",
    "output": "for _ in range(100):\n    print('x' * 10**7)",
    "recursion": "import sys\nsys.setrecursionlimit(10**9)\ndef dive(): dive()\ndive()",
    "segfault": "import ctypes\nctypes.string_at(0)",
    "exit": "import os\nos._exit(1)",
    "abort": "import os\nos.abort()",
    "stopped": "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)",
    "quit": "import sys\nsys.exit()",
    "killing everyone": "import os\nos.kill(-1, 9)",
    "threads": "import threading, time\nfor _ in range(10**4):\n"
    "    threading.Thread(target=time.sleep, args=(60,)).start()",
    "stubborn": "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
}


@pytest.mark.parametrize("source", BOMBS.values(), ids=BOMBS)
def test_a_bomb_in_a_cell_costs_that_cell_only(source, before):
    start = time.monotonic()
    result = run(source, "def f(x):\n    return x", seconds=2.0)
    assert is_whole(result, "f") and is_whole(result)
    assert time.monotonic() - start < 30
    assert not before()


@pytest.mark.parametrize("source", BOMBS.values(), ids=BOMBS)
def test_a_bomb_in_a_function_costs_its_exercise_only(source, before):
    body = "\n".join("    " + line for line in source.split("\n"))
    assert is_whole(run(f"def f(x):\n{body}", seconds=2.0))
    assert not before()


def test_a_background_process_does_not_outlive_its_grading():
    marker = f"sleep-{os.getpid()}"
    start = (
        "import subprocess\nsubprocess.Popen(['/bin/sh', '-c', "
        f"'exec -a {marker} sleep 300 || sleep 300 # {marker}'], start_new_session=True)"
    )
    run(start, "def f(x):\n    return x")
    assert not [p for p in psutil.process_iter(["cmdline"]) if marker in str(p.info["cmdline"])]


FORGERIES = {
    "garbage": "os.write(fd, os.urandom(1000))",
    "endless garbage": "[os.write(fd, bytes(10**6)) for _ in range(10**3)]",
    "a huge claim": f"os.write(fd, {HEADER.pack(0, 5, 2**32 - 1)!r} + b'x')",
    "an unknown kind": f"os.write(fd, {HEADER.pack(200, 2, 0)!r} + b'[]')",
    "a head of the wrong shape": f"os.write(fd, {HEADER.pack(0, 2, 0)!r} + b'[]')",
    "ends of cells that are yet to come": f"os.write(fd, {HEADER.pack(1, 3, 0)!r} + b'[9]')",
}


@pytest.mark.parametrize("forgery", FORGERIES.values(), ids=FORGERIES)
def test_forgeries_in_the_pipe_do_not_hold_up_or_break_the_grader(forgery):
    source = "import os\nfor fd in range(3, 40):\n    try:\n"
    source += f"        {forgery}\n    except OSError: pass\ndef f(x):\n    return x"
    start = time.monotonic()
    result = run(source, seconds=2.0)
    assert list(result.found) == ["f", "g"]
    assert time.monotonic() - start < 30


def test_frames_that_can_be_read_past_cost_nothing():
    frames = HEADER.pack(0, 2, 0) + b"[]" + HEADER.pack(1, 4, 0) + b"null"
    assert is_whole(run(f"import os\nos.write(3, {frames!r})", "def f(x):\n    return x"))
