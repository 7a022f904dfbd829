"""The demo corpus of cries can be learned from other infants, though not to perfection."""

import librosa
import numpy as np
import numpy.typing as npt
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import f1_score
from sklearn.model_selection import GroupKFold, cross_val_predict

from auricle.audio.synthesis.cries import CryDemoParams
from auricle.audio.synthesis.cries.cry import perform
from auricle.audio.synthesis.cries.plan import plan_cries


def described(sound: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Means and deviations of cepstra and of their changes, and what flatness and level do."""
    cepstra = librosa.feature.mfcc(y=sound, sr=16_000, n_mfcc=13, n_fft=1024, hop_length=256)
    flatness = librosa.feature.spectral_flatness(y=sound, n_fft=1024, hop_length=256)
    level = librosa.feature.rms(y=sound, frame_length=1024, hop_length=256)
    rows = np.vstack(
        [cepstra, np.diff(cepstra, prepend=cepstra[:, :1]), 10 * np.log10(flatness), np.log10(level + 1e-6)]
    )
    return np.concatenate([rows.mean(axis=1), rows.std(axis=1)])


def macro_f1(contrast: float) -> float:
    """Of a forest that has not heard the infant whose cries it judges."""
    params = CryDemoParams(infants=16, duration_s=(2.0, 5.0), contrast=contrast, broken_files=False)
    cries = [file.cry for file in plan_cries(params)]
    features = np.array([described(perform(cry).render()) for cry in cries])
    kinds, infants = [cry.kind for cry in cries], [cry.infant_number for cry in cries]
    forest = RandomForestClassifier(200, min_samples_leaf=2, random_state=0)
    said = cross_val_predict(forest, features, kinds, groups=infants, cv=GroupKFold(4))
    return float(f1_score(kinds, said, average="macro"))


@pytest.mark.long
def test_a_forest_beats_the_majority_and_is_not_perfect() -> None:
    assert 0.35 < macro_f1(1.0) < 0.85


@pytest.mark.long
def test_without_contrast_there_is_nothing_to_learn() -> None:
    """Infants, rooms and levels are there as ever: none of them goes with the kind."""
    assert macro_f1(0.0) < 0.3
