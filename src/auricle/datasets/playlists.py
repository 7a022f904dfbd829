"""A folder of playlists, one a label, whose paths are relative to the folder."""

import logging
import math
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset

from auricle.models.whole_file import write_whole

Tracks = Sequence[tuple[str, float]]

logger = logging.getLogger(__name__)


class PlaylistsDataset(AbstractDataset[Mapping[str, Tracks], dict[str, list[str]]]):
    """Extended M3U in UTF-8: saving replaces all playlists of the folder.

    Example:
        >>> predict.playlists:
        >>>   type: auricle.datasets.playlists.PlaylistsDataset
        >>>   filepath: data/07_model_output/predict/playlists
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._folder = Path(filepath)
        self.metadata = metadata

    def load(self) -> dict[str, list[str]]:
        """The relative paths of each playlist, by the name of its file."""
        return {
            file.stem: [
                line for line in file.read_text(encoding="utf-8").splitlines() if not line.startswith("#")
            ]
            for file in sorted(self._folder.glob("*.m3u8"))
        }

    def save(self, data: Mapping[str, Tracks]) -> None:
        """Write a playlist for each label, of absolute paths with their durations in seconds."""
        written: set[str] = set()
        for label, tracks in data.items():
            file = self._folder / f"{_file_name(label, written)}.m3u8"
            written.add(file.stem.lower())
            lines = ["#EXTM3U", *(line for track in tracks for line in self._lines(*track))]
            write_whole(file, ("\n".join(lines) + "\n").encode())
        for file in self._folder.glob("*.m3u8"):
            if file.stem.lower() not in written:
                file.unlink()

    def _lines(self, path: str, duration_s: float) -> list[str]:
        if "\n" in path or "\r" in path:
            logger.warning("Left out of the playlists: %r has a line break in its name", path)
            return []
        seconds = -1 if math.isnan(duration_s) else round(duration_s)
        relative = Path(os.path.relpath(path, self._folder.resolve())).as_posix()
        return [
            f"#EXTINF:{seconds},{Path(path).stem}",
            f"./{relative}" if relative.startswith("#") else relative,
        ]

    def _exists(self) -> bool:
        return any(self._folder.glob("*.m3u8"))

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._folder)}


def _file_name(label: str, taken: set[str]) -> str:
    """A label as the name of a file, on any file system; another one than those that are taken."""
    plain = re.sub(r"[^\w &+,.()-]", "_", label).strip(" .") or "_"
    name, number = plain, 2
    while name.lower() in taken:
        name, number = f"{plain} {number}", number + 1
    return name
