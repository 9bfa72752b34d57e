"""The floor: the same cells in bare IPython shells, forked from a process that is warm.

No kernel, no sandbox, no nbgrader, no verdicts. Started by the benchmark in a process of its own
with jobs on its standard input; prints the seconds from the first fork to the end of the last.
"""

import os
import sys
import time

from autograder.grading.forks.messages import Message, encode
from autograder.grading.forks.requests import CellsRequest, from_bytes
from autograder.grading.forks.zygote import preload


def main() -> None:
    """Run every job, so many at a time."""
    at_once = int(sys.argv[1])
    requests = map(from_bytes, sys.stdin.buffer.readlines())
    jobs = [request for request in requests if isinstance(request, CellsRequest)]
    preload()
    begin = time.monotonic()
    running = 0
    for job in jobs:
        if running == at_once:
            os.wait()
            running -= 1
        running += 1
        if os.fork() == 0:
            run_job(job)
            os._exit(0)
    for _ in range(running):
        os.wait()
    print(time.monotonic() - begin)


def run_job(request: CellsRequest) -> None:
    """What the kit executes for one submission, with its output and evidence thrown away."""
    from autograder import check
    from autograder.checks.checker import Silent
    from autograder.grading.forks.cells import Shell, run_steps
    from autograder.grading.forks.recorder import Recorder

    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    check.runner = Silent()
    recorder = Recorder(request.given, request.checks, _drop)
    run_steps(request.steps, Shell.instance(), recorder, _drop)


def _drop(message: Message) -> None:
    encode(message)  # as it would be sent


if __name__ == "__main__":
    main()
