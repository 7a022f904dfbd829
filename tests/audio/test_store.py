"""The spectrogram store: what goes in comes out, without copying; one writer; recovery of a torn tail."""

import logging
import os
import pickle
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from auricle.audio.store import SpectrogramStore
from auricle.audio.store_index import ROW, Record, pack
from auricle.errors import ConfigurationError, CorpusError

DIGEST = "0123456789ab"
BANDS = 8


def spectrogram(seed: int, frames: int | None = None) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.uniform(-80, 40, (BANDS, frames or int(rng.integers(1, 50)))).astype(np.float16)


def chunk(start: int, count: int = 3) -> dict[str, np.ndarray]:
    return {f"{seed:016x}": spectrogram(seed) for seed in range(start, start + count)}


def open_store(root: Path, mode: str = "r") -> SpectrogramStore:
    return SpectrogramStore.open(root, DIGEST, BANDS, mode=mode)  # type: ignore[arg-type]


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[SpectrogramStore]:
    with open_store(tmp_path, "a") as store:
        yield store


def assert_holds(store: SpectrogramStore, records: dict[str, np.ndarray]) -> None:
    assert list(store.ids()) == list(records)
    for key, expected in records.items():
        np.testing.assert_array_equal(store[key], expected)
    assert store.verify() == []


class TestRecords:
    def test_come_back_as_they_went_in(self, writer: SpectrogramStore, tmp_path: Path) -> None:
        writer.append(chunk(0))
        assert_holds(writer, chunk(0))
        writer.append(chunk(3))
        assert_holds(writer, chunk(0, 6))
        assert_holds(open_store(tmp_path), chunk(0, 6))

    def test_stay_when_the_store_is_opened_again(self, tmp_path: Path) -> None:
        for start in (0, 3, 6):
            with open_store(tmp_path, "a") as store:
                store.append(chunk(start))
        assert_holds(open_store(tmp_path), chunk(0, 9))

    def test_have_lengths_of_their_own(self, writer: SpectrogramStore) -> None:
        writer.append({"short": spectrogram(0, 1), "long": spectrogram(1, 1_000)})
        assert (writer.frames("short"), writer.frames("long")) == (1, 1_000)
        assert writer["short"].shape == (BANDS, 1)

    def test_have_variants(self, writer: SpectrogramStore, tmp_path: Path) -> None:
        writer.append({"a": spectrogram(0), "b": spectrogram(1)})
        writer.append({"a": spectrogram(2)}, "vocals")
        for store in (writer, open_store(tmp_path)):
            np.testing.assert_array_equal(store.get("a", "vocals"), spectrogram(2))
            np.testing.assert_array_equal(store["a"], spectrogram(0))
            assert store.variants("a") == ("original", "vocals")
            assert store.variants("b") == ("original",)
            assert set(store.ids("vocals")) == {"a"}
            assert not store.ids("drums")
            assert len(store) == 3

    def test_only_a_variant_is_not_the_recording(self, writer: SpectrogramStore) -> None:
        writer.append({"a": spectrogram(0)}, "vocals")
        assert "a" not in writer
        with pytest.raises(KeyError, match="a \\(original\\) is not in the store"):
            writer["a"]

    def test_of_any_float_and_layout(self, writer: SpectrogramStore) -> None:
        values = spectrogram(0, 20).astype(np.float64)
        writer.append({"c": values, "fortran": np.asfortranarray(values), "strided": values[:, ::2]})
        np.testing.assert_array_equal(writer["c"], values)
        np.testing.assert_array_equal(writer["fortran"], values)
        np.testing.assert_array_equal(writer["strided"], values[:, ::2])

    def test_none_is_no_chunk(self, writer: SpectrogramStore) -> None:
        writer.append({})
        assert len(writer) == 0


class TestReading:
    def test_copies_nothing(self, writer: SpectrogramStore) -> None:
        writer.append(chunk(0))
        first, second = writer[f"{0:016x}"], writer[f"{0:016x}"]
        assert first.dtype == np.float16
        assert np.shares_memory(first, second)
        assert not first.flags.owndata

    def test_cannot_change_the_store(self, writer: SpectrogramStore) -> None:
        writer.append(chunk(0))
        with pytest.raises(ValueError, match="read-only"):
            writer[f"{0:016x}"][0, 0] = 1

    def test_a_crop_is_one_contiguous_stretch(self, writer: SpectrogramStore) -> None:
        writer.append({"before": spectrogram(1), "a": spectrogram(0, 40), "after": spectrogram(2)})
        crop = writer.crop("a", 7, 11)
        np.testing.assert_array_equal(crop, spectrogram(0, 40)[:, 7:18])
        assert crop.T.flags.c_contiguous
        assert np.shares_memory(crop, writer["a"])

    @pytest.mark.parametrize(("start", "length"), [(-1, 5), (0, 41), (36, 5), (0, -1)])
    def test_a_crop_stays_inside_its_recording(
        self, writer: SpectrogramStore, start: int, length: int
    ) -> None:
        writer.append({"before": spectrogram(1), "a": spectrogram(0, 40), "after": spectrogram(2)})
        with pytest.raises(ValueError, match="which has 40"):
            writer.crop("a", start, length)

    def test_views_outlive_the_store(self, tmp_path: Path) -> None:
        with open_store(tmp_path, "a") as store:
            store.append({"a": spectrogram(0)})
            view = store["a"]
        np.testing.assert_array_equal(view, spectrogram(0))

    def test_a_pickled_store_reads_elsewhere(self, writer: SpectrogramStore) -> None:
        writer.append(chunk(0))
        data = pickle.dumps(writer)
        assert len(data) < 1_000
        copy = pickle.loads(data)
        assert_holds(copy, chunk(0))
        with pytest.raises(ValueError, match="not open for writing"):
            copy.append(chunk(3))

    def test_a_reader_sees_what_was_there_when_it_opened(
        self, writer: SpectrogramStore, tmp_path: Path
    ) -> None:
        writer.append(chunk(0))
        reader = open_store(tmp_path)
        writer.append(chunk(3))
        assert_holds(reader, chunk(0))

    def test_100_000_records_open_without_reading_any_of_them(self, tmp_path: Path) -> None:
        """The index is the only file read, whole and once; the data file is only measured."""
        count, per_chunk = 100_000, 32
        open_store(tmp_path, "a").close()
        folder = tmp_path / DIGEST
        rows = [Record(f"{i:016x}", "original", 10 * i, 10, 0) for i in range(count)]
        (folder / "index.bin").write_bytes(
            b"".join(pack(rows[i : i + per_chunk]) for i in range(0, count, per_chunk))
        )
        os.truncate(folder / "frames.f16", count * 10 * BANDS * 2)  # sparse: takes no room on the disk
        store = open_store(tmp_path)
        assert len(store) == count
        assert store.frames(f"{99_999:016x}") == 10
        assert store._mapped is None
        assert store.crop(f"{99_999:016x}", 3, 4).shape == (BANDS, 4)


class TestRefusals:
    @pytest.mark.parametrize(
        ("bad", "message"),
        [
            (np.zeros((BANDS + 1, 4)), r"has shape \(9, 4\), this store holds \(8, frames\)"),
            (np.zeros((BANDS, 0)), "at least one frame"),
            (np.zeros(BANDS), "has shape"),
            (np.full((BANDS, 4), np.nan), "holds NaN, infinity or a value beyond"),
            (np.full((BANDS, 4), -np.inf), "holds NaN, infinity or a value beyond"),
            (np.full((BANDS, 4), 70_000.0), "holds NaN, infinity or a value beyond the ±65504"),
        ],
    )
    def test_a_bad_record_keeps_its_whole_chunk_out(
        self, writer: SpectrogramStore, tmp_path: Path, bad: np.ndarray, message: str
    ) -> None:
        writer.append(chunk(0))
        with pytest.raises(ValueError, match=message):
            writer.append({**chunk(3), "bad": bad})
        assert_holds(writer, chunk(0))
        writer.append(chunk(6))
        assert_holds(open_store(tmp_path), chunk(0) | chunk(6))

    def test_a_record_that_is_there(self, writer: SpectrogramStore) -> None:
        writer.append(chunk(0))
        with pytest.raises(ValueError, match="is in the store already"):
            writer.append(chunk(2))
        assert_holds(writer, chunk(0))

    @pytest.mark.parametrize("name", ["", "x" * 33, "ä", "a\0b"])
    def test_a_key_that_the_index_cannot_hold(self, writer: SpectrogramStore, name: str) -> None:
        with pytest.raises(ValueError, match="1 to 32 ASCII characters"):
            writer.append({name: spectrogram(0)})
        with pytest.raises(ValueError, match="1 to 32 ASCII characters"):
            writer.append({"a": spectrogram(0)}, name)

    def test_appending_to_a_reader(self, writer: SpectrogramStore, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match="open it with mode='a'"):
            open_store(tmp_path).append(chunk(0))

    def test_reading_what_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(CorpusError, match=r"no spectrogram store in .*cache_spectrograms"):
            open_store(tmp_path)
        assert list(tmp_path.iterdir()) == []

    def test_bands_of_another_front_end(self, writer: SpectrogramStore, tmp_path: Path) -> None:
        with pytest.raises(ConfigurationError, match="holds 8 bands, the front end has 9"):
            SpectrogramStore.open(tmp_path, DIGEST, BANDS + 1)

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (
                '{"auricle_spectrogram_store": 99, "n_bands": 8}',
                "is of format 99, this Auricle reads format 1",
            ),
            ("{", "store.json is damaged"),
            ("[]", "store.json is damaged"),
        ],
    )
    def test_a_header_it_does_not_know(self, tmp_path: Path, content: str, message: str) -> None:
        open_store(tmp_path, "a").close()
        (tmp_path / DIGEST / "store.json").write_text(content)
        for mode in ("r", "a"):
            with pytest.raises(CorpusError, match=message):
                open_store(tmp_path, mode)

    def test_a_missing_index(self, writer: SpectrogramStore, tmp_path: Path) -> None:
        (tmp_path / DIGEST / "index.bin").unlink()
        with pytest.raises(CorpusError, match=r"index\.bin is missing"):
            open_store(tmp_path)


class TestFrontEnds:
    def test_another_digest_is_another_store(self, writer: SpectrogramStore, tmp_path: Path) -> None:
        writer.append(chunk(0))
        with SpectrogramStore.open(tmp_path, "fedcba987654", BANDS, mode="a") as other:
            assert len(other) == 0
            other.append(chunk(3))
        assert_holds(open_store(tmp_path), chunk(0))
        assert sorted(path.name for path in tmp_path.iterdir()) == [DIGEST, "fedcba987654"]


class TestOneWriter:
    def test_a_second_one_in_this_process_is_refused(self, writer: SpectrogramStore, tmp_path: Path) -> None:
        with pytest.raises(ConfigurationError, match="already open for writing in this process"):
            open_store(tmp_path, "a")
        writer.append(chunk(0))
        assert_holds(writer, chunk(0))

    def test_a_second_one_in_another_process_is_refused(
        self, writer: SpectrogramStore, tmp_path: Path
    ) -> None:
        code = (
            "import sys; from pathlib import Path; from auricle.audio.store import SpectrogramStore\n"
            f"SpectrogramStore.open(Path(sys.argv[1]), {DIGEST!r}, {BANDS}, mode='a')"
        )
        other = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False
        )
        assert other.returncode != 0
        assert f"is being written by another process (id {os.getpid()})" in other.stderr

    def test_the_next_one_may_write_after_close(self, tmp_path: Path) -> None:
        for start in (0, 3):
            store = open_store(tmp_path, "a")
            store.append(chunk(start))
            store.close()
        assert_holds(open_store(tmp_path), chunk(0, 6))

    def test_a_failed_opening_gives_the_lock_back(self, tmp_path: Path) -> None:
        open_store(tmp_path, "a").close()
        with pytest.raises(ConfigurationError, match="holds 8 bands"):
            SpectrogramStore.open(tmp_path, DIGEST, BANDS + 1, mode="a")
        open_store(tmp_path, "a").close()

    def test_readers_are_not_kept_out(self, writer: SpectrogramStore, tmp_path: Path) -> None:
        writer.append(chunk(0))
        assert_holds(open_store(tmp_path), chunk(0))


class TestTornTail:
    """Whatever a kill leaves behind, up to the byte."""

    @pytest.fixture
    def files(self, tmp_path: Path) -> tuple[Path, Path]:
        with open_store(tmp_path, "a") as store:
            store.append(chunk(0))
            store.append(chunk(3))
        return tmp_path / DIGEST / "frames.f16", tmp_path / DIGEST / "index.bin"

    def test_of_the_index_at_every_byte(self, files: tuple[Path, Path], tmp_path: Path) -> None:
        index = files[1].read_bytes()
        assert len(index) == 6 * ROW.itemsize
        for size in range(len(index)):
            files[1].write_bytes(index[:size])
            assert_holds(open_store(tmp_path), chunk(0) if size >= len(index) // 2 else {})

    def test_of_the_data_before_its_index(self, files: tuple[Path, Path], tmp_path: Path) -> None:
        data = files[0].read_bytes()
        files[0].write_bytes(data + b"frames without a row in the index")
        assert_holds(open_store(tmp_path), chunk(0, 6))
        files[0].write_bytes(data[:-1])
        assert_holds(open_store(tmp_path), chunk(0))

    def test_every_single_flipped_byte_of_the_index_is_noticed(
        self, files: tuple[Path, Path], tmp_path: Path
    ) -> None:
        index = files[1].read_bytes()
        half = len(index) // 2
        for position in range(half, len(index)):
            damaged = bytearray(index)
            damaged[position] ^= 0x55
            files[1].write_bytes(damaged)
            assert_holds(open_store(tmp_path), chunk(0))

    @pytest.mark.parametrize("tail", [b"\0" * 5, b"\0" * 500, b"\xff" * 192, bytes(range(256)) * 4])
    def test_is_cut_off_by_the_next_writer(
        self, files: tuple[Path, Path], tmp_path: Path, tail: bytes, caplog: pytest.LogCaptureFixture
    ) -> None:
        for path in files:
            with path.open("ab") as file:
                file.write(tail)
        caplog.set_level(logging.WARNING)
        with open_store(tmp_path, "a") as store:
            assert_holds(store, chunk(0, 6))
            assert f"{len(tail)} bytes of a chunk that was not finished are cut off" in caplog.text
            store.append(chunk(6))
        assert_holds(open_store(tmp_path), chunk(0, 9))

    def test_does_not_bring_old_chunks_back(self, files: tuple[Path, Path], tmp_path: Path) -> None:
        """A good chunk behind a bad one must not count again once the bad one is overwritten."""
        index = bytearray(files[1].read_bytes())
        index[0] ^= 0xFF
        files[1].write_bytes(index)
        with open_store(tmp_path, "a") as store:
            assert_holds(store, {})
            store.append(chunk(0))
        assert_holds(open_store(tmp_path), chunk(0))

    def test_without_a_header_nothing_was_written_yet(self, tmp_path: Path) -> None:
        (tmp_path / DIGEST).mkdir()
        (tmp_path / DIGEST / "frames.f16").touch()
        with open_store(tmp_path, "a") as store:
            store.append(chunk(0))
        assert_holds(open_store(tmp_path), chunk(0))

    def test_damaged_frames_are_found_by_verify(self, files: tuple[Path, Path], tmp_path: Path) -> None:
        data = bytearray(files[0].read_bytes())
        data[-1] ^= 0x01
        files[0].write_bytes(data)
        assert open_store(tmp_path).verify() == [(f"{5:016x}", "original")]


class TestFailingDisk:
    @pytest.mark.parametrize("failing_call", [1, 2], ids=["frames", "index"])
    def test_leaves_the_store_as_it_was(
        self, writer: SpectrogramStore, tmp_path: Path, failing_call: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        writer.append(chunk(0))
        calls: list[int] = []

        def fail(descriptor: int) -> None:
            calls.append(descriptor)
            if len(calls) == failing_call:
                raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr("auricle.audio.store_writer.os.fsync", fail)
            with pytest.raises(OSError, match="No space left"):
                writer.append(chunk(3))
        assert_holds(writer, chunk(0))
        assert_holds(open_store(tmp_path), chunk(0))
        writer.append(chunk(6, 1))
        assert_holds(open_store(tmp_path), chunk(0) | chunk(6, 1))

    def test_a_file_that_may_not_grow(self, tmp_path: Path) -> None:
        """A real short write, in a process of its own since the limit binds the whole process."""
        code = (
            "import resource, signal, sys, numpy as np; from pathlib import Path\n"
            "from auricle.audio.store import SpectrogramStore\n"
            "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
            f"store = SpectrogramStore.open(Path(sys.argv[1]), {DIGEST!r}, {BANDS}, mode='a')\n"
            f"store.append({{'a': np.ones(({BANDS}, 100))}})\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, 2_000))\n"
            "try:\n"
            f"    store.append({{'b': np.ones(({BANDS}, 100))}})\n"
            "except OSError as error:\n"
            "    print(error.strerror, list(store))\n"
            f"store.append({{'c': np.ones(({BANDS}, 10))}})\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
        )
        assert done.stdout == "File too large ['a']\n"
        store = open_store(tmp_path)
        assert list(store) == ["a", "c"]
        assert store.verify() == []


class TestMemory:
    def test_stays_flat_while_writing(self, tmp_path: Path) -> None:
        """200 MB go into the store; the process' peak grows by a small part of them."""
        big = {f"{i:016x}": np.ones((128, 2_000), dtype=np.float16) for i in range(8)}
        with SpectrogramStore.open(tmp_path, DIGEST, 128, mode="a") as store:
            store.append({f"warm{key}": value for key, value in big.items()})
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            for number in range(50):
                store.append({f"{number}-{key}": value for key, value in big.items()})
            grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        written = (tmp_path / DIGEST / "frames.f16").stat().st_size
        unit = 1 if sys.platform == "darwin" else 1024
        assert written > 200e6
        assert grown * unit < 0.05 * written
