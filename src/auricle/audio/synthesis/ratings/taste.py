"""The listener's taste: what in a clip is liked, and how it becomes stars."""

from math import erf, sqrt

import numpy as np

from auricle.audio.synthesis.clips import Clip, Performance, perform
from auricle.audio.synthesis.seeds import named_generator

# How much better a clip is liked for what is true of it. Genres are not told: they overlap in all of this.
# Whether there are drums or a melody differs from clip to clip of an artist; in the rest they are alike.
# These two weigh enough that nearly a third of the variance lies within artists: a listener who likes
# all of an artist about alike leaves nothing to be heard once one clip is rated.
LIKED = {
    "acoustic": 0.9,
    "vocal": 0.8,
    "swing": 0.3,
    "distorted": -1.2,
    "drumless": -1.0,
    "melody": 1.0,
    "fast": -0.5,
}
# For each 10 dB of reverberation more than usual, and for each octave more of the mix's upper limit.
REVERB, USUAL_REVERB_DB = 0.6, -18.0
BRIGHT, USUAL_LOWPASS_HZ = 0.8, 14_000.0
# Mean and deviation over the demo's clips, so that stars are spread over the scale.
CENTRE, SPREAD = 0.85, 1.0
STEPS_PER_STAR, MOST_STARS = 2, 5


def liking(performance: Performance) -> float:
    """How well a clip is liked, before anything else than the music has its say; about of deviation 1."""
    mix = performance.artist.mix
    heard = {*performance.tags, *(("melody",) if performance.score.lead else ())}
    score = sum(weight for name, weight in LIKED.items() if name in heard)
    score += REVERB * (mix["reverb_db"] - USUAL_REVERB_DB) / 10
    score += BRIGHT * np.log2(mix["lowpass_hz"] / USUAL_LOWPASS_HZ)
    return float((score - CENTRE) / SPREAD)


def stars(liked: float) -> float:
    """Half stars from 0.5 to 5, of a liking that is normally distributed each about as often."""
    share = 0.5 * (1 + erf(liked / sqrt(2)))
    steps = STEPS_PER_STAR * MOST_STARS
    return float(np.clip(np.ceil(share * steps), 1, steps) / STEPS_PER_STAR)


def said(clip: Clip, noise: float) -> float:
    """What the listener would say of a clip, in stars: of the music, the day and the mood."""
    mood = _generator(clip, "mood").normal(0, noise)
    return stars((liking(perform(clip)) + mood) / sqrt(1 + noise**2))


def is_rated(clip: Clip, unrated_share: float) -> bool:
    """Whether the listener has come to it yet."""
    return bool(_generator(clip, "rated").random() >= unrated_share)


def play_count(clip: Clip, rating: float) -> int:
    """How often it was heard: what is liked more often."""
    return int(_generator(clip, "plays").poisson(1 + 2 * rating))


def _generator(clip: Clip, purpose: str) -> np.random.Generator:
    return named_generator(clip.seed, "listener", clip.genre, clip.artist_number, clip.take, purpose)
