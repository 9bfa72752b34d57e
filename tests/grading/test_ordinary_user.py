"""Confinement holds for a grader who is not root, too; where the tests are root's, in his place."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow  # it starts two processes that import torch
SOMEBODY = "12345"
# A home that is closed to others, and holds this Python, is opened in a mount namespace.
BECOME = """
if [ -n "$CLOSED" ]; then
    mkdir "$TMPDIR/python"
    mount --bind "$PYTHON" "$TMPDIR/python"
    mount -t tmpfs -o mode=755 none "$CLOSED"
    mkdir -p "$PYTHON"
    mount --bind "$TMPDIR/python" "$PYTHON"
fi
exec setpriv --reuid "$SOMEBODY" --regid "$SOMEBODY" --clear-groups --inh-caps=-all "$@"
"""
GRADE = """
import json, sys
sys.path.insert(0, "tests/grading")
from small_jobs import a_check, evidence, job
from autograder.checks.evidence import from_bytes
from autograder.grading.execute import execute
checks = {"f": a_check("f", seeds=(5,))}
(found,) = evidence(execute(job(sys.argv[1], checks=checks))).values()
print(json.dumps(from_bytes(found).value))
"""
SPIES = {
    "user": "os.getuid()",
    "course": f"os.listdir({str(ROOT)!r})",
    "own files": f"open({str(ROOT / 'autograder/errors.py')!r}, 'a')",
    "keyrings": "libc.syscall(ctypes.c_long(250), 0, -3, 1), ctypes.get_errno()",
    "memory": "os.memfd_create('x')",
    "processes": "[it for it in os.listdir('/proc') if it.isdigit()]",
    "temporary": "__import__('tempfile').gettempdir()",
    "workers": "__import__('multiprocessing').get_context('fork').Pool(1).map(abs, [-2])",
}
SPY = f"""
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
def seen(expression):
    try:
        return repr(eval(expression))
    except Exception as error:
        return type(error).__name__
def f(x):
    return [seen(expression) for expression in {[*SPIES.values()]}]
"""


@pytest.fixture(scope="module")
def found():
    """What student code sees when somebody who is not root grades it, by what it looked for."""
    as_root = os.geteuid() == 0
    if as_root and not (shutil.which("unshare") and shutil.which("setpriv")):
        pytest.skip("root cannot be somebody else here")
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)
        become = ["unshare", "-m", "sh", "-ec", BECOME, "sh"] if as_root else []
        command = [*become, sys.executable, "-B", "-c", GRADE, SPY]
        done = subprocess.run(
            command, cwd=ROOT, env=_environment(folder), capture_output=True, text=True
        )
    assert done.returncode == 0, done.stderr
    return dict(zip(SPIES, json.loads(done.stdout), strict=True))


def _environment(folder):
    python = Path(sys.base_prefix)
    closed = [it for it in python.parents if not it.stat().st_mode & 0o001]
    mine = {"SOMEBODY": SOMEBODY, "PYTHON": str(python), "CLOSED": str((closed or [""])[-1])}
    return {**os.environ, **mine, "PYTHONPATH": str(ROOT), "TMPDIR": folder, "HOME": folder}


def test_it_is_nobody_outside(found):
    assert found["user"] == "0"


@pytest.mark.parametrize("what", ["course", "own files", "memory"])
def test_it_reaches_no_more_than_roots_does(found, what):
    assert found[what] in ("PermissionError", "FileNotFoundError", "OSError")


def test_it_has_no_keyrings(found):
    assert found["keyrings"] == "(-1, 38)"


def test_it_sees_itself_alone_and_can_work(found):
    assert found["processes"] == "['1']"
    assert found["temporary"] == "'/tmp'" and found["workers"] == "[2]"
