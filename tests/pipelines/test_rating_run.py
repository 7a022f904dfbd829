"""Raters in the project: refused before any node runs, or trained, also of parts of one's own."""

import json
import logging
import re
import sys
from functools import reduce
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from click.testing import CliRunner
from kedro.framework.cli.utils import _split_params
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from project_runs import REPOSITORY, run_project

from auricle.checks import check_rating
from auricle.commands.check_models import check_models
from auricle.corpora.layouts import check_layout
from auricle.corpora.params import IngestParams, SourceParams
from auricle.errors import AuricleError, ConfigurationError
from auricle.models.rating.pair import make_pair
from auricle.models.rating.params import PairParams, RaterParams
from auricle.models.rating.plugins import PluginParams, allowing
from auricle.runner import IncrementalRunner

PAGE = (REPOSITORY / "docs/custom-models.md").read_text(encoding="utf-8")
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


def written(project: Path, *languages: str) -> None:
    """The files of docs/custom-models.md, where it says."""
    for language in languages:
        for block in re.findall(rf"```{language}\n(.*?)```", PAGE, flags=re.DOTALL):
            file = project / block.partition("\n")[0].removeprefix("# ")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block)


def entry_of(parameters: Any, name: str) -> Any:
    """Of what the context has parsed, or left as it is."""
    return parameters[name] if isinstance(parameters, dict) else getattr(parameters, name)


@pytest.fixture
def unknown_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """No other test's project has files of these names in this process."""
    for name in ("my_encoder", "my_head"):
        monkeypatch.setitem(sys.modules, name, None)
        monkeypatch.delitem(sys.modules, name)


@pytest.mark.usefixtures("unknown_parts")
def test_what_the_page_configures_is_taken(project: Path) -> None:
    """Its two files of parameters, what it gives with the command, and ratings in tags."""
    written(project, "python", "yaml")
    (given,) = re.findall(r"`--params=(\S+)`", PAGE)
    (tags,) = re.findall(r"`layout_options: (\{.*?\})`", PAGE)
    bootstrap_project(project)
    with KedroSession.create(project, runtime_params=_split_params(None, None, given)) as session:
        parameters = session.load_context().params
    ratings = parameters["ratings"]
    rater = ratings["rater"]
    with allowing(PluginParams.model_validate(parameters["plugins"]).allowed, project):
        check_rating(
            rater["model"], rater["train"], rater["windows"], ratings["waveforms"], ratings["ingest"]
        )
    assert RaterParams.model_validate(rater["model"]).encoder_class == "my_encoder:LoudnessEncoder"
    for entry in given.split(","):
        name, _, value = entry.partition("=")
        assert str(reduce(entry_of, name.split("."), parameters)) == value
    ingest = IngestParams.model_validate(ratings["ingest"])
    assert ingest.layout_options["table"] == "ratings.csv"
    assert SourceParams.model_validate(ratings["source"]).root == "/music"
    both = ingest.layout_options | yaml.safe_load(tags)
    assert check_layout(ingest.layout, both).model_dump()["source"] == "tags"


def test_check_models_checks_and_measures_what_the_project_configures(project: Path) -> None:
    metadata = type("Metadata", (), {"project_path": project})
    result = CliRunner().invoke(check_models, ["--env", "ci"], obj=metadata)
    assert result.exit_code == 0, result.output
    said = result.output
    small = yaml.safe_load((project / "conf/ci/parameters_ratings.yml").read_text())["ratings"]["rater"]
    pair = PairParams.model_validate(small["model"])
    parts = make_pair(pair, 22_050)
    for what, part in zip((pair.encoder_class, pair.classifier_class), parts, strict=True):
        count = sum(parameter.numel() for parameter in part.parameters())
        assert re.search(rf"{what}\n.*\n.*\n  {count:,} parameters\n", said)
    assert "(4, 22050) to (4, 16), (4, 33075) to (4, 16)" in said
    assert "(4, 16) to (4, 1)" in said
    assert re.search(r"30 s at 22,050 Hz on \w+: \d+\.\d{3} s, (\d+ MB at the peak|memory unknown)", said)
    assert "Both keep their contract." in said


@pytest.mark.long  # rendering, ingestion and two trainings
@pytest.mark.usefixtures("unknown_parts")
def test_parts_of_ones_own_are_trained_by_configuration_alone(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The encoder of docs/custom-models.md beside the project, the classifier in another folder."""
    written(project, "python")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    head = (project / "my_head.py").rename(elsewhere / "my_head.py")
    monkeypatch.syspath_prepend(elsewhere)
    (configuration,) = re.findall(r"```yaml\n(# conf/local/parameters.yml\n.*?)```", PAGE, flags=re.DOTALL)
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
    with head.open("a") as file:
        file.write("# mended\n")
    run_project(project, ["train_rating"], params=RATINGS, runner=(changed := IncrementalRunner()))
    assert changed.ran["ratings.rater.fit"] == "its code has changed (my_head:OneLayer)"
