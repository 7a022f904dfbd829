"""Parameters of the rating model's parts; importing this loads no torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from auricle.params import Params

if TYPE_CHECKING:
    from auricle.models.rating.config import RaterConfig

LossName = Literal["mse", "bce", "ordinal"]


class PairParams(Params):
    """The encoder and the classifier, each a class with its keyword arguments."""

    encoder_class: str = Field(
        "auricle.models.encoders:SpectrogramEncoder",
        description="module:Class of the encoder: (batch, samples) to (batch, embedding_dim).",
    )
    encoder_kwargs: dict[str, Any] = Field(
        default_factory=dict, description="Keyword arguments of its constructor."
    )
    classifier_class: str = Field(
        "auricle.models.classifiers:MLPClassifier",
        description="module:Class of the classifier: (batch, embedding_dim) to (batch, 1) in [0, 1].",
    )
    classifier_kwargs: dict[str, Any] = Field(
        default_factory=dict, description="Keyword arguments of its constructor, besides embedding_dim."
    )


class RaterParams(PairParams):
    """Architecture of the `Rater`."""

    loss: LossName = Field(
        "mse",
        description="mse: squared error; bce: cross entropy of the rating as a probability; ordinal: of"
        " exceeding each of `steps` (CORAL).",
    )
    steps: int = Field(10, ge=2, le=100, description="Steps of the ordinal loss; 10 are half stars.")

    def config_for(self, *, sample_rate: int, window_frames: int, hop_frames: int) -> RaterConfig:
        """The configuration that a model is built from and that its bundle keeps.

        Args:
            sample_rate: of the waveforms, in Hz.
            window_frames: samples of one window.
            hop_frames: samples from one window to the next in prediction.
        """
        from auricle.models.rating.config import RATING, RaterConfig

        return RaterConfig(
            **self.model_dump(include=set(PairParams.model_fields)),
            sample_rate=sample_rate,
            window_frames=window_frames,
            hop_frames=hop_frames,
            rating_loss=self.loss,
            rating_steps=self.steps,
            problem_type="regression",
            id2label={0: RATING},
            label2id={RATING: 0},
        )
