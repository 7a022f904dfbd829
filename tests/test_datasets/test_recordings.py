"""The folder of recordings: only ever read, and playable in Kedro-Viz."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from kedro.io import DatasetError

from auricle.datasets.recordings import RecordingsDataset
from auricle.datasets.work_directory import WorkDirectoryDataset


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tone = 0.5 * np.sin(np.linspace(0, 2000, 22_050)).astype(np.float32)
    soundfile.write(tmp_path / "a<b>.wav", tone, 22_050)
    (tmp_path / "broken.mp3").write_bytes(b"this is not audio")
    return tmp_path


class TestRecordings:
    def test_loads_as_the_folder(self, folder: Path) -> None:
        assert RecordingsDataset(filepath=str(folder)).load() == folder

    def test_is_never_written_to(self, folder: Path) -> None:
        with pytest.raises(DatasetError, match="never writes there"):
            RecordingsDataset(filepath=str(folder)).save("anything")  # type: ignore[arg-type]

    def test_preview_plays_what_can_be_decoded_and_says_what_cannot(self, folder: Path) -> None:
        preview = RecordingsDataset(filepath=str(folder)).preview()
        assert preview.count("<audio") == 1
        assert "a&lt;b&gt;.wav" in preview
        assert "broken.mp3:" in preview

    def test_preview_of_a_missing_folder_is_empty(self, tmp_path: Path) -> None:
        assert "0 recordings" in RecordingsDataset(filepath=str(tmp_path / "none")).preview()


class TestWorkDirectory:
    def test_exists_once_loaded(self, tmp_path: Path) -> None:
        dataset = WorkDirectoryDataset(filepath=str(tmp_path / "a" / "work"))
        assert not dataset.exists()
        assert dataset.load().is_dir()
        assert dataset.exists()
