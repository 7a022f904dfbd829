"""Configuration of a rater: its two classes with their arguments, and what its loss is."""

from dataclasses import field
from typing import Any, get_args

from auricle.errors import ConfigurationError
from auricle.models.config import SpectrogramModelConfig
from auricle.models.rating.params import LossName

RATING = "rating"


class RaterConfig(SpectrogramModelConfig):  # type: ignore[no-untyped-call]
    """Configuration of a `Rater`; `RaterParams.config_for` makes it.

    A frame is a sample, so that `window_frames` and `hop_frames` are samples, and there is one band. Where
    `embedding_dim` is given, what is heard are embeddings of that size, made before by a frozen encoder: a
    frame is then a window, and there is no encoder inside.
    """

    model_type = "auricle_rater"

    n_bands: int = 1
    window_frames: int = 220_500
    hop_frames: int = 220_500
    sample_rate: int = 22_050
    encoder_class: str = ""
    encoder_kwargs: dict[str, Any] = field(default_factory=dict)
    classifier_class: str = ""
    classifier_kwargs: dict[str, Any] = field(default_factory=dict)
    rating_loss: str = "mse"
    rating_steps: int = 10
    sources: dict[str, str] = field(default_factory=dict)
    embedding_dim: int | None = None

    @property
    def takes_padding(self) -> bool:
        """An encoder is not told where a clip ends: what is shorter than a window is heard again."""
        return False

    def __post_init__(self, **kwargs: Any) -> None:
        """Refuse a loss that there is not."""
        super().__post_init__(**kwargs)
        if self.rating_loss not in get_args(LossName):
            raise ConfigurationError(
                f"loss is {self.rating_loss!r}: choose one of {', '.join(get_args(LossName))}."
            )
