"""Drums and percussion in numpy: each stroke is rendered once per clip and repeated."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.signal import butter, sosfilt

from auricle.audio.synthesis.instruments import SAMPLE_RATE


@dataclass(frozen=True)
class Hit:
    """One stroke: onset in seconds, the drum's name, velocity from 0 to 1."""

    onset_s: float
    drum: str
    velocity: float


@dataclass(frozen=True)
class Kit:
    """How a drum kit is tuned and played.

    Attributes:
        kick_hz: pitch that the kick settles on.
        kick_decay_s: how long it rings; long is a drum machine's boom.
        click: level of the beater.
        snare_hz: pitch of the snare's shell.
        snare_noise: level of the wires against the shell.
        snare_decay_s: how long they rattle.
        bright: brightness of cymbals and wires, 1 is neutral.
        drive: saturation of the kit, 0 is clean.
    """

    kick_hz: float = 55.0
    kick_decay_s: float = 0.18
    click: float = 0.3
    snare_hz: float = 190.0
    snare_noise: float = 0.8
    snare_decay_s: float = 0.12
    bright: float = 1.0
    drive: float = 0.0


Stroke = Callable[[Kit, np.random.Generator], np.ndarray]


def _time(seconds: float) -> np.ndarray:
    return np.arange(int(seconds * SAMPLE_RATE), dtype=np.float32) / SAMPLE_RATE


def _noise(time: np.ndarray, low: float, high: float, rng: np.random.Generator) -> np.ndarray:
    band = butter(2, [low, min(high, 20000.0)], "bandpass", fs=SAMPLE_RATE, output="sos")
    noise = sosfilt(band, rng.standard_normal(len(time), dtype=np.float32))
    return np.asarray(noise / (np.std(noise) + 1e-9), dtype=np.float32)


def _sweep(time: np.ndarray, start: float, end: float, fall_s: float) -> np.ndarray:
    """A sine that falls from one pitch to another: the skin of a drum just struck."""
    cycles = end * time + (start - end) * fall_s * (1.0 - np.exp(-time / fall_s))
    return np.asarray(np.sin(2.0 * np.pi * cycles), dtype=np.float32)


def _kick(kit: Kit, rng: np.random.Generator) -> np.ndarray:
    time = _time(min(1.0, kit.kick_decay_s * 5))
    skin = _sweep(time, kit.kick_hz * 3.2, kit.kick_hz, 0.022) * np.exp(-time / kit.kick_decay_s)
    return np.asarray(skin + kit.click * 0.5 * _noise(time, 1500, 6000, rng) * np.exp(-time / 0.005))


def _snare(kit: Kit, rng: np.random.Generator) -> np.ndarray:
    time = _time(0.45)
    shell = _sweep(time, kit.snare_hz * 1.6, kit.snare_hz, 0.02) * np.exp(-time / 0.07)
    wires = _noise(time, 900, 7500 * kit.bright, rng) * np.exp(-time / kit.snare_decay_s)
    return np.asarray(0.6 * shell + 0.45 * kit.snare_noise * wires)


def _clap(kit: Kit, rng: np.random.Generator) -> np.ndarray:
    time = _time(0.35)
    hands = sum(np.where(time >= t, np.exp(-(time - t) / 0.006), 0.0) for t in (0.0, 0.011, 0.021))
    return np.asarray(0.4 * _noise(time, 800, 3500 * kit.bright, rng) * (hands + 0.6 * np.exp(-time / 0.09)))


def _rim(kit: Kit, rng: np.random.Generator) -> np.ndarray:
    time = _time(0.08)
    wood = np.sin(2 * np.pi * 1650 * time) + 0.7 * np.sin(2 * np.pi * 520 * time)
    return np.asarray(
        0.5 * wood * np.exp(-time / 0.012) + 0.2 * _noise(time, 2000, 8000, rng) * np.exp(-time / 0.004)
    )


def _metal(time: np.ndarray, kit: Kit, rng: np.random.Generator) -> np.ndarray:
    """The clang of a cymbal: inharmonic partials below, noise above."""
    partials = rng.uniform(2400, 9000, 14).astype(np.float32)
    tone = np.sin(2 * np.pi * partials[:, None] * time + rng.uniform(0, 6.28, (14, 1))).sum(axis=0) / 4.0
    return np.asarray(0.5 * tone + 0.8 * _noise(time, 5500, 11000 * kit.bright + 2000, rng), dtype=np.float32)


def _hat(kit: Kit, rng: np.random.Generator) -> np.ndarray:
    time = _time(0.12)
    return np.asarray(0.28 * _metal(time, kit, rng) * np.exp(-time / (0.022 * kit.bright)))


def _open_hat(kit: Kit, rng: np.random.Generator) -> np.ndarray:
    time = _time(0.5)
    return np.asarray(0.25 * _metal(time, kit, rng) * np.exp(-time / 0.13))


def _ride(kit: Kit, rng: np.random.Generator) -> np.ndarray:
    time = _time(0.9)
    ping = np.sin(2 * np.pi * 3150 * time) + 0.6 * np.sin(2 * np.pi * 4710 * time)
    wash = 0.10 * _metal(time, kit, rng) * np.exp(-time / 0.3)
    return np.asarray(wash + 0.16 * ping * np.exp(-time / 0.09))


def _crash(kit: Kit, rng: np.random.Generator) -> np.ndarray:
    time = _time(1.4)
    return np.asarray(0.3 * _metal(time, kit, rng) * np.exp(-time / 0.5))


def _brush(kit: Kit, rng: np.random.Generator) -> np.ndarray:
    time = _time(0.3)
    return np.asarray(0.16 * _noise(time, 1500, 6500 * kit.bright, rng) * np.sin(np.pi * time / 0.3) ** 2)


def _shaker(kit: Kit, rng: np.random.Generator) -> np.ndarray:
    time = _time(0.11)
    return np.asarray(0.16 * _noise(time, 4500, 9500 * kit.bright, rng) * np.sin(np.pi * time / 0.11) ** 2)


def _tambourine(kit: Kit, rng: np.random.Generator) -> np.ndarray:
    time = _time(0.25)
    return np.asarray(0.22 * _metal(time, kit, rng) * np.exp(-time / 0.05))


def _tom(kit: Kit, rng: np.random.Generator) -> np.ndarray:
    time = _time(0.5)
    return np.asarray(0.9 * _sweep(time, kit.kick_hz * 3.0, kit.kick_hz * 1.9, 0.05) * np.exp(-time / 0.16))


def _timpani(kit: Kit, rng: np.random.Generator) -> np.ndarray:
    time = _time(1.2)
    skin = _sweep(time, 92, 82, 0.05) + 0.5 * _sweep(time, 138, 123, 0.05)
    return np.asarray(
        0.6 * skin * np.exp(-time / 0.45) + 0.05 * _noise(time, 200, 900, rng) * np.exp(-time / 0.03)
    )


def _conga(kit: Kit, rng: np.random.Generator) -> np.ndarray:
    time = _time(0.3)
    return np.asarray(0.6 * _sweep(time, 340, 265, 0.015) * np.exp(-time / 0.09))


STROKES: dict[str, Stroke] = {
    "kick": _kick, "snare": _snare, "clap": _clap, "rim": _rim, "hat": _hat, "open_hat": _open_hat,
    "ride": _ride, "crash": _crash, "brush": _brush, "shaker": _shaker, "tambourine": _tambourine,
    "tom": _tom, "timpani": _timpani, "conga": _conga,
}  # fmt: skip


def render_drums(kit: Kit, hits: Sequence[Hit], n: int, rng: np.random.Generator) -> np.ndarray:
    """All strokes of a kit, float32 ``(n,)`` at `SAMPLE_RATE`."""
    out = np.zeros(n, dtype=np.float32)
    # In the order of the table, so that a stroke's noise does not depend on which comes first in the music.
    used = {hit.drum for hit in hits}
    strokes = {name: stroke(kit, rng).astype(np.float32) for name, stroke in STROKES.items() if name in used}
    for hit in hits:
        start = int(hit.onset_s * SAMPLE_RATE)
        sound = strokes[hit.drum][: max(0, n - start)]
        out[start : start + len(sound)] += hit.velocity * sound
    return np.tanh(out * (1.0 + kit.drive)) / (1.0 + kit.drive) ** 0.5 if kit.drive else out
