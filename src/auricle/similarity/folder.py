"""The folder of an index: written whole beside the old one, verified by checksums when it is read.

`index.json` names the generation in use, a folder of its own, and is replaced by a rename: whoever reads sees
the old index or the new one.
"""

import hashlib
import json
import shutil
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from auricle.errors import BundleError
from auricle.similarity.approximate import ApproximateIndex
from auricle.similarity.index import SimilarityIndex

FORMAT_VERSION = 1
ABOUT, VECTORS, RECORDINGS, CELLS = "index.json", "vectors.npy", "recordings.parquet", "cells.faiss"
REMEDY = "Build it with `kedro run --pipelines=similarity`."


def write_index(folder: Path, index: SimilarityIndex) -> None:
    """Put an index into its folder and let the old one go."""
    generation = f"generation-{uuid.uuid4().hex}"
    place = folder / generation
    place.mkdir(parents=True)
    np.save(place / VECTORS, index.vectors)
    index.recordings.to_parquet(place / RECORDINGS, index=False)
    if index.approximate is not None:
        index.approximate.write(place / CELLS)
    about = {
        "auricle_index": FORMAT_VERSION,
        **index.about,
        "generation": generation,
        "sha256": {file.name: _sha256(file) for file in sorted(place.iterdir())},
    }
    staged = folder / f".{ABOUT}.part"
    staged.write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
    staged.replace(folder / ABOUT)
    for old in folder.glob("generation-*"):
        if old.name != generation:
            shutil.rmtree(old, ignore_errors=True)  # who has it open on Windows keeps it until the next build


def read_index(folder: Path) -> SimilarityIndex:
    """The index in a folder; vectors are memory-mapped.

    Raises:
        BundleError: there is none, or it is damaged, or of a version that is not known.
        MissingPackageError: it is approximate, and faiss is not installed.
    """
    about = read_about(folder)
    place = folder / str(about["generation"])
    for name, expected in about["sha256"].items():
        if not (place / name).is_file():
            raise BundleError(f"{place / name} is missing, though {ABOUT} lists it. {REMEDY}")
        if _sha256(place / name) != expected:
            raise BundleError(
                f"{place / name} is damaged: its SHA-256 is not the one in {ABOUT}. Remove {folder}. {REMEDY}"
            )
    approximate = None
    if about["approximate"] is not None:
        approximate = ApproximateIndex.read(place / CELLS, int(about["approximate"]["probes"]))
    vectors = np.load(str(place / VECTORS), mmap_mode="r", allow_pickle=False)
    return SimilarityIndex(pd.read_parquet(place / RECORDINGS), vectors, about, approximate)


def read_about(folder: Path) -> dict[str, Any]:
    """What `index.json` says.

    Raises:
        BundleError: there is none, or it is damaged, or of a version that is not known.
    """
    file = folder / ABOUT
    if not file.is_file():
        raise BundleError(f"There is no index at {folder}: it has no {ABOUT}. {REMEDY}")
    try:
        about = json.loads(file.read_text(encoding="utf-8"))
        version, listed = about["auricle_index"], about["sha256"].keys() & {VECTORS, RECORDINGS}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BundleError(f"{file} is damaged ({error}). Remove {folder}. {REMEDY}") from error
    if version != FORMAT_VERSION:
        raise BundleError(
            f"{file} is of format {version!r}, and this Auricle reads {FORMAT_VERSION}. {REMEDY}"
        )
    if len(listed) != 2:
        raise BundleError(f"{file} is damaged: it lists no {VECTORS} or no {RECORDINGS}. {REMEDY}")
    return dict(about)


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
