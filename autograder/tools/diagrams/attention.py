"""Attention with one head."""

import math
from collections.abc import Sequence

from autograder.tools.diagrams.canvas import ATTENTION, LAYER, POINTWISE, Box, Canvas
from autograder.tools.diagrams.diagram import Diagram

Rows = Sequence[Sequence[float]]

# 3 queries, 5 keys and values, vectors of 4 numbers: weights and context are worked out of these
SCORES = ((0.2, 2.4, 0.1, 0.9, 0.3), (1.8, 0.2, 0.4, 0.1, 1.9), (0.1, 0.5, 0.3, 2.8, 0.2))
FIRST, SECOND, THIRD = (0.1, 0.9, 0.2, 0.6), (0.9, 0.1, 0.8, 0.0), (0.4, 0.4, 0.4, 0.4)
VALUES = (FIRST, SECOND, THIRD, (0.0, 0.2, 1.0, 0.9), (0.7, 0.8, 0.0, 0.1))


def attention() -> Diagram:
    """Scaled dot-product attention, as the notebook `attention` builds it."""
    c = Canvas(790, 350)
    q = _projected(c, "queries (B, k, h)", [[0.35] * 4] * 3, 44)
    k = _projected(c, "keys (B, s, h)", [[0.35] * 4] * 5, 156)
    v = _projected(c, "values (B, s, h)", VALUES, 280)
    scores = c.matrix([[score / 3 for score in row] for row in SCORES], (390, 100), ATTENTION)
    c.arrow(q.right, (scores.x, q.y), scores.top)
    c.arrow(k.right, (scores.x, k.y), scores.bottom)
    c.shape("q kᵀ / √h", (scores.x + 12, 44), anchor="start")
    c.shape("scores (B, k, s)", (scores.x + 12, 144), anchor="start")
    softmax = c.box("softmax", (515, 100), (84, 34), POINTWISE)
    mixed = [_softmax(row) for row in SCORES]
    weights = c.matrix(mixed, (640, 100), ATTENTION)
    c.row(scores, softmax, weights)
    c.shape("weights (B, k, s)", (640, 44))
    c.shape("each row sums to 1", (640, 62))
    product = c.circle("×", (640, 280))
    c.arrow(weights.bottom, product.top)
    c.shape("weights · v", (652, 190), anchor="start")
    c.arrow(v.right, product.left)
    context = c.matrix(_product(mixed, VALUES), (734, 280), ATTENTION)
    c.arrow(product.right, context.left)
    c.shape("context (B, k, h)", (734, 316))
    return c.diagram(
        "Scaled dot-product attention",
        "Queries, keys and values go through the linear layers Q, K and V. Products of queries and "
        "keys, divided by √h, are the scores; their softmax over the keys gives weights, and the "
        "context is the sum of the values with these weights.",
    )


def _projected(c: Canvas, name: str, shades: Rows, y: float) -> Box:
    """An input, its linear layer and what comes out."""
    given = c.matrix([[0.35] * 4] * len(shades), (66, y))
    layer = c.box(name[0].upper(), (176, y), (56, 34), LAYER)
    result = c.matrix(shades, (276, y), LAYER)
    c.row(given, layer, result)
    below = given.bottom[1] + 12
    c.shape(name, (66, below))
    c.shape(name[0], (276, below))
    return result


def _softmax(row: Sequence[float]) -> list[float]:
    powers = [math.exp(score) for score in row]
    return [power / sum(powers) for power in powers]


def _product(weights: Rows, values: Rows) -> Rows:
    columns = [*zip(*values, strict=True)]
    return [
        [sum(w * x for w, x in zip(row, column, strict=True)) for column in columns]
        for row in weights
    ]
