"""Which notes the sequence model gets: of what the analyzer has learned from, none unless asked."""

from pathlib import Path

import numpy as np
import pytest
from tiny_corpus import TRAIN, TinyCorpus

from auricle.models.bundle import BundleRef, open_bundle
from auricle.models.registry import load_deep
from auricle.models.windows import predict_windows
from auricle.training.note_sequence_params import NoteSequenceParams
from auricle.training.note_table import note_table

PARAMS = NoteSequenceParams(device="cpu")


def trained(corpus: TinyCorpus, folder: Path) -> BundleRef:
    return open_bundle(corpus.fit(folder, TRAIN.model_copy(update={"epochs": 1})).path)


def test_under_holdout_validation_is_unheard_and_test_apart(corpus: TinyCorpus, workdir: Path) -> None:
    bundle = trained(corpus, workdir)
    table = note_table(bundle, corpus.store, corpus.manifest, PARAMS).set_index("recording_id")
    splits = corpus.manifest.set_index("recording_id")["split"]
    expected = splits[splits != "train"].replace("validation", "unheard")
    assert table["part"].to_dict() == expected.to_dict()
    asked = PARAMS.model_copy(update={"heard_notes": True})
    both = note_table(bundle, corpus.store, corpus.manifest, asked).set_index("recording_id")
    assert both["part"].to_dict() == splits.replace({"validation": "unheard", "train": "heard"}).to_dict()


def test_each_note_has_what_the_analyzer_says_of_it(corpus: TinyCorpus, workdir: Path) -> None:
    bundle = trained(corpus, workdir)
    table = note_table(bundle, corpus.store, corpus.manifest, PARAMS)
    model, window = load_deep(bundle), bundle.config["window_frames"]
    for row in table.itertuples():
        alone = predict_windows(
            model, corpus.store[row.recording_id], window, bundle.config["hop_frames"], device="cpu"
        )
        np.testing.assert_allclose(row.embedding, alone.embeddings.mean(axis=0), atol=1e-5)
        np.testing.assert_allclose(row.probabilities, alone.probabilities.mean(axis=0), atol=1e-5)
    manifest = corpus.manifest.set_index("recording_id")
    assert table.set_index("recording_id")["label"].to_dict() == {
        name: manifest.loc[name, "label"] for name in table["recording_id"]
    }


@pytest.mark.parametrize("heard_notes", [False, True])
def test_under_cross_validation_unheard_is_what_the_kept_model_validated_on(
    folded: TinyCorpus, workdir: Path, heard_notes: bool
) -> None:
    params = PARAMS.model_copy(update={"heard_notes": heard_notes})
    table = note_table(trained(folded, workdir), folded.store, folded.manifest, params)
    folds = folded.manifest.set_index("recording_id").loc[table["recording_id"], "fold"].to_numpy()
    assert set(table["part"]) == ({"heard", "unheard"} if heard_notes else {"unheard"})
    assert ((table["part"] == "unheard").to_numpy() == (folds == 0)).all()
