"""A predicted rating in a file's own tags: POPM of ID3, RATING of Vorbis comments, FMPS_RATING of either.

Beside it stands which rating was predicted, so that the layout `ratings` tells it from the listener's own.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from auricle.corpora.layouts.rating_tags import (
    FMPS,
    PREDICTED,
    RATING,
    USER,
    Scale,
    facts_of,
    is_predicted,
    is_rating,
    mark_of,
    popm_byte,
    text_of,
    texts_of,
)
from auricle.errors import CorpusError
from auricle.inference.tag_files import TagError, opened, save_tags

# The name that players write it by.
FMPS_OF_ID3 = "FMPS_Rating"
LEAST = 0.01


@dataclass(frozen=True)
class TagStyle:
    """How ratings stand in tags.

    Attributes:
        user: of POPM.
        scale: of RATING.
        zero: what a rating of 0 means.
    """

    user: str = USER
    scale: Scale = "hundred"
    zero: Literal["unrated", "terrible"] = "unrated"


def written_as(rating: float) -> str:
    """A rating as it is written and listed: two decimals, and never 0, which says that nothing is known."""
    return text_of(max(rating, LEAST), "unit")


def old_tags(path: Path) -> dict[str, Any]:
    """The tags that hold ratings, by their names: of POPM the byte and the count of plays.

    Raises:
        TagError: they cannot be read.
    """
    tags = opened(path).tags
    if tags is None:
        return {}
    frames = tags.getall("POPM") if hasattr(tags, "getall") else []
    popm = {frame.HashKey: [frame.rating, getattr(frame, "count", None)] for frame in frames}
    texts = sorted(texts_of(tags).items())
    return popm | {name: text for name, text in texts if name in (FMPS, PREDICTED) or is_rating(name)}


def listeners_rating(path: Path, style: TagStyle) -> float | None:
    """What the listener says in the file's tags, from 0 to 1; None where that is nothing.

    Raises:
        TagError: the tags cannot be read, or hold what is no rating.
    """
    tags = opened(path).tags
    try:
        rating = facts_of(tags, path.name, style.scale).get("rating") if tags else None
    except CorpusError as error:
        raise TagError(f"its rating cannot be read: {error}") from error
    return None if rating == 0 and style.zero == "unrated" else rating


def is_written(path: Path, rating: str, style: TagStyle) -> bool:
    """Whether a file holds this prediction already, and nothing of an earlier one.

    Raises:
        TagError: its tags cannot be read.
    """
    tags = opened(path).tags
    if not tags:
        return False
    number, texts = float(rating), texts_of(tags)
    if hasattr(tags, "getall"):
        popm = tags.get(f"POPM:{style.user}")
        rated = popm is not None and popm.rating == popm_byte(number)
    else:
        rated = texts.get(RATING) == [text_of(number, style.scale)]
    return rated and texts.get(FMPS) == [rating] and texts.get(PREDICTED) == [_mark(rating, style)]


def with_tags(path: Path) -> Any:
    """A file as mutagen has it, with tags that can hold a rating, be they empty; nothing is written.

    Raises:
        TagError: its tags cannot be read, or have no place for a rating.
    """
    import mutagen
    from mutagen._vorbis import VCommentDict

    audio = opened(path)
    try:
        if audio.tags is None:
            audio.add_tags()
    except mutagen.MutagenError as error:
        raise TagError(f"it cannot have tags ({error})") from error
    if not hasattr(audio.tags, "getall") and not isinstance(audio.tags, VCommentDict):
        raise TagError("Auricle writes ratings into ID3 and Vorbis comments only")
    return audio


def write_rating(path: Path, rating: str, style: TagStyle) -> None:
    """Write a predicted rating into a file that the listener has not rated; every other tag stays.

    Args:
        path: of the file.
        rating: see `written_as`.
        style: how.

    Raises:
        TagError: it has a rating, its format has no place for one, or it cannot be written.
    """
    if (there := listeners_rating(path, style)) is not None:
        raise TagError(f"it has a rating ({there:.2f})")
    audio = with_tags(path)
    if hasattr(audio.tags, "getall"):
        _into_id3(audio.tags, rating, style)
    else:
        told = {RATING: text_of(float(rating), style.scale), FMPS: rating, PREDICTED: _mark(rating, style)}
        for name, text in told.items():
            audio.tags[name] = [text]
    save_tags(audio)
    if not is_written(path, rating, style) or listeners_rating(path, style) is not None:
        raise TagError(f"its format does not keep the rating {rating} as it is")


def _mark(rating: str, style: TagStyle) -> str:
    return f"{rating}@{style.scale} {style.user}"


def _into_id3(tags: Any, rating: str, style: TagStyle) -> None:
    from mutagen.id3 import POPM, TXXX, Encoding

    mark = mark_of(texts_of(tags), style.scale)
    old = [frame for frame in tags.getall("TXXX") if frame.desc.upper() in (FMPS, PREDICTED)]
    # What was predicted before and written by another name would pass for the listener's.
    for frame in [*old, *(frame for frame in tags.getall("POPM") if is_predicted(frame, mark))]:
        if frame.FrameID == "POPM" and getattr(frame, "count", 0):
            frame.rating = 0  # the plays stay
        else:
            tags.delall(frame.HashKey)
    plays = getattr(tags.get(f"POPM:{style.user}"), "count", None)
    counted = {} if plays is None else {"count": plays}
    popm = POPM(email=style.user, rating=popm_byte(float(rating)), **counted)  # type: ignore[no-untyped-call]
    tags.setall(popm.HashKey, [popm])
    for name, text in ((FMPS_OF_ID3, rating), (PREDICTED, _mark(rating, style))):
        tags.add(TXXX(encoding=Encoding.UTF8, desc=name, text=[text]))  # type: ignore[no-untyped-call]
