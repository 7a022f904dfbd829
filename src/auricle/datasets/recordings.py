"""The folder of raw recordings as a catalog entry, and an audio player for Kedro-Viz."""

import base64
import html
import io
from pathlib import Path
from typing import Any, ClassVar

from kedro.io import AbstractDataset
from kedro_datasets._typing import HTMLPreview

from auricle.audio.decode import decode
from auricle.audio.limits import AudioLimits
from auricle.corpora.inspection import find_audio
from auricle.datasets.fingerprint import fingerprint_of_listing
from auricle.errors import AudioError

PREVIEW_SAMPLE_RATE = 16_000


class RecordingsDataset(AbstractDataset[None, Path]):
    """A folder of recordings, which is read and never written to.

    Loading gives the folder's path, not its content: recordings are decoded one by one, in bounded memory,
    by the nodes. The folder need not exist yet (the demo corpus is rendered into it).

    Example:
        >>> genre.recordings:
        >>>   type: auricle.datasets.recordings.RecordingsDataset
        >>>   filepath: data/01_raw/gtzan
    """

    # Whoever reads this entry of the corpus too knows recordings by their content: a file that was touched,
    # or one that no row names, is nothing to them.
    known_through: ClassVar[str] = "manifest"

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._folder = Path(filepath)
        self.metadata = metadata

    def load(self) -> Path:
        """The folder's path; whether it exists is for the ingestion to say."""
        return self._folder

    def save(self, data: None) -> None:
        """Refused: raw recordings are the user's.

        Raises:
            DatasetError: always.
        """
        raise NotImplementedError(f"{self._folder} holds raw recordings: Auricle never writes there")

    def fingerprint(self) -> str:
        """By name, size and time of every file, tables of labels among them."""
        return fingerprint_of_listing(self._folder)

    def _exists(self) -> bool:
        return self._folder.is_dir()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._folder)}

    def preview(self, recordings: int = 6, seconds: float = 5.0) -> HTMLPreview:
        """The first seconds of recordings spread over the folder, each with a player.

        Args:
            recordings: how many to show.
            seconds: how much of each.
        """
        paths = find_audio(self._folder) if self._folder.is_dir() else []
        chosen = paths[:: max(1, len(paths) // recordings)][:recordings]
        rows = "".join(_player(self._folder, path, seconds) for path in chosen)
        return HTMLPreview(f"<p>{len(paths)} recordings in {html.escape(self._folder.name)}</p>{rows}")


def _player(folder: Path, path: str, seconds: float) -> str:
    import soundfile

    name = html.escape(path)
    try:
        waveform = decode(folder / path, AudioLimits(), PREVIEW_SAMPLE_RATE)
    except AudioError as error:
        return f"<p>{name}: {html.escape(str(error))}</p>"
    buffer = io.BytesIO()
    excerpt = waveform.samples[: int(seconds * PREVIEW_SAMPLE_RATE)]
    soundfile.write(buffer, excerpt, PREVIEW_SAMPLE_RATE, format="MP3")
    sound = base64.b64encode(buffer.getvalue()).decode()
    return f'<p>{name}<br/><audio controls src="data:audio/mpeg;base64,{sound}"></audio></p>'
