"""A network with its front end and its windows as one ONNX file: waveforms in, probabilities out."""

from typing import Any

import torch
from torch import nn

from auricle.audio.front_ends import load_front_end
from auricle.models.backbones.packages import needed
from auricle.models.bundle import BundleRef
from auricle.models.instruments import takes_instruments
from auricle.models.onnx_export import EXTRA, metadata_for, record, refuse_graphs
from auricle.models.onnx_front_end import front_end_in_torch
from auricle.models.outputs import AudioClassifierOutput
from auricle.models.padding import Padding, padding_of
from auricle.models.registry import load_deep
from auricle.models.temperature import PROBABILITY_FLOOR
from auricle.models.windows import probabilities_of

OUTPUTS = ("probabilities", "embeddings")
CALIBRATED = "calibrated_probabilities"


def onnx_of_waveforms(bundle: BundleRef) -> bytes:
    """A network that hears recordings by itself, as `auricle.load(...).predict` hears them.

    Inputs: `waveforms`, float32 (batch, samples), mono at the metadata's `sample_rate`, full scale at 1, each
    followed by anything where it is shorter; `lengths`, int64 (batch,), its samples that count;
    `instruments`, int64 (batch,), of networks that ask who plays. Outputs: `probabilities`, float32
    (batch, classes), the mean over the recording's windows; `calibrated_probabilities` of bundles that keep a
    temperature; and `embeddings`, float32 (batch, embedding_size), the mean likewise.

    Raises:
        NotExportableError: a network, or a front end, that ONNX cannot express.
        MissingPackageError: the extra `onnx` is not installed.
        BundleError: a bundle that cannot be loaded.
    """
    for package in ("onnx", "onnxscript"):
        needed(package, extra=EXTRA, by="Export to ONNX")
    network: Any = load_deep(bundle)
    refuse_graphs(network)
    whole = Whole(network, front_end_in_torch(load_front_end(bundle.path))).eval()
    given = _example(bundle, network)
    axes: dict[str, Any] = {name: {0: torch.export.Dim.DYNAMIC} for name in given}
    axes["waveforms"][1] = torch.export.Dim.DYNAMIC
    proto = record(whole, given, axes, whole.outputs, type(network).__name__)
    for value in (*proto.graph.input, *proto.graph.output):
        dimensions = value.type.tensor_type.shape.dim
        dimensions[0].dim_param = "batch"
        if value.name == "waveforms":
            dimensions[1].dim_param = "samples"
    for key, value in metadata_for(network, bundle).items():
        proto.metadata_props.add(key=key, value=value)
    content: bytes = proto.SerializeToString()
    return content


class Whole(nn.Module):
    """Front end, windows, network, and the mean over the windows.

    Args:
        network: in evaluation mode.
        front_end: see `front_end_in_torch`.
    """

    def __init__(self, network: Any, front_end: nn.Module) -> None:
        super().__init__()
        self.network, self.front_end = network, front_end
        config = network.config
        self.repeats = padding_of(config) is Padding.REPEATED
        self.temperature = config.calibration_temperature
        self.outputs = (*OUTPUTS[:1], *([CALIBRATED] if self.temperature else []), *OUTPUTS[1:])

    def forward(
        self, waveforms: torch.Tensor, lengths: torch.Tensor, instruments: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, ...]:
        """See `onnx_of_waveforms`."""
        values, frames = self.front_end(waveforms, lengths)
        config = self.network.config
        window, hop = config.window_frames, config.hop_frames
        last = (frames - window).clamp(min=0)  # where a recording's last window begins
        longest = torch.sym_max(values.shape[2] - window, 0)  # type: ignore[no-untyped-call]
        numbers = torch.arange((longest + hop - 1) // hop + 1, device=values.device)
        starts = torch.minimum(numbers[None, :] * hop, last[:, None])
        counts = (last + hop - 1) // hop + 1
        width = torch.sym_min(window, values.shape[2]) if config.any_length else window  # type: ignore[no-untyped-call]
        windows, real = self._cut(values, frames, starts, width)
        each = starts.shape[1]
        told = {}
        if instruments is not None:
            told["instruments"] = instruments[:, None].expand(-1, each).reshape(-1)
        output: AudioClassifierOutput = self.network(windows, lengths=real, **told)
        assert output.logits is not None
        assert output.embeddings is not None
        weights = ((numbers[None, :] < counts[:, None]) / counts[:, None]).float()[:, :, None]
        said = probabilities_of(output.logits, config.problem_type)
        probabilities = (said.reshape(-1, each, said.shape[1]) * weights).sum(dim=1)
        heard = output.embeddings.float()
        embeddings = (heard.reshape(-1, each, heard.shape[1]) * weights).sum(dim=1)
        if not self.temperature:
            return probabilities, embeddings
        logits = probabilities.clamp(PROBABILITY_FLOOR, 1.0).log() / self.temperature
        return probabilities, logits.softmax(dim=1), embeddings

    def _cut(
        self, values: torch.Tensor, frames: torch.Tensor, starts: torch.Tensor, window: int
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """All windows of all recordings, (batch * windows, bands, window), and how much of each is real."""
        within = torch.arange(window, device=values.device)
        places = starts[:, :, None] + within[None, None, :]
        if self.repeats:  # a recording that is shorter than a window, again and again
            places = places % frames[:, None, None]
        behind = places >= frames[:, None, None]
        places = places.clamp(max=values.shape[2] - 1).flatten(1)
        bands = values.shape[1]
        taken = values.gather(2, places[:, None, :].expand(-1, bands, -1))
        taken = taken.reshape(-1, bands, starts.shape[1], window).transpose(1, 2)
        if not self.repeats:
            least = taken.amin(dim=(2, 3), keepdim=True)
            zero = torch.zeros_like(least) if padding_of(self.network.config) is Padding.ZEROS else least
            taken = torch.where(behind[:, :, None, :], zero, taken)
        real = frames.clamp(max=window)[:, None].expand(-1, starts.shape[1]).reshape(-1)
        whole = torch.full_like(real, window) if self.repeats else real
        return taken.flatten(0, 1), whole


def _example(bundle: BundleRef, network: Any) -> dict[str, torch.Tensor]:
    """Recordings of noise of two windows and more: no size is 1 or another's."""
    front_end = load_front_end(bundle.path)
    config = network.config
    seconds = front_end.seconds(config.window_frames + 2 * config.hop_frames + 3)
    samples = round(seconds * front_end.sample_rate) + 7
    noise = torch.randn(3, samples, generator=torch.Generator().manual_seed(0)) / 10
    given = {"waveforms": noise, "lengths": torch.tensor([samples, samples - 1, samples // 2])}
    if takes_instruments(config):
        given["instruments"] = torch.arange(3) % (len(config.instruments) + 1)
    return given
