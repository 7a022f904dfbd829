"""Hashes of spectral peaks, by which copies find each other, and how well two fingerprints coincide."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from auricle.audio.fingerprint import BIN_BITS, Peaks, unpack

# A hash joins a peak with two of the next four in time, at most 1.5 s and 490 Hz away. Three peaks instead of
# Wang's two make hashes so rare that a hundred thousand recordings can be held against each other.
_TARGETS = 4
_REACH_FRAMES, _REACH_BINS = 48, 62
# How many of the following peaks are looked at for these four.
_LOOK_AHEAD = 48
_PAIRS = [(first, second) for first in range(_TARGETS) for second in range(first + 1, _TARGETS)]
# Fibonacci hashing: the upper half of the product is mixed by all bits of the key.
_MIX = np.uint64(0x9E3779B97F4A7C15)
_BIN_STEPS, _FRAME_STEPS = 128, 64


class Hashes(NamedTuple):
    """Hashes of a recording, uint32, and the frame that each begins at, int32; each hash once."""

    values: NDArray[np.uint32]
    frames: NDArray[np.int32]


class Agreement(NamedTuple):
    """How well two recordings coincide.

    Attributes:
        share: Of the peaks of both, where they overlap, those that coincide; from 0 to 1.
        peaks: How many coincide.
        offset: Frame of the first recording at which the second begins.
    """

    share: float
    peaks: int
    offset: int


def hashes(peaks: Peaks) -> Hashes:
    """The hashes of a fingerprint: some 3,000 for 30 s of music. Of a hash that repeats, the first counts."""
    frames, bins = unpack(peaks)
    targets = _targets(frames, bins)
    keys, at = [], []
    for first, second in _PAIRS:
        anchor = np.flatnonzero(targets[:, second] >= 0)
        key = bins[anchor]
        for target in (targets[anchor, first], targets[anchor, second]):
            key = key * _BIN_STEPS + bins[target] - bins[anchor] + _REACH_BINS
            key = key * _FRAME_STEPS + frames[target] - frames[anchor]
        keys.append(key)
        at.append(frames[anchor])
    mixed = (np.concatenate(keys).astype(np.uint64) * _MIX) >> np.uint64(32)
    start = np.concatenate(at)
    order = np.argsort(start, kind="stable")
    values, first_of = np.unique(mixed[order].astype(np.uint32), return_index=True)
    return Hashes(values, start[order][first_of].astype(np.int32))


def agreement(one: Peaks, other: Peaks, offset: int) -> Agreement:
    """Hold two fingerprints against each other.

    Peaks coincide in the same bin and in one of two neighbouring frames, the same two throughout: a copy
    may begin between two frames. A second performance of the same notes wavers more, and coincides less.

    Args:
        one: A fingerprint.
        other: Another one.
        offset: Frame of `one` at which `other` begins.
    """
    frame = 1 << BIN_BITS
    these, those = one.astype(np.int64), other.astype(np.int64) + offset * frame
    start, stop = max(these[0], those[0]) - frame, min(these[-1], those[-1]) + frame
    these, those = (codes[(codes >= start) & (codes <= stop)] for codes in (these, those))
    total = len(these) + len(those)
    if not total:
        return Agreement(0.0, 0, offset)
    both = [(_matched(these, those, step), _matched(those, these, -step)) for step in (-frame, frame)]
    matched = max(both, key=sum)
    return Agreement(sum(matched) / total, min(matched), offset)


def _targets(frames: NDArray[np.int64], bins: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each peak the positions of the next ones in its reach [shape=(peaks, _TARGETS)], -1 where none."""
    here = np.arange(len(frames))[:, None]
    ahead = here + np.arange(1, _LOOK_AHEAD + 1)
    there = np.minimum(ahead, len(frames) - 1)
    delay = frames[there] - frames[here]
    near = (ahead < len(frames)) & (delay >= 1) & (delay <= _REACH_FRAMES)
    near &= np.abs(bins[there] - bins[here]) <= _REACH_BINS
    rank = np.cumsum(near, axis=1)
    rows, columns = np.nonzero(near & (rank <= _TARGETS))
    targets = np.full((len(frames), _TARGETS), -1)
    targets[rows, rank[rows, columns] - 1] = there[rows, columns]
    return targets


def _matched(codes: NDArray[np.int64], among: NDArray[np.int64], step: int) -> int:
    """How many codes are among others, as they are or a step later."""
    return int(np.isin(codes, np.concatenate([among, among + step])).sum())
