"""Similarity search by what a model makes of recordings: `open_index("genre.cnn").query("song.mp3")`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from auricle.inference.classifier import AudioClassifier
    from auricle.similarity.index import SimilarityIndex

__all__ = ["open_index"]


def open_index(
    name_or_folder: str | Path,
    *,
    model: AudioClassifier | str | Path | None = None,
    run_root: str | Path | None = None,
) -> SimilarityIndex:
    """The index of a study's model, such as `genre.cnn`, or the one in a folder.

    Args:
        name_or_folder: the name loads the model too, so that files can be asked about.
        model: what embeds files, for an index in a folder: a loaded model, its name, or the path of a bundle.
        run_root: where the project's environment keeps its data, as in `auricle.load`.

    Raises:
        BundleError: there is no index, it is damaged, or another model made it.
        ConfigurationError: an unknown or untrained name.
        MissingPackageError: the index is approximate, and faiss is not installed.
    """
    # Torch and transformers take seconds to import: only opening pays for them.
    from auricle.similarity.opening import open_index as open_it

    return open_it(name_or_folder, model=model, run_root=run_root)
