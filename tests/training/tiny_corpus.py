"""A corpus, a front end and a network so small that a training takes a second."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from auricle.audio.frontend import FrontEndParams, LogMelFrontEnd
from auricle.audio.store import SpectrogramStore
from auricle.corpora.labels import LabelParams
from auricle.models.bundle import BundleDraft
from auricle.models.params import CnnParams
from auricle.models.windows import WindowParams
from auricle.training.params import TrainParams
from auricle.training.variants import Variants

LABELS = ("noise", "pulse", "sweep")
FRONT_END = FrontEndParams(sample_rate=8000, n_fft=512, hop_length=256, n_mels=16)
MODEL = CnnParams(channels=(4, 8), hidden_size=16, embedding_size=8, dropout=0.2)
WINDOW = WindowParams(window_seconds=0.5, hop_seconds=0.25)
TRAIN = TrainParams(
    epochs=4, batch_size=4, crops_per_recording=2, learning_rate=0.01, device="cpu", precision="float32"
)


@dataclass(frozen=True)
class TinyCorpus:
    """Spectrograms whose texture tells the label, and the manifest that lists them."""

    folder: Path
    manifest: pd.DataFrame

    @property
    def front_end(self) -> LogMelFrontEnd:
        return LogMelFrontEnd(FRONT_END)

    @property
    def store(self) -> SpectrogramStore:
        return SpectrogramStore.open(self.folder, self.front_end.digest, self.front_end.n_bands)

    def fit(
        self,
        workdir: Path,
        params: TrainParams = TRAIN,
        *,
        model: CnnParams = MODEL,
        manifest: pd.DataFrame | None = None,
        window: WindowParams = WINDOW,
        labels: LabelParams | None = None,
        variants: Variants | None = None,
        events: Path | None = None,
    ) -> BundleDraft:
        """Train on this corpus."""
        from auricle.training.deep import fit_deep

        table = self.manifest if manifest is None else manifest
        return fit_deep(
            table, self.store, self.front_end, model, params, window, workdir, labels, variants, events
        )


def tiny_corpus(folder: Path, *, folds: int = 0, per_class: int = 6) -> TinyCorpus:
    """Render the corpus into ``folder``: hold-out (4 : 1 : 1 of 6), or so many folds."""
    random = np.random.default_rng(7)
    front_end = LogMelFrontEnd(FRONT_END)
    rows, records = [], {}
    for label in LABELS:
        for number in range(per_class):
            recording_id = f"{label}{number:012d}"
            records[recording_id] = _spectrogram(LABELS.index(label), random)
            rows.append(
                {
                    "recording_id": recording_id,
                    "path": f"{label}/{number}.wav",
                    "label": label,
                    "labels": [label] if label == "noise" else [label, "striped"],
                    "group": recording_id,
                    "split": "train" if folds else ("validation", "test", "train")[min(number, 2)],
                    "fold": number % folds if folds else -1,
                    "status": "ok",
                    "reason": None,
                }
            )
    with SpectrogramStore.open(folder, front_end.digest, front_end.n_bands, mode="a") as store:
        store.append(records)
    return TinyCorpus(folder, pd.DataFrame(rows))


def _spectrogram(position: int, random: np.random.Generator) -> np.ndarray:
    """Between 20 and 40 frames of noise; 25 dB louder in every fourth frame, or along diagonals."""
    spectrogram = random.normal(-40, 8, size=(16, int(random.integers(20, 40))))
    bands, frames = np.indices(spectrogram.shape)
    spectrogram += 25 * (position > 0) * ((frames + (position == 2) * bands) % 4 == 0)
    return spectrogram.astype(np.float32)
