"""The exit codes of `kedro run`, by which a scheduler tells how a run has ended."""

from collections.abc import Collection, Mapping
from enum import IntEnum

PROMOTED, WAITING, KEPT, NOTHING_NEW = "promoted", "waiting", "kept", "nothing new"
OUTCOMES = (PROMOTED, WAITING, KEPT)  # of one model; that of the run is the first that any model has


class ExitCode(IntEnum):
    """What `kedro run` exits with. A pipeline without a gate knows 0, 1 and 143 only."""

    PROMOTED = 0
    FAILED = 1
    KEPT = 10
    NOTHING_NEW = 11
    WAITING = 12
    LOCKED = 75  # EX_TEMPFAIL of sysexits.h: try again later
    STOPPED = 143  # 128 and the number of SIGTERM, as shells have it


MEANING = {
    ExitCode.PROMOTED: "a challenger, or more than one, has become the champion",
    ExitCode.FAILED: "the run has failed; champions are as they were, or as its decisions left them",
    ExitCode.KEPT: "challengers were trained, and all champions kept",
    ExitCode.NOTHING_NEW: "no gate has seen a reason to train, or nothing that has changed",
    ExitCode.WAITING: "a challenger has won, and waits for kedro promote",
    ExitCode.LOCKED: "another run holds the lock",
    ExitCode.STOPPED: "SIGTERM has ended the run",
}
OF_OUTCOME = {
    PROMOTED: ExitCode.PROMOTED,
    WAITING: ExitCode.WAITING,
    KEPT: ExitCode.KEPT,
    NOTHING_NEW: ExitCode.NOTHING_NEW,
}


def outcome_of(by_model: Mapping[str, str], gates_open: Collection[bool], *, decides: bool) -> str | None:
    """What a retraining run has come to, where it has run to its end.

    Args:
        by_model: what was decided of each model.
        gates_open: what each gate has said.
        decides: whether the pipeline has nodes that decide; narrowed to others, it may do what it should
            without a decision.

    Returns:
        An outcome of `OF_OUTCOME`; None where none was asked for.
    """
    for outcome in OUTCOMES:
        if outcome in by_model.values():
            return outcome
    return NOTHING_NEW if decides or not any(gates_open) else None
