"""Networks as ONNX files, which answer without torch: any number of clips, of any length."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from auricle.errors import NotExportableError
from auricle.models.backbones.onnx_encoder import OnnxEncoder
from auricle.models.backbones.packages import needed
from auricle.models.bundle import BundleRef
from auricle.models.instruments import takes_instruments
from auricle.models.onnx_metadata import NETWORK_PACKAGES, TOLD, metadata_of
from auricle.models.outputs import AudioClassifierOutput
from auricle.models.padding import Padding, fewest_frames, padding_of
from auricle.models.registry import load_deep
from auricle.models.whole_file import write_whole
from auricle.models.windows import probabilities_of

EXTRA = "onnx"
OPSET = 20
OUTPUTS = ("logits", "probabilities", "embeddings")


def export_onnx(bundle_or_model: Any, path: Path) -> None:
    """Write a network as one ONNX file; see `onnx_of` for what it takes and says.

    Args:
        bundle_or_model: the `BundleRef` of a network, or a network.
        path: of the file, which is replaced.

    Raises:
        NotExportableError: a network that ONNX cannot express.
        MissingPackageError: the extra `onnx` is not installed.
        BundleError: a bundle that cannot be loaded.
    """
    write_whole(path, onnx_of(bundle_or_model))


def onnx_of(bundle_or_model: Any) -> bytes:
    """A network as ONNX.

    Inputs: `input_values`, float32 (batch, bands, frames) in dB, or (batch, 1, samples) of waveforms;
    `lengths`, int64 (batch,), frames that are no padding (frames, where all are), of networks that may be
    given padding; `instruments`, int64 (batch,), of networks that ask who plays, 0 where
    it is not known. Outputs: `logits` and `probabilities`, float32 (batch, classes), and `embeddings`,
    float32 (batch, embedding_size). The metadata says what the labels are called; see
    `auricle.models.onnx_metadata`.

    Args and errors: as of `export_onnx`.
    """
    for package in ("onnx", "onnxscript"):
        needed(package, extra=EXTRA, by="Export to ONNX")
    bundle = bundle_or_model if isinstance(bundle_or_model, BundleRef) else None
    network: Any = bundle_or_model if bundle is None else load_deep(bundle)
    refuse_graphs(network)
    was_training = network.training
    try:
        proto = _recorded(network.eval())
    finally:
        network.train(was_training)
    for key, value in metadata_for(network, bundle).items():
        proto.metadata_props.add(key=key, value=value)
    content: bytes = proto.SerializeToString()
    return content


def metadata_for(network: Any, bundle: BundleRef | None) -> dict[str, str]:
    """What the file of a network says of itself; see `auricle.models.onnx_metadata`."""
    config = network.config
    told = {name: getattr(config, name, None) for name in ("model_type", "problem_type", *TOLD)}
    labels = [config.id2label[number] for number in range(config.n_classes)]
    return metadata_of(told, labels, NETWORK_PACKAGES, bundle)


def refuse_graphs(network: Any) -> None:
    """Refuse what torch cannot look into.

    Raises:
        NotExportableError: the encoder is an ONNX file itself.
    """
    if any(isinstance(module, OnnxEncoder) for module in network.modules()):
        raise NotExportableError(
            f"A {type(network).__name__} cannot be exported to ONNX: its encoder is an ONNX file itself,"
            " which torch cannot look into. Use the bundle."
        )


class Answers(nn.Module):
    """What a network says of a batch, as the file says it: `OUTPUTS`, in their order."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = network

    def forward(
        self,
        input_values: torch.Tensor,
        lengths: torch.Tensor | None = None,
        instruments: torch.Tensor | None = None,
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """See `onnx_of`."""
        told = {} if instruments is None else {"instruments": instruments}
        output: AudioClassifierOutput = self.network(input_values, lengths=lengths, **told)
        assert output.logits is not None
        assert output.embeddings is not None
        probabilities = probabilities_of(output.logits, self.network.config.problem_type)
        return output.logits, probabilities, output.embeddings.float()


def example_of(network: Any, lengths: list[int], frames: int | None = None) -> dict[str, torch.Tensor]:
    """Noise of the shape that a network takes, each clip padded with silence; instruments in turn.

    Args:
        network: its configuration says how many bands and instruments there are.
        lengths: frames of each clip that are no padding.
        frames: of the batch; those of its longest clip by default.
    """
    config = network.config
    generator = torch.Generator().manual_seed(0)
    channels = [getattr(config, "input_channels", 1)] if getattr(config, "input_channels", 1) > 1 else []
    shape = [len(lengths), *channels, config.n_bands, frames or max(lengths)]
    waveforms = padding_of(config) is not Padding.MINIMUM
    noise = torch.rand(shape, generator=generator)
    values = noise * 2 - 1 if waveforms else noise * 60 - 70
    for clip, length in zip(values, lengths, strict=True):
        clip[..., length:] = 0.0 if waveforms else clip[..., :length].min()
    given = {"input_values": values}
    if padding_of(config) is not Padding.REPEATED:
        given["lengths"] = torch.tensor(lengths)
    if takes_instruments(config):
        given["instruments"] = torch.arange(len(lengths)) % (len(config.instruments) + 1)
    return given


def _recorded(network: Any) -> Any:
    """The network as an ONNX model."""
    exact = network.exact_frames
    # A size of 0 or 1, or one that is the same as another, would be taken for one that never changes.
    least = fewest_frames(network.config)
    frames = exact or (max(network.config.window_frames, 64) if least == 1 else 4 * least)
    padded = 0 if padding_of(network.config) is Padding.REPEATED else 1
    given = example_of(network, [frames, frames - padded, frames - 2 * padded])
    device = next(network.parameters()).device
    axes: dict[str, Any] = {name: {0: torch.export.Dim.DYNAMIC} for name in given}
    if exact is None:
        axes["input_values"][given["input_values"].ndim - 1] = torch.export.Dim.DYNAMIC
    placed = {name: values.to(device) for name, values in given.items()}
    proto = record(Answers(network), placed, axes, OUTPUTS, type(network).__name__)
    return _with_names(proto, None if exact else "frames")


def record(
    module: nn.Module, given: dict[str, torch.Tensor], axes: dict[str, Any], outputs: Sequence[str], name: str
) -> Any:
    """What a module computes as an ONNX model.

    Args:
        module: in evaluation mode.
        given: an example of its inputs, by name.
        axes: for each input the dimensions that may be of any size.
        outputs: their names.
        name: of the network, for messages.

    Raises:
        NotExportableError: torch cannot record it.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of torch, about its own parts
        try:
            program = torch.onnx.export(
                module,
                kwargs=given,
                dynamo=True,
                dynamic_shapes=axes,
                input_names=list(given),
                output_names=list(outputs),
                opset_version=OPSET,
                verbose=False,
            )
        except (torch.onnx.OnnxExporterError, RuntimeError) as error:
            raise NotExportableError(
                f"A {name} cannot be exported to ONNX: torch's exporter cannot record it"
                f" ({_reason(error)}). Use the bundle."
            ) from error
    assert program is not None
    proto = program.model_proto
    del proto.graph.value_info[:]  # where torch's own names stand too, and which runtimes infer
    return proto


def _with_names(proto: Any, frames: str | None) -> Any:
    """Name the dimensions that may change, which torch numbers."""
    for value in (*proto.graph.input, *proto.graph.output):
        dimensions = value.type.tensor_type.shape.dim
        dimensions[0].dim_param = "batch"
        if value.name == "input_values" and frames:
            dimensions[-1].dim_param = frames
    return proto


def _reason(error: BaseException) -> str:
    """The first line of what is at the bottom of it."""
    while error.__cause__ is not None:
        error = error.__cause__
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
