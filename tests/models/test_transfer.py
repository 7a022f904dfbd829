"""A pretrained encoder: taken over with its weights, frozen or not, refused with a reason."""

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import (
    ASTConfig,
    ASTModel,
    ConvNextConfig,
    ConvNextModel,
    ResNetConfig,
    ResNetModel,
    ViTConfig,
    Wav2Vec2Config,
)

from auricle.errors import ConfigurationError
from auricle.models.bundle import seal
from auricle.models.params import TransferParams
from auricle.models.registry import build_model, load_deep

BANDS, FRAMES = 16, 24


@pytest.fixture
def resnet(tmp_path: Path) -> Path:
    """A tiny ResNet of images, with random weights, as a folder of the hub would have it."""
    torch.manual_seed(1)
    config = ResNetConfig(embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], layer_type="basic")
    ResNetModel(config).save_pretrained(tmp_path / "tiny-resnet")
    return tmp_path / "tiny-resnet"


@pytest.fixture
def transformer(tmp_path: Path) -> Path:
    """A tiny Audio Spectrogram Transformer of 16 bands and 40 frames."""
    torch.manual_seed(1)
    config = ASTConfig(
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=16,
        patch_size=4,
        frequency_stride=4,
        time_stride=4,
        max_length=40,
        num_mel_bins=BANDS,
    )
    ASTModel(config).save_pretrained(tmp_path / "tiny-ast")
    return tmp_path / "tiny-ast"


def model_of(folder: Path, *, begin: bool = True, **params: Any) -> Any:
    torch.manual_seed(0)
    chosen = TransferParams(backbone=str(folder), dropout=0.0, **params)
    model = build_model(
        chosen.config(n_bands=BANDS, vocabulary="abc", window_frames=FRAMES, hop_frames=FRAMES)
    )
    if begin:
        chosen.begin(model)
    return model


def spectrograms(frames: int = FRAMES, seed: int = 0) -> torch.Tensor:
    return torch.rand(4, BANDS, frames, generator=torch.Generator().manual_seed(seed)) * 80 - 80


@pytest.mark.parametrize("kind", ["resnet", "transformer"])
class TestTransfer:
    @pytest.fixture
    def folder(self, kind: str, request: pytest.FixtureRequest) -> Path:
        return request.getfixturevalue(kind)

    def test_takes_over_what_the_encoder_has_learned(self, folder: Path) -> None:
        model, untrained = model_of(folder), model_of(folder, begin=False)
        known = (ResNetModel if "resnet" in folder.name else ASTModel).from_pretrained(folder).state_dict()
        assert all(torch.equal(value, known[name]) for name, value in model.backbone.state_dict().items())
        assert any(
            not torch.equal(value, known[name]) for name, value in untrained.backbone.state_dict().items()
        )

    def test_starts_from_the_loss_of_knowing_nothing(self, folder: Path) -> None:
        loss = model_of(folder).train()(spectrograms(), labels=torch.tensor([0, 1, 2, 0])).loss
        assert loss.item() == pytest.approx(math.log(3), abs=0.05)

    def test_says_of_a_clip_in_a_batch_what_it_says_of_it_alone(self, folder: Path) -> None:
        model, batch = model_of(folder).eval(), spectrograms()
        with torch.inference_mode():
            alone = torch.cat([model(item[None]).logits for item in batch])
            torch.testing.assert_close(alone, model(batch).logits, atol=1e-5, rtol=0)

    def test_padding_has_no_part_in_the_mean(self, folder: Path) -> None:
        frames, real = (200, 120) if "resnet" in folder.name else (40, 24)
        model, batch = model_of(folder).eval(), spectrograms(frames)
        quiet = batch.clone()
        quiet[:, :, real:] = -80
        with torch.inference_mode():
            alone, told, untold = (
                model(batch[:, :, :real]).embeddings,
                model(quiet, lengths=torch.full((4,), real)).embeddings,
                model(quiet).embeddings,
            )
        assert (told - alone).abs().mean() < 0.5 * (untold - alone).abs().mean()

    def test_frozen_learns_by_its_head_alone(self, folder: Path) -> None:
        model = model_of(folder, frozen=True)
        before = {name: value.clone() for name, value in model.backbone.state_dict().items()}
        optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=0.1)
        model.train()
        for _ in range(3):
            optimizer.zero_grad()
            model(spectrograms(), labels=torch.tensor([0, 1, 2, 0])).loss.backward()
            optimizer.step()
        assert all(torch.equal(value, before[name]) for name, value in model.backbone.state_dict().items())
        assert model.rates() == {}
        learning = {name.split(".")[0] for name, value in model.named_parameters() if value.requires_grad}
        assert learning == {"classifier"}

    def test_returns_from_a_bundle_that_knows_no_folder(self, folder: Path, tmp_path: Path) -> None:
        model, bundle = model_of(folder).eval(), tmp_path / "bundle"
        model.save_pretrained(bundle)
        (bundle / "preprocessor_config.json").write_text("{}")
        (bundle / "training.json").write_text("{}")
        assert str(tmp_path) not in (bundle / "config.json").read_text()
        folder.rename(folder.with_name("gone"))
        loaded = load_deep(seal(bundle))
        with torch.inference_mode():
            assert torch.equal(loaded(spectrograms()).logits, model(spectrograms()).logits)

    def test_is_explained(self, folder: Path) -> None:
        from auricle.explanation.gradcam import explain_window

        heat = explain_window(model_of(folder), spectrograms()[0].numpy(), 20, 1, torch.device("cpu")).heat
        assert heat.shape == (BANDS, FRAMES)
        assert not heat[:, 20:].any()


def test_an_encoder_in_half_precision_is_trained_in_single(resnet: Path) -> None:
    ResNetModel.from_pretrained(resnet).half().save_pretrained(resnet)
    model = model_of(resnet)
    assert model.backbone.dtype == torch.float32
    model(spectrograms(), labels=torch.tensor([0, 1, 2, 0])).loss.backward()


def test_every_parameter_that_is_to_learn_gets_a_gradient(tmp_path: Path) -> None:
    config = ConvNextConfig(hidden_sizes=[8, 16], depths=[1, 1], num_stages=2)
    ConvNextModel(config).save_pretrained(tmp_path)
    model = model_of(tmp_path)
    model.classifier.weight.data.normal_()
    model(spectrograms(64), labels=torch.tensor([0, 1, 2, 0])).loss.backward()
    assert [
        name for name, value in model.named_parameters() if value.requires_grad and value.grad is None
    ] == []


class TestRefusals:
    def test_an_image_encoder_of_one_size(self, tmp_path: Path) -> None:
        ViTConfig().save_pretrained(tmp_path)
        with pytest.raises(ConfigurationError, match="is a 'vit' encoder"):
            model_of(tmp_path, begin=False)

    def test_a_clip_longer_than_a_transformer_hears(self, transformer: Path) -> None:
        with pytest.raises(ConfigurationError, match="hears 40 frames at most, not 41"):
            model_of(transformer)(spectrograms(41))

    def test_a_folder_that_is_not_there(self) -> None:
        with pytest.raises(ConfigurationError, match=r"'\./nothing' is a folder that does not exist"):
            TransferParams(backbone="./nothing").settings()

    def test_a_hub_that_cannot_be_reached_says_how_to_supply_the_folder(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
        with pytest.raises(ConfigurationError, match=r"(?s)cannot be had.*hf download auricle/no-such-model"):
            TransferParams(backbone="auricle/no-such-model").settings()

    def test_an_encoder_of_waveforms(self, tmp_path: Path) -> None:
        Wav2Vec2Config().save_pretrained(tmp_path)
        with pytest.raises(
            ConfigurationError, match="is a 'wav2vec2' encoder, and those that can be taken are resnet"
        ):
            model_of(tmp_path, begin=False)

    def test_other_bands_or_windows_than_the_encoder_hears(self, transformer: Path) -> None:
        params = TransferParams(backbone=str(transformer))
        with pytest.raises(ConfigurationError, match=r"hears 16 bands, the front end makes 64"):
            params.config(n_bands=64, vocabulary="ab", window_frames=24, hop_frames=24)
        with pytest.raises(ConfigurationError, match="hears 40 frames at most, and a window has 41"):
            params.config(n_bands=BANDS, vocabulary="ab", window_frames=41, hop_frames=24)

    def test_weights_that_are_a_pickle(self, resnet: Path) -> None:
        state = ResNetModel.from_pretrained(resnet).state_dict()
        (resnet / "model.safetensors").unlink()
        torch.save(state, resnet / "pytorch_model.bin")
        with pytest.raises(ConfigurationError, match="weights as safetensors"):
            model_of(resnet)

    def test_weights_that_are_incomplete(self, resnet: Path) -> None:
        from safetensors.torch import load_file, save_file

        state = load_file(resnet / "model.safetensors")
        save_file(dict(list(state.items())[3:]), resnet / "model.safetensors", metadata={"format": "pt"})
        with pytest.raises(ConfigurationError, match="lack 3 of those"):
            model_of(resnet)

    def test_a_revision_of_a_folder(self, resnet: Path) -> None:
        with pytest.raises(ConfigurationError, match="is a folder, which has no revision"):
            TransferParams(backbone=str(resnet), revision="main").settings()
