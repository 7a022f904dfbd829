"""The members of an ensemble: named in its bundle by a relative path and a digest, found and verified.

They lie in its own folder `members`, where it was packed to stand alone, or in the folder of models.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from auricle.errors import BundleError
from auricle.models.bundle import BundleRef, open_bundle

MEMBERS = "members"
AGAIN = "Put it back, or run the pipeline ensemble again."


def references_to(members: Mapping[str, BundleRef], beside: Path) -> list[dict[str, str]]:
    """What `config.json` of an ensemble says of each member: `model`, `version`, `path` and `digest`.

    Args:
        members: the bundles, by the names of their models.
        beside: a folder of the ensemble's own; paths are relative to the nearest folder that holds it and all
            members, which may then be moved as a whole.
    """
    folder = Path(os.path.commonpath([beside.resolve(), *(ref.path.resolve() for ref in members.values())]))
    return [
        {
            "model": name,
            "version": ref.version,
            "path": ref.path.resolve().relative_to(folder).as_posix(),
            "digest": ref.digest,
        }
        for name, ref in members.items()
    ]


def open_members(bundle: BundleRef) -> dict[str, BundleRef]:
    """The bundles of an ensemble's members by the names of their models, checksums and digests verified.

    Raises:
        BundleError: a member is missing, damaged, or was changed since; it is named.
    """
    found = {}
    for entry in _entries(bundle):
        name, path = entry["model"], PurePosixPath(entry["path"])
        if path.is_absolute() or ".." in path.parts or PurePosixPath(name).parts != (name,) or name == "..":
            raise BundleError(f"{bundle.path} names its member {name} outside its folder ({path}). {AGAIN}")
        beside = (folder / path for folder in bundle.path.resolve().parents)
        places = (bundle.path / MEMBERS / name, *beside)
        place = next((place for place in places if place.is_dir()), None)
        if place is None:
            raise BundleError(
                f"The member {name} (version {entry['version']}) of the ensemble at {bundle.path} is missing:"
                f" no folder above it has {path}. An ensemble needs its members' bundles; move the folder of"
                f" models as a whole, or take what auricle.pack makes of the ensemble. {AGAIN}"
            )
        try:
            member = open_bundle(place, version=entry["version"])
        except BundleError as error:
            raise BundleError(f"The member {name} of the ensemble at {bundle.path}: {error}") from error
        if member.digest != entry["digest"]:
            raise BundleError(
                f"The member {name} of the ensemble at {bundle.path} was changed since: the bundle at {place}"
                f" has the digest {member.digest[:12]}, not {entry['digest'][:12]}. {AGAIN}"
            )
        found[name] = member
    return found


def _entries(bundle: BundleRef) -> list[dict[str, Any]]:
    entries = bundle.config.get("members")
    keys = ("model", "version", "path", "digest")
    if (
        not isinstance(entries, list)
        or not entries
        or not all(isinstance(e, dict) and all(isinstance(e.get(key), str) for key in keys) for e in entries)
    ):
        raise BundleError(f"{bundle.path}/config.json is damaged: it does not name the members. {AGAIN}")
    return entries
