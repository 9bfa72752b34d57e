"""The LSTM's step, and an encoder and a decoder made of recurrent units."""

from autograder.tools.diagrams.canvas import (
    ATTENTION,
    EMBEDDING,
    LAYER,
    POINTWISE,
    Box,
    Canvas,
)
from autograder.tools.diagrams.diagram import Diagram

CHAIN = 180  # height of all units of encoder and decoder


def lstm_cell() -> Diagram:
    """One step of the LSTM, as the notebook `recurrent` builds it."""
    c = Canvas(750, 394)
    c.frame(Box(375, 190, 560, 356))
    cell, bus = 80, 330  # heights of the cell's line, and of what the gates read
    forget = c.circle("×", (170, cell), POINTWISE)
    add = c.circle("+", (370, cell), POINTWISE)
    write = c.circle("×", (370, 170), POINTWISE)
    show = c.circle("×", (600, 215), POINTWISE)
    squash = c.box("tanh", (600, 148), (56, 30), POINTWISE)
    c.row(Box(62, cell, 20, 0), forget, add, Box(698, cell, 20, 0))
    c.arrow((600, cell), squash.top)
    c.arrow(squash.bottom, show.top)
    c.arrow(write.top, add.bottom)
    c.line((72, bus), (480, bus))
    c.line((115, 368), (115, bus))
    gates = {
        "f": _gate(c, "σ", "forget gate", 170, bus),
        "i": _gate(c, "σ", "input gate", 270, bus),
        "g": _gate(c, "tanh", "candidate", 370, bus),
        "o": _gate(c, "σ", "output gate", 500, bus, turn=20),
    }
    c.arrow(gates["f"].top, forget.bottom)
    c.arrow(gates["i"].top, (270, 170), write.left)
    c.arrow(gates["g"].top, write.bottom)
    c.arrow(gates["o"].top, (500, 215), show.left)
    c.arrow(show.bottom, (600, bus), (688, bus))
    for name, x in (("f", 170), ("i", 270), ("g", 370), ("o", 500)):
        c.label(f"{name}_t", (x + 9, 235), anchor="start")
    for name, x, y in (("c_{t−1}", 44, cell), ("h_{t−1}", 44, bus), ("x_t", 115, 382)):
        c.label(name, (x, y))
    c.label("c_t", (704, cell))
    c.label("h_t", (704, bus))
    c.shape("c_t = f_t ⊙ c_{t−1} + i_t ⊙ g_t", (390, 54), anchor="start")
    c.shape("h_t = o_t ⊙ tanh(c_t)", (586, 348))
    return c.diagram(
        "One step of an LSTM",
        "The cell state runs along the top: it is multiplied by the forget gate, and the candidate "
        "times the input gate is added. All gates read x_t and h_{t−1}. The new state h_t is the "
        "output gate times the tanh of the cell.",
    )


def _gate(c: Canvas, function: str, name: str, x: float, bus: float, turn: float = 0) -> Box:
    gate = c.box(function, (x, 275), (92, 44), LAYER, note=name)
    c.arrow(*([(x - turn, bus)] if turn else []), (x, bus), gate.bottom)
    return gate


def recurrent_encoder_decoder() -> Diagram:
    """The recurrent translator with attention, as the notebook `seq2seq` builds it."""
    c = Canvas(890, 380)
    keys = c.box("keys", (148, 76), (262, 44), LAYER, note="outputs (N, T, E) → (N, T, D)")
    places = zip(("<sos>", "ein", "hund"), (56, 148, 240), strict=True)
    reading = [_reading(c, word, x, keys) for word, x in places]
    first = c.box("linear1\nlinear2", (338, CHAIN), (84, 62), LAYER, note="ReLU, tanh")
    looking = [c.box("attention", (x, CHAIN), (86, 40), ATTENTION) for x in (446, 686)]
    writing = [c.box("unit", (x, CHAIN), (108, 40), LAYER) for x in (566, 806)]
    c.row(*reading, first, looking[0], writing[0], looking[1], writing[1], Box(886, CHAIN, 0, 0))
    for attention in looking:
        c.arrow(keys.right, (attention.x, keys.y), attention.top)
    c.label("encoder", (148, 26))
    c.shape("every unit is an RNN or an LSTM", (392, 26))
    c.label("decoder", (636, 26))
    c.shape("hidden (1, N, D)", (338, 224))
    c.shape("context (1, N, D)", (446, 224))
    after_sos, after_a = (_writing(c, unit) for unit in writing)
    c.label("<sos>", (522, 346))
    c.arrow((522, 334), (522, 300))
    c.label("a", (after_sos.x, 346))
    c.label("dog", (after_a.x, 346))
    c.arrow((after_sos.x + 12, 346), (762, 346), (762, 300))
    c.shape("argmax", (680, 336))
    return c.diagram(
        "Encoder and decoder of recurrent networks",
        "The encoder reads the source word by word. Its last state, through two linear layers, is "
        "the decoder's first. Before each word, attention compares the decoder's state with all "
        "outputs of the encoder, and the context takes the state's place. The most likely word is "
        "read next. An LSTM's cell goes past the attention.",
    )


def _reading(c: Canvas, word: str, x: float, outputs: Box) -> Box:
    """The encoder's step for one word."""
    unit = c.box("unit", (x, CHAIN), (78, 40), LAYER)
    vector = c.box("embedding", (x, 280), (82, 40), EMBEDDING)
    c.label(word, (x, 346))
    c.arrow((x, 334), vector.bottom)
    c.arrow(vector.top, unit.bottom)
    c.arrow(unit.top, (x, outputs.bottom[1]))
    return unit


def _writing(c: Canvas, unit: Box) -> Box:
    """What stands below the decoder's unit: the word that it reads, and what it says."""
    vector = c.box("embedding", (unit.x - 44, 280), (82, 40), EMBEDDING)
    scores = c.box("linear", (unit.x + 44, 280), (76, 40), LAYER, note="log-softmax")
    c.arrow(vector.top, (vector.x, unit.bottom[1]))
    c.arrow((scores.x, unit.bottom[1]), scores.top)
    c.arrow(scores.bottom, (scores.x, 334))
    return scores
