"""The spectrogram CNN keeps what its parameters promise: size, lengths, loss, formats, exact storage."""

import math

import pytest
import torch
from pydantic import ValidationError

from auricle.errors import ConfigurationError
from auricle.models.params import CnnParams
from auricle.models.registry import build_model

LABELS = torch.tensor([0, 1, 2, 0])


def spectrograms(count: int = 4, frames: int = 24, bands: int = 16, seed: int = 0) -> torch.Tensor:
    """Values as a log-mel spectrogram has them: dB between -80 and 0."""
    return torch.rand(count, bands, frames, generator=torch.Generator().manual_seed(seed)) * 80 - 80


class TestSize:
    @pytest.mark.parametrize("classes", [2, 10, 200])
    def test_the_pooled_head_stays_under_a_million_parameters(self, classes):
        config = CnnParams().config(
            n_bands=128, vocabulary=[str(label) for label in range(classes)], window_frames=130, hop_frames=65
        )
        assert 300_000 < build_model(config).num_parameters() < 1_000_000

    def test_the_flatten_head_is_the_textbook_model_of_84_million(self):
        config = CnnParams(head="flatten").config(
            n_bands=128, vocabulary=[str(label) for label in range(10)], window_frames=1292, hop_frames=1292
        )
        with torch.device("meta"):
            model = build_model(config)
        assert model.num_parameters() == 84_342_122


class TestInput:
    @pytest.mark.parametrize("frames", [1, 2, 3, 4, 5, 23, 24, 500])
    @pytest.mark.parametrize("training", [False, True])
    def test_a_pooled_head_takes_any_length_from_one_frame_on(self, small_cnn, frames, training):
        output = small_cnn().train(training)(spectrograms(2, frames))
        assert output.logits.shape == (2, 3)
        assert output.embeddings.shape == (2, 8)
        assert torch.isfinite(output.logits).all()

    def test_a_flatten_head_takes_its_own_length_only(self, small_cnn):
        model = small_cnn(head="flatten", window_frames=24).eval()
        assert model(spectrograms(2, 24)).logits.shape == (2, 3)
        with pytest.raises(ConfigurationError, match=r"exactly 24 frames, not 23.*head: pooled"):
            model(spectrograms(2, 23))

    @pytest.mark.parametrize("shape", [(2, 15, 24), (2, 16, 0), (16, 24), (2, 2, 16, 24)])
    def test_another_shape_is_refused_with_the_expected_one(self, small_cnn, shape):
        with pytest.raises(ConfigurationError, match=r"shape \(batch, 16, frames >= 1\)"):
            small_cnn()(torch.zeros(shape))

    def test_half_precision_from_the_store_is_taken_as_it_is(self, small_cnn):
        model, stored = small_cnn().eval(), spectrograms().half()
        assert torch.equal(model(stored).logits, model(stored.float()).logits)

    @pytest.mark.parametrize("head", ["pooled", "flatten"])
    def test_a_recording_alone_gets_what_it_gets_in_a_batch(self, small_cnn, head):
        model, batch = trained(small_cnn(head=head)), spectrograms(8)
        with torch.inference_mode():
            together = model(batch)
            alone = [model(item[None]) for item in batch]
        torch.testing.assert_close(
            torch.cat([output.logits for output in alone]), together.logits, atol=1e-5, rtol=0
        )
        torch.testing.assert_close(
            torch.cat([output.embeddings for output in alone]), together.embeddings, atol=1e-5, rtol=1e-5
        )

    def test_the_default_model_too_gives_alone_what_it_gives_in_a_batch(self):
        config = CnnParams().config(n_bands=128, vocabulary="abcdefgh", window_frames=130, hop_frames=65)
        model, batch = build_model(config).eval(), spectrograms(3, 130, 128)
        with torch.inference_mode():
            alone = torch.cat([model(item[None]).logits for item in batch])
            torch.testing.assert_close(alone, model(batch).logits, atol=1e-5, rtol=0)


class TestLoss:
    @pytest.mark.parametrize("classes", [2, 8, 50])
    def test_training_starts_from_the_loss_of_knowing_nothing(self, small_cnn, classes):
        model = small_cnn(vocabulary=[str(label) for label in range(classes)])
        loss = model(spectrograms(16), labels=torch.arange(16) % classes).loss
        assert loss.item() == pytest.approx(math.log(classes), abs=0.02)

    def test_class_weights_weigh_the_loss(self, small_cnn):
        model = small_cnn(config={"class_weights": [1.0, 5.0, 0.5]}).eval()
        output = model(spectrograms(), labels=LABELS)
        expected = torch.nn.functional.cross_entropy(
            output.logits, LABELS, weight=torch.tensor([1.0, 5.0, 0.5])
        )
        assert torch.equal(output.loss, expected)
        assert output.loss.item() != torch.nn.functional.cross_entropy(output.logits, LABELS).item()

    def test_several_labels_are_judged_each_by_itself(self, small_cnn):
        model = small_cnn(config={"problem_type": "multi_label_classification"})
        labels = torch.tensor([[1, 0, 1], [0, 0, 0], [1, 1, 1], [0, 1, 0]])
        assert model(spectrograms(), labels=labels).loss.item() == pytest.approx(math.log(2), abs=0.02)

    def test_no_labels_no_loss(self, small_cnn):
        assert small_cnn()(spectrograms()).loss is None


class TestTraining:
    @pytest.mark.parametrize("head", ["pooled", "flatten"])
    def test_it_learns_a_batch_by_heart(self, small_cnn, head):
        model = small_cnn(head=head, dropout=0.0).train()
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
        for _ in range(40):
            loss = model(spectrograms(), labels=LABELS).loss
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        assert loss.item() < 0.05

    def test_every_parameter_receives_a_gradient(self, small_cnn):
        model = small_cnn().train()
        model(spectrograms(), labels=LABELS).loss.backward()
        without = [
            name for name, value in model.named_parameters() if value.grad is None or not value.grad.any()
        ]
        assert without == []

    def test_bf16_autocast_is_close_to_float32_and_returns_float32_logits(self, small_cnn):
        model = trained(small_cnn(dropout=0.0))
        expected = model(spectrograms(), labels=LABELS)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            output = model(spectrograms(), labels=LABELS)
        output.loss.backward()
        assert output.logits.dtype == output.loss.dtype == torch.float32
        torch.testing.assert_close(output.logits, expected.logits, atol=0.1, rtol=0.05)
        assert all(torch.isfinite(value.grad).all() for value in model.parameters())


class TestConfiguration:
    def test_too_few_bands_for_the_poolings_are_refused(self, small_cnn):
        with pytest.raises(ConfigurationError, match=r"n_bands is 3.*below 4.*Raise n_mels"):
            small_cnn(n_bands=3)

    def test_a_flatten_head_on_a_window_shorter_than_its_poolings_is_refused(self, small_cnn):
        with pytest.raises(ConfigurationError, match="at least 4 frames, not 3"):
            small_cnn(head="flatten", window_frames=3)

    def test_a_hop_that_leaves_gaps_is_refused(self):
        with pytest.raises(ConfigurationError, match="hop_frames is 25 and window_frames 24"):
            CnnParams().config(n_bands=16, vocabulary="ab", window_frames=24, hop_frames=25)

    def test_one_class_weight_per_class(self):
        with pytest.raises(ConfigurationError, match="2 entries for 3 classes"):
            CnnParams().config(
                n_bands=16, vocabulary="abc", window_frames=24, hop_frames=12, class_weights=[1, 2]
            )

    @pytest.mark.parametrize("wrong", [{"head": "deep"}, {"dropout": 1.0}, {"channels": ()}, {"filters": 3}])
    def test_parameters_that_cannot_work_are_refused(self, wrong):
        with pytest.raises(ValidationError, match=next(iter(wrong))):
            CnnParams(**wrong)


def trained(model):
    """Some steps, so that the statistics of batch normalization are no longer what they started as."""
    optimizer = torch.optim.AdamW(model.train().parameters(), lr=1e-2)
    for seed in range(5):
        optimizer.zero_grad()
        model(spectrograms(seed=seed), labels=LABELS).loss.backward()
        optimizer.step()
    model.zero_grad()
    return model.eval()
