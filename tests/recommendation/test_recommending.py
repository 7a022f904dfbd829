"""The unrated, ranked: intervals, reasons, copies, and what nothing can be recommended of."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from rated_library import NO_COPIES

from auricle.errors import ConfigurationError, CorpusError
from auricle.models.bundle import BundleRef, seal
from auricle.models.seen import SeenRecordings
from auricle.recommendation.params import RecommendationParams
from auricle.recommendation.recommend import NEAR, Recommended, flat, recommend, tracks_of

Embedded = tuple[pd.DataFrame, pd.DataFrame]


def recommended(
    rater: BundleRef, embedded: Embedded, copies: pd.DataFrame = NO_COPIES, **params: Any
) -> Recommended:
    given = {"interval": {"level": 0.6, "passes": 4}} | params
    return recommend(rater, embedded[1], embedded[0], copies, RecommendationParams.model_validate(given))


class TestTable:
    def test_has_every_unrated_recording_with_the_list_first(
        self, rater: BundleRef, embedded: Embedded
    ) -> None:
        found = recommended(rater, embedded, count=5, diversity=0.0)
        table = found.table
        assert set(table["recording_id"]) == set(embedded[0].query("rating != rating")["recording_id"])
        assert table["rank"].tolist()[:5] == [1, 2, 3, 4, 5]
        assert table["rank"].isna().sum() == 7
        assert table["rating"].is_monotonic_decreasing
        assert ((table["low"] <= table["rating"]) & (table["rating"] <= table["high"])).all()
        assert table["low"].between(0, 1).all()
        assert set(table["left_out"]) == {"", "others come first"}
        assert found.figures["coverage"]["groups"] == found.figures["interval"]["groups"] == 4
        assert found.figures["coverage"]["dropout"] is not None

    def test_names_the_nearest_rated_recordings(self, rater: BundleRef, embedded: Embedded) -> None:
        row = recommended(rater, embedded, reasons=4).table.iloc[0]
        ratings = embedded[0].set_index("recording_id")["rating"]
        assert [len(row[name]) for name in NEAR] == [4] * 4
        np.testing.assert_allclose(ratings[list(row["near_ids"])], row["near_ratings"], atol=1e-6)
        assert list(row["near_similarities"]) == sorted(row["near_similarities"], reverse=True)
        paths = embedded[0].set_index("recording_id")["path"]
        assert paths[list(row["near_ids"])].tolist() == list(row["near_paths"])

    def test_leaves_copies_out(self, rater: BundleRef, embedded: Embedded) -> None:
        manifest = embedded[0]
        unrated = manifest[manifest["rating"].isna()]["recording_id"].tolist()
        rated = manifest[manifest["rating"].notna()]["recording_id"].iloc[0]
        pairs = [(unrated[0], rated), (unrated[1], unrated[2])]
        copies = pd.DataFrame(pairs, columns=["recording_id", "other_id"])
        table = recommended(rater, embedded, copies, count=12).table.set_index("recording_id")
        assert table.loc[unrated[0], "left_out"] == "a copy of it is rated"
        pair = table.loc[unrated[1:3]].sort_values("rating")
        assert pair["left_out"].tolist() == ["a copy of it is here", ""]
        assert table["rank"].notna().sum() == 10

    def test_has_so_many_of_an_artist(self, rater: BundleRef, embedded: Embedded) -> None:
        manifest = embedded[0].assign(meta_artist="the same")
        table = recommended(rater, (manifest, embedded[1]), max_per_artist=2).table
        assert table["rank"].notna().sum() == 2
        assert set(table["left_out"]) == {"", "enough of its artist"}
        nameless = manifest.assign(meta_artist=None)  # by their groups then, of which each is another
        assert recommended(rater, (nameless, embedded[1])).table["rank"].notna().all()

    def test_knows_an_artist_however_the_name_is_spelled(self, rater: BundleRef, embedded: Embedded) -> None:
        spelled = ["Nina Simone", "nina  simone ", "NINA SIMONE"] * 12
        manifest = embedded[0].assign(meta_artist=np.random.default_rng(0).permutation(spelled))
        table = recommended(rater, (manifest, embedded[1])).table
        assert table["rank"].notna().sum() == 2
        assert table["artist"].nunique() > 1

    def test_is_plain_in_csv_and_short_in_a_playlist(self, rater: BundleRef, embedded: Embedded) -> None:
        table = recommended(rater, embedded, count=3).table
        first = flat(table).iloc[0]
        assert first["near_paths"] == "; ".join(table["near_paths"].iloc[0])
        assert tracks_of(table) == [(path, 1.0) for path in table["path"][:3]]


class TestRefused:
    def test_is_a_corpus_without_ratings_or_without_unrated(
        self, rater: BundleRef, embedded: Embedded
    ) -> None:
        for rating, message in (
            (np.nan, "None of the 36 usable recordings is rated"),
            (0.5, "All 36 usable"),
        ):
            with pytest.raises(CorpusError, match=message):
                recommended(rater, (embedded[0].assign(rating=rating), embedded[1]))

    def test_is_an_artist_that_there_is_not(self, rater: BundleRef, embedded: Embedded) -> None:
        with pytest.raises(
            ConfigurationError, match=r"recommendation\.artist is 'singer', which is no column"
        ):
            recommended(rater, embedded, artist="singer")

    @pytest.mark.parametrize(
        ("params", "message"),
        [
            ({"diversity": 1.5}, "diversity"),
            ({"interval": {"passes": 1}}, "passes is 1"),
            ({"interval": {"level": 1.0}}, "level"),
            ({"tags": {"user": "né"}}, "user"),
        ],
    )
    def test_are_parameters_that_cannot_be(self, params: dict[str, Any], message: str) -> None:
        with pytest.raises(ValidationError, match=message):
            RecommendationParams.model_validate(params)


def test_too_few_artists_are_told_with_the_level_that_can_be(
    rater: BundleRef, embedded: Embedded, caplog: pytest.LogCaptureFixture
) -> None:
    table = recommended(rater, embedded, interval={"level": 0.9, "passes": 0}).table
    assert "Ratings of 4 artists are in validation" in caplog.text
    assert "level to 0.80 at most" in caplog.text
    assert (table["high"] - table["low"]).eq(1).all()


def test_without_an_artist_in_validation_no_level_is_named(
    rater: BundleRef, embedded: Embedded, caplog: pytest.LogCaptureFixture
) -> None:
    manifest = embedded[0].assign(split=lambda rows: rows["split"].replace("validation", "train"))
    recommended(rater, (manifest, embedded[1]))
    assert "Ratings of 0 artists are in validation" in caplog.text
    assert "level to" not in caplog.text


def test_intervals_do_without_what_the_model_has_learned_from(
    rater: BundleRef, embedded: Embedded, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = shutil.copytree(rater.path, tmp_path / "bundle")
    manifest, artist = embedded[0], embedded[0]["meta_artist"]
    then = manifest["split"].mask(artist == "artist 1", "train").mask(artist == "artist 2", "validation")
    SeenRecordings(manifest.assign(split=then)).save_pretrained(folder)
    figures = recommended(seal(folder), embedded).figures
    assert figures["interval"]["groups"] == figures["coverage"]["groups"] == 3  # of four
    assert "4 rated recordings that are validation or test now were in training" in caplog.text
