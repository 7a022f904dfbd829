"""Old versions of a model's bundle are removed, and never a champion, its predecessor or a member."""

import json
import shutil
from collections.abc import Collection, Sequence
from pathlib import Path

from auricle.errors import BundleError, ConfigurationError
from auricle.models.bundle import CONFIG
from auricle.models.champion import BUNDLE, CHAMPION, PLACES, read_champion, read_moves, versions_in
from auricle.models.folder_lock import alone_in

REMOVED = "removed"
# What belongs to a version and lies beside its bundle.
BESIDE = ("onnx", "sequence")


def prune_versions(
    folder: Path, keep: int, places: Sequence[str] = PLACES, spared: Collection[str] = ()
) -> list[str]:
    """Remove all but the newest bundles of a model, its champion, the one before, and members of ensembles.

    The newest challenger stays too, for it may wait for a person's approval.

    A version is moved aside by one rename before it is deleted, so that nobody finds half of one. Predictions
    and figures of removed versions stay.

    Args:
        folder: of the model, with its `champion.json`.
        keep: how many of the newest versions to keep, whatever they are.
        places: where versions are counted and removed: all of them, or only `challenger`.
        spared: versions that stay beside these.

    Returns:
        The versions that were removed, the oldest first.

    Raises:
        ConfigurationError: `keep` is below 1: the newest may be one that is being judged.
        BundleError: there is no champion that can be loaded; nothing is removed then.
    """
    if keep < 1:
        raise ConfigurationError(f"keep is {keep}, and the newest version always stays. Set it to 1 or more.")
    with alone_in(folder):
        pointer = folder / CHAMPION
        read_champion(pointer)
        present = read_moves(pointer)[-1]
        versions = versions_in(folder, places)
        if present.previous is not None and present.previous not in versions_in(folder):
            raise BundleError(
                f"The bundle of {present.previous}, to which a rollback of {pointer} leads, is not in its"
                " place: nothing is removed. Restore it from a copy, or promote another version."
            )
        members = _members_of_ensembles(folder)
        newest = [version for place in PLACES for version in versions_in(folder, [place])[-1:]]
        kept = {*versions[-keep:], *newest, present.version, present.previous, *members, *spared}
        old = [version for version in versions if version not in kept]
        for version in old:
            _remove(folder, version)
    return old


def _members_of_ensembles(folder: Path) -> set[str]:
    """Versions of a model that ensembles of its study answer by: they name them, and hold no copies."""
    found = set()
    for file in folder.parent.glob(f"*/{BUNDLE}/*/{BUNDLE}/{CONFIG}"):  # ensembles have no challengers
        try:
            members = json.loads(file.read_text(encoding="utf-8")).get("members") or []
            found |= {str(entry["version"]) for entry in members if entry["model"] == folder.name}
        except (OSError, ValueError, AttributeError, KeyError, TypeError) as error:
            raise BundleError(
                f"{file} cannot be read ({error}), and may be of an ensemble that needs this model: nothing"
                " is removed. Remove that version, or restore it from a copy."
            ) from error
    return found


def _remove(folder: Path, version: str) -> None:
    # The bundle last: it is by the bundles that a removal that was killed is taken up again.
    for part in (*BESIDE, *PLACES):
        if (place := folder / part / version).is_dir():
            (folder / REMOVED).mkdir(exist_ok=True)
            place.rename(folder / REMOVED / f"{part}-{version}")
    shutil.rmtree(folder / REMOVED, ignore_errors=True)
