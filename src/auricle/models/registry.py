"""Which kinds of models a bundle may hold: the only place that turns a `model_type` into a class."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auricle.errors import BundleError, ConfigurationError, MissingPackageError

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel

    from auricle.models.bundle import BundleRef

FOREST = "auricle_random_forest"
ENSEMBLE = "auricle_ensemble"
DEEP_MODELS: dict[str, tuple[str, str, str]] = {
    "auricle_spectrogram_cnn": ("auricle.models.cnn", "SpectrogramCNNConfig", "SpectrogramCNN"),
    "auricle_hybrid_cnn_rnn": ("auricle.models.hybrid", "HybridCNNRNNConfig", "HybridCNNRNN"),
    "auricle_multi_label_audio_cnn": (
        "auricle.models.resnet",
        "MultiLabelAudioCNNConfig",
        "MultiLabelAudioCNN",
    ),
    "auricle_audio_cnn_lstm": ("auricle.models.cnn_lstm", "AudioCNNLSTMConfig", "AudioCNNLSTM"),
    "auricle_note_analyzer": ("auricle.models.note_analyzer", "NoteAnalyzerConfig", "NoteAnalyzer"),
    "auricle_rater": ("auricle.models.rating.model", "RaterConfig", "Rater"),
    "auricle_transfer": ("auricle.models.transfer", "TransferModelConfig", "TransferModel"),
    "auricle_wav2vec2": (
        "auricle.models.wav2vec2.model",
        "Wav2Vec2SpeechConfig",
        "Wav2Vec2ForSpeechClassification",
    ),
}
# The `kind` of an architecture's parameters.
MODEL_TYPES = {
    "cnn": "auricle_spectrogram_cnn",
    "hybrid": "auricle_hybrid_cnn_rnn",
    "resnet": "auricle_multi_label_audio_cnn",
    "cnn_lstm": "auricle_audio_cnn_lstm",
    "transfer": "auricle_transfer",
    "note_analyzer": "auricle_note_analyzer",
    "note_analyzer_small": "auricle_note_analyzer",
    "wav2vec2": "auricle_wav2vec2",
}


def config_class(kind: str) -> Any:
    """The configuration class of an architecture."""
    module, name, _ = DEEP_MODELS[MODEL_TYPES[kind]]
    return getattr(importlib.import_module(module), name)


def hears_waveforms(kind: str) -> bool:
    """Whether an architecture is of waveforms, whose configurations say if they take padding."""
    return hasattr(config_class(kind), "takes_padding")


def weights_file(model_type: Any, named_in: Path) -> str:
    """The file that holds what a model of this type has learned.

    Raises:
        BundleError: for a model type that this version does not know.
    """
    if model_type == FOREST:
        return "model.skops"
    if model_type == ENSEMBLE or (isinstance(model_type, str) and model_type in DEEP_MODELS):
        return "model.safetensors"
    known = ", ".join(sorted([FOREST, ENSEMBLE, *DEEP_MODELS]))
    raise BundleError(
        f"{named_in} names the model_type {model_type!r}, which this Auricle does not know; it knows "
        f"{known}. Upgrade Auricle, or train the model again with this one."
    )


def register_models() -> None:
    """Make the deep models known to transformers' `AutoConfig` and `AutoModelForAudioClassification`."""
    from transformers import AutoConfig, AutoModelForAudioClassification

    for model_type, (module, config_name, model_name) in DEEP_MODELS.items():
        classes = importlib.import_module(module)
        config_class, model_class = getattr(classes, config_name), getattr(classes, model_name)
        AutoConfig.register(model_type, config_class, exist_ok=True)
        AutoModelForAudioClassification.register(config_class, model_class, exist_ok=True)


def build_model(config: PreTrainedConfig) -> PreTrainedModel:
    """An untrained model of the class that belongs to this configuration."""
    from transformers import AutoModelForAudioClassification

    register_models()
    return _channels_last(AutoModelForAudioClassification.from_config(config))  # type: ignore[no-untyped-call]


def load_deep(bundle: BundleRef) -> PreTrainedModel:
    """The trained model of a bundle, in evaluation mode, on the CPU.

    Raises:
        BundleError: where the weights are not exactly those that the configuration asks for, or a package is
            missing that this model needs.
    """
    from safetensors import SafetensorError
    from transformers import AutoModelForAudioClassification

    from auricle.models.spectrogram_model import SpectrogramModel

    register_models()
    with _quiet_transformers():
        try:
            model, info = AutoModelForAudioClassification.from_pretrained(
                bundle.path, local_files_only=True, use_safetensors=True, output_loading_info=True
            )
        except MissingPackageError as error:
            raise BundleError(f"{bundle.path} cannot be loaded here: {error}") from error
        except (OSError, ValueError, RuntimeError, SafetensorError, ConfigurationError) as error:
            raise BundleError(f"{bundle.path} cannot be loaded: {error}. Train the model again.") from error
    wrong = {kind: sorted(map(str, keys)) for kind, keys in info.items() if keys}
    if wrong:
        raise BundleError(
            f"{bundle.path / 'model.safetensors'} does not fit its config.json: {wrong}. "
            "Train the model again."
        )
    try:
        if isinstance(model, SpectrogramModel):
            model.ready()
    except MissingPackageError as error:
        raise BundleError(f"{bundle.path} cannot be loaded here: {error}") from error
    except ConfigurationError as error:
        raise BundleError(f"{bundle.path} cannot be loaded: {error} Or train the model again.") from error
    return _channels_last(model.eval())


def _channels_last(model: Any) -> PreTrainedModel:
    """Lay convolution weights out as the activations are: else each pass copies them (1.5 x the time)."""
    import torch

    laid_out: PreTrainedModel = model.to(memory_format=torch.channels_last)
    return laid_out


@contextmanager
def _quiet_transformers() -> Iterator[None]:
    """Hide the bar that transformers draws while it loads: a model is loaded in well under a second."""
    from transformers.utils import logging as transformers_logging

    shown = transformers_logging.is_progress_bar_enabled()
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        if shown:
            transformers_logging.enable_progress_bar()  # type: ignore[no-untyped-call]
