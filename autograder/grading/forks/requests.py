"""What the grader asks of the zygote: typed requests, as JSON on a socket."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from autograder.grading.sandbox.confinement import Confinement


@dataclass(frozen=True)
class Step:
    """One step of a kernel: a cell's text, or the exercise whose check runs there instead."""

    index: int  # in the job
    text: str
    check: str | None = None
    cell: str = ""  # its id in the notebook


@dataclass(frozen=True)
class PlannedCheck:
    """All that a kernel must know to run an exercise's check: no key is among it."""

    exercise: str
    subject: str  # what it looks up in the student's namespace
    text: str  # of the cases, from `checks.py`
    seeds: Sequence[int]


@dataclass(frozen=True)
class ReaderRequest:
    """Read one model file, whose descriptor comes along."""

    confinement: Confinement | None


@dataclass(frozen=True)
class CellsRequest:
    """Run cells and checks; `written` are the endings of model files to send back at the end."""

    confinement: Confinement | None
    environment: dict[str, str]
    steps: Sequence[Step]
    given: str  # the source without its solutions
    checks: Sequence[PlannedCheck]
    written: dict[str, str] = field(default_factory=dict)


Request = ReaderRequest | CellsRequest


def to_bytes(request: Request) -> bytes:
    """A request for the socket."""
    return json.dumps([type(request).__name__, asdict(request)]).encode()


def from_bytes(data: bytes) -> Request:
    """The request that a grader sent."""
    kind, fields = json.loads(data)
    bounds = fields.pop("confinement")
    confinement = None if bounds is None else _confinement(bounds)
    if kind == ReaderRequest.__name__:
        return ReaderRequest(confinement)
    fields["steps"] = [Step(**step) for step in fields["steps"]]
    fields["checks"] = [PlannedCheck(**check) for check in fields["checks"]]
    return CellsRequest(confinement, **fields)


def _confinement(fields: dict[str, Any]) -> Confinement:
    paths = {name: tuple(fields[name]) for name in ("readable", "hidden")}
    return Confinement(**{**fields, **paths})
