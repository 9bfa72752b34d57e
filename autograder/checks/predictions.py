"""Predictions: answers in a text file, compared with right ones that only graders have."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.checks.artefact import judged_by_tiers
from autograder.checks.language import _
from autograder.checks.model_file import ModelError, contents, handed_in_files
from autograder.checks.verdict import Verdict

MAX_TEXT = 1_000_000  # bytes of a file


@dataclass(frozen=True)
class Predictions:
    """A text file `<student id>_<name>_<ending>.txt` with an answer on each line, and its score.

    `answers` names the file with the right ones, which lies beside the source and is never shipped.
    The share of right lines, rounded half up to two decimals, decides: `tiers` say from which share
    on how many points it earns.
    """

    ending: str
    count: int  # of questions
    answers: str
    tiers: Sequence[tuple[float, float]]

    def measure(self, predictions: Sequence[str], answers: Sequence[str]) -> dict[str, float]:
        """The share of answers that are right. Raises ModelError for another number of them."""
        self.refuse_another_number(predictions)
        right = sum(said == wanted for said, wanted in zip(predictions, answers, strict=True))
        return {"accuracy": right / self.count}

    def refuse_another_number(self, predictions: Sequence[str]) -> None:
        """Raise ModelError where there are not as many as questions."""
        if len(predictions) != self.count:
            said = _("has {lines} lines for {count} questions")
            raise ModelError(said.format(lines=len(predictions), count=self.count))

    def judge(self, exercise: str, max_score: float, measures: Mapping[str, float]) -> Verdict:
        """The verdict on a share; passed from the first tier on."""
        return judged_by_tiers(self.tiers, exercise, max_score, measures)


def prediction_files(folder: Path, ending: str) -> list[Path]:
    """The files `<student id>_<name>_<ending>.txt` of a folder, oldest first."""
    return handed_in_files(folder, ending, "txt")


def no_predictions(ending: str) -> str:
    """What is said where a folder has none."""
    return _("no file …_{ending}.txt beside the notebook").format(ending=ending)


def own_predictions(predictions: Predictions) -> str:
    """What the newest file beside the notebook is, in words. Raises ModelError.

    Whether its answers are right, graders alone can say.
    """
    files = prediction_files(Path.cwd(), predictions.ending)
    if not files:
        raise ModelError(no_predictions(predictions.ending))
    try:
        predictions.refuse_another_number(read_predictions(contents(files[-1])))
    except ModelError as error:
        raise ModelError(f"{files[-1].name} {error}") from None
    said = _("{file}: {count} answers, to be graded when handed in")
    return said.format(file=files[-1].name, count=predictions.count)


def read_predictions(data: bytes) -> list[str]:
    """The lines of a file, without spaces around them. Raises ModelError.

    Lines end as any system ends them; a mark at the beginning that says UTF-8 is passed over.
    """
    if len(data) > MAX_TEXT:
        raise ModelError(_("is larger than {most} MB").format(most=MAX_TEXT // 10**6))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ModelError(_("is no text in UTF-8")) from None
    lines = text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").split("\n")
    return [line.strip() for line in lines]
