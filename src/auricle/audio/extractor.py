"""What every feature extractor offers, and loading the one that a bundle was trained with."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from auricle.audio.preprocessor import FILE_NAME, TYPE_KEY, read_config
from auricle.errors import BundleError

if TYPE_CHECKING:
    from auricle.audio.descriptors import DescriptorExtractor
    from auricle.audio.frontend import FrontEnd


class Extractor(Protocol):
    """From a waveform to what a model learns from; the same object in caching, prediction and serving."""

    @property
    def digest(self) -> str:
        """Twelve hex digits that change whenever the result for some waveform may change."""

    @property
    def sample_rate(self) -> int:
        """The rate in Hz that the waveform must have."""

    def __call__(self, waveform: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
        """Extract from a mono waveform [shape=(n,)] at `sample_rate`."""

    def save_pretrained(self, folder: Path) -> None:
        """Write `preprocessor_config.json` into a folder."""

    @classmethod
    def from_pretrained(cls, folder: Path) -> Self:
        """Read it back."""


def load_extractor(folder: Path) -> "FrontEnd | DescriptorExtractor":
    """The extractor that `preprocessor_config.json` in a bundle's folder describes.

    Raises:
        BundleError: the file is missing, damaged, or of an extractor or version unknown here.
    """
    from auricle.audio.descriptors import DescriptorExtractor
    from auricle.audio.frontend import LogMelFrontEnd
    from auricle.audio.stft import StftFrontEnd
    from auricle.audio.waveform_front_end import WaveformFrontEnd

    known: tuple[type[FrontEnd | DescriptorExtractor], ...] = (
        LogMelFrontEnd,
        StftFrontEnd,
        WaveformFrontEnd,
        DescriptorExtractor,
    )
    name = read_config(folder).get(TYPE_KEY)
    for extractor in known:
        if name == extractor.__name__:
            return extractor.from_pretrained(folder)
    raise BundleError(
        f"{folder / FILE_NAME} names the feature extractor {name!r}; known are "
        f"{', '.join(extractor.__name__ for extractor in known)}: is the bundle of a newer Auricle?"
    )
