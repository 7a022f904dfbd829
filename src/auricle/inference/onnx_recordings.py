"""Whether an exported model says of real recordings what the model itself says, and decides the same."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from auricle.audio.decode import decode_part
from auricle.audio.limits import AudioLimits
from auricle.errors import AudioError, CorpusError, DivergedError
from auricle.inference.prediction import Prediction
from auricle.inference.scorers import Score, Scorer
from auricle.models.bundle import BundleRef
from auricle.models.onnx_check import TOLERANCE

FloatArray = npt.NDArray[np.float32]

LENGTHS = 10
SHORTEST_S, LONGEST_S = 0.25, 30.0
# What has not been learned from comes first.
ORDER = ("test", "validation", "unlabelled", "train")


class Sounding(NamedTuple):
    """The beginning of a recording: float32 (n,), and who plays it where that is known."""

    waveform: FloatArray
    instrument: str | None


def soundings(
    manifest: pd.DataFrame, recordings: Path, limits: AudioLimits, sample_rate: int
) -> list[Sounding]:
    """The beginnings of recordings, of ten lengths from the shortest that is worth hearing to the longest.

    Another recording for each length, as far as there are some that last so long.

    Args:
        manifest: of the corpus.
        recordings: the folder that paths are relative to.
        limits: what may be decoded.
        sample_rate: of the model, in Hz.

    Raises:
        CorpusError: none of the recordings can be decoded.
    """
    usable = manifest[manifest["status"] == "ok"]
    order = usable["split"].map(lambda split: ORDER.index(split) if split in ORDER else len(ORDER))
    usable = usable.assign(order=order).sort_values(["order", "recording_id"])
    longest = min(LONGEST_S, float(usable["duration_s"].max())) if len(usable) else 0.0
    found: list[Sounding] = []
    waiting = list(usable.itertuples())
    for seconds in np.geomspace(min(SHORTEST_S, longest), longest, LENGTHS) if len(usable) else []:
        samples = round(float(seconds) * sample_rate)
        for row in _long_enough(waiting, float(seconds)):
            waiting.remove(row)
            waiting.append(row)  # taken again when all others are through
            try:
                part = decode_part(recordings / str(row.path), limits, sample_rate, 0, samples)
            except AudioError:
                continue  # gone or broken since it was ingested: another one does as well
            found.append(Sounding(part.samples, _instrument(row)))
            break
    if not found:
        raise CorpusError(
            f"None of {len(usable)} usable recordings can be decoded to compare the exported model on. Run"
            " `kedro run --pipelines=ingest`, which says why."
        )
    return found


def compare(
    bundle: BundleRef,
    ours: Scorer,
    theirs: Callable[[FloatArray, str | None], Score],
    heard: Sequence[Sounding],
) -> dict[str, Any]:
    """Compare two ways of computing one model on recordings, each alone.

    Args:
        bundle: of the model.
        ours: the model itself.
        theirs: the exported one; one that tells no windows is held against their mean.
        heard: at the rate of both.

    Returns:
        `max_difference` of a probability, `tolerance`, `decisions` that are the same, and the `seconds` of
        each recording that both can hear.

    Raises:
        DivergedError: a probability differs by more than `TOLERANCE`, or another label is said.
        CorpusError: the model can hear none of them.
    """
    largest, others, seconds = 0.0, 0, []
    for sounding in heard:
        try:
            expected = ours(*sounding)
        except AudioError:
            continue  # too short for the model
        said = theirs(*sounding)
        largest = float(np.maximum(largest, _difference(expected.probabilities, said.probabilities)))
        others += decided(bundle, expected) != decided(bundle, said)
        seconds.append(round(len(sounding.waveform) / ours.sample_rate, 3))
    if not seconds:
        raise CorpusError(
            f"The model hears none of {len(heard)} recordings: all are too short for it. Ingest longer ones."
        )
    if not largest <= TOLERANCE or others:
        raise DivergedError(
            f"On {len(seconds)} recordings the exported model differs by {largest:.1e} in a probability, and"
            f" may by {TOLERANCE:.0e}; it says something else {others} times. Use the bundle, or export with"
            " another torch or ONNX Runtime."
        )
    return {
        "max_difference": largest,
        "tolerance": TOLERANCE,
        "decisions": len(seconds),
        "seconds": seconds,
    }


def decided(bundle: BundleRef, score: Score) -> tuple[str | None, list[str]]:
    """The most probable label, and what is said: it, or each of several labels from its threshold on."""
    said = Prediction.of_windows(
        bundle.vocabulary,
        score.spans,
        score.probabilities,
        score.embedding,
        path=None,
        config=bundle.config,
    )
    return said.label, sorted(said.predicted_genres)


def _difference(ours: FloatArray, theirs: FloatArray) -> float:
    if ours.shape != theirs.shape:
        ours = ours.mean(axis=0, keepdims=True)
    return float(np.abs(ours - theirs).max())


def _long_enough(rows: list[Any], seconds: float) -> Iterator[Any]:
    """Those that last so long, in order; it may be changed on the way."""
    yield from [row for row in rows if row.duration_s >= seconds - 1e-3]


def _instrument(row: Any) -> str | None:
    instrument = getattr(row, "instrument", None)
    return instrument if isinstance(instrument, str) else None
