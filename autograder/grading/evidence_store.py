"""Evidence kept by content: a file for each notebook's cells, and one for each model file.

In a file each exercise stands apart: a changed check makes its own evidence old, and no other.
"""

import json
import zipfile
from collections.abc import Collection
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

from autograder.files import PRIVATE, write_whole
from autograder.grading.jobs import Execution, Found, Job

INDEX = "index.json"


@dataclass
class _Kept:
    """What a file holds: by exercise, the hash that its evidence was found under, and it."""

    hashes: dict[str, str] = field(default_factory=dict)
    found: dict[str, Found] = field(default_factory=dict)
    noticed: tuple[str, ...] = ()
    failures: dict[int, str] = field(default_factory=dict)

    def add(self, other: "_Kept") -> None:
        """Take over what another one holds."""
        self.hashes |= other.hashes
        self.found |= other.found
        self.noticed = tuple(dict.fromkeys([*self.noticed, *other.noticed]))
        self.failures = other.failures | self.failures


class EvidenceStore:
    """A folder of executions; those that are not certain are forgotten with this object."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._uncertain: dict[str, _Kept] = {}  # by a job's digest

    def missing(self, job: Job) -> Job | None:
        """The part of a job that has to be executed; None where all of it was."""
        hashes = self._read(job).hashes
        new = {name for name, digest in job.exercises.items() if hashes.get(name) != digest}
        return job.only(new) if new else None

    def load(self, job: Job) -> Execution:
        """What was found for a job of which nothing is missing."""
        kept = self._read(job)
        found = {name: kept.found[name] for name in job.exercises}
        certain = job.digest not in self._uncertain
        return Execution(found, kept.noticed, kept.failures, certain)

    def keep(self, job: Job, execution: Execution) -> None:
        """Add what was found of a job, of all its exercises or of some, whole or not at all."""
        hashes, kept_under = job.exercises, job.kept_under
        if not execution.certain:
            of_these = {name: hashes[name] for name in execution.found}
            kept = _Kept(of_these, {**execution.found}, execution.noticed, dict(execution.failures))
            self._uncertain[job.digest] = kept
            return
        self._uncertain.pop(job.digest, None)
        for digest in {kept_under[name] for name in execution.found}:
            found = {name: it for name, it in execution.found.items() if kept_under[name] == digest}
            kept = _read(self._path(digest))
            kept.add(_Kept({name: hashes[name] for name in found}, found))
            if digest == job.digest:
                kept.add(_Kept(noticed=execution.noticed, failures=dict(execution.failures)))
            _write(self._path(digest), kept)

    def prune(self, digests: Collection[str]) -> None:
        """Delete what is kept under other digests than these."""
        for path in self.folder.glob("*.zip"):
            if path.stem not in digests:
                path.unlink(missing_ok=True)

    def _read(self, job: Job) -> _Kept:
        """All that is kept of a job."""
        kept = _Kept()
        kept.add(self._uncertain.get(job.digest, _Kept()))
        for digest in {job.digest, *job.kept_under.values()}:
            kept.add(_read(self._path(digest)))
        return kept

    def _path(self, digest: str) -> Path:
        return self.folder / f"{digest}.zip"


def _read(path: Path) -> _Kept:
    """What a file holds; one that is damaged, or of another version of the kit, is deleted."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return _Kept()
    try:
        return _whole(content)
    except Exception:  # whatever damage provokes
        path.unlink(missing_ok=True)
        return _Kept()


def _whole(content: bytes) -> _Kept:
    kept = _Kept()
    with zipfile.ZipFile(BytesIO(content)) as archive:
        index = json.loads(archive.read(INDEX))
        kept.noticed = tuple(index["noticed"])
        kept.failures = {int(at): str(error) for at, error in index["failures"]}
        for name, said in index["exercises"].items():
            kept.hashes[name] = said["hash"]
            cases = {(probe, at): archive.read(entry) for probe, at, entry in said["cases"]}
            model = archive.read(said["model"]) if said["model"] else None
            kept.found[name] = Found(cases, model, said["error"])
    return kept


def _write(path: Path, kept: _Kept) -> None:
    """Names of evidence may be a student's invention, so that they are never made into paths."""
    index: dict[str, dict[str, object]] = {}
    content = BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, found in kept.found.items():
            prefix = str(len(index))
            cases = []
            for at, ((probe, seed), data) in enumerate(found.cases.items()):
                archive.writestr(f"{prefix}/{at}", data)
                cases.append([probe, seed, f"{prefix}/{at}"])
            if found.model is not None:
                archive.writestr(f"{prefix}/model", found.model)
            index[name] = {
                "hash": kept.hashes[name],
                "cases": cases,
                "model": None if found.model is None else f"{prefix}/model",
                "error": found.error,
            }
        failures = [*kept.failures.items()]
        said = {"noticed": kept.noticed, "failures": failures, "exercises": index}
        archive.writestr(INDEX, json.dumps(said))
    write_whole(path, content.getvalue(), PRIVATE)
