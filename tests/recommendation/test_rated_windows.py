"""Windows that are embedded once, and rated with dropout and without."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rated_library import library, make_rater

from auricle.errors import CorpusError
from auricle.inference.scoring import score_stored
from auricle.models.bundle import BundleRef
from auricle.recommendation.windows import embed_windows, rate_windows

Embedded = tuple[pd.DataFrame, pd.DataFrame]


class TestWindows:
    def test_are_rated_as_the_model_rates_recordings(self, rater: BundleRef, embedded: Embedded) -> None:
        manifest, windows = embedded
        predictions, embeddings = score_stored(rater, library()[1], manifest, device="cpu")
        rated = rate_windows(rater, windows, passes=0, seed=0)
        order = predictions.set_index("recording_id").loc[windows["recording_id"]]
        np.testing.assert_allclose(rated.ratings, order["rating"], atol=1e-5)
        expected = embeddings.set_index("recording_id")["embedding"].loc[windows["recording_id"]]
        np.testing.assert_allclose(rated.embeddings, np.stack(expected.tolist()), atol=1e-4)

    def test_that_are_known_are_not_heard_again(self, rater: BundleRef, embedded: Embedded) -> None:
        manifest, windows = embedded
        _, sounds = library()
        gone = windows["recording_id"].iloc[-2:].tolist()
        (new,) = embed_windows(rater, windows.iloc[:-2], manifest, sounds, device="cpu")
        assert sorted(new["recording_id"]) == sorted(sounds.heard) == gone
        assert not list(embed_windows(rater, windows, manifest, sounds, device="cpu"))

    def test_of_no_recording_are_refused(self, rater: BundleRef) -> None:
        manifest, sounds = library()
        sounds.waveforms.clear()
        with pytest.raises(CorpusError, match="cache_waveforms"):
            list(embed_windows(rater, None, manifest, sounds, device="cpu"))


class TestDropout:
    def test_draws_networks_that_differ_and_are_the_same_again(
        self, rater: BundleRef, embedded: Embedded
    ) -> None:
        _, windows = embedded
        first, again, other = (rate_windows(rater, windows, passes=8, seed=seed) for seed in (0, 0, 1))
        assert (first.spread > 0).all()
        np.testing.assert_array_equal(first.passes, again.passes)
        assert not np.allclose(first.passes, other.passes)
        plain = rate_windows(rater, windows, passes=0, seed=0)
        np.testing.assert_array_equal(first.ratings, plain.ratings)
        assert abs(float(first.passes.mean() - plain.ratings.mean())) < 0.1

    def test_of_a_recording_does_not_depend_on_the_others(
        self, rater: BundleRef, embedded: Embedded, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _, windows = embedded
        everything = rate_windows(rater, windows, passes=4, seed=0).passes
        monkeypatch.setattr("auricle.recommendation.windows.WINDOWS_AT_ONCE", 5)
        np.testing.assert_allclose(
            rate_windows(rater, windows, passes=4, seed=0).passes, everything, atol=1e-6
        )
        alone = rate_windows(rater, windows.iloc[[3]], passes=4, seed=0).passes
        np.testing.assert_allclose(alone[:, 0], everything[:, 3], atol=1e-6)

    @pytest.mark.parametrize("loss", ["mse", "ordinal"])
    def test_that_a_classifier_lacks_gives_no_spread(
        self, tmp_path: Path, embedded: Embedded, loss: str
    ) -> None:
        bundle = make_rater(tmp_path / "bundle", classifier_kwargs={"dropout": 0.0}, loss=loss)
        rated = rate_windows(bundle, embedded[1], passes=8, seed=0)
        assert len(rated.passes) == 0
        assert not rated.spread.any()
        assert ((rated.ratings >= 0) & (rated.ratings <= 1)).all()
