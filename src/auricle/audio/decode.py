"""From an audio file to a mono waveform, in bounded memory, whatever the file's header claims."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import gcd
from pathlib import Path
from typing import BinaryIO

import numpy as np
import soundfile as sf
import soxr
from numpy.typing import NDArray

from auricle.audio.containers import last_ogg_page_is_cut
from auricle.audio.headers import (
    allowed_format,
    check_duration,
    check_file,
    check_header,
    promised_frames,
    tolerated_frames,
)
from auricle.audio.limits import AudioLimits, Format
from auricle.errors import AudioError, UnreadableError

# 1.5 s at 44.1 kHz: large enough that the calls cost nothing, small enough to stay in the cache.
BLOCK_FRAMES = 65_536
# Unscaled 32-bit integers written as floats are the loudest samples that still mean something.
MAX_PEAK = 2.0**31
# Samples of the result beyond which the resampler's filter hears nothing.
RESAMPLER_MARGIN = 1_024


@dataclass(frozen=True)
class AudioInfo:
    """What is known of one audio file.

    Attributes:
        duration_s: Length in seconds.
        sample_rate: Samples per second and channel, in Hz.
        channels: Number of channels.
        frames: Number of samples per channel.
        format: libsndfile's name of the file format, such as "FLAC".
    """

    duration_s: float
    sample_rate: int
    channels: int
    frames: int
    format: str


@dataclass(frozen=True)
class Waveform:
    """A mono recording.

    Attributes:
        samples: float32 array of shape (n,), full scale at 1.
        sample_rate: Samples per second, in Hz.
    """

    samples: NDArray[np.float32]
    sample_rate: int


def probe(path: Path, limits: AudioLimits) -> AudioInfo:
    """Read a file's header and hold it against the limits; decode only what does not say its length.

    Args:
        path: The audio file.
        limits: What a recording may be.

    Returns:
        What the header says, which may be more than there is.

    Raises:
        AudioError: The file is missing, empty, not audio, or its header is outside the limits.
    """
    with _opened(path, limits) as reader:
        if reader.promised is not None:
            return reader.info(reader.promised)
    return check_readable(path, limits)


def decode(path: Path, limits: AudioLimits, sample_rate: int | None = None) -> Waveform:
    """Decode a file to mono, block by block, and resample it on the way.

    Args:
        path: The audio file.
        limits: What a recording may be.
        sample_rate: Rate of the result in Hz; the file's own by default. Resampled by soxr in its
            quality HQ, whose result does not depend on the size of the blocks.

    Returns:
        The mean of the channels.

    Raises:
        AudioError: The file cannot be used; the message is the reason.
    """
    return decode_with_info(path, limits, sample_rate)[0]


def decode_with_info(
    path: Path, limits: AudioLimits, sample_rate: int | None = None
) -> tuple[Waveform, AudioInfo]:
    """Decode a file as `decode` does, and say of it what `check_readable` says, in one reading.

    Raises:
        AudioError: The file cannot be used; the message is the reason.
    """
    with _opened(path, limits) as reader:
        rate = reader.sound.samplerate
        blocks = reader.mono_blocks()
        if sample_rate is not None and sample_rate != rate:
            blocks = _resampled(blocks, rate, sample_rate)
        waveform = Waveform(np.concatenate(list(blocks)), sample_rate or rate)
        return waveform, reader.info(reader.frames)


def decode_part(path: Path, limits: AudioLimits, sample_rate: int, start: int, length: int) -> Waveform:
    """A part of what `decode` gives, without decoding what comes long before and after it.

    What only a file's end shows, such as that it is truncated, is not noticed.

    Args:
        path: The audio file.
        limits: What a recording may be.
        sample_rate: Rate of the result in Hz.
        start: Its first sample, counted at that rate.
        length: So many samples, at that rate; fewer where the file ends.

    Returns:
        The mean of the channels; after lossy compression or resampling equal but for rounding.

    Raises:
        AudioError: The file cannot be used, or has ended before; the message is the reason.
    """
    with _opened(path, limits) as reader:
        rate = reader.sound.samplerate
        common = gcd(rate, sample_rate)
        # From where a sample of the file and one of the result fall on one moment.
        steps = max(0, start - RESAMPLER_MARGIN) * common // sample_rate
        end = -(-(start + length + RESAMPLER_MARGIN) * rate // sample_rate)
        samples = reader.mono_part(steps * rate // common, end)
        if sample_rate != rate:
            samples = soxr.resample(samples, rate, sample_rate)
        first = start - steps * sample_rate // common
        if first >= len(samples):
            raise AudioError(f"ends before the part from {start / sample_rate:.1f} s on")
        return Waveform(samples[first : first + length], sample_rate)


def check_readable(path: Path, limits: AudioLimits) -> AudioInfo:
    """Decode a whole file in constant memory, keeping nothing, to know that `decode` will accept it.

    Args:
        path: The audio file.
        limits: What a recording may be.

    Returns:
        What was really read, where the header may only have estimated.

    Raises:
        AudioError: The file cannot be used; the message is the reason.
    """
    with _opened(path, limits) as reader:
        for _ in reader.mono_blocks():
            pass
        return reader.info(reader.frames)


class _ForwardOnly(sf.SoundFile):  # type: ignore[misc]  # soundfile ships no types
    """A sound file that is never rewound.

    soundfile seeks to where it already is after each read, which fails at the end of a FLAC file of
    unknown length and costs an MP3 file time.
    """

    def seekable(self) -> bool:
        return False


class _Reader:
    """One open file that passed its header's checks, read once from start to end."""

    def __init__(self, sound: sf.SoundFile, kind: Format, stream: BinaryIO, limits: AudioLimits) -> None:
        self.sound = sound
        self.kind = kind
        self.limits = limits
        self.frames = 0
        self.promised = promised_frames(sound, kind, stream)
        self.cut = kind == "OGG" and last_ogg_page_is_cut(stream)

    def info(self, frames: int) -> AudioInfo:
        rate = self.sound.samplerate
        return AudioInfo(frames / rate, rate, self.sound.channels, frames, self.kind)

    def mono_blocks(self) -> Iterator[NDArray[np.float32]]:
        """Yield the mean of the channels, (n,) at a time; refuse at the end what only the end shows."""
        channels = self.sound.channels
        # A product with a vector is thirty times faster than a mean over a short last axis.
        weights = np.full(channels, 1 / channels, dtype=np.float32)
        buffer = np.empty((BLOCK_FRAMES, channels), dtype=np.float32)
        peak = mono_peak = 0.0
        while len(block := self._read_into(buffer)):
            self.frames += len(block)
            check_duration(self.frames / self.sound.samplerate, self.limits)
            peak = max(peak, _checked_peak(block))
            mono = block @ weights
            mono_peak = max(mono_peak, _checked_peak(mono))
            yield mono
        self._check_end(peak, mono_peak)

    def mono_part(self, start: int, end: int) -> NDArray[np.float32]:
        """The mean of the channels from a frame to another, or to the end of the file [shape=(n,)]."""
        position = 0
        if self.promised is not None:
            end = min(end, self.promised)
            if self.kind != "OGG":  # whose last page libsndfile misplaces after a seek (seen with 1.2.2)
                self.sound.seek(min(start, end))
                position = start
        weights = np.full(self.sound.channels, 1 / self.sound.channels, dtype=np.float32)
        buffer = np.empty((BLOCK_FRAMES, self.sound.channels), dtype=np.float32)
        blocks = [buffer[:0, 0]]
        while position < end and len(block := self.sound.read(out=buffer[: end - position])):
            _checked_peak(block)
            blocks.append(block[max(0, start - position) :] @ weights)
            position += len(block)
        return np.concatenate(blocks)

    def _read_into(self, buffer: NDArray[np.float32]) -> NDArray[np.float32]:
        # Not past the promised end in one go: decoders stumble over tags there and lose the last block.
        left = None if self.promised is None else max(0, self.promised - self.frames)
        try:
            block: NDArray[np.float32] = self.sound.read(out=buffer[:left] if left else buffer)
        except sf.LibsndfileError as error:
            if left == 0:
                return buffer[:0]
            cause = error.error_string.removeprefix("Error : ").rstrip(".")
            raise AudioError(
                f"truncated or damaged: {self._promise()}"
                f"decoding failed after about {self._seconds(self.frames)} ({cause})"
            ) from error
        return block

    def _check_end(self, peak: float, mono_peak: float) -> None:
        info = self.info(self.frames)
        if self.frames == 0:
            raise AudioError("no audio in it: the header is there, but no sample could be read")
        if self.cut:
            raise AudioError(
                f"truncated: the last Ogg page is cut off, {self._seconds(self.frames)} could be read"
            )
        missing = (self.promised or 0) - self.frames
        if missing > tolerated_frames(self.frames + missing, info.sample_rate):
            raise AudioError(f"truncated: {self._promise()}{self._seconds(self.frames)} could be read")
        if info.duration_s < self.limits.min_duration_s:
            raise AudioError(
                f"too short: {info.duration_s:.3f} s, "
                f"the limit is min_duration_s {self.limits.min_duration_s:g}"
            )
        floor = 10 ** (self.limits.silence_dbfs / 20)
        if peak < floor:
            raise AudioError(f"silent: its peak is below silence_dbfs {self.limits.silence_dbfs:g}")
        if mono_peak < floor:
            raise AudioError("silent when mixed to mono: its channels cancel each other")

    def _promise(self) -> str:
        return "" if self.promised is None else f"the header promises {self._seconds(self.promised)}, "

    def _seconds(self, frames: int) -> str:
        return f"{frames / self.sound.samplerate:.1f} s"


@contextmanager
def _opened(path: Path, limits: AudioLimits) -> Iterator[_Reader]:
    """Open a file and check its header; every refusal carries the file's name as a note."""
    try:
        check_file(path, limits)
        with path.open("rb") as stream:
            kind = allowed_format(stream, limits)
            with _ForwardOnly(str(path)) as sound:
                check_header(sound, limits)
                yield _Reader(sound, kind, stream, limits)
    except (AudioError, OSError, sf.LibsndfileError) as error:
        refusal = error if isinstance(error, AudioError) else _refusal(error)
        refusal.add_note(f"file: {path}")
        raise refusal from error.__cause__ or (None if refusal is error else error)


def _refusal(error: OSError | sf.LibsndfileError) -> AudioError:
    if isinstance(error, sf.LibsndfileError):
        cause = error.error_string.rstrip(".")
        if "does not exist" in cause:  # what libsndfile says where its MP3 decoder gives up
            cause = "the decoder finds none in it"
        return AudioError(f"not readable as audio: {cause}")
    return UnreadableError(f"cannot be opened: {error.strerror or error}")


def _checked_peak(samples: NDArray[np.float32]) -> float:
    peak = max(float(samples.max()), -float(samples.min()))
    if not peak <= MAX_PEAK:  # also true of NaN
        raise AudioError(f"a sample is {peak:g}: not a number, infinite, or far beyond full scale")
    return peak


def _resampled(
    blocks: Iterator[NDArray[np.float32]], rate: int, new_rate: int
) -> Iterator[NDArray[np.float32]]:
    resampler = soxr.ResampleStream(rate, new_rate, 1, dtype="float32")
    for block in blocks:
        yield resampler.resample_chunk(block)
    yield resampler.resample_chunk(np.empty(0, dtype=np.float32), last=True)
