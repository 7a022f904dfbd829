"""Pitched instruments in numpy: banded wavetables, each band with an envelope of its own."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.signal import butter, sosfilt

from auricle.audio.synthesis.voices import Voice

SAMPLE_RATE = 44100
_TABLE = 8192
_CONTROL = 8
# Harmonics 1-2, 3-5, 6-11 and from 12 on open and fade together: four envelopes carry the whole motion.
_BAND_EDGES = (1, 3, 6, 12, 400)


@dataclass(frozen=True)
class Note:
    """One note: onset and duration in seconds, MIDI pitch, velocity from 0 to 1."""

    onset_s: float
    duration_s: float
    midi: float
    velocity: float


def midi_to_hz(midi: float) -> float:
    """The frequency in Hz of a MIDI pitch (69 is 440 Hz)."""
    return float(440.0 * 2.0 ** ((midi - 69.0) / 12.0))


def harmonic_amplitudes(voice: Voice, frequency: float) -> np.ndarray:
    """Amplitudes of the harmonics below 18 kHz, float64 ``(n_harmonics,)``; their squares sum to 1."""
    number = np.arange(1, max(2, min(_BAND_EDGES[-1], int(18000.0 / frequency))))
    hz = number * frequency
    amplitude = number**-voice.slope * np.where(number % 2 == 0, voice.even, 1.0)
    amplitude = amplitude / (1.0 + (hz / voice.cutoff_hz) ** 2)
    if voice.formants:
        resonance = sum(
            gain * np.exp(-(((hz - centre) / width) ** 2)) for centre, width, gain in voice.formants
        )
        amplitude = amplitude * (0.25 + resonance)
    return np.asarray(amplitude / np.sqrt(np.sum(amplitude**2)))


@lru_cache(maxsize=512)
def _tables(voice: Voice, frequency: float) -> np.ndarray:
    """One cycle of each band, float32 ``(8192, 4)``: a gather by phase then reads all bands at once."""
    amplitude = harmonic_amplitudes(voice, frequency)
    number = np.arange(1, len(amplitude) + 1)
    # Fixed scattered phases keep the crest factor of a sawtooth-like sum low.
    spectrum = amplitude * np.exp(1j * 2.0 * np.pi * ((number * 0.618034) % 1.0))
    bands = np.zeros((len(_BAND_EDGES) - 1, _TABLE // 2 + 1), dtype=complex)
    for row, (low, high) in zip(bands, itertools.pairwise(_BAND_EDGES), strict=True):
        inside = (number >= low) & (number < high)
        row[number[inside]] = spectrum[inside]
    return np.ascontiguousarray(np.fft.irfft(bands, axis=1).T * (_TABLE / 2), dtype=np.float32)


def render_note(voice: Voice, midi: float, duration_s: float, rng: np.random.Generator) -> np.ndarray:
    """One note at full velocity, float32 ``(n,)`` at `SAMPLE_RATE`, its release included."""
    frequency = midi_to_hz(midi)
    n = int((duration_s + voice.release_s) * SAMPLE_RATE)
    seconds = np.arange(n) / SAMPLE_RATE
    time = seconds.astype(np.float32)
    envelopes = _envelopes(voice, time, duration_s)
    tables = _tables(voice, frequency)
    spread = (-1.0, 1.0) if voice.detune_cents else (0.0,)
    out = np.zeros(n, dtype=np.float32)
    for copy in spread:
        cents = copy * voice.detune_cents
        phase = seconds * (frequency * 2.0 ** (cents / 1200.0)) + rng.random()
        if voice.vibrato_cents:
            phase = phase + _vibrato(voice, frequency, time, rng)
        index = (phase * _TABLE).astype(np.int32) & (_TABLE - 1)
        out += np.einsum("nb,nb->n", tables[index], envelopes)
    out /= len(spread) ** 0.5
    if voice.breath:
        out += voice.breath * _breath(voice, time, envelopes, rng)
    return out


def _envelopes(voice: Voice, time: np.ndarray, duration_s: float) -> np.ndarray:
    """Amplitude of each band over time, float32 ``(n, 4)``."""
    band = np.arange(4, dtype=np.float32)
    # Eight samples are 0.2 ms: no ear and no spectrogram sees the steps, and it is much faster.
    control = time[::_CONTROL, None]
    envelope = np.minimum(1.0, control / (voice.attack_s * (1.0 + voice.bloom * band)))
    if voice.decay_s:
        envelope *= np.exp(-control * ((1.0 + voice.damping * band) / voice.decay_s))
    envelope *= np.clip((duration_s + voice.release_s - control) / voice.release_s, 0.0, 1.0) ** 2
    return np.repeat(envelope, _CONTROL, axis=0)[: len(time)]


def _vibrato(voice: Voice, frequency: float, time: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Phase deviation in cycles; it sets in a quarter of a second after the onset, as players do."""
    depth = frequency * (2.0 ** (voice.vibrato_cents / 1200.0) - 1.0) / (2.0 * np.pi * voice.vibrato_hz)
    onset = np.clip((time - 0.08) / 0.25, 0.0, 1.0)
    wave = np.sin(2.0 * np.pi * (voice.vibrato_hz * time + rng.random()), dtype=np.float32)
    return np.asarray(depth * onset * wave, dtype=np.float32)


def _breath(voice: Voice, time: np.ndarray, envelopes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    noise = rng.standard_normal(len(time), dtype=np.float32)
    noise = sosfilt(_breath_filter(voice.cutoff_hz), noise).astype(np.float32)
    # A plectrum is heard at the onset only; bow and breath as long as the note sounds.
    shape = np.exp(-time / 0.015, dtype=np.float32) * 4.0 if voice.decay_s else envelopes[:, 0]
    return np.asarray(noise * shape * envelopes[:, 0], dtype=np.float32)


@lru_cache(maxsize=64)
def _breath_filter(cutoff_hz: float) -> np.ndarray:
    return np.asarray(
        butter(1, [600.0, min(2.5 * cutoff_hz, 16000.0)], "bandpass", fs=SAMPLE_RATE, output="sos")
    )


def render_part(voice: Voice, notes: Sequence[Note], n: int, rng: np.random.Generator) -> np.ndarray:
    """All notes of one instrument, overdriven together where the voice is, float32 ``(n,)``.

    Each pitch and duration is rendered once and repeated: that is most of the speed.
    """
    out = np.zeros(n, dtype=np.float32)
    rendered: dict[tuple[float, int], np.ndarray] = {}
    for note in notes:
        key = (note.midi, max(2, round(note.duration_s * 50)))
        if key not in rendered:
            rendered[key] = render_note(voice, key[0], key[1] / 50, rng)
        start = int(note.onset_s * SAMPLE_RATE)
        sound = rendered[key][: max(0, n - start)]
        out[start : start + len(sound)] += note.velocity * sound
    return overdrive(out, voice) if voice.drive else out


def overdrive(part: np.ndarray, voice: Voice) -> np.ndarray:
    """Saturate a part and pass it through its cabinet; the notes of a chord then intermodulate."""
    level = float(np.sqrt(np.mean(part**2))) + 1e-9
    driven = np.tanh(part * (voice.drive * 0.35 / level))
    cabinet = butter(4, [90.0, voice.cabinet_hz], "bandpass", fs=SAMPLE_RATE, output="sos")
    return np.asarray(sosfilt(cabinet, driven), dtype=np.float32)
