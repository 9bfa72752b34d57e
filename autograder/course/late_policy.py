"""The late policy: points off for each day begun, on an assignment's total.

nbgrader asks for a penalty once, while autograding, and cuts it down to the score of that moment.
Written answers that are graded afterwards would then escape it. Here the gradebook holds what the
policy says, and whoever reads it subtracts: our tables, nbgrader's export and the pages.
"""

import math
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from nbformat import NotebookNode
from nbgrader import preprocessors
from nbgrader.api import Gradebook, SubmittedAssignment, SubmittedNotebook
from nbgrader.plugins import LateSubmissionPlugin
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Dict, Float, TraitError, validate
from traitlets.config import Config

from autograder.course.clock import clock_seconds_late, zone_of
from autograder.grading.pages.grades import Lateness

DAY = 86400
RULES = ("points_per_day", "percent_per_day", "grace_minutes", "maximum")


class LatePolicy(LateSubmissionPlugin):
    """What lateness costs, as `c.LatePolicy.<name>`."""

    points_per_day = Float(0.0, min=0, help="Points off for each day late, begun or whole.").tag(
        config=True
    )
    percent_per_day = Float(
        0.0, min=0, help="The same in per cent of the assignment's points; both are added."
    ).tag(config=True)
    grace_minutes = Float(0.0, min=0, help="Lateness that is not counted.").tag(config=True)
    maximum = Float(math.inf, min=0, help="The most points that lateness can cost.").tag(
        config=True
    )
    assignments = Dict(
        help="Other rules for some assignments: {'attention': {'points_per_day': 5}}."
    ).tag(config=True)

    @validate("assignments")
    def _known_rules(self, proposal: dict[str, Any]) -> Any:
        for assignment, rules in proposal["value"].items():
            if unknown := set(rules) - set(RULES):
                known = ", ".join(RULES)
                raise TraitError(f"c.LatePolicy: {assignment}: {unknown.pop()} is none of {known}")
        return proposal["value"]

    def penalty(self, assignment: str, seconds_late: float, points: float) -> float:
        """Points off for so many seconds after the due date, by the local clock.

        `points` is what the assignment is worth.
        """
        return self._counted(assignment, seconds_late, points).penalty

    def _counted(self, assignment: str, seconds_late: float, points: float) -> Lateness:
        rules = {name: getattr(self, name) for name in RULES} | self.assignments.get(assignment, {})
        counted = seconds_late - 60 * rules["grace_minutes"]
        days = max(0, math.ceil(counted / DAY))
        a_day = rules["points_per_day"] + rules["percent_per_day"] / 100 * points
        return Lateness(days, a_day, float(min(days * a_day, rules["maximum"])))

    def late_submission_penalty(
        self, student_id: str, score: float, total_seconds_late: float
    ) -> float:
        """nbgrader's question, which leaves the submission to be found at the step that asks."""
        step = self.parent
        return self.penalty_of(step.gradebook.find_submission(step.assignment_id, student_id))

    def penalty_of(self, submission: SubmittedAssignment) -> float:
        """Points off a submission, extensions taken into account."""
        return self.lateness(submission).penalty

    def lateness(self, submission: SubmittedAssignment) -> Lateness:
        """How the penalty of a submission comes about."""
        if submission.total_seconds_late <= 0:
            return Lateness()
        assignment, extension = submission.assignment, submission.extension or timedelta()
        late = clock_seconds_late(
            assignment.duedate, extension, submission.timestamp, zone_of(self.config)
        )
        return self._counted(assignment.name, late, assignment.max_score)


class AssignLatePenalties(preprocessors.AssignLatePenalties):
    """Enter the whole penalty, once for each assignment, however many notebooks it has.

    Other plugins' penalties are for one notebook, and cut down to its score, as ever.
    """

    def _check_late_penalty(self, notebook: SubmittedNotebook, penalty: float) -> float:
        if not isinstance(self.plugin_inst, LatePolicy):
            return super()._check_late_penalty(notebook, penalty)
        enter_penalty(notebook.assignment, 0.0)  # on the notebook that was graded last
        return penalty


class LateScore(NbGraderPreprocessor):
    """After nbgrader's GetGrades, which may have gone below 0."""

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Show a score of 0 where the penalty is larger than what was earned."""
        grades = resources["nbgrader"]
        short = max(0.0, -grades["score"])
        grades["score"] += short
        grades["late_penalty"] -= short
        return nb, resources


def enter_penalty(submission: SubmittedAssignment, penalty: float) -> None:
    """Put the penalty of a whole submission on one of its notebooks."""
    for notebook in submission.notebooks:
        notebook.late_submission_penalty, penalty = penalty, 0.0


def ask_plugin(database: str, assignment: str, students: Iterable[str], config: Config) -> None:
    """Enter the penalties of some submissions, committed, by nbgrader's step.

    Only where another plugin than the kit's decides. `database` is the gradebook's address.
    """
    step = AssignLatePenalties(config=config)
    for student in () if issubclass(step.plugin_class, LatePolicy) else students:
        of = {"assignment": assignment, "notebook": assignment, "student": student}
        step(NotebookNode(cells=[]), {"nbgrader": {**of, "db_url": database}})


def policy_of(config: Config) -> LatePolicy | None:
    """The course's policy; none where another plugin decides."""
    plugin = AssignLatePenalties(config=config).plugin_class
    return plugin(config=config) if issubclass(plugin, LatePolicy) else None


def settle(gradebook: Gradebook, assignment: str, config: Config) -> None:
    """Enter every penalty anew: due dates and extensions may have changed since grading.

    Another plugin's penalties stay as they are.
    """
    settle_each(gradebook.assignment_submissions(assignment), config)
    gradebook.db.commit()


def settle_each(submissions: Iterable[SubmittedAssignment], config: Config) -> None:
    """Enter the penalties of some submissions; nothing is committed here."""
    policy = policy_of(config)
    if policy is None:
        return
    for submission in submissions:
        enter_penalty(submission, policy.penalty_of(submission))
