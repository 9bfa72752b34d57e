"""Copies of notebooks: what is read from JSON holds nothing but dictionaries, lists and values."""

from typing import Any

from nbformat import NotebookNode


def copied(node: Any) -> Any:
    """A copy of a notebook or a part of one, in a fifth of what `copy.deepcopy` takes."""
    if isinstance(node, dict):
        copy = NotebookNode() if isinstance(node, NotebookNode) else {}
        dict.update(copy, {key: copied(value) for key, value in node.items()})
        return copy
    return [*map(copied, node)] if isinstance(node, list) else node
