"""Altered copies of a recording, to learn from: another pitch, another tempo (by librosa), or noise."""

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator, model_validator

from auricle.audio.guard import GuardRow, Kind, read_guard
from auricle.errors import ConfigurationError
from auricle.params import Params

# Raised when the same parameters give other copies than before, so that no old store is read.
VERSION = 1

FloatArray = NDArray[np.float32]


class VariantParams(Params):
    """Whether altered copies of training recordings are kept or made while training, and how they differ."""

    mode: Literal["stored", "on_the_fly"] = Field(
        "stored",
        description="Copies are rendered once into a store, or each crop is altered while training.",
    )
    count: int = Field(
        0, ge=0, le=100, description="Of stored: altered copies of each training recording; 0 for none."
    )
    altered_share: float = Field(
        0.75, gt=0, le=1, description="Of on_the_fly: crops that are altered, as a share of all."
    )
    pitch_semitones: float = Field(
        2.0, ge=0, le=12, description="Higher or lower by up to this, at the same tempo; 0 does not."
    )
    stretch: tuple[float, float] = Field(
        (0.9, 1.1), description="Slowest and fastest tempo, at the same pitch; [1, 1] does not."
    )
    noise_snr_db: tuple[float, float] | None = Field(
        (20.0, 40.0), description="White noise, so many dB below the recording; null adds none."
    )
    seed: int = Field(0, ge=0, lt=2**32, description="Decides what is altered in which copy, and how far.")
    guard: dict[str, GuardRow] = Field(
        default_factory=dict,
        description="By label what must not be altered, and why, as {air: {exclude: [noise], why: a"
        " sentence}}; a label stands for all below it. Or a YAML that says so, or good_sounds, which comes"
        " with Auricle; null for none.",
    )

    @field_validator("guard", mode="before")
    @classmethod
    def _from_file(cls, value: object) -> object:
        if value is None:
            return {}
        try:
            return read_guard(Path(value)) if isinstance(value, str) else value
        except ConfigurationError as error:
            raise ValueError(str(error)) from error

    @model_validator(mode="after")
    def _can_be_drawn_from(self) -> Self:
        slowest, fastest = self.stretch
        if not 0.5 <= slowest <= fastest <= 2:
            raise ValueError(f"stretch {list(self.stretch)} must rise from slowest to fastest, in 0.5 to 2")
        if self.noise_snr_db is not None and not -20 <= self.noise_snr_db[0] <= self.noise_snr_db[1] <= 100:
            raise ValueError(
                f"noise_snr_db {list(self.noise_snr_db)} must rise from loudest to softest noise, within"
                " -20 to 100 dB"
            )
        if self.mode == "on_the_fly" and self.count:
            raise ValueError(
                f"count is {self.count}, but mode is on_the_fly, which keeps no copies: set count: 0, or"
                " mode: stored"
            )
        if self.enabled and not self.kinds:
            raise ValueError(
                f"mode is {self.mode} and count {self.count}, but pitch_semitones, stretch and noise_snr_db"
                " change nothing: allow one of them, or set mode: stored and count: 0"
            )
        return self

    @property
    def enabled(self) -> bool:
        """Whether trainings hear altered copies."""
        return self.mode == "on_the_fly" or self.count > 0

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """What a copy may differ in."""
        allowed: dict[Kind, bool] = {
            "pitch": self.pitch_semitones > 0,
            "stretch": self.stretch != (1, 1),
            "noise": self.noise_snr_db is not None,
        }
        return tuple(kind for kind, is_allowed in allowed.items() if is_allowed)

    def kinds_but(self, without: Collection[Kind]) -> tuple[Kind, ...]:
        """What a copy may differ in where these changes are not to be made."""
        return tuple(kind for kind in self.kinds if kind not in without)

    def digest(self, front_end_digest: str) -> str:
        """Names the store of the copies as a front end hears them, however they are made: 12 hex digits.

        The guard has no part in it: what it keeps from a copy is in the copy's own name there.
        """
        content = {
            "version": VERSION,
            "front_end": front_end_digest,
            **self.model_dump(mode="json", exclude={"mode", "count", "altered_share", "guard"}),
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Change:
    """What is different in one copy.

    Attributes:
        kind: what is changed.
        amount: semitones up, factor of the tempo, or dB of the recording above the noise.
        noise_seed: of the noise.
    """

    kind: Kind
    amount: float
    noise_seed: int

    def __str__(self) -> str:
        told = {
            "pitch": "pitch {:+.2f} semitones",
            "stretch": "tempo times {:.3f}",
            "noise": "noise {:.1f} dB below",
        }
        return told[self.kind].format(self.amount)

    @property
    def tempo(self) -> float:
        """How many times as fast it becomes."""
        return self.amount if self.kind == "stretch" else 1.0

    def __call__(self, samples: FloatArray, sample_rate: int) -> FloatArray:
        """Alter a mono waveform, float32 (n,); only another tempo changes its length."""
        if self.kind == "pitch":
            return shift_pitch(samples, sample_rate, self.amount)
        if self.kind == "stretch":
            return stretch_time(samples, self.amount)
        return add_noise(samples, self.amount, np.random.default_rng(self.noise_seed))


def change_of(
    params: VariantParams, recording_id: str, number: int, without: Collection[Kind] = ()
) -> Change:
    """What is different in copy `number`, from 1, of a recording: the same in any process and order.

    Nothing but the seed, the recording, the number and what is excluded enters, so that more copies, or
    recordings, leave those alone that are there.

    Args:
        params: what may be changed, and how far.
        recording_id: of the recording.
        number: of the copy.
        without: changes that must not be made to this recording; one at least has to be left.
    """
    of_recording = int.from_bytes(hashlib.sha256(recording_id.encode()).digest()[:8], "big")
    random = np.random.default_rng((params.seed, of_recording, number))
    kinds = params.kinds_but(without)
    kind = kinds[int(random.integers(len(kinds)))]
    ranges = {
        "pitch": (-params.pitch_semitones, params.pitch_semitones),
        "stretch": params.stretch,
        "noise": params.noise_snr_db or (0.0, 0.0),
    }
    return Change(kind, float(random.uniform(*ranges[kind])), int(random.integers(2**32)))


def shift_pitch(samples: FloatArray, sample_rate: int, semitones: float) -> FloatArray:
    """Higher by so many semitones, as long as before, float32 (n,)."""
    from librosa.effects import pitch_shift

    shifted: FloatArray = pitch_shift(samples, sr=sample_rate, n_steps=semitones, n_fft=_frame(len(samples)))
    return shifted.astype(np.float32, copy=False)


def stretch_time(samples: FloatArray, rate: float) -> FloatArray:
    """Faster by a factor, at the same pitch, float32 (round(n / rate),)."""
    from librosa.effects import time_stretch

    stretched: FloatArray = time_stretch(samples, rate=rate, n_fft=_frame(len(samples)))
    return stretched.astype(np.float32, copy=False)


def add_noise(samples: FloatArray, snr_db: float, random: np.random.Generator) -> FloatArray:
    """With white noise whose power lies so many dB below the mean power of the whole, float32 (n,)."""
    power = float(np.mean(np.square(samples, dtype=np.float64)))
    noise = random.standard_normal(len(samples), dtype=np.float32)
    return samples + noise * np.float32(np.sqrt(power / 10 ** (snr_db / 10)))


def _frame(samples: int) -> int:
    """librosa's own length of a transform, or a shorter one for what is shorter itself."""
    return min(2048, max(16, 1 << (samples.bit_length() - 1)))
