"""From many waveforms to their scores: heard one by one, computed in batches, remembered."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from auricle.errors import AudioError
from auricle.inference.note_batches import BatchParams
from auricle.inference.note_cache import NoteCache
from auricle.inference.scorers import Heard, Score, Scorer

FloatArray = npt.NDArray[np.float32]

# Recordings are sorted by length among so many batches: padding stays small, and so does memory.
POOLED_BATCHES = 8


@dataclass
class _Pool:
    """Recordings that are answered together: scores, errors, or names of what waits to be scored."""

    entries: list[Score | AudioError | str] = field(default_factory=list)
    waiting: dict[str, Heard] = field(default_factory=dict)
    frames: int = 0


class Answers:
    """What a model says of recordings, each of which is computed once.

    Args:
        scorer: the model and its front end.
        cache: what it has said before.
        batches: what goes through the model at once.
    """

    def __init__(self, scorer: Scorer, cache: NoteCache, batches: BatchParams) -> None:
        self._scorer, self._cache, self._batches = scorer, cache, batches

    def each(
        self, waveforms: Iterable[FloatArray | AudioError], instruments: Iterable[str | None]
    ) -> Iterator[Score | AudioError]:
        """A score for each waveform, in order, or the reason why there is none.

        Args:
            waveforms: mono, float32 (n,), at the scorer's rate, taken only as they are needed; an error
                stands for one that could not be read.
            instruments: who plays each, None where it is not known.
        """
        pool = _Pool()
        for waveform, instrument in zip(waveforms, instruments, strict=True):
            pool.entries.append(self._entry(pool, waveform, instrument))
            if pool.frames >= POOLED_BATCHES * self._batches.max_padded_frames:
                yield from self._answered(pool)
                pool = _Pool()
        yield from self._answered(pool)

    def _entry(
        self, pool: _Pool, waveform: FloatArray | AudioError, instrument: str | None
    ) -> Score | AudioError | str:
        if isinstance(waveform, AudioError):
            return waveform
        # Without a cache nothing is hashed, and each recording is a case of its own.
        key = str(len(pool.entries))
        if self._cache.maxsize:
            key = self._cache.key(waveform, self._scorer.sample_rate, instrument)
        if key in pool.waiting:
            self._cache.count_hit()
            return key
        known = self._cache.get(key)
        if known is not None:
            return known
        try:
            heard = self._scorer.hear(waveform, instrument)
        except AudioError as error:
            return error
        pool.waiting[key] = heard
        pool.frames += heard.frames
        return key

    def _answered(self, pool: _Pool) -> Iterator[Score | AudioError]:
        scores = dict(
            zip(pool.waiting, self._scorer.score(list(pool.waiting.values()), self._batches), strict=True)
        )
        for key, score in scores.items():
            self._cache.put(key, score)
        for entry in pool.entries:
            yield scores[entry].copy() if isinstance(entry, str) else entry
