"""From the instrument to the file: room, microphone, noise of both, and level."""

import numpy as np
import numpy.typing as npt
from scipy import fft

from auricle.audio.synthesis.notes.curves import SAMPLE_RATE, amplitude
from auricle.audio.synthesis.notes.players import Session
from auricle.audio.synthesis.seeds import named_generator

ROOM_S = 0.35
# Where an engineer would turn the gain down.
PEAK = 0.89
_FADE_S = 0.006
# Level of the sustained tone at each marking, in dBFS: low enough for bursts in the attack.
DYNAMICS: dict[str, float] = {"pp": -42.0, "p": -37.5, "mf": -33.0, "f": -28.5, "ff": -24.0}
Samples = npt.NDArray[np.float32]
Response = npt.NDArray[np.complex128]


def session_response(session: Session, seed: int, padded: int) -> Response:
    """Response of room and microphone at the frequencies of an `rfft` of that length.

    The room is the direct sound and noise that fades exponentially; the microphone has broad bumps.
    """
    n = int(ROOM_S * SAMPLE_RATE)
    rng = named_generator(seed, *session.seed_names, "room")
    time = np.arange(n) / SAMPLE_RATE
    tail = rng.standard_normal(n) * np.exp(-6.91 * time / session.decay_s)
    tail[: int(0.004 * SAMPLE_RATE)] = 0.0
    room = tail * (amplitude(session.room_db) / np.sqrt(np.sum(tail**2)))
    room[0] += 1.0
    frequency = fft.rfftfreq(padded, 1 / SAMPLE_RATE)
    octaves = np.log2(np.maximum(frequency, 20.0))
    bumps = sum(db * np.exp(-2 * (octaves - np.log2(hz)) ** 2) for hz, db in session.bumps)
    return np.asarray(fft.rfft(room, padded) * amplitude(bumps))


def record(
    body: npt.NDArray[np.float32],
    beside: npt.NDArray[np.float32],
    body_response: Response,
    recorded: Response,
    *,
    session: Session,
    level_dbfs: float,
    rng: np.random.Generator,
) -> Samples:
    """What the file holds, float32 ``(n,)``, never beyond `PEAK`.

    Args:
        body: what passes the body, float32 ``(n,)``, at a power of 1.
        beside: what does not.
        body_response: at the frequencies of an `rfft` longer than the sound and the room's fading together.
        recorded: of room and microphone, at the same.
        session: for its noise.
        level_dbfs: of the tone.
        rng: decides on the noise.
    """
    padded = 2 * (len(recorded) - 1)
    spectrum = fft.rfft(body, padded) * body_response + fft.rfft(beside, padded)
    sound = fft.irfft(spectrum * recorded, padded)[: len(body)] * amplitude(level_dbfs)
    sound += amplitude(session.floor_dbfs) * rng.standard_normal(len(body))
    fade = np.clip(np.arange(len(body)) / (_FADE_S * SAMPLE_RATE), 0, 1)
    sound *= fade * fade[::-1]
    return np.asarray(sound * min(1.0, PEAK / float(np.abs(sound).max())), dtype=np.float32)
