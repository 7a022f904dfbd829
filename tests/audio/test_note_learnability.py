"""The demo corpus of notes can be learned, though not to perfection, without having heard the player."""

import librosa
import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import f1_score
from sklearn.model_selection import GroupKFold, cross_val_predict

from auricle.audio.synthesis.notes import NotesDemoParams
from auricle.audio.synthesis.notes.note import play
from auricle.audio.synthesis.notes.plan import plan_notes
from auricle.corpora.hierarchy import GOOD_SOUNDS, read_hierarchy
from auricle.corpora.labels import lineage


def described(sound: np.ndarray) -> np.ndarray:
    """Means and deviations of cepstra and of their changes, and what flatness and level do."""
    cepstra = librosa.feature.mfcc(y=sound, sr=22050, n_mfcc=13)
    flatness = librosa.feature.spectral_flatness(y=sound)
    rows = np.vstack([cepstra, np.diff(cepstra, prepend=cepstra[:, :1]), 10 * np.log10(flatness)])
    return np.concatenate([rows.mean(axis=1), rows.std(axis=1)])


@pytest.mark.long
def test_a_forest_beats_the_majority_and_is_not_perfect() -> None:
    params = NotesDemoParams(
        instruments=("oboe", "trumpet", "violin"), notes_per_instrument=120, duration_s=(0.6, 2.0), seed=4
    )
    notes = [file.note for file in plan_notes(params) if file.defect is None]
    parents = read_hierarchy(GOOD_SOUNDS)
    aspects = np.array([lineage(note.label, parents)[1] for note in notes])
    players = [f"{note.instrument}-{note.player_number}" for note in notes]
    features = np.array([described(play(note).render()) for note in notes])
    forest = RandomForestClassifier(150, min_samples_leaf=3, class_weight="balanced", random_state=0)
    said = cross_val_predict(forest, features, aspects, groups=players, cv=GroupKFold(4))
    names = sorted(set(aspects))
    values, counts = np.unique(aspects, return_counts=True)
    majority = f1_score(
        aspects,
        np.full(len(aspects), values[counts.argmax()]),
        average="macro",
        labels=names,
        zero_division=0,
    )
    reached = f1_score(aspects, said, average="macro", labels=names, zero_division=0)
    assert 2 * majority < reached < 0.9
