"""Where the notes of a recording begin and end."""

from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import Field

from auricle.params import Params

FloatArray = npt.NDArray[np.float32]

# SuperFlux (Böck and Widmer, DAFx 2013): what rises in a band is held against the neighbouring bands too, two
# frames ago, so that vibrato is no onset. Bands of mel from 27.5 Hz on, frames of about 90 ms every 12 ms.
_LAG, _NEIGHBOURS, _BANDS, _LOWEST_HZ = 2, 3, 138, 27.5
_FRAME_S, _HOP_S, _LEVEL_S = 0.08, 0.0116, 0.046
# Where even the loudest frame lies below this, nobody plays.
_NOTHING_DBFS = -80.0
# An onset so shortly before the level leaves silence, or so shortly after, stands for where sound sets in.
_BEFORE_S, _AFTER_S = 0.05, 0.1


class PassageParams(Params):
    """How a recording is cut into notes, and how these are judged."""

    min_note_s: float = Field(
        0.1,
        ge=0.03,
        le=5,
        description="the shortest note, in seconds: of two onsets that are nearer the second is none, and"
        " what sounds for less between two rests is dropped",
    )
    min_rest_s: float = Field(
        0.2, ge=0, le=5, description="a note ends where it is silent for so long; less lies within a note"
    )
    silence_db: float = Field(
        45.0, ge=10, le=100, description="silence is what lies below the loudest by more than this, in dB"
    )
    threshold: float = Field(
        0.07,
        gt=0,
        le=1,
        description="how far an onset rises above the rises around it, as a share of the strongest; higher"
        " finds fewer",
    )
    backtrack: bool = Field(
        True, description="a note begins where its rise begins, not where it rises most steeply"
    )
    neighbours: bool = Field(
        False,
        description="notes are judged with the others of the passage in mind, by the model's sequence model",
    )


def find_notes(waveform: FloatArray, sample_rate: int, params: PassageParams) -> list[tuple[int, int]]:
    """First sample of each note and the one behind its last, in time; notes do not overlap.

    Onsets cut what sounds; silence between notes belongs to none.

    Args:
        waveform: mono, float32 (n,), of one note after the other.
        sample_rate: in Hz.
        params: what an onset is, and what silence.
    """
    shortest = round(params.min_note_s * sample_rate)
    is_loud = _is_loud(waveform, sample_rate, params)
    loud = np.flatnonzero(is_loud) * _hop(sample_rate)
    onsets = _onsets(waveform, sample_rate, params)
    onsets = onsets[_last(onsets, np.flatnonzero(~is_loud) * _hop(sample_rate), shortest)]
    notes: list[tuple[int, int]] = []
    for start, sounds_until in _stretches(loud, params.min_rest_s * sample_rate, _hop(sample_rate)):
        stop = min(sounds_until, len(waveform))
        if stop - start < shortest:
            continue
        # Of two stretches hardly apart, the one has what lies between them.
        earliest = max(start - round(_BEFORE_S * sample_rate), notes[-1][1] if notes else 0)
        near = start + min(shortest, round(_AFTER_S * sample_rate))
        cuts = _apart(onsets[(onsets >= earliest) & (onsets < stop)], (start, near, stop), shortest)
        notes += list(pairwise([*cuts, stop]))
    return [(start, _ended(loud, start, stop, shortest, sample_rate)) for start, stop in notes]


def _ended(loud: npt.NDArray[np.int64], start: int, stop: int, shortest: int, sample_rate: int) -> int:
    """Where a note ends before the next, if it falls silent: a rest that is too short to part stretches.

    Args:
        loud: first samples of the hops that are not silent.
        start: of the note.
        stop: where the next begins, or the stretch ends; the level of half a frame before that is its own.
        shortest: samples that a note has at least.
        sample_rate: in Hz.
    """
    hop, smeared = _hop(sample_rate), round(_LEVEL_S * sample_rate / 2)
    own = loud[(loud >= start) & (loud < stop - smeared)]
    end = int(own[-1]) + hop if len(own) else stop
    return stop if stop - end <= smeared + hop else max(end, start + shortest)


def _apart(onsets: npt.NDArray[np.int64], stretch: tuple[int, int, int], shortest: int) -> list[int]:
    """Where the notes of a stretch begin: at its start, or the onset that stands for it, and at each onset
    that leaves no note too short.

    Args:
        onsets: in samples, sorted.
        stretch: its start, up to where an onset stands for that, and its end.
        shortest: samples of the shortest note.
    """
    start, near, stop = stretch
    cuts: list[int] = []
    for onset in onsets.tolist():
        if not cuts and onset < near and stop - onset >= shortest:
            cuts = [onset]
        elif min(onset - (cuts[-1] if cuts else start), stop - onset) >= shortest:
            cuts = [*(cuts or [start]), onset]
    return cuts or [start]


def _onsets(waveform: FloatArray, sample_rate: int, params: PassageParams) -> npt.NDArray[np.int64]:
    """Where notes begin, in samples, sorted."""
    import librosa

    hop, n_fft = _hop(sample_rate), 2 ** int(np.ceil(np.log2(_FRAME_S * sample_rate)))
    padded = np.pad(waveform, (0, max(0, n_fft - len(waveform))))
    mel = librosa.feature.melspectrogram(
        y=padded, sr=sample_rate, n_fft=n_fft, hop_length=hop, n_mels=_BANDS, fmin=_LOWEST_HZ
    )
    strength = librosa.onset.onset_strength(
        S=librosa.power_to_db(mel, ref=np.max),
        sr=sample_rate,
        n_fft=n_fft,
        hop_length=hop,
        lag=_LAG,
        max_size=_NEIGHBOURS,
    )
    frames = librosa.onset.onset_detect(
        onset_envelope=strength,
        sr=sample_rate,
        hop_length=hop,
        units="frames",
        delta=params.threshold,
        wait=round(params.min_note_s * sample_rate / hop),
    )
    if params.backtrack and len(frames):  # librosa refuses to trace nothing back
        frames = librosa.onset.onset_backtrack(frames, strength)
    return np.unique(frames).astype(np.int64) * hop


def _is_loud(waveform: FloatArray, sample_rate: int, params: PassageParams) -> npt.NDArray[np.bool_]:
    """Which hops are not silent."""
    import librosa

    hop, frame = _hop(sample_rate), 2 * round(_LEVEL_S * sample_rate / 2)
    rms: Any = librosa.feature.rms(y=waveform, frame_length=frame, hop_length=hop)[0]
    level = 20 * np.log10(np.maximum(rms, 1e-10))
    return np.asarray(level > max(level.max() - params.silence_db, _NOTHING_DBFS))


def _last(
    onsets: npt.NDArray[np.int64], quiet: npt.NDArray[np.int64], shortest: int
) -> npt.NDArray[np.bool_]:
    """Which onsets are of notes: where a sound is cut off, all bands rise for a moment too.

    Args:
        onsets: in samples.
        quiet: first samples of the silent hops. An onset in one of them is of a sound that sets in slowly.
        shortest: samples that the sound must last from an onset on.
    """
    until = np.append(quiet, np.iinfo(np.int64).max)[np.searchsorted(quiet, onsets)] - onsets
    return np.asarray((until == 0) | (until >= shortest))


def _stretches(loud: npt.NDArray[np.int64], rest: float, hop: int) -> list[tuple[int, int]]:
    """Where sound sets in and where it ends, of what lies between rests of so many samples."""
    parts = np.split(loud, np.flatnonzero(np.diff(loud) - hop > rest) + 1)
    return [(int(part[0]), int(part[-1]) + hop) for part in parts if len(part)]


def _hop(sample_rate: int) -> int:
    return max(1, round(_HOP_S * sample_rate))
