"""Changes that keep all results, by what array code means; each is proved by running, too.

A rule takes an expression and yields what may stand there instead, why, and how much one must
understand to see it: 3 is most.
"""

import ast

from autograder.questions.rules.functions import (
    function_written_out,
    mean_as_sum,
    root_written_out,
    softmax_shifted,
)
from autograder.questions.rules.places import (
    axes_counted_otherwise,
    mask_written_out,
    shape_written_out,
)
from autograder.questions.rules.products import (
    commuted,
    distributed,
    linear_written_out,
    product_transposed,
    scale_moved,
)
from autograder.questions.rules.words import Found, Rule
from autograder.questions.sights import Facts

RULES: tuple[Rule, ...] = (
    *(softmax_shifted, scale_moved, product_transposed, linear_written_out, distributed),
    *(mean_as_sum, root_written_out, function_written_out, mask_written_out),
    *(axes_counted_otherwise, shape_written_out, commuted),
)


def equivalents(node: ast.expr, facts: Facts) -> Found:
    """All that may stand in the place of an expression."""
    for rule in RULES:
        yield from rule(node, facts)
