"""The runs behind the numbers of the text, on the generated corpus, and on Multi30k where it is."""

import os
from pathlib import Path

from autograder.checks.measuring import PUBLIC_SEED
from autograder.figures import Figure, run
from autograder.tools.multi30k import GENERATED, VARIABLE, find_corpus

BY_POSITION = "[[frequencies.by_position:.0f]] (frequencies at each position)"
STEADY = {"clip": 1.0, "weight_decay": 0.2}
TUNED = {
    "Transformer": {
        "model": {
            "hidden_dim": 128,
            "dim_feedforward": 512,
            "dim_k": 128,
            "dim_v": 128,
            "dim_q": 128,
        },
        "training": STEADY
        | {
            "epochs": 10,
            "learning_rate": 4e-3,
            "batch_size": 32,
            "warm_up": 0.2,
            "word_dropout": 0.15,
        },
    },
    "seq2seq": {
        "model": {
            "emb_size": 64,
            "encoder_hidden_size": 128,
            "decoder_hidden_size": 128,
            "dropout": 0.2,
            "model_type": "RNN",
            "attention": True,
        },
        "training": STEADY
        | {"epochs": 12, "learning_rate": 4e-3, "warm_up": 0.1, "word_dropout": 0.1},
    },
}
FORCED = {
    "seq2seq": {
        "model": TUNED["seq2seq"]["model"] | {"model_type": "LSTM", "dropout": 0.3},
        "training": TUNED["seq2seq"]["training"] | {"teacher_forcing": True},
    }
}
BEST = {"hidden_dim": 128, "dim_feedforward": 512, "dim_k": 96, "dim_v": 96}
BEST_TRAINING = {
    "epochs": 12,
    "learning_rate": 3e-3,
    "batch_size": 64,
    "warm_up": 0.05,
    "weight_decay": 1.0,
    "clip": 1.0,
}


def perplexity(title, baseline=BY_POSITION, original=""):
    return Figure(title, ".2f", baseline, original)


def of_a_run(original="", baseline=BY_POSITION):
    """What is measured of a run; the handout's validation perplexities count the <sos>."""
    return {
        "own": perplexity("validation perplexity, its own words before", baseline),
        "right": perplexity("validation perplexity, the right words before", baseline),
        "with_sos": perplexity("validation perplexity, its own words, <sos> counted", "", original),
        "training": perplexity("training perplexity", ""),
        "bleu": Figure("BLEU, test", ".1f"),
    }


def with_sos(lab, perplexity, target):
    """The same perplexity where the <sos> of each sentence, which is always right, counts, too."""
    words, sentences = int((target != lab.PAD).sum()), len(target)
    return perplexity ** (words / (words + sentences))


def bleu(lab, model, data):
    translated = lab.greedy(model, data.test.source.to(lab.where))
    said, right = (
        [lab.sentence(row, data.english) for row in rows] for rows in (translated, data.test.target)
    )
    return lab.bleu(said, right)


def measured(lab, seed, kind, settings, corpus):
    lab.where = lab.device()
    data = lab.prepared(corpus)
    one = lab.run(kind, settings, data, seed)
    return {
        "own": one.own_words,
        "right": one.right_words,
        "with_sos": with_sos(lab, one.own_words, data.validation.target),
        "training": one.history["training"][-1],
        "bleu": bleu(lab, one.model, data),
    }


@run(
    seeds=(0,),
    of_words=perplexity("validation perplexity of words' frequencies", ""),
    by_position=perplexity("validation perplexity of their frequencies at each position", ""),
)
def frequencies(lab, seed):
    """Part 1, nothing learned"""
    data = lab.prepared(GENERATED)
    return {
        "of_words": lab.without_reading(data, by_position=False),
        "by_position": lab.without_reading(data, by_position=True),
    }


@run(**of_a_run())
def default_seq2seq(lab, seed):
    """Part 4, seq2seq with the original's settings"""
    return measured(lab, seed, "seq2seq", lab.DEFAULTS["seq2seq"], GENERATED)


@run(**of_a_run())
def default_transformer(lab, seed):
    """Part 4, Transformer with the original's settings"""
    return measured(lab, seed, "Transformer", lab.DEFAULTS["Transformer"], GENERATED)


OF_A_PART = {
    "validation": perplexity("validation perplexity"),
    "training": perplexity("training perplexity", ""),
    "bleu": Figure("BLEU, test", ".1f"),
}


def without(lab, part, seed):
    lab.where = lab.device()
    data = lab.prepared(GENERATED)
    model, history = lab.taken_apart(part, data, lab.where, seed)
    ends = {name: history[name][-1] for name in ("validation", "training")}
    return ends | {"bleu": bleu(lab, model, data)}


@run(**OF_A_PART)
def whole(lab, seed):
    """Part 4.1, a small Transformer"""
    return without(lab, "nothing", seed)


@run(**OF_A_PART)
def without_positions(lab, seed):
    """Part 4.1, the small Transformer without positions"""
    return without(lab, "positions", seed)


@run(**OF_A_PART)
def without_attention(lab, seed):
    """Part 4.1, the small Transformer without attention"""
    return without(lab, "attention", seed)


@run(**OF_A_PART)
def without_feed_forward(lab, seed):
    """Part 4.1, the small Transformer without its feed-forward part"""
    return without(lab, "feed_forward", seed)


HANDED_IN = {
    "validation": perplexity("validation perplexity"),
    "held_out": perplexity("perplexity of held-out sentences"),
}


def handed_in(lab, seed, configuration, training):
    """The measures of a model file, on the held-out sentences of the students' check."""
    lab.torch.manual_seed(seed)
    model = lab.build_model(configuration).to(lab.device())
    history = lab.train(model, lab.prepared(GENERATED), **training)
    held_out = lab.measured(model.cpu(), lab.held_out(PUBLIC_SEED))
    return {"validation": history["validation"][-1], "held_out": held_out}


@run(**HANDED_IN)
def start(lab, seed):
    """Part 7, the settings that students begin with"""
    return handed_in(lab, seed, lab.CONFIGURATION, lab.TRAINING)


@run(**HANDED_IN)
def best(lab, seed):
    """Part 7, good settings, which are not shipped to students"""
    return handed_in(lab, seed, BEST, BEST_TRAINING)


def no_multi30k():
    """Its sentences are not the kit's to pass on, and a run downloads nothing."""
    folder = os.environ.get(VARIABLE, "")
    is_there = Path(folder).is_absolute() and Path(folder).is_dir()
    return "" if is_there else f"Multi30k, by an absolute path in ${VARIABLE}"


@run(lacks=no_multi30k, **of_a_run("92", "134 (frequencies at each position)"))
def multi30k_default_seq2seq(lab, seed):
    """Part 4 on Multi30k, seq2seq with the original's settings"""
    return measured(lab, seed, "seq2seq", lab.DEFAULTS["seq2seq"], find_corpus())


@run(lacks=no_multi30k, **of_a_run("19 to 29", "134 (frequencies at each position)"))
def multi30k_default_transformer(lab, seed):
    """Part 4 on Multi30k, Transformer with the original's settings"""
    return measured(lab, seed, "Transformer", lab.DEFAULTS["Transformer"], find_corpus())


@run(lacks=no_multi30k, **of_a_run("92", "134 (frequencies at each position)"))
def multi30k_tuned_seq2seq(lab, seed):
    """Part 5 on Multi30k, seq2seq with good settings"""
    return measured(lab, seed, "seq2seq", TUNED["seq2seq"], find_corpus())


@run(lacks=no_multi30k, **of_a_run("19 to 29", "134 (frequencies at each position)"))
def multi30k_tuned_transformer(lab, seed):
    """Part 5 on Multi30k, Transformer with good settings"""
    return measured(lab, seed, "Transformer", TUNED["Transformer"], find_corpus())


@run(lacks=no_multi30k, **of_a_run("", "134 (frequencies at each position)"))
def multi30k_forced_seq2seq(lab, seed):
    """Part 5 on Multi30k, seq2seq with good settings and teacher forcing"""
    return measured(lab, seed, "seq2seq", FORCED["seq2seq"], find_corpus())
