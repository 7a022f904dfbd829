"""Several extractors as one: a file is decoded once, and each makes of it what its model hears."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auricle.audio.extractor import Extractor
from auricle.errors import AudioError

HeardByEach = tuple[NDArray[np.float32] | AudioError, ...]


@dataclass(frozen=True)
class JointExtractor:
    """The extractors of several models.

    Attributes:
        extractors: of each.
    """

    extractors: tuple[Extractor, ...]

    @property
    def sample_rate(self) -> int:
        """The rate in Hz that the waveform must have: the highest of all."""
        return max(extractor.sample_rate for extractor in self.extractors)

    def __call__(self, waveform: NDArray[np.floating[Any]]) -> HeardByEach:
        """What each makes of a mono waveform [shape=(n,)] at `sample_rate`, or why it makes nothing of it."""
        import soxr

        heard: list[NDArray[np.float32] | AudioError] = []
        for extractor in self.extractors:
            own = waveform
            if extractor.sample_rate != self.sample_rate:
                own = soxr.resample(waveform, self.sample_rate, extractor.sample_rate)
            try:
                heard.append(extractor(own))
            except AudioError as error:
                heard.append(error)
        return tuple(heard)
