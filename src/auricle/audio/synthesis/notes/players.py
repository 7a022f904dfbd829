"""Players and their sessions: what makes notes of one player alike, whatever their quality."""

from dataclasses import dataclass

import numpy as np

from auricle.audio.synthesis.seeds import named_generator

SESSIONS = 2


@dataclass(frozen=True)
class Player:
    """A player's habits, the same for all notes.

    Attributes:
        tilt_db: how much brighter than the instrument's mean, in dB per octave.
        cents: how sharp the player is tuned.
        vibrato_hz: 5 to 6.3 Hz, where listeners like it (Fletcher & Rossing give 5 to 6 Hz for most players).
        vibrato: share of the instrument's usual vibrato.
        noise_db: how much more breath or bow than usual.
        attack: factor of the usual attack time.
        level_db: how much louder than others at the same marking.
        steadiness: factor of the usual unsteadiness of pitch, level and timbre.
    """

    tilt_db: float
    cents: float
    vibrato_hz: float
    vibrato: float
    noise_db: float
    attack: float
    level_db: float
    steadiness: float


@dataclass(frozen=True)
class Session:
    """Room and microphone of a recording session.

    Attributes:
        seed_names: of the room's impulse response.
        decay_s: time by which the room has faded by 60 dB.
        room_db: level of the room beside the direct sound.
        bumps: (centre in Hz, dB) of the microphone's response, each about an octave wide.
        floor_dbfs: level of the noise of room and electronics.
    """

    seed_names: tuple[str | int, ...]
    decay_s: float
    room_db: float
    bumps: tuple[tuple[float, float], ...]
    floor_dbfs: float


def make_player(seed: int, instrument: str, number: int) -> Player:
    """The player of that number; depends on these three alone."""
    rng = named_generator(seed, "player", instrument, number)
    return Player(
        tilt_db=float(np.clip(rng.normal(0, 0.8), -1.6, 1.6)),
        cents=float(np.clip(rng.normal(0, 4), -9, 9)),
        vibrato_hz=rng.uniform(5.0, 6.3),
        vibrato=rng.uniform(0.2, 1.4),
        noise_db=rng.uniform(-4, 4),
        attack=2.0 ** rng.uniform(-0.5, 0.5),
        level_db=rng.uniform(-2, 2),
        steadiness=2.0 ** rng.uniform(-0.7, 0.7),
    )


def make_session(seed: int, instrument: str, number: int, session: int) -> Session:
    """One of a player's sessions."""
    names = ("session", instrument, number, session)
    rng = named_generator(seed, *names)
    return Session(
        seed_names=names,
        decay_s=rng.uniform(0.2, 0.6),
        room_db=rng.uniform(-26, -14),
        bumps=tuple((float(2 ** rng.uniform(7, 13)), float(rng.uniform(-3, 3))) for _ in range(3)),
        floor_dbfs=rng.uniform(-80, -66),
    )
