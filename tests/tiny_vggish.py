"""A network of VGGish's shape with a handful of weights, exported to ONNX as VGGish and YAMNet are."""

from pathlib import Path
from typing import Any

import torch
from torch import nn

FRONT_END = {
    **{"kind": "vggish", "sample_rate": 16_000, "n_fft": 512, "hop_length": 160, "n_mels": 64},
    **{"fmin": 125.0, "fmax": 7500.0, "top_db": 120.0},
}


class TinyVggish(nn.Module):
    """(N, 1, 96, 64) or (N, 96, 64) to `width` numbers, or to the two outputs of a YAMNet."""

    def __init__(self, *, channel: bool = True, width: int = 128, yamnet: bool = False) -> None:
        super().__init__()
        self.channel, self.yamnet = channel, yamnet
        self.convolution = nn.Conv2d(1, 2, 3, stride=4)
        self.dense = nn.Linear(2 * 24 * 16, width)
        self.scores = nn.Linear(width, 521)

    def forward(self, patches: torch.Tensor) -> torch.Tensor | tuple[torch.Tensor, torch.Tensor]:
        values = patches if self.channel else patches[:, None]
        embedding = self.dense(self.convolution(values).relu().flatten(1)).relu()
        return (self.scores(embedding), embedding) if self.yamnet else embedding


def seeded(**shape: Any) -> TinyVggish:
    """The module, always of the same weights."""
    torch.manual_seed(3)
    return TinyVggish(**shape).eval()


def tiny_vggish(
    file: Path,
    *,
    batch: int | None = None,
    external: bool = False,
    names: list[str] | None = None,
    **shape: Any,
) -> TinyVggish:
    """Export one into ``file``; for any number of patches, or for ``batch`` at once."""
    module = seeded(**shape)
    patches = torch.zeros(batch or 2, *((1,) if module.channel else ()), 96, 64)
    torch.onnx.export(
        module,
        (patches,),
        file,
        dynamo=True,
        external_data=external,
        input_names=["patches"],
        output_names=names,
        dynamic_shapes=None if batch else {"patches": {0: torch.export.Dim("n", min=1)}},
        verbose=False,
    )
    return module
