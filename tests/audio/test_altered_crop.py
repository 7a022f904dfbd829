"""A crop of an altered copy is what it is in the whole copy, from a part of the file."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from auricle.audio import altered_crop as module
from auricle.audio.altered_crop import altered_crop, altered_frames
from auricle.audio.decode import Waveform, decode, decode_part
from auricle.audio.frontend import FrontEndParams, LogMelFrontEnd
from auricle.audio.limits import AudioLimits
from auricle.audio.waveform_augment import Change
from auricle.errors import AudioError

RATE = 22_050
FRONT_END = LogMelFrontEnd(FrontEndParams(n_mels=64))
LIMITS = AudioLimits()
PITCH, FAST, SLOW = Change("pitch", 1.3, 0), Change("stretch", 1.08, 0), Change("stretch", 0.91, 0)
NOISE = Change("noise", 20.0, 3)
FRAMES = 40


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten seconds of a rising tone that is struck three times a second, and some noise."""
    times = np.arange(10 * RATE) / RATE
    tone = np.sin(2 * np.pi * (200 + 60 * times) * times) * np.exp(-4 * (times * 3 % 1))
    file = tmp_path_factory.mktemp("sound") / "a.flac"
    soundfile.write(file, 0.5 * tone + 0.005 * np.random.default_rng(0).standard_normal(len(times)), RATE)
    return file


def whole(path: Path, change: Change) -> np.ndarray:
    return FRONT_END(change(decode(path, LIMITS, RATE).samples, RATE))


def crop(path: Path, change: Change, start: int, frames: int = FRAMES) -> np.ndarray:
    loudest = float(FRONT_END(decode(path, LIMITS, RATE).samples).max())
    return altered_crop(
        path, change, start, frames, loudest=loudest, front_end=FRONT_END, limits=LIMITS
    ).astype(np.float32)


@pytest.mark.parametrize("change", [PITCH, FAST, SLOW, NOISE], ids=str)
class TestCrop:
    def test_of_everything_is_the_copy(self, path: Path, change: Change) -> None:
        copy = whole(path, change)
        found = crop(path, change, 0, copy.shape[1])
        np.testing.assert_allclose(found, np.maximum(copy, found.min()), atol=0.04)

    @pytest.mark.parametrize("start", [3, 150, 340])
    def test_lies_where_it_lies_in_the_copy(self, path: Path, change: Change, start: int) -> None:
        copy, found = whole(path, change), crop(path, change, start)
        away = {
            shift: np.abs(found - copy[:, start + shift : start + shift + FRAMES]).mean()
            for shift in range(-3, 4)
        }
        assert min(away, key=lambda shift: away[shift]) == 0
        assert away[0] < 2.5

    def test_has_as_many_frames_as_the_copy_has(self, path: Path, change: Change) -> None:
        frames = FRONT_END(decode(path, LIMITS, RATE).samples).shape[1]
        least = altered_frames(frames, change)
        assert 0 <= whole(path, change).shape[1] - least <= 1
        assert crop(path, change, least - FRAMES).shape == (64, FRAMES)


def test_decodes_little_more_than_it_shows(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lengths = []

    def counted(*arguments: object) -> Waveform:
        waveform = decode_part(*arguments)  # type: ignore[arg-type]
        lengths.append(len(waveform.samples))
        return waveform

    monkeypatch.setattr(module, "decode_part", counted)
    crop(path, SLOW, 200)
    assert FRAMES * 512 < lengths[0] < FRAMES * 512 + 2 * (module.MARGIN + 2048)


def test_is_as_quiet_as_the_recording_may_be(path: Path) -> None:
    found = altered_crop(path, PITCH, 100, FRAMES, loudest=100.0, front_end=FRONT_END, limits=LIMITS)
    assert found.dtype == np.float16
    assert (found >= 20).all()


def test_of_a_file_that_is_gone_says_so(path: Path) -> None:
    with pytest.raises(AudioError):
        crop_of = path.with_name("gone.flac")
        altered_crop(crop_of, NOISE, 0, FRAMES, loudest=0.0, front_end=FRONT_END, limits=LIMITS)
