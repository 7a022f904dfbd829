"""The training pipelines of a Random Forest."""

from kedro.pipeline import Node, Pipeline

from auricle.pipelines import incumbent
from auricle.pipelines.champion import move_champion

from .nodes import fit, predict, predict_incumbent

OF_CORPUS = ("descriptors", "labels")
SAID = ["predictions", "embeddings"]


def create_pipeline(corpus: str, model: str) -> Pipeline:
    """From manifest and features to bundle, champion and predictions, in the model's namespace."""
    return Pipeline(
        [
            _fit(),
            Node(move_champion, "bundle", "champion", name="move_champion"),
            _predict("champion"),
        ],
        namespace=f"{corpus}.{model}",
        inputs={"manifest": f"{corpus}.manifest", "features": f"{corpus}.features"},
        parameters={f"params:{name}": f"params:{corpus}.{name}" for name in OF_CORPUS},
        tags="train",
    )


def create_challenger(corpus: str, model: str) -> Pipeline:
    """The same beside the champion, on what the gate has let through; before it, the champion predicts."""
    inputs = {"manifest": f"{corpus}.retraining.manifest", "features": f"{corpus}.features"}
    challenger = Pipeline(
        [_fit(), _predict("bundle")],
        namespace=f"{corpus}.{model}.challenger",
        inputs=inputs | {"work_directory": f"{corpus}.{model}.work_directory"},
        parameters={f"params:{name}": f"params:{corpus}.{name}" for name in OF_CORPUS}
        | {"params:train": f"params:{corpus}.{model}.train"},
        tags="train",
    )
    heard = {name: f"{corpus}.{name}" for name in ("manifest", "features")}
    return challenger + incumbent.create_pipeline(corpus, model, predict_incumbent, heard)


def _fit() -> Node:
    read = ["manifest", "features", "params:descriptors", "params:train", "params:labels", "work_directory"]
    return Node(fit, read, "bundle", name="fit")


def _predict(by: str) -> Node:
    return Node(predict, [by, "manifest", "features"], SAID, name="predict")
