"""The genre in a file's own tags: ID3 in MP3 and WAV, Vorbis comments in FLAC and Ogg."""

from pathlib import Path
from typing import Any

from auricle.inference.tag_files import TagError, opened, save_tags


def read_genres(path: Path) -> list[str]:
    """The genres that a file names.

    Raises:
        TagError: its tags cannot be read, or its format has none.
    """
    return _genres(opened(path).tags)


def write_genres(path: Path, genres: list[str]) -> None:
    """Replace the genres of a file; every other tag stays.

    Raises:
        TagError: they cannot be written, or cannot be read again.
    """
    import mutagen
    from mutagen.id3 import TCON, Encoding

    audio = opened(path)
    frame = TCON(encoding=Encoding.UTF8, text=genres)  # type: ignore[no-untyped-call]
    try:
        if audio.tags is None:
            audio.add_tags()
    except mutagen.MutagenError as error:
        raise TagError(f"its tags cannot be written ({error})") from error
    if hasattr(audio.tags, "setall"):
        audio.tags.setall("TCON", [frame])
    else:
        audio.tags["genre"] = genres
    save_tags(audio)
    if read_genres(path) != genres:
        raise TagError(f"its format does not keep {genres} as they are")


def _genres(tags: Any) -> list[str]:
    if tags is None:
        return []
    if hasattr(tags, "getall"):
        return [genre for frame in tags.getall("TCON") for genre in frame.genres]
    return list(tags.get("genre", []))
