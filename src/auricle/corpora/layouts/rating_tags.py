"""Ratings in the tags of files: POPM of ID3, RATING of Vorbis comments, and FMPS_RATING of either."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from auricle.errors import CorpusError, MissingPackageError

Scale = Literal["stars", "hundred", "unit"]
HIGHEST: dict[Scale, float] = {"stars": 5.0, "hundred": 100.0, "unit": 1.0}
# What players write for one to five stars; between them a straight line. 0 is "unknown" by ID3's standard.
POPM_BYTES, POPM_RATINGS = (0, 1, 64, 128, 196, 255), (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
FMPS = "FMPS_RATING"
# Facts by the names that Vorbis comments and the easy names of ID3 have in common.
FACTS = {"meta_artist": "artist", "meta_album": "album"}


def scaled(
    numbers: "pd.Series[float]", scale: Scale, paths: "pd.Series[str]", where: Path | str
) -> "pd.Series[float]":
    """Ratings of a scale as numbers from 0 to 1, float64; missing ones stay missing.

    Raises:
        CorpusError: one is outside of the scale.
    """
    highest = HIGHEST[scale]
    outside = (numbers < 0) | (numbers > highest)
    if outside.any():
        first = int(np.flatnonzero(outside)[0])
        raise CorpusError(
            f"{where} rates {paths.iloc[first]!r} {numbers.iloc[first]:g}, and the scale {scale!r} goes from"
            f" 0 to {highest:g} ({int(outside.sum())} such ratings). Set scale to"
            f" {' or '.join(name for name in HIGHEST if name != scale)}, or correct the rating."
        )
    return numbers / highest


def read_rating_tags(root: Path, paths: Iterable[str], scale: Scale) -> pd.DataFrame:
    """What the files' tags say: `path`, `rating` (0 to 1, or missing), `meta_artist`, `meta_album`,
    `meta_play_count`.

    A file that cannot be read as audio has no rating here; ingestion says what is wrong with it.

    Args:
        root: of the recordings.
        paths: below it.
        scale: of Vorbis comments' RATING, on which players do not agree.

    Raises:
        CorpusError: a rating is outside of its scale.
        MissingPackageError: mutagen is not installed.
    """
    rows = [{"path": path, **_of_file(root / path, path, scale)} for path in paths]
    columns = ["path", "rating", *FACTS, "meta_play_count"]
    table = pd.DataFrame(rows, columns=columns)
    return table.astype({"rating": "float64"} | {name: "str" for name in columns if name != "rating"})


def _of_file(file: Path, path: str, scale: Scale) -> dict[str, Any]:
    mutagen = _mutagen()
    try:
        audio = mutagen.File(file)
    except (mutagen.MutagenError, OSError):
        audio = None
    tags = getattr(audio, "tags", None)
    if not tags:
        return {}
    if hasattr(tags, "getall"):
        return _of_id3(tags, path)
    comments = {key.upper(): _texts(tags[key]) for key in tags.keys()}  # noqa: SIM118
    said = {name: _first(comments.get(key.upper())) for name, key in FACTS.items()}
    return said | {"rating": _of_comments(comments, path, scale)}


def _of_id3(tags: Any, path: str) -> dict[str, Any]:
    """POPM, of the listener with the highest byte, or TXXX:FMPS_Rating, which says more exactly."""
    popm = max(tags.getall("POPM"), key=lambda frame: frame.rating, default=None)
    exact = next((frame for frame in tags.getall("TXXX") if frame.desc.upper() == FMPS), None)
    rating = None if popm is None else float(np.interp(popm.rating, POPM_BYTES, POPM_RATINGS))
    told = None if exact is None else _number(_first(exact.text), "unit", f"FMPS_Rating of {path}", path)
    if told or rating is None:  # 0 says that it was not rated, which undoes no other rating
        rating = told
    plays = getattr(popm, "count", None)
    return {
        "rating": rating,
        "meta_artist": _first(getattr(tags.get("TPE1"), "text", None)),
        "meta_album": _first(getattr(tags.get("TALB"), "text", None)),
        "meta_play_count": None if plays is None else str(plays),
    }


def _of_comments(comments: Mapping[str, list[str]], path: str, scale: Scale) -> float | None:
    exact = _number(_first(comments.get(FMPS)), "unit", f"FMPS_RATING of {path}", path)
    if exact:
        return exact
    # Some players write RATING:somebody@somewhere.
    key = next((key for key in sorted(comments) if key == "RATING" or key.startswith("RATING:")), None)
    return exact if key is None else _number(_first(comments[key]), scale, f"{key} of {path}", path)


def _number(text: str | None, scale: Scale, where: str, path: str) -> float | None:
    if not text:
        return None
    try:
        number = float(text)
    except ValueError as error:
        raise CorpusError(f"{where} says {text!r}, which is no number. Correct or remove the tag.") from error
    return float(scaled(pd.Series([number]), scale, pd.Series([path]), where).iloc[0])


def _texts(value: Any) -> list[str]:
    """Of a tag: MP4 has flags and numbers beside lists, APE has values and pictures."""
    if isinstance(value, str):
        return [value]
    return [str(each) for each in value] if isinstance(value, list | tuple) else []


def _first(values: Any) -> str | None:
    return str(values[0]) if values else None


def _mutagen() -> Any:
    try:
        import mutagen
    except ImportError as error:
        raise MissingPackageError(
            "layout_options: {source: tags} needs mutagen, which is not installed here. Install it with"
            " Auricle's extra 'tags': pip install --editable '.[tags]' in Auricle's folder."
        ) from error
    return mutagen
