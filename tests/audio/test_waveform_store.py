"""The waveform store: read without copying, grown by whole shards, made by `datasets` of untrusted files."""

import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from datasets import Dataset

from auricle.audio import waveform_shards
from auricle.audio.limits import AudioLimits
from auricle.audio.waveform_front_end import WaveformParams
from auricle.audio.waveform_shards import make_shards
from auricle.audio.waveform_store import WaveformStore, commit, shards_in
from auricle.errors import AudioError, ConfigurationError, CorpusError

RATE = 16_000
LIMITS = AudioLimits(min_duration_s=0.01)
FRONT_END = WaveformParams().make()


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    """Seven recordings of different lengths, `0.wav` to `6.wav`."""
    folder = tmp_path / "recordings"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for number in range(7):
        soundfile.write(folder / f"{number}.wav", rng.normal(scale=0.1, size=1_000 + 10 * number), RATE)
    return folder


@pytest.fixture
def extracted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that were decoded; in this process, since child processes are tested where they are made."""
    seen: list[str] = []

    def mapped(
        function: Callable[[Path], Any], items: Iterable[Path], **_: Any
    ) -> Iterator[tuple[Path, Any]]:
        for item in items:
            seen.append(item.name)
            try:
                yield item, function(item)
            except AudioError as error:
                yield item, error

    monkeypatch.setattr(waveform_shards, "map_isolated", mapped)
    return seen


def paths(*numbers: int) -> dict[str, str]:
    return {f"id-{number}": f"{number}.wav" for number in numbers}


def fill(root: Path, recordings: Path, wanted: dict[str, str], **options: Any) -> WaveformStore:
    """Make what the store lacks, three recordings a shard, and open it for reading."""
    limits = options.pop("limits", LIMITS)
    with WaveformStore.open(root, FRONT_END.digest, mode="a") as store:
        missing = {key: path for key, path in wanted.items() if key not in store}
        for shard in make_shards(
            store, FRONT_END, recordings, missing, limits, workers=2, shard_rows=3, **options
        ):
            commit(shard.path, store.folder)
    return WaveformStore.open(root, FRONT_END.digest)


@pytest.fixture
def store(tmp_path: Path, recordings: Path, extracted: list[str]) -> WaveformStore:
    return fill(tmp_path / "store", recordings, paths(*range(7)))


class TestReading:
    def test_gives_what_the_front_end_makes(self, store: WaveformStore, recordings: Path) -> None:
        samples, _ = soundfile.read(recordings / "4.wav", dtype="float32")
        assert store["id-4"].dtype == np.float16
        assert store["id-4"].shape == (1, 1_040) == (store.n_bands, store.frames("id-4"))
        np.testing.assert_array_equal(store["id-4"], FRONT_END(samples).astype(np.float16))

    def test_keeps_the_order_of_the_manifest(self, store: WaveformStore) -> None:
        assert list(store.ids()) == list(store) == [f"id-{number}" for number in range(7)]
        assert len(store) == 7
        assert "id-6" in store
        assert "id-7" not in store

    def test_crops_are_views_of_the_file(self, store: WaveformStore) -> None:
        crop = store.crop("id-2", 100, 300)
        np.testing.assert_array_equal(crop, store["id-2"][:, 100:400])
        assert np.shares_memory(crop, store["id-2"])
        assert not crop.flags.writeable

    @pytest.mark.parametrize(("start", "length"), [(-1, 10), (0, 1_021), (1_020, 1)])
    def test_refuses_crops_beyond_the_recording(self, store: WaveformStore, start: int, length: int) -> None:
        with pytest.raises(ValueError, match="id-2, which has 1020"):
            store.crop("id-2", start, length)

    def test_says_which_recording_it_lacks(self, store: WaveformStore) -> None:
        with pytest.raises(KeyError, match="id-9 is not in the store"):
            store.frames("id-9")

    def test_a_pickled_store_maps_the_same_files(self, store: WaveformStore) -> None:
        pickled = pickle.dumps(store)
        assert len(pickled) < 1_000
        np.testing.assert_array_equal(pickle.loads(pickled)["id-5"], store["id-5"])

    def test_shards_are_files_of_datasets(self, store: WaveformStore) -> None:
        first, *_ = shards_in(store.folder)
        table = Dataset.from_file(str(first))
        assert table["recording_id"][:] == ["id-0", "id-1", "id-2"]
        assert len(table[1]["input_values"]) == 1_010

    def test_there_must_be_a_store(self, tmp_path: Path) -> None:
        with pytest.raises(CorpusError, match=r"no waveform store.*--pipelines=cache_waveforms"):
            WaveformStore.open(tmp_path, FRONT_END.digest)

    def test_a_damaged_shard_is_named(self, store: WaveformStore) -> None:
        _, second, _ = shards_in(store.folder)
        second.write_bytes(second.read_bytes()[:1_000])
        with pytest.raises(CorpusError, match=r"shard-000001\.arrow is damaged.*delete this file"):
            WaveformStore.open(store.folder.parent, FRONT_END.digest)


class TestGrowing:
    def test_ten_more_rows_cost_ten_rows(
        self, tmp_path: Path, recordings: Path, extracted: list[str]
    ) -> None:
        fill(tmp_path / "store", recordings, paths(0, 1, 2, 3))
        assert len(extracted) == 4
        extracted.clear()
        for number in range(10, 20):
            soundfile.write(recordings / f"{number}.wav", np.full(500, 0.1 * number), RATE, subtype="FLOAT")
        grown = fill(tmp_path / "store", recordings, paths(0, 1, 2, 3, *range(10, 20)))
        assert extracted == [f"{number}.wav" for number in range(10, 20)]
        assert len(grown) == 14
        assert grown.frames("id-3") == 1_030

    def test_nothing_new_costs_nothing(self, store: WaveformStore, extracted: list[str]) -> None:
        before = {shard: shard.stat().st_mtime_ns for shard in shards_in(store.folder)}
        extracted.clear()
        fill(store.folder.parent, Path("nowhere"), paths(*range(7)))
        assert not extracted
        assert {shard: shard.stat().st_mtime_ns for shard in shards_in(store.folder)} == before

    def test_what_was_removed_is_not_asked_for(
        self, store: WaveformStore, recordings: Path, extracted: list[str]
    ) -> None:
        extracted.clear()
        (recordings / "3.wav").unlink()
        kept = fill(store.folder.parent, recordings, paths(0, 1, 2, 4, 5, 6))
        assert not extracted
        assert kept.frames("id-4") == 1_040

    def test_a_failed_file_is_a_warning_and_is_tried_again(
        self, tmp_path: Path, recordings: Path, extracted: list[str], caplog: pytest.LogCaptureFixture
    ) -> None:
        (recordings / "1.wav").write_bytes(b"")
        found = fill(tmp_path / "store", recordings, paths(0, 1, 2))
        assert list(found) == ["id-0", "id-2"]
        assert "No waveform of 1.wav: empty file" in caplog.text
        soundfile.write(recordings / "1.wav", np.full(700, 0.1), RATE)
        assert fill(tmp_path / "store", recordings, paths(0, 1, 2)).frames("id-1") == 700

    def test_a_shard_of_failures_is_no_shard(
        self, tmp_path: Path, recordings: Path, extracted: list[str]
    ) -> None:
        found = fill(tmp_path / "store", recordings, {"a": "a.wav", "b": "b.wav", "c": "c.wav", **paths(0)})
        assert list(found) == ["id-0"]
        assert len(shards_in(found.folder)) == 1

    def test_samples_that_float16_cannot_hold_are_a_failure(
        self, tmp_path: Path, recordings: Path, extracted: list[str], caplog: pytest.LogCaptureFixture
    ) -> None:
        soundfile.write(recordings / "0.wav", np.array([1e6, -1e6] * 400), RATE, subtype="FLOAT")
        raw = WaveformParams(do_normalize=False).make()
        with WaveformStore.open(tmp_path / "store", raw.digest, mode="a") as store:
            assert not list(make_shards(store, raw, recordings, paths(0), LIMITS, workers=1))
        assert "beyond the 65504 of float16: set do_normalize" in caplog.text

    def test_nobody_else_may_write_meanwhile(self, tmp_path: Path) -> None:
        with (
            WaveformStore.open(tmp_path, FRONT_END.digest, mode="a"),
            pytest.raises(ConfigurationError, match="already open for writing"),
        ):
            WaveformStore.open(tmp_path, FRONT_END.digest, mode="a")

    def test_an_unfinished_shard_does_not_count(
        self, tmp_path: Path, recordings: Path, extracted: list[str]
    ) -> None:
        with WaveformStore.open(tmp_path / "store", FRONT_END.digest, mode="a") as store:
            made = make_shards(
                store, FRONT_END, recordings, paths(*range(7)), LIMITS, workers=1, shard_rows=3
            )
            commit(next(made).path, store.folder)
            next(made)  # whole, and never committed
        assert list(WaveformStore.open(tmp_path / "store", FRONT_END.digest)) == ["id-0", "id-1", "id-2"]


WRITER = """
import sys
from pathlib import Path
from tests.audio.test_waveform_store import fill, paths

fill(Path(sys.argv[1]), Path(sys.argv[2]), paths(*range(int(sys.argv[3]))))
"""


def start_writer(root: Path, recordings: Path, count: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(root), str(recordings), str(count)],
        cwd=Path(__file__).parents[2],
        start_new_session=True,
        stderr=subprocess.DEVNULL,
    )


@pytest.mark.slow
class TestChildProcesses:
    def test_a_file_that_kills_its_reader_costs_itself_only(
        self, tmp_path: Path, recordings: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        # Twenty minutes in one small file, and more memory than a child may take.
        soundfile.write(recordings / "3.wav", np.zeros(60 * RATE * 20, dtype=np.int16), RATE, format="FLAC")
        found = fill(
            tmp_path / "store",
            recordings,
            paths(*range(7)),
            limits=AudioLimits(max_memory_mb=64, min_duration_s=0.01),
        )
        assert list(found) == [f"id-{number}" for number in (0, 1, 2, 4, 5, 6)]
        assert "No waveform of 3.wav: needs more than max_memory_mb 64" in caplog.text

    def test_a_killed_run_goes_on_where_it_stopped(self, tmp_path: Path) -> None:
        recordings, root, count = tmp_path / "recordings", tmp_path / "store", 90
        recordings.mkdir()
        for number in range(count):
            soundfile.write(recordings / f"{number}.wav", np.sin(np.arange(8 * RATE) / (2 + number)), RATE)
        writer = start_writer(root, recordings, count)
        try:
            while len(shards_in(root / FRONT_END.digest)) < 5:
                assert writer.poll() is None
                time.sleep(0.01)
        finally:
            os.killpg(writer.pid, signal.SIGKILL)
            writer.wait()
        left = WaveformStore.open(root, FRONT_END.digest)
        there = {shard: shard.stat().st_mtime_ns for shard in shards_in(left.folder)}
        assert 15 <= len(left) < count
        assert len(left) == 3 * len(there)
        whole = fill(root, recordings, paths(*range(count)))
        assert list(whole) == [f"id-{number}" for number in range(count)]
        assert all(whole.frames(name) == 8 * RATE for name in whole)
        assert not whole.making.exists()
        assert {shard: shard.stat().st_mtime_ns for shard in there} == there

    @pytest.mark.long  # processes that import datasets, which takes them seconds each
    def test_datasets_writes_nowhere_else_and_asks_no_hub(self, tmp_path: Path, recordings: Path) -> None:
        home = tmp_path / "home"
        home.mkdir()
        code = "import socket\nsocket.socket.connect = lambda *_: 1 / 0\n" + WRITER
        environment = {key: value for key, value in os.environ.items() if not key.startswith("HF_")}
        done = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / "store"), str(recordings), "7"],
            cwd=Path(__file__).parents[2],
            env=environment | {"HOME": str(home), "TMPDIR": str(home), "XDG_CACHE_HOME": str(home)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert not [path for path in home.rglob("*") if path.is_file()]
        assert len(WaveformStore.open(tmp_path / "store", FRONT_END.digest)) == 7
        assert "Map" not in done.stderr  # the bar of datasets
