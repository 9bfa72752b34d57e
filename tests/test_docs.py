"""The documentation names what there is."""

import re
from pathlib import Path

from sybil import Sybil
from sybil.parsers.myst import PythonCodeBlockParser

from autograder.assignment.cells import ROLES, Role
from autograder.checks import spec

AUTHOR = Path(__file__).parents[1] / "docs" / "author.md"
PAGE = AUTHOR.read_text(encoding="utf-8")
PLUMBING = {"Probe", "Spec", "Specs", "collecting", "specs"}  # not for authors


def test_every_word_of_checks_stands_in_the_authors_reference():
    words = set(re.findall(r"\w+", PAGE))
    assert set(spec.__all__) - PLUMBING <= words


def test_every_role_stands_in_the_authors_reference():
    for role, states in ROLES.items():
        pattern = rf"# %% (\[markdown\] )?{role}" if role is not Role.ALTERNATIVE else f"{role}="
        assert re.search(pattern, PAGE), role
        assert all(f"{word}=" in PAGE for word in states)


def test_the_examples_of_the_authors_reference_run():
    examples = list(Sybil(parsers=[PythonCodeBlockParser()]).parse(AUTHOR).examples())
    assert len(examples) > 5
    with spec.collecting():
        for example in examples:
            example.evaluate()
