"""This machine: what its sandbox allows, how fast it grades; a sample class to try it with."""

from argparse import Namespace

from autograder.commands.shared import Commands, number
from autograder.settings import Course

UNSAFE = "grading refuses to start; with --no-sandbox student code runs as you do, with your files"


def add(commands: Commands) -> None:
    """A sample of a class, and measurements."""
    doctor = commands.add_parser(
        "doctor", help="say which layers of the sandbox this machine allows"
    )
    doctor.set_defaults(run=run_doctor)

    bench = commands.add_parser("bench", help="time grading beside nbgrader; write BENCHMARK.md")
    bench.set_defaults(run=run_bench)
    bench.add_argument("assignment")
    bench.add_argument(
        "--students",
        type=number,
        nargs="+",
        default=[20, 200],
        metavar="N",
        help="sizes of classes; default: 20 200",
    )
    bench.add_argument(
        "--stock-students",
        type=number,
        default=20,
        metavar="N",
        help="so many with nbgrader, scaled; default: 20",
    )

    sample = commands.add_parser("sample", help="make a class of sample submissions")
    sample.set_defaults(run=run_sample)
    sample.add_argument("assignment")


def run_doctor(course: Course, options: Namespace) -> int:
    """Say which layers of the sandbox there are."""
    from autograder.grading.execute import confinement
    from autograder.grading.sandbox.doctor import layers

    found = list(layers(confinement((str(course.root),))))
    for layer in found:
        mark = "✗" if layer.problem else "✓"
        print(f"{mark} {layer.name}: keeps student code from {layer.keeps_from}")
        if layer.problem:
            print(f"  {layer.problem}\n  without it: {layer.without}\n  to do: {layer.remedy}")
    if any(layer.problem for layer in found):
        print(UNSAFE)
        return 1
    return 0


def run_sample(course: Course, options: Namespace) -> int:
    """Write a class of sample submissions."""
    from autograder.course.lock import alone
    from autograder.course.release import release
    from autograder.course.sample import DUE, write_class

    with alone(course, f"sample {options.assignment}"):
        release(course, options.assignment, DUE.replace(tzinfo=None))
        count = write_class(course, options.assignment)
    print(f"{count} sample submissions in build/submitted")
    return 0


def run_bench(course: Course, options: Namespace) -> int:
    """Measure, and write BENCHMARK.md."""
    from autograder.bench.bench import bench

    table = bench(course, options.assignment, options.students, options.stock_students)
    (course.root / "BENCHMARK.md").write_text(table, encoding="utf-8")
    print(table)
    return 0
