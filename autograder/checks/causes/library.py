"""A library of wrong answers: what each makes of the visible probes, in a few numbers, and why.

The build runs some hundreds of wrong answers to each exercise with the first public seed. An answer
of a student's that makes the same of all probes is explained by their sentences.
"""

import base64
import zlib
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.checks.evidence import Evidence, Value
from autograder.checks.language import N_, _
from autograder.checks.sketch import arrays_in, form_of, numbers_of

CLOSE = 2e-5  # between the numbers of two sketches of the same; right answers differ by 1e-6
BESIDES = N_("The numbers, besides: ")
ROW = np.dtype([("numbers", "<f4", 4), ("form", "<u4")])
Row = tuple[np.ndarray, int]  # what an answer makes of a probe: numbers, and a hash of the form
Reason = tuple[int, ...]  # sentences that hold together
Reasons = tuple[Reason, ...]  # of which any may hold


@dataclass(frozen=True, eq=False)
class Library:
    """Wrong answers to one exercise, each a row for every column; the first is the right one.

    Of each probe there are two columns: for its answer and, where this is right, for what is tried
    besides.
    """

    made_from: str  # a hash
    probes: tuple[str, ...]
    rows: np.ndarray  # (R,) of ROW, each once
    answers: np.ndarray  # (A, 2 * len(probes)) which rows
    sentences: tuple[str, ...]
    reasons: tuple[Reasons, ...]  # of each answer; none of the right one

    def explanation(
        self,
        answer: Mapping[str, Evidence],
        laws: Mapping[str, str | None],
        failed: AbstractSet[str],
    ) -> str:
        """What is said of the wrong answer that this one is, by probe; empty where it is none.

        `laws` are what those of its probes say that have one. A wrong answer is not meant where a
        probe passes that it fails.
        """
        if any(probe not in answer for probe in self.probes):
            return ""
        rows = [
            row_of(answer[probe], laws[probe])
            for probe in self.probes
            for row_of in (value_row, tried_row)
        ]
        numbers, forms = self._same(np.array(rows, ROW))
        decided = self._decided(
            np.array([probe in failed for probe in self.probes]),
            np.array([bool(answer[probe].tried) for probe in self.probes]),
        )
        for found, before in ((forms, ""), (forms | self._telling(), _(BESIDES))):
            places = np.flatnonzero(np.where(decided, decided > 0, numbers & found).all(1))
            if places.size:
                return before + self.said(int(places[0]))
        return ""

    def _same(self, given: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where numbers are the same, and where the form is, by answer and column."""
        columns = np.arange(len(given))
        numbers = are_close(self.rows["numbers"][:, None], given["numbers"])
        forms = self.rows["form"][:, None] == given["form"]
        return numbers[self.answers, columns], forms[self.answers, columns]

    def _decided(self, failed: np.ndarray, tried: np.ndarray) -> np.ndarray:
        """What is known without comparing rows, by answer and column: 1 for same, -1 for not.

        `failed` are the probes that fail, `tried` those with which all else was tried.
        """
        wrong = self.answers != self.answers[0]
        value, besides = wrong[:, ::2], wrong[:, 1::2]
        decided = np.ones(wrong.shape, np.int8)
        decided[:, ::2] = np.where(failed, 0, np.where(value | besides, -1, 1))
        decided[:, 1::2][failed & ~value] = 0
        unknown = failed & ~value & ~tried
        decided[:, 1::2][unknown] = np.where(besides, -1, 1)[unknown]
        decided[[not reasons for reasons in self.reasons]] = -1
        return decided

    def _telling(self) -> np.ndarray:
        """Where the numbers of a wrong answer tell it, whatever their form is."""
        numbers = self.rows["numbers"]
        own = ~are_close(numbers[self.answers], numbers[self.answers[0]])
        return own & (np.abs(numbers[:, :2]).min(1) > CLOSE)[self.answers]

    def said(self, index: int) -> str:
        """The sentences of an answer."""
        return _(" Or: ").join(
            " ".join(self.sentences[number] for number in reason) for reason in self.reasons[index]
        )


def value_row(evidence: Evidence, law: str | None) -> Row:
    """What an answer makes of a probe, and what the probe's law says of it, if it has one."""
    if evidence.error is not None:
        return np.zeros(4), _hash(f"raised {evidence.error}")
    if law == "":  # it is content, whatever the numbers are
        return np.zeros(4), _hash(law)
    changed = "in place " if evidence.inputs_changed else ""
    return _sketch(evidence.value, changed + (law or ""))


def tried_row(evidence: Evidence, law: str | None) -> Row:
    """What came of what is tried besides; where a law judges, numbers are anybody's own."""
    found = evidence.tried.items()
    return _sketch({k: value for k, value in found if law is None or isinstance(value, str)})


def _sketch(value: Value, before: str = "") -> Row:
    with np.errstate(all="ignore"):
        numbers = numbers_of(value)
    numbers[3] = sum(_oddity(array.values) for array in arrays_in(value))
    return np.nan_to_num(numbers), _hash(before + form_of(value))


def _oddity(values: np.ndarray) -> float:
    """A number for the number of those that are not finite."""
    return (
        np.isnan(values).sum() + 1.5 * np.isposinf(values).sum() + 1.75 * np.isneginf(values).sum()
    )


def _hash(text: str) -> int:
    return zlib.crc32(text.encode())


def are_close(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Whether the numbers of sketches are the same but for rounding errors."""
    return (np.abs(a - b) <= CLOSE * (1 + np.abs(b))).all(-1)


def to_tree(library: Library) -> dict[str, Any]:
    """The library as JSON holds it."""
    return {
        "made_from": library.made_from,
        "probes": library.probes,
        "rows": base64.b64encode(library.rows.tobytes()).decode(),
        "answers": library.answers.tolist(),
        "sentences": library.sentences,
        "reasons": library.reasons,
    }


def from_tree(tree: Mapping[str, Any]) -> Library:
    """The library from `to_tree`. Raises LookupError, TypeError, ValueError."""
    probes = tuple(tree["probes"])
    rows = np.frombuffer(base64.b64decode(tree["rows"]), ROW)
    answers = np.array(tree["answers"], np.int64).reshape(-1, 2 * len(probes))
    reasons = tuple(tuple(map(tuple, reasons)) for reasons in tree["reasons"])
    if answers.max(initial=0) >= len(rows) or len(reasons) != len(answers):
        raise ValueError("answers without rows or reasons")
    return Library(tree["made_from"], probes, rows, answers, tuple(tree["sentences"]), reasons)
