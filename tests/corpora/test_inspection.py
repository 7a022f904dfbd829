"""What the inventory promises: every file is judged once, and again only when there is reason to."""

import hashlib
import logging
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile as sf

from auricle.audio.isolation import IsolationError
from auricle.audio.limits import AudioLimits
from auricle.corpora import inspection, verdict
from auricle.corpora.inspection import FILE_COLUMNS, find_audio, inspect_files
from auricle.errors import AudioError

LIMITS = AudioLimits()


def write(path: Path, seconds: float = 0.5, *, seed: int = 0, rate: int = 8000) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = 0.1 * np.random.default_rng(seed).standard_normal(round(seconds * rate))
    sf.write(path, noise, rate)
    return path


def inspect(
    root: Path, known: pd.DataFrame | None = None, limits: AudioLimits = LIMITS, **options: Any
) -> pd.DataFrame:
    chunks = list(inspect_files(root, find_audio(root), known, limits, workers=1, **options))
    if not chunks:
        return pd.DataFrame(columns=list(FILE_COLUMNS)).set_index("path")
    return pd.concat(chunks).set_index("path", drop=False)


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are decoded, in this process instead of in children."""
    names: list[str] = []
    check_readable = verdict.check_readable

    def counting(path: Path, limits: AudioLimits) -> Any:
        names.append(path.name)
        return check_readable(path, limits)

    def in_process(
        function: Callable[[Path], Any], items: Sequence[Path], **_: Any
    ) -> Iterator[tuple[Path, Any]]:
        return ((item, function(item)) for item in items)

    monkeypatch.setattr(verdict, "check_readable", counting)
    monkeypatch.setattr(inspection, "map_isolated", in_process)
    return names


class TestFindAudio:
    def test_lists_audio_by_extension_in_whatever_case(self, tmp_path: Path) -> None:
        for name in (
            "b/x.WAV",
            "b/y.Flac",
            "a/ö z.mp3",
            "c.ogg",
            "d.opus",
            "e.m4a",
            "f.txt",
            "g",
            "h.wav.part",
        ):
            path = tmp_path / name
            path.parent.mkdir(exist_ok=True)
            path.touch()
        assert find_audio(tmp_path) == ["a/ö z.mp3", "b/x.WAV", "b/y.Flac", "c.ogg", "d.opus", "e.m4a"]

    def test_leaves_out_what_is_hidden_and_what_is_no_file(self, tmp_path: Path) -> None:
        write(tmp_path / "._song.wav")
        write(tmp_path / ".git/song.wav")
        (tmp_path / "folder.wav").mkdir()
        os.mkfifo(tmp_path / "pipe.wav")
        (tmp_path / "broken.wav").symlink_to(tmp_path / "nowhere.wav")
        assert find_audio(tmp_path) == []

    def test_follows_links_once(self, tmp_path: Path) -> None:
        write(tmp_path / "elsewhere/rock/a.wav")
        root = tmp_path / "root"
        root.mkdir()
        (root / "rock").symlink_to(tmp_path / "elsewhere/rock")
        (root / "loop").symlink_to(root)
        assert find_audio(root) == ["rock/a.wav"]

    def test_names_what_no_table_can_hold(self, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.wav")).touch()
        (tmp_path / "rock\\a.wav").touch()
        assert find_audio(tmp_path) == []
        assert "not valid UTF-8, rename it" in caplog.text
        assert "contains a backslash, rename it" in caplog.text

    def test_of_an_empty_folder(self, tmp_path: Path) -> None:
        assert find_audio(tmp_path) == []


class TestRows:
    def test_of_good_files(self, tmp_path: Path) -> None:
        path = write(tmp_path / "a/x.wav", 0.5)
        table = inspect(tmp_path)
        assert tuple(table.columns) == FILE_COLUMNS
        row = table.loc["a/x.wav"]
        assert row["recording_id"] == hashlib.sha256(path.read_bytes()).hexdigest()[:16]
        assert row["size"] == path.stat().st_size
        assert row["mtime_ns"] == path.stat().st_mtime_ns
        assert (row["duration_s"], row["sample_rate"], row["channels"]) == (0.5, 8000, 1)
        assert (row["status"], row["reason"]) == ("ok", "")

    def test_of_bad_files_stand_beside_the_good(self, tmp_path: Path) -> None:
        whole = write(tmp_path / "a.wav").read_bytes()
        (tmp_path / "b.wav").write_bytes(whole[: len(whole) // 2])
        (tmp_path / "c.mp3").write_bytes(b"not audio")
        (tmp_path / "d.wav").touch()
        write(tmp_path / "e.wav", 0.01)
        table = inspect(tmp_path)
        assert table["status"].tolist() == ["ok", *["quarantined"] * 4]
        assert table["reason"].str.split(":").str[0].tolist() == [
            "",
            "truncated",
            "not audio of the formats WAV, FLAC, OGG, MP3",
            "empty file",
            "too short",
        ]
        assert table.loc["c.mp3", "recording_id"] == hashlib.sha256(b"not audio").hexdigest()[:16]
        assert table.loc["b.wav", ["duration_s", "sample_rate", "channels"]].isna().all()

    def test_of_a_file_that_is_missing(self, tmp_path: Path) -> None:
        (table,) = inspect_files(tmp_path, ["gone.wav"], None, LIMITS, workers=1)
        (row,) = table.to_dict("records")
        assert row["status"] == "quarantined"
        assert row["reason"] == "cannot be opened: No such file or directory"
        assert row["recording_id"] == ""

    def test_of_exact_copies_share_their_recording(self, tmp_path: Path) -> None:
        shutil.copy(write(tmp_path / "a.wav"), tmp_path / "b.wav")
        assert inspect(tmp_path)["recording_id"].nunique() == 1

    def test_come_in_chunks(self, tmp_path: Path) -> None:
        for number in range(5):
            write(tmp_path / f"{number}.wav", seed=number)
        chunks = list(inspect_files(tmp_path, find_audio(tmp_path), None, LIMITS, workers=2, chunk_size=2))
        assert [len(chunk) for chunk in chunks] == [2, 2, 1]
        assert [path for chunk in chunks for path in chunk["path"]] == [f"{n}.wav" for n in range(5)]

    def test_keep_their_types_through_parquet(self, tmp_path: Path) -> None:
        write(tmp_path / "a.wav")
        (tmp_path / "b.wav").touch()
        table = inspect(tmp_path).reset_index(drop=True)
        table.to_parquet(tmp_path / "files.parquet")
        pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "files.parquet"), table)

    def test_are_counted_in_the_log(self, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        write(tmp_path / "a.wav")
        known = inspect(tmp_path)
        (tmp_path / "b.wav").touch()
        with caplog.at_level(logging.INFO, logger="auricle.corpora.inspection"):
            inspect(tmp_path, known)
        assert "2 files: 1 known and unchanged, 1 inspected (0 ok, 1 quarantined)" in caplog.messages

    def test_of_a_file_that_ends_its_child_are_of_that_file(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The child's death leaves no hash: the parent makes up for it."""
        path = write(tmp_path / "a.wav")
        died = IsolationError("the child process that read it was killed by SIGSEGV")
        monkeypatch.setattr(inspection, "map_isolated", lambda f, items, **_: [(i, died) for i in items])
        (row,) = inspect(tmp_path).to_dict("records")
        assert row["status"] == "quarantined"
        assert row["reason"] == "the child process that read it was killed by SIGSEGV"
        assert row["recording_id"] == hashlib.sha256(path.read_bytes()).hexdigest()[:16]


class TestIncremental:
    def test_ten_thousand_known_files_and_ten_new_ones_are_ten_decodes(
        self, tmp_path: Path, decoded: list[str]
    ) -> None:
        original = write(tmp_path / "original.wav", 0.2)
        first = inspect(tmp_path)
        assert decoded == ["original.wav"]
        rows = []
        for number in range(10_000):
            path = tmp_path / f"{number:05}.wav"
            path.hardlink_to(original)
            rows.append({**first.iloc[0], "path": path.name, "recording_id": f"{number:016x}"})
        known = pd.concat([first, pd.DataFrame(rows)])
        for number in range(10):
            write(tmp_path / f"new {number}.wav", seed=1 + number)
        decoded.clear()
        table = inspect(tmp_path, known)
        assert decoded == [f"new {number}.wav" for number in range(10)]
        assert list(table["path"]) == decoded
        assert inspect(tmp_path, pd.concat([known, table])).empty

    def test_nothing_new_yields_nothing(self, tmp_path: Path, decoded: list[str]) -> None:
        write(tmp_path / "a.wav")
        (tmp_path / "b.mp3").write_bytes(b"not audio")
        known = inspect(tmp_path)
        decoded.clear()
        assert inspect(tmp_path, known).empty
        assert decoded == []

    def test_a_touched_file_is_hashed_but_not_decoded(self, tmp_path: Path, decoded: list[str]) -> None:
        path = write(tmp_path / "a.wav")
        known = inspect(tmp_path)
        decoded.clear()
        os.utime(path, (1, 1))
        table = inspect(tmp_path, known)
        assert decoded == []
        assert table.loc["a.wav", "mtime_ns"] == 1_000_000_000
        changed = known.columns.difference(["mtime_ns"])
        pd.testing.assert_frame_equal(table[changed], known[changed])

    def test_a_moved_file_is_not_decoded(self, tmp_path: Path, decoded: list[str]) -> None:
        path = write(tmp_path / "a.wav")
        known = inspect(tmp_path)
        decoded.clear()
        path.rename(tmp_path / "b.wav")
        table = inspect(tmp_path, known)
        assert decoded == []
        assert table.loc["b.wav", "recording_id"] == known.loc["a.wav", "recording_id"]
        assert table.loc["b.wav", "status"] == "ok"

    def test_changed_bytes_of_the_same_size_are_decoded(self, tmp_path: Path, decoded: list[str]) -> None:
        path = write(tmp_path / "a.wav")
        known = inspect(tmp_path)
        decoded.clear()
        write(path, seed=1)
        os.utime(path, ns=(0, known.loc["a.wav", "mtime_ns"] + 1))
        table = inspect(tmp_path, known)
        assert decoded == ["a.wav"]
        assert table.loc["a.wav", "recording_id"] != known.loc["a.wav", "recording_id"]

    def test_changed_limits_judge_everything_anew(self, tmp_path: Path, decoded: list[str]) -> None:
        write(tmp_path / "short.wav", 0.2)
        write(tmp_path / "long.wav", 2.0, seed=1)
        strict = AudioLimits(max_duration_s=1)
        known = inspect(tmp_path, limits=strict)
        assert known["status"].to_dict() == {"long.wav": "quarantined", "short.wav": "ok"}
        decoded.clear()
        table = inspect(tmp_path, known)
        assert decoded == ["long.wav", "short.wav"]
        assert set(table["status"]) == {"ok"}

    def test_a_failure_that_may_be_the_machines_is_tried_again(
        self, tmp_path: Path, decoded: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(tmp_path / "a.wav")
        overloaded = IsolationError("took longer than timeout_s 60 to read")
        with monkeypatch.context() as patch:
            patch.setattr(inspection, "map_isolated", lambda f, items, **_: [(i, overloaded) for i in items])
            known = inspect(tmp_path)
        assert known["status"].tolist() == ["quarantined"]
        table = inspect(tmp_path, known)
        assert decoded == ["a.wav"]
        assert table["status"].tolist() == ["ok"]

    def test_a_file_that_could_not_be_opened_is_tried_again(self, tmp_path: Path) -> None:
        (tmp_path / "loop.wav").symlink_to("loop.wav")
        rows = pd.concat(inspect_files(tmp_path, ["loop.wav"], None, AudioLimits(), workers=1))
        assert rows["reason"].item().startswith("cannot be opened")
        assert rows["checked_with"].item() == ""

    def test_a_reason_that_is_the_files_is_remembered(self, tmp_path: Path, decoded: list[str]) -> None:
        def refuse(path: Path, limits: AudioLimits) -> None:
            raise AudioError("silent")

        write(tmp_path / "a.wav")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(verdict, "check_readable", refuse)
            known = inspect(tmp_path)
        assert inspect(tmp_path, known).empty
        assert decoded == []


@pytest.mark.real_data
class TestRealRecordings:
    """Published corpora whose files play, MP3s without a length header and notes of 0.2 s among them."""

    @pytest.mark.parametrize(
        ("corpus", "count"), [("gtzan_mini", 100), ("donateacry", 457), ("philharmonia_mini", 3000)]
    )
    def test_are_all_found_usable(self, real_data: Path, corpus: str, count: int) -> None:
        root = real_data / corpus
        table = pd.concat(list(inspect_files(root, find_audio(root), None, LIMITS)))
        assert len(table) == count
        quarantined = table[table["status"] != "ok"]
        assert quarantined[["path", "reason"]].to_dict("records") == []
        assert table["duration_s"].between(0.1, 60).all()
