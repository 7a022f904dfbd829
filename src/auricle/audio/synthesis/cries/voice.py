"""From a gesture to the file: voice and breath through the vocal tract, the room and the microphone."""

import numpy as np
import numpy.typing as npt
from scipy import fft

from auricle.audio.synthesis.cries.gesture import SAMPLE_RATE, Gesture
from auricle.audio.synthesis.cries.infants import Infant
from auricle.audio.synthesis.notes.curves import amplitude, to_samples
from auricle.audio.synthesis.seeds import named_generator

Samples = npt.NDArray[np.float32]
# The voice by itself falls by so much per octave; what leaves the mouth is brighter.
_SLOPE_DB = -7.0
_HIGHEST_HZ = 7600.0
_ROOM_S = 0.4
# Where a telephone turns the gain down.
_PEAK = 0.89
_BETWEEN_FORMANTS = 0.25


def render_cry(
    gesture: Gesture, infant: Infant, samples: int, level_dbfs: float, rng: np.random.Generator
) -> Samples:
    """The sound, float32 ``(samples,)`` at 16,000 Hz, never beyond its peak.

    Args:
        gesture: what the infant does.
        infant: who, and where.
        samples: how many.
        level_dbfs: root mean square of the whole clip.
        rng: decides on the noise.
    """
    breath = to_samples(gesture.breath, samples) * rng.standard_normal(samples, dtype=np.float32)
    sound = _voice(gesture, infant.hz, samples) + breath
    padded = fft.next_fast_len(samples + int(_ROOM_S * SAMPLE_RATE), real=True)
    response = _tract(infant, padded) * _room(infant, padded)
    sound = fft.irfft(fft.rfft(sound, padded) * response, padded)[:samples]
    sound *= amplitude(level_dbfs) / np.sqrt(np.mean(sound**2))
    sound += amplitude(level_dbfs + infant.floor_db) * rng.standard_normal(samples)
    return np.asarray(sound * min(1.0, _PEAK / float(np.abs(sound).max())), dtype=np.float32)


def _voice(gesture: Gesture, hz: float, samples: int) -> Samples:
    """Harmonics of the voice, each for as long as it lies below the highest frequency."""
    sounding = np.flatnonzero(to_samples(gesture.level, samples) > 0)
    pitch = hz * np.exp2(to_samples(gesture.semitones, samples).astype(np.float64) / 12.0)
    cycles = np.cumsum(pitch / SAMPLE_RATE)[sounding]
    pitch, rough = pitch[sounding], to_samples(gesture.rough, samples)[sounding]
    slope = ((_SLOPE_DB + to_samples(gesture.tilt_db, samples)[sounding]) / 20.0).astype(np.float32)
    tone = np.zeros(len(sounding), dtype=np.float32)
    for number in range(1, int(_HIGHEST_HZ / pitch.min()) + 1 if len(pitch) else 1):
        phase = (2 * np.pi * ((number * cycles) % 1.0)).astype(np.float32)
        gain = np.power(10.0, slope * np.float32(np.log2(number))) * (number * pitch < _HIGHEST_HZ)
        tone += gain.astype(np.float32) * np.cos(phase + np.float32(2.4 * number * number))
    # Every other cycle of a rough voice is weaker: subharmonics appear between the harmonics.
    tone *= 1 + 0.7 * rough * np.cos(np.pi * cycles).astype(np.float32)
    voice = np.zeros(samples, dtype=np.float32)
    voice[sounding] = tone
    return voice * to_samples(gesture.level, samples)


def _tract(infant: Infant, padded: int) -> npt.NDArray[np.complex128]:
    """Response of the vocal tract at the frequencies of an `rfft` of that length."""
    hz = fft.rfftfreq(padded, 1 / SAMPLE_RATE)
    response = np.full(len(hz), _BETWEEN_FORMANTS, dtype=np.complex128)
    for centre, width, gain in infant.formants:
        response += gain * 1j * hz * width / (centre**2 - hz**2 + 1j * hz * width)
    return response


def _room(infant: Infant, padded: int) -> npt.NDArray[np.complex128]:
    """The direct sound and noise that fades exponentially, through a microphone with broad bumps."""
    rng = named_generator(infant.seed, "room", infant.number)
    time = np.arange(int(_ROOM_S * SAMPLE_RATE)) / SAMPLE_RATE
    room = rng.standard_normal(len(time)) * np.exp(-6.91 * time / infant.decay_s)
    room[: int(0.004 * SAMPLE_RATE)] = 0.0
    room *= amplitude(infant.room_db) / np.sqrt(np.sum(room**2))
    room[0] = 1.0
    octaves = np.log2(np.maximum(fft.rfftfreq(padded, 1 / SAMPLE_RATE), 20.0))
    bumps = sum(db * np.exp(-2 * (octaves - np.log2(hz)) ** 2) for hz, db in infant.bumps)
    return np.asarray(fft.rfft(room, padded) * amplitude(np.asarray(bumps)))
