"""What a training on lists can be told: the parameters of the pipelines, by their own names."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, NamedTuple

from pydantic import ValidationError

from auricle.audio.descriptors import DescriptorExtractor, DescriptorParams
from auricle.audio.front_ends import FrontEndChoice
from auricle.audio.frontend import FrontEnd
from auricle.audio.limits import AudioLimits
from auricle.audio.waveform_augment import VariantParams
from auricle.audio.waveform_front_end import WaveformParams
from auricle.checks import check_deep_model, check_device, check_labels, check_waveform_training
from auricle.corpora.labels import MULTI, LabelParams
from auricle.corpora.params import RECORDING, IngestParams
from auricle.errors import ConfigurationError
from auricle.evaluation.params import EvaluateParams
from auricle.models.params import ForestParams, ModelParams, WindowParams
from auricle.models.registry import hears_waveforms
from auricle.training.params import REMEDIES, TrainParams

FOREST = "random_forest"
GROUP = "group"  # the column of the lists that names the groups
THREE_SECONDS = {"window_seconds": 3.0, "hop_seconds": 3.0, "batch_size": 64}
OF_NOTES: dict[str, Any] = {
    "train": {
        "epochs": 30,
        "batch_size": 32,
        "learning_rate": 3e-3,
        "schedule": "one_cycle",
        "crop_seconds": 5.0,
        "batches_by_length": True,
        "best_metric": "macro_f1",
        "early_stopping_patience": 30,
        "class_weights": False,
        "balanced_sampling": 0.6,
    },
    "windows": {"window_seconds": 5.0, "hop_seconds": 5.0, "batch_size": 32},
    "front_end": {"kind": "stft", "sample_rate": 22_050, "n_fft": 512, "hop_length": 128},
}
OF_SPEECH: dict[str, Any] = {
    "epochs": 20,
    "learning_rate": 5e-4,
    "schedule": "linear",
    "early_stopping_patience": 10,
    "best_metric": "macro_f1",
}

# What differs from the defaults of the types, as in conf/base; a test holds the two together.
RECIPES: dict[str, dict[str, Any]] = {
    FOREST: {},
    "cnn": {"windows": THREE_SECONDS},
    "hybrid": {"train": {"learning_rate": 5e-4}, "windows": THREE_SECONDS},
    "resnet": {"train": {"learning_rate": 5e-4}, "windows": THREE_SECONDS},
    "cnn_lstm": {
        "model": {"base_channels": 32},
        "train": {"learning_rate": 5e-4},
        "windows": {"window_seconds": 6.0, "hop_seconds": 6.0, "batch_size": 32},
    },
    "transfer": {"train": {"epochs": 20}, "windows": THREE_SECONDS | {"batch_size": 32}},
    "wav2vec2": {"train": OF_SPEECH, "windows": THREE_SECONDS | {"batch_size": 8}},
    "note_analyzer": OF_NOTES
    | {
        "model": {
            "pooling": "statistics",
            "duration_told": True,
            "instrument_prior": 0.5,
            "normalization": "note_with_level",
            "attack_ms": 100,
            "renormalized": True,
        }
    },
    "note_analyzer_small": OF_NOTES,
}
# Blocks of parameters, in which names are looked for in this order, and what of each is not for lists.
NOT_TOLD = {
    "train": {"variants"},
    "model": {"kind"},
    "windows": {"batch_size"},
    "ingest": IngestParams.model_fields.keys()
    - {"protocol", "folds", "validation_share", "test_share", "near_duplicates", "workers"},
    "labels": {"problem_type"},
}
WHOLE = ("front_end", "evaluation", "decoding")


class Hearing(NamedTuple):
    """How recordings become what a model learns from."""

    params: DescriptorParams | WaveformParams | FrontEndChoice

    def make(self) -> FrontEnd | DescriptorExtractor:
        """The extractor with these parameters."""
        if isinstance(self.params, DescriptorParams):
            return DescriptorExtractor(self.params)
        return self.params.make()


@dataclass(frozen=True, kw_only=True)
class FitParams:
    """All parameters of one training on lists; `model` and `windows` are None for a forest."""

    name: str
    train: TrainParams | ForestParams
    model: ModelParams | None
    windows: WindowParams | None
    hearing: Hearing
    ingest: IngestParams
    labels: LabelParams
    evaluation: EvaluateParams
    decoding: AudioLimits

    @property
    def plain(self) -> dict[str, Any]:
        """What decides the weights beside the data, as `training.json` has it."""
        parts = {"train": self.train, "window": self.windows}
        plain = {name: part.model_dump(mode="json") for name, part in parts.items() if part is not None}
        return plain if self.model is None else plain | {"model": self.model.root.kept()}


def fit_params(model: str, told: Mapping[str, Any], *, several: bool, grouped: bool) -> FitParams:
    """The parameters of a model: its own, but for what the user says.

    Args:
        model: a name in `RECIPES`.
        told: parameters by name; `front_end`, `evaluation` and `decoding` are blocks of several.
        several: whether a recording may have several labels.
        grouped: whether the user says what belongs together.

    Raises:
        ConfigurationError: an unknown model or parameter, with those there are; values that cannot be, that
            contradict each other, or that this machine cannot compute.
    """
    if model not in RECIPES:
        near = get_close_matches(model, RECIPES, n=1)
        raise ConfigurationError(
            f"model is {model!r}, which cannot be trained on lists{f'; {near[0]!r} is near' if near else ''}."
            f" There are {', '.join(RECIPES)}."
        )
    types = _types(model)
    values = {block: dict(RECIPES[model].get(block, {})) for block in types}
    whole = {name: told.get(name) or {} for name in WHOLE}
    for name, value in told.items():
        if name not in WHOLE:
            values[_block_of(name, types, model)][name] = value
        elif not isinstance(whole[name], Mapping):
            raise ConfigurationError(f"{name} is {value!r}, not a dictionary of parameters by name.")
    _follow(values, told, several=several)
    values["ingest"]["group_by"] = GROUP if grouped else RECORDING
    values["labels"] |= {"problem_type": MULTI} if several else {}
    made = {block: _made(kind, values[block]) for block, kind in types.items() if block != "model"}
    params = FitParams(
        name=model,
        train=made["train"],
        model=_made(ModelParams, {"kind": model} | values["model"]) if model != FOREST else None,
        windows=made.get("windows"),
        hearing=_hearing(model, whole["front_end"]),
        ingest=made["ingest"],
        labels=made["labels"],
        evaluation=_made(EvaluateParams, whole["evaluation"], block="evaluation"),
        decoding=_made(AudioLimits, whole["decoding"], block="decoding"),
    )
    _check(params)
    return params


def _follow(values: dict[str, dict[str, Any]], told: Mapping[str, Any], *, several: bool) -> None:
    """What a recipe sets gives way where it would contradict what the user asks for."""
    windows, train = values.get("windows", {}), values["train"]
    if "window_seconds" in told and "hop_seconds" not in told:
        windows["hop_seconds"] = windows["window_seconds"]  # they abut, as by default
    if train.get("schedule") == "one_cycle" and "early_stopping_patience" not in told:
        train["early_stopping_patience"] = train["epochs"]
    if any(told.get(name) for name in REMEDIES):  # of which a training has one
        train |= {name: off for name, off in REMEDIES.items() if name not in told}
    if several:
        for block, name in (("train", "balanced_sampling"), ("model", "instrument_prior")):
            if name not in told:
                values.get(block, {}).pop(name, None)


def known_names(model: str) -> list[str]:
    """The names that a training of this model can be told."""
    names = {
        name
        for block, kind in _types(model).items()
        for name in kind.model_fields
        if name not in NOT_TOLD.get(block, ())
    }
    return sorted(names | set(WHOLE))


def _types(model: str) -> dict[str, Any]:
    shared = {"ingest": IngestParams, "labels": LabelParams}
    if model == FOREST:
        return {"train": ForestParams} | shared
    network = type(ModelParams.model_validate({"kind": model}).root)
    return {"train": TrainParams, "model": network, "windows": WindowParams} | shared


def _block_of(name: str, types: Mapping[str, Any], model: str) -> str:
    for block, kind in types.items():
        if name in kind.model_fields and name not in NOT_TOLD.get(block, ()):
            return block
    known = known_names(model)
    near = get_close_matches(name, known, n=1)
    raise ConfigurationError(
        f"{name!r} is no parameter of {model}{f'; {near[0]!r} is near' if near else ''}. There are"
        f" {', '.join(known)}."
    )


def _hearing(model: str, told: Mapping[str, Any]) -> Hearing:
    if model == FOREST:
        return Hearing(_made(DescriptorParams, told, block="front_end"))
    if hears_waveforms(model):
        return Hearing(_made(WaveformParams, told, block="front_end"))
    own = RECIPES[model].get("front_end", {"kind": "log_mel"})
    # Of another kind, the recipe's numbers mean nothing.
    base = own if told.get("kind", own["kind"]) == own["kind"] else {}
    return Hearing(_made(FrontEndChoice, {**base, **told}, block="front_end"))


def _made(kind: Any, values: Mapping[str, Any], *, block: str = "") -> Any:
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, filter(None, (block, *entry['loc'])))) or 'together'}: {entry['msg']}"
            f" (given: {entry['input']!r})"
            for entry in error.errors()
        )
        raise ConfigurationError(f"auricle.fit cannot work with these parameters: {wrong}.") from error


def _check(params: FitParams) -> None:
    """What the pipelines refuse before any node runs."""
    if params.model is None or params.windows is None:
        return
    check_device(params.train)
    if isinstance(params.hearing.params, WaveformParams):
        check_waveform_training(params.train, VariantParams())
    check_deep_model(params.model.root, params.train, params.windows, params.hearing.params)
    check_labels(params.model.root, params.train, params.labels)
