"""What a system wrote before each student's work; by it, it knows later whose an answer is."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from autograder.course.collecting.versions import Version
from autograder.files import write_whole

KEPT = "origins.json"  # beside an assignment's archive of downloads


@dataclass(frozen=True)
class Origin:
    """The system, and the beginning of a name, or the folder, that it made for a submission."""

    system: str
    front: str


def keep_origins(found: Mapping[str, Mapping[str, Sequence[Version]]], path: Path) -> None:
    """Write down where the last notebook of every student came from; other files say less."""
    origins = {student: asdict(_origin(files)) for student, files in found.items()}
    write_whole(path, json.dumps(origins, indent=1, ensure_ascii=False))


def read_origins(path: Path) -> dict[str, Origin]:
    """By student, what was kept at the last collection; empty where nothing was."""
    if not path.is_file():
        return {}
    kept = json.loads(path.read_text(encoding="utf-8"))
    return {student: Origin(**of) for student, of in kept.items()}


def _origin(files: Mapping[str, Sequence[Version]]) -> Origin:
    versions = [version for each in files.values() for version in each]
    last = max(versions, key=lambda version: (_is_notebook(version), *version.order))
    export = last.reading.export
    return Origin(export.system, export.front[-1] if export.front else "")


def _is_notebook(version: Version) -> bool:
    return version.reading.file.endswith(".ipynb")
