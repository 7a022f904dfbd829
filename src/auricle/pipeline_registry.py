"""What `kedro run --pipelines=` knows, made from the table of studies."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from kedro.pipeline import Pipeline

from auricle.pipelines import (
    ablation,
    augmentations,
    cache_spectrograms,
    evaluate,
    experiments,
    explain,
    extract_features,
    ingest,
    sweep,
    train_deep,
    train_forest,
)
from auricle.studies import STUDIES, TRAINED_BY


class Recipe(NamedTuple):
    """How a model comes about: the pipeline that prepares its input, and the one that trains it."""

    prepare: Callable[[str], Pipeline]
    train: Callable[[str, str], Pipeline]


ON_SPECTROGRAMS = Recipe(cache_spectrograms.create_pipeline, train_deep.create_pipeline)
RECIPES = {
    "random_forest": Recipe(extract_features.create_pipeline, train_forest.create_pipeline),
    "cnn": ON_SPECTROGRAMS,
    "hybrid": ON_SPECTROGRAMS,
    "resnet": ON_SPECTROGRAMS,
    "cnn_lstm": ON_SPECTROGRAMS,
    "transfer": ON_SPECTROGRAMS,
}

# The models that `kedro run` trains and compares.
DEFAULT_MODELS = ("random_forest", "cnn")


def register_pipelines() -> dict[str, Pipeline]:
    """All pipelines by name. Each is complete: it runs whatever it needs, from the recordings on."""
    training = {model: _train(model) for model in RECIPES}
    return {
        "ingest": _joined(ingest.create_pipeline(corpus) for corpus in STUDIES),
        "cache_spectrograms": _prepare(cache_spectrograms.create_pipeline),
        "extract_features": _prepare(extract_features.create_pipeline),
        **{TRAINED_BY[model]: pipeline for model, pipeline in training.items()},
        "evaluate": _joined(
            evaluate.create_pipeline(corpus, models, models) for corpus, models in STUDIES.items()
        ),
        "experiments": _joined(
            ingest.create_pipeline(corpus) + experiments.create_pipeline(corpus, models)
            for corpus, models in STUDIES.items()
        ),
        "explain": _joined(_explain(corpus, models) for corpus, models in STUDIES.items()),
        "sweep": _joined(_sweep(corpus, models) for corpus, models in STUDIES.items()),
        "ablation": _joined(_ablation(corpus, models) for corpus, models in STUDIES.items()),
        "augmentations": _joined(
            ingest.create_pipeline(corpus) + augmentations.create_pipeline(corpus, _deep(models))
            for corpus, models in STUDIES.items()
        ),
        "__default__": _joined(training[model] for model in DEFAULT_MODELS),
    }


def _train(model: str) -> Pipeline:
    recipe = RECIPES[model]
    return _joined(
        ingest.create_pipeline(corpus)
        + recipe.prepare(corpus)
        + recipe.train(corpus, model)
        + evaluate.create_pipeline(corpus, [model], models)
        for corpus, models in STUDIES.items()
        if model in models
    )


def _explain(corpus: str, models: Sequence[str]) -> Pipeline:
    """Whatever is trained, with the spectrograms that are missing."""
    return _spectrograms(corpus) + explain.create_pipeline(corpus, _deep(models), models)


def _sweep(corpus: str, models: Iterable[str]) -> Pipeline:
    """Trials of one of the models that are trained on spectrograms."""
    return _spectrograms(corpus) + sweep.create_pipeline(corpus, _deep(models))


def _ablation(corpus: str, models: Iterable[str]) -> Pipeline:
    """Variants of one of these models."""
    return _spectrograms(corpus) + ablation.create_pipeline(corpus, _deep(models))


def _spectrograms(corpus: str) -> Pipeline:
    return ingest.create_pipeline(corpus) + cache_spectrograms.create_pipeline(corpus)


def _deep(models: Iterable[str]) -> list[str]:
    return [model for model in models if RECIPES[model] is ON_SPECTROGRAMS]


def _prepare(prepare: Callable[[str], Pipeline]) -> Pipeline:
    """A preparation in every study with a model that needs it."""
    return _joined(
        ingest.create_pipeline(corpus) + prepare(corpus)
        for corpus, models in STUDIES.items()
        if any(RECIPES[model].prepare is prepare for model in models)
    )


def _joined(pipelines: Iterable[Pipeline]) -> Pipeline:
    return sum(pipelines, start=Pipeline([]))
