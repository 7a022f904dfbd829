"""The card can be read by people and by the Hugging Face Hub, and hides nothing."""

from collections.abc import Callable
from typing import Any

import pytest
from huggingface_hub import ModelCard
from scored_samples import Study

from auricle.evaluation.card import ARCHITECTURES, model_card
from auricle.evaluation.evaluate import evaluate_model
from auricle.evaluation.params import EvaluateParams
from auricle.evaluation.report import FLATTERING, SYNTHESIZED
from auricle.models.registry import DEEP_MODELS, ENSEMBLE, FOREST

CONFIG = {"model_type": "auricle_spectrogram_cnn"}
TRAINING: dict[str, Any] = {
    "trained_at": "2026-11-20T23:10:05+00:00",
    "seed": 7,
    "protocol": "holdout",
    "git_revision": None,
    "versions": {"torch": "2.11.0", "auricle": "0.1.0"},
    "data": {"digest": "ab12" * 16, "recordings": 600},
}
DATA: dict[str, Any] = {
    "group_by": ["recording"],
    "recordings": 600,
    "groups": 200,
    "hours": 1.7,
    "splits": [{"split": "train", "recordings": 360}, {"split": "test", "recordings": 120}],
    "warnings": ["Class 'polka' is not in test: group:anna."],
    "public_warnings": ["Class 'polka' is not in test."],
}


@pytest.fixture
def metrics(study: Callable[..., Study]) -> dict[str, Any]:
    made = study()
    rare = (made.manifest["split"] == "test") & (made.manifest["label"] == "metal")
    kept = made.manifest.loc[rare, "group"].unique()[:3]
    manifest = made.manifest[~rare | made.manifest["group"].isin(kept)]
    return evaluate_model(made.strong, manifest, EvaluateParams(bootstrap_samples=100))


@pytest.fixture
def card(metrics: dict[str, Any]) -> str:
    source = {"folder": "demo_genre", "layout": "audiofolder", "synthesized": True, "notes": []}
    return model_card(CONFIG, TRAINING, metrics, DATA, source, name="genre.cnn")


class TestFrontMatter:
    def test_is_what_the_hub_expects(self, card: str, metrics: dict[str, Any]) -> None:
        data = ModelCard(card).data
        assert data.library_name == "auricle"
        assert data.pipeline_tag == "audio-classification"
        assert "auricle_spectrogram_cnn" in data.tags
        assert data.license is None
        results = {result.metric_type: result for result in data.eval_results}
        assert set(results) == {"accuracy", "f1", "roc_auc"}
        assert results["accuracy"].metric_value == pytest.approx(
            metrics["figures"]["accuracy"]["value"], abs=1e-4
        )
        assert results["accuracy"].dataset_split == "test"


class TestText:
    def test_gives_every_figure_its_interval_beside_the_majority(
        self, card: str, metrics: dict[str, Any]
    ) -> None:
        entry = metrics["figures"]["macro_f1"]
        row = (
            f"| macro-F1 | {entry['value']:.3f} | {entry['low']:.3f} to {entry['high']:.3f} |"
            f" {entry['majority']:.3f} |"
        )
        assert row in card

    def test_says_what_it_must_not_be_trusted_with(self, card: str) -> None:
        assert SYNTHESIZED in card
        assert FLATTERING in card
        assert "Class 'polka' is not in test." in card
        assert "anna" not in card
        assert "Too few groups for a claim" in card
        assert "no claim |" in card

    def test_tells_data_split_versions_and_use(self, card: str) -> None:
        assert "`" + "ab12" * 16 + "`" in card
        assert "train 360, test 120" in card
        assert "torch 2.11.0" in card
        assert 'auricle.load("genre.cnn")' in card

    def test_without_a_name_it_loads_by_folder(self, metrics: dict[str, Any]) -> None:
        card = model_card(CONFIG, TRAINING, metrics, DATA, {"folder": "songs"})
        assert 'auricle.load("path/of/this/folder")' in card
        assert SYNTHESIZED not in card

    def test_tells_the_corpus_it_was_trained_on_after_the_corpus_has_grown(
        self, metrics: dict[str, Any]
    ) -> None:
        per_split = {"test": 90, "train": 300, "validation": 50}
        training = TRAINING | {"data": {"digest": "ab12" * 16, "recordings": 440, "per_split": per_split}}
        card = model_card(CONFIG, training, metrics, DATA, {"folder": "songs"}, data_digest="cd34" * 16)
        assert "Recordings: 440" in card
        assert "train 300, validation 50, test 90" in card
        assert "Groups" not in card.split("## Data")[1].split("## Limits")[0]

    def test_says_what_a_pretrained_encoder_began_from(self, metrics: dict[str, Any]) -> None:
        config = {"model_type": "auricle_transfer", "backbone_name": "microsoft/resnet-50"}
        text = model_card(config, TRAINING, metrics, DATA, {"folder": "songs"})
        assert ModelCard(text).data.base_model == "microsoft/resnet-50"
        assert "began from the weights of microsoft/resnet-50" in text

    def test_says_what_a_speech_encoder_began_from_and_its_licence(self, metrics: dict[str, Any]) -> None:
        config = {
            "model_type": "auricle_wav2vec2",
            "pretrained": True,
            "encoder_name": "facebook/wav2vec2-base-100k-voxpopuli",
            "encoder_revision": "8cfa1392",
            "encoder_licence": "CC BY-NC 4.0",
        }
        text = model_card(config, TRAINING, metrics, DATA, {"folder": "songs"})
        assert ModelCard(text).data.base_model == "facebook/wav2vec2-base-100k-voxpopuli"
        assert "facebook/wav2vec2-base-100k-voxpopuli (revision 8cfa1392)" in text
        assert "their licence, CC BY-NC 4.0, holds for it too" in text

    def test_says_that_an_encoder_is_not_pretrained(self, metrics: dict[str, Any]) -> None:
        config = {"model_type": "auricle_wav2vec2", "pretrained": False, "encoder_name": ""}
        text = model_card(config, TRAINING, metrics, DATA, {"folder": "songs"})
        assert "Its encoder is not pretrained" in text
        assert ModelCard(text).data.base_model is None
        assert "not pretrained" not in model_card(CONFIG, TRAINING, metrics, DATA, {"folder": "songs"})

    def test_names_every_kind_of_model(self) -> None:
        assert set(ARCHITECTURES) == {FOREST, ENSEMBLE, *DEEP_MODELS}
