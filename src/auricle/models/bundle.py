"""The bundle: the folder of one trained model, sealed by checksums and verified on opening."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auricle.corpora.labels import SINGLE, LabelParams
from auricle.errors import BundleError

if TYPE_CHECKING:
    import pandas as pd

FORMAT_VERSION = 1
CONFIG, CHECKSUMS, TRAINING = "config.json", "checksums.json", "training.json"
PREPROCESSOR, CARD, OUT_OF_FOLD = "preprocessor_config.json", "README.md", "out_of_fold.parquet"
CROSS_FITTED = "cross_fitted.parquet"
SEEN = "recordings.parquet"
RETRAIN = "Train the model again, or restore the folder from a copy."


@dataclass(frozen=True)
class BundleDraft:
    """A complete, sealed bundle in a staging folder, and the work directory to remove once it is in place."""

    path: Path
    workdir: Path | None = None


@dataclass(frozen=True)
class BundleRef:
    """A bundle whose checksums were verified; what it holds is read when asked for.

    Attributes:
        path: its folder.
        version: the name it goes by, as Kedro spells it, or the folder's own name.
        digest: SHA-256 over its sorted checksums: two bundles are the same exactly where this is.
    """

    path: Path
    version: str
    digest: str

    @cached_property
    def config(self) -> dict[str, Any]:
        """`config.json`: architecture, vocabulary, windows."""
        return _read_json(self.path / CONFIG)

    @cached_property
    def training(self) -> dict[str, Any]:
        """`training.json`: history and provenance."""
        return _read_json(self.path / TRAINING)

    @cached_property
    def vocabulary(self) -> tuple[str, ...]:
        """The classes, in the order of the logits and of the columns of predictions."""
        return vocabulary_of(self.config)

    @cached_property
    def out_of_fold(self) -> pd.DataFrame | None:
        """Predictions of models that had not heard the recording (k-fold protocol), or None."""
        return self._table(OUT_OF_FOLD)

    @cached_property
    def cross_fitted(self) -> pd.DataFrame | None:
        """What an ensemble says of validation recordings, each combined without its own group, or None."""
        return self._table(CROSS_FITTED)

    @cached_property
    def recordings(self) -> pd.DataFrame | None:
        """The corpus as training found it: see `auricle.models.seen`; None in older bundles."""
        return self._table(SEEN)

    def _table(self, name: str) -> pd.DataFrame | None:
        if name not in _read_checksums(self.path):
            return None
        import pandas as pd

        return pd.read_parquet(self.path / name)


@dataclass(frozen=True)
class PastBundle:
    """A bundle of the past or the present, and what it said of the recordings when it was trained."""

    bundle: BundleRef
    predictions: pd.DataFrame


def vocabulary_of(config: Mapping[str, Any]) -> tuple[str, ...]:
    """The classes of a model, by its `config.json`, in the order of its logits."""
    labels = config["id2label"]
    return tuple(labels[str(index)] for index in range(len(labels)))


def labels_of(config: Mapping[str, Any]) -> LabelParams:
    """How the labels of a model are read, by its `config.json`."""
    return LabelParams(problem_type=config.get("problem_type") or SINGLE, parents=config.get("parents") or {})


def seal(path: Path) -> BundleRef:
    """Write `checksums.json` over every file of a complete bundle but its card.

    The card (`README.md`) stays outside: it is written after evaluation and people edit it.

    Raises:
        BundleError: where the bundle is incomplete or of no known type.
    """
    _check_content(path)
    names = sorted(
        file.name for file in path.iterdir() if file.is_file() and file.name not in (CARD, CHECKSUMS)
    )
    checksums = {name: _sha256(path / name) for name in names}
    staged = path / f".{CHECKSUMS}.part"
    staged.write_text(json.dumps({"sha256": checksums}, indent=2) + "\n", encoding="utf-8")
    staged.replace(path / CHECKSUMS)
    return BundleRef(path, bundle_version(path), _digest(checksums))


def sealed_files(path: Path) -> list[str]:
    """The names of a bundle's files that are under its seal, and of the list of their checksums, sorted.

    Raises:
        BundleError: it has no such list, or a damaged one.
    """
    return sorted([*_read_checksums(path), CHECKSUMS])


def open_bundle(path: Path, *, version: str | None = None, verify: bool = True) -> BundleRef:
    """Open a bundle after checking its format version, its completeness and its checksums.

    Args:
        path: the bundle's folder.
        version: the name that it goes by; by default, see `bundle_version`.
        verify: False trusts the files' contents and reads none of the large ones.

    Raises:
        BundleError: naming the file at fault and the remedy.
    """
    if not path.is_dir():
        raise BundleError(f"There is no bundle at {path}: the folder does not exist. Check the path.")
    needed = _check_content(path)
    checksums = _read_checksums(path)
    if unsealed := sorted(needed - checksums.keys()):
        raise BundleError(f"{path / unsealed[0]} is not sealed: {CHECKSUMS} does not list it. {RETRAIN}")
    for name, expected in checksums.items():
        if not (path / name).is_file():
            raise BundleError(f"{path / name} is missing, though {CHECKSUMS} lists it. {RETRAIN}")
        if verify and _sha256(path / name) != expected:
            raise BundleError(
                f"{path / name} is damaged: its SHA-256 is not the one in {CHECKSUMS}. {RETRAIN}"
            )
    return BundleRef(path, version or bundle_version(path), _digest(checksums))


def bundle_version(path: Path) -> str:
    """The version in `<name>/<version>/<name>`, as Kedro lays versions out; otherwise the folder's name."""
    path = path.resolve()
    return path.parent.name if path.parent.parent.name == path.name else path.name


def _check_content(path: Path) -> set[str]:
    """Check format version, vocabulary and completeness; returns the files that every bundle must have."""
    from auricle.models.registry import ENSEMBLE, weights_file

    config = _read_json(path / CONFIG)
    version = config.get("auricle_bundle")
    if type(version) is not int or version < 1:
        raise BundleError(
            f"{path / CONFIG} has no valid 'auricle_bundle' entry: this is not an Auricle bundle."
        )
    if version > FORMAT_VERSION:
        raise BundleError(
            f"{path} is a bundle of format version {version}; this Auricle reads up to {FORMAT_VERSION}. "
            "Upgrade Auricle, or train the model again with this one."
        )
    labels = config.get("id2label")
    if (
        not isinstance(labels, dict)
        or not labels
        or set(labels) != {str(index) for index in range(len(labels))}
    ):
        raise BundleError(
            f"{path / CONFIG} is damaged: id2label must name the classes 0, 1, 2, ... {RETRAIN}"
        )
    weights = weights_file(config.get("model_type"), path / CONFIG)
    # An ensemble hears nothing by itself: its members have their front ends.
    hears = config.get("model_type") != ENSEMBLE
    needed = [CONFIG, weights, *([PREPROCESSOR] if hears else []), TRAINING]
    for name in needed:
        if not (path / name).is_file():
            raise BundleError(f"{path / name} is missing: the bundle is incomplete. {RETRAIN}")
    return set(needed)


def _read_checksums(path: Path) -> dict[str, str]:
    content = _read_json(path / CHECKSUMS).get("sha256")
    if not isinstance(content, dict) or not all(isinstance(value, str) for value in content.values()):
        raise BundleError(f"{path / CHECKSUMS} is damaged: it lists no checksums. {RETRAIN}")
    for name in content:
        if name != Path(name).name:
            raise BundleError(
                f"{path / CHECKSUMS} is damaged: {name!r} is not a file of this folder. {RETRAIN}"
            )
    return content


def _read_json(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise BundleError(f"{file} is missing: {file.parent} is not a complete bundle. {RETRAIN}") from error
    except (ValueError, OSError) as error:
        raise BundleError(f"{file} is damaged and cannot be read ({error}). {RETRAIN}") from error
    if not isinstance(content, dict):
        raise BundleError(f"{file} is damaged: it must hold a JSON object. {RETRAIN}")
    return content


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _digest(checksums: dict[str, str]) -> str:
    return hashlib.sha256(json.dumps(checksums, sort_keys=True).encode()).hexdigest()
