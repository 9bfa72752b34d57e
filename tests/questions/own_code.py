"""A student's code in tests, run in this process and looked at."""

import torch
from torch.nn import functional as F

from autograder.checks.evidence import normalise
from autograder.questions import looking
from autograder.questions.code import Code, code_of
from autograder.questions.instrumented import Instrumented
from autograder.questions.sights import Answer, Facts, _sight

SCORES = """\
import math


def attend(q, k, v):
    '''Queries (B, k, h), keys and values (B, s, h) → (B, k, h).'''
    scores = q @ k.transpose(1, 2) / math.sqrt(q.shape[-1])  # (B, k, s)
    weights = scores.softmax(dim=-1)
    return weights @ v
"""


def code(text: str = SCORES, subject: str = "attend") -> Code:
    return code_of("attend", subject, text)


def called(text: str, subject: str, *arguments: object) -> object:
    """What a text's function returns; of a class, what one that is built without arguments does."""
    namespace = {"torch": torch, "F": F, "nn": torch.nn}
    exec(text, namespace)
    target = namespace[subject]
    return (target() if isinstance(target, type) else target)(*arguments)


def looked(of: Code, *arguments: object) -> tuple[Instrumented, Answer]:
    """The looks of one call."""
    instrumented = Instrumented(of.tree)
    looking._seen.clear()
    output = called(instrumented.text, of.subject, *arguments)
    seen = looking._seen.items()
    looks = {number: tuple(_sight(normalise(each)) for each in sights) for number, sights in seen}
    return instrumented, Answer(output, looks=looks)


def facts(of: Code, *arguments: object) -> Facts:
    instrumented, answer = looked(of, *arguments)
    return Facts(instrumented, [answer])
