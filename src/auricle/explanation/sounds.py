"""Excerpts for pages that let one hear many recordings: as many as the page may hold."""

import base64
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from auricle.audio.isolation import map_isolated
from auricle.audio.limits import AudioLimits
from auricle.errors import AudioError
from auricle.evaluation.excerpts import Sound, render_sound

logger = logging.getLogger(__name__)

FULL = "left out to keep the page small"


@dataclass(frozen=True)
class Playable:
    """A recording as a page lets one hear it.

    Attributes:
        uri: the excerpt as a data URI, or None where there is none.
        start_s: where it begins in the recording, in seconds.
        duration_s: its length, in seconds.
        note: why there is nothing to hear; None where there is.
    """

    uri: str | None = None
    start_s: float = 0.0
    duration_s: float = 0.0
    note: str | None = None


def playable(
    paths: Sequence[str], recordings: Path, limits: AudioLimits, *, seconds: float, megabytes: float
) -> list[Playable]:
    """An excerpt of each recording, or why there is none.

    Args:
        paths: relative to the folder of recordings.
        recordings: that folder.
        limits: what may be decoded, and in how much time and memory: it happens in child processes.
        seconds: longest excerpt.
        megabytes: of all data URIs together; from the first that does not fit on, none is made.
    """
    if not paths:
        return []
    render = partial(render_sound, limits=limits, seconds=seconds)
    files = [recordings / path for path in paths]
    found: list[Playable] = []
    left = megabytes * 1e6
    for (_, result), path in zip(
        map_isolated(render, files, limits=limits, description="excerpts"), paths, strict=True
    ):
        entry = _entry(path, result)
        left -= len(entry.uri or "")
        if left < 0:
            break
        found.append(entry)
    return found + [Playable(note=FULL)] * (len(paths) - len(found))


def _entry(path: str, result: Sound | AudioError) -> Playable:
    if isinstance(result, AudioError):
        logger.warning("No excerpt of %s: %s", path, result)
        return Playable(note=f"cannot be played: {result}")
    uri = f"data:audio/mpeg;base64,{base64.b64encode(result.mp3).decode('ascii')}"
    return Playable(uri, result.start_s, result.duration_s)
