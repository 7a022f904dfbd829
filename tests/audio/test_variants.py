"""Rendering of altered copies: what is missing, whatever the process, and a bad file costs itself only."""

import logging
from io import StringIO
from pathlib import Path
from typing import ClassVar, NamedTuple

import numpy as np
import pytest
import soundfile

from auricle.audio.frontend import FrontEndParams, LogMelFrontEnd
from auricle.audio.limits import AudioLimits
from auricle.audio.store import SpectrogramStore
from auricle.audio.variants import Copy, missing_copies, render_in_chunks, wanted_copies
from auricle.audio.waveform_augment import VariantParams, change_of

RATE = 8_000
FRONT_END = LogMelFrontEnd(FrontEndParams(sample_rate=RATE, n_fft=256, hop_length=128, n_mels=16))
PARAMS = VariantParams(count=2)


def make_recordings(folder: Path) -> dict[str, str]:
    """Four recordings of half a second, by identifier."""
    rng = np.random.default_rng(0)
    for number in range(4):
        soundfile.write(folder / f"{number}.wav", rng.normal(scale=0.1, size=RATE // 2), RATE)
    return {f"{number:016x}": f"{number}.wav" for number in range(4)}


def make_store(folder: Path) -> SpectrogramStore:
    return SpectrogramStore.open(folder / "store", "0123456789ab", FRONT_END.n_bands, mode="a")


def render(root: Path, missing: dict[Copy, str]) -> list[tuple[str, dict[str, np.ndarray]]]:
    chunks = render_in_chunks(
        root,
        missing,
        front_end=FRONT_END,
        params=PARAMS,
        limits=AudioLimits(),
        workers=2,
        chunk_size=64,
    )
    return list(chunks)


class TestMissing:
    PATHS: ClassVar = {f"{number:016x}": f"{number}.wav" for number in range(4)}

    def test_is_everything_at_first_the_first_copies_in_front(self, tmp_path: Path) -> None:
        missing = missing_copies(make_store(tmp_path), wanted_copies(self.PATHS, PARAMS))
        assert [copy.number for copy in missing] == [1] * 4 + [2] * 4
        assert missing[Copy(f"{3:016x}", 2)] == "3.wav"

    def test_is_what_the_store_lacks(self, tmp_path: Path) -> None:
        store = make_store(tmp_path)
        store.append({f"{1:016x}": np.zeros((16, 5))}, "variant-2")
        store.append({f"{0:016x}": np.zeros((16, 5))})
        missing = missing_copies(store, wanted_copies(self.PATHS, PARAMS))
        assert set(self.PATHS) == {copy.recording_id for copy in missing if copy.number == 1}
        assert Copy(f"{1:016x}", 2) not in missing
        assert len(missing) == 7
        assert not wanted_copies(self.PATHS, VariantParams())


class Rendered(NamedTuple):
    """What two processes made of all recordings, of which one is no audio, and what was logged."""

    root: Path
    chunks: list[tuple[str, dict[str, np.ndarray]]]
    log: str


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Rendered:
    """Rendered once, since each child process loads librosa first."""
    root = tmp_path_factory.mktemp("rendered")
    paths = make_recordings(root)
    (root / "1.wav").write_bytes(b"")
    log = StringIO()
    handler = logging.StreamHandler(log)
    logging.getLogger("auricle.audio.extraction").addHandler(handler)
    chunks = render(root, missing_copies(make_store(root), wanted_copies(paths, PARAMS)))
    logging.getLogger("auricle.audio.extraction").removeHandler(handler)
    return Rendered(root, chunks, log.getvalue())


class TestRendering:
    def test_chunks_are_of_one_variant_each(self, rendered: Rendered) -> None:
        assert [(variant, list(copies)) for variant, copies in rendered.chunks] == [
            ("variant-1", [f"{0:016x}", f"{2:016x}", f"{3:016x}"]),
            ("variant-2", [f"{0:016x}", f"{2:016x}", f"{3:016x}"]),
        ]

    @pytest.mark.parametrize("number", [1, 2])
    def test_is_what_the_change_of_the_copy_makes_of_the_recording_in_any_process(
        self, rendered: Rendered, number: int
    ) -> None:
        copies = dict(rendered.chunks)[f"variant-{number}"]
        for recording in (3, 2, 0):
            name = f"{recording:016x}"
            samples, _ = soundfile.read(rendered.root / f"{recording}.wav", dtype="float32")
            expected = FRONT_END(change_of(PARAMS, name, number)(samples, RATE))
            assert copies[name].dtype == np.float16
            np.testing.assert_array_equal(copies[name], expected.astype(np.float16))
            assert not np.array_equal(copies[name], FRONT_END(samples).astype(np.float16))

    def test_of_a_file_that_went_bad_is_a_warning(self, rendered: Rendered) -> None:
        assert all(f"{1:016x}" not in copies for _, copies in rendered.chunks)
        assert "No altered copy of 1.wav (variant-1): empty file" in rendered.log
