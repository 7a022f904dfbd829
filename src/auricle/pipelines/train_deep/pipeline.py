"""The training pipelines of every deep model."""

from collections.abc import Callable
from typing import Any, NamedTuple

from kedro.pipeline import Node, Pipeline

from auricle.pipelines import incumbent
from auricle.pipelines.champion import move_champion

from .nodes import (
    fit,
    fit_on_waveforms,
    predict,
    predict_incumbent,
    predict_incumbent_on_waveforms,
    predict_on_waveforms,
)

SAID = ["predictions", "embeddings"]
OWN = ("model", "train", "windows")  # parameters of the model


class Hearing(NamedTuple):
    """What a network hears: the nodes that know its store, and what of the corpus they take.

    Attributes:
        fit: trains.
        predict: lets the champion speak.
        predict_incumbent: lets it speak where it has a challenger.
        cached: the store.
        data: what else of the corpus `fit` reads.
        front_end: the parameters that made the store, which `fit` takes as `front_end`.
        parameters: what else of the corpus' parameters `fit` reads.
        asked: parameters of the model that `predict` reads.
    """

    fit: Callable[..., Any]
    predict: Callable[..., Any]
    predict_incumbent: Callable[..., Any]
    cached: str
    data: tuple[str, ...]
    front_end: str
    parameters: tuple[str, ...]
    asked: tuple[str, ...]


SPECTROGRAMS = Hearing(
    fit,
    predict,
    predict_incumbent,
    cached="spectrograms",
    data=("variant_spectrograms", "recordings"),
    front_end="front_end",
    parameters=("variants", "decoding"),
    asked=("train",),
)
WAVEFORMS = Hearing(
    fit_on_waveforms,
    predict_on_waveforms,
    predict_incumbent_on_waveforms,
    cached="waveforms",
    data=(),
    front_end="waveforms",
    parameters=("variants",),
    asked=("train", "windows"),
)


def create_pipeline(corpus: str, model: str, hearing: Hearing = SPECTROGRAMS) -> Pipeline:
    """From manifest and what is cached to bundle, champion and predictions, in the model's namespace."""
    return Pipeline(
        [
            _fit(hearing),
            Node(move_champion, "bundle", "champion", name="move_champion"),
            _predict(hearing, "champion"),
        ],
        namespace=f"{corpus}.{model}",
        inputs={name: f"{corpus}.{name}" for name in _data(hearing)},
        parameters=_of_corpus(corpus, hearing),
        tags=["train", "deep"],
    )


def create_challenger(corpus: str, model: str, hearing: Hearing = SPECTROGRAMS) -> Pipeline:
    """The same beside the champion, on what the gate has let through; before it, the champion predicts."""
    inputs = {name: f"{corpus}.{name}" for name in _data(hearing)}
    inputs |= {"manifest": f"{corpus}.retraining.manifest"}
    own = {f"params:{name}": f"params:{corpus}.{model}.{name}" for name in OWN}
    challenger = Pipeline(
        [_fit(hearing), _predict(hearing, "bundle")],
        namespace=f"{corpus}.{model}.challenger",
        inputs=inputs | {name: f"{corpus}.{model}.{name}" for name in ("work_directory", "events")},
        parameters=_of_corpus(corpus, hearing) | own,
        tags=["train", "deep"],
    )
    heard = {name: f"{corpus}.{name}" for name in ("manifest", hearing.cached)}
    asked = {name: own[f"params:{name}"] for name in hearing.asked}
    return challenger + incumbent.create_pipeline(corpus, model, hearing.predict_incumbent, heard, asked)


def _data(hearing: Hearing) -> tuple[str, ...]:
    return ("manifest", hearing.cached, *hearing.data)


def _given(hearing: Hearing) -> tuple[str, ...]:
    return (*hearing.parameters, "labels", "tracking")


def _of_corpus(corpus: str, hearing: Hearing) -> dict[str, str]:
    names = (*_given(hearing), hearing.front_end)
    return {f"params:{name}": f"params:{corpus}.{name}" for name in names}


def _fit(hearing: Hearing) -> Node:
    return Node(
        hearing.fit,
        {name: name for name in (*_data(hearing), "work_directory", "events")}
        | {name: f"params:{name}" for name in (*_given(hearing), *OWN)}
        | {"front_end": f"params:{hearing.front_end}"},
        "bundle",
        name="fit",
    )


def _predict(hearing: Hearing, by: str) -> Node:
    return Node(
        hearing.predict,
        {"champion": by} | _heard(hearing),
        SAID,
        name="predict",
    )


def _heard(hearing: Hearing) -> dict[str, str]:
    """What a network reads in order to predict, beside its bundle."""
    return {name: name for name in ("manifest", hearing.cached)} | {
        name: f"params:{name}" for name in hearing.asked
    }
