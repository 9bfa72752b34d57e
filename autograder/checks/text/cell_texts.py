"""What stands in the text of cells and is looked for again, since platforms lose metadata."""

import re

SOLUTION = re.compile(r"^# exercise: (\w+)[ \t]*$", re.M)
CHECK = re.compile(r"""^check\(\s*["'](\w+)["']""", re.M)
ANSWER = re.compile(r"^\*\*(\w+)\*\* \([\d.]+ points?[,)]", re.M)
# the same line where it states a limit
LIMIT = re.compile(r"^\*\*(\w+)\*\* \([\d.]+ points?, at most (\d+) words\)", re.M)
UNSOLVED = "raise NotImplementedError"
UNANSWERED = "YOUR ANSWER HERE"
AI_HEADING = "## AI tools"
