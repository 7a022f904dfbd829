"""A speech encoder, pooled over the real frames of a clip, and a head for the vocabulary."""

from typing import Any

import torch
from torch import nn
from transformers import initialization as init
from transformers.models.wav2vec2.modeling_wav2vec2 import Wav2Vec2PreTrainedModel

from auricle.errors import ConfigurationError
from auricle.models.outputs import SpeechClassifierOutput, classification_loss
from auricle.models.spectrogram_model import real_frames
from auricle.models.traced import is_traced
from auricle.models.wav2vec2.adapters import adapt, merged
from auricle.models.wav2vec2.config import Wav2Vec2SpeechConfig
from auricle.models.wav2vec2.encoders import build_encoder
from auricle.models.wav2vec2.head import Wav2Vec2ClassificationHead
from auricle.models.wav2vec2.pooling import LayerMean, Pooling

__all__ = ["Wav2Vec2ForSpeechClassification", "Wav2Vec2SpeechConfig"]


class Wav2Vec2ForSpeechClassification(Wav2Vec2PreTrainedModel):  # type: ignore[no-untyped-call]
    """wav2vec 2.0, HuBERT or WavLM, the pooled states of its frames, a dense layer and one logit a class.

    Where the encoder's convolutions are normalized by layers, a padded clip gives what it gives alone. Where
    they are normalized over time (`feat_extract_norm: group`, as in the base models), padding would change
    the result: a padded batch is refused, and clips come in windows of one length.
    """

    config_class = Wav2Vec2SpeechConfig
    base_model_prefix = "speech"
    main_input_name = "input_values"
    config: Wav2Vec2SpeechConfig  # type: ignore[assignment]
    encoder: Any
    # Clips of any length are taken, see `SpectrogramModel`.
    exact_frames: int | None = None

    def __init__(self, config: Wav2Vec2SpeechConfig) -> None:
        super().__init__(config)
        self.encoder = build_encoder(config.encoder_settings, config.attention)
        hidden, layers = self.encoder.config.hidden_size, self.encoder.config.num_hidden_layers
        self.layer_mean = LayerMean(layers) if config.weighted_layers else None
        self.pooling = Pooling(config.pooling, hidden)
        self.classifier = Wav2Vec2ClassificationHead(hidden, config.n_classes, config.final_dropout)
        self.post_init()  # type: ignore[no-untyped-call]
        if config.lora is not None:
            adapt(self.encoder, config.lora)
        self._freeze()

    def _freeze(self) -> None:
        """What never learns requires no gradient."""
        if self.config.freeze_encoder:
            self.encoder.requires_grad_(False)
        if self.config.freeze_encoder or self.config.freeze_feature_encoder:
            self.encoder.feature_extractor._freeze_parameters()

    def _init_weights(self, module: nn.Module) -> None:
        """As transformers does; a small last layer, so that training starts from a loss of ln(classes)."""
        if isinstance(module, LayerMean):
            init.zeros_(module.weights)
            return
        super()._init_weights(module)  # type: ignore[no-untyped-call]
        if isinstance(module, Wav2Vec2ClassificationHead):
            init.normal_(module.out_proj.weight, std=0.001)

    def train(self, mode: bool = True) -> "Wav2Vec2ForSpeechClassification":
        """A frozen encoder says the same of a clip every time: nothing of it is dropped or masked."""
        super().train(mode)
        if self.config.freeze_encoder:
            self.encoder.eval()
        return self

    def rates(self) -> dict[str, float]:
        """The encoder's last layer learns at `encoder_rate`, each below at `layer_decay` of the one above."""
        rate, decay = self.config.encoder_rate, self.config.layer_decay
        if self.config.freeze_encoder or rate == decay == 1:
            return {}
        layers = len(self.encoder.encoder.layers)
        by_layer = {
            f"encoder.encoder.layers.{layer}.": rate * decay ** (layers - 1 - layer)
            for layer in range(layers)
        }
        on_top = {"encoder.encoder.layer_norm.": rate} if self._norm_is_on_top() else {}
        return {**by_layer, **on_top, "encoder.": rate * decay**layers}

    def _norm_is_on_top(self) -> bool:
        """Whether the encoder's own norm follows its layers; in base models it stands below them."""
        return bool(getattr(self.encoder.config, "do_stable_layer_norm", False))

    def thaw(self, layers: int) -> None:
        """Let so many of the last layers of the encoder learn; with all of them, what is below them too.

        The convolutions go on being frozen where `freeze_feature_encoder` says so.
        """
        of_encoder = self.encoder.encoder.layers
        self.encoder.requires_grad_(layers >= len(of_encoder))
        for layer in of_encoder[max(0, len(of_encoder) - layers) :]:
            layer.requires_grad_(True)
        if layers >= 1 and self._norm_is_on_top():
            self.encoder.encoder.layer_norm.requires_grad_(True)
        if self.config.freeze_feature_encoder:
            self.encoder.feature_extractor.requires_grad_(False)

    def standing_alone(self) -> "Wav2Vec2ForSpeechClassification":
        """The same model with its adapters, if any, merged into the encoder: it needs no other package."""
        if self.config.lora is not None:
            merged(self.encoder)
            self.config.lora = None
        return self

    def forward(
        self,
        input_values: torch.Tensor,
        labels: torch.Tensor | None = None,
        lengths: torch.Tensor | None = None,
        output_hidden_states: bool = False,
        output_attentions: bool = False,
    ) -> SpeechClassifierOutput:
        """Classify a batch.

        Args:
            input_values: (batch, 1, samples) or (batch, samples), of any floating dtype.
            labels: see `classification_loss`.
            lengths: int64 (batch,), samples of each clip that are no padding; None where all are.
            output_hidden_states: of each layer too.
            output_attentions: of each layer too; needs `attention: eager`.

        Raises:
            ConfigurationError: the input is not of the shape that the configuration promises, a clip is
                shorter than the encoder's receptive field, or padding is given to an encoder that takes none.
        """
        waveforms, lengths = self._checked(input_values, lengths)
        encoded = self.encoder(
            waveforms.to(self.classifier.dense.weight.dtype),
            attention_mask=None if lengths is None else real_frames(lengths, waveforms.shape[1]).long(),
            mask_time_indices=self._mask_of_short(waveforms),
            output_hidden_states=output_hidden_states or self.layer_mean is not None,
            output_attentions=output_attentions,
        )
        frames, layers = encoded.last_hidden_state, encoded.hidden_states
        if layers is not None:
            layers = (*layers[:-1], frames)  # some encoders normalize the last one's states once more
        if self.layer_mean is not None:
            frames = self.layer_mean(layers)
        pooled, attention = self.pooling(frames, self._real(lengths, frames.shape[1]))
        logits, embeddings = self.classifier(pooled)
        return SpeechClassifierOutput(
            loss=None if labels is None else self._loss(logits, labels),
            logits=logits,
            embeddings=embeddings,
            time_attention=attention,
            hidden_states=layers if output_hidden_states else None,
            attentions=encoded.attentions if output_attentions else None,
        )

    def _real(self, lengths: torch.Tensor | None, frames: int) -> torch.Tensor | None:
        """Which of the encoder's frames hear no padding, bool (batch, frames)."""
        if lengths is None:
            return None
        return real_frames(self.encoder._get_feat_extract_output_lengths(lengths), frames)

    def _mask_of_short(self, waveforms: torch.Tensor) -> torch.Tensor | None:
        """Nothing is masked of what is no longer than a mask; None leaves it to the encoder."""
        told = self.encoder.config
        if not (self.encoder.training and told.mask_time_prob > 0):
            return None
        frames = int(self.encoder._get_feat_extract_output_lengths(waveforms.shape[1]))
        if frames > told.mask_time_length:
            return None
        return torch.zeros(len(waveforms), frames, dtype=torch.bool, device=waveforms.device)

    def _loss(self, logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        if labels.ndim == 2 and labels.shape != logits.shape:
            raise ConfigurationError(
                f"Labels of shape {tuple(labels.shape)} are given to a model of {logits.shape[1]} classes:"
                f" expected ({logits.shape[0]}, {logits.shape[1]})."
            )
        # A GPU would have to be waited for, at each step.
        numbers = labels.ndim == 1 and labels.device.type == "cpu" and not labels.is_floating_point()
        if numbers and not 0 <= int(labels.min()) <= int(labels.max()) < logits.shape[1]:
            raise ConfigurationError(
                f"Labels from {int(labels.min())} to {int(labels.max())} are given to a model of"
                f" {logits.shape[1]} classes, which are numbered from 0."
            )
        return classification_loss(logits, labels, self.config)

    def _checked(
        self, input_values: torch.Tensor, lengths: torch.Tensor | None
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Waveforms (batch, samples), and lengths where any clip is padded."""
        shape = tuple(input_values.shape)
        if input_values.ndim not in (2, 3) or (input_values.ndim == 3 and shape[1] != 1):
            raise ConfigurationError(
                f"Expected waveforms of shape (batch, 1, samples) or (batch, samples), not {shape}."
            )
        waveforms = input_values.flatten(1)
        if is_traced():
            return waveforms, lengths if self.config.takes_padding else None
        if lengths is not None:
            lengths = self._checked_lengths(lengths.to(waveforms.device), waveforms)
        shortest = waveforms.shape[1] if lengths is None else int(lengths.min())
        if shortest < self.config.receptive_field:
            raise ConfigurationError(
                f"A clip has {shortest} samples, and the encoder needs {self.config.receptive_field} for its"
                " first frame. Leave such clips out, or repeat them up to a window."
            )
        return waveforms, lengths

    def _checked_lengths(self, lengths: torch.Tensor, waveforms: torch.Tensor) -> torch.Tensor | None:
        """The lengths, or None where no clip is padded."""
        count, samples = waveforms.shape
        if tuple(lengths.shape) != (count,) or bool((lengths < 1).any()):
            raise ConfigurationError(
                f"Expected one length of at least 1 for each of {count} clips, not {lengths.tolist()}."
            )
        if bool((lengths >= samples).all()):
            return None
        if not self.config.takes_padding:
            raise ConfigurationError(
                f"A clip of {int(lengths.min())} samples is padded to {samples}, and this encoder normalizes"
                " padding together with the clip, which changes what it says (feat_extract_norm: group)."
                " Give it clips of one length: repeat short ones up to a window."
            )
        return lengths
