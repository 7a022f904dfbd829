"""Twelve instruments: their ranges, the spectrum that drives them, their resonances and their habits.

Where the figures come from: Fletcher & Rossing, The Physics of Musical Instruments (2nd ed., Springer 1998),
for the kind of spectrum, the cut-off of tone holes and the brightening of brass; Meyer, Acoustics and the
Performance of Music (5th ed., Springer 2009), for ranges, formants and the order of attack times. They are
rounded and belong to no instrument in particular: what matters is that families differ as real ones do.
"""

from dataclasses import dataclass

from auricle.audio.synthesis.notes.labels import Family
from auricle.audio.synthesis.notes.params import InstrumentName


@dataclass(frozen=True)
class Drive:
    """The spectrum of what drives an instrument: string, reed, lips or air jet.

    Attributes:
        slope_db: how it falls at mf, in dB per octave of harmonic number.
        brightening_db: by how many dB per octave less from pp to ff.
        cutoff_hz: above it the spectrum falls by a further 12 dB per octave.
        even: amplitude of even harmonics in the low register; 1 but for the clarinet.
    """

    slope_db: float
    brightening_db: float
    cutoff_hz: float
    even: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Instrument:
    """What is the same for all players of an instrument.

    Attributes:
        family: how it is made to sound, which decides what can go wrong.
        pitches: lowest and highest sounding note as MIDI pitches.
        drive: what its body is driven by.
        resonances: (centre in Hz, width in Hz, gain) of the body or of formants.
        attack_s: time to full level in the middle of the range, played mf.
        release_s: how long the sound takes to die away.
        noise_db: noise that passes the body or the bore, relative to the tone, at mf.
        hiss_db: noise that does not, relative to the tone.
        vibrato: usual depth in cents, and in dB.
        stiffness: B of f_n = n f0 sqrt(1 + B n^2), for strings that ring freely.
        crack: to which multiple of its pitch a note breaks.
    """

    family: Family
    pitches: tuple[int, int]
    drive: Drive
    resonances: tuple[tuple[float, float, float], ...]
    attack_s: float
    release_s: float
    noise_db: float
    hiss_db: float
    vibrato: tuple[float, float]
    stiffness: float = 0.0
    crack: float = 2.0


# Air and wood resonances of the violin's body and its bridge hill; cello and bass are scaled by their size.
_VIOLIN = ((275, 30, 2.0), (460, 35, 2.2), (545, 45, 2.4), (1000, 250, 1.2), (2600, 1100, 2.2))
_CELLO = ((98, 15, 2.0), (178, 22, 2.6), (220, 28, 1.8), (480, 120, 1.5), (1900, 900, 1.4))
_BASS = ((62, 12, 2.2), (102, 16, 2.2), (155, 25, 1.6), (330, 90, 1.4), (1100, 600, 1.0))
# The conical bores: formants move down as the tube grows.
_SOPRANO = ((1200, 500, 1.6), (2600, 900, 1.2))
_ALTO = ((850, 350, 1.7), (1900, 700, 1.1))
_TENOR = ((640, 280, 1.7), (1450, 550, 1.1))
_BARITONE = ((430, 200, 1.7), (1000, 400, 1.1))
_CLARINET = ((1700, 900, 0.8),)
_OBOE = ((1050, 350, 2.4), (3000, 800, 1.8))
_TRUMPET = ((1250, 700, 2.0), (2400, 900, 0.8))
_FLUTE = ((800, 700, 0.8),)
_PICCOLO = ((1600, 1400, 0.8),)

# fmt: off
INSTRUMENTS: dict[InstrumentName, Instrument] = {
    # Bowed strings are driven by a sawtooth (Helmholtz motion), 6 dB per octave.
    "bass": Instrument(
        family="string", pitches=(28, 62), drive=Drive(6.5, 2.0, 2200), resonances=_BASS,
        attack_s=0.16, release_s=0.45, noise_db=-27, hiss_db=-60, vibrato=(10, 0.6), stiffness=1.2e-4,
    ),
    "cello": Instrument(
        family="string", pitches=(36, 79), drive=Drive(6.0, 2.0, 3800), resonances=_CELLO,
        attack_s=0.11, release_s=0.3, noise_db=-29, hiss_db=-60, vibrato=(16, 0.8), stiffness=6e-5,
    ),
    "violin": Instrument(
        family="string", pitches=(55, 98), drive=Drive(6.0, 2.0, 6500), resonances=_VIOLIN,
        attack_s=0.075, release_s=0.2, noise_db=-29, hiss_db=-58, vibrato=(18, 1.0), stiffness=3e-5,
    ),
    # A closed cylinder: odd harmonics below the cut-off of the tone holes. Overblows to the twelfth.
    "clarinet": Instrument(
        family="reed", pitches=(50, 91), drive=Drive(5.0, 3.0, 3200, even=0.06), resonances=_CLARINET,
        attack_s=0.05, release_s=0.06, noise_db=-38, hiss_db=-50, vibrato=(2, 0.2), crack=3.0,
    ),
    # Cones: all harmonics. They overblow to the octave.
    "oboe": Instrument(
        family="reed", pitches=(58, 91), drive=Drive(5.0, 2.5, 4500), resonances=_OBOE,
        attack_s=0.035, release_s=0.05, noise_db=-42, hiss_db=-54, vibrato=(8, 0.8),
    ),
    "sax_soprano": Instrument(
        family="reed", pitches=(56, 88), drive=Drive(6.0, 4.0, 4500), resonances=_SOPRANO,
        attack_s=0.04, release_s=0.06, noise_db=-36, hiss_db=-48, vibrato=(8, 0.7),
    ),
    "sax_alto": Instrument(
        family="reed", pitches=(49, 81), drive=Drive(5.5, 4.0, 4000), resonances=_ALTO,
        attack_s=0.045, release_s=0.07, noise_db=-35, hiss_db=-47, vibrato=(8, 0.7),
    ),
    "sax_tenor": Instrument(
        family="reed", pitches=(44, 76), drive=Drive(5.5, 4.0, 3500), resonances=_TENOR,
        attack_s=0.05, release_s=0.08, noise_db=-34, hiss_db=-46, vibrato=(9, 0.7),
    ),
    "sax_baritone": Instrument(
        family="reed", pitches=(36, 69), drive=Drive(5.0, 4.0, 3000), resonances=_BARITONE,
        attack_s=0.06, release_s=0.09, noise_db=-34, hiss_db=-46, vibrato=(7, 0.6),
    ),
    # The wave steepens on its way through the tube: no other family brightens as much with the level.
    # A note cracks to the next mode, which in the middle of the range is a fourth higher.
    "trumpet": Instrument(
        family="brass", pitches=(52, 84), drive=Drive(5.0, 8.0, 3500), resonances=_TRUMPET,
        attack_s=0.04, release_s=0.07, noise_db=-44, hiss_db=-56, vibrato=(4, 0.4), crack=4 / 3,
    ),
    # Driven by an air jet: nearly a sine when soft, never without breath, and a vibrato of level.
    "flute": Instrument(
        family="flute", pitches=(60, 96), drive=Drive(10.0, 4.0, 3500), resonances=_FLUTE,
        attack_s=0.09, release_s=0.1, noise_db=-27, hiss_db=-40, vibrato=(6, 2.0),
    ),
    "piccolo": Instrument(
        family="flute", pitches=(74, 108), drive=Drive(10.0, 4.0, 6500), resonances=_PICCOLO,
        attack_s=0.06, release_s=0.08, noise_db=-26, hiss_db=-38, vibrato=(5, 1.6),
    ),
}
# fmt: on
