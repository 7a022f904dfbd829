"""Ratings in the tags of files: POPM of ID3, and RATING and FMPS_RATING of ID3 and Vorbis comments."""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any, Literal, NamedTuple, cast

import numpy as np
import pandas as pd

from auricle.errors import CorpusError, MissingPackageError

Scale = Literal["stars", "hundred", "unit"]
HIGHEST: dict[Scale, float] = {"stars": 5.0, "hundred": 100.0, "unit": 1.0}
# What players write for one to five stars; between them a straight line. 0 is "unknown" by ID3's standard.
POPM_BYTES, POPM_RATINGS = (0, 1, 64, 128, 196, 255), (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
FMPS, RATING = "FMPS_RATING", "RATING"
# Beside a rating that Auricle has predicted and written: a `Mark`. Another rating is the listener's.
PREDICTED = "AURICLE_PREDICTED_RATING"
MARK = re.compile(r"(0\.\d\d|1\.00)(?:@(stars|hundred|unit))? (.+)")
USER = "auricle"
# Facts by the names of Vorbis comments, and of MP4.
FACTS = {"meta_artist": ("ARTIST", "©ART"), "meta_album": ("ALBUM", "©ALB")}
FREEFORM = "----:"  # of MP4: ----:com.apple.iTunes:RATING


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


def text_of(rating: float, scale: Scale) -> str:
    """A rating from 0 to 1 as Auricle writes it."""
    return f"{rating * HIGHEST[scale]:.{0 if scale == 'hundred' else 2}f}"


class Mark(NamedTuple):
    """Which rating was predicted, from 0 to 1, whose POPM has it, and on which scale RATING does."""

    rating: float
    user: str
    scale: Scale


def mark_of(texts: Mapping[str, list[str]], scale: Scale) -> Mark | None:
    """What a file's `PREDICTED` says; None where Auricle wrote none.

    Args:
        texts: as `texts_of` has them.
        scale: of a mark that names none.
    """
    found = MARK.fullmatch(_first(texts.get(PREDICTED)) or "")
    return Mark(float(found[1]), found[3], cast(Scale, found[2] or scale)) if found else None


def popm_byte(rating: float) -> int:
    """A rating from 0 to 1 as the byte of a POPM that is rated, from 1 to 255."""
    return max(1, round(float(np.interp(rating, POPM_RATINGS, POPM_BYTES))))


def read_rating_tags(
    root: Path, paths: Iterable[str], scale: Scale, *, with_predicted: bool = False
) -> pd.DataFrame:
    """What the files' tags say: `path`, `rating` (0 to 1, or missing), `meta_artist`, `meta_album`,
    `meta_play_count`.

    A file that cannot be read as audio has no rating here; ingestion says what is wrong with it.

    Args:
        root: of the recordings.
        paths: below it.
        scale: of RATING, on which players do not agree.
        with_predicted: whether what Auricle itself has predicted and written counts as a rating.

    Raises:
        CorpusError: a rating is outside of its scale.
        MissingPackageError: mutagen is not installed.
    """
    rows = [{"path": path, **_of_file(root / path, path, scale, with_predicted)} for path in paths]
    columns = ["path", "rating", *FACTS, "meta_play_count"]
    table = pd.DataFrame(rows, columns=columns)
    return table.astype({"rating": "float64"} | {name: "str" for name in columns if name != "rating"})


def _of_file(file: Path, path: str, scale: Scale, with_predicted: bool) -> dict[str, Any]:
    mutagen = _mutagen()
    try:
        audio = mutagen.File(file)
    except (mutagen.MutagenError, OSError):
        audio = None
    tags = getattr(audio, "tags", None)
    return facts_of(tags, path, scale, with_predicted=with_predicted) if tags else {}


def facts_of(tags: Any, path: str, scale: Scale, *, with_predicted: bool = False) -> dict[str, Any]:
    """What the tags of one file say, as `read_rating_tags` has it.

    Args:
        tags: as mutagen has them.
        path: of the file, for messages.
        scale: of RATING.
        with_predicted: whether what Auricle itself has predicted and written counts.
    """
    texts = texts_of(tags)
    mark = None if with_predicted else mark_of(texts, scale)
    exact = _told(texts, [FMPS], "unit", mark and mark._replace(scale="unit"), path)
    if hasattr(tags, "getall"):
        frames = tags.getall("POPM")
        listeners = frames if with_predicted else [each for each in frames if not is_predicted(each, mark)]
        facts, stars = _of_id3(tags, listeners or frames), [_stars(each) for each in listeners if each.rating]
        mark = None  # RATING of ID3 is never Auricle's
    else:
        facts, stars = _of_comments(texts), []
    others = _told(texts, sorted(filter(is_rating, texts)), scale, mark, path)
    return facts | {"rating": _not_zero(chain(exact, sorted(stars, reverse=True), others))}


def texts_of(tags: Any) -> dict[str, list[str]]:
    """The texts of Vorbis comments and their like, and of ID3's TXXX, by names in capitals."""
    if hasattr(tags, "getall"):
        given = [(frame.desc, frame.text) for frame in tags.getall("TXXX")]
    else:
        keys = list(tags.keys())
        given = [(key.rpartition(":")[2] if key.startswith(FREEFORM) else key, tags[key]) for key in keys]
    texts: dict[str, list[str]] = {}
    for name, value in given:
        texts.setdefault(name.upper(), []).extend(_texts(value))
    return texts


def is_rating(name: str) -> bool:
    """Whether a text is RATING; some players write RATING:somebody@somewhere."""
    return name == RATING or name.startswith(f"{RATING}:")


def is_predicted(frame: Any, mark: Mark | None) -> bool:
    """Whether a POPM is the one that was written with a mark, and nobody has changed it."""
    if mark is None:  # some taggers drop it; players write stars
        return bool(frame.email == USER and frame.rating not in POPM_BYTES)
    return bool(frame.email == mark.user and frame.rating == popm_byte(mark.rating))


def _of_comments(texts: Mapping[str, list[str]]) -> dict[str, Any]:
    told = {name: [text for key in keys for text in texts.get(key, [])] for name, keys in FACTS.items()}
    return {name: _first(given) for name, given in told.items()}


def _of_id3(tags: Any, frames: list[Any]) -> dict[str, Any]:
    heard = max(frames, key=lambda frame: frame.rating, default=None)
    plays = getattr(heard, "count", None)
    return {
        "meta_artist": _first(getattr(tags.get("TPE1"), "text", None)),
        "meta_album": _first(getattr(tags.get("TALB"), "text", None)),
        "meta_play_count": None if plays is None else str(plays),
    }


def _stars(frame: Any) -> float:
    return float(np.interp(frame.rating, POPM_BYTES, POPM_RATINGS))


def _told(
    texts: Mapping[str, list[str]], names: Iterable[str], scale: Scale, mark: Mark | None, path: str
) -> Iterator[float]:
    """What these texts say, from 0 to 1, less what was predicted."""
    given = [(name, text) for name in names for text in texts.get(name, []) if text]
    for name, text in given:
        where = f"{name} of {path}"
        try:
            number = float(text)
        except ValueError as error:
            raise CorpusError(f"{where} says {text!r}, which is no number. Correct or remove it.") from error
        # As numbers, since some taggers write 0.60 as 0.6.
        if mark and text_of(number / HIGHEST[mark.scale], mark.scale) == text_of(mark.rating, mark.scale):
            continue
        yield float(scaled(pd.Series([number]), scale, pd.Series([path]), where).iloc[0])


def _not_zero(ratings: Iterable[float]) -> float | None:
    """The first that is not 0, since 0 may say that nobody has rated, which undoes no other rating."""
    zero = None
    for rating in ratings:
        if rating:
            return rating
        zero = rating
    return zero


def _texts(value: Any) -> list[str]:
    """Of a tag: MP4 has flags and numbers beside lists, APE has values and pictures."""
    if isinstance(value, str):
        return [value]
    if not isinstance(value, list | tuple):
        return []
    return [each.decode(errors="replace") if isinstance(each, bytes) else str(each) for each in value]


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
