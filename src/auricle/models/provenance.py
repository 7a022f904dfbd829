"""Where a model comes from: versions, revision, data; nothing that names the machine or its folders."""

import getpass
import hashlib
import json
import os
import platform
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

PACKAGES = (
    "auricle",
    "torch",
    "transformers",
    "scikit-learn",
    "skops",
    "librosa",
    "numpy",
    "scipy",
    "soundfile",
    "soxr",
)
TRAINED_ON = ("recording_id", "label", "labels", "instrument", "rating", "group", "split", "fold")


def provenance(
    *,
    manifest: pd.DataFrame,
    params: Mapping[str, Any],
    seed: int,
    protocol: str,
    seconds: float,
    front_end_digest: str,
    **more: Any,
) -> dict[str, Any]:
    """What `training.json` says of a model's origin, ready for JSON.

    Args:
        manifest: the corpus that it was trained on; its digest and its counts are kept.
        params: every parameter of the training, as plain values.
        seed: of the training.
        protocol: `holdout` or `grouped_k_fold`.
        seconds: that the training took.
        front_end_digest: of the feature extractor.
        more: further entries (device, precision, ...).
    """
    usable = manifest[manifest["status"] == "ok"]
    return {
        "trained_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(float(seconds), 3),
        "seed": seed,
        "protocol": protocol,
        "git_revision": git_revision(),
        "python": platform.python_version(),
        "versions": package_versions(PACKAGES),
        "data": {
            "digest": manifest_digest(manifest),
            "recordings": len(usable),
            "per_split": {str(split): int(count) for split, count in usable["split"].value_counts().items()},
        },
        "front_end_digest": front_end_digest,
        "params": dict(params),
        **more,
    }


def manifest_digest(manifest: pd.DataFrame) -> str:
    """SHA-256 over what training sees of the usable recordings: content, labels, groups, splits.

    The order of the rows, the paths of the files and quarantined recordings do not enter, so moving a
    corpus to another folder leaves it as it is.
    """
    usable = manifest[manifest["status"] == "ok"].sort_values("recording_id")
    columns = [name for name in TRAINED_ON if name in usable.columns]
    digest = hashlib.sha256(json.dumps(columns).encode())
    for row in usable[columns].itertuples(index=False, name=None):
        digest.update(json.dumps([_plain(value) for value in row]).encode())
    return digest.hexdigest()


def asked_by() -> str | None:
    """Who or what wants this done: `AURICLE_ASKED_BY`, else the user's name; None where there is none."""
    if named := os.environ.get("AURICLE_ASKED_BY"):
        return named
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container may run under a number that has no name
        return None


def git_revision(file: Path = Path(__file__)) -> str | None:
    """Commit of the checkout that a file belongs to, with `-dirty` where the checkout was changed.

    Without git, and for a file that git does not track, it is `AURICLE_REVISION`, which an image has, or
    None: a package installed below somebody's repository has nothing to do with that repository's commits.
    """
    told = os.environ.get("AURICLE_REVISION") or None
    git = shutil.which("git")
    if git is None or _git(git, file.parent, "ls-files", "--error-unmatch", file.name) is None:
        return told
    return _git(git, file.parent, "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")


def package_versions(names: Iterable[str]) -> dict[str, str]:
    """Versions of those packages that are installed; none is imported."""
    found = {}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _git(git: str, folder: Path, *arguments: str) -> str | None:
    result = subprocess.run(  # noqa: S603  (fixed arguments, no shell)
        [git, *_trusting(folder.resolve()), "-C", str(folder), *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    return result.stdout.strip() or None if result.returncode == 0 else None


def _trusting(folder: Path) -> list[str]:
    """The option by which git reads a checkout of another user, such as root's.

    It refuses by default, for a repository may name programs that git runs. Whoever owns code that runs here
    needs no such detour, so his checkout is trusted, and no other.
    """
    for top in (folder, *folder.parents):
        if (top / ".git").exists():
            owners = {path.stat().st_uid for path in (folder, top, top / ".git")}
            return ["-c", f"safe.directory={top}"] if len(owners) == 1 else []
    return []


def _plain(value: Any) -> Any:
    """The value as JSON has it, the same whether it came from memory or from Parquet."""
    if isinstance(value, list | tuple | np.ndarray):
        return [_plain(entry) for entry in value]
    if value is None or pd.isna(value):
        return None
    return value.item() if isinstance(value, np.generic) else value
