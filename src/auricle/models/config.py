"""What the configurations of all deep models on spectrograms have in common."""

from dataclasses import field
from typing import Any

from transformers import PreTrainedConfig

from auricle.errors import ConfigurationError
from auricle.models.bundle import FORMAT_VERSION


class SpectrogramModelConfig(PreTrainedConfig):  # type: ignore[no-untyped-call]
    """A classifier of spectrograms: its input, its windows, its classes and their weights in the loss."""

    auricle_bundle: int = FORMAT_VERSION
    n_bands: int = 128
    window_frames: int = 130
    hop_frames: int = 65
    class_weights: list[float] | None = None
    # Lin et al., Focal Loss for Dense Object Detection, ICCV 2017: 0 is the cross entropy.
    focal_gamma: float = 0.0
    # Where a recording may have several labels: what each implies, and the probability from which it is said.
    parents: dict[str, str] = field(default_factory=dict)
    thresholds: list[float] | None = None
    # Where it has one class: what its probabilities are divided by, as logits, to mean what they say.
    calibration_temperature: float | None = None

    # Whether clips are padded to the longest of a batch only, and not to a window.
    any_length: bool = False

    @property
    def n_classes(self) -> int:
        """Length of the vocabulary."""
        return len(self.id2label or {})

    def __post_init__(self, **kwargs: Any) -> None:
        """Complete the labels, then refuse what contradicts itself."""
        super().__post_init__(**kwargs)  # type: ignore[no-untyped-call]
        if not 1 <= self.hop_frames <= self.window_frames:
            raise ConfigurationError(
                f"hop_frames is {self.hop_frames} and window_frames {self.window_frames}: windows must "
                "advance by at least one frame and leave no gap. Choose hop_seconds <= window_seconds."
            )
        for name in ("class_weights", "thresholds"):
            values = getattr(self, name)
            if values is not None and len(values) != self.n_classes:
                raise ConfigurationError(
                    f"{name} has {len(values)} entries for {self.n_classes} classes: give one each."
                )
