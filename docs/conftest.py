"""The examples of the author's reference run as tests."""

from sybil import Sybil
from sybil.parsers.myst import PythonCodeBlockParser

from autograder.checks.spec import collecting


def begin(namespace):
    namespace["said"] = collecting()
    namespace["said"].__enter__()


def end(namespace):
    namespace["said"].__exit__(None, None, None)


pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser()], patterns=["author.md"], setup=begin, teardown=end
).pytest()
