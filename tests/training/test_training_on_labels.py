"""Training on several labels a recording: the same code, other targets, thresholds in the bundle."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from test_forest import EXTRACTOR, PARAMS, features_of
from tiny_corpus import MODEL, TRAIN, TinyCorpus

from auricle.corpora.labels import MULTI, SINGLE, LabelParams
from auricle.models.bundle import BundleDraft, open_bundle
from auricle.models.forest import load_forest
from auricle.models.params import ModelParams
from auricle.models.registry import config_class
from auricle.training.forest import fit_random_forest
from auricle.training.params import AugmentParams
from auricle.training.scoring import label_figures
from auricle.training.vocabulary import loss_weights, positive_weights, read_examples

LABELS = LabelParams(problem_type=MULTI)
LEARNING = TRAIN.model_copy(update={"epochs": 15, "early_stopping_patience": 15})
VARIED = AugmentParams(enabled=True)
SMALL: dict[str, dict[str, Any]] = {
    "cnn": {"channels": (4, 8), "hidden_size": 16, "embedding_size": 8},
    "hybrid": {"channels": (4, 8), "lstm_size": 6, "embedding_size": 8},
    "resnet": {"base_channels": 8, "blocks": (1, 1), "attention_reduction": 4, "embedding_size": 8},
    "cnn_lstm": {
        **{"base_channels": 8, "blocks": (1, 1), "attention_reduction": 4, "embedding_size": 16},
        **{"segment_frames": 7, "segment_hop": 4, "lstm_size": 4},
    },
    "note_analyzer": {"channels": (4, 8), "kept_bands": 2, "time_channels": 12, "embedding_size": 8},
    "note_analyzer_small": {"channels": (16, 32), "embedding_size": 8},
}
STEADY = MODEL.model_copy(update={"dropout": 0.0})


class TestExamples:
    def test_have_a_target_for_each_label(self, corpus: TinyCorpus) -> None:
        examples = read_examples(corpus.manifest, LABELS)
        assert examples.vocabulary == ("noise", "pulse", "striped", "sweep")
        truth = corpus.manifest.set_index("recording_id")["labels"]
        for recording_id, row in zip(examples.recording_ids, examples.targets, strict=True):
            named = {name for name, yes in zip(examples.vocabulary, row, strict=True) if yes}
            assert named == set(truth[recording_id])

    def test_a_rare_label_is_no_class_and_its_recording_stays(self, corpus: TinyCorpus) -> None:
        manifest = corpus.manifest.copy()
        train = manifest.index[manifest["split"] == "train"]
        manifest.at[train[0], "labels"] = ["oddity"]
        examples = read_examples(manifest, LABELS.model_copy(update={"min_recordings": 2}))
        assert "oddity" not in examples.vocabulary
        row = list(examples.recording_ids).index(manifest.at[train[0], "recording_id"])
        assert not examples.targets[row].any()

    def test_the_floor_counts_training_recordings_only(self, corpus: TinyCorpus) -> None:
        manifest = corpus.manifest.copy()
        for index in manifest.index[manifest["split"] != "train"]:
            manifest.at[index, "labels"] = [*manifest.at[index, "labels"], "unheard"]
        assert "unheard" not in read_examples(manifest, LABELS).vocabulary

    def test_a_child_makes_its_parent_a_target(self, corpus: TinyCorpus) -> None:
        manifest = corpus.manifest.assign(labels=corpus.manifest["label"].map(lambda label: [label]))
        labels = LabelParams(problem_type=MULTI, parents={"pulse": "striped", "sweep": "striped"})
        examples = read_examples(manifest, labels)
        striped = examples.targets[:, examples.vocabulary.index("striped")]
        assert np.array_equal(striped == 1, manifest.sort_values("recording_id")["label"] != "noise")


class TestWeights:
    def test_make_a_positive_count_as_much_as_all_negatives_within_the_cap(self) -> None:
        targets = np.zeros((100, 4), dtype=np.float32)
        targets[:20, 0] = targets[:80, 1] = targets[:1, 2] = 1
        assert positive_weights(targets, 10).tolist() == [4, 0.25, 10, 1]

    def test_are_one_number_where_asked(self) -> None:
        targets = np.eye(3, dtype=np.float32)
        assert loss_weights(targets, 3, TRAIN.model_copy(update={"pos_weight": 2.5})) == [2.5] * 3
        assert loss_weights(targets, 3, TRAIN.model_copy(update={"pos_weight": 1.0})) is None

    def test_of_the_validation_loss_are_those_of_torch(self) -> None:
        import torch

        random = np.random.default_rng(0)
        logits, truth = random.normal(size=(9, 3)), (random.random((9, 3)) < 0.4).astype(np.float32)
        weights = np.array([1.0, 4.0, 0.5])
        expected = torch.nn.functional.binary_cross_entropy_with_logits(
            torch.tensor(logits), torch.tensor(truth, dtype=torch.float64), pos_weight=torch.tensor(weights)
        )
        found = label_figures((1 / (1 + np.exp(-logits))).astype(np.float32), truth, weights)
        assert found["loss"] == pytest.approx(float(expected), rel=1e-5)


@pytest.fixture(scope="module")
def draft(corpus: TinyCorpus, tmp_path_factory: pytest.TempPathFactory) -> BundleDraft:
    return corpus.fit(tmp_path_factory.mktemp("work"), LEARNING, model=STEADY, labels=LABELS)


class TestDeep:
    def test_keeps_thresholds_weights_and_problem_type_in_the_bundle(self, draft: BundleDraft) -> None:
        config = open_bundle(draft.path).config
        assert config["problem_type"] == MULTI
        assert len(config["thresholds"]) == len(config["class_weights"]) == 4
        assert config["class_weights"] == pytest.approx([2, 2, 0.5, 2])

    def test_learns_to_hear_several_at_once(self, corpus: TinyCorpus, draft: BundleDraft) -> None:
        history = json.loads((draft.path / "training.json").read_text())["history"]
        assert max(entry["mean_average_precision"] for entry in history) > 0.95
        assert "accuracy" not in history[0]

    def test_under_k_fold_thresholds_come_from_predictions_out_of_fold(
        self, folded: TinyCorpus, workdir: Path
    ) -> None:
        bundle = open_bundle(folded.fit(workdir, labels=LABELS).path)
        assert bundle.out_of_fold is not None
        examples = read_examples(folded.manifest, LABELS)
        assert bundle.config["thresholds"] == pytest.approx(examples.thresholds_by(bundle.out_of_fold))

    @pytest.mark.parametrize("problem_type", [SINGLE, MULTI])
    @pytest.mark.parametrize("kind", SMALL)
    def test_every_network_on_spectrograms_takes_either(
        self, corpus: TinyCorpus, workdir: Path, kind: str, problem_type: str
    ) -> None:
        model: Any = ModelParams.model_validate({"kind": kind} | SMALL[kind]).root
        params = TRAIN.model_copy(update={"epochs": 1, "crops_per_recording": 1, "augment": VARIED})
        labels = LabelParams.model_validate({"problem_type": problem_type})
        bundle = open_bundle(corpus.fit(workdir, params, model=model, labels=labels).path)
        assert bundle.config["model_type"] == config_class(kind).model_type
        assert bundle.config["problem_type"] == problem_type
        count = 4 if problem_type == MULTI else 3
        assert len(bundle.vocabulary) == len(bundle.config["class_weights"]) == count
        assert (bundle.config["thresholds"] is not None) == (problem_type == MULTI)


class TestForest:
    @pytest.mark.parametrize("is_folded", [False, True])
    def test_says_each_label(
        self, corpus: TinyCorpus, folded: TinyCorpus, workdir: Path, is_folded: bool
    ) -> None:
        chosen = folded if is_folded else corpus
        draft = fit_random_forest(chosen.manifest, features_of(chosen), EXTRACTOR, PARAMS, workdir, LABELS)
        bundle = open_bundle(draft.path)
        assert bundle.vocabulary == ("noise", "pulse", "striped", "sweep")
        assert bundle.config["problem_type"] == MULTI
        assert len(bundle.config["thresholds"]) == 4
        assert load_forest(draft.path / "model.skops").n_outputs_ == 4
        if bundle.out_of_fold is not None:
            truth = chosen.manifest.set_index("recording_id")["labels"].map(
                lambda labels: "striped" in labels
            )
            table = bundle.out_of_fold.set_index("recording_id")
            said = table["striped"] >= bundle.config["thresholds"][2]
            assert (said == truth[table.index]).mean() > 0.9

    def test_a_fold_without_a_label_gives_it_probability_zero(
        self, folded: TinyCorpus, workdir: Path
    ) -> None:
        manifest = folded.manifest.copy()
        for index in manifest.index[manifest["fold"] == 1]:
            manifest.at[index, "labels"] = [*manifest.at[index, "labels"], "only one fold"]
        draft = fit_random_forest(manifest, features_of(folded), EXTRACTOR, PARAMS, workdir, LABELS)
        table = open_bundle(draft.path).out_of_fold
        assert table is not None
        of_fold = manifest.set_index("recording_id")["fold"][table["recording_id"]].to_numpy() == 1
        assert (table["only one fold"][of_fold] == 0).all()
        assert isinstance(table, pd.DataFrame)
