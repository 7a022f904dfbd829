"""A bounded memory of what a model said: a note that is heard again is not computed again."""

import hashlib
from collections import OrderedDict
from threading import Lock
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from auricle.errors import ConfigurationError
from auricle.inference.scorers import Score

MOST = 1_000_000


class CacheInfo(NamedTuple):
    """What `functools.lru_cache` tells of a cache."""

    hits: int
    misses: int
    maxsize: int
    currsize: int

    @property
    def hit_rate(self) -> float:
        """Share of what was asked that was known; 0 before anything was."""
        asked = self.hits + self.misses
        return self.hits / asked if asked else 0.0


class NoteCache:
    """Scores by what they are scores of; of too many, those are forgotten that were not asked for longest.

    Args:
        maxsize: scores that are kept; 0 keeps none.
        model: names the model's exact bundle, so that no score is taken for another model's.

    Raises:
        ConfigurationError: for a size below 0 or above a million.
    """

    def __init__(self, maxsize: int, model: str) -> None:
        if not 0 <= maxsize <= MOST:
            raise ConfigurationError(
                f"cache_size is {maxsize}: it is how many notes are remembered, 0 (none) to {MOST:,}."
            )
        self.maxsize = maxsize
        self._model = model
        self._scores: OrderedDict[str, Score] = OrderedDict()
        self._hits = self._misses = 0
        self._lock = Lock()

    def key(self, waveform: npt.NDArray[np.float32], rate: int, instrument: str | None) -> str:
        """A digest of samples, their rate, the instrument and the model: one changed sample is another key.

        Args:
            waveform: float32 (n,).
            rate: in Hz.
            instrument: None where it is not told, which is another key than any name.
        """
        digest = hashlib.sha256(repr((self._model, rate, instrument)).encode())
        digest.update(np.ascontiguousarray(waveform).data)
        return digest.hexdigest()

    def get(self, key: str) -> Score | None:
        """The score under a key, or None; counted as a hit or a miss."""
        with self._lock:
            score = self._scores.get(key)
            if score is None:
                self._misses += 1
                return None
            self._hits += 1
            self._scores.move_to_end(key)
            return score.copy()

    def put(self, key: str, score: Score) -> None:
        """Remember a score."""
        if not self.maxsize:
            return
        with self._lock:
            self._scores[key] = score.copy()
            self._scores.move_to_end(key)
            while len(self._scores) > self.maxsize:
                self._scores.popitem(last=False)

    def count_hit(self) -> None:
        """A note was asked for twice in one batch and is computed once."""
        with self._lock:
            self._hits += 1

    def info(self) -> CacheInfo:
        """Hits, misses, the bound and how many scores are kept."""
        with self._lock:
            return CacheInfo(self._hits, self._misses, self.maxsize, len(self._scores))

    def clear(self) -> None:
        """Forget all scores, and count from 0."""
        with self._lock:
            self._scores.clear()
            self._hits = self._misses = 0
