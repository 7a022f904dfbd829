"""Music that one listener has rated, by properties of the music and not by its genre."""

from auricle.audio.synthesis.ratings.params import RatedDemoParams

__all__ = ["RatedDemoParams"]
