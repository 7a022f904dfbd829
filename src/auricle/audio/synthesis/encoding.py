"""The files a clip can become: container, sample rate and channels, the same for all genres."""

import io
import zlib
from dataclasses import dataclass

import numpy as np
import soundfile as sf
import soxr

from auricle.audio.synthesis.instruments import SAMPLE_RATE
from auricle.audio.synthesis.seeds import named_generator

_SAMPLE_RATES = (22050, 32000, 44100, 48000)
# (container, subtype) by libsndfile's names. MP3 and Vorbis cut the treble, so which clip becomes which
# must tell nothing about the genre.
_CONTAINERS = (
    ("WAV", "PCM_16"),
    ("OGG", "VORBIS"),
    ("FLAC", "PCM_16"),
    ("MP3", "MPEG_LAYER_III"),
    ("WAV", "PCM_24"),
    ("FLAC", "PCM_24"),
)


@dataclass(frozen=True)
class Encoding:
    """How a clip is written; `container` and `subtype` by libsndfile's names."""

    container: str
    subtype: str
    sample_rate: int
    channels: int

    @property
    def suffix(self) -> str:
        """The file name's ending, with its dot."""
        return f".{self.container.lower()}"


def draw_encoding(seed: int, artist_number: int, take: int) -> Encoding:
    """The encoding of a clip, from the numbers of its artist and take.

    The genre is not among them: every genre has exactly the same encodings, so none gives a genre away.
    """
    rng = named_generator(seed, "encoding", artist_number, take)
    # In turn rather than drawn, so that a small corpus has every container too.
    start = int(named_generator(seed, "containers").integers(len(_CONTAINERS)))
    container, subtype = _CONTAINERS[(start + artist_number + take) % len(_CONTAINERS)]
    return Encoding(container, subtype, int(rng.choice(_SAMPLE_RATES)), int(rng.integers(1, 3)))


def encode(sound: np.ndarray, encoding: Encoding, sample_rate: int = SAMPLE_RATE) -> bytes:
    """A file's bytes, the same every time.

    Args:
        sound: float32 ``(n, 2)``, or ``(n, 1)`` for one channel.
        encoding: how to write it; one channel is the mean of two.
        sample_rate: of the sound, in Hz.
    """
    samples = sound if encoding.channels == 2 else sound.mean(axis=1, keepdims=True, dtype=np.float32)
    if encoding.sample_rate != sample_rate:
        samples = soxr.resample(samples, sample_rate, encoding.sample_rate)
    # Resampling overshoots and the mean of two channels falls short: neither may change the level.
    if peak := float(np.abs(samples).max()):
        samples = samples * (float(np.abs(sound).max()) / peak)
    buffer = io.BytesIO()
    sf.write(buffer, samples, encoding.sample_rate, format=encoding.container, subtype=encoding.subtype)
    data = buffer.getvalue()
    return with_serial_number(data, 1) if encoding.container == "OGG" else data


_MIRRORED_BYTES = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def with_serial_number(ogg: bytes, serial: int) -> bytes:
    """An Ogg stream with its serial number replaced: libsndfile draws it from the clock.

    Two renderings of one clip would otherwise differ in their bytes, and with them in their recording ids.
    The page layout and its checksum are those of RFC 3533, section 6.
    """
    out = bytearray(ogg)
    start = 0
    while start < len(out):
        if out[start : start + 4] != b"OggS":
            raise ValueError(f"byte {start} of an Ogg stream is not the beginning of a page")
        segments = out[start + 26]
        end = start + 27 + segments + sum(out[start + 27 : start + 27 + segments])
        out[start + 14 : start + 18] = serial.to_bytes(4, "little")
        out[start + 22 : start + 26] = bytes(4)
        out[start + 22 : start + 26] = _ogg_checksum(bytes(out[start:end])).to_bytes(4, "little")
        start = end
    return bytes(out)


def _ogg_checksum(page: bytes) -> int:
    """Ogg's CRC-32 has zlib's polynomial with the bits in the other order, and no inversion at either end."""
    mirrored = zlib.crc32(page.translate(_MIRRORED_BYTES), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{mirrored:032b}"[::-1], 2)
