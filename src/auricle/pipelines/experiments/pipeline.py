"""The pipeline that puts all trainings of a study side by side."""

from collections.abc import Sequence

from kedro.pipeline import Node, Pipeline

from .nodes import compare, report

OUTPUTS = ("experiments", "experiments_page")


def create_pipeline(corpus: str, models: Sequence[str]) -> Pipeline:
    """From manifest and past predictions to a page; nothing is trained."""
    return Pipeline(
        [
            Node(
                compare,
                {"manifest": "manifest", "evaluation": "params:evaluation", "labels": "params:labels"}
                | {model: f"history_{model}" for model in models},
                "experiments",
                name="compare",
            ),
            Node(report, ["experiments", "source"], "experiments_page", name="report"),
        ],
        namespace=f"{corpus}.experiments",
        inputs={name: f"{corpus}.{name}" for name in ("manifest", "source")}
        | {f"history_{model}": f"{corpus}.{model}.history" for model in models},
        outputs={name: f"{corpus}.{name}" for name in OUTPUTS},
        parameters={f"params:{name}": f"params:{corpus}.{name}" for name in ("evaluation", "labels")},
    )
