"""A BERT that classifies, with LoRA beside a weight, and CLIP's two towers."""

from autograder.tools.diagrams.canvas import (
    ATTENTION,
    DATA,
    EMBEDDING,
    LAYER,
    NORM,
    POINTWISE,
    Box,
    Canvas,
    Point,
)
from autograder.tools.diagrams.diagram import Diagram

TOKENS = ("[CLS]", "three", "minus", "five", "[SEP]")


def bert_classifier() -> Diagram:
    """BERT with a classifier, and LoRA, as the notebook `bert_finetuning` builds them."""
    c = Canvas(840, 400)
    embeddings = c.box("embeddings", (230, 108), (400, 36), EMBEDDING)
    encoder = c.box("encoder", (230, 194), (400, 50), ATTENTION, note="layers of self-attention")
    for i, token in enumerate(TOKENS):
        x = 70 + 80 * i
        c.label(token, (x, 40))
        c.arrow((x, 52), (x, embeddings.top[1]))
        c.arrow((x, embeddings.bottom[1]), (x, encoder.top[1]))
        vector = c.matrix([[0.6 if i == 0 else 0.2] * 4], (x, 266), ATTENTION, cell=14)
        c.arrow((x, encoder.bottom[1]), vector.top)
    c.shape("(N, T, h)", (452, 266))
    pooler = c.box("pooler", (70, 340), (100, 40), LAYER, note="Linear, tanh")
    classifier = c.box("classifier", (210, 340), (100, 40), LAYER, note="h → C")
    c.arrow((70, 273), pooler.top)
    c.row(pooler, classifier, Box(318, 340, 20, 0))
    c.label("logits (N, C)", (314, 340), anchor="start")
    c.shape("negative, zero, positive", (314, 360), anchor="start")
    _lora(c)
    return c.diagram(
        "A BERT that classifies, and LoRA",
        "Tokens from [CLS] to [SEP] become vectors by embeddings and encoder. That of [CLS] goes "
        "through the pooler and the classifier, which makes three logits. LoRA adds to a frozen "
        "weight W the product of two small matrices A and B, times α / r.",
    )


def _lora(c: Canvas) -> None:
    """A frozen weight, and the change of low rank beside it."""
    c.frame(Box(670, 200, 320, 380))
    c.label("LoRALinear", (670, 34))
    c.label("x", (670, 66))
    W = c.box("W", (596, 190), (120, 120), DATA, note="(out, in), frozen")
    add = c.circle("+", (670, 320))
    c.line((670, 78), (670, 96))
    c.arrow((670, 96), (596, 96), W.top)
    c.arrow((670, 96), (750, 96), (750, 130))
    c.polygon([(695, 130), (805, 130), (775, 178), (725, 178)], LAYER)
    c.polygon([(725, 202), (775, 202), (805, 250), (695, 250)], LAYER)
    c.arrow((750, 178), (750, 202))
    for name, shape, y in (("A", "(r, in)", 146), ("B", "(out, r)", 220)):
        c.label(name, (750, y))
        c.shape(shape, (750, y + 17))
    c.arrow(W.bottom, (596, 320), add.left)
    c.arrow((750, 250), (750, 320), add.right)
    c.shape("× α / r", (760, 284), anchor="start")
    c.arrow(add.bottom, (670, 356))
    c.label("y", (670, 370))


def clip() -> Diagram:
    """Two towers and the similarities of what they make, as the notebook `clip` builds them."""
    c = Canvas(660, 450)
    cells = [(400 + 60 * i, 210 + 60 * i) for i in range(4)]
    towers = c.box("TextTower", (200, 300), (96, 236), LAYER)
    above = c.box("ImageTower", (490, 92), (236, 36), LAYER)
    for i, (draw, text) in enumerate(zip(ICONS, TEXTS, strict=True)):
        x, y = cells[i]
        c.label(text, (118, y), anchor="end")
        c.arrow((126, y), (towers.left[0], y))
        words = c.matrix([[0.5, 0.2, 0.8]], (308, y), EMBEDDING, cell=14)
        c.arrow((towers.right[0], y), words.left)
        draw(c, (x, 34))
        c.arrow((x, 54), (x, above.top[1]))
        seen = c.matrix([[0.5], [0.2], [0.8]], (x, 150), EMBEDDING, cell=14)
        c.arrow((x, above.bottom[1]), seen.top)
        for j, (column, _) in enumerate(cells):
            c.box(f"s_{{{i + 1}{j + 1}}}", (column, y), (52, 52), NORM if i == j else DATA)
    c.shape("texts (n_text, d)", (308, 434))
    c.shape("images (n_image, d)", (376, 150), anchor="end")
    return c.diagram(
        "CLIP: two towers and a table of similarities",
        "A tower makes vectors of texts, another one vectors of pictures. The similarities of all "
        "texts, the rows, with all pictures, the columns, make a table. The diagonal holds the "
        "pairs: the loss makes these large and all others small.",
    )


def _heart(c: Canvas, at: Point) -> None:
    x, y = at
    c.path(
        f"M{x},{y + 14}C{x - 26},{y - 4} {x - 12},{y - 22} {x},{y - 8}"
        f"C{x + 12},{y - 22} {x + 26},{y - 4} {x},{y + 14}Z",
        POINTWISE,
    )


def _house(c: Canvas, at: Point) -> None:
    x, y = at
    c.path(f"M{x},{y - 16}l16,14h-5v16h-22v-16h-5Z", ATTENTION)


def _moon(c: Canvas, at: Point) -> None:
    x, y = at
    c.path(
        f"M{x + 5},{y - 14}A15,15 0 1 0 {x + 13},{y + 8}A13,13 0 0 1 {x + 5},{y - 14}Z", EMBEDDING
    )


def _tree(c: Canvas, at: Point) -> None:
    x, y = at
    c.path(f"M{x},{y - 16}L{x + 13},{y + 7}H{x - 13}ZM{x - 3},{y + 7}v8h6v-8", NORM)


ICONS = (_heart, _house, _moon, _tree)
TEXTS = ("a red heart", "a house", "the moon", "a green tree")
