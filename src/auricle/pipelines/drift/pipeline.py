"""Drift of a study's models, and the gate before their retraining."""

from collections.abc import Sequence

from kedro.pipeline import Node, Pipeline

from auricle.pipelines.marks import ALWAYS, GATE

from .nodes import decide_due, draw_drift, measure_drift

SAID = ("predictions", "embeddings")


def create_pipeline(corpus: str, models: Sequence[str], champion: str = "champion") -> Pipeline:
    """A report of drift and a page for each model.

    Args:
        corpus: the study's corpus.
        models: those that are watched.
        champion: the entry of a model that its champion is read from; another than `champion` where the
            pipeline moves that too, and then predictions and embeddings lie below it
            (`incumbent.predictions`).
    """
    return sum((_of_model(corpus, model, champion) for model in models), start=Pipeline([]))


def _of_model(corpus: str, model: str, champion: str) -> Pipeline:
    below = "" if champion == "champion" else f"{champion}."
    read = {"champion": f"{corpus}.{model}.{champion}"}
    read |= {name: f"{corpus}.{model}.{below}{name}" for name in SAID}
    return Pipeline(
        [
            Node(
                measure_drift,
                ["champion", "manifest", *SAID, "params:drift", "params:name"],
                "drift",
                name=f"measure_drift_of_{model}",
            ),
            Node(draw_drift, ["drift", "source", "params:name"], "drift_page", name=f"draw_drift_of_{model}"),
        ],
        namespace=f"{corpus}.retraining",
        inputs=read | {name: f"{corpus}.{name}" for name in ("manifest", "source")},
        outputs={name: f"{corpus}.{model}.{name}" for name in ("drift", "drift_page")},
        parameters={"params:drift": "params:drift", "params:name": f"params:{corpus}.{model}.name"},
        tags="drift",
    )


def create_gate(corpus: str, models: Sequence[str], champion: str = "champion") -> Pipeline:
    """The node that decides whether anything of a corpus is trained again; see `create_pipeline`."""
    of_models = {
        f"{what}_{model}": f"{corpus}.{model}.{entry}"
        for model in models
        for what, entry in (("champion", champion), ("drift", "drift"), ("tried", "tried"))
    }
    return Pipeline(
        [
            Node(
                decide_due,
                {"manifest": "manifest", "triggers": "params:triggers"} | {name: name for name in of_models},
                "due",
                name="decide_due",
                tags=[GATE, ALWAYS],  # time passes
            )
        ],
        namespace=f"{corpus}.retraining",
        inputs={"manifest": f"{corpus}.manifest"} | of_models,
        parameters={"params:triggers": "params:triggers"},
    )
