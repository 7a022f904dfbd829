"""The training pipeline of every deep model."""

from collections.abc import Callable
from typing import Any, NamedTuple

from kedro.pipeline import Node, Pipeline

from auricle.pipelines.champion import move_champion

from .nodes import fit, fit_on_waveforms, predict, predict_on_waveforms


class Hearing(NamedTuple):
    """What a network hears: the nodes that know its store, and what of the corpus they take.

    Attributes:
        fit: trains.
        predict: lets the champion speak.
        cached: the store.
        data: what else of the corpus `fit` reads.
        front_end: the parameters that made the store, which `fit` takes as `front_end`.
        parameters: what else of the corpus' parameters `fit` reads.
        asked: parameters of the model that `predict` reads.
    """

    fit: Callable[..., Any]
    predict: Callable[..., Any]
    cached: str
    data: tuple[str, ...]
    front_end: str
    parameters: tuple[str, ...]
    asked: tuple[str, ...]


SPECTROGRAMS = Hearing(
    fit,
    predict,
    cached="spectrograms",
    data=("variant_spectrograms", "recordings"),
    front_end="front_end",
    parameters=("variants", "decoding"),
    asked=("train",),
)
WAVEFORMS = Hearing(
    fit_on_waveforms,
    predict_on_waveforms,
    cached="waveforms",
    data=(),
    front_end="waveforms",
    parameters=("variants",),
    asked=("train", "windows"),
)


def create_pipeline(corpus: str, model: str, hearing: Hearing = SPECTROGRAMS) -> Pipeline:
    """From manifest and what is cached to bundle, champion and predictions, in the model's namespace."""
    data = ("manifest", hearing.cached, *hearing.data)
    given = (*hearing.parameters, "labels", "tracking")
    own = ("model", "train", "windows")
    return Pipeline(
        [
            Node(
                hearing.fit,
                {name: name for name in (*data, "work_directory", "events")}
                | {name: f"params:{name}" for name in (*given, *own)}
                | {"front_end": f"params:{hearing.front_end}"},
                "bundle",
                name="fit",
            ),
            Node(move_champion, "bundle", "champion", name="move_champion"),
            Node(
                hearing.predict,
                {name: name for name in ("champion", "manifest", hearing.cached)}
                | {name: f"params:{name}" for name in hearing.asked},
                ["predictions", "embeddings"],
                name="predict",
            ),
        ],
        namespace=f"{corpus}.{model}",
        inputs={name: f"{corpus}.{name}" for name in data},
        parameters={f"params:{name}": f"params:{corpus}.{name}" for name in (*given, hearing.front_end)},
        tags=["train", "deep"],
    )
