"""The notebooks that a course has released, as what is handed in is compared with them."""

from functools import cached_property

from nbformat import NotebookNode

from autograder.grading.repair.languages import in_own_language
from autograder.grading.repair.matching import Release
from autograder.grading.repair.mistaken import other_assignment, told
from autograder.grading.repair.reading import read_notebook
from autograder.settings import Course


class Releases:
    """That of one assignment, and those of the course's others."""

    def __init__(self, course: Course, assignment: str) -> None:
        self._course, self._assignment = course, assignment
        self.notebook = read_notebook(course.released(assignment))
        self._translations = [*map(read_notebook, course.translations(assignment).values())]

    @cached_property
    def own(self) -> Release:
        """That of the assignment itself."""
        return Release(self.notebook)

    @cached_property
    def _others(self) -> dict[str, Release]:
        names = [name for name in self._course.assignments() if name != self._assignment]
        files = {name: self._course.released(name) for name in names}
        return {name: Release(read_notebook(it)) for name, it in files.items() if it.is_file()}

    def in_own_language(self, submitted: NotebookNode) -> NotebookNode:
        """A submission with the released notebook's own texts in the place of translated ones."""
        if not self._translations:
            return submitted
        return in_own_language(submitted, self.notebook, self._translations)

    def mistaken(self, submitted: NotebookNode) -> str | None:
        """What a notebook is, in a sentence, where it is another assignment's."""
        other = other_assignment(submitted, self.own, self._others)
        return other and told(submitted, self._assignment, other, self._others[other])
