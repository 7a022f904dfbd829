"""A tiny corpus of waveforms, and a speech encoder so small that a training takes seconds."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile
from sounding_corpus import sound_of
from tiny_corpus import LABELS, TRAIN, WINDOW, tiny_corpus

from auricle.audio import waveform_shards
from auricle.audio.limits import AudioLimits
from auricle.audio.waveform_front_end import WaveformFrontEnd, WaveformParams
from auricle.audio.waveform_shards import make_shards
from auricle.audio.waveform_store import WaveformStore, commit
from auricle.models.bundle import BundleDraft
from auricle.models.wav2vec2.params import TinyEncoderParams, Wav2Vec2Params
from auricle.training.params import TrainParams

HEARD = WaveformParams(sample_rate=8_000)
TINY = TinyEncoderParams(
    conv_dim=(8, 16),
    conv_kernel=(20, 8),
    conv_stride=(10, 8),
    hidden_size=16,
    num_hidden_layers=1,
    num_attention_heads=2,
    intermediate_size=32,
    num_conv_pos_embeddings=8,
    num_conv_pos_embedding_groups=4,
)
MODEL = Wav2Vec2Params(tiny=TINY, mask_time_length=2)
BY_LENGTH = TRAIN.model_copy(update={"batches_by_length": True})


@dataclass(frozen=True)
class WaveformCorpus:
    """Recordings whose sound tells the label, cached as waveforms."""

    folder: Path
    manifest: pd.DataFrame
    heard: WaveformParams = HEARD

    @property
    def front_end(self) -> WaveformFrontEnd:
        return self.heard.make()

    @property
    def store(self) -> WaveformStore:
        return WaveformStore.open(self.folder / "waveforms", self.front_end.digest)

    def fit(self, workdir: Path, params: TrainParams = BY_LENGTH, **options: Any) -> BundleDraft:
        """Train on this corpus."""
        from auricle.training.deep import fit_deep

        given = {"model_params": MODEL, "params": params, "window": WINDOW, "workdir": workdir} | options
        return fit_deep(self.manifest, self.store, self.front_end, **given)


def waveform_corpus(
    folder: Path, *, folds: int = 0, longest: float | None = None, heard: WaveformParams = HEARD
) -> WaveformCorpus:
    """Recordings of 0.2 to 1.2 s; splits as of the tiny corpus.

    With `longest` they have a second, and those to validate on and one to learn from of each label so many.
    """
    corpus = WaveformCorpus(folder, tiny_corpus(folder / "listing", folds=folds).manifest, heard)
    random = np.random.default_rng(0)
    for row in corpus.manifest.itertuples():
        path = folder / row.path
        path.parent.mkdir(parents=True, exist_ok=True)
        seconds = random.uniform(0.2, 1.2)
        if longest is not None:
            seconds = longest if path.stem in {"0", "2"} else 1.0
        soundfile.write(path, sound_of(LABELS.index(row.label), seconds, random), 8_000)
    fill(corpus)
    return corpus


def fill(corpus: WaveformCorpus) -> None:
    """Cache all recordings, in this process: child processes are tested where they are made."""

    def mapped(
        function: Callable[[Path], Any], items: Iterable[Path], **_: Any
    ) -> Iterator[tuple[Path, Any]]:
        yield from ((item, function(item)) for item in items)

    extractor = corpus.front_end
    paths = dict(zip(corpus.manifest["recording_id"], corpus.manifest["path"], strict=True))
    with (
        pytest.MonkeyPatch.context() as patch,
        WaveformStore.open(corpus.folder / "waveforms", extractor.digest, mode="a") as store,
    ):
        patch.setattr(waveform_shards, "map_isolated", mapped)
        for shard in make_shards(store, extractor, corpus.folder, paths, AudioLimits(), workers=1):
            commit(shard.path, store.folder)
