"""The demo corpus of rated music: a listener whose taste follows the music."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from auricle.audio.synthesis import AnyDemoParams, RatedDemoParams
from auricle.audio.synthesis.clips import perform
from auricle.audio.synthesis.plan import plan_files
from auricle.audio.synthesis.ratings.corpus import ratings_table
from auricle.audio.synthesis.ratings.taste import liking, stars
from auricle.audio.synthesis.render import render_demo
from auricle.corpora.layouts import read_layout


def table(**changes: object) -> pd.DataFrame:
    params = RatedDemoParams.model_validate({"broken_files": False} | changes)
    return ratings_table(plan_files(params.music), params)


@pytest.fixture(scope="module")
def usual() -> pd.DataFrame:
    return table()


class TestRatings:
    def test_follow_the_music_up_to_noise(self) -> None:
        params = RatedDemoParams(noise=0.0, broken_files=False, artists_per_genre=1)
        files = plan_files(params.music)
        by_name = ratings_table(files, params).set_index("file_name")["would_say"]
        expected = {f"audio/{file.name}": stars(liking(perform(file.clip))) for file in files}
        assert by_name.to_dict() == expected

    def test_are_less_sure_with_noise(self) -> None:
        of_music, quiet, loud = (
            table(noise=noise, artists_per_genre=3)["would_say"] for noise in (0.0, 0.35, 3.0)
        )
        assert of_music.corr(quiet, "spearman") > 0.85 > 0.6 > of_music.corr(loud, "spearman")

    def test_are_half_stars_all_over_the_scale(self, usual: pd.DataFrame) -> None:
        assert set(usual["would_say"]) == set(np.arange(0.5, 5.5, 0.5))

    def test_lack_of_about_a_third(self, usual: pd.DataFrame) -> None:
        assert usual["rating"].isna().mean() == pytest.approx(1 / 3, abs=0.06)
        rated = usual["rating"].notna()
        assert (usual["rating"][rated] == usual["would_say"][rated]).all()

    def test_are_not_the_genre(self, usual: pd.DataFrame) -> None:
        of_genre = usual.groupby("genre")["would_say"].transform("mean")
        explained = 1 - ((usual["would_say"] - of_genre) ** 2).mean() / usual["would_say"].var()
        assert explained < 0.7

    def test_differ_among_the_clips_of_an_artist(self) -> None:
        """Without noise: else one rating of an artist would say what a second clip is worth."""
        rated = table(noise=0.0, artists_per_genre=24)
        said = rated["would_say"].groupby(rated["artist"])
        within = (said.var() * (said.size() - 1)).sum() / (len(rated) - said.ngroups)
        assert 0.2 < within / rated["would_say"].var() < 0.5

    def test_shuffled_are_the_same_ratings_of_other_clips(self, usual: pd.DataFrame) -> None:
        dealt = table(shuffle_labels=True)
        assert sorted(dealt["would_say"]) == sorted(usual["would_say"])
        assert dealt["would_say"].corr(usual["would_say"]) < 0.3


def test_is_rendered_and_read_as_a_corpus(tmp_path: Path) -> None:
    said = {"kind": "ratings", "artists_per_genre": 1, "clips_per_artist": 2, "duration_s": 2.0}
    demo = AnyDemoParams.model_validate(said | {"broken_files": False}).root
    assert isinstance(demo, RatedDemoParams)
    render_demo(tmp_path / "demo", demo, workers=1)
    read = read_layout("ratings", tmp_path / "demo", {"table": "metadata.csv", "path_column": "file_name"})
    assert len(read) == 16
    assert read["meta_artist"].nunique() == 8
    assert 0 < read["rating"].isna().sum() < 16
    assert read["rating"].dropna().between(0.1, 1).all()
