"""Pictures of what notebooks build, drawn by code, in the page's own colours, light or dark."""

from autograder.tools.diagrams.attention import attention
from autograder.tools.diagrams.networks import bind_network, perceiver
from autograder.tools.diagrams.pretrained import bert_classifier, clip
from autograder.tools.diagrams.recurrent import lstm_cell, recurrent_encoder_decoder
from autograder.tools.diagrams.transformers import decoder_only, encoder_block, encoder_decoder

__all__ = [
    "attention",
    "bert_classifier",
    "bind_network",
    "clip",
    "decoder_only",
    "encoder_block",
    "encoder_decoder",
    "lstm_cell",
    "perceiver",
    "recurrent_encoder_decoder",
]
