"""From files to arrays in chunks: in order, and a file that fails costs itself only."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from auricle.audio.extraction import extract_in_chunks
from auricle.audio.frontend import FrontEndParams, LogMelFrontEnd
from auricle.audio.limits import AudioLimits

FRONT_END = LogMelFrontEnd(FrontEndParams(sample_rate=8_000, n_fft=256, hop_length=128, n_mels=16))


@pytest.fixture
def recordings(tmp_path: Path) -> dict[str, str]:
    """Five short recordings, by identifier."""
    rng = np.random.default_rng(0)
    for number in range(5):
        soundfile.write(tmp_path / f"{number}.wav", rng.normal(scale=0.1, size=4_000), 8_000)
    return {f"id-{number}": f"{number}.wav" for number in range(5)}


def extract(root: Path, paths: dict[str, str], **options: bool) -> list[dict[str, np.ndarray]]:
    chunks = extract_in_chunks(
        FRONT_END, root, paths, AudioLimits(), workers=2, chunk_size=2, description="spectrogram", **options
    )
    return list(chunks)


def test_chunks_keep_the_order(tmp_path: Path, recordings: dict[str, str]) -> None:
    chunks = extract(tmp_path, recordings)
    assert [list(chunk) for chunk in chunks] == [["id-0", "id-1"], ["id-2", "id-3"], ["id-4"]]
    samples, _ = soundfile.read(tmp_path / "3.wav", dtype="float32")
    np.testing.assert_allclose(chunks[1]["id-3"], FRONT_END(samples), atol=1e-4)


def test_half_precision_is_float16(tmp_path: Path, recordings: dict[str, str]) -> None:
    assert {array.dtype for array in extract(tmp_path, recordings, half_precision=True)[0].values()} == {
        np.dtype(np.float16)
    }


def test_long_recordings_close_a_chunk_early(
    tmp_path: Path, recordings: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("auricle.audio.extraction.MAX_CHUNK_BYTES", 1)
    assert [len(chunk) for chunk in extract(tmp_path, recordings)] == [1] * 5


def test_files_that_went_bad_since_they_were_ingested_are_warnings(
    tmp_path: Path, recordings: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "1.wav").unlink()
    (tmp_path / "4.wav").write_bytes(b"")
    chunks = extract(tmp_path, recordings)
    assert [list(chunk) for chunk in chunks] == [["id-0", "id-2"], ["id-3"]]
    assert "No spectrogram of 1.wav" in caplog.text
    assert "No spectrogram of 4.wav: empty file" in caplog.text
