"""Windows cover a recording, and what a model says of them depends on nothing but the recording."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from auricle.models.params import WindowParams
from auricle.models.windows import pad_to, predict_spectrograms, predict_windows, window_starts


def spectrogram(frames: int, seed: int = 0) -> np.ndarray:
    return (np.random.default_rng(seed).random((16, frames)) * 80 - 80).astype(np.float16)


class TestStarts:
    @given(
        n_frames=st.integers(1, 3000),
        window=st.integers(1, 500),
        hop_share=st.floats(0.01, 1.0, allow_nan=False),
    )
    def test_windows_cover_every_frame_and_none_beyond(self, n_frames, window, hop_share):
        hop = max(1, int(window * hop_share))
        starts = window_starts(n_frames, window, hop)
        assert starts[0] == 0
        assert starts[-1] == max(n_frames - window, 0)
        assert all(0 < step <= hop for step in np.diff(starts))

    def test_the_last_window_ends_with_the_recording(self):
        assert window_starts(100, 30, 15).tolist() == [0, 15, 30, 45, 60, 70]

    @pytest.mark.parametrize("n_frames", [1, 29, 30])
    def test_a_recording_no_longer_than_a_window_has_one(self, n_frames):
        assert window_starts(n_frames, 30, 15).tolist() == [0]


class TestPadding:
    def test_the_end_is_filled_with_the_recordings_own_minimum(self):
        short = np.array([[-3.0, -7.0], [-1.0, -2.0]], dtype=np.float16)
        padded = pad_to(short, 4)
        assert padded.tolist() == [[-3, -7, -7, -7], [-1, -2, -7, -7]]
        assert padded.dtype == np.float16

    def test_what_is_long_enough_is_not_copied(self):
        long = spectrogram(10)
        assert pad_to(long, 10) is long


class TestPrediction:
    def test_probabilities_sum_to_one_and_dtypes_are_as_promised(self, small_cnn):
        output = predict_windows(small_cnn(), spectrogram(100), 24, 12)
        assert output.starts.tolist() == [0, 12, 24, 36, 48, 60, 72, 76]
        assert output.probabilities.shape == (8, 3)
        assert output.embeddings.shape == (8, 8)
        assert output.probabilities.dtype == output.embeddings.dtype == np.float32
        np.testing.assert_allclose(output.probabilities.sum(axis=1), 1, atol=1e-6)

    def test_each_window_is_what_the_model_says_of_that_crop(self, small_cnn):
        import torch

        model, recording = small_cnn().eval(), spectrogram(60)
        output = predict_windows(model, recording, 24, 12)
        with torch.inference_mode():
            logits = model(torch.from_numpy(recording[:, 12:36].astype(np.float32))[None]).logits
        np.testing.assert_allclose(output.probabilities[1], logits.softmax(-1)[0].numpy(), atol=1e-6)

    def test_several_labels_get_probabilities_of_their_own(self, small_cnn):
        model = small_cnn(config={"problem_type": "multi_label_classification"})
        output = predict_windows(model, spectrogram(24), 24, 12)
        np.testing.assert_allclose(output.probabilities, 0.5, atol=0.1)

    def test_a_short_recording_is_one_padded_window(self, small_cnn):
        model = small_cnn()
        short = predict_windows(model, spectrogram(5), 24, 12)
        padded = predict_windows(model, pad_to(spectrogram(5), 24), 24, 12)
        assert short.starts.tolist() == [0]
        np.testing.assert_array_equal(short.probabilities, padded.probabilities)

    def test_a_training_model_predicts_without_dropout_and_leaves_its_statistics(self, small_cnn):
        model = small_cnn(dropout=0.9).train()
        before = model.input_norm.running_mean.clone()
        first, second = (predict_windows(model, spectrogram(50), 24, 12) for _ in range(2))
        np.testing.assert_array_equal(first.probabilities, second.probabilities)
        assert (model.input_norm.running_mean == before).all()

    def test_a_flatten_model_gets_exactly_its_windows(self, small_cnn):
        model = small_cnn(head="flatten")
        for frames in (3, 24, 100):
            assert np.isfinite(predict_windows(model, spectrogram(frames), 24, 12).probabilities).all()


class TestManyRecordings:
    LENGTHS = (100, 5, 24, 25, 400, 1, 60)

    @pytest.mark.parametrize("batch_size", [1, 3, 8, 1000])
    def test_batches_across_recordings_change_nothing(self, small_cnn, batch_size):
        model = small_cnn()
        recordings = [spectrogram(length, seed) for seed, length in enumerate(self.LENGTHS)]
        together = list(predict_spectrograms(model, iter(recordings), 24, 12, batch_size=batch_size))
        assert len(together) == len(recordings)
        for recording, output in zip(recordings, together, strict=True):
            alone = predict_windows(model, recording, 24, 12)
            np.testing.assert_array_equal(output.starts, alone.starts)
            np.testing.assert_allclose(output.probabilities, alone.probabilities, atol=1e-5)
            np.testing.assert_allclose(
                output.embeddings, alone.embeddings, atol=1e-6 * alone.embeddings.max()
            )

    def test_recordings_are_taken_only_as_they_are_needed(self, small_cnn):
        taken = []

        def recordings():
            for number in range(100):
                taken.append(number)
                yield spectrogram(24)

        next(predict_spectrograms(small_cnn(), recordings(), 24, 12, batch_size=4))
        assert len(taken) == 4

    def test_no_recordings_give_no_results(self, small_cnn):
        assert list(predict_spectrograms(small_cnn(), [], 24, 12)) == []


class TestParameters:
    def test_a_hop_that_leaves_gaps_is_refused(self):
        with pytest.raises(
            ValidationError, match=r"hop_seconds \(3.5\) is greater than window_seconds \(3.0\)"
        ):
            WindowParams(window_seconds=3.0, hop_seconds=3.5)

    def test_the_defaults_overlap_by_half(self):
        assert WindowParams().hop_seconds * 2 == WindowParams().window_seconds
