"""What `kedro run --pipelines=` knows, made from the table of studies."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, partial
from typing import NamedTuple

from kedro.pipeline import Pipeline

from auricle.errors import ConfigurationError
from auricle.pipelines import (
    ablation,
    augmentations,
    cache_spectrograms,
    cache_waveforms,
    drift,
    ensemble,
    evaluate,
    evaluate_ratings,
    experiments,
    explain,
    export,
    extract_features,
    history,
    ingest,
    predict,
    recommend,
    retrain,
    similarity,
    sweep,
    train_deep,
    train_forest,
    train_note_sequence,
    train_rating,
)
from auricle.studies import ENSEMBLE, STUDIES, TRAINED_BY


class Recipe(NamedTuple):
    """How a model comes about.

    Attributes:
        prepare: the pipelines that prepare what it hears, or what it is judged beside.
        train: the one that trains it.
        challenge: the one that trains its challengers; None where it has none.
        evaluate: the one that judges models of the study; told which, and which it has.
    """

    prepare: tuple[Callable[[str], Pipeline], ...]
    train: Callable[[str, str], Pipeline]
    challenge: Callable[[str, str], Pipeline] | None = None
    evaluate: Callable[[str, Sequence[str], Sequence[str]], Pipeline] = evaluate.create_pipeline


def _ensemble(corpus: str, model: str) -> Pipeline:
    return ensemble.create_pipeline(corpus, model, [name for name in STUDIES[corpus] if name != model])


ON_SPECTROGRAMS = Recipe(
    (cache_spectrograms.create_pipeline,),
    train_deep.create_pipeline,
    train_deep.create_challenger,
)
ON_WAVEFORMS = Recipe(
    (cache_waveforms.create_pipeline,),
    partial(train_deep.create_pipeline, hearing=train_deep.WAVEFORMS),
    partial(train_deep.create_challenger, hearing=train_deep.WAVEFORMS),
)
# Ratings are no classes: whatever counts, maps or compares labels leaves their study out.
ON_RATINGS = Recipe(
    (cache_waveforms.create_pipeline, extract_features.create_pipeline),
    train_rating.create_pipeline,
    evaluate=evaluate_ratings.create_pipeline,
)
RECIPES = {
    "random_forest": Recipe(
        (extract_features.create_pipeline,),
        train_forest.create_pipeline,
        train_forest.create_challenger,
    ),
    "cnn": ON_SPECTROGRAMS,
    "hybrid": ON_SPECTROGRAMS,
    "resnet": ON_SPECTROGRAMS,
    "cnn_lstm": ON_SPECTROGRAMS,
    "transfer": ON_SPECTROGRAMS,
    "wav2vec2": ON_WAVEFORMS,
    "note_analyzer": ON_SPECTROGRAMS,
    "note_analyzer_small": ON_SPECTROGRAMS,
    ENSEMBLE: Recipe((), _ensemble),  # of what is trained; it hears nothing itself
    "rater": ON_RATINGS,
}

# The model whose notes the sequence model of passages is about.
ANALYZER = "note_analyzer"
# The model that rates what is then recommended.
RATER = "rater"

# The models that `kedro run` trains and compares, and where.
DEFAULT_MODELS = ("random_forest", "cnn")
DEFAULT_STUDY = "genre"

# The pipelines whose models the environment names.
RETRAIN, DRIFT, HISTORY = "retrain", "drift", "history"

Studies = Mapping[str, Sequence[str]]


class Registry(dict[str, Pipeline]):
    """Pipelines by name; one without a node has no entry, and says why where it is asked for."""

    def __init__(self, pipelines: Mapping[str, Pipeline]) -> None:
        super().__init__({name: pipeline for name, pipeline in pipelines.items() if pipeline.nodes})
        self._known = set(pipelines)

    def __missing__(self, name: str) -> Pipeline:
        """Refuse a name.

        Raises:
            ConfigurationError: a pipeline that no study of the environment has a part in.
            KeyError: no pipeline at all, which Kedro answers with near names.
        """
        if name not in self._known:
            raise KeyError(name)
        nodes = (node for pipeline in self.values() for node in pipeline.nodes)
        studies = sorted({str(node.namespace).partition(".")[0] for node in nodes} & set(STUDIES))
        raise ConfigurationError(
            f"The pipeline {name!r} has nothing to do in this environment, which has the study"
            f" {' and '.join(studies)}. Name others with --pipelines= ({', '.join(sorted(self))}), another"
            " environment with --env=, or more `studies` in the environment's parameters."
        )


def register_pipelines(chosen: Iterable[str] = STUDIES, retrained: Studies | None = None) -> Registry:
    """All pipelines by name. Each is complete: it runs whatever it needs, from the recordings on.

    Args:
        chosen: names of studies; pipelines have the nodes of these only.
        retrained: by study the models that `retrain` trains and `drift` watches; by default all that can be.
    """
    studies = tuple(chosen)
    fresh = [
        _retrainable(STUDIES[corpus]) if retrained is None else retrained.get(corpus, ())
        for corpus in studies
    ]
    return Registry(_pipelines_of(studies, tuple(map(tuple, fresh))))


@cache
def _pipelines_of(chosen: tuple[str, ...], retrained: tuple[tuple[str, ...], ...]) -> Mapping[str, Pipeline]:
    """The pipelines of some studies; kept, since Kedro asks for them more than once in a run.

    Args:
        chosen: names of studies.
        retrained: of each the models that `retrain` trains.
    """
    studies = {corpus: STUDIES[corpus] for corpus in chosen}
    fresh = dict(zip(chosen, retrained, strict=True))
    training = {model: _train(model, studies) for model in RECIPES}
    on_spectrograms = {corpus: models for corpus, models in studies.items() if _on_spectrograms(models)}
    of_classes = {corpus: models for corpus, models in studies.items() if not _on_ratings(models)}
    return {
        "ingest": _joined(ingest.create_pipeline(corpus) for corpus in studies),
        "cache_spectrograms": _prepare(cache_spectrograms.create_pipeline, studies),
        "cache_waveforms": _prepare(cache_waveforms.create_pipeline, studies),
        "extract_features": _prepare(extract_features.create_pipeline, studies),
        **{TRAINED_BY[model]: pipeline for model, pipeline in training.items()},
        "train_note_sequence": _joined(
            _spectrograms(corpus) + train_note_sequence.create_pipeline(corpus, ANALYZER)
            for corpus, models in studies.items()
            if ANALYZER in models
        ),
        "evaluate": _joined(
            RECIPES[models[0]].evaluate(corpus, models, models) for corpus, models in studies.items()
        ),
        "experiments": _joined(
            ingest.create_pipeline(corpus) + experiments.create_pipeline(corpus, models)
            for corpus, models in of_classes.items()
        ),
        "explain": _joined(_explain(corpus, models) for corpus, models in of_classes.items()),
        "similarity": _joined(
            ingest.create_pipeline(corpus) + similarity.create_pipeline(corpus, models)
            for corpus, models in of_classes.items()
        ),
        "export": _joined(
            ingest.create_pipeline(corpus) + export.create_pipeline(corpus, *_exported(models))
            for corpus, models in of_classes.items()
        ),
        "predict": predict.create_pipeline(),
        DRIFT: _joined(_drift(corpus, models) for corpus, models in fresh.items()),
        HISTORY: _joined(_history(corpus, models) for corpus, models in fresh.items()),
        RETRAIN: _joined(_retrain(corpus, models) for corpus, models in fresh.items()),
        "recommend": _joined(
            ingest.create_pipeline(corpus)
            + cache_waveforms.create_pipeline(corpus)
            + recommend.create_pipeline(corpus, RATER)
            for corpus, models in studies.items()
            if RATER in models
        ),
        "sweep": _joined(_sweep(corpus, models) for corpus, models in on_spectrograms.items()),
        "ablation": _joined(_ablation(corpus, models) for corpus, models in on_spectrograms.items()),
        "augmentations": _joined(
            ingest.create_pipeline(corpus) + augmentations.create_pipeline(corpus, _on_spectrograms(models))
            for corpus, models in on_spectrograms.items()
        ),
        "__default__": _joined(
            _train_in(corpus, model)
            for model in DEFAULT_MODELS
            for corpus in studies
            if corpus == DEFAULT_STUDY
        ),
    }


def _train(model: str, studies: Studies) -> Pipeline:
    return _joined(_train_in(corpus, model) for corpus, models in studies.items() if model in models)


@cache
def _train_in(corpus: str, model: str) -> Pipeline:
    recipe = RECIPES[model]
    return (
        ingest.create_pipeline(corpus)
        + _joined(prepare(corpus) for prepare in recipe.prepare)
        + recipe.train(corpus, model)
        + recipe.evaluate(corpus, [model], STUDIES[corpus])
    )


def _drift(corpus: str, models: Sequence[str]) -> Pipeline:
    """What is new to the champions, whether it has drifted, and whether a retraining is due."""
    if not models:
        return Pipeline([])
    recipes = {model: RECIPES[model] for model in models}
    prepared = _joined(
        prepare(corpus) for prepare in {each: None for recipe in recipes.values() for each in recipe.prepare}
    )
    incumbents = _joined(
        recipe.challenge(corpus, model).only_nodes_with_namespaces([f"{corpus}.retraining"])
        for model, recipe in recipes.items()
        if recipe.challenge is not None
    )
    watched = drift.create_pipeline(corpus, models, "incumbent")
    gate = drift.create_gate(corpus, models, "incumbent")
    return ingest.create_pipeline(corpus) + prepared + incumbents + watched + gate


def _retrain(corpus: str, models: Sequence[str]) -> Pipeline:
    """Each model trained anew beside its champion, compared with it, and promoted where the rule says so."""
    if not models:
        return Pipeline([])
    trained = _joined(
        challenge(corpus, model) for model in models if (challenge := RECIPES[model].challenge) is not None
    )
    decided = _joined(retrain.create_pipeline(corpus, model) for model in models)
    told = history.create_pipeline(corpus, models, after=["champion", "decision"])
    return _drift(corpus, models) + retrain.create_start(corpus) + trained + decided + told


def _history(corpus: str, models: Sequence[str]) -> Pipeline:
    """What became of the models; nothing is made for it but the page."""
    source = ingest.create_pipeline(corpus).only_nodes(f"{corpus}.provide_recordings")
    return source + history.create_pipeline(corpus, models) if models else Pipeline([])


def _retrainable(models: Iterable[str]) -> list[str]:
    return [model for model in models if RECIPES[model].challenge is not None]


def _explain(corpus: str, models: Sequence[str]) -> Pipeline:
    """Whatever is trained, with the spectrograms that are missing where a network needs them."""
    networks = _on_spectrograms(models)
    needed = _spectrograms(corpus) if networks else ingest.create_pipeline(corpus)
    return needed + explain.create_pipeline(corpus, networks, models)


def _sweep(corpus: str, models: Iterable[str]) -> Pipeline:
    """Trials of one of the models that are trained on spectrograms."""
    return _spectrograms(corpus) + sweep.create_pipeline(corpus, _on_spectrograms(models))


def _ablation(corpus: str, models: Iterable[str]) -> Pipeline:
    """Variants of one of these models."""
    return _spectrograms(corpus) + ablation.create_pipeline(corpus, _on_spectrograms(models))


def _spectrograms(corpus: str) -> Pipeline:
    return ingest.create_pipeline(corpus) + cache_spectrograms.create_pipeline(corpus)


def _on_spectrograms(models: Iterable[str]) -> list[str]:
    """Networks with heat maps, taggrams, altered copies and parameters to search for."""
    return [model for model in models if RECIPES[model] is ON_SPECTROGRAMS]


def _on_ratings(models: Iterable[str]) -> bool:
    """Whether a study learns ratings, and no classes."""
    return any(RECIPES[model] is ON_RATINGS for model in models)


def _exported(models: Iterable[str]) -> tuple[list[str], list[str]]:
    """Networks, and forests; an ensemble is made of the others."""
    networks = [model for model in models if RECIPES[model] in (ON_SPECTROGRAMS, ON_WAVEFORMS)]
    return networks, [model for model in models if model not in (*networks, ENSEMBLE)]


def _prepare(prepare: Callable[[str], Pipeline], studies: Studies) -> Pipeline:
    """A preparation in every study with a model that needs it."""
    return _joined(
        ingest.create_pipeline(corpus) + prepare(corpus)
        for corpus, models in studies.items()
        if any(prepare in RECIPES[model].prepare for model in models)
    )


def _joined(pipelines: Iterable[Pipeline]) -> Pipeline:
    """The sum of pipelines, which may share nodes; at once, since Kedro sorts and checks each sum anew."""
    return Pipeline({node: None for pipeline in pipelines for node in pipeline.nodes})
