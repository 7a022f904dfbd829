"""What a person asks of a loaded model: predict and embed files and waveforms, one or many, some broken."""

import json
from itertools import pairwise

import numpy as np
import pytest
import soundfile as sf

from auricle.audio.limits import AudioLimits
from auricle.errors import AudioError, BundleError, ConfigurationError
from auricle.inference.classifier import AudioClassifier
from auricle.inference.scoring import score_features, score_stored
from auricle.inference.waveforms import as_waveform

RATE = 8000


@pytest.fixture(scope="module")
def cnn(cnn_bundle) -> AudioClassifier:
    return AudioClassifier(cnn_bundle, device="cpu")


@pytest.fixture(scope="module")
def forest(forest_bundle) -> AudioClassifier:
    return AudioClassifier(forest_bundle, device="cpu")


@pytest.fixture(params=["cnn", "forest"])
def classifier(request) -> AudioClassifier:
    return request.getfixturevalue(request.param)


class TestPredict:
    def test_a_file_gives_label_confidence_probabilities_and_windows(self, classifier, recordings):
        prediction = classifier.predict(recordings / "0.wav")
        assert classifier.labels == ("high", "low") == tuple(prediction.probabilities)
        assert prediction.label in classifier.labels
        assert prediction.confidence == max(prediction.probabilities.values())
        assert sum(prediction.probabilities.values()) == pytest.approx(1, abs=1e-6)
        assert prediction.path == str(recordings / "0.wav")
        assert prediction.error is None
        for label, probability in prediction.probabilities.items():
            windows = [window.probabilities[label] for window in prediction.windows]
            assert probability == pytest.approx(np.mean(windows), abs=1e-6)

    def test_windows_of_a_network_cover_the_recording(self, cnn, recordings):
        windows = cnn.predict(recordings / "1.flac").windows
        assert windows[0].start_s == 0
        assert windows[-1].end_s == pytest.approx(3.3)
        assert all(later.start_s <= window.end_s for window, later in pairwise(windows))
        assert all(0 < window.end_s - window.start_s <= 1.03 for window in windows)

    def test_a_recording_shorter_than_a_window_has_one_that_ends_with_it(self, cnn, recordings):
        (window,) = cnn.predict(recordings / "2.wav").windows
        assert (window.start_s, window.end_s) == (0.0, pytest.approx(0.4))

    def test_a_forest_has_one_window_over_the_recording(self, forest, recordings):
        (window,) = forest.predict(recordings / "0.wav").windows
        assert (window.start_s, window.end_s) == (0.0, pytest.approx(2.0))

    def test_a_forest_tells_what_it_learned(self, forest, recordings):
        assert [
            prediction.label for prediction in forest.predict([recordings / "0.wav", recordings / "3.wav"])
        ] == [
            "low",
            "high",
        ]

    def test_a_path_may_be_a_string(self, classifier, recordings):
        assert classifier.predict(str(recordings / "0.wav")) == classifier.predict(recordings / "0.wav")


class TestLists:
    def test_a_list_in_a_list_out_in_order(self, classifier, recordings):
        files = [recordings / "1.flac", recordings / "0.wav"]
        together = classifier.predict(files)
        assert isinstance(together, list)
        assert together == [classifier.predict(file) for file in files]

    def test_a_list_of_one_is_a_list_and_an_empty_one_is_empty(self, classifier, recordings):
        assert [entry.path for entry in classifier.predict([recordings / "0.wav"])] == [
            str(recordings / "0.wav")
        ]
        assert classifier.predict([]) == []

    def test_broken_files_are_entries_with_their_errors(self, classifier, recordings, tmp_path):
        (tmp_path / "empty.wav").write_bytes(b"")
        (tmp_path / "text.mp3").write_bytes(b"not audio at all" * 20)
        sf.write(tmp_path / "silent.wav", np.zeros(RATE), RATE)
        broken = [tmp_path / name for name in ("empty.wav", "text.mp3", "silent.wav", "missing.wav")]
        entries = classifier.predict([broken[0], recordings / "0.wav", *broken[1:]])
        assert entries[1].error is None
        reasons = {entry.path: entry.error for entry in entries if entry.label is None}
        assert list(reasons) == [str(path) for path in broken]
        for reason, expected in zip(
            reasons.values(), ("empty", "not audio", "silent", "No such file"), strict=True
        ):
            assert expected in reason
            assert str(tmp_path) not in reason
        assert entries[0].probabilities == {}
        assert entries[0].windows == ()
        assert entries[0].embedding is None

    def test_a_single_broken_file_raises_and_names_the_file(self, classifier, tmp_path):
        (tmp_path / "empty.wav").write_bytes(b"")
        with pytest.raises(AudioError, match=r"empty\.wav: empty file"):
            classifier.predict(tmp_path / "empty.wav")

    def test_limits_hold_for_ones_own_files_too(self, cnn_bundle, recordings):
        strict = AudioClassifier(cnn_bundle, device="cpu", limits=AudioLimits(max_duration_s=1.0))
        with pytest.raises(AudioError, match="max_duration_s"):
            strict.predict(recordings / "0.wav")


class TestEmbed:
    def test_a_file_gives_one_vector_and_a_list_as_many(self, classifier, recordings):
        files = [recordings / "0.wav", recordings / "1.flac"]
        single, several = classifier.embed(files[0]), classifier.embed(files)
        assert single.dtype == np.float32
        assert single.ndim == 1
        np.testing.assert_array_equal(several[0], single)
        assert len(several) == 2
        assert (several[1] != single).any()

    def test_predictions_carry_the_same_vector(self, classifier, recordings):
        prediction = classifier.predict(recordings / "0.wav")
        np.testing.assert_array_equal(prediction.embedding, classifier.embed(recordings / "0.wav"))

    def test_a_broken_file_raises(self, classifier, tmp_path):
        with pytest.raises(AudioError, match=r"missing\.wav"):
            classifier.embed([tmp_path / "missing.wav"])


class TestWaveforms:
    def test_samples_say_what_their_file_says(self, classifier, recordings):
        samples, rate = sf.read(recordings / "1.flac", dtype="float32")
        of_samples, of_file = (
            classifier.predict(samples, sampling_rate=rate),
            classifier.predict(recordings / "1.flac"),
        )
        assert of_samples.probabilities == of_file.probabilities
        assert of_samples.path is None

    def test_channels_are_mixed_and_the_rate_is_converted(self, cnn, recordings):
        samples, rate = sf.read(recordings / "0.wav", dtype="float64")
        stereo = np.stack([samples, samples])
        assert cnn.predict(stereo, sampling_rate=rate).probabilities == pytest.approx(
            cnn.predict(recordings / "0.wav").probabilities, abs=1e-4
        )
        faster = cnn.predict(samples, sampling_rate=2 * rate)
        assert faster.windows[-1].end_s == pytest.approx(1.0, abs=0.01)

    def test_a_rate_is_needed(self, classifier):
        with pytest.raises(
            ConfigurationError, match=r"sampling_rate is None.*predict\(samples, sampling_rate="
        ):
            classifier.predict(np.zeros(100, np.float32))

    @pytest.mark.parametrize(
        ("samples", "reason"),
        [
            (np.zeros(100, np.int16), "dtype is int16; expected floats"),
            (np.zeros((100, 2)), r"shape is \(100, 2\); expected \(n,\) or \(channels, n\)"),
            (np.zeros((1, 1, 100)), "expected"),
        ],
    )
    def test_what_is_no_waveform_is_refused(self, samples, reason):
        with pytest.raises(ConfigurationError, match=reason):
            as_waveform(samples, 8000, 8000)

    def test_a_waveform_without_a_file_gives_the_plain_reason(self, classifier):
        with pytest.raises(AudioError, match=r"^the waveform is empty"):
            classifier.predict(np.zeros(0), sampling_rate=RATE)

    @pytest.mark.parametrize("samples", [np.zeros(0), np.array([0.0, np.nan]), np.array([np.inf, 0.0])])
    def test_samples_that_cannot_be_heard_are_refused(self, samples):
        with pytest.raises(AudioError, match="empty or has samples that are not finite"):
            as_waveform(samples, 8000, 8000)

    def test_a_broken_waveform_in_a_list_is_an_entry(self, classifier, recordings):
        samples, rate = sf.read(recordings / "0.wav", dtype="float32")
        good, bad = classifier.predict([samples, np.full(RATE, np.nan)], sampling_rate=rate)
        assert good.error is None
        assert "not finite" in bad.error


class TestAgreement:
    """Caching and prediction go through one front end, so a file and its cached self get one answer."""

    def test_a_network_predicts_what_it_scored_from_the_store(
        self, cnn, cnn_bundle, store, manifest, recordings
    ):
        predictions, embeddings = score_stored(cnn_bundle, store, manifest, device="cpu")
        for row, path in zip(predictions.itertuples(index=False), manifest["path"], strict=True):
            prediction = cnn.predict(recordings / path)
            assert (row.high, row.low) == pytest.approx(tuple(prediction.probabilities.values()), abs=5e-3)
        embedding = embeddings["embedding"][0]
        np.testing.assert_allclose(
            cnn.embed(recordings / manifest["path"][0]), embedding, atol=0.05, rtol=0.01
        )

    def test_a_forest_predicts_what_it_scored_from_the_table(
        self, forest, forest_bundle, features, manifest, recordings
    ):
        predictions, embeddings = score_features(forest_bundle, features, manifest)
        for number, path in enumerate(manifest["path"]):
            prediction = forest.predict(recordings / path)
            assert predictions.loc[number, ["high", "low"]].tolist() == list(
                prediction.probabilities.values()
            )
            np.testing.assert_array_equal(prediction.embedding, embeddings["embedding"][number])


class TestPredictionObject:
    def test_its_repr_ranks_the_classes(self, cnn, recordings):
        prediction = cnn.predict(recordings / "0.wav")
        first, second = prediction.top(2)
        assert repr(prediction) == (
            f"<Prediction {recordings / '0.wav'}: {first[0]} {first[1]:.2f}, {second[0]} {second[1]:.2f}; "
            f"{len(prediction.windows)} windows>"
        )

    def test_the_repr_of_a_broken_file_says_why(self, cnn, tmp_path):
        (entry,) = cnn.predict([tmp_path / "missing.wav"])
        assert repr(entry).startswith(f"<Prediction {tmp_path / 'missing.wav'}: error: ")

    def test_its_dict_is_json_with_the_embedding_on_request(self, classifier, recordings):
        prediction = classifier.predict(recordings / "0.wav")
        content = json.loads(json.dumps(prediction.to_dict()))
        assert content["label"] == prediction.label
        assert content["probabilities"] == prediction.probabilities
        assert content["windows"][0].keys() == {"start_s", "end_s", "probabilities"}
        assert "embedding" not in content
        with_embedding = json.loads(json.dumps(prediction.to_dict(embedding=True)))
        np.testing.assert_allclose(with_embedding["embedding"], prediction.embedding, rtol=1e-6)

    def test_a_window_knows_its_label(self, cnn, recordings):
        window = cnn.predict(recordings / "0.wav").windows[0]
        assert window.probabilities[window.label] == max(window.probabilities.values())

    def test_the_classifier_says_what_it_is(self, classifier):
        assert "high, low" in repr(classifier)


class TestDevice:
    def test_a_device_that_is_not_there_is_refused(self, cnn_bundle, monkeypatch):
        import torch

        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
        with pytest.raises(ConfigurationError, match="device: cuda was asked for"):
            AudioClassifier(cnn_bundle, device="cuda")


class TestBundles:
    def test_a_forest_bundle_with_a_networks_front_end_is_refused(self, forest_bundle, front_end, tmp_path):
        import shutil

        from auricle.models.bundle import open_bundle, seal

        path = tmp_path / "mixed"
        shutil.copytree(forest_bundle.path, path)
        front_end.save_pretrained(path)
        seal(path)
        with pytest.raises(BundleError, match=r"pairs a LogMelFrontEnd.*needs a DescriptorExtractor"):
            AudioClassifier(open_bundle(path), device="cpu")
