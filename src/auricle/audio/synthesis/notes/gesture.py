"""What a player does during one note, as curves over time; and how a good player does it."""

from dataclasses import dataclass, field

import numpy as np

from auricle.audio.synthesis.notes.curves import Curve, wander
from auricle.audio.synthesis.notes.instruments import Instrument
from auricle.audio.synthesis.notes.players import Player


@dataclass(frozen=True)
class Colour:
    """What a fault changes in the whole spectrum of a note, apart from its tilt.

    Attributes:
        resonances: further formants, as in `Instrument`.
        fundamental_db: gain of the first harmonic.
        even: amplitude of even harmonics, None for the instrument's own.
    """

    resonances: tuple[tuple[float, float, float], ...] = ()
    fundamental_db: float = 0.0
    even: float | None = None


@dataclass(frozen=True)
class Second:
    """Another pitch that sounds for a while.

    Attributes:
        ratio: to the note's own frequency.
        weight: amplitude over time.
        replaces: whether the note's own pitch gives way to it (a crack), or both sound and modulate each
            other (a multiphonic).
    """

    ratio: float
    weight: Curve
    replaces: bool


@dataclass(frozen=True)
class Gesture:
    """Everything that changes during a note. Curves have a value each `curves.STEP` samples.

    Attributes:
        time: in seconds, from the start of the file.
        start_s: where sound begins.
        delay_s: from there to where the tone begins.
        rise_s: from there to full level.
        stop_s: where the player stops.
        fall_s: how long the sound takes to die away.
        cents: pitch above the note's own.
        level_db: level above the dynamic's own; brightness follows it.
        tilt_db: brightness above the dynamic's own, in dB per octave, at the same level.
        inside_db, outside_db: noise in the sound and beside it, relative to the tone.
        puff: amplitude of noise that comes before or without the tone, relative to the tone.
        blip: amplitude of a tone before the tone.
        crack: to which multiple of its pitch this instrument breaks.
        second: another pitch, if any.
        colour: of the whole spectrum.
    """

    time: Curve
    start_s: float
    rise_s: float
    stop_s: float
    fall_s: float
    cents: Curve
    level_db: Curve
    tilt_db: Curve
    inside_db: Curve
    outside_db: Curve
    puff: Curve
    blip: Curve
    crack: float
    delay_s: float = 0.0
    second: Second | None = None
    colour: Colour = field(default_factory=Colour)

    @property
    def sounding_s(self) -> float:
        """From the first sound to where the player stops."""
        return self.stop_s - self.start_s


def good_gesture(
    instrument: Instrument,
    player: Player,
    time: Curve,
    rng: np.random.Generator,
    *,
    midi: int,
    loudness: float,
) -> Gesture:
    """A note as a good player plays it: with a little of everything that is a fault where there is more.

    Args:
        instrument: what is played.
        player: by whom.
        time: points of the curves.
        rng: decides.
        midi: pitch; low notes speak later.
        loudness: 0 (pp) to 1 (ff); loud notes speak sooner.
    """
    total = float(time[-1])
    start = min(rng.uniform(0.015, 0.05), 0.1 * total)
    fall = min(instrument.release_s * rng.uniform(0.8, 1.25), 0.3 * total)
    low = (sum(instrument.pitches) / 2 - midi) / 12
    rise = instrument.attack_s * player.attack * 2.0 ** (0.4 * low + 0.8 * (0.5 - loudness))
    rise = min(rise * 2.0 ** rng.uniform(-0.35, 0.35), 0.3 * total)
    stop = total - fall - min(rng.uniform(0.0, 0.08), 0.08 * total)
    unsteady = player.steadiness
    since = time - start
    wave, depth = _vibrato(instrument, player, since, total, rng)
    scoop = -rng.uniform(0, 14) * np.exp(-np.clip(since, 0, None) / 0.05)
    slope = rng.uniform(-1.2, 1.2) * (since / total - 0.5)
    level = slope + 0.35 * unsteady * wander(time, 2.0, rng) + instrument.vibrato[1] * depth * wave
    return Gesture(
        time=time,
        start_s=start,
        rise_s=rise,
        stop_s=stop,
        fall_s=fall,
        cents=instrument.vibrato[0] * depth * wave + 2.5 * unsteady * wander(time, 1.5, rng) + scoop,
        level_db=level,
        tilt_db=player.tilt_db + rng.normal(0, 0.4) + 0.3 * unsteady * wander(time, 2.0, rng),
        inside_db=np.full_like(
            time, instrument.noise_db + player.noise_db + 6 * (0.5 - loudness) + rng.normal(0, 1.5)
        ),
        outside_db=np.full_like(time, instrument.hiss_db + player.noise_db + rng.normal(0, 1.5)),
        puff=np.zeros_like(time),
        blip=np.zeros_like(time),
        crack=instrument.crack,
    )


def _vibrato(
    instrument: Instrument, player: Player, since: Curve, total: float, rng: np.random.Generator
) -> tuple[Curve, Curve]:
    """An even wave, and its depth over time: it sets in after the attack."""
    onset = rng.uniform(0.1, 0.35)
    depth = player.vibrato * rng.uniform(0.5, 1.2) * np.clip((since - onset) / 0.25, 0, 1)
    rate = player.vibrato_hz * (1 + 0.02 * wander(since, 1.0, rng))
    phase = np.cumsum(rate) * (since[1] - since[0]) + rng.random()
    return np.sin(2 * np.pi * phase), depth
