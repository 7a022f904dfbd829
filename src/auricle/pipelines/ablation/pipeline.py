"""The pipeline that asks what the parts of a model are good for."""

from collections.abc import Sequence

from kedro.pipeline import Node, Pipeline

from auricle.pipelines.blocks import blocks_of

from .nodes import judge, report, train

INPUTS = ("manifest", "spectrograms", "variant_spectrograms", "recordings", "ablation_directory", "source")
OUTPUTS = ("ablation_predictions", "ablation_runs", "ablation", "ablation_page")


def create_pipeline(corpus: str, models: Sequence[str]) -> Pipeline:
    """From manifest and spectrograms to a page; no bundle is made, no champion moves."""
    given = ("front_end", "variants", "decoding", "labels", "ablation")
    read, found = blocks_of(corpus, models)
    return Pipeline(
        [
            Node(
                train,
                {name: name for name in INPUTS[:5]} | {name: f"params:{name}" for name in given} | read,
                ["ablation_predictions", "ablation_runs"],
                name="train",
                tags="ablation",
            ),
            Node(
                judge,
                [
                    "ablation_predictions",
                    "ablation_runs",
                    "manifest",
                    "params:evaluation",
                    "params:labels",
                    "params:ablation",
                ],
                "ablation",
                name="judge",
            ),
            Node(report, ["ablation", "source"], "ablation_page", name="report"),
        ],
        namespace=f"{corpus}.ablation",
        inputs={name: f"{corpus}.{name}" for name in INPUTS},
        outputs={name: f"{corpus}.{name}" for name in OUTPUTS},
        parameters={f"params:{name}": f"params:{corpus}.{name}" for name in (*given, "evaluation")} | found,
    )
