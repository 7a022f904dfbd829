"""What is written into one run of MLflow, each call complete in itself."""

import time
from typing import TYPE_CHECKING, Any

from auricle.evaluation.kinds import Json
from auricle.evaluation.plots import reliability_figure
from auricle.models.bundle import BundleRef
from auricle.tracking.record import Part, batches, figures_of, parameters_of

if TYPE_CHECKING:
    from mlflow import MlflowClient

DIGEST, PART = "auricle.bundle_digest", "auricle.part"
DPI = 150
MOST_PARAMS, MOST_METRICS = 100, 1000  # that MLflow takes at once


def tags_of(model: str, bundle: BundleRef) -> dict[str, str]:
    """What a bundle's runs are found by, and where the bundle lies."""
    revision = bundle.training.get("git_revision")
    return {
        "auricle.model": model,
        "auricle.version": bundle.version,
        "auricle.bundle": str(bundle.path),
        DIGEST: bundle.digest,
        **({"mlflow.source.git.commit": revision} if revision else {}),
    }


def found_or_made(
    client: "MlflowClient", experiment: str, name: str, part: Part, tags: dict[str, str]
) -> tuple[str, bool]:
    """The run of a bundle's part, and whether it was logged to its end."""
    wanted = f"tags.`{DIGEST}` = '{tags[DIGEST]}' and tags.`{PART}` = '{part.name}'"
    for run in client.search_runs([experiment], wanted, max_results=1):
        return str(run.info.run_id), run.info.status == "FINISHED"
    made = client.create_run(experiment, start_time=part.begun, tags=tags | {PART: part.name}, run_name=name)
    return str(made.info.run_id), False


def log_parameters(client: "MlflowClient", run: str, bundle: BundleRef) -> None:
    """Log every parameter that a bundle was trained with."""
    from mlflow.entities import Param

    for items in batches(parameters_of(bundle).items(), MOST_PARAMS):
        client.log_batch(run, params=[Param(name, value) for name, value in items])


def finish(client: "MlflowClient", run: str, part: Part) -> None:
    """Log the curves; the run's end comes last, so that one that was cut short is known by its lack."""
    from mlflow.entities import Metric

    for points in batches(part.points, MOST_METRICS):
        client.log_batch(run, metrics=[Metric(*point) for point in points])
    client.set_terminated(run, "FINISHED", end_time=part.ended)


def log_figures(client: "MlflowClient", run: str, metrics: Json) -> None:
    """Log what an evaluation found; what it found before is not said again."""
    from mlflow.entities import Metric

    said, now = client.get_run(run).data.metrics, int(1000 * time.time())
    changed = {name: value for name, value in figures_of(metrics).items() if said.get(name) != value}
    for items in batches(changed.items(), MOST_METRICS):
        client.log_batch(run, metrics=[Metric(name, value, now, 0) for name, value in items])
    client.log_dict(run, metrics, "metrics.json")
    log_picture(client, run, "reliability", reliability_figure(metrics))


def log_picture(client: "MlflowClient", run: str, name: str, picture: Any) -> None:
    """Log a figure of matplotlib as `pictures/<name>.png`."""
    client.log_figure(run, picture, f"pictures/{name}.png", save_kwargs={"dpi": DPI})
