"""The whole graph on several labels a recording, and what happens when a study changes its mind."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_run import catalog_of, report_of

import auricle
from auricle.corpora.labels import MULTI, SINGLE

Run = Callable[..., dict[str, Any]]
SEVERAL = {"genre.labels.problem_type": MULTI}


@pytest.mark.long
def test_train_explain_and_change_ones_mind(ready: Path, run: Run) -> None:
    run(ready, ["train_rf", "train_resnet", "explain"], params=SEVERAL)
    catalog = catalog_of(ready)
    manifest = catalog.load("genre.manifest")
    labels = sorted(set(manifest.loc[manifest["split"] == "train", "labels"].explode()))
    for model in ("random_forest", "resnet"):
        predictions = catalog.load(f"genre.{model}.predictions")
        assert list(predictions.columns[2:]) == labels
        values = predictions[labels].to_numpy()
        assert ((values >= 0) & (values <= 1)).all()
        assert not np.allclose(values.sum(axis=1), 1, atol=0.05)
        champion = catalog.load(f"genre.{model}.champion")
        assert champion.config["problem_type"] == MULTI
        assert len(champion.config["thresholds"]) == len(labels)
        metrics = catalog.load(f"genre.{model}.metrics")
        shown = {row["label"]: row["threshold"] for row in metrics["per_class"]}
        assert list(shown.values()) == pytest.approx(champion.config["thresholds"])
        json.dumps(metrics, allow_nan=False)
    assert catalog.load("genre.comparison")["baseline"] == "prevalence"
    assert "Prevalence baseline" in report_of(ready)
    assert "predicted_genres" in catalog.load("genre.resnet.card")
    (page,) = (ready / "data/ci/08_reporting/genre/resnet").glob("*/explanations.html")
    assert "<audio " in page.read_text(encoding="utf-8")
    assert "reaches its threshold" in catalog.load("genre.resnet.taggrams")
    assert catalog.load("genre.resnet.projection")["several"]

    row = manifest[manifest["status"] == "ok"].iloc[0]
    said = auricle.load("genre.resnet", run_root=ready / "data/ci").predict(
        ready / "data/ci/01_raw/demo_genre" / row["path"]
    )
    assert set(said.probabilities) == set(labels)

    run(ready, ["evaluate"])  # the study now asks for one class: no model of it is trained
    comparison = catalog_of(ready).load("genre.comparison")
    assert comparison["models"] == {}
    assert any(f"trained for {MULTI}" in w and f"asks for {SINGLE}" in w for w in comparison["warnings"])


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (SEVERAL | {"genre.resnet.train.best_metric": "accuracy"}, "best_metric is accuracy"),
        (
            {"genre.resnet.train.best_metric": "mean_average_precision"},
            "best_metric is mean_average_precision",
        ),
        ({"genre.labels.min_recordings": 5}, "no effect where each recording has one class"),
        (SEVERAL | {"genre.labels.parents": {"a": "b", "b": "a"}}, "go round in a circle"),
        (SEVERAL | {"genre.evaluation.abstain_below": 0.6}, "each has a threshold of its own"),
        ({"genre.labels.levels": ["broad", "narrow"]}, "names 2 levels"),
    ],
)
def test_contradictions_are_refused_before_any_node(
    project: Path, run: Run, params: dict[str, Any], message: str
) -> None:
    with pytest.raises(Exception, match=rf"(?s){message}"):
        run(project, ["train_resnet"], params=params)
    assert not (project / "data/ci/02_intermediate").exists()
