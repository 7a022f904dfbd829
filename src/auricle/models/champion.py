"""The champion of a model: a pointer, `champion.json`, to the bundle that every consumer loads."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from auricle.errors import BundleError
from auricle.models.bundle import BundleRef, open_bundle
from auricle.models.folder_lock import alone_in
from auricle.models.whole_file import write_whole

CHAMPION = "champion.json"
BUNDLE = "bundle"  # Kedro makes a folder of that name for all versions, and one in each
CHALLENGER = "challenger"  # likewise, of those that are trained to be compared with the champion
PLACES = (BUNDLE, CHALLENGER)
WHOEVER = ""  # the digest of any champion, or of none
HISTORY = "history"
NEEDED = {"version", "path", "digest", "moved_at", "moved_by"}  # of a move


class Move(NamedTuple):
    """A move of the pointer.

    Attributes:
        version: of the bundle that became the champion.
        path: of that bundle, relative to the pointer's folder.
        digest: of that bundle.
        moved_at: UTC, in ISO 8601.
        moved_by: `training`, `retrain`, `promote` or `rollback`.
        asked_by: the person or the job that wanted it, where that is known.
        reason: in words, where one was given.
        previous: the version that a rollback leads to; None where there was none.
        about: the bundle's data digest, git revision and package versions, which are known here even when it
            is gone.
    """

    version: str
    path: str
    digest: str
    moved_at: str
    moved_by: str
    asked_by: str | None = None
    reason: str | None = None
    previous: str | None = None
    about: dict[str, Any] | None = None


class Promotion(NamedTuple):
    """A bundle that is to be the champion by the rule of `auricle.retraining`.

    Attributes:
        bundle: that bundle.
        replaces: digest of the champion that it was compared with; None where there was none.
        asked_by: the person or the job that wanted it.
        reason: in words.
    """

    bundle: BundleRef
    replaces: str | None
    asked_by: str | None = None
    reason: str | None = None


def bundle_of(folder: Path, version: str) -> Path:
    """Where training has put a version, below the folder of a model."""
    places = [folder / place / version / place for place in PLACES]
    return next((path for path in places if path.is_dir()), places[0])


def versions_in(folder: Path, places: Sequence[str] = PLACES) -> list[str]:
    """The versions that are there, challengers among them, the oldest first."""
    return sorted({path.parent.name for place in places for path in folder.glob(f"{place}/*/{place}")})


def pointer_of(bundle: BundleRef) -> Path:
    """The pointer of the model that a bundle in its place below a model's folder is of."""
    return bundle.path.parents[2] / CHAMPION


def model_of(bundle: BundleRef) -> str:
    """The name, such as `genre.cnn`, of the model that a bundle in its place is of."""
    folder = pointer_of(bundle).parent
    return f"{folder.parent.name}.{folder.name}"


def past_moves(champion: BundleRef) -> list[Move]:
    """All moves of the pointer that a champion was read from, the oldest first."""
    return read_moves(pointer_of(champion))


def write_champion(
    path: Path,
    ref: BundleRef,
    moved_by: str,
    *,
    asked_by: str | None = None,
    reason: str | None = None,
    replaces: str | None = WHOEVER,
) -> None:
    """Point `champion.json` to a bundle, atomically: a reader sees the old pointer or the new one.

    The pointer and the history of its moves are one file, so that no kill comes between them.

    Args:
        path: the pointer's file; the bundle must lie below its folder, so that both can be moved together.
        ref: the bundle.
        moved_by: what moves it: `training`, `retrain`, `promote`, `rollback`.
        asked_by: who or what wants it.
        reason: why, in words.
        replaces: digest of the champion that has to be there, None for no champion; by default whatever
            there is is replaced.

    Raises:
        BundleError: where the bundle lies elsewhere; with `replaces`, where another champion than expected is
            there, or the bundle was champion before and was taken out of use.
    """
    _place(path, ref)
    with alone_in(path.parent):
        moves = read_moves(path)
        if replaces != WHOEVER:
            _check_replaced(path, moves, replaces, ref)
        replaced = moves[-1].version if moves else None
        if replaced == ref.version:  # moved there again, it has the same one before it
            replaced = moves[-1].previous
        move = _move_to(path, ref, moved_by, asked_by=asked_by, reason=reason, previous=replaced)
        _write(path, moves, move)


def _check_replaced(path: Path, moves: Sequence[Move], replaces: str | None, ref: BundleRef) -> None:
    there = moves[-1].digest if moves else None
    if there not in (replaces, ref.digest):
        now = f"is {moves[-1].version}, by {moves[-1].moved_by}," if moves else "is gone"
        raise BundleError(
            f"The champion of {path} {now} since {ref.version} was compared with another. It stays so. Run"
            " again, and the two are compared."
        )
    if there != ref.digest and any(move.version == ref.version for move in moves):
        raise BundleError(
            f"{ref.version} was champion of {path} before, and was taken out of use since: no rule makes it"
            " champion again. A person may: kedro promote."
        )


def roll_back(path: Path, *, asked_by: str | None = None, reason: str | None = None) -> BundleRef:
    """Make the champion before this one the champion again; once more, and it is the one before that.

    Returns:
        Its bundle, the checksums verified.

    Raises:
        BundleError: there was none before, or its bundle is gone or damaged; the champion stays.
    """
    with alone_in(path.parent):
        read_pointer(path)
        moves = read_moves(path)
        before = predecessor(moves)
        if before is None:
            raise BundleError(
                f"{path} knows of no champion before {moves[-1].version}. "
                "Another version can be made the champion: kedro promote."
            )
        ref = _pointed_to(path, before._asdict())
        told = {"asked_by": asked_by, "reason": reason, "previous": _there(path, moves, before.previous)}
        _write(path, moves, _move_to(path, ref, "rollback", **told))
    return ref


def _there(path: Path, moves: Sequence[Move], version: str | None) -> str | None:
    """A version, or the next before it whose bundle was not removed since; None where there is none."""
    places = {move.version: move for move in moves}
    while version is not None:
        move = places.get(version)
        if move is not None and (path.parent / move.path).is_dir():
            return version
        version = None if move is None else move.previous
    return None


def predecessor(moves: Sequence[Move]) -> Move | None:
    """The move that made the champion whom a rollback brings back; None where there was none."""
    if not moves:
        return None
    return next((move for move in reversed(moves) if move.version == moves[-1].previous), None)


def read_moves(path: Path) -> list[Move]:
    """All moves of a pointer, the oldest first; none where it is missing or damaged.

    One that an older Auricle wrote has the last one only. What cannot be read of the history is
    left out.
    """
    try:
        pointer = read_pointer(path)
    except BundleError:
        return []
    past = pointer.get(HISTORY)
    entries = [*(past if isinstance(past, list) else []), {"moved_at": "", "moved_by": "training"} | pointer]
    return [_move(entry) for entry in entries if isinstance(entry, dict) and entry.keys() >= NEEDED]


def read_champion(path: Path, *, verify: bool = True) -> BundleRef:
    """The bundle that `champion.json` points to, its digest compared.

    Args:
        path: the pointer's file.
        verify: False trusts the bundle's files and does not hash them.

    Raises:
        BundleError: where the pointer or the bundle is missing or damaged, or the bundle is another one.
    """
    return _pointed_to(path, read_pointer(path), verify=verify)


def read_pointer(path: Path) -> dict[str, Any]:
    """The content of `champion.json`.

    Raises:
        BundleError: it is missing or damaged.
    """
    try:
        content: Any = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise BundleError(f"{path} does not exist: no model has been trained here yet.") from error
    except (ValueError, OSError) as error:
        raise BundleError(
            f"{path} is damaged and cannot be read ({error}). Train the model again."
        ) from error
    keys = ("version", "path", "digest")
    if not isinstance(content, dict) or not all(isinstance(content.get(key), str) for key in keys):
        raise BundleError(f"{path} is damaged: it must hold {', '.join(keys)}. Train the model again.")
    return content


def _pointed_to(path: Path, pointer: dict[str, Any], *, verify: bool = True) -> BundleRef:
    relative = PurePosixPath(pointer["path"])
    if relative.is_absolute() or ".." in relative.parts:
        raise BundleError(f"{path} points outside its folder ({relative}). Train the model again.")
    ref = open_bundle(path.parent / relative, version=pointer["version"], verify=verify)
    if ref.digest != pointer["digest"]:
        raise BundleError(
            f"{path} was moved to a bundle with digest {pointer['digest'][:12]}, but the one at {ref.path} "
            f"has {ref.digest[:12]}: it was replaced since. Train the model again."
        )
    return ref


def _move_to(path: Path, ref: BundleRef, moved_by: str, **told: str | None) -> Move:
    """The move to a bundle; `told` has `asked_by`, `reason` and `previous`."""
    data = ref.training.get("data") or {}
    about = {"data_digest": data.get("digest")}
    about |= {name: ref.training.get(name) for name in ("git_revision", "versions")}
    return Move(
        version=ref.version,
        path=_place(path, ref).as_posix(),
        digest=ref.digest,
        moved_at=datetime.now(UTC).isoformat(timespec="seconds"),
        moved_by=moved_by,
        about=about,
        **told,
    )


def _place(path: Path, ref: BundleRef) -> Path:
    """A bundle's folder, relative to that of the pointer."""
    folder, target = path.parent.resolve(), ref.path.resolve()
    if not target.is_relative_to(folder):
        raise BundleError(
            f"{ref.path} cannot be the champion of {path}: it lies outside {path.parent}. "
            "Move the bundle there."
        )
    return target.relative_to(folder)


def _write(path: Path, moves: Sequence[Move], move: Move) -> None:
    pointer = move._asdict() | {HISTORY: [past._asdict() for past in moves]}
    write_whole(path, (json.dumps(pointer, indent=2) + "\n").encode())


def _move(entry: dict[str, Any]) -> Move:
    return Move(**{name: entry[name] for name in Move._fields if name in entry})
