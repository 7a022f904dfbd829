"""The training pipeline of a Random Forest."""

from kedro.pipeline import Node, Pipeline

from auricle.pipelines.champion import move_champion

from .nodes import fit, predict


def create_pipeline(corpus: str, model: str) -> Pipeline:
    """From manifest and features to bundle, champion and predictions, in the model's namespace."""
    return Pipeline(
        [
            Node(
                fit,
                [
                    "manifest",
                    "features",
                    "params:descriptors",
                    "params:train",
                    "params:labels",
                    "work_directory",
                ],
                "bundle",
                name="fit",
            ),
            Node(move_champion, "bundle", "champion", name="move_champion"),
            Node(
                predict,
                ["champion", "manifest", "features"],
                ["predictions", "embeddings"],
                name="predict",
            ),
        ],
        namespace=f"{corpus}.{model}",
        inputs={"manifest": f"{corpus}.manifest", "features": f"{corpus}.features"},
        parameters={f"params:{name}": f"params:{corpus}.{name}" for name in ("descriptors", "labels")},
        tags="train",
    )
