"""Whether a retraining is due, and by which trigger."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from auricle.models.bundle import BundleRef
from auricle.models.provenance import manifest_digest
from auricle.retraining.newcomers import newcomers
from auricle.retraining.trigger_params import TriggerParams

Json = dict[str, Any]
NO_CHAMPION, NEW, AGE, DRIFT, ALWAYS = "no_champion", "new_recordings", "age", "drift", "always"
UNDONE = "undone"
TRIGGERS = (NO_CHAMPION, UNDONE, NEW, AGE, DRIFT, ALWAYS)
COUNTED = ("new", "relabelled", "gone")


@dataclass(frozen=True)
class Tried:
    """The last training that was decided on, whichever way.

    Attributes:
        decided_at: UTC, in ISO 8601.
        data_digest: of the corpus that its challenger learned from, where that is known.
        recordings: what the challenger has seen; None where its bundle is gone.
        undone: whether it was to be promoted and never was: the run was killed before it moved the pointer.
    """

    decided_at: str
    data_digest: str | None = None
    recordings: pd.DataFrame | None = None
    undone: bool = False


@dataclass(frozen=True)
class ModelState:
    """What is known of a model before it is decided whether to train it again.

    Attributes:
        champion: None where there is none yet.
        tried: the last challenger, where there was one.
        drift: the report of `auricle.retraining.drift.measure_drift`, where there is one.
    """

    champion: BundleRef | None = None
    tried: Tried | None = None
    drift: Json | None = None


def decide_due(
    manifest: pd.DataFrame,
    models: Mapping[str, ModelState],
    params: TriggerParams,
    now: datetime | None = None,
) -> Json:
    """Decide for a corpus whether its models are trained again.

    What is new is what neither the champion nor the last challenger has seen: of recordings on which a
    challenger has lost once, the same training would make the same challenger. So after a rollback nothing
    is due until something new comes. The last training is the later of both, also one by hand.

    Args:
        manifest: of the corpus as it is.
        models: by name, those that are kept fresh.
        params: the triggers.
        now: for tests.

    Returns:
        `go`, `reason` (a sentence), `triggers` (by name, whether any model pulls it), `models` (by name: the
        `triggers` that it pulls, `new`, `relabelled`, `gone`, `age_days`, `drifted`), `data_digest`,
        `checked_at` and `params`.
    """
    now = now or datetime.now(UTC)
    digest = manifest_digest(manifest)
    of_models = {name: _of_model(manifest, digest, state, params, now) for name, state in models.items()}
    pulled = {
        trigger: any(trigger in told["triggers"] for told in of_models.values()) for trigger in TRIGGERS
    }
    go = any(pulled.values())
    return {
        "go": go,
        "reason": _reason(of_models, go=go, params=params),
        "triggers": pulled,
        "models": of_models,
        "data_digest": digest,
        "checked_at": now.isoformat(timespec="seconds"),
        "params": params.model_dump(mode="json"),
    }


def _of_model(
    manifest: pd.DataFrame, digest: str, state: ModelState, params: TriggerParams, now: datetime
) -> Json:
    if state.champion is None:
        return _told([NO_CHAMPION], new=int((manifest["status"] == "ok").sum()))
    trained_at, tried = state.champion.training.get("trained_at"), state.tried
    is_newer = tried is None or _is_before(tried.decided_at, trained_at)
    age = _days(trained_at if tried is None or is_newer else tried.decided_at, now)
    counts = _changes(manifest, digest, state.champion, tried, champion_is_newer=is_newer)
    changed = None if counts is None else counts["new"] + counts["relabelled"]
    has_changed = counts is None or any(counts.values())
    is_drifted = state.drift is not None and state.drift["drifted"]
    enough, oldest = params.min_new_recordings, params.max_age_days
    # A challenger has answered to what had drifted by then, and what drifts is measured against the champion.
    enough_drifted = 1 if is_newer else params.min_drifted_recordings
    asked = {
        UNDONE: tried is not None and tried.undone,
        NEW: enough is not None and (changed is None or changed >= enough),
        # Of an unchanged corpus the same models would come: no node would run, and the age would stay.
        AGE: oldest is not None and age is not None and age >= oldest and has_changed,
        DRIFT: params.on_drift and is_drifted and (changed is None or changed >= enough_drifted),
        ALWAYS: params.always,
    }
    pulled = [trigger for trigger, pulls in asked.items() if pulls]
    return _told(pulled, **(counts or dict.fromkeys(COUNTED)), age_days=age, drifted=is_drifted)


def _changes(
    manifest: pd.DataFrame,
    digest: str,
    champion: BundleRef,
    tried: Tried | None,
    *,
    champion_is_newer: bool,
) -> dict[str, int] | None:
    """How many recordings are new, relabelled or gone since the last training; None where it is unknown."""
    of_champion = (champion.training.get("data") or {}).get("digest")
    of_tried = tried.data_digest if tried else None
    # After a rollback the champion is the older of both, and its corpus is no longer the last.
    if digest == (of_champion if champion_is_newer else of_tried or of_champion):
        return dict.fromkeys(COUNTED, 0)
    tables = [champion.recordings, tried.recordings if tried else None]
    if champion_is_newer:
        tables.reverse()
    seen = [table for table in tables if table is not None]  # what was seen last has the last word on labels
    if not seen:
        return None
    counts = newcomers(manifest, *seen).counts()
    return {name: counts[name] for name in COUNTED}


def _is_before(one: str, other: str | None) -> bool:
    """Whether a time is before another; not where either is unknown."""
    first, second = _time(one), _time(other)
    return first is not None and second is not None and first < second


def _days(since: str | None, now: datetime) -> float | None:
    then = _time(since)
    return None if then is None else round((now - then).total_seconds() / 86_400, 3)


def _time(told: str | None) -> datetime | None:
    try:
        then = datetime.fromisoformat(str(told))
    except ValueError:
        return None
    return then if then.tzinfo else then.replace(tzinfo=UTC)


def _told(triggers: list[str], **facts: Any) -> Json:
    return {
        "triggers": triggers,
        "new": 0,
        "relabelled": 0,
        "gone": 0,
        "age_days": None,
        "drifted": False,
    } | facts


def _reason(of_models: Mapping[str, Json], *, go: bool, params: TriggerParams) -> str:
    parts = []
    for name, told in of_models.items():
        said = (
            [_said(trigger, told, params) for trigger in told["triggers"]] if go else [_why_not(told, params)]
        )
        if said:
            parts.append(f"{name}: {', '.join(said)}")
    return ("due; " if go else "not due; ") + "; ".join(parts)


def _said(trigger: str, told: Json, params: TriggerParams) -> str:
    changed = "an unknown number of" if told["new"] is None else str(told["new"] + told["relabelled"])
    return {
        NO_CHAMPION: "it has no champion yet",
        UNDONE: "its last challenger has won, and a killed run did not promote it",
        NEW: f"{changed} new or relabelled recordings (min_new_recordings: {params.min_new_recordings})",
        AGE: f"{told['age_days']} days since the last training (max_age_days: {params.max_age_days})",
        DRIFT: "the new recordings have drifted",
        ALWAYS: "it was asked for (always: true)",
    }[trigger]


def _why_not(told: Json, params: TriggerParams) -> str:
    limits = []
    changed = (told["new"] or 0) + (told["relabelled"] or 0)
    if params.min_new_recordings:
        limits.append(f"{changed} of {params.min_new_recordings} new or relabelled recordings")
    if params.max_age_days and told["age_days"] is not None:
        unchanged = " and nothing has changed" if told["age_days"] >= params.max_age_days else ""
        limits.append(f"{told['age_days']} of {params.max_age_days} days{unchanged}")
    if params.on_drift:
        again = (
            f"drift, with {changed} of {params.min_drifted_recordings} recordings since the last challenger"
        )
        limits.append((again if told["drifted"] else "no drift in what is new") if changed else "nothing new")
    return ", ".join(limits) or "no trigger is set"
