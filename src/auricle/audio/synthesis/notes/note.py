"""One note: what is drawn for it, and its sound."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import fft

from auricle.audio.synthesis.notes.curves import SAMPLE_RATE, amplitude, points, to_samples
from auricle.audio.synthesis.notes.faults import FAULTS
from auricle.audio.synthesis.notes.gesture import Gesture, good_gesture
from auricle.audio.synthesis.notes.instruments import INSTRUMENTS, Instrument
from auricle.audio.synthesis.notes.labels import GOOD, Label
from auricle.audio.synthesis.notes.noise import hiss, inner_noise
from auricle.audio.synthesis.notes.params import InstrumentName
from auricle.audio.synthesis.notes.players import SESSIONS, Player, make_player, make_session
from auricle.audio.synthesis.notes.recording import DYNAMICS, ROOM_S, record, session_response
from auricle.audio.synthesis.notes.spectrum import body_response, make_spectrum
from auricle.audio.synthesis.notes.strength import Strength
from auricle.audio.synthesis.notes.tone import envelope, render_tone
from auricle.audio.synthesis.seeds import named_generator

# Pianissimo and fortissimo are asked for less often than what lies between.
_DYNAMIC_SHARES = (0.12, 0.22, 0.32, 0.22, 0.12)
_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")


@dataclass(frozen=True)
class Note:
    """A note of the corpus; everything about it follows from these.

    The label and its strength change nothing of what is drawn for the rest, so that two notes that differ in
    these alone are the same note with and without a fault.

    Attributes:
        seed: of the corpus.
        instrument: which plays.
        player_number: from 0.
        take: which of the player's notes.
        duration_s: of the file.
        label: what is wrong with it, or `good-sound`.
        strength: how strong the fault is, from 0 (hardly heard) to 1 (gross).
    """

    seed: int
    instrument: InstrumentName
    player_number: int
    take: int
    duration_s: float
    label: Label
    strength: float

    def generator(self, what: str) -> np.random.Generator:
        """A generator for one part of the note, the same for all labels and durations."""
        return named_generator(self.seed, what, self.instrument, self.player_number, self.take)

    @property
    def session_number(self) -> int:
        """In which of the player's sessions it was recorded."""
        return self.take % SESSIONS


@dataclass(frozen=True)
class Played:
    """A note as it is played.

    Attributes:
        note: which.
        midi: its pitch, 69 for 440 Hz.
        hz: its frequency in the player's tuning, before vibrato and drift.
        dynamic: pp to ff.
        loudness: the same, from 0 to 1.
        gesture: what the player does.
        strength: of the fault, None in a good sound.
    """

    note: Note
    midi: int
    hz: float
    dynamic: str
    loudness: float
    player: Player
    gesture: Gesture
    strength: Strength | None

    @property
    def name(self) -> str:
        """Of the pitch, such as `C#`."""
        return _NAMES[self.midi % 12]

    @property
    def octave(self) -> int:
        """Of the pitch, 4 from middle C on."""
        return self.midi // 12 - 1

    def render(self) -> npt.NDArray[np.float32]:
        """The sound, float32 ``(n,)`` at 22,050 Hz."""
        note, gesture = self.note, self.gesture
        instrument = INSTRUMENTS[note.instrument]
        samples = round(note.duration_s * SAMPLE_RATE)
        padded = fft.next_fast_len(samples + int(ROOM_S * SAMPLE_RATE), real=True)
        padded += padded % 2
        body = body_response(instrument, gesture.colour, fft.rfftfreq(padded, 1 / SAMPLE_RATE))
        session = make_session(note.seed, note.instrument, note.player_number, note.session_number)
        inside, beside = self._noises(instrument, body, samples)
        return record(
            self._tone(instrument, samples) + inside,
            beside,
            body,
            session_response(session, note.seed, padded),
            session=session,
            level_dbfs=DYNAMICS[self.dynamic] + self.player.level_db,
            rng=note.generator("floor"),
        )

    def _tone(self, instrument: Instrument, samples: int) -> npt.NDArray[np.float32]:
        gesture, other = self.gesture, None
        spectrum = make_spectrum(instrument, self.hz, self.loudness, gesture.colour)
        if gesture.second is not None:
            hz = self.hz * gesture.second.ratio
            other = make_spectrum(instrument, hz, self.loudness, gesture.colour)
        return render_tone(gesture, instrument, spectrum, other, samples)

    def _noises(
        self, instrument: Instrument, body: npt.NDArray[np.complex128], samples: int
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        gesture = self.gesture
        # Turbulence grows more slowly than the tone, so it is heard before it and, in soft passages, more.
        swell = (envelope(gesture, instrument.family) * amplitude(gesture.level_db)) ** 0.7
        within = to_samples(swell * amplitude(gesture.inside_db) + gesture.puff, samples)
        without = to_samples(swell * amplitude(gesture.outside_db), samples)
        noise = inner_noise(self.hz, instrument.family, body, self.note.generator("noise"))
        open_noise = hiss(len(body), self.note.generator("hiss"))
        return within * noise[:samples], without * open_noise[:samples]


def play(note: Note) -> Played:
    """Draw everything about a note but its sound."""
    rng = note.generator("note")
    instrument = INSTRUMENTS[note.instrument]
    player = make_player(note.seed, note.instrument, note.player_number)
    midi = int(rng.integers(instrument.pitches[0], instrument.pitches[1] + 1))
    place = int(rng.choice(len(DYNAMICS), p=_DYNAMIC_SHARES))
    loudness = place / (len(DYNAMICS) - 1)
    hz = 440.0 * 2.0 ** ((midi - 69 + (player.cents + rng.normal(0, 2)) / 100) / 12)
    time = points(round(note.duration_s * SAMPLE_RATE))
    gesture = good_gesture(instrument, player, time, rng, midi=midi, loudness=loudness)
    strength = None
    if note.label != GOOD:
        gesture, strength = FAULTS[note.label](gesture, note.strength, note.generator("fault"))
    return Played(note, midi, float(hz), tuple(DYNAMICS)[place], loudness, player, gesture, strength)
