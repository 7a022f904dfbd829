"""A speech encoder trained on cached waveforms: the same bundle, answers and refusals as any network."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from tiny_corpus import TRAIN
from waveform_corpus import BY_LENGTH, WaveformCorpus

from auricle.errors import AudioError, ConfigurationError
from auricle.inference.classifier import AudioClassifier
from auricle.inference.scoring import score_stored
from auricle.models.bundle import BundleRef, open_bundle
from auricle.models.params import CnnParams
from auricle.models.windows import WindowParams

RATE = 8_000


@pytest.fixture(scope="module")
def bundle(spoken: WaveformCorpus, tmp_path_factory: pytest.TempPathFactory) -> BundleRef:
    draft = spoken.fit(tmp_path_factory.mktemp("bundle"), BY_LENGTH.model_copy(update={"epochs": 2}))
    return open_bundle(draft.path)


class TestBundle:
    def test_scores_the_corpus(self, spoken: WaveformCorpus, bundle: BundleRef) -> None:
        predictions, embeddings = score_stored(bundle, spoken.store, spoken.manifest, device="cpu")
        assert list(predictions) == ["recording_id", "split", *bundle.vocabulary]
        np.testing.assert_allclose(predictions[list(bundle.vocabulary)].sum(axis=1), 1, rtol=1e-5)
        assert len(embeddings) == len(spoken.manifest)
        assert {len(vector) for vector in embeddings["embedding"]} == {16}

    def test_says_of_a_file_what_it_says_of_the_corpus(
        self, spoken: WaveformCorpus, bundle: BundleRef
    ) -> None:
        predictions, _ = score_stored(bundle, spoken.store, spoken.manifest, device="cpu")
        found = AudioClassifier(bundle, device="cpu").predict(
            [str(spoken.folder / path) for path in spoken.manifest["path"]]
        )
        expected = predictions[list(bundle.vocabulary)].to_numpy()
        answered = [list(prediction.probabilities.values()) for prediction in found]
        np.testing.assert_allclose(answered, expected, atol=1e-4)  # the store has float16

    def test_hears_a_long_file_in_windows(self, bundle: BundleRef, tmp_path: Path) -> None:
        noise = 0.1 * np.random.default_rng(0).standard_normal(120 * RATE)
        soundfile.write(tmp_path / "long.wav", noise, RATE)
        (found,) = AudioClassifier(bundle, device="cpu").predict([str(tmp_path / "long.wav")])
        assert found.error is None
        assert [(window.start_s, window.end_s) for window in found.windows[:2]] == [(0, 0.5), (0.25, 0.75)]
        assert found.windows[-1].end_s == 120

    def test_refuses_what_is_shorter_than_the_first_frame(self, bundle: BundleRef) -> None:
        # 20 samples, and seven strides of ten more.
        classifier = AudioClassifier(bundle, device="cpu")
        assert classifier.predict(np.full(90, 0.1), sampling_rate=RATE).error is None
        with pytest.raises(AudioError, match=r"lasts 11\.1 ms, and the model's encoder needs 11\.2 ms"):
            classifier.predict(np.full(89, 0.1), sampling_rate=RATE)
        listed = classifier.predict([np.full(30, 0.1), np.full(900, 0.1)], sampling_rate=RATE)
        assert "needs 11.2 ms" in str(listed[0].error)
        assert listed[1].error is None


class TestRefusals:
    def test_a_network_on_spectrograms_is_no_network_on_waveforms(self, spoken: WaveformCorpus) -> None:
        from auricle.training.checks import check_architecture

        window = WindowParams(window_seconds=0.5, hop_seconds=0.25)
        with pytest.raises(ConfigurationError, match=r"kind is 'cnn', which hears spectrograms.*wav2vec2"):
            check_architecture(CnnParams(channels=(4, 8)), spoken.front_end, window, None)

    def test_a_store_of_another_rate(self, spoken: WaveformCorpus, workdir: Path) -> None:
        from auricle.audio.waveform_front_end import WaveformParams
        from auricle.training.checks import check_front_end

        with pytest.raises(ConfigurationError, match=r"waveform store.*cache_waveforms makes it"):
            check_front_end(spoken.store, WaveformParams().make())

    def test_crops_longer_than_every_recording(self, spoken: WaveformCorpus, workdir: Path) -> None:
        params = TRAIN.model_copy(update={"crop_seconds": 5.0})
        with pytest.raises(ConfigurationError, match=r"A training crop is 5 s \(40000 frames\)"):
            spoken.fit(workdir, params)


LONG = """
import resource, sys
from pathlib import Path
from waveform_corpus import BY_LENGTH, waveform_corpus
from auricle.inference.classifier import AudioClassifier
from auricle.models.bundle import open_bundle

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

folder = Path(sys.argv[1])
corpus = waveform_corpus(folder, longest=float(sys.argv[2]))
params = BY_LENGTH.model_copy(update={"epochs": 1, "crops_per_recording": 1})
bundle = open_bundle(corpus.fit(folder / "work", params).path)
files = [str(folder / path) for path in corpus.manifest["path"]]
found = AudioClassifier(bundle, device="cpu").predict(files)
assert all(prediction.error is None for prediction in found)
print(peak())
"""


@pytest.mark.long
def test_memory_does_not_grow_with_recordings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Recordings of 1 s beside some of 1 s or of 10 minutes: trained, evaluated, predicted."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent), prepend=os.pathsep)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    peaks = {}
    for seconds in (1, 600):
        done = subprocess.run(
            [sys.executable, "-c", LONG, str(tmp_path / str(seconds)), str(seconds)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        peaks[seconds] = float(done.stdout.split()[-1])
    # A file of 10 minutes in float32 has 19 MB, as it is decoded, joined and normalized.
    assert peaks[600] - peaks[1] < 150
