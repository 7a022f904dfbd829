"""Expected ratings in the files' tags: listed first, backed up, written on copies, never over a rating."""

import logging
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from auricle.audio.limits import AudioLimits
from auricle.corpora.verdict import hash_file
from auricle.errors import ConfigurationError
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
from auricle.models.bundle import BundleRef
from auricle.progress import track
from auricle.recommendation.params import RatingTagParams
from auricle.recommendation.rating_tag import (
    TagStyle,
    is_written,
    listeners_rating,
    old_tags,
    with_tags,
    write_rating,
    written_as,
)

BY = "recommendation.tags"
BETWEEN = "; "

logger = logging.getLogger(__name__)


def tag_ratings(
    table: pd.DataFrame,
    recordings: Path,
    folder: Path,
    *,
    champion: BundleRef,
    params: RatingTagParams,
    style: TagStyle,
    limits: AudioLimits,
) -> None:
    """List the ratings that would be written into files, or write them.

    A dry run writes `tags.csv`: what each file has, what it would have, and whether that is written or why
    not. Writing keeps the old values in `tag_backups/<time>.json` first, which is never overwritten, and
    changes a copy of the file that then takes its place, so that a kill leaves either file whole. What one
    run did not come to is done by the next.

    Args:
        table: of recommendations.
        recordings: the folder that paths are relative to.
        folder: of the list and the backups.
        champion: that the ratings are of.
        params: what is asked for.
        style: how ratings stand in tags.
        limits: of what may be read.

    Raises:
        ConfigurationError: writing what the last dry run did not list.
    """
    if params.mode == "none":
        return
    plan = plan_tags(table[table["rank"].notna()] if params.recommended_only else table, recordings, style)
    logger.info("Ratings: %s", _counted(then.partition("(")[0].strip() for then in plan["then"]))
    if params.mode == "dry_run":
        folder.mkdir(parents=True, exist_ok=True)
        shown = plan.assign(
            old=plan["old"].map(lambda old: BETWEEN.join(f"{k}: {v}" for k, v in old.items()))
        )
        shown.drop(columns="recording_id").to_csv(folder / PLAN, index=False)
        logger.info("No file was changed. What would be: %s", folder / PLAN)
        return
    wanted = plan[plan["then"] == WRITE]
    check_listed(wanted, folder / PLAN, by=BY)
    if wanted.empty:
        return
    old = dict(zip(wanted["path"], wanted["old"], strict=True))
    file = back_up({"version": champion.version, "tags": old}, folder / BACKUPS)
    logger.info("Old ratings of %s files: %s", f"{len(wanted):,}", file)
    _write(wanted, recordings, style, limits)


def check_dry_run(folder: Path, params: RatingTagParams) -> None:
    """Refuse to write where there was no dry run.

    Raises:
        ConfigurationError: there was none by this champion.
    """
    if params.mode == WRITE:
        check_listed(pd.DataFrame({"path": [], "new": []}), folder / PLAN, by=BY)


def plan_tags(table: pd.DataFrame, recordings: Path, style: TagStyle) -> pd.DataFrame:
    """What becomes of each file: `path`, `recording_id`, `old` (its tags), `new` and `then`.

    `then` is "write", or why the file is left as it is.
    """
    plan = []
    rows = zip(table["path"], table["recording_id"], table["rating"], strict=True)
    for path, identity, rating in track(rows, total=len(table), description="read tags"):
        file, new = recordings / path, written_as(float(rating))
        old: dict[str, Any] = {}
        try:
            old = old_tags(file)
            then = _kept(file, new, style) or WRITE
        except TagError as error:
            then = str(error) if file.is_file() else "it is not there"
        plan.append((path, identity, old, new, then))
    return pd.DataFrame(plan, columns=["path", "recording_id", "old", "new", "then"])


def _kept(file: Path, new: str, style: TagStyle) -> str:
    """Why a file keeps its tags, or ""."""
    if (there := listeners_rating(file, style)) is not None:
        return f"has a rating ({there:.2f})"
    with_tags(file)
    return "has it already" if is_written(file, new, style) else ""


def _write(wanted: pd.DataFrame, recordings: Path, style: TagStyle, limits: AudioLimits) -> None:
    counts: list[str] = []
    clear_copies(recordings / path for path in wanted["path"])
    rows = list(zip(wanted["path"], wanted["recording_id"], wanted["new"], strict=True))
    for path, identity, new in track(rows, description="write tags"):
        try:
            _write_one(recordings / path, identity, new, style, limits)
            counts.append("written")
        except TagError as error:
            logger.warning("%s keeps its tags: %s", path, error)
            counts.append("left as they were")
    logger.info("Ratings: %s", _counted(counts))


def _write_one(path: Path, identity: str, new: str, style: TagStyle, limits: AudioLimits) -> None:
    def check(target: Path) -> None:
        if not target.is_file():
            raise TagError("it is not there")
        if hash_file(target, limits) != identity:
            raise TagError("it has changed since it was ingested")

    write_on_a_copy(path, lambda staged: write_rating(staged, new, style), check)


def _counted(what: Iterable[str]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in Counter(what).items()) or "none"


def style_of(params: RatingTagParams, layout: str, options: Any) -> TagStyle:
    """How ratings stand in the tags of a corpus.

    Args:
        params: of writing.
        layout: of the corpus.
        options: of the layout.

    Raises:
        ConfigurationError: ratings would be written on another scale than they are read on.
    """
    from auricle.corpora.layouts import check_layout
    from auricle.corpora.layouts.ratings import RatingsOptions

    read = check_layout(layout, options)
    if not isinstance(read, RatingsOptions) or read.source != "tags":
        zero = read.zero if isinstance(read, RatingsOptions) else "unrated"
        return TagStyle(params.user, params.scale or "hundred", zero)
    if params.scale not in (None, read.scale):
        raise ConfigurationError(
            f"recommendation.tags.scale is {params.scale!r}, and layout_options read RATING on the scale"
            f" {read.scale!r}: what is written would be read as another rating. Leave tags.scale out, or set"
            f" layout_options: {{scale: {params.scale}}}."
        )
    return TagStyle(params.user, read.scale, read.zero)
