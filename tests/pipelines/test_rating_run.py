"""Raters in the project: refused before any node runs, or trained, also of parts of one's own."""

import json
import logging
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from project_runs import REPOSITORY, run_project

from auricle.checks import check_rating
from auricle.errors import AuricleError, ConfigurationError
from auricle.runner import IncrementalRunner

RATINGS = {"studies": ["ratings"]}
BROKEN = """
import torch
class Silent(torch.nn.Module):
    def __init__(self, embedding_dim):
        super().__init__()
        self.layer = torch.nn.Linear(embedding_dim, 1)
    def forward(self, embeddings):
        return self.layer(embeddings)
"""


class TestRefusals:
    @pytest.mark.parametrize(
        ("heard", "train", "ingest", "message"),
        [
            ({"do_normalize": True}, {}, {}, "Set do_normalize: false"),
            ({}, {"class_weights": True}, {}, "Set class_weights: false"),
            ({}, {}, {"protocol": "grouped_k_fold"}, "Set ingest.protocol: holdout"),
        ],
    )
    def test_of_what_is_for_classes(
        self, heard: dict[str, Any], train: dict[str, Any], ingest: dict[str, Any], message: str
    ) -> None:
        """By the first of the checks, which take no time."""
        heard, train = {"do_normalize": False} | heard, {"class_weights": False} | train
        with pytest.raises(ConfigurationError, match=message):
            check_rating({}, train, {}, heard, ingest)

    @pytest.mark.parametrize(
        ("params", "message"),
        [
            ({"rater.model.encoder_class": "my_encoder:Own"}, "'my_encoder' may not be imported"),
            ({"rater.model.classifier_class": "broken_part:Silent"}, r"values in \[0, 1\] were expected"),
        ],
    )
    def test_before_anything_is_read(self, project: Path, params: dict[str, Any], message: str) -> None:
        (project / "broken_part.py").write_text(BROKEN)
        given = {f"ratings.{name}": value for name, value in params.items()}
        allowed = {"plugins.allowed": ["broken_part"]}
        with pytest.raises(AuricleError, match=message):
            run_project(project, ["train_rating"], params=RATINGS | allowed | given)
        assert not (project / "data/ci/02_intermediate").exists()


@pytest.mark.long  # rendering, ingestion and two trainings
def test_parts_of_ones_own_are_trained_by_configuration_alone(
    project: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The files of docs/custom-models.md, beside the project, and what it says to configure."""
    page = (REPOSITORY / "docs/custom-models.md").read_text(encoding="utf-8")
    for block in re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL):
        (project / block.partition("\n")[0].removeprefix("# ")).write_text(block)
    (configuration,) = re.findall(r"```yaml\n(# conf/local/parameters.yml\n.*?)```", page, flags=re.DOTALL)
    own, file = yaml.safe_load(configuration), project / "conf/ci/parameters_ratings.yml"
    small = yaml.safe_load(file.read_text())  # the encoder of which has other arguments
    small["ratings"]["rater"]["model"] = own["ratings"]["rater"]["model"]
    file.write_text(yaml.safe_dump(small | {"plugins": own["plugins"]}))
    incremental: dict[str, Any] = {"params": RATINGS, "runner": IncrementalRunner()}
    with caplog.at_level(logging.INFO):
        run_project(project, ["train_rating"], **incremental)
    assert "artists whom it has not heard" in caplog.text
    data = project / "data/ci"
    (config,) = (data / "06_models/ratings/rater/bundle").glob("*/bundle/config.json")
    told = json.loads(config.read_text())
    assert told["encoder_class"] == "my_encoder:LoudnessEncoder"
    assert set(told["sources"]) == {"encoder", "classifier"}
    manifest = pd.read_parquet(data / "02_intermediate/ratings/manifest.parquet").query("status == 'ok'")
    (table,) = (data / "07_model_output/ratings/rater").glob("*/predictions.parquet")
    predictions = pd.read_parquet(table)
    assert set(predictions["recording_id"]) == set(manifest["recording_id"])
    assert predictions["rating"].between(0, 1).all()
    assert manifest["rating"].isna().any()
    (metrics,) = (data / "08_reporting/ratings/rater").glob("*/metrics.json")
    assert {"mean", "group_mean", "forest"} <= json.loads(metrics.read_text())["differences"].keys()
    assert "my_encoder:LoudnessEncoder" in (data / "08_reporting/ratings/report.html").read_text()
    again = IncrementalRunner()
    run_project(project, ["train_rating"], params=RATINGS, runner=again)
    assert not [name for name in again.ran if name.startswith("ratings.rater.")]
    with (project / "my_head.py").open("a") as file:
        file.write("# mended\n")
    run_project(project, ["train_rating"], params=RATINGS, runner=(changed := IncrementalRunner()))
    assert changed.ran["ratings.rater.fit"] == "its code has changed (my_head:OneLayer)"
