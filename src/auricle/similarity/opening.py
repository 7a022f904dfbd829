"""Finds the index of a model, and refuses one that another model made."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from auricle.errors import BundleError
from auricle.inference.load import NAME, find_bundle, load, project_root
from auricle.similarity.folder import REMEDY, read_index
from auricle.similarity.index import SimilarityIndex

if TYPE_CHECKING:
    from auricle.inference.classifier import AudioClassifier
    from auricle.models.bundle import BundleRef

OUTPUTS, FOLDER = "07_model_output", "similarity"


def open_index(
    name_or_folder: str | Path,
    *,
    model: AudioClassifier | str | Path | None = None,
    run_root: str | Path | None = None,
) -> SimilarityIndex:
    """Open an index; see `auricle.similarity.open_index`."""
    folder = Path(name_or_folder)
    name = NAME.fullmatch(str(name_or_folder))
    if name is not None and not folder.exists():
        root = Path(run_root) if run_root else project_root() / "data"
        folder = root / OUTPUTS / name["study"] / name["model"] / FOLDER
        model = model or str(name_or_folder)
    index = read_index(folder)
    if isinstance(model, str | Path):
        check_model(index.about, find_bundle(model, run_root=run_root), str(folder))
        model = load(model, run_root=run_root)
    return index if model is None else index.with_model(model)


def check_model(about: dict[str, Any], bundle: BundleRef, which: str) -> None:
    """Refuse an index whose vectors mean something else than the model's.

    Raises:
        BundleError: the digests differ.
    """
    made_by = about["model"]
    if made_by["digest"] != bundle.digest:
        raise BundleError(
            f"{which} is of another model: version {made_by['version']} ({made_by['digest'][:12]}) made it,"
            f" and this is {bundle.version} ({bundle.digest[:12]}): their embeddings do not compare. {REMEDY}"
        )
