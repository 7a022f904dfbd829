"""Audio encoders in ONNX that hear log-mel patches of 0.96 s: VGGish and YAMNet."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from auricle.errors import ConfigurationError
from auricle.models.backbones import Said, only_for
from auricle.models.backbones.onnx_encoder import OnnxEncoder
from auricle.models.backbones.onnx_file import PATCH, Probed, find_file, probe
from auricle.models.spectrogram_model import Maps

if TYPE_CHECKING:
    from auricle.models.params import TransferParams
    from auricle.models.transfer import TransferModelConfig

# What both were trained to hear; `top_db` leaves less below the loudest than they add before the logarithm.
FRONT_END = {
    **{"kind": "vggish", "sample_rate": 16_000, "n_fft": 512, "hop_length": 160, "n_mels": PATCH[1]},
    **{"fmin": 125.0, "fmax": 7_500.0, "top_db": 120.0},
}
SILENCE_DB = -100.0
WIDTHS = (128, 1_024)  # of VGGish and of YAMNet
OFFSETS = {1_024: 0.001}
OFFSET = 0.01

takes_decibels = True


def settings(told: "TransferParams") -> dict[str, Any]:
    """What the graph takes and says, and its SHA-256; see `Family`."""
    only_for(told, "encoders in ONNX", without=("weights",))
    found = _probed(told)
    output = told.output or _embedding_of(found, told.backbone)
    if output not in found.widths:
        raise ConfigurationError(
            f"backbone {told.backbone!r} has no output {output!r} with one row a patch, but"
            f" {', '.join(found.widths) or 'none at all'}. Mend output."
        )
    width = found.widths[output]
    return {
        "model_type": "onnx",
        "sha256": found.sha256,
        "bytes": len(found.content),
        "input": found.input,
        "shape": list(found.shape),
        "batch": found.batch,
        "output": output,
        "width": width,
        "log_offset": told.log_offset or OFFSETS.get(width, OFFSET),
    }


def weights(told: "TransferParams", encoder: nn.Module) -> dict[str, torch.Tensor]:
    """The graph, as bytes; see `Family`."""
    return {"graph": torch.from_numpy(np.frombuffer(_probed(told).content, dtype=np.uint8).copy())}


def front_end(settings: Mapping[str, Any]) -> dict[str, Any]:
    """That of AudioSet's models; see `Family`."""
    return FRONT_END


def check(config: "TransferModelConfig") -> None:
    """Refuse to train what has no gradients, other bands, and windows below a patch; see `Family`."""
    name, (frames, bands) = config.backbone_name, PATCH
    if not config.frozen:
        raise ConfigurationError(
            f"backbone {name!r} is in ONNX, and ONNX Runtime computes no gradients: it cannot be fine-tuned."
            " Set frozen: true, which trains the head alone."
        )
    if config.n_bands != bands:
        raise ConfigurationError(
            f"backbone {name!r} hears {bands} bands, the front end makes {config.n_bands}. Set front_end:"
            f" {shown(FRONT_END)}."
        )
    if config.window_frames < frames:
        raise ConfigurationError(
            f"backbone {name!r} hears {frames} frames at a time, and a window has {config.window_frames}. Set"
            " window_seconds to 0.96 or more."
        )


def shown(parameters: Mapping[str, Any]) -> str:
    """Parameters as they are written into a file."""
    return "{" + ", ".join(f"{name}: {value}" for name, value in parameters.items()) + "}"


def build(settings: Mapping[str, Any]) -> nn.Module:
    """A graph that is still to come; see `Family`."""
    return OnnxEncoder(settings)


def width(encoder: Any) -> int:
    """The numbers of its embedding."""
    return int(encoder.settings["width"])


def say(encoder: nn.Module, config: "TransferModelConfig", maps: Maps) -> Said:
    """The embeddings of patches that cover each clip evenly; see `Family`.

    A clip is cut by its own length, so that padding is never heard.
    """
    frames = maps.values.shape[-1]
    lengths = [frames] * len(maps.values) if maps.lengths is None else maps.lengths.tolist()
    cut = [patches_of(clip[0, :, :length]) for clip, length in zip(maps.values, lengths, strict=True)]
    offset = config.backbone_settings["log_offset"]
    heard = (10 ** (torch.cat(cut).float() / 20) + offset).log()
    counts = [len(patches) for patches in cut]
    said = encoder(heard.transpose(1, 2)).split(counts)
    places = nn.utils.rnn.pad_sequence(said, batch_first=True).transpose(1, 2)[:, :, None]
    return Said(places, torch.tensor(counts, device=places.device) if len(set(counts)) > 1 else None)


def patches_of(clip: torch.Tensor) -> torch.Tensor:
    """Patches (n, bands, 96) of a clip (bands, frames) in dB, evenly spaced from its first frame to its last.

    They overlap where it is no multiple of 96 frames; a shorter one is followed by silence.
    """
    length = PATCH[0]
    clip = functional.pad(clip, (0, max(0, length - clip.shape[1])), value=SILENCE_DB)
    frames = clip.shape[1]
    count = -(-(frames - 1) // length)  # centred frames are one more than the time holds
    starts = np.linspace(0, frames - length, count).round().astype(int).tolist()
    return torch.stack([clip[:, start : start + length] for start in starts])


def _probed(told: "TransferParams") -> Probed:
    return probe(find_file(told.backbone, told.revision), f"backbone {told.backbone!r}")


def _embedding_of(found: Probed, backbone: str) -> str:
    """The one output, the one that is named so, or the one as wide as VGGish's or YAMNet's."""
    named = [name for name in found.widths if "embedding" in name.lower()]
    as_wide = [name for name, width in found.widths.items() if width in WIDTHS]
    for names in (list(found.widths), named, as_wide):
        if len(names) == 1:
            return names[0]
    told = ", ".join(f"{name} of {width}" for name, width in found.widths.items())
    raise ConfigurationError(
        f"backbone {backbone!r} has the outputs {told or 'without a row a patch'}. Name the one that is the"
        " embedding by output."
    )
