"""The retraining pipelines of a corpus and of a model: trained, compared, decided, promoted or kept."""

from kedro.pipeline import Node, Pipeline

from auricle.pipelines.evaluate.nodes import score
from auricle.pipelines.marks import DECISION

from .nodes import decide_on, measure, promote, prune, take_up

JUDGED_BY = ("decoding", "evaluation", "labels")  # parameters of the corpus
RULED_BY = ("rule", "manual_approval")


def create_start(corpus: str) -> Pipeline:
    """The manifest for models that are due."""
    return Pipeline(
        [Node(take_up, ["given", "due"], "manifest", name="take_up")],
        namespace=f"{corpus}.retraining",
        inputs={"given": f"{corpus}.manifest"},
        tags="retrain",
    )


def create_pipeline(corpus: str, model: str) -> Pipeline:
    """From the predictions of champion and challenger to the decision, and to the champion it leads to."""
    name = f"{corpus}.{model}"
    challenger = {what: f"{name}.challenger.{what}" for what in ("predictions", "metrics", "costs")}
    champion = {"champion": f"{name}.incumbent", "champion_predictions": f"{name}.incumbent.predictions"}
    compared = Pipeline(
        [_score(), _measure(), _decide()],
        namespace=name,
        inputs={"challenger": f"{name}.challenger.bundle", "predictions": challenger["predictions"]}
        | {what: f"{corpus}.retraining.{what}" for what in ("manifest", "due")}
        | {"recordings": f"{corpus}.recordings"}
        | champion,
        outputs={what: challenger[what] for what in ("metrics", "costs")},
        parameters={f"params:{block}": f"params:{corpus}.{block}" for block in JUDGED_BY}
        | {f"params:{block}": f"params:retrain.{block}" for block in RULED_BY},
        tags="retrain",
    )
    # By itself, for it writes what the others read: the pointer of the champion.
    promoted = Pipeline(
        [
            Node(promote, ["decision", "challenger"], "champion", name="promote"),
            Node(prune, ["champion", "decisions", "params:keep"], None, name="prune"),
        ],
        namespace=name,
        inputs={"challenger": f"{name}.challenger.bundle", "decisions": f"{name}.decisions"},
        parameters={"params:keep": "params:retrain.keep"},
        tags="retrain",
    )
    return compared + promoted


def _score() -> Node:
    """Figures of the challenger as every champion has them, in its own folder."""
    read = ["challenger", "predictions", "manifest", "params:evaluation", "params:labels"]
    return Node(score, read, "metrics", name="score", tags="evaluate")


def _measure() -> Node:
    read = ("champion", "challenger", "manifest", "recordings")
    given = ("rule", "decoding")
    return Node(
        measure,
        {name: name for name in read} | {name: f"params:{name}" for name in given},
        "costs",
        name="measure",
    )


def _decide() -> Node:
    read = ("champion", "challenger", "champion_predictions", "predictions", "costs", "manifest", "due")
    given = (*RULED_BY, "evaluation", "labels")
    return Node(
        decide_on,
        {name: name for name in read} | {name: f"params:{name}" for name in given},
        "decision",
        name="decide",
        tags=DECISION,
    )
