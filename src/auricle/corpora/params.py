"""Typed parameters of ingestion: how a folder becomes a corpus with groups and splits that do not leak."""

import re
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from auricle.corpora.layouts import check_layout
from auricle.errors import ConfigurationError
from auricle.params import Params

RECORDING = "recording"
FILE_NAME_PATTERN = "file_name_pattern"


class SourceParams(Params):
    """Where the recordings are, for a run or an environment that says so by a parameter."""

    root: str | None = Field(
        None,
        description="The folder of recordings, absolute or below the project; nothing is rendered then. None:"
        " `recordings` of the environment's globals.yml.",
        min_length=1,
    )


class NearDuplicateParams(Params):
    """When two recordings are taken for one: re-encoded, trimmed, louder or noisier copies share a group."""

    enabled: bool = Field(True, description="Compute acoustic fingerprints, and group recordings by them.")
    min_share: float = Field(
        0.3,
        description="Least share of the spectral peaks of both, where they overlap, that must coincide: of"
        " copies 0.4 and more do, of other recordings hardly 0.2.",
        ge=0.2,
        le=1.0,
    )
    min_peaks: int = Field(
        40,
        description="Least number of peaks that coincide, about 3 s of music: shorter copies go unnoticed.",
        ge=20,
    )
    max_hashes: int = Field(
        30_000_000,
        description="Hashes of peaks looked at, at some 60 bytes each; of more, a sample.",
        ge=100_000,
    )


class IngestParams(Params):
    """How recordings are read, grouped and split."""

    layout: str = Field("audiofolder", description="How the folder is laid out: a name in `corpora.layouts`.")
    layout_options: dict[str, Any] = Field(default_factory=dict, description="Options of that layout.")
    group_by: tuple[str, ...] = Field(
        (RECORDING,),
        description="What must not be in two splits: `recording`, `file_name_pattern`, or metadata columns"
        " such as `artist`. Each of several entries links recordings; `instrument+note` where both agree.",
        min_length=1,
    )
    group_pattern: str | None = Field(
        None, description="Regular expression on the file name; its first capture group is the group."
    )
    protocol: Literal["holdout", "grouped_k_fold"] = Field(
        "holdout", description="Train, validation and test once; or folds and out-of-fold predictions."
    )
    validation_share: float = Field(0.2, description="Share of each class in validation.", ge=0.01, le=0.8)
    test_share: float = Field(0.2, description="Share of each class in test.", ge=0.01, le=0.8)
    folds: int = Field(
        5, description="Folds of `grouped_k_fold`: test, validation and training, so 3 or more.", ge=3
    )
    seed: int = Field(0, description="Decides only between places that are equally short of a group.", ge=0)
    unlisted: Literal["assign", "exclude"] = Field(
        "assign", description="A labelled recording absent from published lists: split it, or quarantine it."
    )
    near_duplicates: NearDuplicateParams = Field(
        NearDuplicateParams(), description="What makes two recordings copies of one, besides the same bytes."
    )
    vocabulary: tuple[str, ...] | None = Field(
        None, description="Labels that may occur; any other is an error. None: whatever the source says."
    )
    min_groups_for_claim: int = Field(
        5,
        description="A class heard in fewer evaluated groups than this is reported, and warned about.",
        ge=1,
    )
    majority_warning: float = Field(
        0.8, description="Warn where one label has more than this share of the recordings.", gt=0.0, lt=1.0
    )
    notes: tuple[str, ...] = Field((), description="What a reader of the report must know about this corpus.")
    workers: int | None = Field(None, description="Processes that inspect files; None: all cores.", ge=1)

    @field_validator("group_by", mode="before")
    @classmethod
    def _one_or_several(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _refuse_contradictions(self) -> Self:
        try:
            check_layout(self.layout, self.layout_options)
        except ConfigurationError as error:
            raise ValueError(str(error)) from error
        if self.validation_share + self.test_share >= 1:
            raise ValueError(
                f"validation_share {self.validation_share} and test_share {self.test_share} leave nothing to"
                " train on: their sum must be below 1"
            )
        if RECORDING in self.group_by and len(self.group_by) > 1:
            raise ValueError(
                f"group_by {list(self.group_by)} contradicts itself: `recording` means that each recording is"
                " a group of its own. Leave it out, or let it stand alone"
            )
        self._check_pattern()
        return self

    def _check_pattern(self) -> None:
        used = any(FILE_NAME_PATTERN in entry.split("+") for entry in self.group_by)
        if used and self.group_pattern is None:
            raise ValueError("group_by: file_name_pattern needs group_pattern, such as '^(?P<group>[^_]+)_'")
        if self.group_pattern is None:
            return
        if not used:
            raise ValueError(
                f"group_pattern {self.group_pattern!r} is never used: group_by is {list(self.group_by)}."
                " Set group_by: file_name_pattern, or remove the pattern"
            )
        try:
            pattern = re.compile(self.group_pattern)
        except re.error as error:
            raise ValueError(
                f"group_pattern {self.group_pattern!r} is no regular expression: {error}"
            ) from error
        if pattern.groups == 0:
            raise ValueError(
                f"group_pattern {self.group_pattern!r} captures nothing: put the part that names the group"
                " into parentheses"
            )
