"""The history of a model: decisions on challengers, moves of the champion, runs that decided nothing."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

Json = dict[str, Any]
PROMOTED, KEPT, WAITING = "promoted", "kept", "waiting"
UNDONE = "undone"  # it has won, and the champion was not moved: that was refused, or the run broke off
NOTHING_NEW = "nothing new"
DECIDED = {
    PROMOTED: "promoted",
    KEPT: "champion kept",
    WAITING: "waits for approval",
    UNDONE: "won, not carried out",
}
MOVED = {
    "training": "trained by hand",
    "promote": "promoted by hand",
    "rollback": "rolled back",
    "retrain": "promoted",
}
BROKEN_OFF = ("failed", "stopped", "killed")


def tell_history(model: str, decisions: Iterable[Json], moves: Iterable[Json], runs: Iterable[Json]) -> Json:
    """Put what is known of a model into one order of time.

    Args:
        model: its name, such as `genre.cnn`.
        decisions: as `auricle.retraining.decision.decide` gives them.
        moves: of the pointer, as dictionaries of `auricle.models.champion.Move`.
        runs: summaries of retrainings, see `auricle.runs.summary.RunSummary`.

    Returns:
        `events`, the oldest first: `at`, `kind`, `title`, `text`, `version` (that it is about), `value` (of
        the champion after it, by the figure that decided), and of decisions `challenger` (its value), `low`,
        `high`, `failed` (checks), `recordings`, `triggers`; of all `asked_by` and `git_revision`. And
        `figure` (the name of that which decided last), `champion` (the present version, None where there is
        none), `counts` (events by kind), `since` and `until`.
    """
    told = list(decisions)
    past = list(moves)
    promoted = {decision["challenger"]["version"] for decision in told if decision["outcome"] == PROMOTED}
    moved = {move["version"] for move in past if move["moved_by"] == "retrain"}
    events = [_of_decision(decision, moved) for decision in told]
    events += [
        _of_move(move) for move in past if move["moved_by"] != "retrain" or move["version"] not in promoted
    ]
    events += _of_runs(model, runs)
    events.sort(key=lambda event: str(event["at"]))
    _let_champions_be_known(events)
    return {
        "events": events,
        "figure": next((event["figure"] for event in reversed(events) if event.get("figure")), None),
        "champion": past[-1]["version"] if past else None,
        "counts": dict(Counter(str(event["kind"]) for event in events)),
        "since": events[0]["at"] if events else None,
        "until": events[-1]["at"] if events else None,
    }


def _of_decision(decision: Json, moved: Collection[str]) -> Json:
    kind = decision["outcome"]
    if kind == PROMOTED and decision["challenger"]["version"] not in moved:
        kind = UNDONE
    figures = decision.get("figures") or {}
    name = figures.get("decides")
    figure: Mapping[str, Any] = figures.get("figures", {}).get(name, {})
    return {
        "at": decision["decided_at"],
        "kind": kind,
        "title": DECIDED.get(kind, str(kind)),
        "text": decision.get("reason") or "",
        "version": decision["challenger"]["version"],
        "champion": (decision.get("champion") or {}).get("version"),
        "figure": name,
        "before": figure.get("champion"),
        "challenger": figure.get("challenger"),
        "low": figure.get("low"),
        "high": figure.get("high"),
        "failed": [check["name"] for check in decision.get("checks") or [] if not check["passed"]],
        "recordings": (decision.get("data") or {}).get("recordings"),
        "triggers": sorted(name for name, pulls in (decision.get("triggers") or {}).items() if pulls),
        "asked_by": decision.get("asked_by"),
        "git_revision": decision.get("git_revision"),
    }


def _of_move(move: Json) -> Json:
    about = move.get("about") or {}
    return {
        "at": move["moved_at"],
        "kind": "promoted" if move["moved_by"] == "retrain" else move["moved_by"],
        "title": MOVED.get(move["moved_by"], str(move["moved_by"])),
        "text": move.get("reason") or "",
        "version": move["version"],
        "asked_by": move.get("asked_by"),
        "git_revision": about.get("git_revision"),
    }


def _of_runs(model: str, runs: Iterable[Json]) -> list[Json]:
    """Runs that decided nothing about the model, or broke off, after its decision too."""
    events: list[Json] = []
    for run in sorted(runs, key=lambda run: str(run["started_at"])):
        status = run["status"]
        if status not in (*BROKEN_OFF, "succeeded"):
            continue
        if status == "succeeded" and model in (run.get("models") or {}):
            continue  # the decision tells of it
        kind = NOTHING_NEW if status == "succeeded" else status
        error = run.get("error") or {}
        where = f" in {error['node']}" if error.get("node") else ""
        event = {
            "at": run.get("ended_at") or run["started_at"],
            "kind": kind,
            "title": "nothing new" if kind == NOTHING_NEW else f"run {kind}{where}",
            "text": error.get("message") or "",
            "version": None,
            "asked_by": run.get("asked_by"),
            "git_revision": run.get("git_revision"),
        }
        events.append(event)
    return events


def _let_champions_be_known(events: Sequence[Json]) -> None:
    """Note after each event what the champion is worth, as it was last measured."""
    known: dict[str, float] = {}
    version = None
    for event in events:
        if event.get("before") is not None and event["champion"]:
            known[event["champion"]] = event["before"]
        if event.get("challenger") is not None:
            known[event["version"]] = event["challenger"]
        if event["kind"] in (PROMOTED, *MOVED):
            version = event["version"]
        event["value"] = known.get(version) if version else None
