"""The front ends that parameters can name, told apart by `kind`."""

from pathlib import Path
from typing import Annotated

from pydantic import ConfigDict, Field, RootModel

from auricle.audio.extractor import load_extractor
from auricle.audio.frontend import FrontEnd, FrontEndParams, LogMelFrontEnd
from auricle.audio.preprocessor import FILE_NAME
from auricle.audio.stft import StftFrontEnd, StftParams
from auricle.errors import BundleError


class FrontEndChoice(RootModel[Annotated[FrontEndParams | StftParams, Field(discriminator="kind")]]):
    """The spectrograms of a corpus: the parameters of the `kind` that is named."""

    model_config = ConfigDict(frozen=True)

    def make(self) -> FrontEnd:
        """The front end with these parameters."""
        return StftFrontEnd(self.root) if isinstance(self.root, StftParams) else LogMelFrontEnd(self.root)


def load_front_end(folder: Path) -> FrontEnd:
    """The front end in a bundle's folder.

    Raises:
        BundleError: it is missing, damaged, of another version, or no front end of networks.
    """
    extractor = load_extractor(folder)
    if not isinstance(extractor, FrontEnd):
        raise BundleError(
            f"{folder / FILE_NAME} is of a {type(extractor).__name__}, which makes nothing that a network"
            " hears: is it the bundle of a forest?"
        )
    return extractor
