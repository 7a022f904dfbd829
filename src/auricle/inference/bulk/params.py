"""Parameters of the pipeline `predict`."""

import re
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from auricle.audio.limits import AudioLimits
from auricle.inference.backend import Backend
from auricle.params import Params, check_no_gaps
from auricle.training.params import DeviceName

TagMode = Literal["none", "dry_run", "write"]


class PredictWindows(Params):
    """How a recording is cut; its probabilities are the mean over the windows."""

    window_seconds: float | None = Field(
        None, gt=0, le=600, description="length of one window; by default the bundle's"
    )
    hop_seconds: float | None = Field(
        None,
        gt=0,
        le=600,
        description="from the start of one window to the next; by default windows overlap as the bundle's do",
    )

    @model_validator(mode="after")
    def _no_gaps(self) -> Self:
        check_no_gaps(self.window_seconds, self.hop_seconds)
        return self


class TagParams(Params):
    """Whether what was predicted is written into the files, as their genre."""

    mode: TagMode = Field(
        "none",
        description="none leaves the files as they are; dry_run lists what write would change; write changes"
        " it, after a dry run of the same predictions",
    )
    min_confidence: float = Field(
        0.5, ge=0, le=1, description="a file whose confidence is below this keeps its tags"
    )
    replace: bool = Field(False, description="write into files that have a genre already, too")


class PredictParams(Params):
    """Which files are predicted, by which model, and how."""

    input: str | None = Field(
        None,
        description="a folder with all folders below it, a glob, one file, or a list of files: text with a"
        " path a line, or CSV with a column `path`, and one `instrument` where it is known",
    )
    model: str | None = Field(
        None,
        description="a study's model, such as genre.cnn, whose champion predicts; or the folder of a bundle",
    )
    name: str | None = Field(
        None, description="of the folder of the results; by default made of the model and the input"
    )
    windows: PredictWindows = PredictWindows()
    abstain_below: float | None = Field(
        None,
        gt=0,
        le=1,
        description="calibrated confidence below which a prediction is `uncertain`; the report suggests some",
    )
    opinions: bool = Field(
        False, description="of an ensemble also what each member says by itself, in columns of its own"
    )
    backend: Backend = Field(
        "auto",
        description="auto takes ONNX on a CPU where --pipelines=export made it of this bundle, else torch",
    )
    device: DeviceName = "auto"
    workers: int | None = Field(
        None, ge=1, le=1024, description="child processes that decode; null takes all cores"
    )
    chunk_size: int = Field(
        256, ge=1, le=100_000, description="files between two saves: what a killed run loses at most"
    )
    decoding: AudioLimits = AudioLimits()
    tags: TagParams = TagParams()

    @field_validator("name")
    @classmethod
    def _is_a_folder_name(cls, name: str | None) -> str | None:
        if name is not None and not all(re.fullmatch(r"\w[\w.+ -]*", part) for part in name.split("/")):
            raise ValueError(
                f"{name!r} cannot be the name of a folder: letters, digits, dots, dashes, and / between parts"
            )
        return name
