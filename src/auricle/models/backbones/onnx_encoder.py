"""A graph in ONNX as a part of a network: its bytes among the weights, run by ONNX Runtime."""

import hashlib
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from auricle.errors import ConfigurationError
from auricle.models.backbones.onnx_file import open_session

AT_ONCE = 64  # patches in one pass, where the graph takes any number


class OnnxEncoder(nn.Module):
    """An encoder that learns nothing any more.

    The graph is a buffer of bytes, so that checkpoints and bundles hold it as they hold weights, and need no
    file beside theirs. Its SHA-256 stands in the configuration; other bytes are refused.
    """

    graph: torch.Tensor

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__()
        self.settings = dict(settings)
        self.register_buffer("graph", torch.zeros(settings["bytes"], dtype=torch.uint8))
        self._session: Any = None

    def ready(self) -> None:
        """Open the graph.

        Raises:
            ConfigurationError: it is not the one of the configuration, or ONNX Runtime is missing.
        """
        if self._session is not None:
            return
        content = self.graph.cpu().numpy().tobytes()
        if hashlib.sha256(content).hexdigest() != self.settings["sha256"]:
            raise ConfigurationError(
                "The encoder in ONNX is not the one of the configuration: its SHA-256 is another than"
                f" {self.settings['sha256']}. Take the encoder that this model was trained with."
            )
        self._session = open_session(content, "The encoder in ONNX")

    @torch.compiler.disable  # type: ignore[untyped-decorator]
    def forward(self, patches: torch.Tensor) -> torch.Tensor:
        """What the graph says of each patch.

        Args:
            patches: (n, 96, 64), natural logarithms of mel magnitudes.

        Returns:
            float32 (n, width), without a gradient.
        """
        if patches.is_meta:
            return patches.new_empty(len(patches), self.settings["width"])
        self.ready()
        values = patches.detach().float().cpu()
        said = [self._run(part) for part in torch.split(values, self.settings["batch"] or AT_ONCE)]
        return torch.cat(said).to(patches.device)

    def _run(self, patches: torch.Tensor) -> torch.Tensor:
        size = self.settings["batch"] or len(patches)
        full = nn.functional.pad(patches, (0, 0, 0, 0, 0, size - len(patches)))
        told = full.reshape(size, *self.settings["shape"]).numpy()
        (said,) = self._session.run([self.settings["output"]], {self.settings["input"]: told})
        return torch.from_numpy(said).flatten(1)[: len(patches)]

    def __getstate__(self) -> dict[str, Any]:
        """Copies open a session of their own: one can be neither copied nor sent elsewhere."""
        return {**self.__dict__, "_session": None}
