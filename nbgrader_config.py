"""The course's configuration, for nbgrader, formgrader and `python -m autograder` alike."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

root = Path(__file__).resolve().parent
# nbgrader starts alembic by name to make a new gradebook
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])

c = get_config()  # noqa: F821

c.CourseDirectory.course_id = "deep_learning"
c.CourseDirectory.root = str(root)
c.CourseDirectory.source_directory = "build/source"
c.CourseDirectory.release_directory = "notebooks"
c.CourseDirectory.submitted_directory = "build/submitted"
c.CourseDirectory.autograded_directory = "build/autograded"
c.CourseDirectory.feedback_directory = "build/feedback"
c.CourseDirectory.db_url = f"sqlite:///{root / 'build' / 'gradebook.db'}"
# For several graders at once: "postgresql+psycopg://user:password@host/gradebook", with the extra
# [postgres] installed.

# Model files are read where they were handed in, and feedback holds no copies of them.
c.GenerateFeedbackApp.CourseDirectory.ignore = [
    *(".ipynb_checkpoints", "*.pyc", "__pycache__", "feedback"),  # nbgrader's own
    *("*.pth", "*.safetensors"),
]

c.ClearSolutions.code_stub = {"python": "# TODO: your code here\nraise NotImplementedError"}

# Each step below that is the autograder's is for one kind of assignment: the kit's, which have a
# source under solutions/, or ordinary ones, which go nbgrader's own way unchanged.
#
# The kit's hidden tests and model answers leave the notebook before anything reaches the gradebook,
# so that neither autograded notebooks nor feedback can show them.
c.GenerateAssignment.preprocessors = [
    "nbgrader.preprocessors.IncludeHeaderFooter",
    "autograder.grading.steps.by_kind.InstantiateTests",
    "nbgrader.preprocessors.LockCells",
    "nbgrader.preprocessors.ClearSolutions",
    "nbgrader.preprocessors.ClearOutput",
    "autograder.grading.steps.by_kind.ClearHiddenTests",  # the kit's
    "autograder.grading.steps.by_kind.ClearMarkScheme",  # the kit's
    "nbgrader.preprocessors.CheckCellMetadata",
    "nbgrader.preprocessors.ComputeChecksums",
    "nbgrader.preprocessors.SaveCells",
    "nbgrader.preprocessors.ClearHiddenTests",
    "nbgrader.preprocessors.ClearMarkScheme",
    "nbgrader.preprocessors.ComputeChecksums",
    "nbgrader.preprocessors.CheckCellMetadata",
]
c.Autograde.exporter_class = "autograder.grading.steps.exporter.TolerantExporter"
c.Autograde.sanitize_preprocessors = [
    "autograder.grading.steps.drop_files.DropLinks",
    "autograder.grading.steps.by_kind.ClearOutput",
    "autograder.grading.steps.by_kind.DeduplicateIds",
    "autograder.grading.steps.preprocessors.Repair",
    "nbgrader.preprocessors.OverwriteKernelspec",
    "autograder.grading.steps.by_kind.OverwriteCells",
    "autograder.grading.steps.by_kind.CheckCellMetadata",
]
c.Autograde.autograde_preprocessors = [
    "autograder.grading.steps.by_kind.Execute",
    "autograder.grading.steps.preprocessors.Verify",
    "nbgrader.preprocessors.IgnorePattern",
    "nbconvert.preprocessors.ClearMetadataPreprocessor",
    "nbgrader.preprocessors.LimitOutput",
    "autograder.grading.steps.by_kind.SaveAutoGrades",
    "autograder.course.marks.SaveAutoGrades",
    "autograder.course.late_policy.AssignLatePenalties",
    "autograder.grading.pages.outputs.HarmlessOutputsOfKit",
    "autograder.grading.steps.preprocessors.ShowMarkingSchemes",
    "autograder.grading.steps.drop_files.DropPages",
    "autograder.grading.steps.by_kind.CheckCellMetadata",
]
# of the kit's assignments a page of its own
c.GenerateFeedback.exporter_class = "autograder.course.feedback.FeedbackExporter"
c.GenerateFeedback.preprocessors = [
    "autograder.grading.pages.outputs.HarmlessOutputs",
    "nbgrader.preprocessors.GetGrades",
    "autograder.course.late_policy.LateScore",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
]

# Nothing of a student's runs, or loads from elsewhere, in feedback and in the formgrader: what they
# wrote goes through allow-lists, in the place of nbconvert's filters, and the pages have a
# content-security policy.
pages = Path(find_spec("autograder").submodule_search_locations[0]) / "grading/pages"
c.HTMLExporter.template_file = str(pages / "page.html.j2")
c.HTMLExporter.preprocessors = ["autograder.grading.pages.outputs.HarmlessOutputs"]
c.HTMLExporter.sanitize_html = True
c.HTMLExporter.filters = {
    "markdown2html": "autograder.grading.pages.filters.markdown2html",
    "clean_html": "autograder.grading.pages.filters.clean_html",
    "highlight_code": "autograder.grading.pages.filters.highlight_code",
    "ansi2html": "autograder.grading.pages.filters.coloured",
    "strip_files_prefix": "autograder.grading.pages.filters.strip_files_prefix",
    "behind_policy": "autograder.grading.pages.policy.behind_policy",
}

# `nbgrader zip_collect` takes what learning-management systems export and students' own names for
# their files, <student id>_<name>_lab3.ipynb; `c.LmsExtractor.words = {"attention": "lab2"}` gives
# an assignment another word. The zone is the course's: of times in exports that have none, of due
# dates, and of the clock that days late are counted by.
c.ZipCollectApp.downloaded_directory = "build/downloaded"
c.ZipCollectApp.force = True  # nothing is lost: what is not newer is left alone
c.ZipCollectApp.extractor_plugin = "autograder.course.collecting.plugins.LmsExtractor"
c.ZipCollectApp.collector_plugin = "autograder.course.collecting.plugins.LmsCollector"
c.LmsExtractor.word = "lab3"
c.LmsExtractor.words = {"addsub_transformer": "lab3"}
# c.LmsExtractor.timezone = "Asia/Shanghai"

# Points off an assignment's total for each day late, begun or whole; `percent_per_day` is a share
# of its points, and `points_per_hour`, `percent_per_hour` count hours. The first `grace_minutes` do
# not count; `maximum` (points) and `maximum_percent` limit what lateness costs; what comes later
# than `cutoff_hours` after the due date earns nothing. Extensions count (`autograder extend`).
# `c.LatePolicy.assignments = {"attention": {"points_per_hour": 1}}` makes exceptions.
c.AssignLatePenalties.plugin_class = "autograder.course.late_policy.LatePolicy"
c.LatePolicy.points_per_day = 10
c.LatePolicy.grace_minutes = 0

# Exercises and written answers that count for nobody ("drop"), in full for everybody who handed in
# ("full"), or beyond the points that there are ("bonus"; with "bonus_limit": 0 only to make up for
# lost points, with 5 up to five points above). It may be changed after grading: nothing runs again.
# c.Counting.assignments = {"attention": {"drop": ["max_pool"], "bonus": ["encodings"]}}
c.ExportApp.plugin_class = "autograder.course.exporting.nbgraders.ScoresExport"

# An exercise is not built with fewer known mistakes than this.
c.Course.wanted_mistakes = 8

# For the links on Colab and Kaggle; without them notebooks have no badges.
# c.Course.repository = "owner/name"
# c.Course.wheel_url = "https://example.org/coursework_kit-0.2.0-py3-none-any.whl"
