"""What runs in Gradescope's container: one submission, from `submission/` to `results.json`.

Containers there seldom allow a sandbox. Then student code runs as a user who may read neither the
course nor the results, which root alone can; and where the grader is not root, it does not run.
Source: "Autograder Specifications", Gradescope's documentation.
"""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from traitlets.config import Config

from autograder.errors import ToldError
from autograder.files import write_whole
from autograder.grading.execute import confinement
from autograder.grading.forks.zygote_client import zygote
from autograder.grading.formats import gradescope_results
from autograder.grading.repair.reading import SubmissionError
from autograder.grading.sandbox.doctor import layers
from autograder.grading.submission import Grader
from autograder.settings import Course, find_course

NOBODY = 65534
CLOSED = 0o700
COURSE, SUBMISSION, RESULTS = "source/course", "submission", "results"
NO_SANDBOX = "no sandbox: student code ran as another user, with network and without limits"


class UnsafeError(ToldError):
    """A container in which students could read the answers."""


def main() -> int:
    """Grade what was handed in; `--prepare` makes the hidden key, while the image is built."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("root", type=Path)
    parser.add_argument("--prepare", action="store_true")
    options = parser.parse_args()
    course = find_course(options.root / COURSE)
    (assignment,) = course.assignments()
    if options.prepare:
        Grader(course, assignment)
        return 0
    try:
        results = grade(options.root, course, assignment)
    except ToldError as error:  # without results Gradescope says that the autograder failed
        print(f"autograder: {error}", file=sys.stderr)
        return 1
    path = options.root / RESULTS / "results.json"
    write_whole(path, json.dumps(results, indent=2, ensure_ascii=False))
    return 0


def grade(root: Path, course: Course, assignment: str) -> dict[str, Any]:
    """The content of results.json. Raises UnsafeError, and what a Grader raises."""
    said = confine(root, course)
    try:
        path = find_notebook(root / SUBMISSION, assignment)
        grader = Grader(course, assignment)
        results = gradescope_results(grader.submission(path).graded)
        by_hand = [
            f"{name}: graded by hand, {points:g} points"
            for name, points in grader.verifier.key.written.items()
        ]
        results["output"] = "\n".join(filter(None, [results["output"], *by_hand]))
    except SubmissionError as error:
        results = {"score": 0.0, "output": str(error).removeprefix(f"{root / SUBMISSION}/")}
    return {**results, "stdout_visibility": "hidden", "extra_data": {"confinement": said}}


def confine(root: Path, course: Course) -> str:
    """See to it that student code can read no answer; in what way, for instructors.

    Raises UnsafeError.
    """
    missing = [layer for layer in layers(confinement((str(course.root),))) if layer.problem]
    if not missing:
        zygote()  # it imports what kernels need, while the grader reads
        return "sandbox"
    if os.geteuid() != 0:
        raise UnsafeError(f"no sandbox ({missing[0].problem}), and the grader is not root")
    for folder in (root / COURSE, root / RESULTS):
        folder.chmod(CLOSED)
    course.update_config(Config({"Course": {"sandbox": False}}))
    zygote(user=NOBODY)
    print(f"{NO_SANDBOX} ({missing[0].problem})")
    return NO_SANDBOX


def find_notebook(folder: Path, assignment: str) -> Path:
    """The notebook that was handed in, whatever it is called. Raises SubmissionError."""
    inside = folder.resolve()
    found = [
        path
        for path in sorted(folder.rglob("*.ipynb"))
        if path.is_file() and not path.is_symlink() and path.resolve().is_relative_to(inside)
        if not any(part.startswith((".", "__MACOSX")) for part in path.relative_to(folder).parts)
    ]
    proper = [path for path in found if assignment in path.stem] if found[1:] else found
    if len(proper) != 1:
        names = ", ".join(str(path.relative_to(folder)) for path in found) or "none"
        raise SubmissionError(f"hand in one notebook, {assignment}.ipynb (there: {names})")
    return proper[0]


if __name__ == "__main__":
    sys.exit(main())
