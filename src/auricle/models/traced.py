"""What networks do otherwise while they are recorded for ONNX, where nothing may depend on the data."""

from typing import Any

import torch
from torch import nn
from torch.nn import functional

SUNK = 1e4  # more than normalized maps reach, less than float16 holds


def is_traced() -> bool:
    """Whether `torch.onnx.export` records what is computed: no branch may then depend on the data."""
    return torch.onnx.is_in_onnx_export()


def repeated(
    values: torch.Tensor, lengths: torch.Tensor | None, least: int
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """The last real frame of each clip repeated where it is padded, and up to `least` frames in all.

    Args:
        values: (batch, channels, bands, frames).
        lengths: int64 (batch,), frames that are real; None where all are.
        least: frames that the network needs.

    Returns:
        Values, and lengths of at least so many.
    """
    frames = values.shape[3]
    count: Any = torch.sym_max(frames, least) if least > 1 else frames  # type: ignore[no-untyped-call]
    places = torch.arange(count, device=values.device)
    if lengths is None:
        return values.index_select(3, places.clamp(max=frames - 1)), None
    index = torch.minimum(places[None, :], lengths[:, None] - 1)[:, None, None, :]
    return values.gather(3, index.expand(-1, values.shape[1], values.shape[2], -1)), lengths.clamp(min=least)


def onnx_states(lstm: nn.LSTM, sequence: torch.Tensor, lengths: torch.Tensor | None) -> torch.Tensor:
    """The states of an LSTM by ONNX's own operator, which knows lengths: packed sequences cannot be recorded.

    Args, and what it returns: as of `auricle.models.recurrent.states_of`.
    """
    batch, steps, _ = sequence.shape
    if lengths is None:
        lengths = torch.full((batch,), steps, device=sequence.device)
    states = sequence.transpose(0, 1)
    directions = 2 if lstm.bidirectional else 1
    for layer in range(lstm.num_layers):
        # Of several outputs the first is asked for; the operator's others, the last states, may be left out.
        (states,) = torch.onnx.ops.symbolic_multi_out(
            "LSTM",
            (states, *_weights(lstm, layer), lengths.to(torch.int32)),
            {
                "hidden_size": lstm.hidden_size,
                "direction": "bidirectional" if lstm.bidirectional else "forward",
            },
            dtypes=(sequence.dtype,),
            shapes=((steps, directions, batch, lstm.hidden_size),),
        )
        states = states.transpose(1, 2).flatten(2)
    return states.transpose(0, 1)


def _weights(lstm: nn.LSTM, layer: int) -> list[torch.Tensor]:
    """Of the input (directions, 4 * hidden, features), of the states, and the biases of both joined."""
    ends = ("", "_reverse") if lstm.bidirectional else ("",)

    def of(name: str) -> torch.Tensor:
        return torch.stack([_in_onnx_order(getattr(lstm, f"{name}_l{layer}{end}")) for end in ends])

    return [of("weight_ih"), of("weight_hh"), torch.cat([of("bias_ih"), of("bias_hh")], dim=1)]


def _in_onnx_order(gates: torch.Tensor) -> torch.Tensor:
    """Input, output, forget, cell, where torch has input, forget, cell, output."""
    size = gates.shape[0] // 4
    return torch.cat([gates[:size], gates[3 * size :], gates[size : 3 * size]])


def sunk(padding: torch.Tensor, maps: torch.Tensor) -> torch.Tensor:
    """What, added to maps, sinks their padding so far below zero that a ReLU leaves nothing of it.

    ONNX Runtime has a memory layout of its own for convolutions, for ReLU and for sums of maps of one
    shape. It leaves it to multiply by a mask, of the shape of the maps or not, and enters it again: a
    quarter of the time of one note. A convolution makes what is added in that layout.

    Args:
        padding: bool (batch, 1, 1, frames), True where a frame is none of the clip.
        maps: (batch, channels, bands, frames).

    Returns:
        Of the shape of maps: 0 where they are real, `-SUNK` where they are not.
    """
    weight = maps.new_full((maps.shape[1], 1, 1, 1), -SUNK)
    return functional.conv2d(padding.to(maps.dtype).expand(-1, -1, maps.shape[2], -1), weight)
