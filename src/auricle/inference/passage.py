"""A recording of several notes: where each is, and what a model says of it."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from auricle.inference import exports
from auricle.inference.passage_picture import passage_figure
from auricle.inference.prediction import Prediction

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class PassageNote:
    """One note of a passage.

    Attributes:
        onset_s: where it begins, in seconds from the start of the recording.
        duration_s: how long it lasts.
        prediction: what the model says of it; times in it count from the onset.
    """

    onset_s: float
    duration_s: float
    prediction: Prediction

    @property
    def end_s(self) -> float:
        """Where it ends, in seconds from the start of the recording."""
        return self.onset_s + self.duration_s

    @property
    def label(self) -> str | None:
        """The most probable class; None where the note could not be used."""
        return self.prediction.label

    @property
    def answer(self) -> str | None:
        """The label, or "uncertain" where the model does not vouch for it."""
        return self.prediction.answer

    @property
    def confidence(self) -> float | None:
        """The probability of the label."""
        return self.prediction.confidence

    @property
    def calibrated_confidence(self) -> float | None:
        """The same after temperature scaling; None where the bundle keeps no temperature."""
        return self.prediction.calibrated_confidence

    @property
    def uncertain(self) -> bool:
        """Whether that is below the `abstain_below` that the model was loaded with."""
        return self.prediction.uncertain


@dataclass(frozen=True, repr=False)
class Passage:
    """The notes of a recording.

    Attributes:
        notes: in time; none overlaps another.
        samples: of the recording, mono, float32 (n,).
        sample_rate: of these, in Hz.
        path: the file as it was given; None for a waveform.
        instrument: that was told.
        model: the kind of model that judged the notes.
        version: of its bundle.
        neighbours: whether notes were judged with the others in mind; else each by itself.
    """

    notes: tuple[PassageNote, ...]
    samples: npt.NDArray[np.float32] = field(compare=False)
    sample_rate: int
    path: str | None = None
    instrument: str | None = None
    model: str = ""
    version: str = ""
    neighbours: bool = False

    @property
    def duration_s(self) -> float:
        """Of the recording, in seconds."""
        return len(self.samples) / self.sample_rate

    def to_table(self) -> "pd.DataFrame":
        """One row a note: `onset_s`, `duration_s`, `label`, `answer`, `confidence`, `calibrated_confidence`,
        `uncertain`, `error`.
        """
        return exports.table(self)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON: the recording, and `notes` with the probabilities of all classes."""
        return exports.plain(self)

    def to_jams(self) -> dict[str, Any]:
        """A JAMS document, ready for JSON, with one annotation in the namespace `segment_open`."""
        return exports.jams(self)

    def to_audacity(self) -> str:
        """A label track for Audacity: start, end and label of each note, between tabs."""
        return exports.audacity(self)

    def figure(self) -> "Figure":
        """The spectrogram with each note marked and named.

        Raises:
            MissingPackageError: matplotlib is not installed.
        """
        return passage_figure(self)

    def save(self, path: str | Path) -> Path:
        """Write a file of the kind that its name ends in: `.csv`, `.json`, `.jams`, `.txt` (Audacity's label
        track), `.png`, `.svg` or `.pdf`.

        Raises:
            ConfigurationError: for any other ending.
            MissingPackageError: for a picture, where matplotlib is not installed.
        """
        return exports.save(self, Path(path))

    def __len__(self) -> int:
        return len(self.notes)

    def __repr__(self) -> str:
        where = "" if self.path is None else f"{self.path}: "
        return f"<Passage {where}{len(self)} note{'s' * (len(self) != 1)} in {self.duration_s:.1f} s>"
