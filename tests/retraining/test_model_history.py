"""What is told of a model's past: nothing is left out, and all of it in its order."""

import json
from pathlib import Path
from typing import Any

import pytest

from auricle.retraining.decisions import read_decisions, read_runs
from auricle.retraining.history import tell_history
from auricle.retraining.history_page import render_history, together

MODEL = "genre.cnn"


def decision(day: int, outcome: str, old: str | None, new: str, *values: float) -> dict[str, Any]:
    figures = {}
    if values:
        before, after = values
        told = {"champion": before, "challenger": after, "low": after - before - 0.1, "high": 0.2}
        figures = {"decides": "macro_f1", "figures": {"macro_f1": told}}
    return {
        "model": MODEL,
        "decided_at": f"2026-03-{day:02}T02:00:00+00:00",
        "outcome": outcome,
        "reason": f"because of {day} & <more>",
        "champion": old and {"version": old},
        "challenger": {"version": new},
        "figures": figures,
        "checks": [{"name": "improvement", "passed": outcome == "promoted"}],
        "triggers": {"new_recordings": True, "age": False},
        "data": {"recordings": 1000 + day},
        "asked_by": "night",
    }


def move(day: int, version: str, by: str, **told: Any) -> dict[str, Any]:
    return {"moved_at": f"2026-03-{day:02}T02:00:01+00:00", "version": version, "moved_by": by} | told


def run(day: int, status: str = "succeeded", **told: Any) -> dict[str, Any]:
    at = f"2026-03-{day:02}T01:00:00+00:00"
    return {"started_at": at, "ended_at": at, "status": status, "is_retraining": True, "models": {}} | told


DECISIONS = [
    decision(1, "promoted", None, "v1"),
    decision(4, "kept", "v1", "v2", 0.70, 0.60),
    decision(6, "promoted", "v1", "v3", 0.71, 0.80),
]
MOVES = [
    move(1, "v1", "retrain"),
    move(6, "v3", "retrain"),
    move(7, "v1", "rollback", reason="it hums", asked_by="Ada"),
]
RUNS = [
    run(1, models={MODEL: "promoted"}),
    run(2),
    run(3),
    run(5, "killed"),
    run(8, "failed", error={"type": "OSError", "message": "disk full", "node": "genre.cnn.fit"}),
]


@pytest.fixture
def history() -> dict[str, Any]:
    return tell_history(MODEL, DECISIONS, MOVES, RUNS)


def test_everything_is_told_once_and_in_its_order(history: dict[str, Any]) -> None:
    kinds = [event["kind"] for event in history["events"]]
    assert kinds == [
        "promoted", "nothing new", "nothing new", "kept", "killed", "promoted", "rollback", "failed",
    ]  # fmt: skip
    assert history["counts"]["promoted"] == 2
    assert history["champion"] == "v1"


def test_the_champion_is_worth_what_was_last_measured_of_it(history: dict[str, Any]) -> None:
    values = [event["value"] for event in history["events"]]
    assert values == [None, None, None, 0.70, 0.70, 0.80, 0.71, 0.71]


def test_a_promotion_whose_decision_is_gone_is_told_by_its_move() -> None:
    events = tell_history(MODEL, [], MOVES, [])["events"]
    assert [(event["kind"], event["version"]) for event in events] == [
        ("promoted", "v1"), ("promoted", "v3"), ("rollback", "v1"),
    ]  # fmt: skip


def test_a_promotion_that_was_refused_is_none_and_the_run_that_failed_is_told() -> None:
    decisions = [*DECISIONS, decision(9, "promoted", "v3", "v4", 0.79, 0.90)]
    failed = run(9, "failed", models={MODEL: "promoted"}, error={"message": "the champion is v1 since"})
    failed |= {"ended_at": "2026-03-09T03:00:00+00:00"}
    history = tell_history(MODEL, decisions, MOVES, [*RUNS, failed])
    assert [(event["kind"], event["value"]) for event in history["events"][-2:]] == [
        ("undone", 0.71), ("failed", 0.71),
    ]  # fmt: skip
    assert history["counts"]["promoted"] == 2
    page = render_history(history, name=MODEL, source={})
    assert "2 of 4 challengers became champion" in page
    assert "won, not carried out" in page
    assert "1 not carried out" in page


def test_nights_with_nothing_new_in_a_row_are_one_line(history: dict[str, Any]) -> None:
    assert [event["count"] for event in together(history["events"])] == [1, 2, 1, 1, 1, 1, 1]


def test_the_page_tells_it(history: dict[str, Any]) -> None:
    page = render_history(history, name=MODEL, source={})
    assert "2 of 3 challengers became champion" in page
    assert "nothing new, 2 times" in page
    assert "run failed in genre.cnn.fit" in page
    assert "it hums" in page
    assert "&amp; &lt;more&gt;" in page
    assert page.count("<svg") == 1


@pytest.mark.parametrize("known", [([], []), ([decision(1, "promoted", None, "v1")], MOVES[:1])])
def test_a_page_of_little_is_whole(known: Any) -> None:
    page = render_history(tell_history(MODEL, *known, []), name=MODEL, source={})
    assert "</html>" in page
    assert "<svg" not in page


def test_what_cannot_be_read_is_left_out_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "decision.json"
    for version, text in {
        "b": json.dumps(DECISIONS[0]),
        "a": json.dumps(DECISIONS[1]),
        "c": "{",
        "d": "{}",
    }.items():
        (path / version).mkdir(parents=True)
        (path / version / path.name).write_text(text)
    assert [found["outcome"] for found in read_decisions(path)] == ["promoted", "kept"]
    assert caplog.text.count("is left out") == 2
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs/one.json").write_text(json.dumps(RUNS[1]))
    (tmp_path / "runs/two.json").write_text(json.dumps(RUNS[0] | {"is_retraining": False}))
    assert read_runs(tmp_path / "runs") == [RUNS[1]]
    assert read_runs(tmp_path / "none") == []
