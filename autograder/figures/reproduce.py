"""`autograder reproduce`: every figure that is missing, and the page of all."""

import sys
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from autograder.figures.declared import read_runs
from autograder.figures.page import PAGE, page
from autograder.figures.running import Done, Task, keep, results, tasks
from autograder.files import write_whole
from autograder.settings import Course, SettingsError


def wanted(
    course: Course, assignments: Sequence[str], runs: Sequence[str], *, again: bool
) -> list[Task]:
    """What is to be done, of these assignments (all where none is named) and of these runs.

    Raises SettingsError for a name that is none.
    """
    folders = [course.source_path(name).parent for name in assignments or course.assignments()]
    known = {name for folder in folders for name in read_runs(folder)}
    if unknown := [name for name in runs if name not in known]:
        raise SettingsError(f"no run {unknown[0]!r} (there: {', '.join(sorted(known))})")
    found = [task for folder in folders for task in tasks(folder, again=again)]
    return [task for task in found if not runs or task.run in runs]


def show(todo: Sequence[Task]) -> None:
    """List what is to be done, with the time it took before."""
    for task in todo:
        print(f"{task}  about {task.expected:.0f} s")
    minutes = sum(task.expected for task in todo) / 60
    print(f"{len(todo)} runs to do, about {minutes:.0f} minutes of processor time")


def reproduce(course: Course, todo: Sequence[Task], workers: int) -> int:
    """Do it, keep each result as soon as it is there, and write the page; 1 where a run failed."""
    failed = 0
    total = round(sum(task.expected for task in todo))
    with tqdm(total=total, unit="s", file=sys.stderr, disable=not todo or None) as bar:
        for done in results(todo, course.build / "figures", workers, bar.set_postfix_str):
            bar.update(round(done.task.expected))
            bar.write(_line(done), file=sys.stdout)
            failed += bool(done.error)
            if not done.error:
                keep(done)
    path = write_page(course)
    print(f"{len(todo) - failed} runs done, {failed} failed; {path.name} is written")
    return 1 if failed else 0


def write_page(course: Course) -> Path:
    """Write the table of all assignments."""
    write_whole(course.root / PAGE, page_of(course))
    return course.root / PAGE


def page_of(course: Course) -> str:
    """The text of the table of all assignments."""
    return page([course.source_path(name).parent for name in course.assignments()])


def _line(done: Done) -> str:
    if done.error:
        return f"{done.task}: {done.error}"
    return f"{done.task}: " + ", ".join(f"{row.figure} {row.value:.4g}" for row in done.rows)
