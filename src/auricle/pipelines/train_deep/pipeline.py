"""The training pipeline of every deep model."""

from kedro.pipeline import Node, Pipeline

from auricle.pipelines.champion import move_champion

from .nodes import fit, predict

INPUTS = ("manifest", "spectrograms", "variant_spectrograms", "recordings")
GIVEN = ("front_end", "tracking", "variants", "decoding", "labels")


def create_pipeline(corpus: str, model: str) -> Pipeline:
    """From manifest and spectrograms to bundle, champion and predictions, in the model's namespace."""
    return Pipeline(
        [
            Node(
                fit,
                [
                    "manifest",
                    "spectrograms",
                    "variant_spectrograms",
                    "recordings",
                    "params:front_end",
                    "params:variants",
                    "params:decoding",
                    "params:model",
                    "params:train",
                    "params:windows",
                    "params:labels",
                    "params:tracking",
                    "work_directory",
                    "events",
                ],
                "bundle",
                name="fit",
            ),
            Node(move_champion, "bundle", "champion", name="move_champion"),
            Node(
                predict,
                ["champion", "manifest", "spectrograms", "params:train"],
                ["predictions", "embeddings"],
                name="predict",
            ),
        ],
        namespace=f"{corpus}.{model}",
        inputs={name: f"{corpus}.{name}" for name in INPUTS},
        parameters={f"params:{name}": f"params:{corpus}.{name}" for name in GIVEN},
        tags=["train", "deep"],
    )
