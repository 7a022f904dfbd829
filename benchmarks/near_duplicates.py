"""Near-duplicates: how many changed copies of recordings are found, and how many other pairs are joined.

    AURICLE_GTZAN=/music/gtzan python benchmarks/near_duplicates.py
    python benchmarks/near_duplicates.py --recordings 100000

For each kind of change every recording gets one copy, written as a file and read as ingestion reads it. All
recordings and all copies of the kind are held against each other. A recording and its own copy are to be
found, any other pair is wrong. The reference is the hash of the bytes, by which exact duplicates are known.

The last lines are the cost. Fingerprints of many recordings are made from those of the folder by stretching
each in time and frequency, which leaves them as dense as those of music. Two that are stretched alike are
copies too.
"""

import argparse
import os
import platform
import resource
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile as sf

from auricle.audio.decode import decode
from auricle.audio.fingerprint import BIN_BITS, N_FFT, SAMPLE_RATE, Peaks, fingerprint, unpack
from auricle.audio.limits import AudioLimits
from auricle.corpora.inspection import find_audio
from auricle.corpora.near_duplicates import links_between
from auricle.corpora.params import NearDuplicateParams

LIMITS = AudioLimits(formats=("WAV", "FLAC", "OGG", "MP3", "AU"))
PARAMS = NearDuplicateParams()
TRIM_S, PIECE_S = 5.0, 10.0
# Of libsndfile's range from 0, the highest rate, to 1; what that is in kbit/s is printed.
MP3 = {"format": "MP3", "bitrate_mode": "CONSTANT", "compression_level": 0.7}
OGG = {"format": "OGG", "subtype": "VORBIS", "compression_level": 1.0}
WAV = {"format": "WAV", "subtype": "PCM_16"}


class Heard(NamedTuple):
    """A file's fingerprint, the hash of its bytes, what the fingerprint cost, its size and duration."""

    peaks: Peaks
    digest: bytes
    ms: float
    size: int
    seconds: float


def main() -> None:
    arguments = parse_arguments()
    paths = find_audio(arguments.folder)[: arguments.tracks]
    if not paths:
        print(f"{arguments.folder} holds no recording: name a folder by AURICLE_GTZAN or by --folder")
        return
    print(f"{date.today()}  {platform.machine()}, {len(paths)} recordings\n")
    originals: dict[str, Heard] = {}
    copies: dict[str, dict[str, Heard]] = {}
    random = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as temporary:
        for path in paths:
            originals[path] = heard(arguments.folder / path)
            for kind, copy in changed(arguments.folder / path, Path(temporary), random):
                copies.setdefault(kind, {})[path] = heard(copy)
    print_found(originals, copies)
    if arguments.recordings:
        print_cost(originals, arguments.recordings)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    folder = Path(os.environ.get("AURICLE_GTZAN", "data/01_raw/gtzan"))
    parser.add_argument("--folder", type=Path, default=folder)
    parser.add_argument("--tracks", type=int, help="only the first ones")
    parser.add_argument("--recordings", type=int, default=10_000, help="of the cost; 0 leaves it out")
    return parser.parse_args()


def heard(path: Path) -> Heard:
    """A file as ingestion reads it."""
    samples = decode(path, LIMITS, SAMPLE_RATE).samples
    start = time.perf_counter()
    peaks = fingerprint(samples)
    ms = 1000 * (time.perf_counter() - start)
    data = path.read_bytes()
    return Heard(peaks, sha256(data).digest(), ms, len(data), len(samples) / SAMPLE_RATE)


def changed(path: Path, folder: Path, random: np.random.Generator) -> Iterator[tuple[str, Path]]:
    """Kind of change and file of each copy of a recording; the next one overwrites it."""
    wave = decode(path, LIMITS)
    samples, rate = wave.samples, wave.sample_rate
    # Not a multiple of any frame.
    trim = round((TRIM_S + random.uniform(0, 0.05)) * rate)
    start = int(random.integers(max(1, len(samples) - round(PIECE_S * rate))))
    piece = samples[start : start + round(PIECE_S * rate)]
    made = {
        "mp3, low rate": (samples, MP3),
        "ogg, lowest quality": (samples, OGG),
        "first 5 s cut off": (samples[trim:], WAV),
        "random 10 s": (piece, WAV),
        "20 dB softer": (0.1 * samples, WAV),
        "noise at 20 dB SNR": (noisy(samples, 20, random), WAV),
        "noise at 10 dB SNR": (noisy(samples, 10, random), WAV),
        "10 s, 10 dB softer, mp3": (0.316 * piece, MP3),
    }
    for kind, (copy, options) in made.items():
        file = folder / f"copy.{options['format'].lower()}"
        sf.write(file, copy, rate, **options)
        yield kind, file


def noisy(samples: np.ndarray, snr_db: float, random: np.random.Generator) -> np.ndarray:
    """With white noise, and no louder than full scale."""
    level = np.sqrt(np.mean(np.square(samples)) / 10 ** (snr_db / 10))
    mixed = samples + level * random.standard_normal(len(samples))
    return mixed / max(1.0, np.abs(mixed).max())


def print_found(originals: dict[str, Heard], copies: dict[str, dict[str, Heard]]) -> None:
    """What is found among the recordings, and of each kind of copy."""
    peaks = {("recording", path): file.peaks for path, file in originals.items()}
    among = list(links_between(peaks, PARAMS))
    print(f"pairs among the recordings themselves: {len(among)}")
    for (_, one), (_, other), how in among:
        print(f"  {one} and {other}: {how.share:.2f} of their peaks coincide, {how.peaks}")
    columns = ("kbit/s", "found", "missed", "wrong", "recall", "precision", "least share", "by exact hash")
    print(f"\n{'copies':<25}" + "".join(f"{name:>{len(name) + 3}}" for name in columns))
    for kind, made in copies.items():
        links = list(links_between(peaks | {(kind, path): file.peaks for path, file in made.items()}, PARAMS))
        right = [how for one, other, how in links if one[1] == other[1]]
        wrong = len(links) - len(right)
        exact = sum(file.digest == originals[path].digest for path, file in made.items())
        bits, seconds = (
            8 * sum(file.size for file in made.values()),
            sum(file.seconds for file in made.values()),
        )
        row = (
            f"{bits / seconds / 1000:.0f}",
            len(right),
            len(made) - len(right),
            wrong,
            f"{len(right) / len(made):.3f}",
            f"{len(right) / len(links):.3f}" if links else "-",
            f"{min((how.share for how in right), default=0.0):.2f}",
            exact,
        )
        cells = zip(columns, row, strict=True)
        print(f"{kind:<25}" + "".join(f"{value:>{len(name) + 3}}" for name, value in cells))


def print_cost(originals: dict[str, Heard], recordings: int) -> None:
    """What a fingerprint costs, and the search for copies among many."""
    files = list(originals.values())
    ms, size = np.median([file.ms for file in files]), np.mean([4 * len(file.peaks) for file in files])
    print(
        f"\nfingerprint of {np.median([file.seconds for file in files]):.0f} s: {ms:.1f} ms, {size:.0f} bytes"
    )
    many = dict(stretched([file.peaks for file in files], recordings))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    links = sum(1 for _ in links_between(many, PARAMS))
    seconds = time.perf_counter() - start
    more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 2**20
    print(
        f"search among {recordings:,}: {seconds:.0f} s, {more:.1f} GiB beside the fingerprints, {links} pairs"
    )


def stretched(peaks: list[Peaks], count: int) -> Iterator[tuple[int, Peaks]]:
    """So many fingerprints, each one of those given at another tempo and pitch."""
    random = np.random.default_rng(0)
    for number in range(count):
        frames, bins = unpack(peaks[number % len(peaks)])
        frames = (frames * random.uniform(0.8, 1.25)).astype(np.int64)
        bins = (bins * random.uniform(0.8, 1.25) + random.integers(-20, 20)).astype(np.int64)
        kept = (bins > 0) & (bins < N_FFT // 2)
        yield number, np.unique((frames[kept] << BIN_BITS) + bins[kept]).astype(np.uint32)


if __name__ == "__main__":
    main()
