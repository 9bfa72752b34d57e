"""Transformers: an encoder's block, encoder and decoder, a decoder alone."""

from autograder.tools.diagrams.canvas import (
    ATTENTION,
    DATA,
    EMBEDDING,
    LAYER,
    NORM,
    Box,
    Canvas,
)
from autograder.tools.diagrams.diagram import Diagram

WIDE = (170, 40)


def encoder_block() -> Diagram:
    """The encoder's block and its attention, as the notebook `addsub_transformer` builds them."""
    c = Canvas(740, 590)
    c.label("x (N, K, M)", (170, 22))
    attention = c.box("attention", (170, 100), WIDE, ATTENTION, note="MultiHeadAttention")
    feed_forward = c.box("feed_forward", (170, 346), WIDE, LAYER, note="Linear, ReLU, Linear")
    first, second = c.circle("+", (170, 160)), c.circle("+", (170, 406))
    norms = [c.box(f"norm{i}", (170, y), (120, 30), NORM) for i, y in ((1, 212), (2, 458))]
    drops = [c.box("dropout", (170, y), (120, 30)) for y in (262, 508)]
    c.chain(Box(170, 22, 0, 24), attention, first, norms[0], drops[0], feed_forward)
    c.chain(feed_forward, second, norms[1], drops[1], Box(170, 570, 0, 24))
    c.label("x (N, K, M)", (170, 570))
    for start, end, name in ((52, first, "out1 + x"), (298, second, "out3 + out2")):
        c.arrow((170, start), (50, start), (50, end.y), end.left)
        c.shape(name, (190, end.y), anchor="start")
    for name, y in (("out1", 134), ("out2", 298), ("out3", 380)):
        c.shape(name, (178, y), anchor="start")
    _several_heads(c, attention)
    return c.diagram(
        "An encoder block",
        "Attention with several heads, the input added, layer normalisation and dropout; then a "
        "feed-forward network, its input added, normalisation and dropout. Each head has linear "
        "layers of its own for queries, keys and values; what the heads find stands side by side "
        "and goes through one linear layer.",
    )


def _several_heads(c: Canvas, attention: Box) -> None:
    """What is inside of the block's attention, in a frame beside it."""
    inside = Box(530, 232, 380, 390)
    corner = inside.x - inside.width / 2
    for y, end in ((attention.y - 20, 37), (attention.y + 20, 427)):
        c.line((attention.right[0], y), (corner, end), dashed=True)
    c.frame(inside)
    c.label("MultiHeadAttention", (530, 58))
    c.line((530, 74), (530, 96))
    c.shape("x", (540, 84), anchor="start")
    heads = [_one_head(c, x) for x in (436, 624)]
    c.label("…", (530, 180))
    for x in (436, 624):
        c.arrow((530, 96), (x, 96), (x, 112))
    together = c.box("side by side", (530, 312), (340, 40), note="(N, K, num_heads · dim_out)")
    linear = c.box("linear", (530, 374), (120, 30), LAYER)
    for head in heads:
        c.arrow((head.x, 262), (head.x, together.top[1]))
    c.chain(together, linear, Box(530, 417, 0, 4))
    c.shape("out1 (N, K, M)", (542, 404), anchor="start")


def _one_head(c: Canvas, x: float) -> Box:
    head = Box(x, 187, 164, 150)
    c.frame(head)
    found = c.box("weights · v", (x, 225), (140, 40), ATTENTION, note="softmax(q kᵀ / √dim_q)")
    for name, shift in (("q", -48), ("k", 0), ("v", 48)):
        layer = c.box(name, (x + shift, 142), (40, 30), LAYER)
        c.arrow(layer.bottom, (layer.x, found.top[1]))
    return head


def encoder_decoder() -> Diagram:
    """Encoder and decoder, as the notebook `nmt` builds them."""
    c = Canvas(660, 640)
    c.frame(Box(150, 290, 264, 248))
    c.frame(Box(510, 346, 264, 360))
    _embedded(c, "source (N, s)", 165)
    _embedded(c, "inputs (N, t)", 495)
    c.shape("positional", (330, 131))
    c.shape("encodings", (330, 149))
    c.arrow((292, 140), (177, 140))
    c.arrow((368, 140), (483, 140))
    names = "self_attentions", "encoder_attentions", "attention_mlps"
    read = _layer(c, 165, -1, [(names[0], "q, k, v of x"), (names[2], "Linear, ReLU")])
    own, other = (names[0], "masked: j ≤ i"), (names[1], "q of y; k, v of annotations")
    written = _layer(c, 495, 1, [own, other, (names[2], "Linear, ReLU")])
    for x in (40, 620):
        c.shape("L layers", (x, 184), anchor="start" if x < 330 else "end")
    c.arrow(read.bottom, (165, 434))
    c.label("annotations (N, s, h)", (165, 446))
    c.arrow((250, 446), (330, 446), (330, 340), (405, 340))
    out = c.box("out", (495, 570), (120, 32), LAYER)
    c.chain(written, out, Box(495, 622, 0, 16))
    c.label("scores (N, t, V)", (495, 626))
    return c.diagram(
        "A Transformer of encoder and decoder",
        "The encoder makes annotations of the source tokens: L layers of self-attention and a "
        "network for each position, each added to what goes past it. A layer of the decoder has "
        "masked self-attention, attention whose keys and values are the annotations, and such a "
        "network. A linear layer scores the next token.",
    )


def _embedded(c: Canvas, tokens: str, x: float) -> None:
    c.label(tokens, (x, 22))
    vectors = c.box("embedding", (x, 76), (120, 32), EMBEDDING)
    c.chain(Box(x, 22, 0, 24), vectors, c.circle("+", (x, 140)))


def _layer(c: Canvas, x: float, side: int, parts: list[tuple[str, str]]) -> Box:
    """Named parts and a way past each, on the left (`side` −1) or right (1) → the last sum."""
    before = Box(x, 140, 24, 24)
    for i, (name, note) in enumerate(parts):
        hue = LAYER if name.endswith("mlps") else ATTENTION
        y = 228 + 112 * i
        part, added = c.box(name, (x, y), (180, 40), hue, note=note), c.circle("+", (x, y + 50))
        c.chain(before, part, added)
        past, start = x + side * 112, y - 32
        c.arrow((x, start), (past, start), (past, added.y), (x + side * 12, added.y))
        before = added
    return before


def decoder_only() -> Diagram:
    """A decoder alone and what learns in it, as the notebook `scaling_laws` builds it."""
    c = Canvas(740, 524)
    c.label("tokens (B, s)", (170, 22))
    parts = [
        c.box("embedding", (170, 80), WIDE, EMBEDDING, note="V → h"),
        c.circle("+", (170, 146)),
        c.box("Block", (170, 212), WIDE),
        c.box("Block", (170, 282), WIDE),
        c.box("norm", (170, 362), WIDE, NORM, note="gain and offset"),
        c.box("head", (170, 432), WIDE, LAYER, note="h → V"),
    ]
    c.chain(Box(170, 22, 0, 24), *parts, Box(170, 502, 0, 24))
    c.label("scores (B, s, V)", (170, 502))
    c.shape("positions,", (42, 138))
    c.shape("not learned", (42, 155))
    c.arrow((82, 146), parts[1].left)
    c.shape("layers", (178, 247), anchor="start")
    _inside_block(c, parts[2])
    return c.diagram(
        "A decoder-only Transformer, and where its parameters are",
        "An embedding, layers of two parts each, a normalisation and a head. A layer normalises, "
        "makes queries, keys and values of width h, attends to what came before and adds the "
        "result; then it normalises, goes up to 4 h hidden units and back, and adds the result. "
        "Attention itself, its mask and the position encodings learn nothing.",
    )


def _inside_block(c: Canvas, block: Box) -> None:
    """A layer, and beside each of its parts what it learns."""
    x = 500.0
    for y, end in ((block.y - 20, 22), (block.y + 20, 502)):
        c.line((block.right[0], y), (360, end), dashed=True)
    c.frame(Box(545, 262, 370, 504))
    c.shape("what is learned", (672, 30))
    parts = [
        _part(c, "norm1", 80, NORM, "gain, offset"),
        _part(c, "queries_keys_values", 126, LAYER, "h → 3 h"),
        _part(c, "causal attention", 172, DATA, "nothing"),
        _part(c, "out", 218, LAYER, "h → h"),
        c.circle("+", (x, 262)),
        _part(c, "norm2", 314, NORM, "gain, offset"),
        _part(c, "wider", 360, LAYER, "h → 4 h"),
        _part(c, "ReLU, narrower", 406, LAYER, "4 h → h"),
        c.circle("+", (x, 450)),
    ]
    c.label("x (B, s, h)", (x, 30))
    c.label("x (B, s, h)", (x, 497))
    c.chain(Box(x, 30, 0, 20), *parts, Box(x, 497, 0, 20))
    for start, added in ((52, parts[4]), (286, parts[8])):
        c.arrow((x, start), (384, start), (384, added.y), added.left)


def _part(c: Canvas, name: str, y: float, hue: str, learned: str) -> Box:
    c.shape(learned, (672, y))
    return c.box(name, (500, y), (180, 30), hue)
