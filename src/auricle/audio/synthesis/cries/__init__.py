"""The demo corpus of cries: five kinds that differ in melody, rhythm and noise, by infants who cry in all."""

from auricle.audio.synthesis.cries.kinds import KIND_NAMES, KindName
from auricle.audio.synthesis.cries.params import CryDemoParams

__all__ = ["KIND_NAMES", "CryDemoParams", "KindName"]
