"""Work done once: evidence kept by content, on disk; and the latest results, in memory."""

import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from autograder.grading.execute import Execution, Job, execute

SAID = "said.json"  # names of evidence and models, errors, and what was noticed


class Recent:
    """The latest few results of some work, by key."""

    def __init__(self, size: int) -> None:
        self._size, self._results = size, {}

    def get(self, key: Any, work: Callable[[], Any]) -> Any:
        if key not in self._results:
            self._results[key] = work()
            if len(self._results) > self._size:
                del self._results[next(iter(self._results))]
        return self._results[key]


def path_of(job: Job, folder: Path) -> Path:
    """Where the execution of a job is kept."""
    return folder / f"{job.digest}.zip"


def cached(job: Job, folder: Path) -> Execution:
    """The kept execution of this very job, or a new one, which is then kept."""
    kept = path_of(job, folder)
    if not kept.is_file():
        keep(execute(job), kept)
    return load(kept)


def load(kept: Path) -> Execution:
    """An execution from its file."""
    with zipfile.ZipFile(kept) as archive:
        said = json.loads(archive.read(SAID))
        evidence, models = (
            {name: archive.read(f"{kind}/{index}") for index, name in enumerate(said[kind])}
            for kind in ("evidence", "models")
        )
    return Execution(evidence, said["errors"], tuple(said["noticed"]), models)


def keep(execution: Execution, kept: Path) -> None:
    """Write an execution whole or not at all.

    Names of evidence may be a student's invention, so that they are never made into paths.
    """
    kept.parent.mkdir(parents=True, exist_ok=True)
    contents = {"evidence": execution.evidence, "models": execution.models}
    said = {kind: list(named) for kind, named in contents.items()}
    with (
        NamedTemporaryFile(dir=kept.parent, prefix=".new-", delete=False) as temporary,
        zipfile.ZipFile(temporary, "w") as archive,
    ):
        said |= {"errors": execution.errors, "noticed": execution.noticed}
        archive.writestr(SAID, json.dumps(said))
        for kind, named in contents.items():
            for index, data in enumerate(named.values()):
                archive.writestr(f"{kind}/{index}", data)
    os.replace(temporary.name, kept)
