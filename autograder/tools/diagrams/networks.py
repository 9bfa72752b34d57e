"""The Perceiver with its bottleneck, and the bind network with its gated blocks."""

from autograder.tools.diagrams.canvas import (
    ATTENTION,
    EMBEDDING,
    LAYER,
    NORM,
    POINTWISE,
    Box,
    Canvas,
)
from autograder.tools.diagrams.diagram import Diagram

MIDDLE = 172  # height of the Perceiver's bottleneck


def perceiver() -> Diagram:
    """A GPT with a bottleneck, as the notebook `minigpt` builds it."""
    c = Canvas(760, 372)
    before, after = (c.matrix([[0.3]] * 9, (x, MIDDLE), EMBEDDING, cell=20) for x in (80, 680))
    behind, mixed = (c.matrix([[0.3]] * 3, (x, MIDDLE), ATTENTION, cell=20) for x in (290, 470))
    down, up = _funnel(c, "Down", 190, 82, 34), _funnel(c, "Up", 570, 34, 82)
    block = c.box("Block", (380, MIDDLE), (84, 60), LAYER)
    c.row(before, down, behind, block, mixed, up, after)
    c.arrow(before.top, (80, 36), (570, 36), up.top)
    c.shape("x_input: queries, and added", (380, 24))
    for name, x in (("x (B, T, d)", 90), ("x (B, T, d)", 690)):
        c.shape(name, (x, 66), anchor="start" if x == 90 else "end")
    c.shape("y (B, m, d)", (290, MIDDLE + 44))
    c.shape("n_layer − 2 times", (380, MIDDLE + 44 + 20))
    c.shape("y (B, m, d)", (470, MIDDLE + 44))
    C = c.matrix([[0.3]] * 3, (190, 304), EMBEDDING, cell=20)
    c.arrow(C.top, down.bottom)
    c.shape("C (1, m, d),", (208, 296), anchor="start")
    c.shape("learned: queries", (208, 313), anchor="start")
    embedded = c.box("tok_emb\n+ pos_emb", (80, 304), (96, 44), EMBEDDING)
    c.arrow((80, 346), embedded.bottom)
    c.arrow(embedded.top, before.bottom)
    c.shape("idx (B, T)", (80, 358))
    head = c.box("ln_f, head", (680, 304), (96, 44), LAYER)
    c.chain(after, head, Box(680, 358, 0, 20))
    c.shape("scores (B, T, V)", (680, 358))
    return c.diagram(
        "A Perceiver",
        "Characters become vectors at T positions. In the first block m learned vectors ask them, "
        "by cross-attention; blocks in the middle work on m positions. In the last block the T "
        "positions ask what came through the bottleneck, and a head scores the next characters.",
    )


def _funnel(c: Canvas, name: str, x: float, left: float, right: float) -> Box:
    """A block that goes from one number of positions to another."""
    corners = [(-55, -left), (55, -right), (55, right), (-55, left)]
    c.polygon([(x + across, MIDDLE + up) for across, up in corners], ATTENTION)
    c.label(f"{name}Project", (x, MIDDLE - 9))
    c.label("Block", (x, MIDDLE + 9))
    return Box(x, MIDDLE, 110, left + right)


def bind_network() -> Diagram:
    """The network and one of its three blocks, as the notebook `bind_network` builds them."""
    c = Canvas(700, 470)
    c.label("image_feature (…, C_I)", (120, 26))
    projection = c.box("projection", (120, 96), (150, 40), LAYER, note="C_I → C")
    blocks = [c.box("ProjectionBlock", (120, y), (150, 40)) for y in (172, 248, 324)]
    c.chain(Box(120, 26, 0, 24), projection, *blocks, Box(120, 394, 0, 24))
    c.label("for the language model", (120, 394))
    c.label("(…, C)", (120, 412))
    for y, end in ((152, 22), (192, 448)):
        c.line((195, y), (262, end), dashed=True)
    _gated(c, 480)
    return c.diagram(
        "The bind network, and one of its blocks",
        "A linear layer takes an image's feature to the width of the language model; three blocks "
        "follow. A block normalises, multiplies the SiLU of w1's output with that of w2, takes the "
        "product back by w3, and adds its input.",
    )


def _gated(c: Canvas, x: float) -> None:
    """What is inside of a ProjectionBlock."""
    c.frame(Box(476, 235, 428, 458))
    c.label("F (…, d)", (x, 32))
    norm = c.box("RMSNorm", (x, 100), (120, 32), NORM)
    c.arrow((x, 44), norm.top)
    w1 = c.box("w1", (x - 75, 178), (120, 40), LAYER, note="d → hidden")
    w2 = c.box("w2", (x + 75, 178), (120, 40), LAYER, note="d → hidden")
    for layer in (w1, w2):
        c.arrow(norm.bottom, (x, 137), (layer.x, 137), layer.top)
    silu = c.box("SiLU", (x - 75, 240), (120, 32), POINTWISE)
    gate = c.circle("×", (x, 294), POINTWISE)
    c.arrow(w1.bottom, silu.top)
    c.arrow(silu.bottom, (silu.x, gate.y), gate.left)
    c.arrow(w2.bottom, (w2.x, gate.y), gate.right)
    w3 = c.box("w3", (x, 350), (120, 40), LAYER, note="hidden → d")
    add = c.circle("+", (x, 404))
    c.chain(gate, w3, add, Box(x, 448, 0, 20))
    c.label("F′ (…, d)", (x, 448))
    c.arrow((x, 62), (x - 180, 62), (x - 180, add.y), add.left)
