"""Work done once: evidence kept by content, on disk; and the latest results, in memory."""

import json
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from autograder.grading.execute import Execution, Job, execute

ERRORS, NOTICED, MODELS = "errors", "noticed.json", "models"


class Recent:
    """The latest few results of some work, by key."""

    def __init__(self, size: int) -> None:
        self._size, self._results = size, {}

    def get(self, key: str, work: Callable[[], Any]) -> Any:
        if key not in self._results:
            self._results[key] = work()
            if len(self._results) > self._size:
                del self._results[next(iter(self._results))]
        return self._results[key]


def cached(job: Job, folder: Path) -> Execution:
    """The kept execution of this very job, or a new one, which is then kept."""
    kept = folder / job.digest
    if not kept.is_dir():
        keep(execute(job), kept)
    return load(kept)


def load(kept: Path) -> Execution:
    """An execution from its folder."""
    evidence = {file.stem: file.read_bytes() for file in kept.glob("*.safetensors")}
    errors = {file.name: file.read_text("utf-8") for file in (kept / ERRORS).iterdir()}
    noticed = tuple(json.loads((kept / NOTICED).read_text("utf-8")))
    models = {file.name: file.read_bytes() for file in (kept / MODELS).iterdir()}
    return Execution(evidence, errors, noticed, models)


def keep(execution: Execution, kept: Path) -> None:
    """Write an execution whole or not at all: into a folder beside it, then renamed."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=".new-", dir=kept.parent))
    (temporary / ERRORS).mkdir()
    (temporary / MODELS).mkdir()
    for name, data in execution.evidence.items():
        (temporary / f"{name}.safetensors").write_bytes(data)
    for name, text in execution.errors.items():
        (temporary / ERRORS / name).write_text(text, encoding="utf-8")
    for name, data in execution.models.items():
        (temporary / MODELS / name).write_bytes(data)
    (temporary / NOTICED).write_text(json.dumps(execution.noticed), encoding="utf-8")
    try:
        os.rename(temporary, kept)
    except OSError:  # another process kept the same job meanwhile
        shutil.rmtree(temporary)
