"""Copies of one recording that differ in their bytes: found by hashes of their peaks, proved by all peaks."""

import logging
from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auricle.audio.fingerprint import FINGERPRINT_VERSION, FRAMES_PER_SECOND, Peaks, from_bytes
from auricle.audio.landmarks import Agreement, agreement, hashes
from auricle.corpora.params import NearDuplicateParams

logger = logging.getLogger(__name__)

LINK_DTYPES = {
    "recording_id": "str",
    "other_id": "str",
    "path": "str",
    "other_path": "str",
    "share": "float64",
    "peaks": "int64",
    "offset_s": "float64",
}
# Hashes that agree in their offset before two recordings are compared: chance gives one or two.
_MIN_VOTES = 3
# A hash of many recordings pairs each with so many that follow it, not all with all: the cost stays linear,
# and of many copies each is still linked with its neighbours.
_NEIGHBOURS = 16
# What a recording is expected to have when the sample is sized.
_HASHES_PER_PEAK = 6


def find_near_duplicates(files: pd.DataFrame, params: NearDuplicateParams) -> pd.DataFrame:
    """Which recordings are copies of which.

    Args:
        files: What `inspect_files` yields. Recordings without a fingerprint, quarantined ones, and further
            files with the same bytes have no part.
        params: What counts as a copy.

    Returns:
        One row per pair, sorted by path: `recording_id` and `other_id`; `path` and `other_path`, the first of
        each by name; `share` and `peaks` of `Agreement`; `offset_s`, seconds from the beginning of `path` to
        that of `other_path`. Of many copies not every pair is listed; others link the rest.
    """
    fingerprints, paths = _fingerprints(files) if params.enabled else ({}, {})
    links = links_between(fingerprints, params)
    rows = [
        (one, other, paths[one], paths[other], found.share, found.peaks, found.offset / FRAMES_PER_SECOND)
        for one, other, found in links
    ]
    table = pd.DataFrame(rows, columns=list(LINK_DTYPES)).astype(LINK_DTYPES)
    if len(table):
        logger.info("%s pairs of recordings sound the same: the data report names them.", f"{len(table):,}")
    return table.sort_values(["path", "other_path"], ignore_index=True)


def links_between(
    fingerprints: Mapping[str, Peaks], params: NearDuplicateParams
) -> Iterator[tuple[str, str, Agreement]]:
    """Pairs of names whose fingerprints coincide, and how well.

    Args:
        fingerprints: By name.
        params: How well they must.
    """
    names, peaks = list(fingerprints), list(fingerprints.values())
    for first, second, offset in _candidates(peaks, params.max_hashes):
        found = agreement(peaks[first], peaks[second], offset)
        if found.share >= params.min_share and found.peaks >= params.min_peaks:
            yield names[first], names[second], found


def _fingerprints(files: pd.DataFrame) -> tuple[dict[str, Peaks], dict[str, str]]:
    if "fingerprint" not in files:
        return {}, {}
    known = files[(files["status"] == "ok") & (files["fingerprint_version"] == FINGERPRINT_VERSION)]
    known = known.sort_values("path").drop_duplicates("recording_id")
    identities = known["recording_id"].tolist()
    peaks = [from_bytes(data) for data in known["fingerprint"]]
    return dict(zip(identities, peaks, strict=True)), dict(zip(identities, known["path"], strict=True))


def _candidates(peaks: list[Peaks], max_hashes: int) -> Iterator[tuple[int, int, int]]:
    """Positions of two fingerprints that share hashes at one offset, and that offset in frames."""
    keys, frames = _index(peaks, max_hashes)
    votes = list(_votes(keys, frames))
    if not votes:
        return
    pairs = np.concatenate([pair for pair, _ in votes])
    offsets = np.concatenate([offset for _, offset in votes])
    del votes
    order = np.lexsort((offsets, pairs))
    yield from _elected(pairs[order], offsets[order])


def _index(peaks: list[Peaks], max_hashes: int) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:
    """All hashes, sorted: hash and position of its recording in one number, and frames.

    Of too many a sample, by value, so that copies keep the same.
    """
    expected = _HASHES_PER_PEAK * sum(len(codes) for codes in peaks)
    highest = np.uint32(min(1.0, max_hashes / max(expected, 1)) * (2**32 - 1))
    if expected > max_hashes:
        logger.info(
            "%.0f%% of the hashes of %s fingerprints are looked at.",
            100 * max_hashes / expected,
            f"{len(peaks):,}",
        )
    keys, frames = [np.empty(0, np.uint64)], [np.empty(0, np.int32)]
    for position, codes in enumerate(peaks):
        found = hashes(codes)
        kept = slice(0, int(np.searchsorted(found.values, highest, side="right")))
        keys.append((found.values[kept].astype(np.uint64) << np.uint64(32)) | np.uint64(position))
        frames.append(found.frames[kept].copy())  # a view would keep the whole
    together, at = np.concatenate(keys), np.concatenate(frames)
    del keys, frames
    order = np.argsort(together)
    return together[order], at[order]


def _votes(
    keys: NDArray[np.uint64], frames: NDArray[np.int32]
) -> Iterator[tuple[NDArray[np.uint64], NDArray[np.int32]]]:
    """For each two recordings with one hash: both positions in one number, and the offset that it says."""
    values = (keys >> np.uint64(32)).astype(np.uint32)
    positions = keys & np.uint64(2**32 - 1)
    same = np.arange(len(keys))
    for step in range(1, _NEIGHBOURS + 1):
        same = same[same + step < len(keys)]
        same = same[values[same] == values[same + step]]
        if not len(same):
            return
        yield (
            (positions[same] << np.uint64(32)) | positions[same + step],
            frames[same] - frames[same + step],
        )


def _elected(pairs: NDArray[np.uint64], offsets: NDArray[np.int32]) -> Iterator[tuple[int, int, int]]:
    """The pairs with enough votes for one offset, a frame more or less."""
    starts = np.flatnonzero(np.r_[True, pairs[1:] != pairs[:-1]])
    ends = np.r_[starts[1:], len(pairs)]
    enough = ends - starts >= _MIN_VOTES
    for start, end in zip(starts[enough].tolist(), ends[enough].tolist(), strict=True):
        said = offsets[start:end]
        agreeing = np.searchsorted(said, said + 2, side="right") - np.arange(len(said))
        best = int(agreeing.argmax())
        if agreeing[best] >= _MIN_VOTES:
            middle = int(np.median(said[best : best + agreeing[best]]))
            yield int(pairs[start] >> np.uint64(32)), int(pairs[start] & np.uint64(2**32 - 1)), middle
