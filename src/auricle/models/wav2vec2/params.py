"""Parameters of the speech classifier; importing this loads neither torch nor transformers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from auricle.models.architecture import ArchitectureParams
from auricle.models.backbones import home_expanded, shown_name
from auricle.params import Params

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from auricle.models.backbones.hub import Source

PoolingName = Literal["mean", "sum", "max", "attention"]
Count = Annotated[int, Field(ge=1, le=4096)]
EXAMPLE = "facebook/wav2vec2-base-100k-voxpopuli"


class TinyEncoderParams(Params):
    """Geometry of the encoder that begins at random: 0.7 M parameters, which learn on a CPU.

    Its convolutions are normalized by layers, so that padding changes nothing, and give a frame every 20 ms
    at 16 kHz as those of wav2vec 2.0 do, in four steps instead of seven.
    """

    conv_dim: tuple[Count, ...] = Field(
        (32, 64, 64, 128), min_length=1, max_length=12, description="channels of each convolution"
    )
    conv_kernel: tuple[Count, ...] = Field(
        (20, 8, 8, 4), min_length=1, max_length=12, description="width of each, in samples of its input"
    )
    conv_stride: tuple[Count, ...] = Field(
        (10, 4, 4, 2), min_length=1, max_length=12, description="step of each; together 320 samples"
    )
    hidden_size: int = Field(128, ge=4, le=4096, description="width of the transformer")
    num_hidden_layers: int = Field(3, ge=1, le=48, description="its layers")
    num_attention_heads: int = Field(4, ge=1, le=64, description="its heads, which share the width")
    intermediate_size: int = Field(384, ge=1, le=16384, description="width of its feed-forward layers")
    num_conv_pos_embeddings: int = Field(
        32, ge=2, le=1024, description="frames that a convolution sees to tell the position"
    )
    num_conv_pos_embedding_groups: int = Field(8, ge=1, le=256, description="groups of its channels")

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        lengths = {name: len(getattr(self, name)) for name in ("conv_dim", "conv_kernel", "conv_stride")}
        if len(set(lengths.values())) != 1:
            told = ", ".join(f"{name} {length}" for name, length in lengths.items())
            raise ValueError(f"each convolution needs its channels, its kernel and its stride: {told}")
        for name in ("num_attention_heads", "num_conv_pos_embedding_groups"):
            if self.hidden_size % (parts := getattr(self, name)):
                raise ValueError(f"hidden_size {self.hidden_size} is no multiple of {name} {parts}")
        return self


class LoraParams(Params):
    """Low-rank adapters (Hu et al., 2021), which learn in place of the encoder; needs the extra `lora`."""

    rank: int = Field(8, ge=1, le=512, description="Rank of an adapter.")
    alpha: float = Field(16.0, gt=0, le=4096, description="Its output is multiplied by alpha / rank.")
    dropout: float = Field(0.05, ge=0, lt=1, description="Dropout before an adapter in training.")


class Wav2Vec2Params(ArchitectureParams):
    """Architecture of the `Wav2Vec2ForSpeechClassification`."""

    kind: Literal["wav2vec2"] = "wav2vec2"
    encoder: str | None = Field(
        None,
        min_length=1,
        description="A folder, or a name of the hub, with safetensors: wav2vec 2.0, HuBERT (also distilled)"
        " or WavLM. null: a small encoder that is not pretrained and begins at random, see `tiny`.",
    )
    revision: str | None = Field(None, description="Commit of the hub; null takes the newest.")
    licence: str | None = Field(
        None, min_length=1, description="Licence of the encoder's weights, which the model card then states."
    )
    tiny: TinyEncoderParams = Field(
        TinyEncoderParams(), description="Geometry of the encoder where none is named."
    )
    pooling: PoolingName = Field(
        "mean", description="Over the real frames of a clip; attention: a mean weighed by what is learned."
    )
    weighted_layers: bool = Field(
        False, description="Pool a learned mean of all layers instead of the last one's states."
    )
    final_dropout: float = Field(0.1, ge=0, lt=1, description="Dropout within the head in training.")
    layerdrop: float = Field(
        0.0, ge=0, lt=1, description="Share of the transformer's layers that a step in training skips."
    )
    mask_time_prob: float = Field(
        0.05, ge=0, lt=1, description="SpecAugment: share of the frames that is masked in training."
    )
    mask_time_length: int = Field(10, ge=1, le=1000, description="Frames of 20 ms that a mask covers.")
    mask_feature_prob: float = Field(0.0, ge=0, lt=1, description="Likewise, of the width of a frame.")
    mask_feature_length: int = Field(10, ge=1, le=4096, description="How much of the width a mask covers.")
    freeze_feature_encoder: bool | None = Field(
        None, description="The convolutions do not learn; null: they do where they begin at random only."
    )
    freeze_encoder: bool = Field(False, description="Nothing of the encoder learns: the head alone does.")
    encoder_rate: float = Field(
        1.0, gt=0, le=1, description="The encoder's last layer learns at learning_rate times this."
    )
    layer_decay: float = Field(1.0, gt=0, le=1, description="Each layer learns at this times the rate above.")
    gradual_unfreezing: int = Field(
        0,
        ge=0,
        le=48,
        description="The head learns first, and with each further epoch so many layers more, the last first;"
        " 0: all from the start.",
    )
    lora: LoraParams | None = Field(None, description="Adapters that learn in place of the encoder.")
    attention: Literal["auto", "eager", "sdpa"] = Field(
        "auto", description="How attention is computed; auto takes the fastest that the encoder has."
    )

    @model_validator(mode="after")
    def _what_begins_at_random_must_learn(self) -> Self:
        if self.encoder is not None:
            return self
        wrong = [name for name in ("freeze_feature_encoder", "freeze_encoder", "lora") if getattr(self, name)]
        if wrong:
            raise ValueError(
                f"{' and '.join(wrong)} would keep an encoder as it is that begins at random (encoder is"
                f" null): it would never learn. Name a pretrained encoder, such as {EXAMPLE}, or leave"
                f" {', '.join(wrong)} out"
            )
        wrong = [name for name in ("revision", "licence") if getattr(self, name) is not None]
        if wrong:
            raise ValueError(
                f"{' and '.join(wrong)} is given, but no encoder (encoder is null). Name the encoder, or"
                f" leave {', '.join(wrong)} out"
            )
        return self

    @model_validator(mode="after")
    def _one_way_to_spare_the_encoder(self) -> Self:
        ways = [name for name in ("freeze_encoder", "gradual_unfreezing", "lora") if getattr(self, name)]
        if len(ways) > 1:
            raise ValueError(
                f"{' and '.join(ways)} contradict each other: the encoder is frozen, thaws layer by layer, or"
                " learns by adapters. Choose one"
            )
        if self.freeze_encoder and (self.encoder_rate != 1 or self.layer_decay != 1):
            raise ValueError(
                f"freeze_encoder is true, so encoder_rate {self.encoder_rate:g} and layer_decay"
                f" {self.layer_decay:g} have nothing to slow down. Leave them out"
            )
        if self.freeze_encoder and self.freeze_feature_encoder is False:
            raise ValueError(
                "freeze_encoder is true and freeze_feature_encoder false, but the convolutions are part of"
                " the encoder. Leave one of them out"
            )
        return self

    @model_validator(mode="after")
    def _layers_to_weigh_are_all_there(self) -> Self:
        if self.weighted_layers and self.layerdrop:
            raise ValueError(
                f"weighted_layers weighs all layers, and layerdrop {self.layerdrop:g} skips some of them: set"
                " layerdrop: 0, or weighted_layers: false"
            )
        return self

    _expanded = field_validator("encoder")(home_expanded)

    def kept(self) -> dict[str, Any]:
        """All parameters; the encoder without the folder that it lies in."""
        return super().kept() | {"encoder": None if self.encoder is None else shown_name(self.encoder)}

    @property
    def source(self) -> Source:
        """Where the pretrained encoder comes from; only where one is named."""
        from auricle.models.backbones.hub import Source

        return Source(self.encoder or "", self.revision, "encoder", EXAMPLE)

    def settings(self) -> dict[str, Any]:
        """The encoder's own configuration, its name without its folder, and what the head is like."""
        from auricle.models.wav2vec2.encoders import pretrained_settings, tiny_settings

        own = tiny_settings(self.tiny) if self.encoder is None else pretrained_settings(self.source)
        own |= self.model_dump(
            include={
                *("layerdrop", "mask_time_prob", "mask_time_length"),
                *("mask_feature_prob", "mask_feature_length"),
            }
        )
        # By default transformers masks each clip twice at the least, so that of a short one hardly anything
        # is left, and some pretrained configurations mask nothing: the shares alone are to decide.
        own |= {"mask_time_min_masks": 0, "mask_feature_min_masks": 0, "apply_spec_augment": True}
        frozen = self.freeze_feature_encoder
        return {
            "encoder_settings": own,
            "pretrained": self.encoder is not None,
            "encoder_name": "" if self.encoder is None else shown_name(self.encoder),
            "encoder_revision": self.revision,
            "encoder_licence": self.licence,
            "freeze_feature_encoder": self.encoder is not None if frozen is None else frozen,
            **self.model_dump(
                include={
                    *("pooling", "weighted_layers", "final_dropout", "freeze_encoder", "encoder_rate"),
                    *("layer_decay", "gradual_unfreezing", "lora", "attention"),
                }
            ),
        }

    def front_end(self) -> dict[str, Any]:
        """The rate and the normalization that a pretrained encoder was trained behind."""
        from auricle.models.wav2vec2.encoders import pretrained_front_end

        return {} if self.encoder is None else pretrained_front_end(self.source)

    def begin(self, model: PreTrainedModel) -> None:
        """Give a pretrained encoder its weights."""
        if self.encoder is None:
            return
        from auricle.models.wav2vec2.encoders import take_over

        take_over(self.source, model)
