"""What decoding promises: the right waveform of a good file, and a plain reason for each bad one."""

import os
import random
import resource
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from auricle.audio.decode import AudioInfo, check_readable, decode, decode_part, probe
from auricle.audio.isolation import IsolationError, map_isolated
from auricle.audio.limits import AudioLimits
from auricle.errors import AudioError

LIMITS = AudioLimits()
RATE = 44_100


def music(seconds: float, *, rate: int = RATE, channels: int = 2, seed: int = 0) -> np.ndarray:
    """A tone with noise in each channel, of shape (n, channels)."""
    rng = np.random.default_rng(seed)
    times = np.arange(round(seconds * rate)) / rate
    tones = np.sin(2 * np.pi * np.outer(times, 220.0 * (1 + np.arange(channels))))
    return 0.3 * tones + 0.02 * rng.standard_normal(tones.shape)


def write(path: Path, samples: np.ndarray, rate: int = RATE, **options: Any) -> Path:
    sf.write(path, samples, rate, **options)
    return path


def with_total_samples(flac: bytes, total: int) -> bytes:
    """A FLAC file whose STREAMINFO claims another number of samples (RFC 9639, section 8.2)."""
    fields = int.from_bytes(flac[18:26], "big") >> 36 << 36 | total
    return flac[:18] + fields.to_bytes(8, "big") + flac[26:]


def with_data_size(wav: bytes, size: int) -> bytes:
    at = wav.index(b"data") + 4
    return wav[:at] + size.to_bytes(4, "little") + wav[at + 4 :]


def refusal(path: Path, limits: AudioLimits = LIMITS) -> str:
    """The reason with which a file is refused: the same while checking and while decoding."""
    reasons = []
    for function in (check_readable, decode):
        with pytest.raises(AudioError) as caught:
            function(path, limits)
        assert not isinstance(caught.value, IsolationError)
        assert caught.value.__notes__ == [f"file: {path}"]
        reasons.append(str(caught.value))
    assert reasons[0] == reasons[1]
    return reasons[0]


@pytest.fixture
def flac(tmp_path: Path) -> bytes:
    return write(tmp_path / "good.flac", music(5)).read_bytes()


@pytest.fixture
def wav(tmp_path: Path) -> bytes:
    return write(tmp_path / "good.wav", music(5)).read_bytes()


@pytest.fixture
def file(tmp_path: Path) -> Callable[[str, bytes], Path]:
    def create(name: str, contents: bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(contents)
        return path

    return create


class TestWaveform:
    @pytest.mark.parametrize(
        ("suffix", "tolerance"), [("wav", 1e-4), ("flac", 1e-4), ("ogg", 0.1), ("mp3", 0.1)]
    )
    @pytest.mark.parametrize("channels", [1, 2])
    def test_is_the_mean_of_the_channels(
        self, tmp_path: Path, suffix: str, tolerance: float, channels: int
    ) -> None:
        samples = music(3, channels=channels)
        waveform = decode(write(tmp_path / f"a.{suffix}", samples), LIMITS)
        assert waveform.sample_rate == RATE
        assert waveform.samples.dtype == np.float32
        assert waveform.samples.shape == (3 * RATE,)
        assert np.sqrt(np.mean((waveform.samples - samples.mean(axis=1)) ** 2)) < tolerance

    @pytest.mark.parametrize("rate", [8000, 22_050, 48_000, 96_000])
    def test_is_resampled_as_if_in_one_piece(self, tmp_path: Path, rate: int) -> None:
        path = write(tmp_path / "a.wav", music(4.3))
        whole = sf.read(path, dtype="float32")[0].mean(axis=1)
        waveform = decode(path, LIMITS, rate)
        assert waveform.sample_rate == rate
        np.testing.assert_allclose(waveform.samples, soxr.resample(whole, RATE, rate), atol=2e-6)

    @pytest.mark.parametrize(
        ("container", "subtype"),
        [
            ("WAV", "PCM_U8"),
            ("WAV", "PCM_24"),
            ("WAV", "DOUBLE"),
            ("WAVEX", "PCM_16"),
            ("RF64", "PCM_16"),
            ("WAV", "IMA_ADPCM"),
            ("OGG", "OPUS"),
        ],
    )
    def test_may_come_from_less_usual_encodings(self, tmp_path: Path, container: str, subtype: str) -> None:
        path = write(tmp_path / "a.audio", music(2), 48_000, format=container, subtype=subtype)
        assert len(decode(path, LIMITS).samples) == pytest.approx(len(music(2)), rel=0.03)

    def test_does_not_depend_on_the_extension(self, file: Callable[[str, bytes], Path], flac: bytes) -> None:
        assert check_readable(file("song.mp3", flac), LIMITS).format == "FLAC"

    @settings(max_examples=25, deadline=None)
    @given(st.integers(4000, 30_000), st.integers(4000, 200_000), st.integers(1, 8))
    def test_has_the_length_of_the_recording(self, tmp_path_factory: Any, n: int, rate: int, ch: int) -> None:
        path = write(tmp_path_factory.mktemp("any") / "a.wav", music(n / rate, rate=rate, channels=ch), rate)
        limits = AudioLimits(min_duration_s=0)
        waveform = decode(path, limits, 22_050)
        assert len(waveform.samples) == pytest.approx(n / rate * 22_050, abs=1.5)
        assert np.isfinite(waveform.samples).all()


class TestPart:
    @pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
    @pytest.mark.parametrize(("rate", "wanted"), [(44_100, 44_100), (44_100, 22_050), (48_000, 22_050)])
    def test_is_that_of_the_whole(self, tmp_path: Path, suffix: str, rate: int, wanted: int) -> None:
        path = write(tmp_path / f"a.{suffix}", music(6, rate=rate), rate)
        whole = decode(path, LIMITS, wanted).samples
        for start, length in [(0, 9000), (777, 5000), (60_001, 44_100), (len(whole) - 3000, 9000)]:
            part = decode_part(path, LIMITS, wanted, start, length)
            assert part.sample_rate == wanted
            np.testing.assert_allclose(part.samples, whole[start : start + length], atol=1e-5)

    def test_reads_no_more_than_it_needs(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path, read = write(tmp_path / "a.flac", music(60)), []
        monkeypatch.setattr("auricle.audio.decode._checked_peak", lambda block: read.append(len(block)))
        decode_part(path, LIMITS, 22_050, 30 * 22_050, 22_050)
        assert RATE < sum(read) < 1.5 * RATE

    def test_of_a_file_that_does_not_know_its_length(
        self, file: Callable[[str, bytes], Path], flac: bytes
    ) -> None:
        path = file("endless.flac", with_total_samples(flac, 0))
        whole = decode(path, LIMITS, 22_050).samples
        part = decode_part(path, LIMITS, 22_050, 70_000, 9000).samples
        np.testing.assert_allclose(part, whole[70_000:79_000], atol=1e-5)

    @pytest.mark.parametrize("start", [6 * 22_050, 60 * 22_050])
    @pytest.mark.parametrize("suffix", ["wav", "mp3"])
    def test_behind_the_end_is_refused(self, tmp_path: Path, suffix: str, start: int) -> None:
        path = write(tmp_path / f"a.{suffix}", music(5))
        with pytest.raises(AudioError, match=f"ends before the part from {start // 22_050}.0 s on"):
            decode_part(path, LIMITS, 22_050, start, 100)

    def test_of_no_audio_is_refused_as_the_whole_is(self, file: Callable[[str, bytes], Path]) -> None:
        path = file("a.wav", b"no audio")
        with pytest.raises(AudioError) as caught:
            decode_part(path, LIMITS, 22_050, 0, 100)
        assert str(caught.value) == refusal(path)
        with pytest.raises(AudioError, match="cannot be opened"):
            decode_part(path.with_name("b.wav"), LIMITS, 22_050, 0, 100)


class TestHeader:
    @pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
    def test_tells_what_decoding_will_find(self, tmp_path: Path, suffix: str) -> None:
        path = write(tmp_path / f"a.{suffix}", music(2.5), RATE)
        expected = AudioInfo(2.5, RATE, 2, round(2.5 * RATE), suffix.upper())
        assert probe(path, LIMITS) == expected
        assert check_readable(path, LIMITS) == expected

    @pytest.mark.parametrize("rate", [1, 3999, 384_001, 2**31 - 1])
    def test_with_an_odd_sample_rate(self, file: Callable[[str, bytes], Path], wav: bytes, rate: int) -> None:
        path = file("rate.wav", wav[:24] + rate.to_bytes(4, "little") + wav[28:])
        assert refusal(path) == f"sample rate {rate:,} Hz, allowed are 4,000 to 384,000 Hz"

    def test_with_a_thousand_channels(self, file: Callable[[str, bytes], Path], wav: bytes) -> None:
        fields = (1024).to_bytes(2, "little") + wav[24:32] + (2048).to_bytes(2, "little")
        path = file("wide.wav", wav[:22] + fields + wav[34:])
        assert refusal(path) == "1,024 channels, the limit is max_channels 8"

    def test_that_promises_weeks(self, file: Callable[[str, bytes], Path], flac: bytes) -> None:
        """soundfile.read would ask for 512 GiB."""
        path = file("forged.flac", with_total_samples(flac, 2**36 - 1))
        with pytest.raises(AudioError, match=r"too long: at least 1,558,264\.\d s, .*max_duration_s 1,200"):
            probe(path, LIMITS)
        assert "too long" in refusal(path)

    def test_that_promises_more_than_there_is(self, file: Callable[[str, bytes], Path], flac: bytes) -> None:
        path = file("forged.flac", with_total_samples(flac, 15 * RATE))
        assert refusal(path) == "truncated: the header promises 15.0 s, 5.0 s could be read"

    def test_that_does_not_know_the_length(self, file: Callable[[str, bytes], Path], flac: bytes) -> None:
        """An encoder that writes to a pipe leaves it out; soundfile.read fails on such files."""
        path = file("streamed.flac", with_total_samples(flac, 0))
        assert probe(path, LIMITS).duration_s == 5.0
        assert len(decode(path, LIMITS).samples) == 5 * RATE

    def test_with_nothing_behind_it(self, file: Callable[[str, bytes], Path], wav: bytes) -> None:
        assert refusal(file("head.wav", wav[:44])).startswith("no audio in it")


class TestTruncated:
    @pytest.mark.parametrize(
        ("suffix", "reason"),
        [
            ("wav", r"truncated: the header promises 5\.0 s, 2\.5 s could be read"),
            ("mp3", r"truncated: the header promises 5\.0 s, 2\.\d s could be read"),
            ("ogg", r"truncated: the last Ogg page is cut off, [12]\.\d s could be read"),
            (
                "flac",
                r"truncated or damaged: the header promises 5\.0 s, decoding failed after about 1\.5 s "
                r"\(flac decoder lost sync\)",
            ),
        ],
    )
    def test_in_the_middle(
        self, file: Callable[[str, bytes], Path], tmp_path: Path, suffix: str, reason: str
    ) -> None:
        whole = write(tmp_path / f"whole.{suffix}", music(5)).read_bytes()
        cut = file(f"cut.{suffix}", whole[: len(whole) // 2])
        with pytest.raises(AudioError, match=reason):
            check_readable(cut, LIMITS)
        assert refusal(cut)

    @pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
    @pytest.mark.parametrize("kept", [10, 50, 150, 1000])
    def test_after_a_few_bytes(
        self, file: Callable[[str, bytes], Path], tmp_path: Path, suffix: str, kept: int
    ) -> None:
        whole = write(tmp_path / f"whole.{suffix}", music(5)).read_bytes()
        assert refusal(file(f"cut.{suffix}", whole[:kept]))

    def test_by_less_than_is_audible_is_kept(self, file: Callable[[str, bytes], Path], wav: bytes) -> None:
        assert check_readable(file("cut.wav", wav[:-1000]), LIMITS).duration_s == pytest.approx(5, abs=0.01)

    def test_with_a_tag_behind_the_audio_is_whole(
        self, file: Callable[[str, bytes], Path], tmp_path: Path
    ) -> None:
        for suffix in ("mp3", "ogg", "flac", "wav"):
            whole = write(tmp_path / f"whole.{suffix}", music(5)).read_bytes()
            tagged = file(f"tagged.{suffix}", whole + b"TAG" + bytes(125))
            assert check_readable(tagged, LIMITS).duration_s == 5.0

    @pytest.mark.parametrize("size", [0x7FFF_FFFF, 0xFFFF_FFFF])
    def test_wav_that_was_streamed_is_whole(
        self, file: Callable[[str, bytes], Path], wav: bytes, size: int
    ) -> None:
        assert check_readable(file("streamed.wav", with_data_size(wav, size)), LIMITS).duration_s == 5.0

    def test_wav_of_big_endian_machines(self, tmp_path: Path) -> None:
        path = write(tmp_path / "a.wav", music(5), format="WAV", endian="BIG")
        assert path.read_bytes()[:4] == b"RIFX"
        assert check_readable(path, LIMITS).duration_s == 5.0
        os.truncate(path, path.stat().st_size // 2)
        assert refusal(path) == "truncated: the header promises 5.0 s, 2.5 s could be read"

    def test_wav_with_a_lying_size(self, file: Callable[[str, bytes], Path], wav: bytes) -> None:
        path = file("lying.wav", with_data_size(wav, 100_000_000))
        assert refusal(path) == "truncated: the header promises 566.9 s, 5.0 s could be read"


class TestMp3WithoutALengthHeader:
    """Many MP3 files have none; libsndfile then estimates, and reads no further than its estimate."""

    @staticmethod
    def without_header(path: Path) -> bytes:
        whole = path.read_bytes()
        assert b"Xing" in whole[:64] or b"Info" in whole[:64]
        return whole[whole.index(b"\xff\xfb", 4) :]

    @pytest.mark.parametrize("tail", [0, 128, 20_000])
    def test_of_constant_bit_rate_is_whole(
        self, file: Callable[[str, bytes], Path], tmp_path: Path, tail: int
    ) -> None:
        """Tags behind the audio make the estimate too long."""
        path = write(tmp_path / "a.mp3", music(5), bitrate_mode="CONSTANT", compression_level=0.5)
        bare = file("bare.mp3", self.without_header(path) + b"TAG" + bytes(tail))
        info = check_readable(bare, LIMITS)
        assert info.duration_s == pytest.approx(5.0, abs=0.1)
        assert probe(bare, LIMITS) == info

    def test_of_varying_bit_rate_is_not_cut_silently(
        self, file: Callable[[str, bytes], Path], tmp_path: Path
    ) -> None:
        rng = np.random.default_rng(0)
        quiet_then_noise = np.r_[music(5, channels=1)[:, 0], 0.2 * rng.standard_normal(5 * RATE)]
        path = write(tmp_path / "a.mp3", quiet_then_noise, bitrate_mode="VARIABLE", compression_level=0.5)
        bare = file("bare.mp3", self.without_header(path))
        assert sf.info(bare).duration < 5
        assert refusal(bare).startswith("its bit rate varies and no header says its length, so that only")

    def test_with_a_flaw_in_the_middle_is_read_to_its_end(
        self, file: Callable[[str, bytes], Path], tmp_path: Path
    ) -> None:
        path = write(tmp_path / "a.mp3", music(10), bitrate_mode="CONSTANT", compression_level=0.5)
        bare = self.without_header(path)
        flawed = bytearray(bare)
        flawed[len(bare) // 4 : len(bare) // 4 + 4] = bytes(4)
        assert check_readable(file("flawed.mp3", flawed), LIMITS).duration_s == pytest.approx(10, abs=0.2)

    @pytest.mark.parametrize("padding", [b"ID3\x04\0\0\0\0\x02\0" + bytes(256), bytes(500)])
    def test_behind_tags_and_padding(
        self, file: Callable[[str, bytes], Path], tmp_path: Path, padding: bytes
    ) -> None:
        whole = write(tmp_path / "a.mp3", music(5)).read_bytes()
        assert check_readable(file("tagged.mp3", padding + whole), LIMITS).duration_s == 5.0


class TestNotAudio:
    def test_empty(self, file: Callable[[str, bytes], Path]) -> None:
        assert refusal(file("a.wav", b"")) == "empty file"

    @pytest.mark.parametrize("contents", [b"<html><body>404</body></html>", bytes(9000), b"x"])
    def test_other_contents(self, file: Callable[[str, bytes], Path], contents: bytes) -> None:
        path = file("a.mp3", contents)
        assert refusal(path).startswith(
            f"not audio of the formats WAV, FLAC, OGG, MP3: it begins with {contents[:8]!r}"
        )

    def test_noise_behind_a_good_beginning(self, file: Callable[[str, bytes], Path]) -> None:
        noise = np.random.default_rng(0).bytes(5000)
        assert refusal(file("a.mp3", b"\xff\xfb\x90\x64" + noise)).startswith("not readable as audio")

    def test_a_format_that_is_not_allowed(self, tmp_path: Path) -> None:
        path = write(tmp_path / "a.au", music(1), format="AU")
        assert check_readable(path, AudioLimits(formats=("AU",))).format == "AU"
        path = write(tmp_path / "a.wav", music(1), format="AIFF")
        assert refusal(path) == (
            "its format is AIFF, allowed are WAV, FLAC, OGG, MP3: convert it, or add it to formats"
        )
        assert check_readable(path, AudioLimits(formats=("AIFF",))).format == "AIFF"

    def test_no_regular_file(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe.wav")
        assert refusal(tmp_path / "pipe.wav") == "not a regular file"
        assert refusal(tmp_path) == "not a regular file"

    def test_missing(self, tmp_path: Path) -> None:
        assert refusal(tmp_path / "a.wav") == "cannot be opened: No such file or directory"

    def test_too_large(self, file: Callable[[str, bytes], Path]) -> None:
        path = file("a.wav", b"RIFF" + bytes(3 * 2**20))
        assert refusal(path, AudioLimits(max_file_mb=2)) == "too large: 3 MB, the limit is max_file_mb 2"


class TestContents:
    @pytest.mark.parametrize(
        ("samples", "reason"),
        [
            (np.zeros(RATE), "silent: its peak is below silence_dbfs -80"),
            (np.full(RATE, 0.00009), "silent: its peak is below silence_dbfs -80"),
            (np.r_[music(1)[:, 0], np.nan], "a sample is nan: not a number, infinite, or far beyond"),
            (np.r_[music(1)[:, 0], -np.inf], "a sample is inf: not a number, infinite, or far beyond"),
            (np.r_[music(1)[:, 0], 1e30], "a sample is 1e+30: not a number, infinite, or far beyond"),
            (music(1)[:, :1] * [1, -1], "silent when mixed to mono: its channels cancel each other"),
            (music(0.09), "too short: 0.090 s, the limit is min_duration_s 0.1"),
        ],
        ids=["silent", "all but silent", "nan", "inf", "huge", "opposite phase", "short"],
    )
    def test_of_no_use(self, tmp_path: Path, samples: np.ndarray, reason: str) -> None:
        path = write(tmp_path / "a.wav", samples, subtype="FLOAT")
        assert refusal(path).startswith(reason)

    def test_one_loud_channel_is_enough(self, tmp_path: Path) -> None:
        path = write(tmp_path / "a.wav", music(1) * [0, 1])
        assert check_readable(path, LIMITS).channels == 2

    def test_quiet_is_not_silent(self, tmp_path: Path) -> None:
        assert check_readable(write(tmp_path / "a.wav", music(1) * 0.001), LIMITS).duration_s == 1.0

    def test_longer_than_the_limit(self, tmp_path: Path) -> None:
        path = write(tmp_path / "a.wav", music(3))
        assert refusal(path, AudioLimits(max_duration_s=2)) == (
            "too long: at least 3.0 s, the limit is max_duration_s 2.0"
        )


class TestLimits:
    @pytest.mark.parametrize(
        ("values", "message"),
        [
            ({"min_duration_s": 5, "max_duration_s": 2}, "min_duration_s 5.0 is above max_duration_s 2.0"),
            ({"min_sample_rate": 9, "max_sample_rate": 8}, "min_sample_rate 9 is above max_sample_rate 8"),
            ({"formats": ("MIDI",)}, "Input should be 'WAV', 'FLAC', 'OGG', 'MP3', 'AIFF' or 'AU'"),
            ({"formats": ()}, "at least 1 item"),
            ({"timeout": 3}, "Extra inputs are not permitted"),
        ],
    )
    def test_that_cannot_work_are_refused(self, values: dict[str, Any], message: str) -> None:
        with pytest.raises(ValidationError, match=message):
            AudioLimits(**values)


def peak_memory_and_reason(path: Path, limits: AudioLimits) -> tuple[float, str]:
    """How far reading a file raises this process's peak memory, in MB, and what it is refused for."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        reason = repr(check_readable(path, limits))
    except AudioError as error:
        reason = str(error)
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024, reason


class TestDecodeBomb:
    """A small file that unpacks to hundreds of megabytes is read in a few."""

    @pytest.fixture(scope="class")
    @classmethod
    def bomb(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """30 s of 8 channels at 192 kHz, all but silent: 184 MB as float32, 0.05 MB as FLAC."""
        path = tmp_path_factory.mktemp("bomb") / "bomb.flac"
        second = np.zeros((192_000, 8), dtype=np.int16)
        second[0] = 8
        with sf.SoundFile(path, "w", 192_000, 8, format="FLAC", subtype="PCM_16") as sound:
            for _ in range(30):
                sound.write(second)
        assert path.stat().st_size < 400_000
        return path

    @staticmethod
    def read(path: Path, limits: AudioLimits) -> tuple[float, str]:
        in_child = partial(peak_memory_and_reason, limits=limits)
        ((_, result),) = map_isolated(in_child, [path], workers=1, limits=limits, description="test")
        assert isinstance(result, tuple)
        return result

    def test_within_the_limits_is_read_in_little_memory(self, bomb: Path) -> None:
        peak_mb, found = self.read(bomb, AudioLimits(max_memory_mb=64))
        assert "duration_s=30.0, sample_rate=192000, channels=8" in found
        assert peak_mb < 40

    def test_beyond_the_limits_is_refused_by_its_header(self, bomb: Path) -> None:
        peak_mb, reason = self.read(bomb, AudioLimits(max_memory_mb=64, max_duration_s=5))
        assert reason == "too long: at least 30.0 s, the limit is max_duration_s 5.0"
        assert peak_mb < 40

    def test_that_hides_its_length_is_read_to_the_limit_only(self, bomb: Path, tmp_path: Path) -> None:
        hidden = tmp_path / "hidden.flac"
        hidden.write_bytes(with_total_samples(bomb.read_bytes(), 0))
        peak_mb, reason = self.read(hidden, AudioLimits(max_memory_mb=64, max_duration_s=5))
        assert reason.startswith("too long: at least 5.")
        assert peak_mb < 40

    def test_that_needs_more_memory_than_allowed_costs_itself(self, bomb: Path) -> None:
        """A waveform of 40 s at 384 kHz does not fit; the reason is that file's."""
        function = partial(decode, limits=LIMITS, sample_rate=384_000)
        limits = AudioLimits(max_memory_mb=64)
        results = list(map_isolated(function, [bomb], workers=1, limits=limits, description="test"))
        assert str(results[0][1]) == "needs more than max_memory_mb 64"


class TestDamage:
    """Whatever bytes a file holds, the answer is a recording or a reason, from a child that lives on."""

    @pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
    def test_anywhere(self, tmp_path: Path, suffix: str) -> None:
        whole = write(tmp_path / f"whole.{suffix}", music(1, rate=8000), 8000).read_bytes()
        rng = random.Random(suffix)
        paths = []
        for number in range(100):
            damaged = bytearray(whole)
            # Half of the damage is to the first bytes, where the lengths and sizes stand.
            reach = len(whole) if number % 2 else min(len(whole), 200)
            for _ in range(rng.randint(1, 8)):
                damaged[rng.randrange(reach)] = rng.randrange(256)
            paths.append(tmp_path / f"{number}.{suffix}")
            paths[-1].write_bytes(damaged)
        function = partial(check_readable, limits=LIMITS)
        results = [r for _, r in map_isolated(function, paths, workers=1, limits=LIMITS, description="test")]
        assert not [str(result) for result in results if isinstance(result, IsolationError)]
        assert {type(result) for result in results} == {AudioInfo, AudioError}
