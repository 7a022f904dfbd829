"""The pipeline that makes an ensemble of a study's models."""

from collections.abc import Sequence

from kedro.pipeline import Node, Pipeline

from auricle.pipelines.champion import move_champion

from .nodes import fit, judge_members, predict


def create_pipeline(corpus: str, model: str, candidates: Sequence[str]) -> Pipeline:
    """From the members' predictions to bundle, champion and predictions, in the ensemble's namespace.

    Args:
        corpus: the study's corpus.
        model: what the ensemble is called in the study.
        candidates: models that may be members.
    """
    predictions = {name: f"{name}_predictions" for name in candidates}
    champions = {f"champion_{name}": f"{name}_champion" for name in candidates}
    embeddings = {f"embeddings_{name}": f"{name}_embeddings" for name in candidates}
    own = {"manifest": "manifest", "ensemble": "params:ensemble", "labels": "params:labels"}
    return Pipeline(
        [
            Node(
                fit,
                {**own, "work_directory": "work_directory"} | predictions | champions,
                "bundle",
                name="fit",
            ),
            Node(move_champion, "bundle", "champion", name="move_champion"),
            Node(
                predict,
                {"champion": "champion", "manifest": "manifest"} | predictions | champions | embeddings,
                ["predictions", "embeddings"],
                name="predict",
            ),
            Node(
                judge_members,
                {
                    **own,
                    "champion": "champion",
                    "predictions": "predictions",
                    "evaluation": "params:evaluation",
                }
                | predictions
                | champions,
                "contributions",
                name="judge_members",
            ),
        ],
        namespace=f"{corpus}.{model}",
        inputs={"manifest": f"{corpus}.manifest"}
        | {
            f"{name}_{what}": f"{corpus}.{name}.{what}"
            for name in candidates
            for what in ("predictions", "champion", "embeddings")
        },
        parameters={f"params:{name}": f"params:{corpus}.{name}" for name in ("evaluation", "labels")}
        | {"params:ensemble": f"params:{corpus}.{model}"},
        tags=["train", "ensemble"],
    )
