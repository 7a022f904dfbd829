"""Under cross-validation a network is explained by what it says itself, of what it did not learn from."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tiny_corpus import TinyCorpus

from auricle.audio.limits import AudioLimits
from auricle.explanation.explain import explain_champion
from auricle.explanation.params import ExplainParams
from auricle.models.bundle import open_bundle
from auricle.models.registry import load_deep
from auricle.models.windows import predict_spectrograms


def test_the_champion_is_asked_about_the_first_fold(
    folded: TinyCorpus, workdir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bundle = open_bundle(folded.fit(workdir).path)
    explained = list(
        explain_champion(
            bundle,
            pd.DataFrame(),
            folded.manifest,
            store=folded.store,
            recordings=workdir,
            limits=AudioLimits(),
            params=ExplainParams(right=5, wrong=5, device="cpu"),
        )
    )
    first_fold = folded.manifest.query("fold == 0")["recording_id"]
    assert {one.choice.recording_id for one in explained} == set(first_fold)
    model, config = load_deep(bundle), bundle.config
    for one in explained:
        spectrogram = folded.store[one.choice.recording_id]
        (said,) = predict_spectrograms(model, [spectrogram], config["window_frames"], config["hop_frames"])
        mean = said.probabilities.mean(axis=0)
        assert bundle.vocabulary[int(mean.argmax())] == one.choice.predicted
        assert one.choice.confidence == pytest.approx(float(mean.max()), abs=1e-4)
        assert one.heat.shape == one.spectrogram.shape
        assert (one.heat_of_truth is None) == (one.choice.label == one.choice.predicted)
    # The spectrograms are invented, so there is nothing to play, and that is said.
    assert "cannot be played" in caplog.text
    assert not any(np.any(one.sound) for one in explained)
