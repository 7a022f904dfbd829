"""When a retraining is due, and by which trigger."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from drifting_corpus import champion_of, corpus

from auricle.models.provenance import manifest_digest
from auricle.models.seen import seen_recordings
from auricle.retraining.gate import ModelState, Tried, decide_due
from auricle.retraining.trigger_params import TriggerParams

TRAINED = datetime(2026, 1, 1, tzinfo=UTC)
KNOWN = corpus(0, 20, (3, 3))
GROWN = KNOWN + corpus(1, 4, (3, 3))
TRIGGERS = TriggerParams(min_new_recordings=12, max_age_days=30)


def champion() -> Any:
    return champion_of(KNOWN, data={"digest": manifest_digest(KNOWN.manifest)})


def tried(manifest: pd.DataFrame, days: float) -> Tried:
    at = (TRAINED + timedelta(days=days)).isoformat()
    return Tried(at, manifest_digest(manifest), seen_recordings(manifest))


def due(
    manifest: pd.DataFrame, params: TriggerParams = TRIGGERS, days: float = 1, **state: Any
) -> dict[str, Any]:
    models = {"cnn": ModelState(**{"champion": champion()} | state)}
    return decide_due(manifest, models, params, TRAINED + timedelta(days=days))


def pulled(found: dict[str, Any]) -> list[str]:
    assert found["go"] == bool(found["models"]["cnn"]["triggers"])
    return found["models"]["cnn"]["triggers"]


def test_nothing_new_is_not_due_and_says_how_far_it_is_from_being() -> None:
    found = due(KNOWN.manifest)
    assert pulled(found) == []
    assert found["reason"] == (
        "not due; cnn: 0 of 12 new or relabelled recordings, 1.0 of 30.0 days, nothing new"
    )


def test_a_model_without_champion_is_due() -> None:
    found = due(KNOWN.manifest, champion=None)
    assert pulled(found) == ["no_champion"]
    assert "it has no champion yet" in found["reason"]


def test_enough_newcomers_and_not_one_fewer() -> None:
    assert pulled(due(GROWN.manifest)) == ["new_recordings"]
    fewer = GROWN.manifest.iloc[:-1]
    assert pulled(due(fewer)) == []
    assert pulled(due(GROWN.manifest, TriggerParams(min_new_recordings=None, max_age_days=None))) == []


def test_recordings_with_other_labels_count_as_new() -> None:
    rows = KNOWN.manifest.copy()
    rows.loc[:11, "label"] = "polka"
    rows["labels"] = [[label] for label in rows["label"]]
    found = due(rows)
    assert pulled(found) == ["new_recordings"]
    assert found["models"]["cnn"]["relabelled"] == 12


@pytest.mark.parametrize(("days", "expected"), [(29.9, []), (30.1, ["age"])])
def test_time_makes_it_due_where_anything_has_changed(days: float, expected: list[str]) -> None:
    assert pulled(due(GROWN.manifest.iloc[: len(KNOWN.manifest) + 1], days=days)) == expected
    assert pulled(due(KNOWN.manifest.iloc[1:], days=days)) == expected
    found = due(KNOWN.manifest, days=days)
    assert pulled(found) == []  # no node would run, no decision be made, and it would be due every night
    assert ("days and nothing has changed" in found["reason"]) == bool(expected)


def test_drift_makes_it_due_where_something_came() -> None:
    few = KNOWN.manifest.iloc[:0]
    few = pd.concat([KNOWN.manifest, GROWN.manifest.iloc[-2:]], ignore_index=True)
    assert pulled(due(few, drift={"drifted": True})) == ["drift"]
    assert pulled(due(few, drift={"drifted": False})) == []
    assert (
        pulled(due(few, TriggerParams(min_new_recordings=12, on_drift=False), drift={"drifted": True})) == []
    )


def test_what_was_decided_on_once_is_nothing_new() -> None:
    """The challenger has lost on them: the same training would lose again, after a rollback too."""
    lost = tried(GROWN.manifest, days=1)
    assert pulled(due(GROWN.manifest, tried=lost, days=2, drift={"drifted": True})) == []
    more = GROWN + corpus(2, 4, (3, 3))
    assert pulled(due(more.manifest, tried=lost, days=2)) == ["new_recordings"]
    one_more = more.manifest.iloc[: len(GROWN.manifest) + 1]
    assert pulled(due(one_more, tried=lost, days=30.5)) == []  # its age begins with the decision
    assert pulled(due(one_more, tried=lost, days=31.5)) == ["age"]


def test_drift_that_a_challenger_has_lost_on_needs_more_of_it() -> None:
    """Else each file that comes would train all models, every night."""
    lost = tried(GROWN.manifest, days=1)
    params = TriggerParams(min_new_recordings=None, min_drifted_recordings=10)
    more = (GROWN + corpus(2, 4, (3, 3))).manifest
    for came, expected in ((1, []), (9, []), (10, ["drift"])):
        found = due(more.iloc[: len(GROWN.manifest) + came], params, tried=lost, drift={"drifted": True})
        assert pulled(found) == expected
        assert ("drift, with 9 of 10 recordings" in found["reason"]) == (came == 9)


def test_a_champion_that_was_trained_by_hand_since_counts() -> None:
    """With what it has seen, how old it is and how it has heard labels called, and not what lost before."""
    rows = KNOWN.manifest.copy()
    rows["label"] = "polka"
    rows["labels"] = [["polka"]] * len(rows)
    by_hand = champion_of(
        KNOWN, trained_at="2026-01-25T00:00:00+00:00", data={"digest": manifest_digest(rows)}
    )
    by_hand.recordings = seen_recordings(rows)
    before = tried(KNOWN.manifest, days=1)
    assert pulled(due(rows, champion=by_hand, tried=before, days=40)) == []
    one_more = pd.concat([rows, GROWN.manifest.iloc[-1:]], ignore_index=True)
    found = due(one_more, champion=by_hand, tried=before, days=40)
    assert pulled(found) == []
    told = found["models"]["cnn"]
    assert (told["new"], told["relabelled"], told["age_days"]) == (1, 0, 16.0)
    drifted = due(one_more, champion=by_hand, tried=before, drift={"drifted": True})
    assert pulled(drifted) == ["drift"]  # nobody has answered to that yet


def test_an_older_bundle_is_due_once_the_corpus_has_changed() -> None:
    old = champion()
    old.recordings = None
    assert pulled(due(KNOWN.manifest, champion=old)) == []
    found = due(GROWN.manifest, champion=old)
    assert pulled(found) == ["new_recordings"]
    assert "an unknown number" in found["reason"]


def test_one_model_that_is_due_is_enough_and_a_run_by_hand_too() -> None:
    models = {"cnn": ModelState(champion()), "random_forest": ModelState()}
    found = decide_due(KNOWN.manifest, models, TRIGGERS, TRAINED)
    assert found["go"]
    assert [trigger for trigger, pulls in found["triggers"].items() if pulls] == ["no_champion"]
    assert pulled(due(KNOWN.manifest, TriggerParams(always=True))) == ["always"]


def test_a_promotion_that_a_killed_run_did_not_carry_out() -> None:
    left = replace(tried(KNOWN.manifest, 0), undone=True)
    found = due(KNOWN.manifest, tried=left)
    assert pulled(found) == ["undone"]
    assert "a killed run did not promote it" in found["reason"]
