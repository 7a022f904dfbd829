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
    is due until something new comes.

    Args:
        manifest: of the corpus as it is.
        models: by name, those that are kept fresh.
        params: the triggers.
        now: for tests.

    Returns:
        `go`, `reason` (a sentence), `triggers` (by name, whether any model pulls it), `models` (by name: the
        `triggers` that it pulls, `new`, `relabelled`, `gone`, `age_days`), `data_digest`, `checked_at` and
        `params`.
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
    since = state.tried.decided_at if state.tried else state.champion.training.get("trained_at")
    age = _days(since, now)
    counts = _changes(manifest, digest, state.champion, state.tried)
    changed = None if counts is None else counts["new"] + counts["relabelled"]
    is_drifted = state.drift is not None and state.drift["drifted"]
    enough, oldest = params.min_new_recordings, params.max_age_days
    asked = {
        UNDONE: state.tried is not None and state.tried.undone,
        NEW: enough is not None and (changed is None or changed >= enough),
        AGE: oldest is not None and age is not None and age >= oldest,
        DRIFT: params.on_drift and is_drifted and changed != 0,
        ALWAYS: params.always,
    }
    pulled = [trigger for trigger, pulls in asked.items() if pulls]
    return _told(pulled, **(counts or dict.fromkeys(COUNTED)), age_days=age)


def _changes(
    manifest: pd.DataFrame, digest: str, champion: BundleRef, tried: Tried | None
) -> dict[str, int] | None:
    """How many recordings are new, relabelled or gone since the last training; None where it is unknown."""
    data = champion.training.get("data") or {}
    if digest == ((tried.data_digest if tried else None) or data.get("digest")):
        return dict.fromkeys(COUNTED, 0)
    tables = [champion.recordings, tried.recordings if tried else None]
    seen = [table for table in tables if table is not None]  # what was seen last has the last word on labels
    if not seen:
        return None
    counts = newcomers(manifest, *seen).counts()
    return {name: counts[name] for name in COUNTED}


def _days(since: str | None, now: datetime) -> float | None:
    try:
        then = datetime.fromisoformat(str(since))
    except ValueError:
        return None
    then = then if then.tzinfo else then.replace(tzinfo=UTC)
    return round((now - then).total_seconds() / 86_400, 3)


def _told(triggers: list[str], **facts: Any) -> Json:
    return {"triggers": triggers, "new": 0, "relabelled": 0, "gone": 0, "age_days": None} | facts


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
        limits.append(f"{told['age_days']} of {params.max_age_days} days")
    if params.on_drift:
        limits.append("no drift in what is new" if changed else "nothing new")
    return ", ".join(limits) or "no trigger is set"
