"""The genre in a file's own tags: ID3 in MP3 and WAV, Vorbis comments in FLAC and Ogg."""

from pathlib import Path
from typing import Any

from auricle.errors import AuricleError
from auricle.models.backbones.packages import needed

EXTRA = "tags"
# Frames of ID3v2.4 that mutagen writes as others in 2.3.
TRANSLATED = frozenset({"TDOR", "TDRC", "TIPL", "TMCL"})


class TagError(AuricleError):
    """A file whose tags cannot be read or written; its message is the reason."""


def check_installed() -> None:
    """Refuse to begin without mutagen.

    Raises:
        MissingPackageError: it is not installed.
    """
    needed("mutagen", extra=EXTRA, by="predict.tags")


def read_genres(path: Path) -> list[str]:
    """The genres that a file names.

    Raises:
        TagError: its tags cannot be read, or its format has none.
    """
    return _genres(_opened(path).tags)


def write_genres(path: Path, genres: list[str]) -> None:
    """Replace the genres of a file; every other tag stays.

    Raises:
        TagError: they cannot be written, or cannot be read again.
    """
    import mutagen
    from mutagen.id3 import TCON, Encoding

    audio = _opened(path)
    frame = TCON(encoding=Encoding.UTF8, text=genres)  # type: ignore[no-untyped-call]
    try:
        if audio.tags is None:
            audio.add_tags()
        if hasattr(audio.tags, "setall"):
            audio.tags.setall("TCON", [frame])
        else:
            audio.tags["genre"] = genres
        if tuple(getattr(audio.tags, "version", ())[:2]) == (2, 3):
            # Many players read ID3 of this version only: a file that has it keeps it.
            frames = list(audio.tags.values())
            audio.tags.update_to_v23()
            for kept in frames:  # it drops what only 2.4 has by name, and files of 2.3 have all the same
                if kept.FrameID not in TRANSLATED and kept.HashKey not in audio.tags:
                    audio.tags.add(kept)
            audio.save(v2_version=3, v23_sep=None)
        else:
            audio.save()
    except mutagen.MutagenError as error:
        raise TagError(f"its tags cannot be written ({error})") from error
    if read_genres(path) != genres:
        raise TagError(f"its format does not keep {genres} as they are")


def _opened(path: Path) -> Any:
    import mutagen

    try:
        audio = mutagen.File(path)
    except mutagen.MutagenError as error:
        raise TagError(f"its tags cannot be read ({error})") from error
    if audio is None:
        raise TagError("its format has no tags")
    return audio


def _genres(tags: Any) -> list[str]:
    if tags is None:
        return []
    if hasattr(tags, "getall"):
        return [genre for frame in tags.getall("TCON") for genre in frame.genres]
    return list(tags.get("genre", []))
