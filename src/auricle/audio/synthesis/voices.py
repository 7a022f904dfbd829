"""The pitched instruments, as data: what a `Voice` sounds like is all in its fields."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Voice:
    """A pitched instrument: a harmonic spectrum, how it opens and fades, and how it is played.

    Attributes:
        slope: amplitude of harmonic n is n ** -slope, so 1 is a sawtooth.
        even: factor on the even harmonics; 0 is hollow like a square wave or a clarinet.
        cutoff_hz: above it the spectrum falls by a further 12 dB per octave.
        formants: resonances as (centre in Hz, width in Hz, gain).
        attack_s: time to full amplitude of the lowest harmonics.
        bloom: how much slower the high harmonics come in than the low ones (brass opens like that).
        decay_s: time constant of the fading; 0 holds the note as long as it is played.
        damping: how much faster the high harmonics fade than the low ones (strings and mallets).
        release_s: time to silence after the note's end.
        vibrato_cents: depth of the vibrato, at `vibrato_hz`.
        detune_cents: spread of the copies sounding together, as in a section; 0 is one player.
        breath: level of the noise of bow, breath or plectrum.
        drive: overdrive of the whole part, 0 is clean.
        cabinet_hz: low-pass after the overdrive, as of a loudspeaker cabinet.
        traits: what is true of every recording of it, for the tags.
    """

    slope: float = 1.0
    even: float = 1.0
    cutoff_hz: float = 6000.0
    formants: tuple[tuple[float, float, float], ...] = ()
    attack_s: float = 0.005
    bloom: float = 0.0
    decay_s: float = 0.0
    damping: float = 0.0
    release_s: float = 0.06
    vibrato_hz: float = 5.5
    vibrato_cents: float = 0.0
    detune_cents: float = 0.0
    breath: float = 0.0
    drive: float = 0.0
    cabinet_hz: float = 20000.0
    traits: frozenset[str] = frozenset()


_ACOUSTIC = frozenset({"acoustic"})
_VOCAL = frozenset({"acoustic", "vocal"})
_ELECTRIC = frozenset({"electric"})
_DISTORTED = frozenset({"electric", "distorted"})
_ELECTRONIC = frozenset({"electric", "synthetic"})

_AH = ((730.0, 130.0, 6.0), (1090.0, 160.0, 3.5), (2440.0, 250.0, 2.0), (3400.0, 400.0, 1.0))
_EH = ((530.0, 110.0, 6.0), (1840.0, 220.0, 3.0), (2480.0, 260.0, 2.0), (3500.0, 400.0, 0.8))
_OH = ((500.0, 110.0, 6.0), (880.0, 140.0, 3.0), (2540.0, 300.0, 0.7))
_BODY = ((190.0, 90.0, 1.2), (420.0, 150.0, 0.8), (2200.0, 900.0, 0.5))
_REED = ((650.0, 250.0, 2.0), (1350.0, 350.0, 1.5), (2900.0, 700.0, 0.8))
_BRASSY = ((1200.0, 500.0, 1.5), (2300.0, 800.0, 1.0))

VOICES: dict[str, Voice] = {
    # Basses.
    "upright_bass": Voice(
        1.5, 0.9, 900, _BODY, 0.012, decay_s=0.55, damping=0.8, breath=0.06, traits=_ACOUSTIC
    ),
    "finger_bass": Voice(1.3, 0.8, 1200, attack_s=0.006, decay_s=1.4, damping=0.5, traits=_ELECTRIC),
    "pick_bass": Voice(
        0.9, 0.9, 2600, decay_s=1.6, damping=0.5, breath=0.08, drive=1.5, cabinet_hz=3800, traits=_ELECTRIC
    ),
    "dub_bass": Voice(2.1, 0.6, 380, attack_s=0.012, decay_s=2.2, damping=0.3, traits=_ELECTRIC),
    "sub_bass": Voice(3.2, 0.3, 240, attack_s=0.008, decay_s=1.1, release_s=0.1, traits=_ELECTRONIC),
    "saw_bass": Voice(1.0, 1.0, 1300, decay_s=0.35, damping=1.2, detune_cents=7, traits=_ELECTRONIC),
    "cello_bass": Voice(
        1.1,
        1.0,
        2200,
        _BODY,
        0.07,
        0.5,
        vibrato_cents=7,
        detune_cents=6,
        breath=0.03,
        release_s=0.15,
        traits=_ACOUSTIC,
    ),
    # Chord instruments.
    "steel_guitar": Voice(
        0.9, 0.95, 5200, _BODY, 0.003, decay_s=1.1, damping=0.9, breath=0.10, traits=_ACOUSTIC
    ),
    "nylon_guitar": Voice(
        1.3, 0.9, 3000, _BODY, 0.004, decay_s=0.8, damping=1.0, breath=0.05, traits=_ACOUSTIC
    ),
    "piano": Voice(
        1.25, 0.95, 4200, attack_s=0.004, decay_s=1.3, damping=0.8, detune_cents=1.5, traits=_ACOUSTIC
    ),
    "electric_piano": Voice(2.0, 0.5, 2400, attack_s=0.004, decay_s=1.5, damping=1.5, traits=_ELECTRIC),
    "organ": Voice(0.75, 0.8, 2600, vibrato_hz=6.4, vibrato_cents=9, detune_cents=4, traits=_ELECTRIC),
    "clean_guitar": Voice(1.1, 0.9, 3600, attack_s=0.003, decay_s=0.7, damping=0.8, traits=_ELECTRIC),
    "skank_guitar": Voice(
        0.9, 1.0, 4800, attack_s=0.002, decay_s=0.16, damping=0.5, breath=0.08, traits=_ELECTRIC
    ),
    "crunch_guitar": Voice(
        1.0, 1.0, 4000, decay_s=1.4, damping=0.5, drive=3.0, cabinet_hz=4200, traits=_DISTORTED
    ),
    "heavy_guitar": Voice(
        0.9,
        1.0,
        5000,
        decay_s=2.0,
        damping=0.2,
        detune_cents=6,
        drive=14.0,
        cabinet_hz=5200,
        traits=_DISTORTED,
    ),
    "string_section": Voice(
        1.0,
        1.0,
        4200,
        _BODY,
        0.09,
        0.6,
        vibrato_cents=9,
        detune_cents=9,
        breath=0.03,
        release_s=0.22,
        traits=_ACOUSTIC,
    ),
    "synth_pad": Voice(1.2, 1.0, 2000, attack_s=0.16, detune_cents=14, release_s=0.35, traits=_ELECTRONIC),
    "saw_stack": Voice(
        0.8, 1.0, 5600, decay_s=0.5, damping=0.8, detune_cents=18, release_s=0.1, traits=_ELECTRONIC
    ),
    # Leads.
    "harmonica": Voice(
        0.8,
        0.9,
        4200,
        _REED,
        0.03,
        0.4,
        vibrato_hz=5,
        vibrato_cents=14,
        detune_cents=3,
        breath=0.05,
        traits=_ACOUSTIC,
    ),
    "saxophone": Voice(
        1.0, 0.85, 4600, _REED, 0.035, 0.6, vibrato_hz=5, vibrato_cents=16, breath=0.05, traits=_ACOUSTIC
    ),
    "trumpet": Voice(0.7, 1.0, 4800, _BRASSY, 0.03, 1.2, vibrato_cents=8, breath=0.02, traits=_ACOUSTIC),
    "flute": Voice(2.0, 0.7, 3600, (), 0.05, 0.3, vibrato_cents=14, breath=0.16, traits=_ACOUSTIC),
    "violin": Voice(
        0.9,
        1.0,
        5600,
        _BODY,
        0.05,
        0.5,
        vibrato_hz=6,
        vibrato_cents=22,
        breath=0.04,
        release_s=0.12,
        traits=_ACOUSTIC,
    ),
    "lead_guitar": Voice(
        0.9,
        1.0,
        5000,
        decay_s=2.4,
        damping=0.2,
        vibrato_cents=18,
        drive=8.0,
        cabinet_hz=5000,
        traits=_DISTORTED,
    ),
    "blues_guitar": Voice(
        1.1,
        0.9,
        3600,
        decay_s=1.2,
        damping=0.5,
        vibrato_cents=22,
        drive=2.5,
        cabinet_hz=4200,
        traits=_DISTORTED,
    ),
    "square_lead": Voice(0.9, 0.15, 4200, decay_s=0.3, damping=0.6, detune_cents=5, traits=_ELECTRONIC),
    "singer": Voice(
        1.0, 1.0, 5000, _AH, 0.05, 0.3, vibrato_cents=24, breath=0.03, release_s=0.1, traits=_VOCAL
    ),
    "crooner": Voice(
        1.2, 1.0, 4200, _OH, 0.06, 0.3, vibrato_cents=28, breath=0.03, release_s=0.1, traits=_VOCAL
    ),
    "rapper": Voice(0.9, 1.0, 5400, _EH, 0.012, breath=0.10, decay_s=0.22, release_s=0.03, traits=_VOCAL),
    "growler": Voice(
        0.4,
        1.0,
        5000,
        _OH,
        0.02,
        breath=0.8,
        drive=4.0,
        cabinet_hz=4600,
        traits=frozenset({"vocal", "distorted"}),
    ),
}
