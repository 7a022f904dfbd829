"""What the configurations of all deep models on spectrograms have in common."""

from typing import Any

from transformers import PreTrainedConfig

from auricle.errors import ConfigurationError
from auricle.models.bundle import FORMAT_VERSION


class SpectrogramModelConfig(PreTrainedConfig):  # type: ignore[no-untyped-call]
    """A classifier of spectrograms: its input, its windows and the weights of its classes in the loss."""

    auricle_bundle: int = FORMAT_VERSION
    n_bands: int = 128
    window_frames: int = 130
    hop_frames: int = 65
    class_weights: list[float] | None = None

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
        if self.class_weights is not None and len(self.class_weights) != self.n_classes:
            raise ConfigurationError(
                f"class_weights has {len(self.class_weights)} entries for {self.n_classes} classes: "
                "give one each."
            )
