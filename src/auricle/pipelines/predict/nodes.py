"""The nodes that predict a folder, a glob or a list of files. Heavy imports stand inside the functions."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd

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


def tell_results(job: Any, ledger: Reader, predict: PredictParams) -> dict[str, Named]:
    """The results of all files of the job, in each form that they are wanted in."""
    from auricle.inference.bulk.tables import flat, playlists_of, records_of, results_of, summary_of

    results = results_of(job, ledger(job.ledger), predict.abstain_below, opinions=predict.opinions)
    summary = summary_of(job, results)
    _log(summary)
    forms = {
        "results": results,
        "csv": flat(results),
        "json_lines": pd.DataFrame(list(records_of(results)), dtype=object),
        "playlists": playlists_of(results),
        "summary": summary,
    }
    return {form: (job.name, content) for form, content in forms.items()}


def write_tags(
    job: Any, results: Reader, ledger: Reader, tag_directory: Path, predict: PredictParams
) -> Iterator[Named]:
    """The genres in the files' own tags, where that is asked for; yields ledger rows of what was written."""
    from auricle.inference.bulk.tags import tag_files

    if predict.tags.mode == "none":
        return
    folder = tag_directory / job.name
    for rows in tag_files(job, results(job.name), ledger(job.ledger), folder, predict):
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
