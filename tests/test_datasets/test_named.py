"""Data by names that only a run knows, and playlists with relative paths."""

from pathlib import Path

import pandas as pd
import pytest

from auricle.datasets.named import NamedDataset
from auricle.datasets.playlists import PlaylistsDataset


class TestNames:
    @pytest.fixture
    def dataset(self, tmp_path: Path) -> NamedDataset:
        wrapped = {"type": "json.JSONDataset", "filepath": str(tmp_path / "out/summary.json")}
        return NamedDataset(dataset=wrapped)

    def test_have_their_own_folder(self, dataset: NamedDataset, tmp_path: Path) -> None:
        assert not dataset.exists()
        dataset.save(("genre.cnn/music", {"files": 1}))
        dataset.save(("genre.cnn/other", {"files": 2}))
        assert dataset.exists()
        assert (tmp_path / "out/genre.cnn/music/summary.json").is_file()
        assert dataset.load()("genre.cnn/music") == {"files": 1}
        assert dataset.load()("genre.cnn/other") == {"files": 2}

    def test_of_a_table_that_grows_begin_empty(self, tmp_path: Path) -> None:
        kind = "auricle.datasets.sharded_table.ShardedTableDataset"
        wrapped = {
            "type": kind,
            "filepath": str(tmp_path / "files.parquet"),
            "key": "path",
            "missing_ok": True,
        }
        dataset = NamedDataset(dataset=wrapped)
        assert dataset.load()("a").empty
        dataset.save(("a", pd.DataFrame({"path": ["x"]})))
        dataset.save(("a", pd.DataFrame({"path": ["y"]})))
        assert dataset.load()("a")["path"].tolist() == ["x", "y"]
        assert dataset.load()("b").empty


class TestPlaylists:
    @pytest.fixture
    def dataset(self, tmp_path: Path) -> PlaylistsDataset:
        return PlaylistsDataset(filepath=str(tmp_path / "results/playlists"))

    def test_lead_from_their_folder_to_the_files(self, dataset: PlaylistsDataset, tmp_path: Path) -> None:
        song = tmp_path / "music/été #1.mp3"
        song.parent.mkdir()
        song.touch()
        dataset.save({"rock": [(str(song), 61.6)]})
        text = (tmp_path / "results/playlists/rock.m3u8").read_text(encoding="utf-8")
        assert text.splitlines()[:2] == ["#EXTM3U", "#EXTINF:62,été #1"]
        (entry,) = dataset.load()["rock"]
        assert not Path(entry).is_absolute()
        assert (tmp_path / "results/playlists" / entry).samefile(song)

    def test_of_labels_that_are_gone_go(self, dataset: PlaylistsDataset) -> None:
        dataset.save({"rock": [("/a.mp3", 1.0)], "jazz": [("/b.mp3", 1.0)]})
        dataset.save({"rock": [("/b.mp3", 1.0)]})
        assert set(dataset.load()) == {"rock"}

    def test_of_any_label_have_a_file_of_their_own(self, dataset: PlaylistsDataset, tmp_path: Path) -> None:
        labels = ["drum/bass", "drum:bass", "Rock", "rock", "../up", "R&B"]
        dataset.save({label: [(f"/{number}.mp3", 1.0)] for number, label in enumerate(labels)})
        assert len(dataset.load()) == len(labels)
        files = list((tmp_path / "results").rglob("*.m3u8"))
        assert len(files) == len(list((tmp_path / "results/playlists").iterdir())) == len(labels)
        assert "R&B.m3u8" in {file.name for file in files}

    def test_leave_out_what_they_cannot_name(
        self, dataset: PlaylistsDataset, caplog: pytest.LogCaptureFixture
    ) -> None:
        dataset.save({"rock": [("/a\nb.mp3", 1.0), ("/c.mp3", 1.0)]})
        assert len(dataset.load()["rock"]) == 1
        assert "line break" in caplog.text
