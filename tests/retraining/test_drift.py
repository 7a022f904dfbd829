"""Drift is found where it is, and hardly ever where there is none."""

import pandas as pd
import pytest
from drifting_corpus import Corpus, champion_of, corpus
from pydantic import ValidationError

from auricle.retraining.drift import measure_drift, told
from auricle.retraining.drift_page import render_drift
from auricle.retraining.drift_params import DriftParams

KNOWN = corpus(0, 80)
PARAMS = DriftParams(permutations=599)


def report(new: Corpus, known: Corpus = KNOWN, params: DriftParams = PARAMS, **changed):
    both = known + new
    tables = {"predictions": both.predictions, "embeddings": both.embedded} | changed
    return measure_drift(champion_of(known), both.manifest, params, **tables)


def drifted(found) -> set[str]:
    return {aspect["name"] for aspect in found["aspects"] if aspect["drifted"]}


class TestFound:
    def test_labels(self) -> None:
        found = report(corpus(1, 30, labels=("metal", "metal", "metal", "metal", "jazz")))
        assert drifted(found) == {"labels"}
        shown = next(aspect["figure"] for aspect in found["aspects"] if aspect["name"] == "labels")
        assert "metal" in shown["names"][:2]  # those first that have moved most
        place = shown["names"].index("metal")
        assert shown["new"][place] > shown["known"][place]

    def test_durations(self) -> None:
        assert drifted(report(corpus(1, 30, longer_s=4.0))) == {"durations"}

    def test_sample_rates(self) -> None:
        assert drifted(report(corpus(1, 30, rates=(8000,)))) == {"sample_rates"}

    def test_where_the_model_places_them_and_what_it_says(self) -> None:
        found = drifted(report(corpus(1, 40, moved=1.5)))
        assert "embeddings" in found
        assert found <= {"embeddings", "highest_probabilities", "classes_given"}

    def test_one_of_several_labels_of_each(self) -> None:
        new = corpus(1, 30)
        new.manifest["labels"] = [[*labels, "live"] for labels in new.manifest["labels"]]
        champion = champion_of(KNOWN)
        assert not measure_drift(champion, (KNOWN + new).manifest, PARAMS)["drifted"]  # of one class each
        champion.config["problem_type"] = "multi_label_classification"
        found = measure_drift(champion, (KNOWN + new).manifest, PARAMS)
        assert drifted(found) == {"labels"}
        assert found["aspects"][0]["value"] == 1.0
        assert found["aspects"][0]["figure"]["names"][0] == "live"

    def test_a_label_that_none_has_had(self) -> None:
        assert report(corpus(1, 30, labels=("metal", "polka")))["new_labels"] == ["polka"]


class TestNotFound:
    @pytest.mark.parametrize(("known_sizes", "new_sizes"), [((1, 8), (1, 8)), ((1, 12), (1, 1))])
    def test_where_nothing_has_drifted_alarms_are_as_rare_as_promised(
        self, known_sizes: tuple[int, int], new_sizes: tuple[int, int]
    ) -> None:
        """Recordings of a group are alike, groups of either side of other sizes: no reason for an alarm.

        Of 40 reports at level 0.1 more than 10 come by chance in less than one of 400 such tests.
        """
        params = DriftParams(
            permutations=199, level=0.1, label_distance=0, duration_distance=0, rate_distance=0,
            score_psi=0, embedding_distance=0, min_recordings=10,
        )  # fmt: skip
        alarms = sum(
            report(corpus(seed + 1000, 20, new_sizes), corpus(seed, 50, known_sizes), params)["drifted"]
            for seed in range(40)
        )
        assert alarms <= 10

    def test_of_too_few_newcomers_nothing_is_claimed(self) -> None:
        found = report(corpus(1, 4, (3, 3), longer_s=50.0))
        assert not found["judged"]
        assert not found["drifted"]
        assert "12 new recordings of 4 groups are too few" in found["reason"]
        assert found["recordings"]["new"] == 12
        assert "drift is not judged" in told(found)

    def test_a_small_difference_however_sure_is_none(self) -> None:
        new = corpus(1, 60, longer_s=4.0)
        lenient = DriftParams(duration_distance=0.95)
        assert drifted(report(new, params=lenient)) == set()

    def test_scores_of_recordings_that_were_learned_from_are_left_aside(self) -> None:
        """A model is surer of those: against them whatever is new would have drifted."""
        new = corpus(1, 40)
        said = (KNOWN + new).predictions
        learned = said["recording_id"].isin(KNOWN.manifest["recording_id"]) & (said["split"] == "train")
        classes = list(said.columns[2:])
        sure = said.copy()
        sure.loc[learned, classes] = 0.001
        sure.loc[learned, classes[0]] = 0.997
        assert report(new, predictions=sure)["aspects"] == report(new, predictions=said)["aspects"]

    def test_nor_are_new_recordings_of_artists_that_were_learned_from(self) -> None:
        """Those bring most of what comes; a model is surer of them, and places them better, than others."""
        new = corpus(1, 60)
        groups = KNOWN.manifest.loc[KNOWN.manifest["split"] == "train", "group"].unique()
        old = new.manifest["group"].isin([f"1-{group}" for group in range(30)])
        new.manifest.loc[old, "group"] = groups[pd.factorize(new.manifest.loc[old, "group"])[0]]
        both = KNOWN + new
        learned = both.manifest["group"].isin(groups).to_numpy()
        sure = both.predictions
        classes = list(sure.columns[2:])
        sure.loc[learned, classes] = 0.001
        sure.loc[learned, classes[0]] = 0.997
        placed = both.embedded
        placed["embedding"] = list(both.embeddings + 4.0 * learned[:, None])
        found = report(new, predictions=sure, embeddings=placed)
        assert drifted(found) == set()
        compared = {aspect["name"]: aspect["compared"] for aspect in found["aspects"]}
        assert compared["embeddings"]["new_groups"] == 30
        assert compared["durations"]["new_groups"] > 30  # what they are is compared, of all
        only_old = Corpus(new.manifest[old.to_numpy()], new.embeddings[old.to_numpy()])
        reasons = {aspect["name"]: aspect["reason"] for aspect in report(only_old)["aspects"]}
        assert "0 new recordings of 0 groups are too few" in reasons["highest_probabilities"]

    def test_out_of_fold_they_were_not_learned_from(self) -> None:
        known = KNOWN.manifest.assign(split="train")
        both = KNOWN + corpus(1, 40, moved=1.5)
        said = both.predictions
        said.loc[said["recording_id"].isin(known["recording_id"]), "split"] = "out_of_fold"
        champion = champion_of(Corpus(known, KNOWN.embeddings))
        found = measure_drift(champion, both.manifest, PARAMS, predictions=said)
        told = next(aspect for aspect in found["aspects"] if aspect["name"] == "highest_probabilities")
        assert told["compared"]["known_groups"] == 80


class TestUnknown:
    def test_a_bundle_that_lists_nothing_claims_nothing(self) -> None:
        champion = champion_of(KNOWN)
        champion.recordings = None
        found = measure_drift(champion, KNOWN.manifest, PARAMS)
        assert not found["judged"]
        assert "train it again" in found["reason"]
        assert "train it again" in render_drift(found, name="genre.cnn", source={})

    def test_what_was_not_predicted_is_not_judged_and_the_rest_is(self) -> None:
        found = report(corpus(1, 30, longer_s=4.0), predictions=None, embeddings=None)
        assert drifted(found) == {"durations"}
        reasons = {aspect["name"]: aspect["reason"] for aspect in found["aspects"] if aspect["reason"]}
        assert set(reasons) == {"highest_probabilities", "classes_given", "embeddings"}

    def test_recordings_that_are_gone_relabelled_or_broken_are_counted(self) -> None:
        rows = pd.concat([KNOWN.manifest, corpus(1, 3, (2, 2)).manifest], ignore_index=True)
        rows = rows.drop(index=0).reset_index(drop=True)
        rows.loc[0, "status"] = "quarantined"
        rows.loc[1, "label"] = "polka"
        rows.at[1, "labels"] = ["polka"]
        counts = measure_drift(champion_of(KNOWN), rows, PARAMS)["recordings"]
        assert (counts["new"], counts["relabelled"], counts["gone"]) == (6, 1, 2)


def test_the_page_says_what_drifted_and_shows_both_sides() -> None:
    page = render_drift(report(corpus(1, 30, longer_s=4.0)), name="genre.cnn", source={"synthesized": True})
    assert "Drift in durations" in page
    assert "synthesized" in page
    assert page.count("<svg") == 6
    assert "http" not in page.replace("http://www.w3.org", "").replace("http-equiv", "")


def test_a_level_that_the_permutations_cannot_show_is_refused() -> None:
    with pytest.raises(ValidationError, match="Raise permutations to 5999"):
        DriftParams(level=0.001)
