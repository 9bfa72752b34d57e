"""A submission of a translated notebook, put back into the language that its course grades in."""

from collections.abc import Iterable

from nbformat import NotebookNode

from autograder.grading.repair.copies import copied
from autograder.grading.repair.matching import squeezed


def in_own_language(
    submitted: NotebookNode, released: NotebookNode, translations: Iterable[NotebookNode]
) -> NotebookNode:
    """The notebook, in which what a translation gave is what the released one gave in its place.

    So an answer that was left as it was is known to be none, and all else that students write stays
    as it is, in whatever language.
    """
    own = {cell.id: cell.source for cell in released.cells}
    given = {
        squeezed(cell.source): own[cell.id]
        for translation in translations
        for cell in translation.cells
        if cell.id in own
    }
    if not any(squeezed(cell.source) in given for cell in submitted.cells):
        return submitted
    back = copied(submitted)
    for cell in back.cells:
        cell.source = given.get(squeezed(cell.source), cell.source)
    return back
