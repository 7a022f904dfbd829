"""A rater on artists that it has not heard: figures, verdict, card and page."""

import numpy as np
import pandas as pd
import pytest

from auricle.errors import CorpusError
from auricle.evaluation.rating_card import rating_card
from auricle.evaluation.rating_figures import mean_of_others
from auricle.evaluation.rating_params import RatingEvaluateParams
from auricle.evaluation.rating_report import render_rating_report
from auricle.evaluation.rating_words import put_into_words
from auricle.evaluation.ratings import Json, evaluate_rater
from auricle.evaluation.report import ModelSection

PARAMS = RatingEvaluateParams(bootstrap_samples=100)
ARTISTS, EACH = 40, 3
CONFIG = {
    "model_type": "auricle_rater",
    "encoder_class": "auricle.models.encoders:WaveformCNN",
    "classifier_class": "my_head:OneLayer",
    "rating_loss": "mse",
    "window_frames": 22_050,
    "sample_rate": 22_050,
    "sources": {"classifier": "0" * 64},
}
SOURCE = {"folder": "music", "layout": "ratings", "synthesized": True, "notes": []}
DATA_REPORT: Json = {
    "protocol": "holdout",
    "group_by": ["artist"],
    "recordings": 100,
    "groups": 40,
    "hours": 0.1,
    "splits": [{"split": "test", "recordings": 60, "groups": 20}],
    "ratings": {"median": 0.5},
    "durations": {"median": 6.0},
    "sample_rates": {"22050": 100},
    "channels": {"1": 100},
    "formats": {"flac": 100},
    "quarantine": {"count": 0, "files": []},
    "warnings": [],
    "public_warnings": [],
}


class Study:
    """A manifest whose ratings follow two features, by no artist's habit; every fifth is unrated."""

    def __init__(self, off: float, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        count = ARTISTS * EACH
        heard = rng.uniform(size=(count, 2))
        truth = heard.mean(axis=1)
        artists = np.repeat(np.arange(ARTISTS), EACH)
        rating = np.where(np.arange(count) % 5 == 0, np.nan, truth)
        split = np.where(artists < 16, "train", np.where(artists < 20, "validation", "test"))
        ids = [f"{number:016x}" for number in range(count)]
        self.manifest = pd.DataFrame(
            {
                "recording_id": ids,
                "group": [f"artist {number}" for number in artists],
                "split": np.where(np.isnan(rating), "unlabelled", split),
                "status": "ok",
                "rating": rating,
            }
        )
        said = np.clip(truth + rng.normal(0, off, count), 0, 1)
        self.predictions = pd.DataFrame(
            {"recording_id": ids, "split": self.manifest["split"], "rating": said}
        )
        self.embeddings = pd.DataFrame({"recording_id": ids, "embedding": list(heard)})
        self.features = pd.DataFrame(heard, index=ids, columns=["loudness", "brightness"])

    def judged(self) -> Json:
        return evaluate_rater(self.predictions, self.embeddings, self.features, self.manifest, PARAMS)


@pytest.fixture(scope="module")
def good() -> Json:
    return Study(off=0.02).judged()


class TestFigures:
    def test_are_of_rated_test_recordings_alone(self, good: Json) -> None:
        assert (good["recordings"], good["groups"], good["learned_from"], good["unrated"]) == (48, 20, 48, 24)

    def test_of_one_that_hears_show_it_to_be_better_than_those_who_do_not(self, good: Json) -> None:
        assert good["verdict"]["of_use"]
        assert {"mean", "group_mean"} <= set(good["verdict"]["beats"])
        for other in ("mean", "group_mean"):
            low, high = good["differences"][other]["mae"]["interval"]
            assert low < high < 0

    def test_are_told_apart_where_the_artist_has_other_ratings(self, good: Json) -> None:
        told = good["where_known"]
        assert told["recordings"] == 48  # each artist has two at least
        assert told["difference"]["value"] == good["differences"]["group_mean"]["mae"]["value"]
        assert "Of the 48 whose artist has others among them, its error is less" in good["verdict"]["text"]

    @pytest.mark.parametrize(
        ("interval", "of_use", "headline"),
        [
            ((-0.04, -0.01), True, "those too who have other ratings"),
            (
                (-0.04, 0.01),
                False,
                "artist has other ratings, it is not shown to be better than these",
            ),
            ((0.01, 0.04), False, "artist has other ratings, it is shown to be worse than these"),
            (None, False, "artist has other ratings, it is not shown to be better than these"),
        ],
    )
    def test_are_of_use_only_where_they_say_more_than_the_artists_other_ratings(
        self, good: Json, interval: tuple[float, float] | None, of_use: bool, headline: str
    ) -> None:
        known = good["where_known"] | {"difference": {"value": 0.0, "interval": interval}}
        verdict = put_into_words(good, known)
        assert verdict["of_use"] is of_use
        assert headline in verdict["headline"]

    def test_are_beside_the_mean_alone_where_no_artist_has_other_ratings(self, good: Json) -> None:
        verdict = put_into_words(good, None)
        assert verdict["of_use"]
        assert verdict["headline"].startswith("It rates unheard artists better than the mean rating does;")

    def test_of_one_that_guesses_show_nothing_and_say_so(self) -> None:
        guessing = Study(off=3.0).judged()
        assert not guessing["verdict"]["of_use"]
        assert {"neighbours", "forest"} <= set(guessing["verdict"]["loses_to"])
        assert "more than" in guessing["verdict"]["text"]
        assert guessing["verdict"]["headline"].startswith("It is not shown to rate unheard artists better")
        assert guessing["verdict"]["headline"] in rating_card(
            CONFIG, {}, guessing, DATA_REPORT, SOURCE, name="r"
        )

    def test_are_refused_of_what_was_learned_from(self) -> None:
        study = Study(off=0.1)
        study.predictions.loc[study.manifest["split"] == "test", "split"] = "train"
        with pytest.raises(CorpusError, match="were in training when the model was made"):
            study.judged()

    def test_need_two_artists(self) -> None:
        study = Study(off=0.1)
        others = study.manifest["group"].isin(["artist 20"]) | (study.manifest["split"] != "test")
        study.manifest = study.manifest[others]
        with pytest.raises(CorpusError, match="of 1 artists can be judged"):
            study.judged()

    @pytest.mark.parametrize("artists", [2, 7])
    def test_of_few_artists_claim_nothing_and_say_so(self, artists: int) -> None:
        study = Study(off=0.01)
        judged = [f"artist {20 + number}" for number in range(artists)]
        study.manifest = study.manifest[
            study.manifest["group"].isin(judged) | (study.manifest["split"] != "test")
        ]
        found = study.judged()
        assert not found["verdict"]["of_use"]
        assert not found["verdict"]["beats"]
        assert found["where_known"]["difference"]["interval"] is None
        assert found["warnings"][0].startswith(f"Only {artists} artists can be judged")
        card = rating_card(CONFIG, {}, found, DATA_REPORT, SOURCE, name="ratings.rater")
        assert "Intervals cover" not in card

    def test_say_what_was_left_out(self) -> None:
        study = Study(off=0.1)
        study.features = study.features.iloc[2:]
        assert study.judged()["warnings"] == ["1 recordings have no features and are left out."]


def test_an_artists_other_ratings_leave_out_the_one_that_is_asked_about() -> None:
    groups = np.array(["a", "a", "a", "b"], dtype=object)
    found = mean_of_others(np.array([0.0, 0.5, 1.0, 0.9]), groups, otherwise=0.4)
    assert found == pytest.approx([0.75, 0.5, 0.25, 0.4])


def test_the_card_says_what_it_is_off_by_and_beside_what(good: Json) -> None:
    card = rating_card(CONFIG, {}, good, DATA_REPORT, SOURCE, name="ratings.rater")
    assert card.startswith("---\n")
    assert "`my_head:OneLayer`" in card
    assert good["verdict"]["text"] in card
    assert "the artist's other ratings |" in card
    assert "plugins.allowed" in card
    assert "they say nothing about real music" in card


def test_the_page_shows_figures_and_differences(good: Json) -> None:
    history = [{"epoch": number, "loss": 0.1, "eval_loss": 0.1, "mae": 0.2} for number in (1, 2)]
    training = {"history": history, "best_epoch": 2, "params": {"train": {"epochs": 2}}}
    section = ModelSection("rater", good, training, CONFIG, "2026", "0" * 64)
    page = render_rating_report(study="ratings", source=SOURCE, data_report=DATA_REPORT, sections=[section])
    assert "It rates unheard artists better than ratings alone do, those too who have other ratings." in page
    assert "24 that are not rated yet" in page
    assert page.count("verdict-better") >= 2
    assert "<svg" in page
    assert "src=" not in page
