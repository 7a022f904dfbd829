"""Scores with an ensemble: a waveform through every member, or what the members' tables say of a corpus."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from auricle.audio.joint_extractor import HeardByEach, JointExtractor
from auricle.errors import AudioError, BundleError
from auricle.inference.backend import Backend
from auricle.inference.note_batches import BatchParams
from auricle.inference.scorers import Heard, Score, Scorer, load_scorer
from auricle.inference.scoring import tables_of
from auricle.models.bundle import BundleRef
from auricle.models.domain import together
from auricle.models.ensemble import load_combination
from auricle.models.members import open_members
from auricle.training.member_table import read_members

FloatArray = npt.NDArray[np.float32]

PROBE_S = 10  # of noise, which every member can hear: to learn how long its embeddings are


@dataclass(frozen=True)
class HeardByMembers(Heard):
    """What each member's front end makes of one waveform.

    Attributes:
        by_member: in the order of the members; the reason of one that cannot hear it.
    """

    by_member: tuple[Heard | AudioError, ...] = field(default=())

    @property
    def frames(self) -> int:
        """Of the longest of the spectrograms."""
        return max(heard.frames for heard in self.by_member if isinstance(heard, Heard))


class EnsembleScorer:
    """The members of an ensemble, each behind its own front end, and how their answers become one.

    The joint answer is of the whole recording: members average their windows, which differ, before they are
    combined. Its embedding is theirs side by side; see `joined_embeddings`.
    """

    def __init__(self, bundle: BundleRef, device: Any, backend: Backend = "auto") -> None:
        members = open_members(bundle)
        self._combination = load_combination(bundle.path, bundle.config)
        self._scorers: dict[str, Scorer] = {
            name: load_scorer(member, device, backend=backend) for name, member in members.items()
        }
        self.backend = ", ".join(sorted({scorer.backend for scorer in self._scorers.values()}))
        self._orders = [_order(bundle, name, member) for name, member in members.items()]
        self._sizes: dict[str, int] = {}
        extractors = [scorer.extractor for scorer in self._scorers.values()]
        self.extractor = JointExtractor(
            tuple(each for each in extractors if not isinstance(each, JointExtractor))
        )
        self.sample_rate = self.extractor.sample_rate
        self.half_frame_s = max(scorer.half_frame_s for scorer in self._scorers.values())
        self.batches = BatchParams.on(device)

    def hear(self, waveform: FloatArray, instrument: str | None = None) -> HeardByMembers:
        """What each member is shown of a waveform; see `Scorer`.

        Raises:
            AudioError: no member can hear it.
        """
        return self.heard(self.extractor(waveform), len(waveform) / self.sample_rate, instrument)

    def heard(self, values: HeardByEach, duration_s: float, instrument: str | None = None) -> HeardByMembers:
        """What each member's front end has made of a waveform; see `Scorer`.

        Raises:
            AudioError: no member can take it.
        """
        heard = tuple(
            _taken(scorer, value, duration_s, instrument)
            for scorer, value in zip(self._scorers.values(), values, strict=True)
        )
        if not any(isinstance(each, Heard) for each in heard):
            raise AudioError(str(heard[0]))
        return HeardByMembers(np.empty(0, dtype=np.float32), duration_s, instrument, by_member=heard)

    def score(self, heard: Sequence[Heard], batches: BatchParams) -> list[Score]:
        """What the members say together of each, and what each of them says.

        Unless somebody chose `batches`, each member has its own.
        """
        if not heard:
            return []
        by_member = [each.by_member for each in heard if isinstance(each, HeardByMembers)]
        scores = [
            self._scores_of(scorer, [told[place] for told in by_member], batches)
            for place, scorer in enumerate(self._scorers.values())
        ]
        said = np.stack(
            [
                _means(of_member, order, len(self._orders[0]))
                for of_member, order in zip(scores, self._orders, strict=True)
            ]
        )
        joint = self._combination(said).astype(np.float32)
        embeddings = self._embeddings(scores)
        return [
            Score(
                [(0.0, each.duration_s)],
                joint[[place]],
                embeddings[place],
                members={
                    name: str(told[number])
                    if isinstance(told[number], AudioError)
                    else said[number, place].astype(np.float32)
                    for number, name in enumerate(self._scorers)
                },
                domain=together([score.domain for of in scores if (score := of[place]) is not None]),
            )
            for place, (each, told) in enumerate(zip(heard, by_member, strict=True))
        ]

    def __call__(self, waveform: FloatArray, instrument: str | None = None) -> Score:
        """Score a mono waveform; see `Scorer`."""
        return self.score([self.hear(waveform, instrument)], self.batches)[0]

    def _scores_of(
        self, scorer: Scorer, heard: Sequence[Heard | AudioError], batches: BatchParams
    ) -> list[Score | None]:
        usable = [each for each in heard if isinstance(each, Heard)]
        found = iter(scorer.score(usable, scorer.batches if batches is self.batches else batches))
        return [next(found) if isinstance(each, Heard) else None for each in heard]

    def _embeddings(self, scores: Sequence[Sequence[Score | None]]) -> FloatArray:
        """Side by side; what a member lacks is zeros, as many as it gave when it last gave any."""
        parts = []
        for (name, scorer), of_member in zip(self._scorers.items(), scores, strict=True):
            given = {place: score.embedding for place, score in enumerate(of_member) if score is not None}
            if given:
                self._sizes[name] = len(next(iter(given.values())))
            elif name not in self._sizes:  # so many zeros, whatever comes first
                noise = np.random.default_rng(0).normal(scale=0.1, size=PROBE_S * scorer.sample_rate)
                self._sizes[name] = len(scorer(noise.astype(np.float32)).embedding)
            part = np.full((len(of_member), self._sizes[name]), np.nan, dtype=np.float32)
            for place, embedding in given.items():
                part[place] = embedding
            parts.append(part)
        return joined_embeddings(parts)


def _taken(
    scorer: Scorer, value: FloatArray | AudioError, duration_s: float, instrument: str | None
) -> Heard | AudioError:
    if isinstance(value, AudioError):
        return value
    try:
        return scorer.heard(value, duration_s, instrument)
    except AudioError as error:
        return error


def joined_embeddings(parts: Sequence[FloatArray]) -> FloatArray:
    """Embeddings of several members side by side, each scaled to length 1, so that none drowns the others.

    Args:
        parts: of each member, float32 (recordings, its size), NaN where it lacks a recording; zeros then.

    Returns:
        float32 (recordings, sum of the sizes).
    """
    scaled = []
    for part in parts:
        lengths = np.linalg.norm(part, axis=1, keepdims=True)
        scaled.append(np.nan_to_num(part / np.where(lengths > 0, lengths, 1)))
    return np.concatenate(scaled, axis=1).astype(np.float32)


def score_members(
    bundle: BundleRef,
    champions: Mapping[str, BundleRef | None],
    predictions: Mapping[str, pd.DataFrame | None],
    embeddings: Mapping[str, pd.DataFrame | None],
    manifest: pd.DataFrame,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Score every recording that a member has scored.

    Args:
        bundle: of the ensemble.
        champions: by model, the bundles that have made the tables.
        predictions: by model, as the contract has them.
        embeddings: by model.
        manifest: of the corpus.

    Returns:
        Predictions and embeddings by the contract. Recordings that the combination learned from are answered
        by what it says without them: out of fold, or without their group.

    Raises:
        BundleError: a member has no predictions, or another bundle than that which the ensemble refers to.
    """
    names = [str(entry["model"]) for entry in bundle.config["members"]]
    tables = {}
    for entry in bundle.config["members"]:
        name = entry["model"]
        champion, table = champions.get(name), predictions.get(name)
        if champion is None or table is None or champion.digest != entry["digest"]:
            raise BundleError(
                f"The ensemble at {bundle.path} was made with version {entry['version']} of {name}, which is"
                " not its champion any more. Run the pipeline ensemble again."
            )
        tables[name] = table
    members = read_members(tables)
    order = [members.vocabulary.index(label) for label in bundle.vocabulary]
    usable = manifest[manifest["status"] == "ok"].set_index("recording_id")["split"]
    known = np.isin(members.recording_ids.astype(str), usable.index.astype(str))
    ids = members.recording_ids[known]
    combination = load_combination(bundle.path, bundle.config)
    said = combination(members.probabilities[:, known][:, :, order])
    rows = pd.DataFrame({"recording_id": ids, "split": usable.loc[list(ids)].to_numpy(dtype=object)})
    parts = [_embeddings_of(embeddings.get(name), ids) for name in names]
    return tables_of(bundle, rows, said.astype(np.float32), joined_embeddings(parts))


def _embeddings_of(table: pd.DataFrame | None, ids: npt.NDArray[np.object_]) -> FloatArray:
    if table is None or table.empty:
        return np.zeros((len(ids), 0), dtype=np.float32)
    vectors = np.stack(list(table["embedding"])).astype(np.float32)
    places = pd.Index(table["recording_id"]).get_indexer(pd.Index(ids))
    found = vectors[places]
    found[places < 0] = np.nan
    return np.asarray(found)


def _order(bundle: BundleRef, name: str, member: BundleRef) -> list[int]:
    """Where the ensemble's classes stand among the member's."""
    if set(member.vocabulary) != set(bundle.vocabulary):
        raise BundleError(
            f"The member {name} of the ensemble at {bundle.path} knows other classes than the ensemble. Run"
            " the pipeline ensemble again."
        )
    return [member.vocabulary.index(label) for label in bundle.vocabulary]


def _means(scores: Sequence[Score | None], order: Sequence[int], n_classes: int) -> npt.NDArray[np.float64]:
    """A member's mean over its windows, float64 (recordings, classes); NaN where it has none."""
    found = np.full((len(scores), n_classes), np.nan)
    for place, score in enumerate(scores):
        if score is not None:
            found[place] = score.probabilities.mean(axis=0)[list(order)]
    return found
