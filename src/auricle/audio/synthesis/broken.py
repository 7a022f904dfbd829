"""Files that cannot be used, as every real collection has some: each must end in quarantine."""

from collections.abc import Callable

import numpy as np

from auricle.audio.synthesis.encoding import Encoding, encode

_NOT_FOUND_PAGE = (
    b"<!DOCTYPE html>\n<html><head><title>404 Not Found</title></head>\n"
    b"<body><h1>Not Found</h1><p>The requested recording is no longer on this server.</p></body></html>\n"
)


def _truncated(share: float) -> Callable[[bytes], bytes]:
    return lambda whole: whole[: int(len(whole) * share)]


def _with_forged_length(flac: bytes) -> bytes:
    """STREAMINFO's 36-bit count of samples at its greatest: 432 hours at 44.1 kHz (RFC 9639, section 8.2)."""
    forged = bytearray(flac)
    forged[21] |= 0x0F
    forged[22:26] = b"\xff\xff\xff\xff"
    return bytes(forged)


def _silent(stereo: np.ndarray) -> np.ndarray:
    return np.zeros_like(stereo)


def _blip(stereo: np.ndarray) -> np.ndarray:
    """Twenty milliseconds: what is left of a recording stopped at once."""
    return stereo[:882]


_Spoil = tuple[Encoding, Callable[[np.ndarray], np.ndarray] | None, Callable[[bytes], bytes] | None]

# What the file claims to be, what is done to the sound, and what is done to the file's bytes.
DEFECTS: dict[str, _Spoil] = {
    "empty": (Encoding("WAV", "PCM_16", 44100, 2), None, lambda whole: b""),
    "forged_length": (Encoding("FLAC", "PCM_16", 44100, 1), None, _with_forged_length),
    "not_audio": (Encoding("MP3", "MPEG_LAYER_III", 44100, 2), _blip, lambda whole: _NOT_FOUND_PAGE),
    "silent": (Encoding("WAV", "PCM_16", 32000, 2), _silent, None),
    "too_short": (Encoding("WAV", "PCM_16", 44100, 2), _blip, None),
    "truncated_flac": (Encoding("FLAC", "PCM_16", 48000, 2), None, _truncated(0.4)),
    "truncated_mp3": (Encoding("MP3", "MPEG_LAYER_III", 44100, 1), None, _truncated(0.45)),
    "truncated_ogg": (Encoding("OGG", "VORBIS", 44100, 2), None, _truncated(0.61)),
    "truncated_wav": (Encoding("WAV", "PCM_16", 22050, 1), None, _truncated(0.3)),
}


def spoil(stereo: np.ndarray, defect: str) -> bytes:
    """The bytes of a file with a defect.

    Args:
        stereo: the sound of the clip it was meant to be, float32 ``(n, 2)`` at 44,100 Hz.
        defect: a key of `DEFECTS`.
    """
    encoding, change_sound, change_bytes = DEFECTS[defect]
    whole = encode(change_sound(stereo) if change_sound else stereo, encoding)
    return change_bytes(whole) if change_bytes else whole
