"""The floor: the same cells in bare IPython shells, forked from a process that is warm.

No kernel, no sandbox, no nbgrader, no verdicts. Started by the benchmark in a process of its own
with jobs on its standard input; prints the seconds from the first fork to the end of the last.
"""

import json
import os
import sys
import time
from typing import Any

from autograder.grading.kernels.zygote import preload


def main() -> None:
    """Run every job, so many at a time."""
    at_once, jobs = int(sys.argv[1]), json.load(sys.stdin)
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


def run_job(job: dict[str, Any]) -> None:
    """What the kit executes for one submission, with its output and evidence thrown away."""
    from autograder.grading.kernels.recorder import Plan, Recorder
    from autograder.grading.kernels.cells import Shell, run_cells

    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    recorder = Recorder(Plan(**job["plan"]), os.fdopen(nothing, "wb", buffering=0))
    recorder.replace_check()
    cells = [(index, *cell) for index, cell in enumerate(job["cells"])]
    run_cells(cells, Shell.instance(), recorder)


if __name__ == "__main__":
    main()
