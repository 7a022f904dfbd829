"""What a model says of one recording."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from auricle.corpora.labels import label_path
from auricle.inference.abstention import UNCERTAIN, calibrated_confidence
from auricle.models.bundle import labels_of
from auricle.models.domain import NO_SCORE, OutOfDomain
from auricle.models.thresholds import HALF


@dataclass(frozen=True)
class WindowPrediction:
    """What a model says of one stretch of a recording.

    Attributes:
        start_s: where it begins, in seconds.
        end_s: where it ends; not after the recording.
        probabilities: by class, in vocabulary order.
    """

    start_s: float
    end_s: float
    probabilities: dict[str, float]

    @property
    def label(self) -> str:
        """The most probable class."""
        return max(self.probabilities, key=self.probabilities.__getitem__)


@dataclass(frozen=True)
class MemberOpinion:
    """What one member of an ensemble says of a recording.

    Attributes:
        label: its most probable class; None where it could not use the recording.
        confidence: its probability.
        probabilities: by class, in vocabulary order: the mean over the member's windows.
        error: why it says nothing; None otherwise.
    """

    label: str | None
    confidence: float | None
    probabilities: dict[str, float]
    error: str | None = None

    @classmethod
    def of(cls, vocabulary: Sequence[str], said: npt.NDArray[np.float32] | str) -> Self:
        """The opinion in its probabilities, float32 (classes,), or in the reason why there are none."""
        if isinstance(said, str):
            return cls(None, None, {}, said)
        probabilities = _by_class(vocabulary, said)
        label = max(probabilities, key=probabilities.__getitem__)
        return cls(label, probabilities[label], probabilities)


@dataclass(frozen=True, repr=False)
class Prediction:
    """What a model says of one recording, or why it says nothing.

    Attributes:
        label: the most probable class, of an uncertain model too; None where the recording could not be
            used.
        confidence: its probability.
        probabilities: by class, in vocabulary order: the mean over the windows.
        windows: one entry per window, in time.
        path: the file as it was given; None for a waveform.
        error: the reason why a recording could not be used; None otherwise.
        embedding: float32 (embedding_size,), the mean over the windows.
        predicted_genres: what is said, with its probability, most probable first: the class or, of several
            labels, each that reaches its threshold; nothing where the model is uncertain. (Genres, whatever
            the study is about.)
        label_paths: of each of them the way from the top of the hierarchy, as `Rock › Punk › Hardcore`.
        calibrated_confidence: of one class, the probability of `label` after temperature scaling; None where
            the bundle keeps no temperature.
        uncertain: whether that is below the `abstain_below` that the model was loaded with.
        opinions: of an ensemble, what each member says by itself; the other fields are their joint answer.
        out_of_domain: how unlike the model's corpus the recording is: the share of validation recordings that
            are more like it, 0 to 1; None where there is no usable score.
        domain_distance: the same as a distance, 1 where 95 % of validation recordings are nearer; it goes on
            where `out_of_domain` has reached 1.
        out_of_domain_reason: why there is no score; None where there is one.
    """

    label: str | None
    confidence: float | None
    probabilities: dict[str, float]
    windows: tuple[WindowPrediction, ...]
    path: str | None = None
    error: str | None = None
    embedding: npt.NDArray[np.float32] | None = field(default=None, compare=False)
    predicted_genres: dict[str, float] = field(default_factory=dict)
    label_paths: dict[str, str] = field(default_factory=dict)
    calibrated_confidence: float | None = None
    uncertain: bool = False
    opinions: dict[str, MemberOpinion] = field(default_factory=dict)
    out_of_domain: float | None = None
    domain_distance: float | None = None
    out_of_domain_reason: str | None = None

    @property
    def answer(self) -> str | None:
        """The label, or "uncertain" where the model does not vouch for it."""
        return UNCERTAIN if self.uncertain else self.label

    @classmethod
    def failed(cls, path: str | None, reason: str) -> Self:
        """The entry of a recording that could not be used."""
        return cls(label=None, confidence=None, probabilities={}, windows=(), path=path, error=reason)

    @classmethod
    def of_windows(
        cls,
        vocabulary: Sequence[str],
        spans: Iterable[tuple[float, float]],
        probabilities: npt.NDArray[np.float32],
        embedding: npt.NDArray[np.float32],
        *,
        path: str | None,
        config: Mapping[str, Any] | None = None,
        abstain_below: float | None = None,
        members: Mapping[str, npt.NDArray[np.float32] | str] | None = None,
        domain: OutOfDomain = NO_SCORE,
    ) -> Self:
        """The prediction that averages windows.

        Args:
            vocabulary: the classes, in the order of the columns of probabilities.
            spans: start and end of each window, in seconds.
            probabilities: float32 (windows, classes).
            embedding: float32 (embedding_size,) of the recording.
            path: the file as it was given.
            config: `config.json` of the bundle; one class a recording where None.
            abstain_below: the calibrated confidence below which the prediction is uncertain; see
                `check_abstention`.
            members: of an ensemble what each member says, float32 (classes,), or why it says nothing.
            domain: how unlike the model's corpus the recording is.
        """
        mean = _by_class(vocabulary, probabilities.mean(axis=0))
        label = max(mean, key=mean.__getitem__)
        windows = tuple(
            WindowPrediction(start, end, _by_class(vocabulary, row))
            for (start, end), row in zip(spans, probabilities, strict=True)
        )
        confidence = calibrated_confidence(list(mean.values()), config or {})
        uncertain = abstain_below is not None and confidence is not None and confidence < abstain_below
        said = {} if uncertain else _said(mean, label, config or {})
        parents = labels_of(config or {}).parents
        return cls(
            label,
            mean[label],
            mean,
            windows,
            path=path,
            embedding=embedding,
            predicted_genres=said,
            label_paths={name: label_path(name, parents) for name in said},
            calibrated_confidence=confidence,
            uncertain=uncertain,
            opinions={name: MemberOpinion.of(vocabulary, said) for name, said in (members or {}).items()},
            out_of_domain=domain.quantile,
            domain_distance=domain.distance,
            out_of_domain_reason=domain.reason,
        )

    def top(self, k: int = 3) -> list[tuple[str, float]]:
        """The k most probable classes with their probabilities, most probable first."""
        return sorted(self.probabilities.items(), key=lambda entry: -entry[1])[:k]

    def to_dict(self, *, embedding: bool = False) -> dict[str, Any]:
        """Plain values, ready for JSON.

        Args:
            embedding: include the embedding as a list of numbers.
        """
        content: dict[str, Any] = {
            "path": self.path,
            "label": self.label,
            "confidence": self.confidence,
            "calibrated_confidence": self.calibrated_confidence,
            "uncertain": self.uncertain,
            "out_of_domain": self.out_of_domain,
            "domain_distance": self.domain_distance,
            "out_of_domain_reason": self.out_of_domain_reason,
            "predicted_genres": self.predicted_genres,
            "label_paths": self.label_paths,
            "top_5": dict(self.top(5)),
            "probabilities": self.probabilities,
            "windows": [
                {"start_s": window.start_s, "end_s": window.end_s, "probabilities": window.probabilities}
                for window in self.windows
            ],
            "error": self.error,
        }
        if self.opinions:
            content["opinions"] = {name: asdict(opinion) for name, opinion in self.opinions.items()}
        if embedding:
            content["embedding"] = None if self.embedding is None else self.embedding.tolist()
        return content

    def __repr__(self) -> str:
        where = "" if self.path is None else f"{self.path}: "
        if self.error is not None:
            return f"<Prediction {where}error: {self.error}>"
        several = len(self.predicted_genres) != 1 and not self.uncertain
        shown = self.predicted_genres.items() if several else self.top()
        ranked = ", ".join(f"{label} {probability:.2f}" for label, probability in shown) or "no label"
        ranked = f"{UNCERTAIN}, at best {ranked}" if self.uncertain else ranked
        return f"<Prediction {where}{ranked}; {len(self.windows)} window{'s' * (len(self.windows) != 1)}>"


def _said(probabilities: Mapping[str, float], label: str, config: Mapping[str, Any]) -> dict[str, float]:
    """What a model says: its class, or each label from its threshold on."""
    if not labels_of(config).is_multi:
        return {label: probabilities[label]}
    thresholds = config.get("thresholds") or [HALF] * len(probabilities)
    said = {
        name: probability
        for (name, probability), threshold in zip(probabilities.items(), thresholds, strict=True)
        if probability >= threshold
    }
    return dict(sorted(said.items(), key=lambda entry: -entry[1]))


def _by_class(vocabulary: Sequence[str], probabilities: npt.NDArray[np.float32]) -> dict[str, float]:
    return {label: float(value) for label, value in zip(vocabulary, probabilities, strict=True)}
