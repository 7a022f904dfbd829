"""`kedro run --pipelines=recommend`: what it leaves, what it hears twice, what it writes, what it refuses."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile as sf

from auricle.corpora.layouts import read_layout
from auricle.models.bundle import BundleRef, seal
from auricle.models.champion import write_champion

Run = Callable[..., dict[str, Any]]
RATE = 8_000


def make_music(project: Path) -> dict[str, Any]:
    """Noise by twelve artists, a third of it not rated; the parameters that read it."""
    folder = project / "music"
    folder.mkdir()
    rows = []
    for number in range(36):
        name, random = f"{number:02}.flac", np.random.default_rng(number)
        sf.write(folder / name, random.normal(scale=0.01 * (1 + number // 3), size=RATE), RATE)
        rows.append((name, "" if number % 3 == 2 else 1 + number % 5, f"artist {number // 3}"))
    pd.DataFrame(rows, columns=["path", "rating", "artist"]).to_csv(folder / "ratings.csv", index=False)
    params: dict[str, Any] = {
        "demo.enabled": False,
        "source.root": str(folder),
        "ingest.layout_options": {"table": "ratings.csv", "path_column": "path"},
        "ingest.near_duplicates.enabled": False,
        "ingest.workers": 1,
        "waveforms.sample_rate": RATE,
        "recommendation.count": 4,
        "recommendation.interval.level": 0.5,
        "recommendation.page.excerpt_seconds": 1.0,
    }
    return {"studies": ["ratings"]} | {f"ratings.{name}": value for name, value in params.items()}


def make_champion(project: Path) -> BundleRef:
    """A rater that has learned nothing."""
    import torch

    from auricle.audio.waveform_front_end import WaveformParams
    from auricle.models.rating.params import RaterParams
    from auricle.models.registry import build_model

    torch.manual_seed(0)
    folder = project / "data/ci/06_models/ratings/rater"
    path = folder / "bundle/v1/bundle"
    params = RaterParams(
        encoder_class="auricle.models.encoders:WaveformCNN",
        encoder_kwargs={"embedding_dim": 8, "channels": [4]},
    )
    build_model(
        params.config_for(sample_rate=8_000, window_frames=8_000, hop_frames=8_000)
    ).eval().save_pretrained(path)
    WaveformParams(sample_rate=8_000, do_normalize=False).make().save_pretrained(path)
    (path / "training.json").write_text("{}")
    bundle = seal(path)
    write_champion(folder / "champion.json", bundle, moved_by="a test")
    return bundle


@pytest.mark.long  # ingestion and caching by child processes
def test_leaves_the_list_in_each_form_and_ratings_in_tags(project: Path, run: Run) -> None:
    bundle, params = make_champion(project), make_music(project)
    run(project, ["recommend"], params=params | {"ratings.recommendation.tags.mode": "dry_run"})
    data = project / "data/ci"
    outputs = data / "07_model_output/ratings/rater"
    made = outputs / bundle.version
    table = pd.read_parquet(made / "recommendations.parquet")
    assert table["rank"].dropna().tolist() == [1, 2, 3, 4]
    assert len(pd.read_csv(made / "recommendations.csv")) == len(table) == 12
    lines = (made / "playlists/recommended.m3u8").read_text().splitlines()
    listed = [(made / "playlists" / line).resolve() for line in lines if not line.startswith("#")]
    assert listed == [(project / "music" / path).resolve() for path in table["path"][:4]]
    is_a_page_that_stands_alone(data / "08_reporting/ratings/rater" / bundle.version)

    assert set(pd.read_csv(outputs / "tags" / bundle.version / "tags.csv")["then"]) == {"write"}
    asked = {"ratings.recommendation.tags.mode": "write", "ratings.recommendation.diversity": 0.9}
    again = [f"ratings.recommend.{name}" for name in ("embed_unheard", "recommend_unrated", "write_ratings")]
    run(project, ["recommend"], params=params | asked, node_names=again)
    assert len(list((made / "windows.parquet").iterdir())) == 1  # nothing was heard twice
    found = read_layout("ratings", project / "music", {"source": "tags", "predicted": "rated"})
    found = found.set_index("path")["rating"]
    expected = table.set_index("path")["rating"].reindex(found.index)
    pd.testing.assert_series_equal(found, expected.astype("float64"), atol=0.006)


def is_a_page_that_stands_alone(folder: Path) -> None:
    page = (folder / "recommendations.html").read_text()
    assert page.count("<audio controls") == 4
    assert "http" not in page.replace("http-equiv", "")
    assert "<script" not in page
    figures = json.loads((folder / "recommendations.json").read_text())
    assert figures["listed"] == 4
    assert 0 <= figures["coverage"]["intervals"]["coverage"] <= 1


def test_is_refused_before_any_node_where_it_cannot_work(project: Path, run: Run) -> None:
    study = {"studies": ["ratings"]}
    with pytest.raises(Exception, match=r"ratings\.rater is not trained.*--pipelines=train_rating"):
        run(project, ["recommend"], params=study)
    make_champion(project)
    with pytest.raises(Exception, match="there was no dry run"):
        run(project, ["recommend"], params=study | {"ratings.recommendation.tags.mode": "write"})
    assert not (project / "data/ci/02_intermediate").exists()
