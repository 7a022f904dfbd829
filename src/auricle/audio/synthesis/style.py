"""The seven traits a genre is described by; an artist has one of each."""

from dataclasses import dataclass

from auricle.audio.synthesis.drums import Kit

Range = tuple[float, float]


@dataclass(frozen=True)
class Groove:
    """Tempo in beats per minute, beats in a bar, and how far the off-beats are swung.

    `swing` is the share of a beat before its off-beat: 0.5 is straight, 0.667 a full triplet shuffle.
    `swung_sixteenths` moves the sixteenths instead of the eighths, as in hip hop.
    """

    tempo_bpm: Range
    metres: tuple[int, ...] = (4,)
    swing: Range = (0.5, 0.5)
    swung_sixteenths: bool = False
    looseness_s: float = 0.006


_PLAIN_KIT = Kit()


@dataclass(frozen=True)
class Drums:
    """Patterns of sixteen sixteenths per drum: `X` accent, `x` stroke, `o` ghost stroke, `.` rest."""

    patterns: tuple[dict[str, str], ...]
    kit: Kit = _PLAIN_KIT
    presence: float = 1.0
    fills: tuple[str, ...] = ("snare",)


@dataclass(frozen=True)
class Harmony:
    """Progressions, one chord a bar: semitones above the tonic, a colon, the quality."""

    major: tuple[str, ...]
    minor: tuple[str, ...]
    minor_share: float
    major_scale: str = "major"
    minor_scale: str = "minor"


@dataclass(frozen=True)
class Bass:
    """Patterns of sixteen sixteenths, in tones of the chord.

    `r` root, `3` third, `5` fifth, `6` sixth, `8` octave, `w` a walk to the next root, `-` held, `.` rest.
    """

    patterns: tuple[str, ...]
    voices: tuple[str, ...]
    lowest_midi: int = 31
    presence: float = 1.0


@dataclass(frozen=True)
class Chords:
    """Patterns of sixteen sixteenths: `X`, `x` the chord, `a` to `d` one of its tones, `-` held, `.` rest."""

    patterns: tuple[str, ...]
    voices: tuple[str, ...]
    centre_midi: int = 60
    presence: float = 1.0


@dataclass(frozen=True)
class Lead:
    """A melody: how often it moves, how far it leaps, how long it rests, and who plays it."""

    voices: tuple[str, ...]
    density: Range
    leap: float = 2.0
    centre_midi: int = 72
    sustain: float = 0.9
    presence: float = 0.85
    steps: int = 2


@dataclass(frozen=True)
class Mix:
    """How the parts are put together: levels in dB, room, brightness, width, noise."""

    drums_db: Range = (-3.0, 0.0)
    bass_db: Range = (-5.0, -2.0)
    chords_db: Range = (-8.0, -4.0)
    lead_db: Range = (-6.0, -2.0)
    reverb_s: Range = (0.4, 0.9)
    reverb_db: Range = (-22.0, -16.0)
    tilt_db: Range = (-1.0, 1.0)
    lowpass_hz: Range = (14000.0, 18000.0)
    width: Range = (0.4, 0.8)
    hiss_db: Range = (-80.0, -72.0)
    echo: Range = (0.0, 0.0)
    pump: Range = (0.0, 0.0)
    density: Range = (1.0, 1.6)


@dataclass(frozen=True)
class Style:
    """A genre: its seven traits, and the genres next to it that its artists borrow from."""

    groove: Groove
    drums: Drums
    harmony: Harmony
    bass: Bass
    chords: Chords
    lead: Lead
    mix: Mix
    neighbours: tuple[str, ...]


TRAITS = ("groove", "drums", "harmony", "bass", "chords", "lead", "mix")
