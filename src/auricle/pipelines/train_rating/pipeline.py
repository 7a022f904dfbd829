"""The training pipeline of the rating model."""

from kedro.pipeline import Node, Pipeline

from auricle.pipelines.champion import move_champion

from .nodes import fit, predict


def create_pipeline(corpus: str, model: str) -> Pipeline:
    """From manifest and waveforms to bundle, champion and ratings, in the model's namespace."""
    return Pipeline(
        [
            Node(
                fit,
                {
                    "manifest": "manifest",
                    "waveforms": "waveforms",
                    "front_end": "params:waveforms",
                    "model": "params:model",
                    "train": "params:train",
                    "windows": "params:windows",
                    "work_directory": "work_directory",
                },
                "bundle",
                name="fit",
            ),
            Node(move_champion, "bundle", "champion", name="move_champion"),
            Node(
                predict,
                ["champion", "manifest", "waveforms", "params:train", "params:windows"],
                ["predictions", "embeddings"],
                name="predict",
            ),
        ],
        namespace=f"{corpus}.{model}",
        inputs={name: f"{corpus}.{name}" for name in ("manifest", "waveforms")},
        parameters={"params:waveforms": f"params:{corpus}.waveforms"},
        tags=["train", "rating"],
    )
