"""A tiny corpus that can be heard: recordings, and their spectrograms as the front end makes them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from tiny_corpus import FRONT_END, LABELS, TRAIN, TinyCorpus, tiny_corpus

from auricle.audio.decode import decode
from auricle.audio.frontend import LogMelFrontEnd
from auricle.audio.limits import AudioLimits
from auricle.audio.store import SpectrogramStore
from auricle.audio.waveform_augment import VariantParams
from auricle.models.bundle import BundleDraft
from auricle.training.on_the_fly import OnTheFlyVariants
from auricle.training.params import TrainParams

RATE = FRONT_END.sample_rate
LIMITS = AudioLimits()
ALTERED = VariantParams(mode="on_the_fly")


@dataclass(frozen=True)
class SoundingCorpus(TinyCorpus):
    """The recordings lie beside the store; by default trainings alter them on the fly."""

    @property
    def recordings(self) -> Path:
        return self.folder / "recordings"

    def variants(self, params: VariantParams = ALTERED) -> OnTheFlyVariants:
        return OnTheFlyVariants.open(self.recordings, self.front_end, params, self.manifest, LIMITS)

    def fit(self, workdir: Path, params: TrainParams = TRAIN, **options: Any) -> BundleDraft:
        """Train, on altered crops unless other `variants` are given."""
        return super().fit(workdir, params, **({"variants": self.variants()} | options))


def sounding_corpus(folder: Path, *, folds: int = 0) -> SoundingCorpus:
    """Recordings of 2.4 s, of each label one of .3 s, shorter than a crop; splits as of the tiny corpus."""
    corpus = SoundingCorpus(folder, tiny_corpus(folder / "listing", folds=folds).manifest)
    random = np.random.default_rng(0)
    front_end = LogMelFrontEnd(FRONT_END)
    records = {}
    for row in corpus.manifest.itertuples():
        path = corpus.recordings / row.path
        path.parent.mkdir(parents=True, exist_ok=True)
        seconds = 0.3 if path.stem == "2" else 2.4
        soundfile.write(path, sound_of(LABELS.index(row.label), seconds, random), RATE)
        records[row.recording_id] = front_end(decode(path, LIMITS, RATE).samples)
    with SpectrogramStore.open(folder, front_end.digest, front_end.n_bands, mode="a") as store:
        store.append(records)
    return corpus


def sound_of(position: int, seconds: float, random: np.random.Generator) -> np.ndarray:
    """Noise; a pulsing tone; a rising one. In float64, full scale at 1."""
    times = np.arange(round(seconds * RATE)) / RATE
    noise = 0.1 * random.standard_normal(len(times))
    pitch = random.uniform(300, 600)
    tones = [0 * times, np.sin(2 * np.pi * pitch * times) * (times * 8 % 1 < 0.5)]
    tones.append(np.sin(2 * np.pi * (pitch + 400 * times) * times))
    return np.clip(noise / (1 + 4 * (position > 0)) + 0.4 * tones[position], -1, 1)
