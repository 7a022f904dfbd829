"""A rater that has learned nothing, and recordings of noise that it hears."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from auricle.audio.waveform_front_end import WaveformParams
from auricle.models.bundle import BundleRef, seal
from auricle.models.rating.params import RaterParams
from auricle.models.registry import build_model

RATE = 8_000
HEARD = WaveformParams(sample_rate=RATE, do_normalize=False)


def make_rater(path: Path, **model: Any) -> BundleRef:
    """The bundle of a small rater with random weights."""
    torch.manual_seed(0)
    given = {
        "encoder_class": "auricle.models.encoders:WaveformCNN",
        "encoder_kwargs": {"embedding_dim": 8, "channels": [4]},
        "classifier_kwargs": {"hidden_size": 16, "dropout": 0.5},
    }
    config = RaterParams.model_validate(given | model).config_for(
        sample_rate=RATE, window_frames=RATE // 2, hop_frames=RATE // 2
    )
    build_model(config).eval().save_pretrained(path)
    HEARD.make().save_pretrained(path)
    (path / "training.json").write_text("{}")
    return seal(path)


@dataclass
class Sounds:
    """Waveforms by recording, as a store has them."""

    waveforms: dict[str, Any]
    content: str = "waveform"
    heard: list[str] = field(default_factory=list)

    def __contains__(self, recording_id: object) -> bool:
        return recording_id in self.waveforms

    def __getitem__(self, recording_id: str) -> Any:
        self.heard.append(recording_id)
        return self.waveforms[recording_id]

    def ids(self) -> AbstractSet[str]:
        return self.waveforms.keys()

    def frames(self, recording_id: str) -> int:
        return int(self.waveforms[recording_id].shape[1])


def library(artists: int = 12, of_each: int = 3) -> tuple[pd.DataFrame, Sounds]:
    """Recordings of one to three windows: of each artist one is not rated, the splits as of a corpus."""
    random = np.random.default_rng(0)
    rows, waveforms = [], {}
    for number in range(artists * of_each):
        artist, place = divmod(number, of_each)
        name = f"{number:04x}"
        rated = place < of_each - 1
        split = ("train", "validation", "test")[artist % 3] if rated else "unlabelled"
        rating = round(random.uniform(0.1, 1), 1) if rated else np.nan
        rows.append((name, f"{artist}/{name}.wav", f"artist {artist}", f"group {artist}", split, rating))
        samples = random.normal(scale=0.02 * (1 + artist), size=RATE // 2 * (1 + number % 3))
        waveforms[name] = samples[None].astype(np.float32)
    columns = ["recording_id", "path", "meta_artist", "group", "split", "rating"]
    manifest = pd.DataFrame(rows, columns=columns).assign(status="ok", duration_s=1.0, label=None)
    return manifest, Sounds(waveforms)


NO_COPIES = pd.DataFrame({"recording_id": [], "other_id": []}, dtype="str")
