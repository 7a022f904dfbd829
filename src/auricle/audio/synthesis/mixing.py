"""The mix: levels, room, brightness, width and noise around the parts of a clip."""

from collections.abc import Mapping

import numpy as np
import soxr
from scipy.signal import butter, oaconvolve, sosfilt

from auricle.audio.synthesis.instruments import SAMPLE_RATE

# Lossy encoders overshoot by up to 3 dB: even then nothing clips.
PEAK_DBFS = (-6.5, -3.5)
_PAN = {"drums": 0.0, "bass": 0.0, "chords": -0.55, "lead": 0.3}
# Bass stays dry: a bass in the room is mud.
_SEND = {"drums": 0.4, "bass": 0.0, "chords": 1.0, "lead": 1.0}


def _gain(decibels: float) -> float:
    return float(10.0 ** (decibels / 20.0))


def mix_parts(
    parts: Mapping[str, np.ndarray], mix: Mapping[str, float], kicks_s: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Mix the parts to stereo.

    Args:
        parts: part to its samples, float32 ``(n,)``; a silent part is left out.
        mix: value of each field of `style.Mix`.
        kicks_s: onsets of the kick drum, which the other parts duck under where the mix pumps.
        rng: for room, noise and level.

    Returns:
        float32 ``(n, 2)`` with its peak in `PEAK_DBFS` and no offset.
    """
    n = len(next(iter(parts.values())))
    side = 1.0 if rng.random() < 0.5 else -1.0
    duck = _ducking(kicks_s, n, mix["pump"])
    stereo = np.zeros((2, n), dtype=np.float32)
    send = np.zeros(n, dtype=np.float32)
    for name, part in parts.items():
        level = _gain(mix[f"{name}_db"]) / _loudness(part)
        sound = part * np.float32(level)
        if name != "drums":
            sound = sound * duck
        if name in ("lead", "chords") and mix["echo"]:
            sound = _echo(sound, mix["echo"])
        pan = _PAN[name] * mix["width"] * side
        stereo[0] += sound * np.float32(1.0 - max(0.0, pan))
        stereo[1] += sound * np.float32(1.0 + min(0.0, pan))
        send += np.float32(_SEND[name]) * sound
    wet = _room(send, mix["reverb_s"], mix["width"], rng)
    stereo[:, : wet.shape[1]] += _gain(mix["reverb_db"]) * wet
    return np.ascontiguousarray(_master(stereo, mix, rng).T)


def _loudness(part: np.ndarray) -> float:
    """Level of the part where it sounds, so that a sparse part is not pulled up above the rest."""
    power = part[: len(part) // 1024 * 1024].reshape(-1, 1024).astype(np.float64) ** 2
    blocks = power.mean(axis=1)
    return float(np.sqrt(blocks[blocks >= 0.1 * blocks.max()].mean())) + 1e-9


def _ducking(kicks_s: np.ndarray, n: int, depth: float) -> np.ndarray:
    duck = np.ones(n, dtype=np.float32)
    dip = 1.0 - depth * np.exp(-np.arange(int(0.3 * SAMPLE_RATE), dtype=np.float32) / (0.09 * SAMPLE_RATE))
    for onset in kicks_s if depth else ():
        start = int(onset * SAMPLE_RATE)
        duck[start : start + len(dip)] = dip[: max(0, n - start)]
    return duck


def _echo(part: np.ndarray, feedback: float) -> np.ndarray:
    out = part.copy()
    delay = int(0.36 * SAMPLE_RATE)
    for repeat in range(1, 4):
        if repeat * delay < len(part):
            out[repeat * delay :] += np.float32(feedback**repeat) * part[: -repeat * delay]
    return out


def _room(send: np.ndarray, seconds: float, width: float, rng: np.random.Generator) -> np.ndarray:
    """A room as decaying noise, 60 dB down after `seconds`; convolved, float32 ``(2, about n)``.

    A room's sound ends at about 5 kHz, so it is computed at a third of the rate, in a third of the time.
    """
    rate = SAMPLE_RATE // 3
    length = int(min(seconds, 2.5) * rate)
    time = np.arange(length, dtype=np.float32) / rate
    noise = rng.standard_normal((2, length), dtype=np.float32) * np.exp(-6.9 / seconds * time)
    noise = sosfilt(butter(1, [150.0, 5500.0], "bandpass", fs=rate, output="sos"), noise)
    noise[1] = width * noise[1] + (1.0 - width) * noise[0]
    noise *= 4.0 / np.sqrt(np.sum(noise**2, axis=1, keepdims=True))
    dull = soxr.resample(send, SAMPLE_RATE, rate)
    wet = oaconvolve(np.stack([dull, dull]), noise.astype(np.float32), axes=1)[:, : len(dull)]
    return np.asarray(soxr.resample(wet.T, rate, SAMPLE_RATE).T[:, : len(send)])


def _master(stereo: np.ndarray, mix: Mapping[str, float], rng: np.random.Generator) -> np.ndarray:
    """Brightness, saturation, noise floor, and a peak that says nothing about the genre; ``(2, n)``."""
    stereo = sosfilt(_equalizer(mix["tilt_db"], mix["lowpass_hz"]), stereo).astype(np.float32)
    pressure = 0.2 * mix["density"] / float(np.sqrt(np.mean(stereo**2)))
    stereo = np.tanh(stereo * pressure) / (0.2 * mix["density"])
    # Two seconds of hiss going round sound like ten, and cost a fifth.
    hiss = rng.standard_normal((2, 2 * SAMPLE_RATE), dtype=np.float32)
    stereo += 3.0 * _gain(mix["hiss_db"]) * np.stack([np.resize(side, stereo.shape[1]) for side in hiss])
    stereo = _fade(stereo - stereo.mean(axis=1, keepdims=True))
    peak = _gain(rng.uniform(*PEAK_DBFS)) / float(np.abs(stereo).max())
    return np.asarray(stereo * peak, dtype=np.float32)


def _equalizer(tilt_db: float, lowpass_hz: float) -> np.ndarray:
    """Second-order sections: no rumble below 25 Hz, a tilt around 700 Hz, and a low-pass."""
    rumble = butter(2, 25.0, "highpass", fs=SAMPLE_RATE, output="sos")
    tilt = butter(1, 700.0, "lowpass", fs=SAMPLE_RATE, output="sos")
    # What the first-order low-pass takes is turned down, what it leaves is turned up, in one section.
    tilt[:, :3] = _gain(-tilt_db) * tilt[:, :3] + _gain(tilt_db) * (tilt[:, 3:] - tilt[:, :3])
    return np.vstack([rumble, tilt, butter(2, lowpass_hz, "lowpass", fs=SAMPLE_RATE, output="sos")])


def _fade(stereo: np.ndarray) -> np.ndarray:
    """Ten milliseconds at both ends, as a clip cut from a song has them."""
    ramp = np.linspace(0.0, 1.0, int(0.01 * SAMPLE_RATE), dtype=np.float32)
    stereo[:, : len(ramp)] *= ramp
    stereo[:, -len(ramp) :] *= ramp[::-1]
    return stereo
