"""What a file's size, first bytes and header must be before a sample of it is decoded."""

import stat
from pathlib import Path
from typing import BinaryIO

import soundfile as sf

from auricle.audio.containers import count_mp3_samples, mp3_says_its_length, riff_share_present, sniff
from auricle.audio.limits import AudioLimits, Format
from auricle.errors import AudioError

# libsndfile's answer where a header does not say how many frames there are.
UNKNOWN_FRAMES = 2**63 - 1
# Encoders pad, and a cut of this size changes no training example.
TRUNCATION_TOLERANCE_S = 0.1
TRUNCATION_TOLERANCE = 0.01


def check_file(path: Path, limits: AudioLimits) -> None:
    """Refuse what need not be opened: no regular file, an empty one, one that is too large."""
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise AudioError("not a regular file")  # opening a named pipe would wait for ever
    if status.st_size == 0:
        raise AudioError("empty file")
    if status.st_size > limits.max_file_mb * 2**20:
        raise AudioError(
            f"too large: {status.st_size / 2**20:,.0f} MB, the limit is max_file_mb {limits.max_file_mb:,.0f}"
        )


def allowed_format(stream: BinaryIO, limits: AudioLimits) -> Format:
    """Keep what is not of an allowed format away from libsndfile, which has parsers for forty."""
    kind = sniff(stream)
    allowed = ", ".join(limits.formats)
    if kind is None:
        stream.seek(0)
        raise AudioError(f"not audio of the formats {allowed}: it begins with {stream.read(8)!r}")
    if kind not in limits.formats:
        raise AudioError(f"its format is {kind}, allowed are {allowed}: convert it, or add it to formats")
    return kind


def check_header(sound: sf.SoundFile, limits: AudioLimits) -> None:
    """Refuse a sample rate, a number of channels or a promised length outside the limits."""
    rate, channels, frames = sound.samplerate, sound.channels, sound.frames
    if not limits.min_sample_rate <= rate <= limits.max_sample_rate:
        raise AudioError(
            f"sample rate {rate:,} Hz, "
            f"allowed are {limits.min_sample_rate:,} to {limits.max_sample_rate:,} Hz"
        )
    if not 1 <= channels <= limits.max_channels:
        raise AudioError(f"{channels:,} channels, the limit is max_channels {limits.max_channels}")
    if frames != UNKNOWN_FRAMES:
        check_duration(frames / rate, limits)


def check_duration(seconds: float, limits: AudioLimits) -> None:
    """Refuse a length, promised or already read, above the limit."""
    if seconds > limits.max_duration_s:
        raise AudioError(
            f"too long: at least {seconds:,.1f} s, the limit is max_duration_s {limits.max_duration_s:,.1f}"
        )


def promised_frames(sound: sf.SoundFile, kind: Format, stream: BinaryIO) -> int | None:
    """Frames that the file's header promises, None where it does not really know."""
    if kind == "WAV":
        return round(int(sound.frames) / max(riff_share_present(stream), 1e-9))
    frames = int(sound.frames)
    if kind == "MP3" and not mp3_says_its_length(stream):
        counted = count_mp3_samples(stream)
        if counted - frames > tolerated_frames(counted, sound.samplerate):
            raise AudioError(
                "its bit rate varies and no header says its length, so that only "
                f"{frames / sound.samplerate:.1f} s of {counted / sound.samplerate:.1f} s would be read: "
                "rewrite it, for example with ffmpeg -i old.mp3 -c copy new.mp3"
            )
        return counted or None
    return None if frames == UNKNOWN_FRAMES else frames


def tolerated_frames(frames: int, sample_rate: int) -> float:
    """Frames that may be missing of so many promised ones before a file counts as truncated."""
    return TRUNCATION_TOLERANCE_S * sample_rate + TRUNCATION_TOLERANCE * frames
