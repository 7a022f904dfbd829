"""A champion that cannot hear the present corpus: nothing older is taken for what it says of that."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from contest_samples import EVALUATION, SAME, failed, make_manifest, make_sealed, predict
from drifting_corpus import champion_of, corpus
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner

from auricle.corpora.labels import LabelParams
from auricle.datasets.champion import ChampionDataset, ChampionOutputDataset
from auricle.errors import BundleError
from auricle.evaluation.stale import why_stale
from auricle.models.bundle import BundleRef
from auricle.models.champion import write_champion
from auricle.pipelines import incumbent
from auricle.pipelines.drift.nodes import measure_drift
from auricle.pipelines.retrain.nodes import decide_on
from auricle.retraining.drift_params import DriftParams
from auricle.retraining.incumbent import if_it_can
from auricle.retraining.params import RuleParams

MANIFEST = make_manifest(groups=48, per_group=3)
KEPT = ("predictions", "embeddings")


def cannot(champion: BundleRef | None, manifest: pd.DataFrame) -> tuple[pd.DataFrame, ...]:
    def hear(bundle: BundleRef) -> tuple[pd.DataFrame, pd.DataFrame]:
        raise BundleError("the corpus was prepared for another front end")

    return if_it_can(champion, hear)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "06_models/genre/cnn"


@pytest.fixture
def catalog(folder: Path, tmp_path: Path) -> DataCatalog:
    pointer = str(folder / "champion.json")
    entries: dict[str, Any] = {
        f"genre.cnn.incumbent.{name}": ChampionOutputDataset(
            champion={"filepath": pointer},
            dataset={"type": "auricle.datasets.table.TableDataset", "filepath": str(tmp_path / f"{name}.pq")},
            missing_ok=True,
        )
        for name in KEPT
    }
    entries["genre.cnn.incumbent"] = ChampionDataset(filepath=pointer, missing_ok=True)
    entries["genre.manifest"] = MemoryDataset(MANIFEST)
    return DataCatalog(entries)


def listen(catalog: DataCatalog) -> list[pd.DataFrame | None]:
    pipeline = incumbent.create_pipeline("genre", "cnn", cannot, {"manifest": "genre.manifest"})
    SequentialRunner().run(pipeline, catalog)
    return [catalog.load(f"genre.cnn.incumbent.{name}") for name in KEPT]


def test_it_is_not_judged_by_what_it_has_said_of_an_earlier_corpus(
    catalog: DataCatalog, folder: Path
) -> None:
    champion, challenger = (
        make_sealed(folder / f"challenger/{day}/challenger", seed) for seed, day in enumerate(("1", "2"))
    )
    write_champion(folder / "champion.json", champion, "retrain")
    earlier = predict(MANIFEST.iloc[:100], right=0.3)
    for name in KEPT:
        catalog.save(f"genre.cnn.incumbent.{name}", earlier)
    said, _ = listen(catalog)
    decision = decide_on(
        champion,
        challenger,
        said,
        predict(MANIFEST, right=0.9),
        {name: cost._asdict() for name, cost in SAME.items()},
        MANIFEST,
        {},
        RuleParams(),
        False,
        EVALUATION,
        LabelParams(),
    )
    assert (decision["outcome"], failed(decision)) == ("kept", ["comparable"])
    assert "cannot predict the present recordings" in decision["reason"]
    assert said is not None
    assert why_stale(said, MANIFEST, LabelParams(), champion)  # nor is a report made of it


def test_drift_of_what_it_says_is_not_judged_and_the_rest_is(catalog: DataCatalog, folder: Path) -> None:
    champion = make_sealed(folder / "challenger/1/challenger", 0)
    write_champion(folder / "champion.json", champion, "retrain")
    known = corpus(0, 40)
    both = (known + corpus(1, 30, longer_s=4.0)).manifest
    params = DriftParams(permutations=599)
    (report,) = measure_drift(champion_of(known), both, *listen(catalog), params, "genre.cnn")
    assert report["judged"]
    judged = {aspect["name"] for aspect in report["aspects"] if aspect["reason"] is None}
    assert judged == {"labels", "durations", "sample_rates"}


def test_without_a_champion_nothing_is_said(catalog: DataCatalog, folder: Path) -> None:
    assert listen(catalog) == [None, None]
    assert not folder.exists()
