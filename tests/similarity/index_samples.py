"""A small corpus in an embedding: four kinds of sound, each in several groups."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from auricle.similarity.build import build_index
from auricle.similarity.contents import Contents, gather
from auricle.similarity.index import SimilarityIndex
from auricle.similarity.params import SimilarityParams

LABELS = ("blues", "folk", "jazz", "metal")
NO_COPIES = pd.DataFrame({"recording_id": pd.Series(dtype="str"), "other_id": pd.Series(dtype="str")})


@dataclass(frozen=True)
class Model:
    """What an index reads of a bundle."""

    version: str = "first"
    digest: str = "d" * 64


def corpus(count: int = 60, seed: int = 0, spread: float = 0.6) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Manifest and embeddings: recordings in turn of each label, five of each artist."""
    random = np.random.default_rng(seed)
    places = np.arange(count)
    manifest = pd.DataFrame(
        {
            "recording_id": [f"{place:016x}" for place in places],
            "path": [f"{place}.wav" for place in places],
            "duration_s": 10.0 + places,
            "label": [LABELS[place % 4] for place in places],
            "labels": [[LABELS[place % 4]] for place in places],
            "group": [f"artist {place // 4 // 5}-{place % 4}" for place in places],
            "split": "test",
            "fold": -1,
            "status": "ok",
        }
    )
    centres = 2 * random.normal(size=(4, 16))
    vectors = centres[places % 4] + spread * random.normal(size=(count, 16))
    embeddings = pd.DataFrame(
        {"recording_id": manifest["recording_id"], "embedding": list(vectors.astype(np.float32))}
    )
    return manifest, embeddings


def contents(manifest: pd.DataFrame, embeddings: pd.DataFrame, copies: pd.DataFrame = NO_COPIES) -> Contents:
    return gather(embeddings, manifest, copies, None)


def built(folder: Path, *tables: pd.DataFrame, model: Any = None, **params: Any) -> SimilarityIndex:
    made = contents(*(tables or corpus()))
    chosen = SimilarityParams.model_validate(params)
    return build_index(folder, made, model or Model(), "genre.cnn", chosen)
