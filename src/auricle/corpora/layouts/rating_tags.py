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
FMPS, RATING = "FMPS_RATING", "RATING"
# Beside a rating that Auricle has predicted and written: which, and whose POPM. Another is the listener's.
PREDICTED = "AURICLE_PREDICTED_RATING"
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


def mark_of(text: str | None) -> tuple[float, str] | None:
    """Of a file's `PREDICTED` the rating and the user of its POPM; None where Auricle wrote none."""
    number, _, user = (text or "").partition(" ")
    try:
        return float(number), user
    except ValueError:
        return None


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
        scale: of Vorbis comments' RATING, on which players do not agree.
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
        scale: of Vorbis comments' RATING.
        with_predicted: whether what Auricle itself has predicted and written counts.
    """
    if hasattr(tags, "getall"):
        return _of_id3(tags, path, with_predicted)
    comments = comments_of(tags)
    said = {
        name: _first([text for key in keys for text in comments.get(key, [])]) for name, keys in FACTS.items()
    }
    return said | {"rating": _of_comments(comments, path, scale, with_predicted)}


def comments_of(tags: Any) -> dict[str, list[str]]:
    """The texts of Vorbis comments and their like, by names in capitals."""
    names = {key: key.rpartition(":")[2] if key.startswith(FREEFORM) else key for key in tags.keys()}  # noqa: SIM118
    return {name.upper(): _texts(tags[key]) for key, name in names.items()}


def _of_id3(tags: Any, path: str, with_predicted: bool) -> dict[str, Any]:
    """POPM, of the listener with the highest byte, or TXXX:FMPS_Rating, which says more exactly."""
    texts = {frame.desc.upper(): _first(frame.text) for frame in tags.getall("TXXX")}
    mark = None if with_predicted else mark_of(texts.get(PREDICTED))
    frames = tags.getall("POPM")
    of_listeners = [frame for frame in frames if not is_predicted(frame, mark)]
    popm = max(of_listeners, key=lambda frame: frame.rating, default=None)
    rating = None if popm is None else float(np.interp(popm.rating, POPM_BYTES, POPM_RATINGS))
    exact = _not_predicted(texts.get(FMPS), mark, ("unit",))
    told = _number(exact, "unit", f"FMPS_Rating of {path}", path)
    if told or rating is None:  # 0 says that it was not rated, which undoes no other rating
        rating = told
    heard = popm or max(frames, key=lambda frame: frame.rating, default=None)
    plays = getattr(heard, "count", None)
    return {
        "rating": rating,
        "meta_artist": _first(getattr(tags.get("TPE1"), "text", None)),
        "meta_album": _first(getattr(tags.get("TALB"), "text", None)),
        "meta_play_count": None if plays is None else str(plays),
    }


def _of_comments(
    comments: Mapping[str, list[str]], path: str, scale: Scale, with_predicted: bool
) -> float | None:
    mark = None if with_predicted else mark_of(_first(comments.get(PREDICTED)))
    told = _not_predicted(_first(comments.get(FMPS)), mark, ("unit",))
    exact = _number(told, "unit", f"FMPS_RATING of {path}", path)
    if exact:
        return exact
    # Some players write RATING:somebody@somewhere.
    keys = (key for key in sorted(comments) if key == RATING or key.startswith(f"{RATING}:"))
    given = ((key, _not_predicted(_first(comments[key]), mark, tuple(HIGHEST))) for key in keys)
    key, text = next(((key, text) for key, text in given if text is not None), (RATING, None))
    return exact if text is None else _number(text, scale, f"{key} of {path}", path)


def is_predicted(frame: Any, mark: tuple[float, str] | None) -> bool:
    """Whether a POPM is the one that was written with a mark, and nobody has changed it."""
    return mark is not None and frame.email == mark[1] and frame.rating == popm_byte(mark[0])


def _not_predicted(text: str | None, mark: tuple[float, str] | None, scales: Iterable[Scale]) -> str | None:
    """A rating, or None where it is the one that was predicted."""
    if text is None or mark is None:
        return text
    return None if text in {text_of(mark[0], scale) for scale in scales} else text


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
