"""Which rows are judged, and what is refused before anything is judged."""

from collections.abc import Callable

import numpy as np
import pytest
from scored_samples import CLASSES, Study

from auricle.errors import CorpusError
from auricle.evaluation.scored import scored_rows, training_labels

MakeStudy = Callable[..., Study]


class TestRows:
    def test_of_a_holdout_are_the_test_split(self, study: MakeStudy) -> None:
        made = study()
        scored = scored_rows(made.strong, made.manifest)
        test = made.manifest[made.manifest["split"] == "test"]
        assert scored.split == "test"
        assert set(scored.ids) == set(test["recording_id"])
        assert scored.n_groups == test["group"].nunique()

    def test_out_of_fold_come_first_where_there_are_any(self, study: MakeStudy) -> None:
        made = study(protocol="grouped_k_fold")
        scored = scored_rows(made.strong, made.manifest)
        assert scored.split == "out_of_fold"
        assert len(scored) == len(made.manifest)
        assert set(scored.folds) == {0, 1, 2, 3, 4}

    def test_truth_and_group_come_from_the_manifest_whatever_the_order(self, study: MakeStudy) -> None:
        made = study()
        shuffled = made.strong.sample(frac=1, random_state=0)
        scored = scored_rows(shuffled, made.manifest)
        labels = made.manifest.set_index("recording_id")["label"]
        assert [scored.vocabulary[i] for i in scored.y_true] == [labels[i] for i in scored.ids]

    def test_quarantined_and_unlabelled_recordings_do_not_count(self, study: MakeStudy) -> None:
        made = study()
        manifest = made.manifest.copy()
        test = manifest.index[manifest["split"] == "test"]
        manifest.loc[test[0], "status"] = "quarantined"
        manifest.loc[test[1], "label"] = None
        scored = scored_rows(made.strong, manifest)
        assert len(scored) == len(test) - 2
        assert "2 predictions have no labelled, usable recording" in " ".join(scored.warnings)

    def test_a_class_may_be_called_like_a_column_of_the_manifest(self, study: MakeStudy) -> None:
        made = study(classes=("group", "label", "fold"))
        scored = scored_rows(made.strong, made.manifest)
        assert scored.vocabulary == ("group", "label", "fold")

    def test_training_labels_are_those_of_the_training_split(self, study: MakeStudy) -> None:
        made = study()
        assert len(training_labels(made.manifest)) == int((made.manifest["split"] == "train").sum())


class TestHonesty:
    def test_a_class_that_the_model_does_not_know_counts_as_wrong(self, study: MakeStudy) -> None:
        made = study()
        manifest = made.manifest.copy()
        manifest.loc[manifest["label"] == "metal", "label"] = "polka"
        scored = scored_rows(made.strong, manifest)
        polka = scored.y_true == scored.vocabulary.index("polka")
        assert polka.any()
        assert (scored.probabilities[polka].argmax(axis=1) != scored.vocabulary.index("polka")).all()
        assert any("does not know the class 'polka'" in warning for warning in scored.warnings)

    def test_recordings_without_a_prediction_are_named(self, study: MakeStudy) -> None:
        made = study()
        silent = made.strong.drop(made.strong.index[made.strong["split"] == "test"][:4])
        assert any("4 of" in w and "no prediction" in w for w in scored_rows(silent, made.manifest).warnings)


class TestRefusals:
    def test_predictions_of_another_split_than_the_manifest_says(self, study: MakeStudy) -> None:
        made = study()
        leaking = made.strong.assign(split="test")
        with pytest.raises(CorpusError, match="say split 'test' where the manifest says otherwise"):
            scored_rows(leaking, made.manifest)

    def test_nothing_to_judge(self, study: MakeStudy) -> None:
        made = study()
        with pytest.raises(CorpusError, match="no row of the test split"):
            scored_rows(made.strong[made.strong["split"] == "train"], made.manifest)

    def test_another_corpus(self, study: MakeStudy) -> None:
        made = study()
        other = made.manifest.assign(recording_id="x" + made.manifest["recording_id"])
        with pytest.raises(CorpusError, match="from one corpus"):
            scored_rows(made.strong, other)

    @pytest.mark.parametrize("value", [np.nan, -0.5, 7.0])
    def test_numbers_that_are_no_probabilities(self, study: MakeStudy, value: float) -> None:
        made = study()
        broken = made.strong.copy()
        broken.loc[broken.index[broken["split"] == "test"][0], CLASSES[0]] = value
        with pytest.raises(CorpusError, match="are no probabilities"):
            scored_rows(broken, made.manifest)

    def test_a_recording_that_is_predicted_twice(self, study: MakeStudy) -> None:
        made = study()
        twice = made.strong.iloc[[*range(len(made.strong)), 0]]
        with pytest.raises(CorpusError, match="predicted more than once"):
            scored_rows(twice, made.manifest)

    def test_a_single_class(self, study: MakeStudy) -> None:
        made = study()
        with pytest.raises(CorpusError, match="at least two classes"):
            scored_rows(made.strong[["recording_id", "split", "blues"]], made.manifest)
