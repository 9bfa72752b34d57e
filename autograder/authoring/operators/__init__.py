"""What goes wrong in array code besides what cosmic-ray knows: operators on expressions.

Each takes an expression and yields what may stand there instead. What is no Python, or the same
code, is left out later.
"""

import ast
from collections.abc import Callable, Iterator

from autograder.authoring.operators.calls import axes, siblings, viewed
from autograder.authoring.operators.places import bounds
from autograder.authoring.operators.values import (
    constants,
    exchanged,
    inverted,
    left_out,
    numbers,
    roots,
)

Operator = Callable[[ast.expr], Iterator[ast.expr]]

# Of answers that do the same, the first is told: what is left out, before all else.
WRONG: tuple[Operator, ...] = (
    *(left_out, exchanged, axes, siblings, viewed, roots, bounds, inverted, numbers),
)
EVERYWHERE = (*WRONG, constants)  # other large constants are right answers as often as wrong ones
