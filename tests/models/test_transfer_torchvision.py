"""Encoders of torchvision: taken whole but for their head, from files that can run nothing."""

import os
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torchvision import models
from torchvision.models.resnet import BasicBlock, ResNet

from auricle.errors import BundleError, ConfigurationError
from auricle.models.bundle import seal
from auricle.models.params import TransferParams
from auricle.models.registry import build_model, load_deep

BANDS, FRAMES = 32, 40
TINY = "resnet_of_two_blocks"
ONE_OF_EACH = (
    *("resnext50_32x4d", "regnet_y_400mf", "convnext_tiny", "efficientnet_b0", "mobilenet_v2"),
    *("mobilenet_v3_small", "densenet121", "shufflenet_v2_x0_5", "mnasnet0_5"),
)


class TinyResNet(ResNet):
    """torchvision's own ResNet with two of its four stages."""

    def __init__(self) -> None:
        super().__init__(BasicBlock, [1, 1, 1, 1], num_classes=7)
        self.layer3, self.layer4 = torch.nn.Identity(), torch.nn.Identity()
        self.fc = torch.nn.Linear(128, 7)


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """torchvision knows the tiny ResNet by name."""
    known = sys.modules["torchvision.models._api"].BUILTIN_MODELS
    monkeypatch.setitem(known, TINY, lambda weights=None: TinyResNet())


@pytest.fixture
def state() -> dict[str, torch.Tensor]:
    torch.manual_seed(1)
    return TinyResNet().state_dict()


@pytest.fixture
def file(state: dict[str, torch.Tensor], tmp_path: Path) -> Path:
    folder = tmp_path / "weights"
    folder.mkdir()
    save_file(state, folder / "tiny.safetensors")
    return folder / "tiny.safetensors"


def params_of(weights: Path | str | None, name: str = TINY, **params: Any) -> TransferParams:
    told = None if weights is None else str(weights)
    return TransferParams(backbone=f"torchvision/{name}", weights=told, dropout=0.0, **params)


def config_of(params: TransferParams, **changes: Any) -> Any:
    settings = {"n_bands": BANDS, "window_frames": FRAMES, "hop_frames": FRAMES} | changes
    return params.config(vocabulary="abc", **settings)


def model_of(weights: Path | str, name: str = TINY, **params: Any) -> Any:
    torch.manual_seed(0)
    chosen = params_of(weights, name, **params)
    model = build_model(config_of(chosen))
    chosen.begin(model)
    return model


def spectrograms(frames: int = FRAMES) -> torch.Tensor:
    return torch.rand(4, BANDS, frames, generator=torch.Generator().manual_seed(0)) * 80 - 80


def trunk(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: value for name, value in state.items() if not name.startswith("fc.")}


class TestTakesOverWhatTheEncoderHasLearned:
    def test_from_safetensors(self, file: Path, state: dict[str, torch.Tensor]) -> None:
        learned = model_of(file).backbone.state_dict()
        assert learned.keys() == trunk(state).keys()
        assert all(torch.equal(value, state[name]) for name, value in learned.items())

    def test_from_a_folder_with_what_torchvision_publishes(
        self, state: dict[str, torch.Tensor], tmp_path: Path
    ) -> None:
        old = {name: value for name, value in state.items() if not name.endswith("num_batches_tracked")}
        assert old.keys() != state.keys()
        torch.save(old, tmp_path / "tiny-1234.pth")
        learned = model_of(tmp_path).backbone.state_dict()
        assert all(torch.equal(value, state[name]) for name, value in learned.items())

    def test_by_a_name_of_torchvisions_from_its_cache(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TORCH_HOME", str(tmp_path))
        cache = tmp_path / "hub" / "checkpoints"
        cache.mkdir(parents=True)
        published = models.get_model("shufflenet_v2_x0_5").state_dict()
        url = models.get_model_weights("shufflenet_v2_x0_5")["IMAGENET1K_V1"].url
        torch.save(published, cache / url.rpartition("/")[2])
        learned = model_of("IMAGENET1K_V1", "shufflenet_v2_x0_5").backbone.state_dict()
        assert all(torch.equal(value, published[name]) for name, value in learned.items())

    def test_of_densenets_old_names(self, tmp_path: Path) -> None:
        state = models.get_model("densenet121").state_dict()
        old = {
            name.replace("norm1.", "norm.1.").replace("conv2.", "conv.2."): value
            for name, value in state.items()
        }
        assert old.keys() != state.keys()
        torch.save(old, tmp_path / "old.pth")
        learned = model_of(tmp_path, "densenet121").backbone.state_dict()
        assert all(torch.equal(value, state[name]) for name, value in learned.items())


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_the_mean_over_places_is_what_its_own_classifier_takes(name: str) -> None:
    from auricle.models.backbones import torchvision

    torch.manual_seed(0)
    network = models.get_model(name).eval()
    encoder = torchvision.build({"name": name}).eval()
    encoder.load_state_dict(network.state_dict(), strict=False)
    pictures = torch.rand(1, 3, 64, 96)
    with torch.inference_mode():
        places = encoder(pictures)
        pooled = places.mean(dim=(2, 3), keepdim="convnext" in name)
        head = network.fc if hasattr(network, "fc") else network.classifier
        torch.testing.assert_close(head(pooled), network(pictures), atol=1e-4, rtol=1e-4)
    assert places.shape[1] == torchvision.width(encoder)
    assert places.shape[3] == 3


class TestInTraining:
    def test_frozen_learns_by_its_head_alone(self, file: Path) -> None:
        model = model_of(file, frozen=True)
        before = {name: value.clone() for name, value in model.backbone.state_dict().items()}
        model.train()(spectrograms(), labels=torch.tensor([0, 1, 2, 0])).loss.backward()
        assert all(torch.equal(value, before[name]) for name, value in model.backbone.state_dict().items())
        assert {name for name, value in model.named_parameters() if value.grad is not None} == {
            "classifier.weight",
            "classifier.bias",
        }

    def test_fine_tuned_it_has_a_rate_of_its_own_and_every_parameter_a_gradient(self, file: Path) -> None:
        model = model_of(file, backbone_rate=0.2)
        model.classifier.weight.data.normal_()
        model.train()(spectrograms(), labels=torch.tensor([0, 1, 2, 0])).loss.backward()
        assert model.rates() == {"backbone.": 0.2}
        assert [name for name, value in model.named_parameters() if value.grad is None] == []

    def test_is_checked_without_weights(self) -> None:
        with torch.device("meta"):
            model: Any = build_model(config_of(params_of("DEFAULT", "regnet_y_400mf")))
            assert model(torch.zeros(1, BANDS, FRAMES)).logits.shape == (1, 3)


class TestBundle:
    @pytest.fixture
    def bundle(self, file: Path, tmp_path: Path) -> Path:
        path = tmp_path / "bundle"
        model_of(file).save_pretrained(path)
        (path / "preprocessor_config.json").write_text("{}")
        (path / "training.json").write_text("{}")
        seal(path)
        return path

    def test_needs_nothing_but_itself(self, bundle: Path, file: Path) -> None:
        model = model_of(file).eval()
        file.unlink()
        loaded = load_deep(seal(bundle))
        with torch.inference_mode():
            assert torch.equal(loaded(spectrograms()).logits, model(spectrograms()).logits)

    def test_without_torchvision_says_what_to_install(
        self, bundle: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "torchvision", None)
        with pytest.raises(BundleError, match=r"needs torchvision, which is not.*extra 'pipelines'"):
            load_deep(seal(bundle))


class TestRefusals:
    def test_an_encoder_that_torchvision_lacks_or_that_keeps_no_places(self) -> None:
        for name in ("resnet51", "vit_b_16", "vgg16"):
            with pytest.raises(ConfigurationError, match=f"no convolutional encoder '{name}'.*resnet50"):
                params_of("DEFAULT", name).settings()

    def test_no_weights(self) -> None:
        with pytest.raises(ConfigurationError, match="has learned nothing without weights"):
            params_of(None).settings()

    def test_parameters_of_other_encoders(self, file: Path) -> None:
        with pytest.raises(ConfigurationError, match=r"revision is 'main'.*Leave revision out"):
            params_of(file, revision="main").settings()
        with pytest.raises(ConfigurationError, match=r"weights is 'DEFAULT'.*Leave weights out"):
            TransferParams(backbone="microsoft/resnet-50", weights="DEFAULT").settings()

    def test_weights_of_another_encoder(self, tmp_path: Path) -> None:
        save_file(models.get_model("shufflenet_v2_x0_5").state_dict(), tmp_path / "other.safetensors")
        with pytest.raises(ConfigurationError, match="are not those of backbone 'torchvision/resnet_of"):
            model_of(tmp_path)

    def test_a_pickle_that_would_run_code(self, tmp_path: Path) -> None:
        class Evil:
            def __reduce__(self) -> Any:
                return os.mkdir, (str(tmp_path / "ran"),)

        torch.save({"conv1.weight": Evil()}, tmp_path / "evil.pth")
        with pytest.raises(ConfigurationError, match="cannot be read as tensors alone"):
            model_of(tmp_path)
        assert not (tmp_path / "ran").exists()

    def test_a_checkpoint_that_is_more_than_weights(
        self, state: dict[str, torch.Tensor], tmp_path: Path
    ) -> None:
        torch.save({"model": state, "epoch": 3}, tmp_path / "checkpoint.pth")
        with pytest.raises(ConfigurationError, match="are no state dict"):
            model_of(tmp_path)

    def test_a_folder_that_does_not_say_which(self, file: Path) -> None:
        torch.save({}, file.with_name("other.pth"))
        with pytest.raises(ConfigurationError, match=r"other\.pth, tiny\.safetensors\. Name the file"):
            model_of(file.parent)

    def test_a_name_that_torchvision_lacks(self) -> None:
        with pytest.raises(ConfigurationError, match="IMAGENET1K_V1, DEFAULT"):
            model_of("IMAGENET2K", "shufflenet_v2_x0_5")

    def test_weights_that_cannot_be_downloaded_say_how_to_supply_them(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def unreachable(*args: Any, **kwargs: Any) -> None:
            raise OSError("Network is unreachable")

        monkeypatch.setenv("TORCH_HOME", str(tmp_path))
        monkeypatch.setattr("torch.hub.urlopen", unreachable)
        with pytest.raises(ConfigurationError, match=r"unreachable.*shufflenetv2_x0.5.*give it as weights"):
            model_of("DEFAULT", "shufflenet_v2_x0_5")

    def test_spectrograms_that_shrink_to_nothing(self, file: Path) -> None:
        with pytest.raises(ConfigurationError, match="is to hear 16 bands and 40 frames"):
            config_of(params_of(file), n_bands=16)
        with pytest.raises(ConfigurationError, match="is to hear 32 bands and 31 frames"):
            model_of(file)(spectrograms(31))
