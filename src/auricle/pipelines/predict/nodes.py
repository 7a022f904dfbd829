"""The nodes that predict a folder, a glob or a list of files. Heavy imports stand inside the functions."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from auricle.inference.bulk.params import PredictParams

logger = logging.getLogger(__name__)

Named = tuple[str, Any]
Reader = Callable[[str], Any]

LABELS_LOGGED = 8


def plan_predictions(run_root: Path, predict: PredictParams) -> Any:
    """The files and the model that predicts them, a `Job`.

    Raises:
        AuricleError: what cannot work, and how it can.
    """
    from auricle.inference.bulk.job import plan

    return plan(predict, run_root)


def predict_recordings(job: Any, known: Reader, predict: PredictParams) -> Iterator[Named]:
    """Predict what is new or changed; yields rows for the job's ledger, chunk by chunk."""
    from auricle.inference.bulk.files import predict_files

    for rows in predict_files(job, known(job.ledger), predict):
        yield job.ledger, rows


def tell_results(job: Any, ledger: Reader, predict: PredictParams) -> Named:
    """The results of all files of the job, made chunk by chunk as they are written."""
    from auricle.inference.bulk.tables import results_of, stored

    chunks = results_of(job, ledger(job.ledger), predict.abstain_below, opinions=predict.opinions)
    return job.name, stored(job, chunks, opinions=predict.opinions)


def show_results(job: Any, results: Reader) -> dict[str, Named]:
    """The results in each form that they are wanted in; the large ones are made as they are written."""
    from auricle.inference.bulk.tables import OVERVIEW, csv_of, json_lines_of, playlists_of, summary_of

    table = results(job.name)
    overview = table.read(OVERVIEW)
    summary = summary_of(job, overview)
    _log(summary)
    forms = {
        "csv": csv_of(table.chunks()),
        "json_lines": json_lines_of(table.chunks()),
        "playlists": playlists_of(overview),
        "summary": summary,
    }
    return {form: (job.name, content) for form, content in forms.items()}


def write_tags(
    job: Any, results: Reader, ledger: Reader, tag_directory: Path, predict: PredictParams
) -> Iterator[Named]:
    """The genres in the files' own tags, where that is asked for; yields ledger rows of what was written."""
    from auricle.inference.bulk.tables import OVERVIEW
    from auricle.inference.bulk.tags import tag_files

    if predict.tags.mode == "none":
        return
    folder = tag_directory / job.name
    for rows in tag_files(job, results(job.name).read(OVERVIEW), ledger(job.ledger), folder, predict):
        yield job.ledger, rows


def _log(summary: dict[str, Any]) -> None:
    labels = ", ".join(
        f"{label} {count:,}" for label, count in list(summary["labels"].items())[:LABELS_LOGGED]
    )
    logger.info("%s files: %s", f"{summary['files']:,}", labels or "nothing could be said")
    domain = summary["out_of_domain"]
    if domain["usable"] and domain["unusual"]:
        logger.warning(
            "%s files are less like the model's corpus than %.0f %% of it: see the column out_of_domain",
            f"{domain['unusual']:,}",
            100 * domain["from"],
        )
    if summary["failed"]:
        reason, count = next(iter(summary["reasons"].items()))
        logger.warning(
            "%s files could not be used; most often (%s): %s", f"{summary['failed']:,}", f"{count:,}", reason
        )
