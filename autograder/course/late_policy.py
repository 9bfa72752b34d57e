"""The late policy: points off for each day or hour begun, on an assignment's total.

nbgrader asks for a penalty once, while autograding, and cuts it down to the score of that moment.
Written answers that are graded afterwards would then escape it. Here the gradebook holds what the
policy says, and whoever reads it subtracts: our tables, nbgrader's export and the pages.
"""

import math
from collections.abc import Iterable
from datetime import timedelta, tzinfo
from typing import Any

from nbformat import NotebookNode
from nbgrader import preprocessors
from nbgrader.api import Gradebook, SubmittedAssignment, SubmittedNotebook
from nbgrader.plugins import LateSubmissionPlugin
from nbgrader.preprocessors import NbGraderPreprocessor, latesubmissions
from traitlets import Dict, Float
from traitlets.config import Config

from autograder.course.clock import clock_seconds_late, zone_of
from autograder.course.counting import counting_of
from autograder.course.extensions import Extensions, extensions_of
from autograder.course.late_rules import RULES, LateRules
from autograder.course.rules import configured, known_of, table_of
from autograder.grading.steps.by_kind import course_of


class LatePolicy(LateSubmissionPlugin):
    """What lateness costs, as `c.LatePolicy.<name>`."""

    points_per_day = Float(0.0, help="Points off for each day late, begun or whole.").tag(
        config=True
    )
    percent_per_day = Float(
        0.0, help="The same in per cent of the assignment's points; both are added."
    ).tag(config=True)
    points_per_hour = Float(0.0, help="Points off for each hour late, in the place of days.").tag(
        config=True
    )
    percent_per_hour = Float(
        0.0, help="The same in per cent of the assignment's points; both are added."
    ).tag(config=True)
    grace_minutes = Float(0.0, help="Lateness that is not counted.").tag(config=True)
    maximum = Float(math.inf, help="The most points that lateness can cost.").tag(config=True)
    maximum_percent = Float(
        math.inf, help="The same in per cent of the assignment's points; the lower one counts."
    ).tag(config=True)
    cutoff_hours = Float(
        math.inf, help="What is handed in so many hours after the due date earns nothing."
    ).tag(config=True)
    assignments = Dict(
        help="Other rules for some assignments: {'attention': {'points_per_day': 5}}."
    ).tag(config=True)

    def rules(self, assignment: str) -> LateRules:
        """What an assignment's lateness costs. Raises SettingsError."""
        where = f"c.LatePolicy, {assignment}"
        own = table_of(where, self.assignments.get(assignment, {}), RULES)
        return LateRules.of(where, {name: getattr(self, name) for name in RULES}, own)

    def late_submission_penalty(
        self, student_id: str, score: float, total_seconds_late: float
    ) -> float:
        """nbgrader's question, which leaves the submission to be found at the step that asks."""
        step = self.parent
        return self.penalty_of(step.gradebook.find_submission(step.assignment_id, student_id))

    def penalty_of(self, submission: SubmittedAssignment) -> float:
        """Points off a submission, extensions taken into account; all points after the cutoff."""
        ways = counting_of(self.config).ways(submission.assignment.name)
        late = seconds_late(submission, submission.extension, zone_of(self.config))
        rules = self.rules(submission.assignment.name)
        return rules.lateness(late, ways.worth(submission.assignment)).penalty


def seconds_late(
    submission: SubmittedAssignment, extension: timedelta | None, zone: tzinfo | None
) -> float:
    """How late a submission is by the course's clock; 0 in time."""
    due, handed_in = submission.assignment.duedate, submission.timestamp
    if due is None or handed_in is None:
        return 0.0
    return max(0.0, clock_seconds_late(due, extension or timedelta(), handed_in, zone))


class AssignLatePenalties(preprocessors.AssignLatePenalties):
    """Enter the whole penalty, once for each assignment, however many notebooks it has.

    Other plugins' penalties are for one notebook, and cut down to its score, as ever. Extensions
    that were granted before there was a submission are entered first.
    """

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Enter extension and penalty."""
        of = resources["nbgrader"]
        with latesubmissions.Gradebook(of["db_url"]) as gradebook:
            submission = gradebook.find_submission(of["assignment"], of["student"])
            _extensions(self.config, of["assignment"]).enter(submission)
            gradebook.db.commit()
        return super().preprocess(nb, resources)

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
    step = configured(AssignLatePenalties, config)
    for student in () if issubclass(step.plugin_class, LatePolicy) else students:
        of = {"assignment": assignment, "notebook": assignment, "student": student}
        step(NotebookNode(cells=[]), {"nbgrader": {**of, "db_url": database}})


def policy_of(config: Config) -> LatePolicy | None:
    """The course's policy; none where another plugin decides. Raises SettingsError."""
    plugin = configured(AssignLatePenalties, config).plugin_class
    return configured(plugin, config) if issubclass(plugin, LatePolicy) else None


def settle(gradebook: Gradebook, assignment: str, config: Config) -> None:
    """Enter every extension and penalty anew: dates and rules may have changed since grading.

    Another plugin's penalties stay as they are. Raises SettingsError.
    """
    _refuse_unknown_assignments(gradebook, policy_of(config), config)
    settle_each(gradebook.assignment_submissions(assignment), assignment, config)
    gradebook.db.commit()


def settle_each(
    submissions: Iterable[SubmittedAssignment], assignment: str, config: Config
) -> None:
    """Enter extensions and penalties of some submissions; nothing is committed here."""
    policy, extensions = policy_of(config), _extensions(config, assignment)
    for submission in submissions:
        extensions.enter(submission)
        if policy is not None:
            enter_penalty(submission, policy.penalty_of(submission))


def _extensions(config: Config, assignment: str) -> Extensions:
    return extensions_of(course_of(config), assignment)


def _refuse_unknown_assignments(
    gradebook: Gradebook, policy: LatePolicy | None, config: Config
) -> None:
    """Raise SettingsError for rules of an assignment that nobody knows."""
    known = {*course_of(config).assignments(), *(each.name for each in gradebook.assignments)}
    for kind, of in (("LatePolicy", policy), ("Counting", counting_of(config))):
        for name in of.assignments if of else ():
            known_of(f"c.{kind}.assignments", name, known)
