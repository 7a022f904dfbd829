"""Who plays is told in training, judging and explaining alike, and only what was learned from is known;
and what a training is told of the levels above the classes.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tiny_corpus import TRAIN, WINDOW, TinyCorpus

from auricle.audio.limits import AudioLimits
from auricle.corpora.labels import LabelParams
from auricle.errors import ConfigurationError
from auricle.explanation.explain import explain_champion
from auricle.explanation.params import ExplainParams
from auricle.explanation.taggram import taggram_table
from auricle.inference.scoring import score_stored
from auricle.models.bundle import BundleRef, open_bundle
from auricle.models.instruments import told_instruments
from auricle.models.params import NoteAnalyzerParams
from auricle.training.deep import DeepTraining
from auricle.training.folds import partitions
from auricle.training.params import TrainParams
from auricle.training.vocabulary import read_examples

MODEL = NoteAnalyzerParams(
    channels=(4, 8),
    kept_bands=2,
    time_channels=8,
    embedding_size=8,
    instrument_size=4,
    instrument_dropout=0.0,
)
NOTES = TrainParams.model_validate(
    TRAIN.model_dump()
    | {
        "epochs": 30,
        "schedule": "one_cycle",
        "early_stopping_patience": 30,
        "batches_by_length": True,
        "learning_rate": 0.02,
    }
)


PLAYERS = {"noise": "horn", "pulse": "flute"}


@pytest.fixture(scope="module")
def played(corpus: TinyCorpus) -> pd.DataFrame:
    """Every class is an instrument's, so that who is told leans on it; the oboe is in the test split only."""
    manifest = corpus.manifest.assign(
        instrument=corpus.manifest["label"].map({"noise": "horn", "pulse": "flute"})
    )
    first = manifest.index[(manifest["split"] == "test")][0]
    return manifest.assign(instrument=manifest["instrument"].mask(manifest.index == first, "oboe"))


@pytest.fixture(scope="module")
def bundle(corpus: TinyCorpus, played: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> BundleRef:
    draft = corpus.fit(tmp_path_factory.mktemp("work"), NOTES, model=MODEL, manifest=played, window=WINDOW)
    return open_bundle(draft.path)


def test_what_is_not_learned_from_is_not_known(bundle: BundleRef, played: pd.DataFrame) -> None:
    assert bundle.config["instruments"] == ["flute", "horn"]
    codes = told_instruments(bundle.config, played)
    assert codes is not None
    assert set(codes[played["instrument"] == "oboe"]) == {0}
    assert set(codes[played["instrument"] == "flute"]) == {1}
    assert told_instruments({}, played) is None
    unsaid = told_instruments(bundle.config, played.drop(columns="instrument"))
    assert unsaid is not None
    assert not unsaid.any()


def test_a_training_by_length_keeps_how_much_was_padding(bundle: BundleRef) -> None:
    assert 0 <= bundle.training["padding_share"] < 0.1


def test_explanations_and_taggrams_are_of_the_answers_that_were_judged(
    bundle: BundleRef, corpus: TinyCorpus, played: pd.DataFrame, tmp_path: Path
) -> None:
    manifest = played.assign(duration_s=2.0)
    predictions, _ = score_stored(bundle, corpus.store, manifest, device="cpu")
    said = predictions.set_index("recording_id")[list(bundle.vocabulary)]
    params = ExplainParams(right=5, wrong=5, device="cpu")
    explained = list(
        explain_champion(
            bundle,
            predictions,
            manifest,
            store=corpus.store,
            recordings=tmp_path,
            limits=AudioLimits(),
            params=params,
        )
    )
    assert explained
    for one in explained:
        windows = said.loc[one.choice.recording_id, one.choice.predicted]
        assert one.probability >= windows - 1e-3
    table = taggram_table(bundle, predictions, manifest, store=corpus.store, params=params)
    for recording_id, rows in table.groupby("recording_id"):
        peak = rows[list(bundle.vocabulary)].mean().idxmax()
        assert peak == said.loc[recording_id].idxmax()
    assert np.isfinite(table[list(bundle.vocabulary)].to_numpy()).all()


class TestLevels:
    """What of the hierarchy a training is told, and keeps."""

    LABELS = LabelParams(parents={"pulse": "tone", "sweep": "tone"})

    def training(
        self, corpus: TinyCorpus, played: pd.DataFrame, labels: LabelParams, **model: float
    ) -> DeepTraining:
        asked = MODEL.model_copy(update=model)
        examples = read_examples(played, labels)
        return DeepTraining.of(examples, corpus.store, corpus.front_end, asked, NOTES, WINDOW)

    def test_reach_the_network_and_the_digest(self, corpus: TinyCorpus, played: pd.DataFrame) -> None:
        training = self.training(corpus, played, self.LABELS, level_loss=0.3)
        part = partitions(training.examples)[-1]
        assert training.check_model(part).config.levels == [[0, 1, 1]]
        assert training.deciding_params()["levels"] == [[0, 1, 1]]

    def test_that_are_not_learned_decide_nothing(self, corpus: TinyCorpus, played: pd.DataFrame) -> None:
        flat = self.training(corpus, played, LabelParams())
        leveled = self.training(corpus, played, self.LABELS)
        assert leveled.deciding_params() == flat.deciding_params()
        assert leveled.config(partitions(leveled.examples)[-1]).levels is None

    def test_that_are_none_are_refused(self, corpus: TinyCorpus, played: pd.DataFrame) -> None:
        training = self.training(corpus, played, LabelParams(parents={"punk": "rock"}), level_loss=0.3)
        with pytest.raises(ConfigurationError, match="no level that takes some of these 3 classes together"):
            training.check_model(partitions(training.examples)[-1])

    def test_are_learned_otherwise_than_classes_alone(
        self, corpus: TinyCorpus, played: pd.DataFrame, tmp_path: Path
    ) -> None:
        brief = NOTES.model_copy(update={"epochs": 1})
        drafts = [
            corpus.fit(
                tmp_path,
                brief,
                model=MODEL.model_copy(update={"level_loss": weight}),
                manifest=played,
                labels=self.LABELS,
            )
            for weight in (0.0, 1.0)
        ]
        plain, leveled = ((draft.path / "model.safetensors").read_bytes() for draft in drafts)
        assert plain != leveled
        assert drafts[0].workdir != drafts[1].workdir
