"""The runs behind the numbers of the text: five runs, three without positions, part 7."""

from autograder.checks.measuring import PUBLIC_SEED
from autograder.figures import Figure, run

SMALL = "size 64, small data"
ONLY = "decoder-only, size 64, small data"
NAIVE = "0.21 (the word and “way”)"


def exact(title="words right, validation", baseline=NAIVE):
    return Figure(title, ".2f", baseline)


def loss(original=""):
    """Where it stands, that of the handout, whose words and settings are others."""
    told = f"{original} (other words and settings)" if original else ""
    return Figure("loss of a token, validation", ".3f", "3.401 (knows nothing)", told)


def letters(how):
    return Figure(f"letters right, {how}", ".2f")


def last(history):
    return {"loss": history["loss"][-1], "exact": history["exact match"][-1]}


def one_of_five(lab, name, seed):
    _, history = lab.run(name, seed, lab.device())
    return last(history)


def with_letters(lab, name, seed):
    """The shares of right letters besides, of a model that writes and of one that is shown them."""
    where = lab.device()
    model, history = lab.run(name, seed, where)
    batches = [batch.to(where) for batch in lab.grouped(lab.words("small", "validation"))]
    written, shown = (how(model, batches) for how in (lab.decoded, lab.shown_right_letters))
    return last(history) | {"written": written["letters"], "shown": shown["letters"]}


@run(
    loss=loss(0.963),
    exact=exact(),
    written=letters("which it wrote"),
    shown=letters("where the right ones are shown"),
)
def size_32_small(lab, seed):
    """Encoder–decoder, hidden size 32, small data"""
    return with_letters(lab, "size 32, small data", seed)


@run(loss=loss(1.277), exact=exact())
def size_32_large(lab, seed):
    """Encoder–decoder, hidden size 32, large data"""
    return one_of_five(lab, "size 32, large data", seed)


@run(loss=loss(0.417), exact=exact())
def size_64_small(lab, seed):
    """Encoder–decoder, hidden size 64, small data"""
    return one_of_five(lab, SMALL, seed)


@run(loss=loss(0.583), exact=exact())
def size_64_large(lab, seed):
    """Encoder–decoder, hidden size 64, large data"""
    return one_of_five(lab, "size 64, large data", seed)


@run(
    loss=loss(0.428),
    exact=exact(),
    written=letters("which it wrote"),
    shown=letters("where the right ones are shown"),
)
def decoder_only(lab, seed):
    """Decoder-only, hidden size 64, small data"""
    return with_letters(lab, ONLY, seed)


def ablated(lab, name, seed):
    _, history = lab.ablated(name, seed, lab.device())
    return last(history)


@run(loss=loss(), exact=exact(baseline="[[size_64_small.exact:.2f]] (with positions)"))
def encoder_without_positions(lab, seed):
    """Encoder–decoder, hidden size 64, small data, no position encodings in the encoder"""
    return ablated(lab, "encoder without positions", seed)


@run(loss=loss(), exact=exact(baseline="[[size_64_small.exact:.2f]] (with positions)"))
def decoder_without_positions(lab, seed):
    """Encoder–decoder, hidden size 64, small data, no position encodings in the decoder"""
    return ablated(lab, "decoder without positions", seed)


@run(loss=loss(), exact=exact(baseline="[[decoder_only.exact:.2f]] (with positions)"))
def decoder_only_without_positions(lab, seed):
    """Decoder-only, hidden size 64, small data, no position encodings"""
    return ablated(lab, "decoder-only without positions", seed)


def handed_in(lab, seed, configuration, **training):
    """The measures of a model file, on the held-out words of the students' check."""
    lab.torch.manual_seed(seed)
    model = lab.build_model(configuration).to(lab.device())
    history = lab.train(model, **training)
    held_out = lab.evaluated(model.cpu(), lab.held_out(PUBLIC_SEED))["exact match"]
    return last(history) | {"held_out": held_out}


def best(lab, seed, architecture, steps):
    """Good settings, which are not shipped to students."""
    sizes = {"architecture": architecture, "hidden_size": 64, "num_layers": 4}
    return handed_in(lab, seed, sizes, size="small", steps=steps)


@run(loss=loss(), exact=exact(), held_out=exact("words right, held out"))
def start(lab, seed):
    """Part 7, the settings that students begin with"""
    return handed_in(lab, seed, lab.CONFIGURATION, **lab.TRAINING)


@run(loss=loss(), exact=exact(), held_out=exact("words right, held out"))
def best_encoder_decoder(lab, seed):
    """Part 7, encoder–decoder of four layers, small data"""
    return best(lab, seed, "encoder-decoder", 5000)


@run(loss=loss(), exact=exact(), held_out=exact("words right, held out"))
def best_decoder_only(lab, seed):
    """Part 7, decoder-only, four layers, small data"""
    return best(lab, seed, "decoder-only", 7000)
