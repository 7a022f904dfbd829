"""Auricle learns to hear: audio classifiers trained, compared and explained honestly."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from auricle.inference.backend import Backend
    from auricle.inference.classifier import AudioClassifier
    from auricle.training.params import DeviceName

__all__ = ["load"]


def load(
    name_or_path: str | Path,
    *,
    run_root: str | Path | None = None,
    device: DeviceName = "auto",
    abstain_below: float | None = None,
    cache_size: int = 1024,
    backend: Backend = "auto",
) -> AudioClassifier:
    """Load a trained model: `auricle.load("genre.cnn").predict("song.mp3")`.

    Args:
        name_or_path: a study's model, such as `genre.cnn`: its champion in the project that the current
            folder belongs to; or the path of any bundle.
        run_root: where that project's environment keeps its data: `data` by default, `data/gtzan` for what
            `kedro run --env=gtzan` has trained.
        device: `auto`, `cpu`, `cuda` or `mps`.
        abstain_below: the calibrated probability of the most probable class below which a prediction is
            `uncertain`; the report suggests some. None always answers.
        cache_size: recordings whose predictions are remembered, so that what is asked again is not computed
            again; 0 remembers none.
        backend: `auto`: on a CPU ONNX Runtime computes the model where `kedro run --pipelines=export` has
            written this very bundle and compared it, else torch or scikit-learn; `torch` does without ONNX;
            `onnx` insists on it.

    Raises:
        ConfigurationError: for a name that the project does not know or has not trained, or outside a
            project; for an `abstain_below` that this model cannot be held to, or a `cache_size` below 0; for
            `backend="onnx"` where the bundle was not exported, or with another device than a CPU.
        BundleError: for a bundle that is missing, damaged, or of another version.
    """
    # Torch and transformers take seconds to import: only loading pays for them.
    from auricle.inference.load import load as load_classifier

    return load_classifier(
        name_or_path,
        run_root=run_root,
        device=device,
        abstain_below=abstain_below,
        cache_size=cache_size,
        backend=backend,
    )
