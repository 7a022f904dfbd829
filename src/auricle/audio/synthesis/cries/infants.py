"""Infants: what makes cries of one infant alike, whatever they are for."""

from dataclasses import dataclass

from auricle.audio.synthesis.cries.kinds import Traits, draw
from auricle.audio.synthesis.seeds import named_generator

# Resonances of a vocal tract of 7.5 cm, closed at the glottis: a third of an adult's length, thrice as high.
FORMANTS_HZ = (1150.0, 3450.0, 5750.0)


@dataclass(frozen=True)
class Infant:
    """An infant in its room, before its telephone.

    Attributes:
        seed, number: of which it follows, and the echo of its room.
        hz: usual pitch; 300 to 560 Hz.
        formants: (centre in Hz, width in Hz, gain) of each resonance.
        habits: how its cries differ from other infants', whatever their kind.
        decay_s: time by which the room has faded by 60 dB.
        room_db: level of the room beside the direct sound.
        bumps: (centre in Hz, dB) of the microphone's response, each about an octave wide.
        floor_db: level of the noise of room and electronics below the cry.
    """

    seed: int
    number: int
    hz: float
    formants: tuple[tuple[float, float, float], ...]
    habits: Traits
    decay_s: float
    room_db: float
    bumps: tuple[tuple[float, float], ...]
    floor_db: float


def make_infant(seed: int, number: int) -> Infant:
    """The infant of that number; depends on these two alone."""
    rng = named_generator(seed, "infant", number)
    size = 2.0 ** rng.uniform(-0.25, 0.25)
    return Infant(
        seed=seed,
        number=number,
        hz=float(300 * (560 / 300) ** rng.random()),
        formants=tuple(
            (float(size * hz * 2.0 ** rng.normal(0, 0.06)), rng.uniform(180, 420), rng.uniform(0.5, 1.2))
            for hz in FORMANTS_HZ
        ),
        habits=draw(rng, 0.5),
        decay_s=rng.uniform(0.2, 0.7),
        room_db=rng.uniform(-24, -8),
        bumps=tuple((float(2 ** rng.uniform(7.5, 12.5)), float(rng.uniform(-6, 6))) for _ in range(3)),
        floor_db=rng.uniform(-52, -28),
    )
