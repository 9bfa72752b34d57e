"""Outputs of a notebook, as they were handed in or came of running it, with what is harmless."""

from functools import partial
from typing import Any

from nbconvert.preprocessors import Preprocessor
from nbformat import NotebookNode
from traitlets import Bool

from autograder.grading.pages.allowed import harmless
from autograder.grading.pages.filters import in_time
from autograder.grading.steps.by_kind import ForKit

SHOWN = ("text/plain", "text/html", "text/markdown", "text/latex", "image/png", "image/jpeg")


class HarmlessOutputs(Preprocessor):
    """Leave texts and pictures of the outputs, and of their metadata the pictures' sizes.

    Metadata become attributes of pages, addresses of pictures among them. What HTML may hold is
    for the filters to say, where a page is made.
    """

    enabled = Bool(True).tag(config=True)

    def preprocess_cell(
        self, cell: NotebookNode, resources: dict[str, Any], index: int
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Leave what is shown."""
        if cell.cell_type == "code":
            cell.outputs = list(filter(None, map(_harmless, cell.outputs)))
        return cell, resources


class HarmlessOutputsOfKit(ForKit, HarmlessOutputs):
    """For notebooks as they are kept: what HTML holds, too, for JupyterLab opens them.

    HTML that cannot be read, or not in time, goes.
    """

    def preprocess_cell(
        self, cell: NotebookNode, resources: dict[str, Any], index: int
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Leave what is shown, and of HTML what is allowed."""
        cell, resources = super().preprocess_cell(cell, resources, index)
        for output in cell.get("outputs", []):
            if "text/html" in output.get("data", {}):
                read = partial(harmless, output.data["text/html"])
                output.data["text/html"] = in_time(resources, read, str)
        return cell, resources


def _harmless(output: NotebookNode) -> NotebookNode | None:
    """What is shown of an output; nothing where nothing is."""
    if "data" not in output:
        return output
    output.data = NotebookNode(_shown(output.data))
    output.metadata = NotebookNode(_sizes(output.get("metadata", {})))
    return output if output.data else None


def _shown(data: dict[str, Any]) -> dict[str, str]:
    return {kind: data[kind] for kind in SHOWN if isinstance(data.get(kind), str)}


def _sizes(metadata: dict[str, Any]) -> dict[str, dict[str, int]]:
    """Width and height in pixels, by type, where they are numbers."""
    found = {kind: metadata[kind] for kind in SHOWN if isinstance(metadata.get(kind), dict)}
    return {
        kind: {k: v for k, v in of.items() if k in ("width", "height") and type(v) is int}
        for kind, of in found.items()
    }
