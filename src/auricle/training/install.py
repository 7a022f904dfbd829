"""The last step of a training: its bundle moves into its place, its work directory goes."""

import logging
import os
import shutil
from pathlib import Path

from auricle.errors import BundleError
from auricle.models.bundle import BundleDraft
from auricle.models.whole_file import sync, sync_tree

logger = logging.getLogger(__name__)


def install_draft(draft: BundleDraft, destination: Path) -> None:
    """Move a finished bundle to ``destination`` by one rename, then remove the work directory it came from.

    Killed before the rename, the next run finds its work and installs it; killed after it, the bundle is
    whole and only the work directory is left, which the next run of the same training reuses and removes.
    The disk has all of it before the rename, and the rename before this returns: a power cut leaves no
    pointer to a bundle of empty files.

    Args:
        draft: a complete, sealed bundle.
        destination: the bundle's folder, which must not exist; its parents are made.

    Raises:
        BundleError: the draft is gone, or there is something at the destination.
    """
    if not draft.path.is_dir():
        raise BundleError(f"There is no finished bundle at {draft.path}: train the model again.")
    if destination.exists():
        raise BundleError(
            f"{destination} exists already, and a bundle is never overwritten. Save it under another version."
        )
    destination.parent.mkdir(parents=True, exist_ok=True)
    if _same_file_system(draft.path, destination.parent):
        sync_tree(draft.path)
        draft.path.rename(destination)
    else:
        _copy_across(draft.path, destination)
    for folder in (destination.parent, destination.parent.parent):  # the second has the version's folder
        sync(folder)
    if draft.workdir is not None:
        shutil.rmtree(draft.workdir)
        _remove_if_empty(draft.workdir.parent)


def _same_file_system(one: Path, other: Path) -> bool:
    return one.stat().st_dev == other.stat().st_dev


def _copy_across(source: Path, destination: Path) -> None:
    """A rename cannot cross file systems: copy beside the destination first, so that it appears at once."""
    staged = destination.with_name(f".{destination.name}.{os.getpid()}.part")
    shutil.rmtree(staged, ignore_errors=True)
    shutil.copytree(source, staged)
    sync_tree(staged)
    staged.rename(destination)


def _remove_if_empty(folder: Path) -> None:
    if not any(folder.iterdir()):
        folder.rmdir()
        return
    left = ", ".join(sorted(entry.name for entry in folder.iterdir()))
    logger.info("%s still holds interrupted trainings with other parameters or data: %s.", folder, left)
