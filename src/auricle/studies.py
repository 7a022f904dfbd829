"""The table of studies: which models are trained on which corpus, and by which pipeline."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from auricle.errors import ConfigurationError

# A corpus and the models trained on it. A new corpus is one line here and one parameters file.
STUDIES: dict[str, tuple[str, ...]] = {
    "genre": ("random_forest", "cnn", "hybrid", "resnet", "cnn_lstm", "transfer", "wav2vec2", "ensemble"),
    "notes": ("random_forest", "note_analyzer", "note_analyzer_small", "ensemble"),
    "cry": ("random_forest", "cnn", "wav2vec2", "ensemble"),
    "ratings": ("rater",),
}

# The model of a study that is made of its others.
ENSEMBLE = "ensemble"

# The pipeline that trains a model, in every study that lists it: `kedro run --pipelines=train_cnn`.
TRAINED_BY: dict[str, str] = {
    "random_forest": "train_rf",
    "cnn": "train_cnn",
    "hybrid": "train_hybrid",
    "resnet": "train_resnet",
    "cnn_lstm": "train_cnn_lstm",
    "transfer": "train_transfer",
    "wav2vec2": "train_wav2vec2",
    "note_analyzer": "train_note_analyzer",
    "note_analyzer_small": "train_note_analyzer_small",
    "ensemble": "ensemble",
    "rater": "train_rating",
}

# Why `retrain` cannot train some models.
NOT_RETRAINED = {
    ENSEMBLE: "is made of the champions of others: retrain those, and run `kedro run --pipelines=ensemble`",
    "rater": "learns ratings, which no rule of promotion compares: run `kedro run --pipelines=train_rating`",
}

# Every model that it can train.
RETRAINABLE = tuple(
    f"{corpus}.{model}"
    for corpus, models in STUDIES.items()
    for model in models
    if model not in NOT_RETRAINED
)

# The parameter that names those that it does train.
RETRAINED = "retrain.models"

# The parameter by which an environment, which is made for one corpus mostly, says whose pipelines it has.
CHOICE = "studies"


def chosen_studies(parameters: Mapping[str, Any]) -> tuple[str, ...]:
    """The studies of an environment, in the table's order; all of them where it does not say.

    Args:
        parameters: the whole tree, as configuration gives it.

    Raises:
        ConfigurationError: not a list of names, none, one twice, or one that the table does not have.
    """
    chosen = parameters.get(CHOICE)
    if chosen is None:
        return tuple(STUDIES)
    if not isinstance(chosen, list) or not chosen or not all(isinstance(name, str) for name in chosen):
        raise ConfigurationError(
            f"studies is {chosen!r}, not a list of names such as [genre]. There are {', '.join(STUDIES)}."
        )
    for name in chosen:
        if name not in STUDIES:
            near = get_close_matches(name, STUDIES, n=1)
            raise ConfigurationError(
                f"studies names {name!r}, which there is not{f'; {near[0]!r} is near' if near else ''}. There"
                f" are {', '.join(STUDIES)}: correct it in the environment's parameters."
            )
        if chosen.count(name) > 1:
            raise ConfigurationError(f"studies names {name!r} twice: {chosen}. Name it once.")
    return tuple(name for name in STUDIES if name in chosen)


def retrained_models(parameters: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """The models that `retrain` trains, by study, in the table's order; none where no parameter names any.

    Args:
        parameters: the whole tree, as configuration gives it.

    Raises:
        ConfigurationError: not a list of names, one twice, or one that the table does not have.
    """
    retrain = parameters.get("retrain")
    chosen = retrain.get("models", []) if isinstance(retrain, Mapping) else []
    if not isinstance(chosen, list) or not all(isinstance(name, str) for name in chosen):
        raise ConfigurationError(
            f"{RETRAINED} is {chosen!r}, not a list of names such as [genre.random_forest, genre.cnn]."
        )
    for name in chosen:
        if name not in RETRAINABLE:
            raise ConfigurationError(f"{RETRAINED} names {name!r}, which {_why_not(name)}.")
        if chosen.count(name) > 1:
            raise ConfigurationError(f"{RETRAINED} names {name!r} twice: {chosen}. Name it once.")
    found = {
        corpus: tuple(model for model in models if f"{corpus}.{model}" in chosen)
        for corpus, models in STUDIES.items()
    }
    return {corpus: models for corpus, models in found.items() if models}


def _why_not(name: str) -> str:
    """Why a name is none of what `retrain` can train."""
    corpus, _, model = name.partition(".")
    if model in NOT_RETRAINED and model in STUDIES.get(corpus, ()):
        return NOT_RETRAINED[model]
    near = get_close_matches(name, RETRAINABLE, n=1)
    return f"there is not{f'; {near[0]!r} is near' if near else ''}. There are {', '.join(RETRAINABLE)}"
