"""What the parameters of all networks have in common; importing this loads no torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from auricle.corpora.labels import SINGLE, ProblemType
from auricle.params import Params

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from auricle.models.config import SpectrogramModelConfig


class ArchitectureParams(Params):
    """What a network looks like; a subclass for each, told apart by `kind`."""

    kind: str

    # Whether the network asks which instrument plays.
    takes_instruments: ClassVar[bool] = False

    def config(
        self,
        *,
        n_bands: int,
        vocabulary: Sequence[str],
        window_frames: int,
        hop_frames: int,
        class_weights: Sequence[float] | None = None,
        problem_type: ProblemType = SINGLE,
        parents: Mapping[str, str] | None = None,
        frames_per_second: float | None = None,
        instruments: Sequence[str] = (),
        counts: npt.NDArray[np.int64] | None = None,
        focal_gamma: float = 0.0,
    ) -> SpectrogramModelConfig:
        """The configuration that a model is built from and that its bundle keeps.

        Args:
            n_bands: bands of the spectrogram.
            vocabulary: the classes, in the order of the logits.
            window_frames: frames of one analysis window; a flatten head accepts this length only.
            hop_frames: frames from one window to the next in prediction.
            class_weights: one weight per class for the loss; for several labels, of a positive.
            problem_type: one class per recording, or any number of them.
            parents: child to parent, where labels imply others; None where they are not known yet.
            frames_per_second: of the spectrogram, for a model with times among its parameters.
            instruments: those that play, for a model that asks for them.
            counts: int64 (1 + instruments, classes), how often each class is played by an instrument that is
                not known, and by each of `instruments`, in training; for a model that asks for it.
            focal_gamma: how much less sure answers count in the loss; 0 does not.

        Raises:
            ConfigurationError: where these contradict each other.
        """
        from auricle.models.registry import config_class

        settings = self.settings() | self.in_frames(frames_per_second)
        if parents is not None:
            settings |= self.on_levels(vocabulary, parents, problem_type)
        if self.takes_instruments:
            settings |= {"instruments": list(instruments), **self.expecting(counts)}
        config: SpectrogramModelConfig = config_class(self.kind)(
            **settings,
            n_bands=n_bands,
            window_frames=window_frames,
            hop_frames=hop_frames,
            class_weights=None if class_weights is None else [float(weight) for weight in class_weights],
            problem_type=problem_type,
            parents=dict(parents or {}),
            focal_gamma=focal_gamma,
            id2label=dict(enumerate(vocabulary)),
            label2id={label: index for index, label in enumerate(vocabulary)},
        )
        return config

    def settings(self) -> dict[str, Any]:
        """What of these parameters the configuration of the model holds."""
        return self.model_dump(mode="json", exclude={"kind"})

    def kept(self) -> dict[str, Any]:
        """All of these parameters, for the bundle; folders by their names, which hold elsewhere too."""
        return self.model_dump(mode="json")

    def in_frames(self, frames_per_second: float | None) -> dict[str, Any]:
        """What the configuration holds as frames and these parameters as time: nothing, by default."""
        return {}

    def front_end(self) -> dict[str, Any]:
        """What of the front end's parameters the network cannot do without: nothing, by default.

        Raises:
            ConfigurationError: what decides it cannot be had.
        """
        return {}

    def expecting(self, counts: npt.NDArray[np.int64] | None) -> dict[str, Any]:
        """What the configuration holds of how often instruments play classes: nothing, by default."""
        return {}

    def on_levels(
        self, vocabulary: Sequence[str], parents: Mapping[str, str], problem_type: ProblemType
    ) -> dict[str, Any]:
        """What the configuration holds of the levels above the classes: nothing, by default.

        Raises:
            ConfigurationError: they are to be learned, and there are none.
        """
        return {}

    def begin(self, model: PreTrainedModel) -> None:
        """Give an untrained model what is known before its training begins: nothing, by default.

        Raises:
            ConfigurationError: what it is to be given cannot be had.
        """
