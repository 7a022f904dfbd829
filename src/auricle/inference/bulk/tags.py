"""What was predicted as the genre in the files' own tags: listed first, written on copies, backed up."""

import contextlib
import json
import logging
import os
import shutil
import uuid
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, cast

import pandas as pd

from auricle.audio.limits import AudioLimits
from auricle.corpora.verdict import hash_file
from auricle.errors import ConfigurationError
from auricle.inference.bulk.files import DTYPES
from auricle.inference.bulk.genre_tag import TagError, read_genres, write_genres
from auricle.inference.bulk.job import Job
from auricle.inference.bulk.params import PredictParams, TagParams
from auricle.progress import track

PLAN, BACKUPS = "tags.csv", "tag_backups"
BETWEEN = "; "
WRITE = "write"

logger = logging.getLogger(__name__)


def tag_files(
    job: Job, results: pd.DataFrame, rows: pd.DataFrame, folder: Path, params: PredictParams
) -> Iterator[pd.DataFrame]:
    """List the genres that would be written into files, or write them.

    A dry run writes `tags.csv`: what each file has, what it would have, and whether that is written or why
    not. Writing keeps the old values in `tag_backups/<time>.json` first, which is never overwritten, and
    changes a copy of the file that then takes its place, so that a kill leaves either file whole.

    Args:
        job: files and model.
        results: as `results_of` gives them.
        rows: of the ledger.
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
    _check_listed(wanted, folder / PLAN)
    if wanted.empty:
        return
    _back_up(job, wanted, folder / BACKUPS)
    written = _written(wanted, rows, params.decoding)
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


def _check_listed(wanted: pd.DataFrame, file: Path) -> None:
    dry_run = "Run with predict.tags.mode=dry_run, look at what it lists, and then with write."
    if not file.is_file():
        raise ConfigurationError(f"predict.tags.mode is write, and there was no dry run. {dry_run}")
    listed = pd.read_csv(file, dtype=str, keep_default_na=False)
    listed = listed[listed["then"] == WRITE]
    known = set(zip(listed["path"], listed["new"], strict=True))
    shown = _shown(wanted)
    others = [entry for entry in zip(shown["path"], shown["new"], strict=True) if entry not in known]
    if others:
        path, genre = others[0]
        raise ConfigurationError(
            f"predict.tags.mode is write, and the last dry run did not list {genre!r} for {path}"
            f" (and {len(others) - 1:,} others). {dry_run}"
        )


def _back_up(job: Job, wanted: pd.DataFrame, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{datetime.now(UTC):%Y-%m-%dT%H.%M.%S.%fZ}.json"
    old = dict(zip(wanted["path"], wanted["old"], strict=True))
    content = {"model": job.model, "version": job.bundle.version, "genres": old}
    with file.open("x", encoding="utf-8") as stream:
        json.dump(content, stream, indent=2, ensure_ascii=False)
        stream.flush()
        os.fsync(stream.fileno())
    logger.info("Old genres of %s files: %s", f"{len(wanted):,}", file)


def _written(wanted: pd.DataFrame, rows: pd.DataFrame, limits: AudioLimits) -> Iterator[dict[str, Any]]:
    known = rows[rows["path"].isin(wanted["path"])].drop_duplicates("path", keep="last")
    known = known.set_index("path", drop=False)
    counts: Counter[str] = Counter()
    entries = list(zip(wanted["path"], wanted["new"], strict=True))
    for path, genres in track(entries, description="write tags"):
        row = known.loc[path].to_dict()
        try:
            yield row | _replaced(Path(path), genres, row, limits)
            counts["written"] += 1
        except TagError as error:
            logger.warning("%s keeps its tags: %s", path, error)
            counts["left as they were"] += 1
    logger.info("Genres: %s", ", ".join(f"{count:,} {what}" for what, count in counts.items()))


def _replaced(path: Path, genres: list[str], row: dict[str, Any], limits: AudioLimits) -> dict[str, Any]:
    """Write a file's genres; returns its new identity."""
    target = path.resolve()
    # A name of its own: that of the file may have the length already that a file system allows.
    staged = target.with_name(f".{uuid.uuid4().hex}.tagging{target.suffix}")
    try:
        status = target.stat()
        if (status.st_size, status.st_mtime_ns) != (row["size"], row["mtime_ns"]):
            raise TagError("it has changed since it was predicted")
        shutil.copy2(target, staged)
        write_genres(staged, genres)
        with staged.open("rb") as stream:
            os.fsync(stream.fileno())
        staged.replace(target)
        status = target.stat()
    except OSError as error:
        raise TagError(f"it cannot be written ({error.strerror or error})") from error
    finally:
        with contextlib.suppress(OSError):
            staged.unlink(missing_ok=True)
    return {
        "size": status.st_size,
        "mtime_ns": status.st_mtime_ns,
        "recording_id": hash_file(path, limits),
    }
