"""What every network on spectrograms promises, whatever its kind; and what each kind promises beyond."""

import math

import pytest
import torch
from pydantic import ValidationError

from auricle.errors import ConfigurationError
from auricle.models.bundle import seal
from auricle.models.params import HybridParams, ModelParams, ResnetParams
from auricle.models.registry import build_model, load_deep

KINDS = ("cnn", "hybrid", "resnet", "cnn_lstm", "note_analyzer", "note_analyzer_small")
MASKED = KINDS[1:]
LABELS = torch.tensor([0, 1, 2, 0])


def spectrograms(count: int = 4, frames: int = 24, bands: int = 16, seed: int = 0) -> torch.Tensor:
    """Values as a log-mel spectrogram has them: dB between -80 and 0."""
    return torch.rand(count, bands, frames, generator=torch.Generator().manual_seed(seed)) * 80 - 80


def trained(model):
    """The model after some steps, so that no statistic is what it was initialized to."""
    optimizer = torch.optim.AdamW(model.train().parameters(), lr=1e-2)
    for step in range(5):
        optimizer.zero_grad()
        model(spectrograms(seed=step), labels=LABELS).loss.backward()
        optimizer.step()
    return model.eval()


@pytest.mark.parametrize("kind", KINDS)
class TestEveryKind:
    @pytest.mark.parametrize("frames", [1, 2, 3, 5, 24, 300])
    @pytest.mark.parametrize("training", [False, True])
    def test_takes_any_length_from_one_frame_on(self, small_model, kind, frames, training):
        output = small_model(kind).train(training)(spectrograms(2, frames))
        assert output.logits.shape == (2, 3)
        assert output.embeddings.shape == (2, 8)
        assert torch.isfinite(output.logits).all()

    @pytest.mark.parametrize("shape", [(2, 15, 24), (2, 16, 0), (16, 24), (2, 2, 16, 24)])
    def test_refuses_another_shape(self, small_model, kind, shape):
        with pytest.raises(ConfigurationError, match=r"shape \(batch, 16, frames >= 1\)"):
            small_model(kind)(torch.zeros(shape))

    def test_gives_a_clip_alone_what_it_gives_in_a_batch(self, small_model, kind):
        model, batch = trained(small_model(kind)), spectrograms(6)
        with torch.inference_mode():
            alone = torch.cat([model(item[None]).logits for item in batch])
            torch.testing.assert_close(alone, model(batch).logits, atol=1e-5, rtol=0)

    @pytest.mark.parametrize("classes", [2, 50])
    def test_starts_from_the_loss_of_knowing_nothing(self, small_model, kind, classes):
        model = small_model(kind, vocabulary=[str(label) for label in range(classes)]).train()
        loss = model(spectrograms(16), labels=torch.arange(16) % classes).loss
        assert loss.item() == pytest.approx(math.log(classes), abs=0.05)

    def test_judges_several_labels_each_by_itself(self, small_model, kind):
        model = small_model(kind, config={"problem_type": "multi_label_classification"})
        labels = torch.tensor([[1, 0, 1], [0, 0, 0], [1, 1, 1], [0, 1, 0]])
        assert model(spectrograms(), labels=labels).loss.item() == pytest.approx(math.log(2), abs=0.05)

    def test_takes_the_shares_of_mixed_labels(self, small_model, kind):
        model = trained(small_model(kind, dropout=0.0))
        whole = model(spectrograms(), labels=LABELS).loss
        shares = torch.nn.functional.one_hot(LABELS, 3).float()
        torch.testing.assert_close(model(spectrograms(), labels=shares).loss, whole)

    def test_learns_a_batch_by_heart(self, small_model, kind):
        model = small_model(kind, dropout=0.0).train()
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
        for _ in range(60):
            loss = model(spectrograms(), labels=LABELS).loss
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        assert loss.item() < 0.05

    def test_gives_every_parameter_a_gradient_once_it_learns(self, small_model, kind):
        model = trained(small_model(kind)).train()
        model.zero_grad()
        model(spectrograms(), labels=LABELS).loss.backward()
        without = [name for name, value in model.named_parameters() if value.grad is None]
        assert without == []

    def test_trains_in_bf16_on_padded_clips(self, small_model, kind):
        model = small_model(kind).train()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            output = model(spectrograms(), labels=LABELS, lengths=torch.tensor([24, 10, 24, 1]))
        output.loss.backward()
        assert output.logits.dtype == torch.float32
        assert all(torch.isfinite(value.grad).all() for value in model.parameters())

    def test_returns_from_its_bundle_bit_by_bit(self, small_model, kind, tmp_path):
        model = trained(small_model(kind))
        model.save_pretrained(tmp_path)
        (tmp_path / "preprocessor_config.json").write_text("{}")
        (tmp_path / "training.json").write_text("{}")
        loaded = load_deep(seal(tmp_path))
        assert type(loaded) is type(model)
        with torch.inference_mode():
            assert torch.equal(loaded(spectrograms()).logits, model(spectrograms()).logits)


@pytest.mark.parametrize("kind", MASKED)
class TestPadding:
    @pytest.mark.parametrize("lengths", [[24, 24, 24, 24], [24, 17, 8, 1], [23, 2, 3, 5], [9, 10, 11, 12]])
    @pytest.mark.parametrize("filling", [-80.0, 40.0])
    def test_changes_nothing(self, small_model, kind, lengths, filling):
        model, batch = trained(small_model(kind)), spectrograms()
        for clip, length in zip(batch, lengths, strict=True):
            clip[:, length:] = filling
        with torch.inference_mode():
            padded = model(batch, lengths=torch.tensor(lengths))
            for index, length in enumerate(lengths):
                alone = model(batch[index : index + 1, :, :length])
                torch.testing.assert_close(alone.logits[0], padded.logits[index], atol=1e-5, rtol=0)
                torch.testing.assert_close(
                    alone.embeddings[0], padded.embeddings[index], atol=1e-4, rtol=1e-4
                )

    def test_would_change_something_if_the_length_were_not_told(self, small_model, kind):
        model, batch = trained(small_model(kind)), spectrograms()
        batch[:, :, 12:] = -80.0
        with torch.inference_mode():
            told = model(batch, lengths=torch.full((4,), 12)).logits
            assert (model(batch).logits - told).abs().max() > 1e-3

    @pytest.mark.parametrize("lengths", [[24, 24], [24, 24, 24, 0]])
    def test_with_impossible_lengths_is_refused(self, small_model, kind, lengths):
        with pytest.raises(ConfigurationError, match="one length of at least 1 for each of 4 clips"):
            small_model(kind)(spectrograms(), lengths=torch.tensor(lengths))


class TestHybrid:
    def test_attends_to_real_frames_only(self, small_model):
        model = trained(small_model("hybrid"))
        with torch.inference_mode():
            weights = model(spectrograms(), lengths=torch.tensor([24, 12, 7, 1])).time_attention
        assert weights.shape == (4, 6)
        torch.testing.assert_close(weights.sum(dim=1), torch.ones(4))
        assert [int((row > 0).sum()) for row in weights] == [6, 3, 1, 1]

    def test_hears_the_order_of_what_it_hears(self, small_model):
        model, batch = trained(small_model("hybrid")), spectrograms(frames=48)
        with torch.inference_mode():
            assert (model(batch).logits - model(batch.flip(2)).logits).abs().max() > 1e-3

    def test_too_few_bands_for_the_poolings_are_refused(self, small_model):
        with pytest.raises(ConfigurationError, match=r"n_bands is 3.*below 4.*Raise n_mels"):
            small_model("hybrid", n_bands=3)


class TestResnet:
    def parameters(self, classes: int, **params) -> int:
        config = ResnetParams(**params).config(
            n_bands=128, vocabulary=[str(label) for label in range(classes)], window_frames=130, hop_frames=65
        )
        with torch.device("meta"):
            return build_model(config).num_parameters()

    @pytest.mark.parametrize("classes", [8, 20, 200, 2000])
    def test_grows_by_257_parameters_a_genre(self, classes):
        assert self.parameters(classes) - self.parameters(2) == 257 * (classes - 2)

    def test_has_about_three_and_a_half_million_at_50_genres(self):
        assert 3_400_000 < self.parameters(50) < 3_700_000

    def test_has_more_than_20_convolutions(self):
        config = ResnetParams().config(n_bands=128, vocabulary="ab", window_frames=130, hop_frames=65)
        with torch.device("meta"):
            layers = list(build_model(config).modules())
        assert sum(isinstance(layer, torch.nn.Conv2d) for layer in layers) == 21

    def test_attention_can_be_switched_off(self, small_model):
        def attends(**params):
            return [
                name for name, _ in small_model("resnet", **params).named_modules() if "attention" in name
            ]

        assert attends()
        assert attends(use_attention=False) == []

    def test_takes_several_channels(self, small_model):
        model = small_model("resnet", input_channels=2).eval()
        assert model(spectrograms()[:, None].repeat(1, 2, 1, 1)).logits.shape == (4, 3)
        with pytest.raises(ConfigurationError, match=r"\(batch, 2, 16, frames >= 1\)"):
            model(spectrograms())

    def test_channels_that_cannot_be_squeezed_are_refused(self, small_model):
        with pytest.raises(ConfigurationError, match=r"base_channels is 8.*attention_reduction 16"):
            small_model("resnet", attention_reduction=16)


class TestCnnLstm:
    def test_hears_the_order_of_segments_beyond_what_each_holds(self, small_model):
        model, batch = trained(small_model("cnn_lstm", segment_frames=8, segment_hop=8)), spectrograms()
        halves = torch.cat([batch[:, :, 8:16], batch[:, :, :8], batch[:, :, 16:]], dim=2)
        with torch.inference_mode():
            assert (model(batch).logits - model(halves).logits).abs().max() > 1e-4

    def test_segments_of_padding_alone_are_not_described(self, small_model):
        model, described = small_model("cnn_lstm").eval(), []
        model.embedding.register_forward_hook(lambda _, inputs, __: described.append(len(inputs[0])))
        with torch.inference_mode():
            model(spectrograms(), lengths=torch.tensor([24, 7, 8, 1]))
        assert described == [6 + 1 + 2 + 1]

    def test_a_clip_of_one_segment_is_described_as_the_resnet_does(self, small_model):
        lstm, plain = (trained(small_model(kind, embedding_size=16)) for kind in ("cnn_lstm", "resnet"))
        shared = {
            name: value for name, value in lstm.state_dict().items() if not name.startswith(("lstm", "class"))
        }
        plain.load_state_dict(shared, strict=False)
        found = []
        lstm.lstm.register_forward_hook(lambda _, inputs, __: found.append(inputs[0]))
        with torch.inference_mode():
            lstm(spectrograms(frames=7))
            torch.testing.assert_close(found[0][:, 0], plain(spectrograms(frames=7)).embeddings)

    def test_lays_what_is_said_of_segments_along_the_clip(self, small_model):
        model = small_model("cnn_lstm")
        heat = model.over_time(torch.tensor([0.0, 3.0, 0.0]).view(3, 1, 1, 1).expand(3, 1, 2, 2), 14)
        assert heat.shape == (1, 1, 16, 14)
        assert heat[0, 0, 0].tolist() == [0.0] * 4 + [1.5] * 3 + [3.0] + [1.5] * 3 + [0.0] * 3

    def test_says_nothing_of_padding_and_the_same_of_what_is_before_it(self, small_model):
        model = small_model("cnn_lstm")
        said = torch.tensor([0.0, 3.0]).view(2, 1, 1, 1).expand(2, 1, 2, 2)
        alone, padded = model.over_time(said, 11), model.over_time(said, 24)
        assert padded.shape[-1] == 24
        assert torch.equal(padded[..., :11], alone)
        assert not padded[..., 11:].any()

    def test_gaps_between_segments_are_refused(self, small_model):
        with pytest.raises(ConfigurationError, match="segment_hop is 9 and segment_frames 7"):
            small_model("cnn_lstm", segment_hop=9)


class TestParams:
    def test_are_those_of_the_kind_that_is_named(self):
        assert ModelParams.model_validate({"kind": "hybrid", "lstm_size": 64}).root == HybridParams(
            lstm_size=64
        )

    @pytest.mark.parametrize(
        ("raw", "message"),
        [
            ({"kind": "transformer"}, "'cnn', 'hybrid', 'resnet', 'cnn_lstm'"),
            ({"lstm_size": 64}, "discriminator 'kind'"),
            ({"kind": "cnn", "lstm_size": 64}, "lstm_size"),
        ],
    )
    def test_of_no_kind_or_of_another_are_refused(self, raw, message):
        with pytest.raises(ValidationError, match=message):
            ModelParams.model_validate(raw)
