"""A saved deep model comes back bit by bit, by its model_type alone, or is refused."""

import json
import warnings

import pytest
import torch
from safetensors.torch import load_file, save_file

from auricle.errors import BundleError
from auricle.models.bundle import BundleRef, open_bundle, seal
from auricle.models.registry import FOREST, load_deep, weights_file


def save(model, path) -> BundleRef:
    model.save_pretrained(path)
    (path / "preprocessor_config.json").write_text("{}")
    (path / "training.json").write_text("{}")
    return seal(path)


def stir(model) -> None:
    """Give every parameter and every buffer a value that no initialization gives."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for value in [*model.parameters(), *model.buffers()]:
            if value.is_floating_point():
                value.copy_(torch.rand(value.shape, generator=generator) + 0.1)
            else:
                value.fill_(17)


@pytest.mark.parametrize("head", ["pooled", "flatten"])
class TestRoundTrip:
    def test_every_parameter_and_buffer_returns_bit_by_bit(self, small_cnn, tmp_path, head):
        model = small_cnn(head=head)
        stir(model)
        loaded = load_deep(save(model, tmp_path / "bundle"))
        assert type(loaded) is type(model)
        assert not loaded.training
        before = dict([*model.named_parameters(), *model.named_buffers()])
        after = dict([*loaded.named_parameters(), *loaded.named_buffers()])
        assert before.keys() == after.keys()
        assert [name for name in before if not torch.equal(before[name], after[name])] == []

    def test_it_says_the_same_to_the_last_bit(self, small_cnn, tmp_path, head):
        model = small_cnn(head=head).eval()
        stir(model)
        loaded = load_deep(save(model, tmp_path / "bundle"))
        batch = torch.rand(3, 16, 24) * 80 - 80
        with torch.inference_mode():
            assert torch.equal(loaded(batch).logits, model(batch).logits)
            assert torch.equal(loaded(batch).embeddings, model(batch).embeddings)

    def test_the_configuration_returns_with_vocabulary_windows_and_weights(self, small_cnn, tmp_path, head):
        model = small_cnn(head=head, config={"class_weights": [0.1, 1 / 3, 2.0]})
        bundle = save(model, tmp_path / "bundle")
        loaded = load_deep(bundle)
        assert loaded.config.to_dict() | {"_name_or_path": ""} == model.config.to_dict() | {
            "_name_or_path": "",
            "architectures": ["SpectrogramCNN"],
            "dtype": "float32",
        }
        assert bundle.vocabulary == ("blues", "disco", "metal")
        assert bundle.config["auricle_bundle"] == 1
        assert (bundle.config["window_frames"], bundle.config["hop_frames"]) == (24, 12)
        assert loaded.config.class_weights == [0.1, 1 / 3, 2.0]


class TestLayout:
    def test_convolutions_are_laid_out_channels_last_when_built_and_when_loaded(self, small_cnn, tmp_path):
        model = small_cnn()
        for laid_out in (model, load_deep(save(model, tmp_path / "bundle"))):
            weight = laid_out.blocks[1][0].weight
            assert weight.is_contiguous(memory_format=torch.channels_last)

    def test_all_buffers_are_persistent(self, small_cnn):
        model = small_cnn()
        assert {name for name, _ in model.named_buffers()} <= set(model.state_dict())


class TestQuiet:
    def test_loading_draws_no_bar_and_warns_of_nothing(self, small_cnn, tmp_path, capfd):
        bundle = save(small_cnn(), tmp_path / "bundle")
        capfd.readouterr()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            load_deep(bundle)
        captured = capfd.readouterr()
        assert captured.out + captured.err == ""


class TestRefusals:
    @pytest.mark.parametrize("change", ["missing", "unexpected", "reshaped"])
    def test_weights_that_do_not_fit_the_configuration_are_refused(self, small_cnn, tmp_path, change):
        path = tmp_path / "bundle"
        save(small_cnn(), path)
        tensors = load_file(path / "model.safetensors")
        if change == "missing":
            del tensors["classifier.bias"]
        elif change == "unexpected":
            tensors["another.bias"] = torch.zeros(3)
        else:
            tensors["classifier.bias"] = torch.zeros(4)
        save_file(tensors, path / "model.safetensors", metadata={"format": "pt"})
        seal(path)
        with pytest.raises(BundleError, match=r"model.safetensors|cannot be loaded"):
            load_deep(open_bundle(path))

    def test_a_file_that_holds_no_tensors_is_refused(self, small_cnn, tmp_path):
        path = tmp_path / "bundle"
        save(small_cnn(), path)
        (path / "model.safetensors").write_bytes(b"not tensors")
        seal(path)
        with pytest.raises(BundleError, match="cannot be loaded"):
            load_deep(open_bundle(path))

    def test_a_configuration_that_contradicts_itself_is_refused(self, small_cnn, tmp_path):
        path = tmp_path / "bundle"
        save(small_cnn(), path)
        config = json.loads((path / "config.json").read_text())
        (path / "config.json").write_text(json.dumps(config | {"hop_frames": 1000}))
        seal(path)
        with pytest.raises(BundleError, match="hop_frames is 1000"):
            load_deep(open_bundle(path))

    @pytest.mark.parametrize("unknown", ["bert", None, 3, ["auricle_spectrogram_cnn"]])
    def test_only_our_own_model_types_are_known(self, tmp_path, unknown):
        with pytest.raises(
            BundleError,
            match=r"does not know; it knows auricle_.*, auricle_random_forest, auricle_rater, auricle_spec",
        ):
            weights_file(unknown, tmp_path / "config.json")

    def test_a_forest_lies_in_its_own_kind_of_file(self, tmp_path):
        assert weights_file(FOREST, tmp_path) == "model.skops"
