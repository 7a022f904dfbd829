"""Configuration of a speech classifier: its encoder whole, its pooling, and what of it learns."""

from dataclasses import field
from typing import Any, get_args

from auricle.errors import ConfigurationError
from auricle.models.config import SpectrogramModelConfig
from auricle.models.wav2vec2.encoders import check_type, receptive_field
from auricle.models.wav2vec2.params import PoolingName


class Wav2Vec2SpeechConfig(SpectrogramModelConfig):  # type: ignore[no-untyped-call]
    """Configuration of a `Wav2Vec2ForSpeechClassification`; `Wav2Vec2Params.config` makes it.

    A frame is a sample, so that `window_frames` and `hop_frames` are samples, and there is one band. The
    configuration of the encoder is held whole: a bundle needs nothing but itself.
    """

    model_type = "auricle_wav2vec2"

    n_bands: int = 1
    window_frames: int = 48_000
    hop_frames: int = 24_000
    encoder_name: str = ""
    encoder_revision: str | None = None
    encoder_licence: str | None = None
    encoder_settings: dict[str, Any] = field(default_factory=dict)
    pretrained: bool = False
    pooling: str = "mean"
    weighted_layers: bool = False
    final_dropout: float = 0.1
    freeze_feature_encoder: bool = False
    freeze_encoder: bool = False
    encoder_rate: float = 1.0
    layer_decay: float = 1.0
    gradual_unfreezing: int = 0
    lora: dict[str, Any] | None = None
    attention: str = "auto"

    @property
    def takes_padding(self) -> bool:
        """Whether padding changes nothing: not where it is normalized together with the clip."""
        told = self.encoder_settings
        return told.get("feat_extract_norm") != "group" and not told.get("conv_pos_batch_norm")

    @property
    def receptive_field(self) -> int:
        """Samples that the encoder hears for one frame: the fewest that a clip may have."""
        return receptive_field(self.encoder_settings)

    def __post_init__(self, **kwargs: Any) -> None:
        """Refuse what contradicts itself, the encoder or the windows."""
        super().__post_init__(**kwargs)
        if not self.encoder_settings:  # transformers makes one without arguments, to compare with
            return
        check_type(self.encoder_settings, self.encoder_name)
        if self.n_bands != 1:
            raise ConfigurationError(
                f"A speech encoder hears waveforms, and the front end makes spectrograms of {self.n_bands}"
                " bands. Give it the front end of waveforms."
            )
        if self.pooling not in get_args(PoolingName):
            raise ConfigurationError(
                f"pooling is {self.pooling!r}: choose one of {', '.join(get_args(PoolingName))}."
            )
        self._check_lengths()
        # Clips of other lengths are padded to the longest of a batch only where that changes nothing.
        self.any_length = self.takes_padding

    def _check_lengths(self) -> None:
        """Refuse windows that are too short to be heard, and masks that are wider than what they mask."""
        told, least = self.encoder_settings, self.receptive_field
        if self.window_frames < least:
            raise ConfigurationError(
                f"A window has {self.window_frames} samples, and the encoder needs {least} for its first"
                " frame. Raise window_seconds."
            )
        if told["mask_feature_prob"] > 0 and told["mask_feature_length"] > told["hidden_size"]:
            raise ConfigurationError(
                f"mask_feature_length is {told['mask_feature_length']} and the encoder's hidden_size"
                f" {told['hidden_size']}: nothing would be left. Lower mask_feature_length."
            )
