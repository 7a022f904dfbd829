"""One cry: what is drawn for it, and its sound."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from auricle.audio.synthesis.cries.gesture import SAMPLE_RATE, Gesture, make_gesture
from auricle.audio.synthesis.cries.infants import Infant, make_infant
from auricle.audio.synthesis.cries.kinds import KINDS, SPREAD, USUAL, KindName, Traits, draw
from auricle.audio.synthesis.cries.voice import render_cry
from auricle.audio.synthesis.seeds import named_generator


@dataclass(frozen=True)
class Cry:
    """A cry of the corpus; everything about it follows from these.

    The kind changes nothing of what is drawn for infant, mood and room: two cries that differ in it alone
    are one infant on one occasion, crying for two reasons.

    Attributes:
        seed: of the corpus.
        infant_number: from 0.
        take: which of the infant's cries.
        kind: what it is for.
        duration_s: of the file.
        contrast: how far kinds lie apart, as in `CryDemoParams`.
    """

    seed: int
    infant_number: int
    take: int
    kind: KindName
    duration_s: float
    contrast: float

    def generator(self, what: str) -> np.random.Generator:
        """A generator for one part of the cry, the same for all kinds and durations."""
        return named_generator(self.seed, what, self.infant_number, self.take)


@dataclass(frozen=True)
class Performed:
    """A cry as it is cried: who, with which traits, and what is done over time."""

    cry: Cry
    infant: Infant
    traits: Traits
    gesture: Gesture

    def render(self) -> npt.NDArray[np.float32]:
        """The sound, float32 ``(duration_s * 16000,)`` at 16,000 Hz."""
        rng = self.cry.generator("sound")
        samples = round(self.cry.duration_s * SAMPLE_RATE)
        return render_cry(self.gesture, self.infant, samples, rng.uniform(-34, -20), rng)


def perform(cry: Cry) -> Performed:
    """Draw everything about a cry but its sound; cheap."""
    infant = make_infant(cry.seed, cry.infant_number)
    by_chance = draw(cry.generator("mood")).plus(infant.habits)
    traits = USUAL.plus(by_chance).plus(KINDS[cry.kind].times(SPREAD), cry.contrast)
    gesture = make_gesture(traits, cry.duration_s, cry.generator("gesture"))
    return Performed(cry, infant, traits, gesture)
