"""Recurrent layers over sequences of different lengths."""

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from auricle.models.traced import is_traced, onnx_states


def states_of(lstm: nn.LSTM, sequence: torch.Tensor, lengths: torch.Tensor | None) -> torch.Tensor:
    """The states of an LSTM, each direction over the real steps only; zero where padding is.

    Args:
        lstm: batch first.
        sequence: (batch, steps, features).
        lengths: int64 (batch,), steps that are no padding; None where all are.
    """
    return (onnx_states if is_traced() else packed_states)(lstm, sequence, lengths)


def packed_states(
    layers: nn.LSTM | nn.GRU, sequence: torch.Tensor, lengths: torch.Tensor | None
) -> torch.Tensor:
    """The states of an LSTM or a GRU; see `states_of`. They cannot be recorded for ONNX."""
    states: torch.Tensor
    if lengths is None:
        states, _ = layers(sequence)
        return states
    packed = pack_padded_sequence(sequence, lengths.cpu(), batch_first=True, enforce_sorted=False)
    states, _ = pad_packed_sequence(layers(packed)[0], batch_first=True, total_length=sequence.shape[1])
    return states
