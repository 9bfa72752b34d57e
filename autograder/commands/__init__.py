"""The commands of the command line: of each its arguments, and what it does.

What a command needs it imports when it runs: the list of all must not take seconds.
"""

import gc
from argparse import Namespace

from autograder.lasting import lasting
from autograder.settings import Course


def run(course: Course, options: Namespace) -> int:
    """Run the command that was asked for; its exit status."""
    with lasting():
        import torch

        gc.freeze()  # libraries stay: looking through them again and again is a fifth of a build
    torch.set_num_threads(1)  # probes are small: threads would only get in each other's way
    return int(options.run(course, options))
