"""What was predicted as the genre in the files' own tags: listed first, written on copies, backed up."""

import logging
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, cast

import pandas as pd

from auricle.audio.limits import AudioLimits
from auricle.corpora.shards import ShardedRows
from auricle.corpora.verdict import hash_file
from auricle.inference.bulk.files import DTYPES
from auricle.inference.bulk.genre_tag import read_genres, write_genres
from auricle.inference.bulk.job import Job
from auricle.inference.bulk.params import PredictParams, TagParams
from auricle.inference.bulk.tables import BETWEEN
from auricle.inference.tag_files import (
    BACKUPS,
    PLAN,
    WRITE,
    TagError,
    back_up,
    check_listed,
    clear_copies,
    write_on_a_copy,
)
from auricle.progress import track

logger = logging.getLogger(__name__)


def tag_files(
    job: Job, results: pd.DataFrame, ledger: ShardedRows, folder: Path, params: PredictParams
) -> Iterator[pd.DataFrame]:
    """List the genres that would be written into files, or write them.

    A dry run writes `tags.csv`: what each file has, what it would have, and whether that is written or why
    not. Writing keeps the old values in `tag_backups/<time>.json` first, which is never overwritten, and
    changes a copy of the file that then takes its place, so that a kill leaves either file whole.

    Args:
        job: files and model.
        results: as `results_of` gives them; the columns of `OVERVIEW` do.
        ledger: rows of `predict_files`.
        folder: of the job's results.
        params: of the pipeline.

    Yields:
        Rows of files that were written, with their new hash, so that they are not predicted again.

    Raises:
        ConfigurationError: writing what the last dry run did not list.
    """
    if params.tags.mode == "none":
        return
    plan = plan_tags(results, params.tags)
    logger.info("Genres: %s", ", ".join(f"{count:,} {what}" for what, count in Counter(plan["then"]).items()))
    if params.tags.mode == "dry_run":
        _shown(plan).to_csv(folder / PLAN, index=False)
        logger.info("No file was changed. What would be: %s", folder / PLAN)
        return
    wanted = plan[plan["then"] == WRITE]
    check_listed(_shown(wanted), folder / PLAN, by="predict.tags")
    if wanted.empty:
        return
    old = dict(zip(wanted["path"], wanted["old"], strict=True))
    kept = {"model": job.model, "version": job.bundle.version, "genres": old}
    file = back_up(kept, folder / BACKUPS)
    logger.info("Old genres of %s files: %s", f"{len(wanted):,}", file)
    written = _written(wanted, ledger, params.decoding)
    while chunk := list(islice(written, params.chunk_size)):
        yield pd.DataFrame(chunk, columns=list(DTYPES)).astype(DTYPES)


def plan_tags(results: pd.DataFrame, params: TagParams) -> pd.DataFrame:
    """What becomes of each file: `path`, `old`, `new` (lists of genres) and `then`.

    `then` is "write", or why the file is left as it is.
    """
    plan = []
    rows = cast("list[dict[str, Any]]", results.to_dict("records"))
    for row in track(rows, description="read tags"):
        labels = list(row["labels"])
        old: list[str] = []
        try:
            then = _kept(row, params)
            if not then:
                old = read_genres(Path(row["path"]))
                then = "has it already" if old == labels else ""
                then = then or ("has another genre" if old and not params.replace else WRITE)
        except TagError as error:
            then = str(error)
        plan.append({"path": row["path"], "old": old, "new": labels, "then": then})
    return pd.DataFrame(plan, columns=["path", "old", "new", "then"])


def _shown(plan: pd.DataFrame) -> pd.DataFrame:
    """The plan as `tags.csv` has it, for people: genres with a semicolon between them."""
    return plan.assign(**{name: plan[name].map(BETWEEN.join) for name in ("old", "new")})


def _kept(row: dict[str, Any], params: TagParams) -> str:
    """Why a file keeps its tags, by what was predicted; "" where it does not."""
    if row["reason"]:
        return "could not be used"
    if row["uncertain"] or not len(row["labels"]):  # an array, where it was read from Parquet
        return "no answer"
    calibrated = row["calibrated_confidence"]
    sure = row["confidence"] if pd.isna(calibrated) else calibrated
    return "below min_confidence" if sure < params.min_confidence else ""


def _written(wanted: pd.DataFrame, ledger: ShardedRows, limits: AudioLimits) -> Iterator[dict[str, Any]]:
    places = ledger.last_of("path")
    counts: Counter[str] = Counter()
    clear_copies(map(Path, wanted["path"]))
    entries = list(zip(wanted["path"], wanted["new"], strict=True))
    for path, genres in track(entries, description="write tags"):
        (row,) = cast("list[dict[str, Any]]", ledger.whole([places[path]]).to_dict("records"))
        try:
            yield row | _replaced(Path(path), genres, row, limits)
            counts["written"] += 1
        except TagError as error:
            logger.warning("%s keeps its tags: %s", path, error)
            counts["left as they were"] += 1
    logger.info("Genres: %s", ", ".join(f"{count:,} {what}" for what, count in counts.items()))


def _replaced(path: Path, genres: list[str], row: dict[str, Any], limits: AudioLimits) -> dict[str, Any]:
    """Write a file's genres; returns its new identity."""

    def check(target: Path) -> None:
        status = target.stat()
        if (status.st_size, status.st_mtime_ns) != (row["size"], row["mtime_ns"]):
            raise TagError("it has changed since it was predicted")

    target = write_on_a_copy(path, lambda staged: write_genres(staged, genres), check)
    try:
        status = target.stat()
    except OSError as error:
        raise TagError(f"it cannot be read again ({error.strerror or error})") from error
    return {
        "size": status.st_size,
        "mtime_ns": status.st_mtime_ns,
        "recording_id": hash_file(path, limits),
    }
