"""Auricle learns to hear: audio classifiers trained, compared and explained honestly."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path
    from typing import Any

    from auricle.inference.backend import Backend
    from auricle.inference.classifier import AudioClassifier
    from auricle.training.params import DeviceName

__all__ = ["fit", "from_hub", "load", "pack", "push"]


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


def fit(
    files: Iterable[str | Path],
    labels: Iterable[str] | Iterable[Sequence[str]],
    *,
    model: str = "cnn",
    out: str | Path,
    groups: Iterable[str | None] | None = None,
    instruments: Iterable[str | None] | None = None,
    cache: str | Path | None = None,
    **parameters: Any,
) -> AudioClassifier:
    """Train a model on plain lists, without a project: by the code, and to the rules, of the pipelines.

    Called again with the same arguments, it goes on where it was killed, or loads what is finished. Files
    that cannot be used are left out, each with a warning that says why.

    Args:
        files: recordings.
        labels: of each its label; or, for any number of labels a recording, a list of them.
        model: `random_forest`, `cnn`, `hybrid`, `resnet`, `cnn_lstm`, `transfer`, `wav2vec2`,
            `note_analyzer` or `note_analyzer_small`.
        out: the folder of the model, a bundle that stands alone; it must not exist yet, unless by an earlier
            call with the same arguments.
        groups: of each file what must not be torn apart (its artist, player or session), None where it
            stands alone. Without them each file is a group of its own; copies of a recording always share
            one.
        instruments: of each file who plays, for models that may be told; None where it is not known.
        cache: the folder of what is known of the recordings: `<out>.cache` by default. One for several
            models: they then share the splits, and nothing is computed twice.
        parameters: of the training (`epochs`, `learning_rate`, ...), the architecture, windows
            (`window_seconds`, `hop_seconds`), splits (`protocol`, `folds`, `validation_share`, `test_share`)
            and labels; `front_end`, `evaluation` and `decoding` are dictionaries of several.

    Returns:
        The loaded model. Its `figures` are those on test recordings, with intervals and the baseline, and
        those on validation; `metrics` holds all that was measured.

    Raises:
        ConfigurationError: lists that do not go together; a model or parameter that there is not, with those
            that there are; values that cannot be; a folder with something else in it.
        CorpusError: files that do not exist, labels with too few examples, nothing to learn from.
        MissingPackageError: without the extra `pipelines`.
    """
    from auricle.fitting.fit import fit as fit_lists

    return fit_lists(
        files,
        labels,
        model=model,
        out=out,
        groups=groups,
        instruments=instruments,
        cache=cache,
        **parameters,
    )


def pack(name_or_path: str | Path, out: str | Path, *, run_root: str | Path | None = None) -> Path:
    """Copy a model into a folder that stands alone: `auricle.pack("genre.ensemble", "my_ensemble")`.

    Of an ensemble the members are copied too, into its folder `members`, and what `kedro run
    --pipelines=export` wrote of exactly this model goes along. What comes out is loaded by `auricle.load` on
    any machine.

    Args:
        name_or_path: as `load` takes it.
        out: the new folder.
        run_root: as `load` takes it.

    Returns:
        `out`.

    Raises:
        ConfigurationError: there is something at `out`; or as `load`.
        BundleError: as `load`.
    """
    from pathlib import Path

    from auricle.inference.load import find_bundle
    from auricle.sharing.pack import pack as pack_bundle

    return pack_bundle(find_bundle(name_or_path, run_root=run_root), Path(out).expanduser()).path


def push(
    name_or_path: str | Path,
    repo_id: str,
    *,
    private: bool = True,
    licence: str | None = None,
    revision: str | None = None,
    message: str | None = None,
    token: str | None = None,
    run_root: str | Path | None = None,
) -> str:
    """Put a model on the Hugging Face Hub: `auricle.push("my_model", "user/name")`. Needs the extra `hub`.

    Only data goes there: safetensors (of forests skops), JSON, Parquet, and the card with its metadata.

    Args:
        name_or_path: as `load` takes it; the members of an ensemble go along.
        repo_id: on the hub, made where it is missing.
        private: whether only its owner may read it; one that others may read is then refused.
        licence: as the hub names it, such as `cc-by-4.0`, for the card: yours to choose, as far as the
            recordings and the encoder that the model began from allow.
        revision: a branch, made where it is missing; the main one by default.
        message: of the commit.
        token: of the hub; by default that of `hf auth login`.
        run_root: as `load` takes it.

    Returns:
        The address of the commit.

    Raises:
        ConfigurationError: the hub cannot be reached, or refuses; or as `load`.
        BundleError: as `load`.
        MissingPackageError: without the extra `hub`.
    """
    from auricle.sharing.hub import push as push_bundle

    return push_bundle(
        name_or_path,
        repo_id,
        private=private,
        licence=licence,
        revision=revision,
        message=message,
        token=token,
        run_root=run_root,
    )


def from_hub(
    repo_id: str,
    *,
    revision: str | None = None,
    cache_dir: str | Path | None = None,
    local_files_only: bool = False,
    token: str | None = None,
    device: DeviceName = "auto",
    abstain_below: float | None = None,
    cache_size: int = 1024,
) -> AudioClassifier:
    """Load a model from the Hugging Face Hub: `auricle.from_hub("user/name")`. Needs the extra `hub`.

    Nothing that comes from there is run, and its checksums are verified. What was had once is taken from the
    cache where the hub cannot be reached.

    Args:
        repo_id: on the hub.
        revision: a branch, a tag or, so that it is always the same, a commit.
        cache_dir: where what was had is kept; that of huggingface_hub by default.
        local_files_only: take what is kept and ask nobody.
        token: of the hub; by default that of `hf auth login`.
        device: as `load` takes it, and so are the others.
        abstain_below: see `load`.
        cache_size: see `load`.

    Raises:
        ConfigurationError: the hub does not have it or cannot be reached, with what to do; or as `load`.
        BundleError: what is there is no bundle, or damaged.
        MissingPackageError: without the extra `hub`.
    """
    from auricle.inference.classifier import AudioClassifier
    from auricle.sharing.hub import fetch

    bundle = fetch(
        repo_id, revision=revision, cache_dir=cache_dir, local_files_only=local_files_only, token=token
    )
    return AudioClassifier(bundle, device=device, abstain_below=abstain_below, cache_size=cache_size)
