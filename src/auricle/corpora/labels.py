"""What a recording is called: by one label or by any number of them, some of which imply others."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field, field_validator, model_validator

from auricle.corpora.hierarchy import read_hierarchy
from auricle.errors import CorpusError
from auricle.params import Params

ProblemType = Literal["single_label_classification", "multi_label_classification"]
SINGLE: ProblemType = "single_label_classification"
MULTI: ProblemType = "multi_label_classification"
PATH_SEPARATOR = " \N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK} "


class LabelParams(Params):
    """Which labels a study learns, and when a label is said."""

    problem_type: ProblemType = Field(
        SINGLE, description="One class a recording (its `label`), or any number (all its `labels`)."
    )
    min_recordings: int = Field(
        1, ge=1, description="Labels of fewer training recordings are no class; for several labels only."
    )
    parents: dict[str, str] = Field(
        default_factory=dict,
        description="Child to parent, as {punk: rock}: a recording with the child has the parent too. Or a"
        " file that says so: YAML, or the genres.csv of FMA. Where each recording has one class, the levels"
        " above it are judged; a note analyzer learns them too where its `level_loss` asks for it.",
    )
    levels: tuple[str, ...] = Field(
        (),
        description="What the levels of the hierarchy are called, the most general first, as [quality,"
        " aspect, specific]; numbers by default.",
    )
    threshold: Literal["f1", "precision"] = Field(
        "f1",
        description="A label is said from the probability with the best F1 on validation, or from the lowest"
        " that keeps `precision_floor`.",
    )
    precision_floor: float = Field(
        0.7, gt=0, lt=1, description="The precision that every label keeps on validation."
    )

    @property
    def is_multi(self) -> bool:
        """Whether a recording may have any number of labels."""
        return self.problem_type == MULTI

    @field_validator("parents", mode="before")
    @classmethod
    def _from_file(cls, value: object) -> object:
        try:
            return read_hierarchy(Path(value)) if isinstance(value, str) else value
        except CorpusError as error:
            raise ValueError(str(error)) from error

    @model_validator(mode="after")
    def _refuse_contradictions(self) -> Self:
        depth = max((len(lineage(label, self.parents)) for label in self.parents), default=1)
        if self.levels and len(self.levels) != depth:
            raise ValueError(
                f"levels names {len(self.levels)} levels ({', '.join(self.levels)}), and the hierarchy of"
                f" parents has {depth}. Name each of them, the most general first, or leave levels out"
            )
        if len(set(self.levels)) < len(self.levels):
            raise ValueError(f"levels has a name twice: {', '.join(self.levels)}. Name each level once")
        if not self.is_multi and self.min_recordings != 1:
            raise ValueError(
                f"min_recordings has no effect where each recording has one class. Set problem_type: {MULTI},"
                " or leave min_recordings out"
            )
        return self

    def level_name(self, level: int) -> str:
        """What a level of the hierarchy is called, counted from 1, the most general."""
        return self.levels[level - 1] if self.levels else f"level {level}"


def lineage(label: str, parents: Mapping[str, str]) -> tuple[str, ...]:
    """A label and all that it implies, the most general first.

    Raises:
        ValueError: the label is its own ancestor.
    """
    found = [label]
    while (parent := parents.get(found[-1])) is not None:
        if parent in found:
            raise ValueError(f"parents go round in a circle: {' -> '.join([*found, parent])}")
        found.append(parent)
    return tuple(reversed(found))


def label_path(label: str, parents: Mapping[str, str]) -> str:
    """A label with its ancestors before it, as `Rock > Punk > Hardcore`."""
    return PATH_SEPARATOR.join(lineage(label, parents))


def depth_of(vocabulary: Sequence[str], parents: Mapping[str, str]) -> int:
    """How many levels the hierarchy has over these classes; 1 where it is flat."""
    return max(len(lineage(label, parents)) for label in vocabulary)


def label_at(label: str, level: int, parents: Mapping[str, str]) -> str:
    """The ancestor of a label on a level, counted from 1 at the top; itself where it lies above."""
    way = lineage(label, parents)
    return way[min(level, len(way)) - 1]


def ancestors_by_level(vocabulary: Sequence[str], parents: Mapping[str, str]) -> list[list[int]]:
    """For each level above the classes, the top first, the number of each class's label there.

    A level that takes no classes together, or all of them, says nothing beside the classes and is left out.
    """
    found = []
    for level in range(1, depth_of(vocabulary, parents)):
        names = [label_at(label, level, parents) for label in vocabulary]
        numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
        if 1 < len(numbers) < len(names):
            found.append([numbers[name] for name in names])
    return found


def label_lists(labels: pd.Series, parents: Mapping[str, str]) -> pd.Series:
    """All labels of each recording, implied ones included, each once.

    Args:
        labels: lists (or arrays) of text.
        parents: child to parent.
    """
    return labels.map(lambda several: with_implied(several, parents))


def with_implied(labels: Iterable[str], parents: Mapping[str, str]) -> list[str]:
    """The labels of one recording and what they imply, each once."""
    return list(dict.fromkeys(name for label in labels for name in lineage(label, parents)))


def indicators(lists: pd.Series, vocabulary: Sequence[str]) -> npt.NDArray[np.float32]:
    """1 for each label of the vocabulary that a recording has, float32 (n, classes); others are passed by."""
    columns = {label: column for column, label in enumerate(vocabulary)}
    found = np.zeros((len(lists), len(vocabulary)), dtype=np.float32)
    for row, several in enumerate(lists):
        found[row, [columns[label] for label in several if label in columns]] = 1
    return found
