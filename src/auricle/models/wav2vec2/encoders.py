"""The encoders that a speech classifier may have: which there are, what they hear, what they know."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from transformers import AutoConfig, AutoModel, PreTrainedModel, Wav2Vec2Config

from auricle.errors import ConfigurationError
from auricle.models.backbones.hub import NOT_KEPT, Source, encoder_settings, encoder_weights

if TYPE_CHECKING:
    from auricle.models.wav2vec2.params import TinyEncoderParams

TYPES = ("wav2vec2", "hubert", "wavlm")
SAMPLE_RATE = 16_000
# What stands where SpecAugment masks: encoders that were not trained with it have none.
MAY_LACK = ("masked_spec_embed",)
ADAPTED = ".base_layer"


def tiny_settings(told: "TinyEncoderParams") -> dict[str, Any]:
    """The configuration of the encoder that begins at random."""
    geometry: dict[str, Any] = {
        name: list(value) if isinstance(value, tuple) else value for name, value in told.model_dump().items()
    }
    config = Wav2Vec2Config(
        **geometry,
        feat_extract_norm="layer",
        do_stable_layer_norm=True,
        conv_bias=True,
        # Drawing what is dropped is dear on a CPU: once a layer is enough for so small a transformer.
        attention_dropout=0.0,
        activation_dropout=0.0,
        feat_proj_dropout=0.0,
        hidden_dropout=0.1,
    )
    return _kept(config.to_dict())


def pretrained_settings(source: Source) -> dict[str, Any]:
    """The configuration of a pretrained encoder.

    Raises:
        ConfigurationError: it cannot be had, or is of no type that can be taken.
    """
    settings = encoder_settings(source)
    check_type(settings, source.name)
    # An adapter after the encoder, which some have for speech recognition, is not part of what is pooled.
    return _kept(settings) | {"add_adapter": False}


def pretrained_front_end(source: Source) -> dict[str, Any]:
    """What an encoder was trained to hear: the rate, and whether clips have mean 0 and variance 1."""
    from transformers import Wav2Vec2FeatureExtractor

    try:
        extractor = Wav2Vec2FeatureExtractor.from_pretrained(source.name, revision=source.revision or "main")
    except (OSError, ValueError):
        # Some repositories hold the encoder alone; all of these types were trained at one rate.
        return {"sample_rate": SAMPLE_RATE}
    return {"sample_rate": extractor.sampling_rate, "do_normalize": extractor.do_normalize}


def check_type(settings: Mapping[str, Any], name: str) -> None:
    """Refuse what is no encoder of speech that transformers has.

    Raises:
        ConfigurationError: which says what can be taken.
    """
    if settings.get("model_type") not in TYPES:
        raise ConfigurationError(
            f"encoder {name!r} is of the type {settings.get('model_type')!r}, and those that can be taken are"
            f" {', '.join(TYPES)} (DistilHuBERT is a hubert). Name another, such as"
            " facebook/wav2vec2-base-100k-voxpopuli."
        )


def build_encoder(settings: Mapping[str, Any], attention: str) -> PreTrainedModel:
    """The untrained encoder.

    Args:
        settings: its configuration.
        attention: `auto`, or how transformers calls it.

    Raises:
        ConfigurationError: it cannot compute attention so.
    """
    own = {name: value for name, value in settings.items() if name != "model_type"}
    config = AutoConfig.for_model(settings["model_type"], **own)
    chosen = {} if attention == "auto" else {"attn_implementation": attention}
    try:
        encoder: PreTrainedModel = AutoModel.from_config(config, dtype=torch.float32, **chosen)  # type: ignore[no-untyped-call]
    except ValueError as error:
        first = str(error).partition("\n")[0]
        raise ConfigurationError(
            f"A {settings['model_type']} encoder cannot be built with attention {attention!r} ({first})."
            " Set attention: auto."
        ) from error
    return encoder


def receptive_field(settings: Mapping[str, Any]) -> int:
    """Samples that the convolutions need for one frame."""
    samples = 1
    for kernel, stride in zip(
        reversed(settings["conv_kernel"]), reversed(settings["conv_stride"]), strict=True
    ):
        samples = (samples - 1) * stride + kernel
    return int(samples)


def take_over(source: Source, model: PreTrainedModel) -> None:
    """Give the encoder of a classifier what it has learned elsewhere, also below adapters.

    Raises:
        ConfigurationError: the weights cannot be had, or are of another encoder.
    """
    network: Any = model
    take_over_into(source, network.encoder, network.config.encoder_settings, network.config.attention)


def take_over_into(
    source: Source, encoder: nn.Module, settings: Mapping[str, Any], attention: str = "auto"
) -> None:
    """The same for an encoder by itself.

    Args:
        source: of what it has learned.
        encoder: untrained.
        settings: its configuration.
        attention: how it was built to compute it.

    Raises:
        ConfigurationError: as `take_over`.
    """
    plain = build_encoder(settings, attention)
    known = encoder_weights(source, plain, may_lack=MAY_LACK)
    state = {
        name: known.get(name.replace(ADAPTED, ""), value) for name, value in encoder.state_dict().items()
    }
    encoder.load_state_dict(state)


def _kept(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if name not in NOT_KEPT}
